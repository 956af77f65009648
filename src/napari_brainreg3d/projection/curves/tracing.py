"""Following the line in the image where what rays meet changes, to a fraction of a um."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt
from skimage.measure import find_contours

from napari_brainreg3d.geometry import RayBundle, View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.curves.contour import Contour

INSIDE: Final = 1
OUTSIDE: Final = 0
SEAM: Final = -1
"""Tissue between inside and outside that belongs to neither; no wider than a few samples."""
ELSEWHERE: Final = -2

#: Samples along the longer side of the raster on which a contour is first seen.
_RASTER: Final = 220
#: Seams up to twice this wide are bridged, in samples of the raster.
_SEAM: Final = 2.0
_FIRST_LOOKS: Final = 41
_NEXT_LOOKS: Final = 17

Kind = Callable[[RayBundle], tuple[npt.NDArray[np.int8], FloatArray]]
"""What rays meet (:data:`INSIDE`, ...) and how deep, um; shape (R,) each."""


@dataclass(frozen=True, slots=True)
class Field:
    """A rectangle in the image plane, which may reach over the image's edges, and a raster on it.

    Attributes
    ----------
    first_px
        (row, column) of the first sample.
    step_px
        Distance of the samples along rows and columns.
    shape
        Number of samples.
    """

    first_px: tuple[float, float]
    step_px: tuple[float, float]
    shape: tuple[int, int]

    @classmethod
    def around(
        cls, points_px: FloatArray, margin_um: float, pixel_size_um: tuple[float, float]
    ) -> Field:
        """The rectangle around points, shape (N, 2), with a margin."""
        size = np.asarray(pixel_size_um)
        low = points_px.min(axis=0) * size - margin_um
        extent = points_px.max(axis=0) * size + margin_um - low
        step = float(extent.max()) / _RASTER
        rows, columns = np.ceil(extent / step).astype(int).tolist()
        first, steps = (low / size).tolist(), (step / size).tolist()
        return cls((first[0], first[1]), (steps[0], steps[1]), (rows + 1, columns + 1))

    @property
    def places(self) -> FloatArray:
        """The samples, shape (rows, columns, 2), as places on the raster."""
        return np.moveaxis(np.indices(self.shape, np.float64), 0, -1)

    def pixels(self, places: FloatArray) -> FloatArray:
        """From places on the raster to ``image_px``, shape (..., 2) both."""
        return np.asarray(places * self.step_px + self.first_px)


def traced(view: View, field: Field, kind: Kind) -> Contour:
    """The contour between inside and outside within a field.

    Parameters
    ----------
    view
        The camera in its place.
    field
        Where to look.
    kind
        What rays meet.

    Returns
    -------
    Contour
        Where the nearer side of the contour lies in the atlas; without lines where there is none.
    """
    kinds, _ = kind(view.pixel_rays(field.pixels(field.places.reshape(-1, 2))))
    level = _bridged(kinds.reshape(field.shape))
    lines = find_contours(level, 0.5)  # type: ignore[no-untyped-call]
    if not lines:
        return Contour.of([])
    parts = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    found = _sharpened(view, field, kind, level, np.concatenate(lines))
    return Contour.of([piece for i in range(len(lines)) for piece in _pieces(found[parts == i])])


def _bridged(kinds: npt.NDArray[np.int8]) -> FloatArray:
    """1 inside, 0 outside, NaN elsewhere; seams are given to what is nearest."""
    level = np.where(kinds >= 0, kinds, np.nan).astype(np.float64)
    if (kinds == SEAM).any() and (kinds >= 0).any():
        away, nearest = distance_transform_edt(kinds < 0, return_indices=True)
        close = (kinds == SEAM) & (away <= _SEAM)
        level[close] = level[tuple(nearest[:, close])]
    return level


def _sharpened(
    view: View, field: Field, kind: Kind, level: FloatArray, places: FloatArray
) -> FloatArray:
    """Contour points on the raster's lines -> points in the atlas, shape (N, 3); NaN: lost."""
    # Each lies in the middle between two samples: one inside, one outside.
    low, high = np.floor(places).astype(int), np.ceil(places).astype(int)
    across = (high - low).astype(np.float64)
    across *= np.where(level[tuple(low.T)] > 0.5, 1.0, -1.0)[:, None]
    reach = 0.5 + _SEAM
    inner, outer = np.full(len(places), -reach), np.full(len(places), reach)
    depth = np.full(len(places), np.nan)
    for looks in (_FIRST_LOOKS, _NEXT_LOOKS):
        share = inner[:, None] + (outer - inner)[:, None] * np.linspace(0.0, 1.0, looks)
        pixels = field.pixels(places[:, None] + share[..., None] * across[:, None])
        kinds, depths = kind(view.pixel_rays(pixels.reshape(-1, 2)))
        kinds, depths = kinds.reshape(share.shape), depths.reshape(share.shape)
        inside, outside = _step_of(kinds, looks // 2 if looks == _FIRST_LOOKS else None)
        row = np.arange(len(places))
        lost = (inside < 0) | (outside < 0)
        inner, outer = share[row, inside], share[row, outside]
        depth = np.fmin(depths[row, inside], depths[row, outside])
        inner[lost] = outer[lost] = depth[lost] = np.nan
    middle = (inner + outer) / 2.0
    pixels = field.pixels(places + middle[:, None] * across)
    found = np.full((len(places), 3), np.nan)
    ok = np.isfinite(depth)
    found[ok] = view.pixels_to_atlas(pixels[ok], depth[ok])
    return found


def _step_of(
    kinds: npt.NDArray[np.int8], middle: int | None
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Last sample inside and first one outside after it, of each row; -1: none.

    Of several steps the one nearest to ``middle``; None: the first.
    """
    count = kinds.shape[1]
    order = np.arange(count)
    last_inside = np.maximum.accumulate(np.where(kinds == INSIDE, order, -1), axis=1)
    # A step ends at the first outside sample after an inside one, over seams only.
    last_known = np.maximum.accumulate(np.where(kinds != SEAM, order, -1), axis=1)
    before = np.concatenate([np.full((len(kinds), 1), -1), last_known[:, :-1]], axis=1)
    inside_before = np.concatenate([np.full((len(kinds), 1), -1), last_inside[:, :-1]], axis=1)
    is_step = (kinds == OUTSIDE) & (inside_before >= 0) & (before == inside_before)
    distance = np.abs(order - (0 if middle is None else middle))
    outside = np.where(is_step, distance, count + 1).argmin(axis=1)
    row = np.arange(len(kinds))
    ok = is_step[row, outside]
    return np.where(ok, inside_before[row, outside], -1), np.where(ok, outside, -1)


def _pieces(line: FloatArray) -> list[FloatArray]:
    """Split a line, shape (K, 3), where points are lost."""
    lost = np.flatnonzero(~np.isfinite(line).all(axis=1))
    if not lost.size:
        return [line]
    parts = np.split(line, lost)
    return [part[np.isfinite(part).all(axis=1)] for part in parts]
