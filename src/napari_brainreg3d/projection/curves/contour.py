"""Lines in the atlas, where the camera sees them, and which point of them a drawn point means."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray

#: The direction of a contour is taken over so many points to either side: facets are small.
_SMOOTH: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One or more lines in the atlas.

    Attributes
    ----------
    points_um : ndarray, shape (N, 3)
        ``atlas_um``, line after line.
    starts : ndarray, shape (L + 1,)
        Line ``i`` is ``points_um[starts[i]:starts[i + 1]]``.
    """

    points_um: FloatArray
    starts: npt.NDArray[np.intp]

    @classmethod
    def of(cls, lines: list[FloatArray]) -> Contour:
        """Put lines, each of shape (K, 3), together; single points are left out."""
        kept = [line for line in lines if len(line) > 1]
        points = np.concatenate(kept) if kept else np.empty((0, 3))
        return cls(points, np.cumsum([0, *(len(line) for line in kept)]))

    def lines_px(self, view: View) -> list[FloatArray]:
        """The lines as a camera sees them, each of shape (K, 2), ``image_px``."""
        pixels = view.atlas_to_pixels(self.points_um)
        return [pixels[a:b] for a, b in itertools.pairwise(self.starts)]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Which points of a contour drawn points mean.

    Attributes
    ----------
    atlas_um : ndarray, shape (M, 3)
        The nearest point of the contour.
    tangents : ndarray, shape (M, 2)
        Unit vectors (down, right) along the contour there, as seen in the image.
    past_um : ndarray, shape (M,)
        How far a drawn point lies past the end of the contour, along ``tangents``; 0 beside it.
    """

    atlas_um: FloatArray
    tangents: FloatArray
    past_um: FloatArray


def paired(contour: Contour, view: View, drawn_px: FloatArray) -> Pairs:
    """Find for drawn points the nearest points of a contour, as the camera sees it.

    Parameters
    ----------
    contour
        At least one line.
    view
        The camera in its place.
    drawn_px : ndarray, shape (M, 2)
        ``image_px``.
    """
    seen = view.grid.to_offsets(view.atlas_to_pixels(contour.points_um))
    drawn = view.grid.to_offsets(drawn_px)
    first = np.delete(np.arange(len(seen)), contour.starts[1:] - 1)
    along = seen[first + 1] - seen[first]
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    share = ((drawn[:, None] - seen[first]) * along).sum(axis=-1) / length2
    share = np.clip(share, 0.0, 1.0)
    gap = seen[first] + share[..., None] * along - drawn[:, None]
    distance = np.nan_to_num(np.linalg.norm(gap, axis=-1), nan=np.inf)
    best = distance.argmin(axis=1)
    row = np.arange(len(drawn))
    t, i = share[row, best][:, None], first[best]
    tangent = _tangents(seen, contour.starts)
    tangent = (1.0 - t) * tangent[i] + t * tangent[i + 1]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    is_open = _is_open(contour)
    at_end = (t[:, 0] == 0.0) & np.isin(i, contour.starts[:-1][is_open])
    at_end |= (t[:, 0] == 1.0) & np.isin(i + 1, contour.starts[1:][is_open] - 1)
    past = -np.einsum("mk,mk->m", gap[row, best], tangent)
    points = contour.points_um
    return Pairs((1.0 - t) * points[i] + t * points[i + 1], tangent, np.where(at_end, past, 0.0))


def _tangents(seen: FloatArray, starts: npt.NDArray[np.intp]) -> FloatArray:
    """Unit vectors along the lines at each of their points, shape (N, 2)."""
    tangents = np.empty_like(seen)
    for a, b in itertools.pairwise(starts):
        ahead = np.minimum(np.arange(a, b) + _SMOOTH, b - 1)
        behind = np.maximum(np.arange(a, b) - _SMOOTH, a)
        tangents[a:b] = seen[ahead] - seen[behind]
    lengths = np.linalg.norm(tangents, axis=1, keepdims=True)
    return np.asarray(tangents / np.maximum(lengths, 1e-12))


def _is_open(contour: Contour) -> npt.NDArray[np.bool_]:
    """Whether each line has two ends, shape (L,)."""
    first = contour.points_um[contour.starts[:-1]]
    last = contour.points_um[contour.starts[1:] - 1]
    return np.asarray((first != last).any(axis=1))
