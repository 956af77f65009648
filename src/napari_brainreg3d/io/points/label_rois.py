"""Regions of interest from label images: of cellpose, napari, or any other program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.imagej_tiff import load_imagej
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.points.plain_pickle import read_npy
from napari_brainreg3d.results.locate.points import PointsError
from napari_brainreg3d.results.locate.rois import Rois, rois_of_labels

_TIFF: Final = (".tif", ".tiff")


def read_label_rois(
    path: str | os.PathLike[str], *, image_shape: tuple[int, int] | None = None
) -> Rois:
    """Read a label image: 0 is background, every other number a region of interest.

    Parameters
    ----------
    path
        TIFF or PNG (cellpose's ``_cp_masks``, a napari Labels layer), ``.npy`` with whole numbers,
        or cellpose's ``_seg.npy``.
    image_shape
        Rows and columns that it must have.

    Raises
    ------
    PointsError
        When the file cannot be read, is no label image, or has another shape.
    """
    file = Path(path)
    if file.suffix.lower() == ".npy":
        return rois_of_array(file, read_npy(file), image_shape=image_shape)
    try:
        # All of a stack is read, so that one is refused and not taken for its first plane.
        pixels = load_imagej(file).pixels if file.suffix.lower() in _TIFF else _picture(file)
    except ImageError as error:
        raise PointsError(str(error)) from error
    return rois_of_array(file, pixels, image_shape=image_shape)


def rois_of_array(file: Path, content: Any, *, image_shape: tuple[int, int] | None = None) -> Rois:
    """Regions of interest of an array that is in memory; see :func:`read_label_rois`."""
    if isinstance(content, np.ndarray) and content.dtype == object and content.shape == ():
        content = content.item()
    if isinstance(content, dict):
        if not isinstance(content.get("masks"), np.ndarray):
            raise PointsError(f"{file} has no 'masks': it is not a _seg.npy of cellpose")
        content = content["masks"]
    if image_shape is not None and content.shape[:2] != image_shape and content.ndim == 2:
        raise PointsError(
            f"{file} has {content.shape[0]} x {content.shape[1]} pixels, the registration is of "
            f"an image of {image_shape[0]} x {image_shape[1]}"
        )
    try:
        return rois_of_labels(content)
    except PointsError as error:
        raise PointsError(f"{file}: {error}") from error


def _picture(file: Path) -> Any:
    return read_image(file).pixels
