"""One trace per region from a movie: streamed, whatever its length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.errors import BrainregError, RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.results.traces.baseline import Baseline
from napari_brainreg3d.results.traces.cells import Cells, make_cells
from napari_brainreg3d.results.traces.columns import Labelled, labelled, pixel_weights
from napari_brainreg3d.results.traces.movie import DecomposedMovie, Movie
from napari_brainreg3d.results.traces.statistics import (
    Statistic,
    cell_values,
    region_changes,
    region_values,
)
from napari_brainreg3d.results.traces.sums import (
    Faults,
    PartSums,
    decomposed_sums,
    frame_sums,
    no_faults,
)


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Activity of regions over time. Made by :func:`region_traces`.

    Attributes
    ----------
    table
        One row per frame (index ``frame``, from 0), one column per region (``VISp_left``), float64.
        NaN in regions without pixels.
    regions
        One row per column of ``table``, in its order: ``column``, what the region table says of the
        region, ``pixels`` that carry its label, ``used_pixels`` of them that count, their
        ``weight``, ``nan_values`` left out (pixels times frames), ``saturated_values`` and
        ``saturated_frames`` (which do count; frames with at least one), and with dF/F
        ``baseline``, the median of F0.
    fps
        Frames per second, None when nobody knows.
    settings
        How they were made, ready for JSON.
    projection
        Where the labels come from; None for a label image.
    """

    table: pd.DataFrame
    regions: pd.DataFrame
    fps: float | None
    settings: Mapping[str, Any]
    projection: Projection | None

    @property
    def time_s(self) -> FloatArray | None:
        """Time of each frame from the first one, shape (T,), s; None when it is not known."""
        return None if self.fps is None else np.arange(len(self.table)) / self.fps


def region_traces(
    movie: Movie,
    regions: Projection | npt.NDArray[Any],
    *,
    table: pd.DataFrame | None = None,
    statistic: Statistic = "mean",
    dff: str | Baseline | None = None,
    weights: npt.ArrayLike | Uncertainty | None = None,
    max_incidence_deg: float | None = None,
    split_hemispheres: bool = True,
    saturation: float | None = None,
    dark: float = 0.0,
    blocks: int = 5,
    fps: float | None = None,
    progress: Progress | None = None,
) -> Traces:
    """Follow the regions of a projection through a movie.

    Parameters
    ----------
    movie
        From :func:`napari_brainreg3d.io.movies.open_movie`; read once, a few frames at a time.
    regions : Projection, or ndarray of shape (H, W)
        What each pixel sees: a projection, or a label image of whole numbers (0 is nothing).
    table
        Region table of a label image, as :func:`napari_brainreg3d.io.tables.read_table` gives it.
    statistic
        ``"mean"`` of a region's pixels (with weights, the weighted mean), their weighted ``"sum"``,
        or ``"median of means"``, which a vessel or a blemish in one corner does not move.
    dff
        Baseline of dF/F in words (see :meth:`Baseline.parse`): ``"percentile 10"``, ``"mean frames
        0:100"``, ``"percentile 10 window 60 s"``. None: no dF/F.
    weights : array_like of shape (H, W), Uncertainty, or None
        Weight of each pixel, 0 or NaN leaves it out; of an :class:`Uncertainty` the probability of
        its label.
    max_incidence_deg
        Leave pixels out that see their tissue at a larger angle, degrees. Needs a projection.
    split_hemispheres
        Whether left and right of a projection get traces of their own.
    saturation
        Values from here on are counted as saturated; they are not left out. None: the largest value
        of the movie's type if that is one of whole numbers; cameras of 12 bits stop at 4095.
    dark
        Value of a pixel without light (the camera's offset), subtracted.
    blocks
        How many parts a region is cut into for the median of means.
    fps
        Frames per second; None: what the movie says.
    progress
        Told ``(frames done, frames)``; cancels by returning False.

    Returns
    -------
    Traces
        One column per row of the region table, also for regions without pixels (NaN).

    Raises
    ------
    RegistrationError
        When movie and labels have different sizes, or no pixel is left to count.
    ImageError
        When the movie cannot be read to its end.
    BrainregError
        When a value is not valid.
    Cancelled
        When ``progress`` said so.

    Warns
    -----
    BaselineWarning
        When some regions have no positive baseline. When none has one, that is an error: the movie
        has then been normalised already.

    Notes
    -----
    NaN pixels are left out frame by frame: mean and sum are over the others. In a movie in SVD form
    a pixel with NaN in any component is left out altogether; the traces come from the sums of its
    spatial components, exactly as if every frame had been made.

    The median of means (Lugosi and Mendelson 2019) cuts each region into ``blocks`` parts of
    equal size, by halving it across its longer side again and again, and takes the median of their
    means: whatever happens in fewer than half of the parts cannot carry it away. With dF/F each
    part has its own baseline, and the median is that of the parts' dF/F; without, parts that differ
    in brightness are compared as they are.

    Memory: 8 bytes per frame and region for the result; the median of means with dF/F takes 4 bytes
    per frame and block more. Everything else does not grow with the movie.

    References
    ----------
    * G. Lugosi and S. Mendelson, "Mean estimation and regression under heavy-tailed
      distributions: a survey", Found. Comput. Math. 19, 2019, doi:10.1007/s10208-019-09427-x.
    """
    _check(movie, statistic, blocks, dark, fps)
    wanted = Baseline.parse(dff) if isinstance(dff, str) else dff
    chosen = labelled(regions, table, split_hemispheres=split_hemispheres)
    cells = _cells(movie, chosen, weights, max_incidence_deg, statistic, blocks)
    is_decomposed = isinstance(movie, DecomposedMovie)
    if saturation is None and not is_decomposed and movie.dtype.kind in "ui":
        saturation = float(np.iinfo(movie.dtype).max)
    faults = no_faults(cells.regions)
    if isinstance(movie, DecomposedMovie):
        parts = decomposed_sums(movie, cells, faults, progress)
    else:
        parts = frame_sums(movie, cells, saturation, faults, progress)
    rate = movie.fps if fps is None else float(fps)
    names = list(chosen.regions["column"])
    values = _collected(parts, movie, cells, statistic, dark, per_region=wanted is None)
    summary = _summary(chosen, cells, faults)
    if wanted is not None:
        values, summary["baseline"] = region_changes(values, cells, wanted, rate, names, movie.name)
    settings = {
        "movie": {"name": movie.name, "shape": movie.shape, "dtype": str(movie.dtype)},
        "decomposed": is_decomposed,
        "statistic": statistic,
        "blocks": blocks if statistic == "median of means" else None,
        "dff_baseline": None if wanted is None else str(wanted),
        "dark": dark,
        "weights": _weights_in_words(weights),
        "max_incidence_deg": max_incidence_deg,
        "saturation": None if is_decomposed else saturation,
        "frames_per_second": rate,
    }
    traces = pd.DataFrame(values, columns=names)
    traces.index.name = "frame"
    return Traces(traces, summary, rate, settings, chosen.projection)


