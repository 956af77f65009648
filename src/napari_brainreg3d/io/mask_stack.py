"""Masks, one 0/1 image per region, as an ImageJ stack: what users of brainreg3D work with."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.imagej_tiff import check_name, load_imagej, save_imagej
from napari_brainreg3d.io.metadata import metadata_of, row_names
from napari_brainreg3d.projection.projection import Projection


@dataclass(frozen=True, slots=True, eq=False)
class MaskStack:
    """Masks as read from a file.

    Attributes
    ----------
    masks : ndarray, shape (N, H, W), bool
        Read-only.
    names
        Acronym of each mask, with the side when sides were split; empty when the file does not say.
    pixel_size_um
        Height and width of a pixel, um; None when the file does not say.
    metadata
        Atlas, conventions and so on; empty in a file from elsewhere.
    """

    masks: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    pixel_size_um: PixelSize | None
    metadata: dict[str, Any]


def write_masks(
    path: str | os.PathLike[str], projection: Projection, *, overwrite: bool = False
) -> Path:
    """Write one mask per row of the region table, also of regions out of view, in its order.

    Parameters
    ----------
    path
        Usually ``<image>_masks.tif``.
    projection
        What to write.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file: an ImageJ stack, uint8, 0 and 1, first row at the top, slices named by acronym
        (``"MOp left"``, ``"MOp right"`` when the hemispheres are split). One mask is in memory
        at a time.

    Raises
    ------
    OutputError
        When the file exists and may not be replaced, or cannot be written.
    """
    file = check_name(path)
    with replacing(file, overwrite=overwrite) as temporary:
        save_masks(temporary, projection)
    return file


def write_unresolved(
    path: str | os.PathLike[str], projection: Projection, *, overwrite: bool = False
) -> Path:
    """Write brainreg3D's unresolved view: per region of the scene, the pixels whose rays meet it.

    Parameters and file as for :func:`write_masks`; here masks overlap.

    Raises
    ------
    OutputError
        When the projection was made without ``unresolved=True``, or as for :func:`write_masks`.
    """
    file = check_name(path)
    with replacing(file, overwrite=overwrite) as temporary:
        save_unresolved(temporary, projection)
    return file


def save_masks(path: Path, projection: Projection) -> None:
    """Write the masks to a path that is ours to write."""
    names = row_names(projection.grouping)
    masks = (projection.mask(label) for label in range(1, len(names) + 1))
    _save(path, projection, masks, names, "masks, 0 or 1: the region that each pixel shows")


def save_unresolved(path: Path, projection: Projection) -> None:
    """Write the unresolved view to a path that is ours to write."""
    if projection.unresolved is None:
        raise OutputError("there is no unresolved view to write; project with unresolved=True")
    names = [region.acronym for region in projection.scene.regions]
    content = "unresolved masks, 0 or 1: pixels whose ray meets the region at any depth"
    _save(path, projection, projection.unresolved, names, content)


def _save(
    path: Path,
    projection: Projection,
    masks: Iterable[npt.NDArray[np.bool_]],
    names: list[str],
    content: str,
) -> None:
    save_imagej(
        path,
        (np.ascontiguousarray(mask).view(np.uint8) for mask in masks),
        shape=(len(names), *projection.registration.image_shape),
        dtype=np.uint8,
        axes="ZYX",
        pixel_size_um=projection.registration.pixel_size_um,
        info=metadata_of(projection, content, names=names),
        labels=names,
        display_range=(0.0, 1.0),
    )


def read_masks(path: str | os.PathLike[str]) -> MaskStack:
    """Read a stack of masks, from :func:`write_masks` or any other program.

    Raises
    ------
    ImageError
        When the file cannot be read or holds neither one nor a stack of pictures.
    """
    content = load_imagej(path)
    pixels = content.pixels
    if pixels.ndim == 2:
        pixels = pixels[None]
    if pixels.ndim != 3:
        raise ImageError(f"{path} is not a stack of masks: it has the shape {pixels.shape}")
    masks = pixels.view(np.bool_) if _is_binary(pixels) else pixels != 0
    return MaskStack(read_only(masks), content.labels, content.pixel_size_um, content.info)


def _is_binary(pixels: npt.NDArray[Any]) -> bool:
    return pixels.dtype == np.bool_ or (pixels.dtype == np.uint8 and int(pixels.max()) <= 1)
