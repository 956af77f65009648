"""Points or regions of interest from whatever kind of file they are in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np

from napari_brainreg3d.io.points.cells import read_cells
from napari_brainreg3d.io.points.label_rois import read_label_rois, rois_of_array
from napari_brainreg3d.io.points.plain_pickle import read_npy
from napari_brainreg3d.io.points.points_csv import Kind, Unit, points_of_cells
from napari_brainreg3d.io.points.shapes_csv import shapes_of_cells
from napari_brainreg3d.io.points.suite2p import read_suite2p, rois_of_stat
from napari_brainreg3d.results.locate.outlines import rois_of_outlines
from napari_brainreg3d.results.locate.points import Points, PointsError
from napari_brainreg3d.results.locate.rois import Rois

_TABLES: Final = (".csv", ".tsv", ".txt")
_PICTURES: Final = (".tif", ".tiff", ".png")


def read_points(
    path: str | os.PathLike[str],
    *,
    kind: Kind = "pixels",
    unit: Unit | None = None,
    image_shape: tuple[int, int] | None = None,
    cells_only: bool = False,
) -> Points | Rois:
    """Read points or regions of interest; what the file is, its name and content say.

    Parameters
    ----------
    path
        CSV of points or of napari's shapes, label image (TIFF, PNG, ``.npy``), ``_seg.npy`` of
        cellpose, ``stat.npy`` of suite2p or a folder with one.
    kind, unit
        As in :func:`read_points_csv`. Places in the brain can only be points.
    image_shape
        Rows and columns that a label image must have.
    cells_only
        Of suite2p's only what it calls a cell.

    Raises
    ------
    PointsError
        When the file is not one of these, or is damaged.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix in _TABLES:
        cells = read_cells(file)
        if "shape-type" not in cells.header:
            return points_of_cells(cells, kind=kind, unit=unit)
    if kind != "pixels":
        raise PointsError(f"{file}: places of kind {kind!r} are read from a CSV file of points")
    if suffix in _TABLES:
        try:
            return rois_of_outlines(shapes_of_cells(cells))
        except PointsError as error:
            raise PointsError(
                str(error) if str(file) in str(error) else f"{file}: {error}"
            ) from error
    if file.is_dir():
        return read_suite2p(file, cells_only=cells_only)
    if suffix in _PICTURES:
        return read_label_rois(file, image_shape=image_shape)
    if suffix == ".npy":
        content = read_npy(file)
        if isinstance(content, np.ndarray) and content.dtype == object and content.ndim == 1:
            return rois_of_stat(file, content, cells_only=cells_only)
        return rois_of_array(file, content, image_shape=image_shape)
    known = ", ".join((*_TABLES, *_PICTURES, ".npy"))
    raise PointsError(f"{file}: points are read from {known}, or a folder of suite2p")
