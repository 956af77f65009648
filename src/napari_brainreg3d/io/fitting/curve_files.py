"""Curves drawn on an image: JSON of our own, or what napari saves of a Shapes layer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.projection.curves import Curve


def read_curves(path: str | os.PathLike[str], what: str | None = None) -> tuple[Curve, ...]:
    """Read curves.

    Parameters
    ----------
    path
        JSON: a list of objects with ``kind``, ``points_px`` (list of [row, column]), for a border
        ``regions`` (two names), and perhaps ``name``; alone or as ``curves`` of another object. Or
        the CSV of a Shapes layer of napari, drawn on the image with its pixels as units.
    what
        What the shapes of a CSV are: ``"midline"``, ``"brain edge"``, or two regions with a slash,
        ``"VISp/VISl"``.

    Returns
    -------
    tuple of Curve
        In the order of the file.

    Raises
    ------
    RegistrationError
        When the file cannot be read, is not such a file, or ``what`` is missing or does not belong.
    """
    file = Path(path)
    is_json = file.suffix.lower() == ".json"
    if is_json and what is not None:
        raise RegistrationError(f"{file} says itself what its curves are: leave {what!r} out")
    try:
        curves = _from_json(file) if is_json else _from_csv(file, what)
    except RegistrationError as error:
        raise RegistrationError(f"{file}: {error}") from error
    except OSError as error:
        raise RegistrationError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RegistrationError(f"cannot read {file}: it is no text in UTF-8") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistrationError(f"{file} does not hold curves: {error!r}") from error
    if not curves:
        raise RegistrationError(f"{file} holds no curves")
    return curves


def _from_json(file: Path) -> tuple[Curve, ...]:
    content = json.loads(file.read_text(encoding="utf-8-sig"))
    entries = content["curves"] if isinstance(content, dict) else content
    return tuple(
        Curve(
            entry["kind"],
            entry["points_px"],
            None if entry.get("regions") is None else tuple(entry["regions"]),
            str(entry.get("name") or ""),
        )
        for entry in entries
    )


def _from_csv(file: Path, what: str | None) -> tuple[Curve, ...]:
    table = pd.read_csv(file, encoding="utf-8-sig")
    axes = [name for name in table.columns if str(name).startswith("axis-")]
    if "index" not in table.columns or len(axes) < 2:
        raise RegistrationError(
            "this is no Shapes layer of napari: the columns index, axis-0 and axis-1 are missing"
        )
    if what is None:
        raise RegistrationError(
            "the shapes do not say what they are: write midline=FILE, edge=FILE or VISp/VISl=FILE"
        )
    kind: Any = {"edge": "brain edge"}.get(what, what)
    regions: Any = None
    if "/" in what:
        kind, regions = "border", tuple(what.split("/", 1))
    # Of a stack the last two axes are rows and columns.
    groups = table.groupby("index", sort=True)
    names = ["" if len(groups) == 1 else f"{what} {number}" for number, _ in groups]
    return tuple(
        Curve(kind, shape[axes[-2:]].to_numpy(float), regions, name)
        for name, (_, shape) in zip(names, groups, strict=True)
    )
