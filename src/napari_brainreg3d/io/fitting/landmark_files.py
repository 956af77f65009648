"""Landmarks from a table or from JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration import Landmark

_IMAGE: Final = ("row", "column")
_ATLAS: Final = ("ap_um", "dv_um", "ml_um")


def read_landmarks(path: str | os.PathLike[str]) -> tuple[Landmark, ...]:
    """Read landmarks.

    Parameters
    ----------
    path
        A CSV with the columns ``name``, ``row``, ``column`` (pixels, the centre of the first one is
        0, 0) and, if they are known, ``ap_um``, ``dv_um``, ``ml_um`` (``atlas_um``: from the front,
        from the top, from the animal's right). Or JSON: a list of objects with ``name``,
        ``image_px`` and ``atlas_um``, alone or as ``landmarks`` of another object, such as a
        registration.

    Returns
    -------
    tuple of Landmark
        A side that the file does not give is None.

    Raises
    ------
    RegistrationError
        When the file cannot be read or is not such a file.
    """
    file = Path(path)
    try:
        marks = _from_json(file) if file.suffix.lower() == ".json" else _from_csv(file)
    except RegistrationError:
        raise
    except OSError as error:
        raise RegistrationError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RegistrationError(f"cannot read {file}: it is no text in UTF-8") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistrationError(f"{file} does not hold landmarks: {error}") from error
    if not marks:
        raise RegistrationError(f"{file} holds no landmarks")
    names = [mark.name for mark in marks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RegistrationError(
            f"{file}: there are several landmarks {twice[0]!r}; name them apart"
        )
    return marks


def _from_csv(file: Path) -> tuple[Landmark, ...]:
    table = pd.read_csv(file, dtype={"name": str}, skipinitialspace=True, encoding="utf-8-sig")
    missing = [name for name in ("name", *_IMAGE) if name not in table.columns]
    if missing:
        raise RegistrationError(
            f"{file} has no column {missing[0]!r}; a table of landmarks has the columns "
            f"{', '.join(('name', *_IMAGE, *_ATLAS))} (the last three if they are known)"
        )
    marks = []
    for index, row in table.iterrows():
        name = row["name"]
        if not isinstance(name, str):
            raise RegistrationError(f"{file}: the landmark of row {index} has no name")
        marks.append(Landmark(name, _numbers(row, _IMAGE, file), _numbers(row, _ATLAS, file)))
    return tuple(marks)


def _numbers(row: Any, columns: tuple[str, ...], file: Path) -> Any:
    """The numbers of a row; None when none of them is given."""
    values = [float(row[name]) if name in row.index else np.nan for name in columns]
    known = np.isfinite(values)
    if not known.any():
        return None
    if not known.all():
        raise RegistrationError(
            f"{file}: landmark {row['name']!r} needs all of {', '.join(columns)}, or none"
        )
    return tuple(values)


def _from_json(file: Path) -> tuple[Landmark, ...]:
    content = json.loads(file.read_text(encoding="utf-8-sig"))
    entries = content["landmarks"] if isinstance(content, dict) else content
    if isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries):
        raise RegistrationError(
            f"{file} is no list of landmarks with name, image_px and atlas_um; a file of wfield is "
            "read as such (--wfield)"
        )
    return tuple(
        Landmark(str(entry["name"]), _point(entry, "image_px"), _point(entry, "atlas_um"))
        for entry in entries
    )


def _point(entry: dict[str, Any], key: str) -> Any:
    value = entry.get(key)
    return None if value is None else tuple(float(number) for number in value)
