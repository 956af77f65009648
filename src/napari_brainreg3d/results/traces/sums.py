"""Weighted sums of cells: frame by frame from a movie, or once from its decomposition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.results.traces.cells import NOTHING, Cells
from napari_brainreg3d.results.traces.movie import DecomposedMovie, Movie
from napari_brainreg3d.results.traces.summing import summer

#: Bytes of components in space that are turned into float64 at a time, and frames of traces that
#: are made from them at a time.
_BLOCK_BYTES: Final = 1 << 25
_FRAMES: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class PartSums:
    """Sums of the cells over some frames.

    Attributes
    ----------
    first
        Number of the first frame.
    sums : ndarray, shape (n, C)
        Weighted sums of the values that are not NaN.
    weights : ndarray, shape (n, C)
        Sums of their weights.
    """

    first: int
    sums: FloatArray
    weights: FloatArray


@dataclass(slots=True, eq=False)
class Faults:
    """What was met on the way, counted per region: arrays of shape (regions,)."""

    nan_values: npt.NDArray[np.int64]
    saturated_values: npt.NDArray[np.int64]
    saturated_frames: npt.NDArray[np.int64]


def no_faults(regions: int) -> Faults:
    """Counts that begin at zero."""
    return Faults(*(np.zeros(regions, np.int64) for _ in range(3)))


def frame_sums(
    movie: Movie, cells: Cells, saturation: float | None, faults: Faults, progress: Progress | None
) -> Iterator[PartSums]:
    """Sum the cells of every frame, and count what is wrong with the pixels in ``faults``."""
    frames = movie.shape[0]
    report(progress, 0, frames)
    whole = cells.weights
    sum_up = summer(cells, movie.dtype)
    for first, block in movie.chunks():
        sums = np.empty((len(block), len(whole)))
        weights = np.broadcast_to(whole, sums.shape)
        for i, frame in enumerate(block.reshape(len(block), -1)):
            if saturation is not None:
                _count_saturated(frame, saturation, cells, faults)
            sums[i] = sum_up(frame)
            if frame.dtype.kind == "f" and np.isnan(sums[i]).any():
                if not weights.flags.writeable:
                    weights = weights.copy()
                sums[i], weights[i] = _without_nan(frame, cells, faults)
        yield PartSums(first, sums, weights)
        report(progress, first + len(block), frames)


def _count_saturated(
    frame: npt.NDArray[Any], saturation: float, cells: Cells, faults: Faults
) -> None:
    if frame.max() < saturation:  # False when there is a NaN: then look closely
        return
    owner = cells.owner[frame >= saturation]
    found = np.bincount(owner[owner != NOTHING], minlength=cells.regions)
    faults.saturated_values += found
    faults.saturated_frames += found > 0


def _without_nan(
    frame: npt.NDArray[Any], cells: Cells, faults: Faults
) -> tuple[FloatArray, FloatArray]:
    """Sums and weights of one frame, leaving NaN out."""
    missing = np.isnan(frame)
    owner = cells.owner[missing]
    faults.nan_values += np.bincount(owner[owner != NOTHING], minlength=cells.regions)
    values = np.where(missing, 0.0, frame.astype(np.float64))
    return cells.matrix @ values, cells.matrix @ (~missing).astype(np.float64)


def decomposed_sums(
    movie: DecomposedMovie, cells: Cells, faults: Faults, progress: Progress | None
) -> Iterator[PartSums]:
    """Sum the cells of the components in space, and from these of all frames.

    Pixels with a NaN in any component do not count in any frame.
    """
    frames, components = movie.shape[0], movie.temporal.shape[0]
    report(progress, 0, frames)
    sums = np.zeros((len(cells.slot), components))
    steady = np.zeros(len(cells.slot))
    weights = np.zeros(len(cells.slot))
    for pixels, part, average in _spatial_parts(movie):
        valid = ~(np.isnan(part).any(axis=1) | np.isnan(average))
        owner = cells.owner[pixels][~valid]
        lost = np.bincount(owner[owner != NOTHING], minlength=cells.regions)
        faults.nan_values += lost * frames
        part[~valid], average[~valid] = 0.0, 0.0
        matrix = cells.matrix[:, pixels.start : pixels.stop]
        sums += matrix @ part
        steady += matrix @ average
        weights += matrix @ valid.astype(np.float64)
    for first in range(0, frames, _FRAMES):
        temporal = np.asarray(movie.temporal[:, first : first + _FRAMES], np.float64)
        found = (sums @ temporal).T + steady
        yield PartSums(first, found, np.broadcast_to(weights, found.shape))
        report(progress, first + len(found), frames)


def _spatial_parts(movie: DecomposedMovie) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Some rows of pixels: their numbers, components (n, K) and average (n,)."""
    _, height, width = movie.shape
    components = movie.spatial.shape[2]
    rows = max(1, _BLOCK_BYTES // (8 * width * components))
    for first in range(0, height, rows):
        stop = min(height, first + rows)
        part = np.array(movie.spatial[first:stop], np.float64, order="C")
        average = np.zeros((stop - first) * width)
        if movie.average is not None:
            average[:] = np.asarray(movie.average[first:stop], np.float64).ravel()
        yield slice(first * width, stop * width), part.reshape(-1, components), average
