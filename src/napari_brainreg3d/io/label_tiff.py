"""The label image as a TIFF, with its region table beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.imagej_tiff import check_name, load_imagej, save_imagej
from napari_brainreg3d.io.metadata import metadata_of, row_names
from napari_brainreg3d.io.tables import read_table, save_table
from napari_brainreg3d.projection.projection import Projection


@dataclass(frozen=True, slots=True, eq=False)
class LabelImage:
    """A label image as read from a file.

    Attributes
    ----------
    labels : ndarray, shape (H, W), unsigned integer
        0 is nothing; read-only.
    names
        Name of each label, 1 first; empty when the file does not say.
    pixel_size_um
        Height and width of a pixel, um; None when the file does not say.
    table
        The region table beside the file, None when there is none.
    metadata
        Atlas, conventions and so on; empty in a file from elsewhere.
    """

    labels: npt.NDArray[Any]
    names: tuple[str, ...]
    pixel_size_um: PixelSize | None
    table: pd.DataFrame | None
    metadata: dict[str, Any]


def table_path(path: str | os.PathLike[str]) -> Path:
    """Where the region table of a label image lies: ``a_labels.tif`` -> ``a_regions.csv``."""
    file = Path(path)
    return file.with_name(f"{file.stem.removesuffix('_labels')}_regions.csv")


def write_labels(
    path: str | os.PathLike[str], projection: Projection, *, overwrite: bool = False
) -> list[Path]:
    """Write the label image as TIFF and its region table as CSV.

    Parameters
    ----------
    path
        Usually ``<image>_labels.tif``; the table becomes ``<image>_regions.csv``.
    projection
        What to write.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        The label image and the table.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written. Neither is then there.

    Notes
    -----
    uint16, first row at the top, like the image; the resolution tags hold the pixel size in um,
    ImageJ's Info text atlas, conventions and names.
    """
    file = check_name(path)
    table = table_path(file)
    check_free(table, overwrite=overwrite)
    with (
        replacing(file, overwrite=overwrite) as temporary,
        replacing(table, overwrite=overwrite) as temporary_table,
    ):
        save_labels(temporary, projection)
        save_table(temporary_table, projection)
    return [file, table]


def save_labels(path: Path, projection: Projection) -> None:
    """Write the label image to a path that is ours to write."""
    names = row_names(projection.grouping)
    legend = {str(label): name for label, name in enumerate(names, start=1)}
    save_imagej(
        path,
        [projection.labels],
        shape=projection.labels.shape,
        dtype=np.uint16,
        axes="YX",
        pixel_size_um=projection.registration.pixel_size_um,
        info=metadata_of(projection, "label of each pixel; 0 is nothing", labels=legend),
        display_range=(0.0, float(len(names))),
    )


def read_labels(path: str | os.PathLike[str]) -> LabelImage:
    """Read a label image, from :func:`write_labels` or any other program.

    Raises
    ------
    ImageError
        When the file cannot be read or does not hold one plane of whole numbers from 0 up.
    """
    content = load_imagej(path)
    labels = content.pixels
    if labels.ndim != 2 or labels.dtype.kind not in "bui":
        raise ImageError(
            f"{path} is not a label image but has the shape {labels.shape} and the type "
            f"{labels.dtype}"
        )
    if labels.min() < 0:
        raise ImageError(f"{path} is not a label image: it holds negative numbers")
    if labels.dtype.kind != "u":
        labels = labels.astype(np.min_scalar_type(int(labels.max())))
    table = table_path(path)
    return LabelImage(
        labels=read_only(labels),
        names=tuple(content.info.get("labels", {}).values()),
        pixel_size_um=content.pixel_size_um,
        table=read_table(table) if table.is_file() else None,
        metadata=content.info,
    )
