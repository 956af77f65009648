"""Points from CSV files: of napari, of a spreadsheet, or of this program."""

from __future__ import annotations

import dataclasses
import os
import warnings
from pathlib import Path
from typing import Final, Literal

from napari_brainreg3d.io.points.cells import Cells, read_cells
from napari_brainreg3d.results.locate.points import PointFrame, Points, PointsError

Kind = Literal["pixels", "atlas", "stereotaxic"]
Unit = Literal["px", "um"]

#: Names of columns, per coordinate of a point.
_COLUMNS: Final[dict[PointFrame, tuple[tuple[str, ...], ...]]] = {
    "image_px": (("row", "row_px", "y_px"), ("col", "column", "col_px", "column_px", "x_px")),
    "image_um": (("row_um", "y_um"), ("col_um", "column_um", "x_um")),
    "atlas_um": (
        ("atlas_ap_um", "ap_um"),
        ("atlas_dv_um", "dv_um"),
        ("atlas_ml_um", "ml_um"),
    ),
    "stereotaxic_mm": (
        ("stereotaxic_ap_mm", "ap_mm"),
        ("stereotaxic_ml_mm", "ml_mm"),
        ("stereotaxic_dv_mm", "dv_mm"),
    ),
}
_FRAMES: Final[dict[Kind, tuple[PointFrame, ...]]] = {
    "pixels": ("image_px", "image_um"),
    "atlas": ("atlas_um",),
    "stereotaxic": ("stereotaxic_mm",),
}
_WANTED: Final[dict[Kind, str]] = {
    "pixels": "row and col (pixels), or row_um and col_um (um), or y and x with the unit stated",
    "atlas": "ap_um, dv_um and ml_um (atlas_um: from the front, from the top, from the right)",
    "stereotaxic": "ap_mm, ml_mm and dv_mm (mm from bregma)",
}
#: The unit is not part of these names.
_UNITLESS: Final = ("y", "x")
_NAMES: Final = ("name", "id")
#: A column that tables of ``locate`` have.
_STATUS: Final = "status"


def read_points_csv(
    path: str | os.PathLike[str], *, kind: Kind = "pixels", unit: Unit | None = None
) -> Points:
    """Read points from a CSV file with a header.

    Parameters
    ----------
    path
        Columns, in any order and in upper or lower case: ``row`` and ``col`` (or ``row_px``,
        ``y_px``, ...; pixels), or ``row_um`` and ``col_um`` (or ``y_um``, ``x_um``; um from the
        centre of the first pixel), or ``y`` and ``x`` with ``unit``; for places in the brain
        ``ap_um``, ``dv_um``, ``ml_um``, or ``ap_mm``, ``ml_mm``, ``dv_mm``. A column ``name`` or
        ``id`` names the points. Or ``index``, ``axis-0``, ``axis-1`` (and ``axis-2`` in the
        brain), as napari saves a Points layer: pixels, ``atlas_um``, or AP, ML, DV in mm. Other
        columns are left alone. Separated by commas, semicolons or tabs.
    kind
        What the points are.
    unit
        That of ``y`` and ``x``; chooses where the file has both.

    Returns
    -------
    Points
        In the order of the file, duplicates included.

    Raises
    ------
    PointsError
        When the file is empty, a column is missing, a coordinate is not a finite number, a name
        occurs twice (with the line), or the unit is not clear.
    """
    return points_of_cells(read_cells(Path(path)), kind=kind, unit=unit)


def points_of_cells(cells: Cells, *, kind: Kind, unit: Unit | None) -> Points:
    """Read points from a table that is in memory; see :func:`read_points_csv`."""
    axes = [name for name in cells.header if name.startswith("axis-")]
    if axes:
        return _napari_points(cells, axes, kind)
    frame, columns = _chosen(cells, kind, unit)
    if kind != "pixels" and _STATUS in cells.header:
        cells = _with_places(cells, columns)
    names: tuple[str, ...] = ()
    named = next((name for name in _NAMES if name in cells.header), None)
    if named is not None:
        names = cells.unique_texts(named)
    return Points(cells.numbers(columns), frame, names)


def _with_places(cells: Cells, columns: list[str]) -> Cells:
    """Leave out rows without a place, as ``locate`` writes them of points that see no tissue."""
    texts = [cells.texts(name) for name in columns]
    kept = [i for i, places in enumerate(zip(*texts, strict=True)) if any(places)]
    if not kept:
        raise PointsError(f"{cells.path}: none of its points has a place in the brain")
    if len(kept) < len(cells.rows):
        warnings.warn(
            f"{cells.path}: {len(cells.rows) - len(kept)} of {len(cells.rows)} points have no "
            "place in the brain and are left out",
            UserWarning,
            stacklevel=3,
        )
    rows, lines = [cells.rows[i] for i in kept], [cells.lines[i] for i in kept]
    return dataclasses.replace(cells, rows=rows, lines=lines)


def _chosen(cells: Cells, kind: Kind, unit: Unit | None) -> tuple[PointFrame, list[str]]:
    """The frame that the columns are in, and their names."""
    found: dict[PointFrame, list[str]] = {}
    for frame in _FRAMES[kind]:
        names = [_one_of(cells, choice) for choice in _COLUMNS[frame]]
        if all(names):
            found[frame] = [name for name in names if name]
    if kind == "pixels" and all(name in cells.header for name in _UNITLESS):
        if unit is None and not found:
            raise PointsError(
                f"{cells.path}: are y and x pixels or um? State the unit (px or um), or name the "
                "columns y_px and x_px, or y_um and x_um"
            )
        if unit is not None:
            found.setdefault("image_px" if unit == "px" else "image_um", list(_UNITLESS))
    if kind == "pixels" and unit is not None and found:
        wanted: PointFrame = "image_px" if unit == "px" else "image_um"
        if wanted not in found:
            (columns,) = found.values()
            raise PointsError(
                f"{cells.path}: the unit is said to be {unit}, but the columns are "
                f"{' and '.join(columns)}"
            )
        return wanted, found[wanted]
    if len(found) > 1:
        raise PointsError(f"{cells.path} has columns in px and in um: state the unit (px or um)")
    for frame, columns in found.items():
        return frame, columns
    raise PointsError(
        f"{cells.path}: its columns are {', '.join(cells.header)}; needed are {_WANTED[kind]}"
    )


def _one_of(cells: Cells, choice: tuple[str, ...]) -> str | None:
    present = [name for name in choice if name in cells.header]
    if len(present) > 1:
        raise PointsError(
            f"{cells.path}: the columns {' and '.join(present)} say the same: keep one of them"
        )
    return present[0] if present else None


def _napari_points(cells: Cells, axes: list[str], kind: Kind) -> Points:
    frame = _FRAMES[kind][0]
    wanted = [f"axis-{i}" for i in range(2 if kind == "pixels" else 3)]
    if sorted(axes) != wanted:
        raise PointsError(
            f"{cells.path} has the axes {', '.join(sorted(axes))}; points of kind {kind!r} have "
            f"{', '.join(wanted)}: save them from a layer with {len(wanted)} axes"
        )
    names = cells.unique_texts("index") if "index" in cells.header else ()
    return Points(cells.numbers(wanted), frame, tuple(_whole(name) for name in names))


def _whole(text: str) -> str:
    """``"3.0"``, as napari writes an index, as ``"3"``."""
    return text.removesuffix(".0")
