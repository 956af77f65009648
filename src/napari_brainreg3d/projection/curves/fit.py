"""What comes of curves: a pose, its residuals and its error bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.projection.curves.problem import CurveProblem
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.reprojection import PARAMETERS

#: A curve half of whose points are off by more click errors than this does not fit.
_MISFIT_SDS: Final = 3.0
#: Residuals beyond so many click errors count for less.
_HUBER_SDS: Final = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class CurveFit:
    """A pose refined on curves, and how far it can be trusted.

    Attributes
    ----------
    registration
        The given one with the refined pose.
    names
        The curves.
    pivot_um : ndarray, shape (3,)
        The point of the atlas about which the angles turn.
    points_px : tuple of ndarray, shape (M, 2)
        Per curve the drawn points that counted, ``image_px``.
    residuals_um, residuals_px : tuple of ndarray, shape (M,)
        Per curve and point the distance across the line, to where it is seen; NaN for a point past
        the end of the line. In px: over the mean size of a pixel.
    landmark_names
        Landmarks that counted.
    landmark_residuals_um : ndarray, shape (L, 2)
        From each click to where the point is seen: (down, right).
    parameters
        What was fitted or kept, in the order of ``covariance``.
    covariance : ndarray, shape (6, 6)
        From the click error, in the units of ``parameters``; nothing for what was kept. Of two
        parameters that are only determined together it holds what is known of both.
    undetermined
        Parameters that the curves do not determine, or only together with another; along what is
        not determined the pose stays as it was.
    outliers
        Curves that do not fit the others.
    """

    registration: Registration
    names: tuple[str, ...]
    pivot_um: FloatArray
    points_px: tuple[FloatArray, ...]
    residuals_um: tuple[FloatArray, ...]
    residuals_px: tuple[FloatArray, ...]
    landmark_names: tuple[str, ...]
    landmark_residuals_um: FloatArray
    parameters: tuple[str, ...]
    covariance: FloatArray
    undetermined: tuple[str, ...]
    outliers: tuple[str, ...]

    @property
    def pose(self) -> Pose:
        """The refined pose."""
        return self.registration.pose

    @property
    def rms_by_curve_um(self) -> dict[str, float]:
        """Root mean square distance of each curve from its line, um."""
        return {
            name: float(np.sqrt(np.nanmean(np.square(residuals))))
            for name, residuals in zip(self.names, self.residuals_um, strict=True)
        }

    @property
    def rms_um(self) -> float:
        """Root mean square distance of all points of the curves that are not outliers, um."""
        kept = [
            residuals
            for name, residuals in zip(self.names, self.residuals_um, strict=True)
            if name not in self.outliers
        ]
        return float(np.sqrt(np.nanmean(np.square(np.concatenate(kept or self.residuals_um)))))

    @property
    def standard_deviations(self) -> dict[str, float]:
        """Standard deviation of each parameter, in its unit; infinite when undetermined."""
        sds = np.sqrt(np.diag(self.covariance))
        return {
            name: float("inf") if name in self.undetermined else float(sd)
            for name, sd in zip(self.parameters, sds, strict=True)
        }


def reported(problem: CurveProblem, basis: FloatArray) -> CurveFit:
    """Sum up a problem that starts at the fitted pose.

    ``basis``, shape (6, F), has the combinations of parameters that were fitted.
    """
    fitted = problem.start
    residuals = problem.residuals(problem.values)
    size_um = float(np.sqrt(np.prod(fitted.pixel_size_um)))
    by_curve, first = [], 0
    for is_met in problem.is_met:
        own = residuals[first : first + len(is_met)]
        first += len(is_met)
        by_curve.append(read_only(np.where(is_met, own, np.nan)))
    names = tuple(each.curve.name for each in problem.drawn)
    limit = _HUBER_SDS * problem.click_sd_um
    weights = np.minimum(1.0, limit / np.maximum(np.abs(residuals), 1e-9))
    return CurveFit(
        registration=fitted,
        names=names,
        pivot_um=read_only(problem.pivot_um),
        points_px=tuple(read_only(each.points_px) for each in problem.drawn),
        residuals_um=tuple(by_curve),
        residuals_px=tuple(read_only(own / size_um) for own in by_curve),
        landmark_names=tuple(mark.name for mark in problem.landmarks),
        landmark_residuals_um=read_only(residuals[first:].reshape(-1, 2)),
        parameters=PARAMETERS,
        covariance=read_only(problem.covariance(basis, weights)),
        undetermined=problem.undetermined(basis),
        outliers=tuple(
            name
            for name, own in zip(names, by_curve, strict=True)
            if np.nanmedian(np.abs(own)) > _MISFIT_SDS * problem.click_sd_um
        ),
    )
