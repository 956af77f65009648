"""Files that say how sure the labels are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.io.imagej_tiff import save_imagej
from napari_brainreg3d.io.metadata import metadata_of, row_names
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.registration.schema import CONVENTIONS

_SUFFIXES: Final = ("_confidence.tif", "_runner_up.tif", "_uncertainty.csv")
_CONFIDENCE: Final = "share of the sampled poses, 0 to 1, in which a pixel keeps its label"
_RUNNER_UP: Final = "the label that a pixel has most often otherwise; its own where it has no other"


def uncertainty_files(folder: str | os.PathLike[str], stem: str) -> list[Path]:
    """The files that :func:`write_uncertainty` writes."""
    return [Path(folder, f"{stem}{suffix}") for suffix in _SUFFIXES]


def write_uncertainty(
    folder: str | os.PathLike[str], stem: str, sure: Uncertainty, *, overwrite: bool = False
) -> list[Path]:
    """Write confidence and runner-up as TIFFs and the region table as CSV, all or none.

    Parameters
    ----------
    folder
        Must exist.
    stem
        How the names begin.
    sure
        From :func:`napari_brainreg3d.uncertainty`.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        ``<stem>_confidence.tif`` (float32), ``<stem>_runner_up.tif`` (uint16),
        ``<stem>_uncertainty.csv`` (the region table with ``expected_mm2``, ``sd_mm2``,
        ``certain_share``, ``border_um``).

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written.
    """
    files = uncertainty_files(folder, stem)
    for file in files:
        check_free(file, overwrite=overwrite)
    names = row_names(sure.projection.grouping)
    legend = {"labels": {str(label): name for label, name in enumerate(names, start=1)}}
    with (
        replacing(files[0], overwrite=overwrite) as confidence,
        replacing(files[1], overwrite=overwrite) as runner_up,
        replacing(files[2], overwrite=overwrite) as table,
    ):
        _save(confidence, sure, sure.probability, _CONFIDENCE, 1.0, border_um=sure.border_um)
        _save(runner_up, sure, sure.runner_up, _RUNNER_UP, float(len(names)), **legend)
        _table(sure).to_csv(table, index=False, encoding="utf-8", lineterminator="\n")
    return files


def _save(
    path: Path, sure: Uncertainty, values: Any, content: str, white: float, **more: Any
) -> None:
    save_imagej(
        path,
        [values],
        shape=values.shape,
        dtype=values.dtype if values.dtype != np.float64 else np.float32,
        axes="YX",
        pixel_size_um=sure.projection.registration.pixel_size_um,
        info=metadata_of(sure.projection, content, poses=len(sure.areas_mm2), **more),
        display_range=(0.0, white),
    )


def _table(sure: Uncertainty) -> pd.DataFrame:
    table = sure.table
    atlas = sure.projection.scene.atlas
    table["border_um"] = sure.border_um
    table["atlas"] = f"{atlas.name} {atlas.version}"
    table["conventions"] = f"left, right: the animal's own. {CONVENTIONS}"
    return table