def _check(movie: Movie, statistic: str, blocks: int, dark: float, fps: float | None) -> None:
    if not isinstance(movie, Movie):
        raise BrainregError(
            f"a movie is needed, got {type(movie).__name__}; "
            "napari_brainreg3d.io.movies.open_movie makes one of a file or an array"
        )
    if statistic not in get_args(Statistic):
        raise BrainregError(
            f"unknown statistic {statistic!r}; choose from {', '.join(get_args(Statistic))}"
        )
    if blocks < 1:
        raise BrainregError(f"a region is cut into at least one block, got {blocks!r}")
    if not np.isfinite(dark):
        raise BrainregError(f"the dark level must be a number, got {dark!r}")
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise BrainregError(f"frames per second must be positive, got {fps!r}")


def _cells(
    movie: Movie,
    chosen: Labelled,
    weights: npt.ArrayLike | Uncertainty | None,
    max_incidence_deg: float | None,
    statistic: Statistic,
    blocks: int,
) -> Cells:
    if movie.shape[1:] != chosen.labels.shape:
        height, width = chosen.labels.shape
        raise RegistrationError(
            f"{movie.name} has frames of {movie.shape[1]} x {movie.shape[2]} pixels (rows x "
            f"columns), the label image {height} x {width}: it was made for another image"
        )
    if not (chosen.labels > 0).any():
        raise RegistrationError("no pixel of the image shows any of the regions")
    each = pixel_weights(chosen, weights, max_incidence_deg)
    parts = blocks if statistic == "median of means" else 1
    cells = make_cells(chosen.labels, len(chosen.regions), each, parts)
    if not len(cells.slot):
        raise RegistrationError(
            "no pixel is left: weights and the largest angle of incidence leave all of them out"
        )
    return cells


def _collected(
    parts: Iterator[PartSums],
    movie: Movie,
    cells: Cells,
    statistic: Statistic,
    dark: float,
    *,
    per_region: bool,
) -> npt.NDArray[Any]:
    """Values of all frames, shape (T, regions) or (T, C)."""
    frames = movie.shape[0]
    # Many blocks would take many bytes: 7 digits of each are plenty for their dF/F.
    kind = np.float32 if cells.blocks > 1 and not per_region else np.float64
    values = np.empty((frames, cells.regions if per_region else len(cells.slot)), kind)
    seen = 0
    for part in parts:
        seen = part.first + len(part.sums)
        found = cell_values(part, statistic, dark)
        values[part.first : seen] = region_values(found, cells) if per_region else found
    if seen != frames:
        raise BrainregError(f"{movie.name} ended after {seen} of {frames} frames")
    return values


def _summary(chosen: Labelled, cells: Cells, faults: Faults) -> pd.DataFrame:
    summary = chosen.regions.copy()
    labels = np.bincount(chosen.labels.ravel(), minlength=cells.regions + 1)
    weights = np.bincount(cells.slot // cells.blocks, cells.weights, minlength=cells.regions)
    summary["pixels"] = labels[1:]
    summary["used_pixels"] = cells.pixels()
    summary["weight"] = weights
    summary["nan_values"] = faults.nan_values
    summary["saturated_values"] = faults.saturated_values
    summary["saturated_frames"] = faults.saturated_frames
    return summary


def _weights_in_words(weights: npt.ArrayLike | Uncertainty | None) -> str | None:
    if weights is None:
        return None
    return "label probability" if isinstance(weights, Uncertainty) else "given per pixel"
