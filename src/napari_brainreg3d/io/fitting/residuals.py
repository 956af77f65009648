"""How far landmarks and curves are off after a fit, as a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.projection.curves import CurveFit
from napari_brainreg3d.registration.fitting import LandmarkFit
from napari_brainreg3d.registration.schema import CONVENTIONS

_DIRECTIONS: Final = (
    "down_um and right_um: from the click to where the point is seen, along the image's rows and "
    "columns; residual_um of a curve: across its line"
)


def residual_table(fit: LandmarkFit | CurveFit) -> pd.DataFrame:
    """One row per landmark and per point of a curve.

    Columns: ``kind`` (landmark or curve), ``name``, ``point`` (from 0), ``row`` and ``column``
    (``image_px``), ``residual_um``, ``residual_px``, ``down_um``, ``right_um``,
    ``leave_one_out_um``, ``outlier``; what does not apply is empty.
    """
    rows = _landmarks(fit) if isinstance(fit, LandmarkFit) else _curves(fit)
    columns = [
        "kind", "name", "point", "row", "column", "residual_um", "residual_px", "down_um",
        "right_um", "leave_one_out_um", "outlier",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def write_residuals(
    path: str | os.PathLike[str], fit: LandmarkFit | CurveFit, *, overwrite: bool = False
) -> Path:
    """Write :func:`residual_table` as CSV.

    Parameters
    ----------
    path
        Usually ``<image>_residuals.csv``.
    fit
        To landmarks or curves.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        When the file exists and may not be replaced, or cannot be written.
    """
    table = residual_table(fit)
    table["conventions"] = f"{_DIRECTIONS}. {CONVENTIONS}"
    target = Path(path)
    with replacing(target, overwrite=overwrite) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
    return target


def _landmarks(fit: LandmarkFit) -> list[dict[str, Any]]:
    clicks = {
        mark.name: mark.image_px
        for mark in fit.registration.landmarks
        if mark.image_px is not None and mark.atlas_um is not None
    }
    rows = []
    for i, name in enumerate(fit.names):
        rows.append(
            _landmark(name, fit.residuals_um[i], fit.residuals_px[i], clicks.get(name))
            | {
                "leave_one_out_um": fit.leave_one_out_um[i],
                "outlier": name in fit.outliers,
            }
        )
    return rows


def _landmark(name: str, off_um: Any, off_px: Any, click: Any) -> dict[str, Any]:
    return {
        "kind": "landmark",
        "name": name,
        "point": 0,
        "row": np.nan if click is None else click[0],
        "column": np.nan if click is None else click[1],
        "residual_um": float(np.hypot(*off_um)),
        "residual_px": float(np.hypot(*off_px)),
        "down_um": off_um[0],
        "right_um": off_um[1],
        "outlier": False,
    }


def _curves(fit: CurveFit) -> list[dict[str, Any]]:
    size_um = np.asarray(fit.registration.pixel_size_um)
    clicks = {mark.name: mark.image_px for mark in fit.registration.landmarks}
    rows = [
        _landmark(name, off, off / size_um, clicks.get(name))
        for name, off in zip(fit.landmark_names, fit.landmark_residuals_um, strict=True)
    ]
    for i, name in enumerate(fit.names):
        rows += [
            {
                "kind": "curve",
                "name": name,
                "point": number,
                "row": place[0],
                "column": place[1],
                "residual_um": fit.residuals_um[i][number],
                "residual_px": fit.residuals_px[i][number],
                "outlier": name in fit.outliers,
            }
            for number, place in enumerate(fit.points_px[i])
        ]
    return rows
