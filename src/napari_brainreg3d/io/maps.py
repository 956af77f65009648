"""Maps of numbers, one or three per pixel, as float32 TIFFs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.imagej_tiff import check_name, load_imagej, save_imagej
from napari_brainreg3d.io.metadata import metadata_of
from napari_brainreg3d.io.pixels import finite_range
from napari_brainreg3d.projection.projection import Projection

Quantity = Literal["depth_um", "surface_depth_um", "atlas_um", "incidence_deg"]

#: What each map holds.
QUANTITIES: Final[dict[Quantity, str]] = {
    "depth_um": "depth of the tissue under the plane of focus, along the viewing direction, um; "
    "NaN where there is none",
    "surface_depth_um": "way along the ray from the brain's surface to the tissue, um; NaN where "
    "the ray misses the brain",
    "atlas_um": "place of the tissue in the atlas, um; channels AP, DV, ML are axes 0, 1, 2 of "
    "atlas_um: from the front, from the top, from the animal's right; NaN where there is none",
    "incidence_deg": "angle between the ray and the normal of the surface, degrees, 0 is face on; "
    "NaN where there is none",
}

_CHANNELS: Final = ("AP", "DV", "ML")


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A map as read from a file.

    Attributes
    ----------
    values : ndarray, shape (H, W) or (H, W, 3), floating point
        As :class:`napari_brainreg3d.projection.Projection` has it; read-only.
    pixel_size_um
        Height and width of a pixel, um; None when the file does not say.
    metadata
        Content, atlas, conventions and so on; empty in a file from elsewhere.
    """

    values: npt.NDArray[Any]
    pixel_size_um: PixelSize | None
    metadata: dict[str, Any]


def write_map(
    path: str | os.PathLike[str],
    projection: Projection,
    quantity: Quantity,
    *,
    overwrite: bool = False,
) -> Path:
    """Write a map of a projection as float32 TIFF, NaN where it has no value.

    Parameters
    ----------
    path
        Usually ``<image>_<quantity>.tif``.
    projection
        What to write from.
    quantity
        Name of an attribute of the projection, a key of :data:`QUANTITIES`. ``"atlas_um"`` becomes
        a stack of three channels, AP, DV and ML.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        When the file exists and may not be replaced, or cannot be written.
    """
    file = check_name(path)
    with replacing(file, overwrite=overwrite) as temporary:
        save_map(temporary, projection, quantity)
    return file


def save_map(path: Path, projection: Projection, quantity: Quantity) -> None:
    """Write a map to a path that is ours to write."""
    values: npt.NDArray[np.float32] = getattr(projection, quantity)
    is_place = values.ndim == 3
    planes = [values[..., i] for i in range(3)] if is_place else [values]
    low, high = finite_range(values)
    save_imagej(
        path,
        (np.ascontiguousarray(plane) for plane in planes),
        shape=(3, *values.shape[:2]) if is_place else values.shape,
        dtype=np.float32,
        axes="CYX" if is_place else "YX",
        pixel_size_um=projection.registration.pixel_size_um,
        info=metadata_of(projection, QUANTITIES[quantity], quantity=quantity),
        labels=_CHANNELS if is_place else (),
        display_range=(low, high) if low < high else (0.0, 1.0),
    )


def read_map(path: str | os.PathLike[str]) -> Map:
    """Read a map written by :func:`write_map`.

    Raises
    ------
    ImageError
        When the file cannot be read or does not hold one or three planes of floating point.
    """
    content = load_imagej(path)
    values = content.pixels
    if values.dtype.kind != "f" or not (values.ndim == 2 or values.shape[:-2] == (3,)):
        raise ImageError(
            f"{path} is not a map: it has the shape {values.shape} and the type {values.dtype}"
        )
    if values.ndim == 3:
        values = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    return Map(read_only(values), content.pixel_size_um, content.info)
