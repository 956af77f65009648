"""The table and the contact sheet of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from PIL import Image as Picture

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.batch.contact import (
    LEGEND,
    STRIP_SUFFIX,
    TITLES,
    failed_entry,
    strip_entry,
)
from napari_brainreg3d.batch.session import MATCH_FIGURES, Outcome
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.registration.schema import CONVENTIONS
from napari_brainreg3d.results.contact_sheet import ContactEntry, contact_sheet

TABLE: Final = "summary.csv"
SHEET: Final = "contact_sheet"

#: Sessions on one sheet: a picture of many more is hard to open.
_ROWS: Final = 50
_FIGURES: Final = (
    *("atlas", "regions_in_view", "labelled_percent", "side_confirmed"),
    *("shift_down_um", "shift_right_um"),
    *MATCH_FIGURES,
    "seconds",
)


def write_summary(folder: Path, outcomes: Sequence[Outcome]) -> list[Path]:
    """Write the table and the contact sheets, in the place of those of an earlier run.

    Parameters
    ----------
    folder
        Made if it is not there.
    outcomes
        In the order of the rows.

    Returns
    -------
    list of Path
        ``summary.csv``, ``contact_sheet.png`` and, past 50 sessions, ``contact_sheet_2.png`` ...

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    make_folder(folder)
    table = folder / TABLE
    rows = pd.DataFrame([_row(outcome) for outcome in outcomes])
    rows = rows.astype({"features": "Int64", "regions_in_view": "Int64"})
    with replacing(table, overwrite=True) as temporary:
        rows.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
    sheets = []
    for page, start in enumerate(range(0, len(outcomes), _ROWS), 1):
        entries = [_entry(outcome) for outcome in outcomes[start : start + _ROWS]]
        sheet = _sheet(folder, page)
        is_matched = any(len(entry.panels) == len(TITLES) - 1 for entry in entries)
        titles, legend = (TITLES, LEGEND) if is_matched else (TITLES[:-1], LEGEND.split(";")[0])
        picture = Picture.fromarray(contact_sheet(entries, titles=titles, legend=legend))
        with replacing(sheet, overwrite=True) as temporary:
            picture.save(temporary)
        sheets.append(sheet)
    page = len(sheets) + 1
    while _sheet(folder, page).exists():  # of a longer run before
        _sheet(folder, page).unlink()
        page += 1
    return [table, *sheets]


def make_folder(folder: Path) -> None:
    """Make the folder of the summary.

    Raises
    ------
    OutputError
        When that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error


def _sheet(folder: Path, page: int) -> Path:
    return folder / (f"{SHEET}.png" if page == 1 else f"{SHEET}_{page}.png")


def _row(outcome: Outcome) -> dict[str, Any]:
    row, record = outcome.row, outcome.record
    line: dict[str, Any] = {
        "session": row.name,
        "line": row.line,
        "status": outcome.status,
        "problem": outcome.problem,
        "image": str(row.image),
        "registration": str(row.registration or row.reference),
        "matched": row.registration is None,
        "output": str(row.output),
        "made": "" if record is None else " ".join(record.make),
    }
    for name in _FIGURES:
        line[name] = None if record is None else record.figures.get(name)
    line["warnings"] = "" if record is None else "; ".join(record.notes)
    line["package_version"] = "" if record is None else record.package_version
    line["conventions"] = CONVENTIONS
    return line


def _entry(outcome: Outcome) -> ContactEntry:
    if outcome.record is None:
        return failed_entry(outcome.row.name, outcome.problem)
    strip = outcome.row.output / f"{outcome.row.name}{STRIP_SUFFIX}"
    record = outcome.record
    return strip_entry(outcome.row.name, strip, outcome.status, record.figures, record.notes)
