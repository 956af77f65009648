"""Shapes that napari saved as CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from napari_brainreg3d.io.points.cells import Cells, read_cells
from napari_brainreg3d.results.locate.outlines import Outline, ShapeType
from napari_brainreg3d.results.locate.points import PointsError

COLUMNS: Final = ("index", "shape-type", "vertex-index", "axis-0", "axis-1")


def read_shapes_csv(path: str | os.PathLike[str]) -> tuple[Outline, ...]:
    """Read the shapes of a napari layer.

    Parameters
    ----------
    path
        CSV with the columns ``index``, ``shape-type``, ``vertex-index``, ``axis-0``, ``axis-1``;
        vertices in pixels, in any order of lines.

    Returns
    -------
    tuple of Outline
        In the order in which they first occur in the file; the index is the name.

    Raises
    ------
    PointsError
        When the file is empty, a column is missing, a number is not one, a shape has two types or
        one vertex twice; with the line.
    """
    return shapes_of_cells(read_cells(Path(path)))


def shapes_of_cells(cells: Cells) -> tuple[Outline, ...]:
    """Read shapes from a table that is in memory; see :func:`read_shapes_csv`."""
    missing = [name for name in COLUMNS if name not in cells.header]
    if missing:
        raise PointsError(
            f"{cells.path}: the column {missing[0]!r} is missing; shapes have {', '.join(COLUMNS)}"
        )
    if "axis-2" in cells.header:
        raise PointsError(f"{cells.path} has shapes with three axes; draw them in two")
    numbers = cells.numbers(("vertex-index", "axis-0", "axis-1"))
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(cells.texts("index")):
        rows_of.setdefault(name.removesuffix(".0"), []).append(row)
    types = [text.lower() for text in cells.texts("shape-type")]
    return tuple(
        Outline(name, _type(cells, types, rows), _vertices(cells, numbers, rows))
        for name, rows in rows_of.items()
    )


def _type(cells: Cells, types: list[str], rows: list[int]) -> Any:
    for row in rows:
        if types[row] not in get_args(ShapeType):
            raise PointsError(
                f"{cells.path}, line {cells.lines[row]}: unknown shape-type {types[row]!r}; "
                f"known are {', '.join(get_args(ShapeType))}"
            )
        if types[row] != types[rows[0]]:
            raise PointsError(
                f"{cells.path}, line {cells.lines[row]}: the shape is a {types[row]}, in line "
                f"{cells.lines[rows[0]]} it is a {types[rows[0]]}"
            )
    return types[rows[0]]


def _vertices(cells: Cells, numbers: Any, rows: list[int]) -> Any:
    index = numbers[rows, 0]
    order = np.argsort(index, kind="stable")
    again = np.flatnonzero(np.diff(index[order]) == 0)
    if again.size:
        row = rows[int(order[again[0] + 1])]
        raise PointsError(
            f"{cells.path}, line {cells.lines[row]}: vertex {numbers[row, 0]:g} of the shape "
            "occurs twice"
        )
    return numbers[rows, 1:][order]
