"""The manifest of a batch: a CSV file with a session per row, checked before anything runs."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_brainreg3d.batch.settings import ManifestError, SessionSettings, settings_from
from napari_brainreg3d.registration.registration import SUFFIX

INPUT_COLUMNS: Final = ("image", "registration", "reference", "reference_image", "movie")
"""Columns that hold files, relative to the manifest."""

COLUMNS: Final = (*INPUT_COLUMNS, "name", "output", *SessionSettings.model_fields)
"""All columns that a manifest may have; ``image`` must be there."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of the manifest.

    Attributes
    ----------
    line
        Line of the file in which the row ends, counted from 1.
    name
        Beginning of the names of all files of the session.
    output
        Folder for the results.
    settings
        How it is projected and what is made of it.
    image
        The picture.
    registration
        Its registration, or None when it is to be matched to ``reference``.
    reference, reference_image
        Registration and image of a session of the same animal.
    movie
        What traces are taken from.
    """

    line: int
    name: str
    output: Path
    settings: SessionSettings
    image: Path
    registration: Path | None = None
    reference: Path | None = None
    reference_image: Path | None = None
    movie: Path | None = None

    @property
    def inputs(self) -> dict[str, Path]:
        """The files that the session is made from, by the names of their columns."""
        given = {column: getattr(self, column) for column in INPUT_COLUMNS}
        return {column: path for column, path in given.items() if path is not None}


def read_manifest(
    path: str | os.PathLike[str],
    *,
    defaults: SessionSettings | None = None,
    output: Path | None = None,
) -> list[SessionRow]:
    """Read and check a manifest.

    Parameters
    ----------
    path
        CSV file, UTF-8, with the names of the columns in the first line; cells are separated by
        commas, semicolons or tabs. Files are relative to its folder.
    defaults
        What holds where a row says nothing.
    output
        Folder for the results of rows that name none; by default that of the image.

    Returns
    -------
    list of SessionRow
        In the order of the file; every file that they name is there.

    Raises
    ------
    ManifestError
        The first thing that is wrong, with its line: a missing file, an unknown column, a value
        that is not valid, two sessions with the same results, or no session at all.
    """
    file = Path(path)
    rows = [
        _row(file, line, cells, defaults or SessionSettings(), output)
        for line, cells in _lines(file)
    ]
    if not rows:
        raise ManifestError(f"{file} has no session: below the names of the columns is nothing")
    _check_apart(file, rows)
    return rows


def _lines(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each row, those that are not empty, without spaces around."""
    text = _text(file)
    # Spreadsheets write semicolons where the comma is the decimal sign.
    delimiter = max(",;\t", key=text.splitlines()[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(file, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise ManifestError(
                    f"{file}, line {reader.line_num}: {len(cells)} cells instead of {len(header)}; "
                    "put text with commas into double quotes"
                )
            pairs = zip(header, (cell.strip() for cell in cells), strict=True)
            yield reader.line_num, {name: cell for name, cell in pairs if cell}
    except csv.Error as error:
        raise ManifestError(f"{file}, line {reader.line_num}: not a CSV file ({error})") from error


def _text(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig")  # spreadsheets add a mark
    except UnicodeDecodeError as error:
        raise ManifestError(f"cannot read {file}: save it as CSV in UTF-8") from error
    except OSError as error:
        raise ManifestError(f"cannot read {file}: {error.strerror}") from error
    if not text.strip():
        raise ManifestError(f"{file} is empty; its first line must name the columns: image, ...")
    return text


def _check_header(file: Path, header: list[str]) -> None:
    where = f"{file}, line 1"
    for name in header:
        if name not in COLUMNS:
            raise ManifestError(
                f"{where}: there is no column {name!r}; the columns are {', '.join(COLUMNS)}"
            )
        if header.count(name) > 1:
            raise ManifestError(f"{where}: the column {name!r} is there twice")
    if "image" not in header:
        raise ManifestError(f"{where}: the column 'image' is missing")


def _row(
    file: Path,
    line: int,
    cells: Mapping[str, str],
    defaults: SessionSettings,
    output: Path | None,
) -> SessionRow:
    where = f"{file}, line {line}"
    if "image" not in cells:
        raise ManifestError(f"{where}: the cell 'image' is empty")
    folder = file.parent.absolute()
    inputs = {column: folder / cells[column] for column in INPUT_COLUMNS if column in cells}
    for column, path in inputs.items():
        _check_input(where, column, path)
    _check_registration(where, inputs)
    try:
        given = {name: cells[name] for name in SessionSettings.model_fields if name in cells}
        settings = settings_from(dict(given), defaults)
    except ManifestError as error:
        raise ManifestError(f"{where}, {error}") from error
    image = inputs["image"]
    name = cells.get("name", image.name.removesuffix(image.suffix))
    if Path(name).name != name or "\\" in name or name.startswith("."):
        raise ManifestError(f"{where}: {name!r} cannot begin the name of a file")
    if "output" in cells:
        target = folder / cells["output"]
    else:
        target = image.parent if output is None else output.absolute()
    if target.exists() and not target.is_dir():
        raise ManifestError(f"{where}: the output {target} is a file; give the name of a folder")
    row = SessionRow(line, name, Path(os.path.normpath(target)), settings, **inputs)
    _check_make(where, row)
    return row


def _check_input(where: str, column: str, path: Path) -> None:
    try:
        # A movie may be a folder of files.
        is_there = path.exists() if column == "movie" else path.is_file()
    except OSError:  # a name that is too long, a folder that may not be looked into
        is_there = False
    if not is_there:
        raise ManifestError(f"{where}: there is no file {path} (column {column!r})")


def _check_registration(where: str, inputs: Mapping[str, Path]) -> None:
    has = {column for column in inputs if column in ("registration", "reference")}
    if len(has) != 1:
        raise ManifestError(
            f"{where}: give either a registration, or a reference with its image "
            f"(columns 'registration', or 'reference' and 'reference_image'), "
            f"not {'both' if has else 'neither'}"
        )
    if ("reference" in inputs) != ("reference_image" in inputs):
        raise ManifestError(
            f"{where}: a reference needs both the column 'reference' (its registration) and the "
            "column 'reference_image' (its image)"
        )


def _check_make(where: str, row: SessionRow) -> None:
    from napari_brainreg3d.batch.makers import MAKERS

    for name in row.settings.make:
        if name not in MAKERS:
            raise ManifestError(
                f"{where}: there is nothing called {name!r} to make; choose from "
                f"{', '.join(MAKERS)}"
            )
        if MAKERS[name].needs_movie and row.movie is None:
            raise ManifestError(f"{where}: {name} needs a movie (column 'movie')")


def _check_apart(file: Path, rows: Iterable[SessionRow]) -> None:
    """No two sessions may write the same files, and none may write over an input."""
    rows = list(rows)
    taken: dict[str, int] = {}
    for row in rows:
        key = str(row.output.resolve() / row.name).lower()  # as some file systems compare
        other = taken.setdefault(key, row.line)
        if other != row.line:
            raise ManifestError(
                f"{file}, line {row.line}: the results would be those of line {other}, "
                f"{row.output / row.name}_...; give another output or name"
            )
    read = {path.resolve() for row in rows for path in row.inputs.values()}
    for row in rows:
        target = row.output.resolve() / f"{row.name}{SUFFIX}"
        if target in read and writes_registration(row):
            raise ManifestError(
                f"{file}, line {row.line}: {target} is read by this manifest and would be "
                "written over; give another output or name"
            )


def writes_registration(row: SessionRow) -> bool:
    """Whether a session writes its registration: where it was matched, or where one asks for it."""
    return row.registration is None or "registration" in row.settings.make
