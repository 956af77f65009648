"""The cells of a CSV file, with the number of the line that each row stands on."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.results.locate.points import PointsError

_DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of texts.

    Attributes
    ----------
    path
        Where it was read from.
    header
        Names of the columns, in lower case.
    rows
        The cells of each row; as many as there are columns.
    lines
        The line of the file on which each row ends, counted from 1.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def texts(self, name: str) -> list[str]:
        """A column as it is."""
        place = self.header.index(name)
        return [row[place].strip() for row in self.rows]

    def numbers(self, names: Sequence[str]) -> FloatArray:
        """Columns as numbers, shape (rows, columns).

        Raises
        ------
        PointsError
            When a cell is empty, not a number, NaN or infinite.
        """
        columns = [self._column(name) for name in names]
        return np.asarray(np.stack(columns, axis=1))

    def _column(self, name: str) -> FloatArray:
        texts = self.texts(name)
        try:
            values = np.array([float(text) for text in texts])
        except ValueError:
            values = np.array([_number(text) for text in texts])
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            first = int(wrong[0])
            more = f" (and {wrong.size - 1} more)" if wrong.size > 1 else ""
            raise PointsError(
                f"{self.path}, line {self.lines[first]}: {name} is {texts[first]!r}, "
                f"not a finite number{more}"
            )
        return values

    def unique_texts(self, name: str) -> tuple[str, ...]:
        """A column of names, all different and none empty.

        Raises
        ------
        PointsError
            When one is empty or occurs twice.
        """
        first: dict[str, int] = {}
        for text, line in zip(self.texts(name), self.lines, strict=True):
            if not text:
                raise PointsError(f"{self.path}, line {line}: {name} is empty")
            if text in first:
                raise PointsError(
                    f"{self.path}, line {line}: {name} {text!r} occurs twice, first in line "
                    f"{first[text]}; names must differ"
                )
            first[text] = line
        return tuple(first)


def read_cells(path: Path) -> Cells:
    """Read a CSV file with a header; separated by commas, semicolons or tabs.

    Raises
    ------
    PointsError
        When it is absent, not text, empty, has no rows, or a row with another number of cells.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text file"
        raise PointsError(f"cannot read {path}: {reason}") from error
    if not text.strip():
        raise PointsError(f"{path} is empty")
    header_line = next(line for line in text.splitlines() if line.strip())
    delimiter = max(_DELIMITERS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    try:
        for row in reader:
            if any(map(str.strip, row)):
                rows.append(row)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise PointsError(f"{path}, line {reader.line_num}: {error}") from error
    header = tuple(cell.strip().lower() for cell in rows[0])
    _check(path, header, rows, numbers)
    return Cells(path, header, rows[1:], numbers[1:])


def _check(path: Path, header: tuple[str, ...], rows: list[list[str]], lines: list[int]) -> None:
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise PointsError(f"{path}, line {lines[0]}: the column {twice!r} occurs twice")
    if all(math.isfinite(_number(name)) for name in header):
        raise PointsError(
            f"{path}, line {lines[0]}: there are numbers where the names of the columns should be; "
            "add a first line such as row,col"
        )
    if len(rows) == 1:
        raise PointsError(f"{path} has a header but no points")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise PointsError(
                f"{path}, line {line}: {len(row)} cells, the header has {len(header)}"
            )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
