"""From pairs of image and atlas points to a pose, with residuals, error bars and what is unsure.

The camera is known. The pose that brings the atlas points onto the clicked pixels is found by least
squares on the distances in the plane of focus (reprojection error [1]_), from the present pose and
from its mirrored tilt: a flat set of points has two tilts that look alike [2]_.

References
----------
.. [1] Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd ed. (2004), ch. 7.
.. [2] Oberkampf, DeMenthon and Davis, "Iterative Pose Estimation Using Coplanar Feature Points",
   CVIU 63 (1996), https://doi.org/10.1006/cviu.1996.0037
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.registration.landmarks import Landmark
from napari_brainreg3d.registration.registration import Registration
from napari_brainreg3d.registration.reprojection import PARAMETERS, Reprojection
from napari_brainreg3d.registration.solving import (
    OUTLIER_SDS,
    TOO_FEW,
    best_of_both_tilts,
    solve,
)

DEFAULT_CLICK_SD_UM: Final = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkFit:
    """A pose fitted to landmarks, and how far it can be trusted.

    Attributes
    ----------
    registration
        The given one with the fitted pose (and pixel size).
    names
        The N landmarks that were known on both sides.
    pivot_um : ndarray, shape (3,)
        Their middle in ``atlas_um``, about which the angles of ``covariance`` turn.
    residuals_um : ndarray, shape (N, 2)
        (down, right) from each click to where the fitted camera sees the atlas point, um in the
        plane of focus.
    residuals_px : ndarray, shape (N, 2)
        The same in pixels.
    leave_one_out_um : ndarray, shape (N,)
        Distance by which each landmark would be missed if it had not been used (linearised); NaN
        where the others alone do not determine the pose.
    parameters
        What was fitted or kept, in the order of ``covariance``: :data:`PARAMETERS`, then
        :data:`SCALE` if the pixel size was free.
    covariance : ndarray, shape (P, P)
        From the click error, in the units of ``parameters``; zero for what was kept.
    undetermined
        Parameters that the points do not determine; they were kept as they were.
    outliers
        Names of landmarks that do not fit the others.
    alternative
        Another pose that fits about as well (the mirrored tilt of a flat set), None when there is
        none.
    """

    registration: Registration
    names: tuple[str, ...]
    pivot_um: FloatArray
    residuals_um: FloatArray
    residuals_px: FloatArray
    leave_one_out_um: FloatArray
    parameters: tuple[str, ...]
    covariance: FloatArray
    undetermined: tuple[str, ...]
    outliers: tuple[str, ...]
    alternative: Pose | None

    @property
    def pose(self) -> Pose:
        """The fitted pose."""
        return self.registration.pose

    @property
    def rms_um(self) -> float:
        """Root mean square distance of the landmarks that are not outliers, um."""
        kept = [i for i, name in enumerate(self.names) if name not in self.outliers]
        return float(np.sqrt(np.square(self.residuals_um[kept]).sum(axis=1).mean()))

    @property
    def standard_deviations(self) -> dict[str, float]:
        """Standard deviation of each parameter, in its unit; infinite when undetermined."""
        sds = np.sqrt(np.diag(self.covariance))
        return {
            name: float("inf") if name in self.undetermined else float(sd)
            for name, sd in zip(self.parameters, sds, strict=True)
        }


def fit_landmarks(
    registration: Registration,
    landmarks: Sequence[Landmark] | None = None,
    *,
    click_sd_um: float = DEFAULT_CLICK_SD_UM,
    free_pixel_size: bool = False,
    keep: Sequence[str] = (),
    nearest: bool = False,
) -> LandmarkFit:
    """Find the pose that brings atlas points onto the image points where they were clicked.

    Parameters
    ----------
    registration
        The present alignment: camera, pixel size, and the pose to start from.
    landmarks
        Points known on both sides count, others are ignored; None: those of ``registration``.
    click_sd_um
        Standard deviation of a click along each axis of the image, um.
    free_pixel_size
        Whether the pixel size is fitted too (its ratio of height to width stays).
    keep
        Parameters of :data:`PARAMETERS` not to be changed.
    nearest
        Whether, of two tilts that the clicks cannot tell apart, the one nearer to the present pose
        is taken even if the other fits a little better: nothing flips while a point is dragged.

    Returns
    -------
    LandmarkFit
        With two points only shift and yaw are fitted; with three or more everything that they
        determine. What they do not determine stays as it was and is named.

    Raises
    ------
    RegistrationError
        When fewer than two landmarks are known on both sides, all lie in one point, or a parameter
        is not valid.
    """
    marks = registration.landmarks if landmarks is None else tuple(landmarks)
    problem = Reprojection(registration, marks, free_pixel_size=free_pixel_size)
    if not (np.isfinite(click_sd_um) and click_sd_um > 0):
        raise RegistrationError(f"click_sd_um must be positive, got {click_sd_um!r}")
    unknown = set(keep) - set(PARAMETERS)
    if unknown:
        raise RegistrationError(f"unknown parameters to keep: {', '.join(sorted(unknown))}")
    free = problem.choose_free(keep)
    values, alternative = best_of_both_tilts(problem, free, click_sd_um, nearest=nearest)
    values, outliers = _without_outliers(problem, values, free, click_sd_um)
    return _reported(problem, values, free, outliers, alternative, click_sd_um, keep)


def _reported(
    problem: Reprojection,
    values: FloatArray,
    free: npt.NDArray[np.bool_],
    outliers: npt.NDArray[np.bool_],
    alternative: Pose | None,
    click_sd_um: float,
    keep: Sequence[str],
) -> LandmarkFit:
    fitted = problem.registration_at(values)
    # Seen from the fitted pose, so that shifts and error bars are along its own axes.
    here = problem.restarted_at(fitted)
    zero = np.zeros(len(values))
    jacobian = here.jacobian(zero, free)
    kept = np.repeat(~outliers, 2)
    information = jacobian[kept].T @ jacobian[kept]
    covariance = np.zeros((len(values), len(values)))
    covariance[np.ix_(free, free)] = np.linalg.pinv(information) * click_sd_um**2
    residuals = here.residuals(zero).reshape(-1, 2)
    undetermined = [
        name
        for name, is_free in zip(problem.parameters, free, strict=True)
        if not is_free and name not in keep
    ]
    return LandmarkFit(
        registration=fitted,
        names=problem.names,
        pivot_um=read_only(problem.pivot_um),
        residuals_um=read_only(residuals),
        residuals_px=read_only(residuals / np.asarray(fitted.pixel_size_um)),
        leave_one_out_um=read_only(_leave_one_out(residuals, jacobian, kept)),
        parameters=problem.parameters,
        covariance=read_only(covariance),
        undetermined=tuple(undetermined),
        outliers=tuple(n for n, out in zip(problem.names, outliers, strict=True) if out),
        alternative=alternative,
    )


def _leave_one_out(
    residuals: FloatArray, jacobian: FloatArray, kept: npt.NDArray[np.bool_]
) -> FloatArray:
    """Distances that each point would be missed by without it, from the hat matrix."""
    hat = jacobian @ np.linalg.pinv(jacobian[kept].T @ jacobian[kept]) @ jacobian.T
    missed = np.full(len(residuals), np.nan)
    for i, residual in enumerate(residuals):
        own = slice(2 * i, 2 * i + 2)
        if not kept[2 * i]:
            missed[i] = np.linalg.norm(residual)  # it was left out already
            continue
        rest = np.eye(2) - hat[own, own]
        if np.linalg.cond(rest) < 1e8:
            missed[i] = np.linalg.norm(np.linalg.solve(rest, residual))
    return missed


def _without_outliers(
    problem: Reprojection, values: FloatArray, free: npt.NDArray[np.bool_], click_sd_um: float
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Leave the worst landmark out as long as its own error and the pose's do not explain it.

    One at a time (Baarda's data snooping [1]_): a wrong point pulls others off, which are right.

    .. [1] Baarda, "A Testing Procedure for Use in Geodetic Networks" (1968).
    """
    outliers = np.zeros(len(problem.names), bool)
    while (~outliers).sum() > TOO_FEW:  # of fewer, nobody can tell which one is wrong
        values, _ = solve(problem, values, free, click_sd_um, use=~outliers, robust=False)
        jacobian = problem.jacobian(values, free)
        residuals = problem.residuals(values).reshape(-1, 2)
        missed = _leave_one_out(residuals, jacobian, np.repeat(~outliers, 2))
        # What a point is missed by without it, weighed by what it is missed by with it.
        size = np.sqrt(missed * np.linalg.norm(residuals, axis=1))
        size[outliers | np.isnan(size)] = 0.0
        if size.max() <= OUTLIER_SDS * click_sd_um:
            break
        outliers[size.argmax()] = True
    return values, outliers
