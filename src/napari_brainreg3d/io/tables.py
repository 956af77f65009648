"""The region table as a CSV file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pandas as pd

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.metadata import SCHEMATIC_NOTE
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.registration.schema import CONVENTIONS
from napari_brainreg3d.results.areas import region_table

#: Columns that say how sure the labels are.
_SURE: Final = ("expected_mm2", "sd_mm2", "certain_share")
#: Columns of text. There are regions with the acronyms NA, null and 7.
_TEXT: Final = ("acronym", "name", "hemisphere", "color", "parents", "atlas", "conventions")


def write_table(
    path: str | os.PathLike[str],
    projection: Projection,
    *,
    uncertainty: Uncertainty | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the region table, with areas, as CSV.

    Parameters
    ----------
    path
        Usually ``<image>_regions.csv``.
    projection
        What to write the table of.
    uncertainty
        How sure its labels are: adds the columns ``expected_mm2``, ``sd_mm2`` and
        ``certain_share``.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        When the file exists and may not be replaced, or cannot be written.

    Notes
    -----
    The columns of :func:`napari_brainreg3d.results.areas.region_table`, then ``atlas`` (name and
    version, and whether it is schematic) and ``conventions``, the same in every row: a file whose
    first lines were comments would puzzle spreadsheets.
    """
    target = Path(path)
    with replacing(target, overwrite=overwrite) as temporary:
        save_table(temporary, projection, uncertainty)
    return target


def save_table(path: Path, projection: Projection, uncertainty: Uncertainty | None = None) -> None:
    """Write the table to a path that is ours to write."""
    atlas = projection.scene.atlas
    table = region_table(projection)
    if uncertainty is not None:
        table = table.join(uncertainty.table.set_index("label")[list(_SURE)], on="label")
    table["atlas"] = f"{atlas.name} {atlas.version}"
    if atlas.is_schematic:
        table["atlas"] += f" ({SCHEMATIC_NOTE})"
    table["conventions"] = f"left, right: the animal's own. {CONVENTIONS}"
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a region table written by :func:`write_table`.

    Raises
    ------
    ImageError
        When the file is absent or not such a table.
    """
    try:
        table = pd.read_csv(
            path,
            keep_default_na=False,
            na_values={name: ["", "nan"] for name in ("projected_mm2", "surface_mm2", *_SURE)},
            dtype=dict.fromkeys(_TEXT, str),
            encoding="utf-8",
        )
    except (OSError, ValueError) as error:  # the errors of pandas' parser are ValueErrors
        raise ImageError(f"cannot read {path}: it is absent or not a table") from error
    missing = [name for name in ("label", "id", "acronym") if name not in table.columns]
    if missing:
        raise ImageError(
            f"cannot read {path}: it is not a region table, the column {missing[0]!r} is missing"
        )
    return table
