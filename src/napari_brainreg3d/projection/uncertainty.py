"""How sure each label is: poses drawn from the error of the alignment, projected and counted."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from skimage.segmentation import find_boundaries

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection.curves import CurveFit
from napari_brainreg3d.projection.project import NothingSeenWarning, project
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.fitting import LandmarkFit
from napari_brainreg3d.registration.reprojection import PARAMETERS, SCALE, pose_from

#: A pixel that keeps its label in at least this share of the poses counts as certain.
CERTAIN: Final = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """What becomes of the labels when the pose is off by its own error. Arrays are read-only.

    Attributes
    ----------
    projection
        The projection whose labels are judged.
    probability : ndarray, shape (H, W), float32
        Share of the sampled poses in which a pixel has the label that it has.
    runner_up : ndarray, shape (H, W), uint16
        The label that it has most often otherwise; its own where it never has another.
    areas_mm2 : ndarray, shape (S, N)
        Projected area of each label 1..N in each of the S sampled poses.
    border_um : float
        Standard deviation of the position of borders, um in the plane of focus: 95 % of them lie
        within twice this.
    """

    projection: Projection
    probability: npt.NDArray[np.float32]
    runner_up: npt.NDArray[np.uint16]
    areas_mm2: FloatArray
    border_um: float

    @property
    def table(self) -> pd.DataFrame:
        """The region table, with ``expected_mm2``, ``sd_mm2`` and ``certain_share``.

        The last is the share of a region's pixels that keep their label in at least 95 % of the
        poses; NaN for a region out of view.
        """
        table = self.projection.table
        labels = self.projection.labels.ravel()
        certain = self.probability.ravel() >= CERTAIN
        sure = np.bincount(labels, weights=certain, minlength=len(table) + 1)[1:]
        pixels = table["pixels"].to_numpy()
        table["expected_mm2"] = self.areas_mm2.mean(axis=0)
        table["sd_mm2"] = self.areas_mm2.std(axis=0, ddof=1)
        table["certain_share"] = np.divide(
            sure, pixels, out=np.full(len(table), np.nan), where=pixels > 0
        )
        return table


def uncertainty(
    projection: Projection,
    error: LandmarkFit | CurveFit | Mapping[str, float],
    *,
    poses: int = 50,
    seed: int = 0,
    max_pixels: int = 150_000,
    progress: Progress | None = None,
) -> Uncertainty:
    """Sample poses from the error of the alignment and count labels.

    Parameters
    ----------
    projection
        What is judged. Its registration is the middle of the samples.
    error
        A fit to landmarks or curves (its covariance), or standard deviations by the names of
        :data:`~napari_brainreg3d.registration.reprojection.PARAMETERS`, e.g.
        ``{"down_um": 80, "right_um": 80, "yaw_deg": 1, "pitch_deg": 2, "roll_deg": 2}``; what is
        not named is certain. The angles then turn about the brain that the image centre sees.
    poses
        How many poses are sampled.
    seed
        Of the random numbers: the same seed gives the same result.
    max_pixels
        Larger images are sampled at a coarser raster of about so many pixels, and the result is
        enlarged.
    progress
        Told ``(poses done, poses)``; cancels by returning False.

    Returns
    -------
    Uncertainty
        Probabilities, runner-up labels and areas.

    Raises
    ------
    RegistrationError
        When ``poses`` is less than 2, or a standard deviation has an unknown name or is negative.
    """
    if poses < 2:
        raise RegistrationError(f"poses must be at least 2, got {poses!r}")
    counts = _Counts(projection, max_pixels)
    for done, sample in enumerate(_sampled(projection, error, poses, np.random.default_rng(seed))):
        report(progress, done, poses)
        counts.add(_labels(projection, counts.on_raster(sample)))
    report(progress, poses, poses)
    return counts.result()


class _Counts:
    """How often each pixel of a raster that may be coarser had each label."""

    def __init__(self, projection: Projection, max_pixels: int) -> None:
        self.projection = projection
        height, width = projection.labels.shape
        coarser = max(1.0, np.sqrt(projection.labels.size / max_pixels))
        self.shape = (max(1, round(height / coarser)), max(1, round(width / coarser)))
        self._own = _resampled(projection.labels, self.shape)
        rows_of_table = len(projection.grouping.rows)
        self._votes = np.zeros((rows_of_table + 1, self._own.size), np.uint16)
        self._areas: list[npt.NDArray[np.intp]] = []

    def on_raster(self, registration: Registration) -> Registration:
        """The same view of the same field, on this raster."""
        height, width = registration.grid.extent_um
        size = (height / self.shape[0], width / self.shape[1])
        return registration.replaced(image_shape=self.shape, pixel_size_um=size)

    def add(self, labels: npt.NDArray[np.uint16]) -> None:
        self._votes[labels.ravel(), np.arange(labels.size)] += 1
        self._areas.append(np.bincount(labels.ravel(), minlength=len(self._votes))[1:])

    def result(self) -> Uncertainty:
        own, place = self._own.ravel(), np.arange(self._own.size)
        share = self._votes[own, place] / np.float32(len(self._areas))
        others = self._votes.copy()
        others[own, place] = 0
        second = others.argmax(axis=0)
        second = np.where(others[second, place] > 0, second, own).astype(np.uint16)
        full = self.projection.labels.shape
        size_um = self.on_raster(self.projection.registration).pixel_size_um
        return Uncertainty(
            self.projection,
            read_only(_resampled(share.reshape(self.shape), full)),
            read_only(_resampled(second.reshape(self.shape), full)),
            read_only(np.array(self._areas) * (size_um[0] * size_um[1] / 1e6)),
            _border_sd_um(self._own, share.reshape(self.shape), size_um),
        )


def _resampled(values: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[Any]:
    """Nearest neighbour on another raster of the same field."""
    picks = [
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for old, new in zip(values.shape, shape, strict=True)
    ]
    return values[np.ix_(*picks)]


def _labels(projection: Projection, registration: Registration) -> npt.NDArray[np.uint16]:
    settings = projection.settings
    with warnings.catch_warnings():
        # A sample that sees nothing is an answer like any other.
        warnings.simplefilter("ignore", NothingSeenWarning)
        again = project(
            projection.scene,
            registration,
            occlusion=settings.occlusion,
            tolerance_um=settings.tolerance_um,
            sample_depth_um=settings.sample_depth_um,
        )
    return np.asarray(projection.grouping.label_of[again.finest])


def _sampled(
    projection: Projection,
    error: LandmarkFit | CurveFit | Mapping[str, float],
    poses: int,
    rng: np.random.Generator,
) -> list[Registration]:
    registration = projection.registration
    names: tuple[str, ...]
    if isinstance(error, Mapping):
        names, pivot = PARAMETERS, _seen_in_the_middle(projection)
        covariance = np.diag(np.square(_checked_sds(error)))
    else:
        names, covariance, pivot = error.parameters, error.covariance, error.pivot_um
    draws = rng.multivariate_normal(np.zeros(len(names)), covariance, size=poses, method="eigh")
    samples = []
    for values in draws:
        factor = 1.0 + (values[names.index(SCALE)] / 100.0 if SCALE in names else 0.0)
        height, width = registration.pixel_size_um
        samples.append(
            registration.replaced(
                pose=pose_from(registration.pose, pivot, values),
                pixel_size_um=(height * factor, width * factor),
            )
        )
    return samples


def _checked_sds(error: Mapping[str, float]) -> FloatArray:
    unknown = sorted(set(error) - set(PARAMETERS))
    if unknown:
        raise RegistrationError(
            f"unknown parameters: {', '.join(unknown)}; choose from {', '.join(PARAMETERS)}"
        )
    sds = np.array([float(error.get(name, 0.0)) for name in PARAMETERS])
    if not (np.isfinite(sds).all() and (sds >= 0).all()):
        raise RegistrationError(f"standard deviations must not be negative, got {dict(error)}")
    return sds


def _seen_in_the_middle(projection: Projection) -> FloatArray:
    places = projection.atlas_um.reshape(-1, 3)
    seen = np.isfinite(places).all(axis=1)
    if not seen.any():
        return projection.registration.pose.centre_um
    return np.asarray(places[seen].mean(axis=0, dtype=np.float64))


def _border_sd_um(
    labels: npt.NDArray[np.uint16], share: npt.NDArray[Any], size_um: tuple[float, float]
) -> float:
    """Spread of the borders, from how much doubt lies along them.

    At a distance d from a straight border whose position has the standard deviation s, a pixel has
    the other label with the probability Phi(-d / s). Over all d on both sides that adds up to
    s sqrt(2 / pi) per length of border.
    """
    border = find_boundaries(labels, mode="inner")  # type: ignore[no-untyped-call]
    if not border.any():
        return float("nan")
    # One border pixel on each side stands for a pixel's length of border.
    length_um = float(border.sum()) / 2.0 * float(np.sqrt(size_um[0] * size_um[1]))
    doubt_um2 = float((1.0 - share).sum()) * size_um[0] * size_um[1]
    return doubt_um2 / length_um * float(np.sqrt(np.pi / 2.0))
