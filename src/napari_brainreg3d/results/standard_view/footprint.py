"""How much of an image a pixel of a view covers, and where to sample it so that nothing aliases.

Where a view is finer than the image, linear interpolation at its pixels' centres is right: the
image is folded with a triangle two image pixels wide. Where the view is coarser by a factor f, the
triangle must be f times wider. Interpolation gives a variance of 1/6 squared image pixels of the
wanted f^2 / 6; the rest comes from sampling a triangle of the half-width sqrt(1 - 1/f^2) pixels of
the view. That is nothing for f = 1 and a whole pixel for large f, without a step in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray

#: On slopes and edges a pixel may cover this many times more of the image than usual; more than
#: that is not worth the rays.
_STEEPEST: Final = 4.0
#: From here on only every second number of samples along an axis is used: fewer, larger groups.
_COARSE_COUNT: Final = 4


def coarseness(pixels: FloatArray) -> FloatArray:
    """How many image pixels lie between neighbouring pixels of a view, along its two axes.

    Parameters
    ----------
    pixels : ndarray, shape (h, w, 2)
        ``image_px`` of what each pixel of the view shows; NaN where it shows nothing.

    Returns
    -------
    ndarray, shape (h, w, 2)
        Along the view's rows and columns; 1 where nothing is known.

    Notes
    -----
    Of the steps to the two neighbours the smaller one counts: the other may lead over an edge, to
    another part of the brain.
    """
    found = np.full(pixels.shape, np.nan)
    for axis in (0, 1):
        steps = np.linalg.norm(np.diff(pixels, axis=axis), axis=-1)
        ahead = np.pad(steps, [(0, int(i == axis)) for i in (0, 1)], constant_values=np.nan)
        behind = np.pad(steps, [(int(i == axis), 0) for i in (0, 1)], constant_values=np.nan)
        found[..., axis] = np.fmin(ahead, behind)
    known = np.isfinite(found)
    if not known.any():
        return np.ones(pixels.shape)
    most = _STEEPEST * max(1.0, float(np.median(found[known])))
    return np.where(known, np.minimum(found, most), 1.0)


def half_widths(coarser: FloatArray) -> FloatArray:
    """Half-widths, in pixels of the view, of the triangles to sample; same shape (..., 2)."""
    return np.sqrt(1.0 - 1.0 / np.square(np.maximum(coarser, 1.0)))


def sample_counts(coarser: FloatArray) -> npt.NDArray[np.intp]:
    """Samples along each axis, shape (..., 2), so that they lie within an image pixel each."""
    width = 2.0 * half_widths(coarser) * coarser  # in image pixels
    counts = np.where(width > 1e-3, np.maximum(np.ceil(width), 2), 1).astype(np.intp)
    return np.where(counts > _COARSE_COUNT, counts + counts % 2, counts)


def groups(
    counts: npt.NDArray[np.intp],
) -> Iterator[tuple[tuple[int, int], npt.NDArray[np.intp]]]:
    """Points that take the same numbers of samples along both axes.

    Parameters
    ----------
    counts : ndarray, shape (N, 2)
        From :func:`sample_counts`.

    Yields
    ------
    shape : tuple of int
        Samples along rows and columns.
    points : ndarray, shape (n,)
        Indices into ``counts``.
    """
    if not len(counts):
        return
    found, member = np.unique(counts, axis=0, return_inverse=True)
    for number, (rows, columns) in enumerate(found.tolist()):
        yield (rows, columns), np.flatnonzero(member.ravel() == number)


def triangle(count: int) -> tuple[FloatArray, FloatArray]:
    """Places, shape (n,), and weights of ``count`` samples of a triangle of half-width 1.

    The places are stretched so that the samples have the variance of the triangle, 1/6.
    """
    if count == 1:
        return np.zeros(1), np.ones(1)
    places = (2.0 * np.arange(count) + 1.0 - count) / count
    weights = 1.0 - np.abs(places)
    weights /= weights.sum()
    return places * np.sqrt((1.0 / 6.0) / float(weights @ np.square(places))), weights


def kernel(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Places, shape (S, 2), and weights, shape (S,), of the product of two triangles."""
    (down, by_row), (right, by_column) = (triangle(count) for count in shape)
    places = np.stack(np.meshgrid(down, right, indexing="ij"), axis=-1).reshape(-1, 2)
    return places, np.outer(by_row, by_column).ravel()
