"""From the sums of cells to values of regions, and from these to dF/F."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.results.traces.baseline import Baseline, BaselineWarning, relative_change
from napari_brainreg3d.results.traces.cells import Cells
from napari_brainreg3d.results.traces.sums import PartSums

Statistic = Literal["mean", "median of means", "sum"]

_MOST_NAMED: Final = 5


def cell_values(part: PartSums, statistic: Statistic, dark: float) -> FloatArray:
    """Means of the cells, or their sums where that is the statistic.

    Parameters
    ----------
    part
        Sums over n frames.
    statistic
        What is wanted.
    dark
        Value of a pixel without light.

    Returns
    -------
    ndarray, shape (n, C)
        NaN where no pixel is left.
    """
    sums = part.sums - dark * part.weights
    divisor = part.weights if statistic != "sum" else 1.0
    values = np.full(sums.shape, np.nan)
    np.divide(sums, divisor, out=values, where=part.weights > 0)
    return values


def region_values(values: FloatArray, cells: Cells) -> FloatArray:
    """Bring values of cells, shape (n, C), to regions, shape (n, regions): median of their blocks.

    Of regions that are one cell it is their value; NaN in regions without pixels.
    """
    return median(cells.laid_out(values, np.nan))


def median(table: FloatArray) -> FloatArray:
    """Median along the last axis of what is not NaN, shape (...,); NaN where there is nothing."""
    if table.shape[-1] == 1:
        return table[..., 0]
    ordered = np.sort(table, axis=-1)  # NaN come last
    count = (~np.isnan(table)).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, table.shape[-1] - 1), axis=-1)
    return np.asarray((low + high)[..., 0] / 2.0)


def region_changes(
    values: FloatArray,
    cells: Cells,
    wanted: Baseline,
    fps: float | None,
    names: Sequence[str],
    movie: str,
) -> tuple[FloatArray, FloatArray]:
    """DF/F of the regions: median of that of their blocks, each with a baseline of its own.

    Blocks differ in brightness much more than any of them changes: of their plain means the median
    would jump from one to the next. Of dF/F they have all the same.

    Parameters
    ----------
    values : ndarray, shape (T, C)
        Values of the cells.
    cells
        Which cells make up a region.
    wanted, fps
        The baseline, and the frame rate for its window.
    names, movie
        Of the regions and the movie, for messages.

    Returns
    -------
    changes : ndarray, shape (T, regions)
        NaN in regions without pixels or without a positive baseline.
    baseline : ndarray, shape (regions,)
        Median of F0 over time and blocks.

    Raises
    ------
    BrainregError
        When no region has a positive baseline.
    """
    changes = np.full((len(values), cells.regions), np.nan)
    middle = np.full(cells.regions, np.nan)
    without: list[str] = []
    is_any = False
    for region, own in cells.of_regions():
        each = values[:, own].astype(np.float64)
        f0 = wanted.of(each, fps)
        found, bad = relative_change(each, f0)
        changes[:, region] = median(found)
        middle[region] = float(median(f0.ravel()))
        is_any |= bool((f0 > 0).any())
        if len(bad) == len(own):
            without.append(names[region])
    if not is_any:
        raise BrainregError(
            f"the baseline of every region of {movie} is zero or negative: the movie has been "
            "normalised already, or its dark level is wrong; leave dF/F out"
        )
    if without:
        _warn(without)
    return changes, middle


def _warn(names: list[str]) -> None:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    warnings.warn(
        f"the baseline is zero or negative in {', '.join(names[:_MOST_NAMED])}{more}: their dF/F "
        "is missing there",
        BaselineWarning,
        stacklevel=4,
    )
