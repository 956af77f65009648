"""Regions of interest: where their middle is, and which brain region most of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.results.locate.points import PointsError, checked_names, checked_points
from napari_brainreg3d.results.locate.seen_points import see_points
from napari_brainreg3d.results.locate.source import Place, Source, place_of
from napari_brainreg3d.results.locate.table import locate


@dataclass(frozen=True, slots=True, eq=False)
class Rois:
    """N regions of interest, each a set of weighted samples, M together.

    Attributes
    ----------
    names
        One for each, all different.
    samples_px : ndarray, shape (M, 2)
        ``image_px`` of all samples.
    weights : ndarray, shape (M,)
        How much each sample counts; positive.
    owner : ndarray, shape (M,), integer
        The region of interest that each sample belongs to, counted from 0.
    area_px2 : ndarray, shape (N,)
        Area in pixels; 0 for lines.
    """

    names: tuple[str, ...]
    samples_px: FloatArray
    weights: FloatArray
    owner: npt.NDArray[np.intp]
    area_px2: FloatArray

    def __post_init__(self) -> None:
        count = len(self.area_px2)
        object.__setattr__(self, "names", checked_names(self.names, count))
        samples = checked_points(self.samples_px, 2, "row, column")
        weights, owner = np.array(self.weights, np.float64), np.array(self.owner, np.intp)
        if not len(samples) == len(weights) == len(owner):
            raise PointsError(
                f"{len(samples)} samples, {len(weights)} weights and {len(owner)} owners differ"
            )
        if not (np.isfinite(weights) & (weights > 0)).all():
            raise PointsError("the weights of regions of interest must be positive")
        if (np.bincount(owner, minlength=count)[:count] == 0).any() or (owner >= count).any():
            raise PointsError("every region of interest needs a sample, and every sample one")
        for name, array in (("samples_px", samples), ("weights", weights), ("owner", owner)):
            object.__setattr__(self, name, read_only(array))

    def __len__(self) -> int:
        return len(self.area_px2)

    @property
    def centroids_px(self) -> FloatArray:
        """Weighted middle of each, shape (N, 2), ``image_px``."""
        total = self._sums(self.weights)
        sums = [self._sums(self.weights * self.samples_px[:, i]) for i in range(2)]
        return np.asarray(np.stack(sums, axis=1) / total[:, None])

    def shares(self, of: npt.NDArray[Any]) -> FloatArray:
        """Share of each one's weight on samples where ``of``, shape (M,), is 1: shape (N,)."""
        return self._sums(self.weights * of) / self._sums(self.weights)

    def _sums(self, values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(self.owner, values, minlength=len(self)), np.float64)


def rois_of_labels(labels: npt.NDArray[Any]) -> Rois:
    """Take a label image apart: from cellpose, napari or any other program.

    Parameters
    ----------
    labels : ndarray, shape (H, W), whole numbers
        0 is background; every other number is one region of interest, whose name it becomes.

    Raises
    ------
    PointsError
        When it is not such an image, or there is nothing but background.
    """
    if labels.ndim != 2 or labels.dtype.kind not in "bui":
        raise PointsError(
            "a label image has two axes and whole numbers, not the shape "
            f"{labels.shape} and the type {labels.dtype}"
        )
    where = np.argwhere(labels != 0)
    if not len(where):
        raise PointsError("the label image is 0 everywhere: it has no regions of interest")
    values = labels[labels != 0]
    if values.min() < 0:
        raise PointsError(f"a label image has no negative numbers, got {values.min()}")
    found, owner, pixels = np.unique(values, return_inverse=True, return_counts=True)
    names = tuple(str(int(value)) for value in found)
    return Rois(names, where.astype(np.float64), np.ones(len(where)), owner, pixels.astype(float))


def locate_rois(
    source: Source,
    rois: Rois,
    *,
    settings: ProjectionSettings | None = None,
    uncertainty: Uncertainty | None = None,
    bregma: str | BregmaPreset | None = None,
    tilt_deg: float | None = None,
    scale: tuple[float, float, float] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tell where in the brain regions of interest are.

    Parameters
    ----------
    source, settings, uncertainty, bregma, tilt_deg, scale
        As in :func:`locate`.
    rois
        From :func:`rois_of_labels`, :func:`rois_of_outlines` or a reader in ``io.points``.
    progress
        Told ``(samples done, samples)`` now and then; cancels by returning False.

    Returns
    -------
    DataFrame
        One row for each, in order. The columns of :func:`locate`, for the middle of each, and
        before them ``area_px2`` and ``area_mm2`` (pixels times their nominal area in the plane of
        focus); after them ``majority_region``, ``majority_label`` and ``majority_share``: the
        chosen region with the most weight of all samples, and its share of *all* their weight
        (nothing and 0 when none sees a chosen region; of equal ones the first in the table); and
        ``inside_share``, the share that lies within the image.

    Raises
    ------
    PointsError, AtlasError, Cancelled
        As in :func:`locate`.
    """
    place = place_of(source, settings)
    table = locate(
        source,
        rois.centroids_px,
        names=rois.names,
        settings=settings,
        uncertainty=uncertainty,
        bregma=bregma,
        tilt_deg=tilt_deg,
        scale=scale,
    )
    row_um, column_um = place.registration.pixel_size_um
    table.insert(1, "area_px2", rois.area_px2)
    table.insert(2, "area_mm2", rois.area_px2 * row_um * column_um / 1e6)
    seen = see_points(place, rois.samples_px, progress)
    for name, values in _majority(place, rois, place.grouping.label_of[seen.finest]).items():
        table[name] = values
    table["inside_share"] = rois.shares(seen.inside)
    return table


def _majority(place: Place, rois: Rois, label: npt.NDArray[np.uint16]) -> dict[str, Any]:
    """Label with the most weight of each region of interest, and its share."""
    width = len(place.grouping.rows) + 1
    keys, index = np.unique(rois.owner * width + label, return_inverse=True)
    share = np.bincount(index, rois.weights) / np.bincount(rois.owner, rois.weights)[keys // width]
    share[keys % width == 0] = 0.0  # what sees no chosen region is not a candidate
    # Sorted by owner, then share, then label downwards: the last of each owner is the winner.
    order = np.lexsort((-(keys % width), share, keys // width))
    last = np.append(np.flatnonzero(np.diff(keys[order] // width)), len(keys) - 1)
    best = order[last]
    winner = np.where(share[best] > 0, keys[best] % width, 0)
    acronyms = np.array(["", *(row.region.acronym for row in place.grouping.rows)], object)
    return {
        "majority_region": acronyms[winner],
        "majority_label": winner.astype(np.uint16),
        "majority_share": share[best],
    }
