"""Regions of interest of suite2p: its ``stat.npy``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.points.plain_pickle import read_npy
from napari_brainreg3d.results.locate.points import PointsError
from napari_brainreg3d.results.locate.rois import Rois


def read_suite2p(path: str | os.PathLike[str], *, cells_only: bool = False) -> Rois:
    """Read the regions of interest of a plane.

    Parameters
    ----------
    path
        ``stat.npy``, or the folder that holds it.
    cells_only
        Whether to leave out what ``iscell.npy`` beside it does not call a cell.

    Returns
    -------
    Rois
        In suite2p's order, its numbers from 0 as names; the pixels ``ypix`` (rows) and ``xpix``
        (columns) weighted with ``lam`` where that is positive, all alike where it never is.

    Raises
    ------
    PointsError
        When the file is absent or damaged, holds anything but plain values (it is a pickle, and
        nothing in it is run), or is not a list of regions of interest.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "stat.npy"
    return rois_of_stat(file, read_npy(file), cells_only=cells_only)


def rois_of_stat(file: Path, stat: Any, *, cells_only: bool = False) -> Rois:
    """Regions of interest of an array of objects that is in memory; see :func:`read_suite2p`."""
    if not (isinstance(stat, np.ndarray) and stat.dtype == object and stat.ndim == 1):
        raise PointsError(f"{file} is not a stat.npy of suite2p: it is no list of objects")
    kept = _cells(file, len(stat)) if cells_only else range(len(stat))
    if not len(kept):
        raise PointsError(f"{file} has no regions of interest")
    parts = [_pixels(file, number, stat[number]) for number in kept]
    counts = [len(weights) for _, weights in parts]
    return Rois(
        tuple(str(number) for number in kept),
        np.concatenate([pixels for pixels, _ in parts]),
        np.concatenate([weights for _, weights in parts]),
        np.repeat(np.arange(len(parts)), counts),
        np.array(counts, np.float64),
    )


def _cells(file: Path, count: int) -> list[int]:
    """Which ones ``iscell.npy`` calls cells; its first column is 1 for them."""
    beside = file.with_name("iscell.npy")
    is_cell = read_npy(beside)
    if is_cell.ndim != 2 or len(is_cell) != count or is_cell.dtype.kind not in "biuf":
        raise PointsError(
            f"{beside} has the shape {is_cell.shape}; {file.name} has {count} regions of interest"
        )
    return [int(number) for number in np.flatnonzero(is_cell[:, 0])]


def _pixels(file: Path, number: int, roi: Any) -> tuple[FloatArray, FloatArray]:
    """Pixels, shape (K, 2), and their weights, shape (K,)."""
    if not isinstance(roi, dict):
        raise PointsError(f"{file}: entry {number} is a {type(roi).__name__}, not a dict")
    for name in ("ypix", "xpix"):
        if name not in roi:
            raise PointsError(f"{file}: entry {number} has no {name!r}: is it of suite2p?")
    try:
        rows = np.asarray(roi["ypix"], np.float64)
        columns = np.asarray(roi["xpix"], np.float64)
        lam = np.asarray(roi.get("lam", np.ones(rows.shape)), np.float64)
    except (TypeError, ValueError):
        raise PointsError(f"{file}: entry {number} has pixels that are not numbers") from None
    if rows.ndim != 1 or not rows.shape == columns.shape == lam.shape:
        raise PointsError(
            f"{file}: entry {number} has ypix, xpix and lam of the shapes {rows.shape}, "
            f"{columns.shape} and {lam.shape}"
        )
    if not rows.size:
        raise PointsError(f"{file}: entry {number} has no pixels")
    if not np.isfinite([rows, columns]).all():
        raise PointsError(f"{file}: entry {number} has pixels that are not finite")
    # suite2p's weights may be 0 at the edge of a cell, or not there at all.
    usable = np.isfinite(lam) & (lam > 0)
    if not usable.any():
        lam, usable = np.ones(rows.shape), np.ones(rows.shape, bool)
    lam = np.where(usable, lam, lam[usable].min() * 1e-6)
    return np.stack([rows, columns], axis=1), lam
