"""Which layers of napari can be registered, and how large they say their pixels are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_brainreg3d._napari.layers.ownership import role_of
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.picture_stack import PictureStack
from napari_brainreg3d.io.pixel_size import um_per_unit
from napari_brainreg3d.io.tiff_stack import TIFF_MAGIC, open_tiff


def is_candidate(layer: Any) -> bool:
    """Whether a layer is an image of the user's, with pixels in rows and columns."""
    if getattr(layer, "_type_string", type(layer).__name__.lower()) != "image":
        return False
    return role_of(layer) is None and layer.ndim in (2, 3)


def layer_pixel_size_um(layer: Any) -> PixelSize | None:
    """Pixel size that a layer states by its scale and units; None when they are pixels."""
    return stated_pixel_size_um(layer.scale, layer.units)


def stated_pixel_size_um(scale: Sequence[float], units: Sequence[Any]) -> PixelSize | None:
    """Pixel size by the scale and units of the last two axes; None when they are no lengths."""
    sizes = []
    for unit, step in zip(units[-2:], scale[-2:], strict=True):
        um = um_per_unit(str(unit))
        if um is None or not (np.isfinite(step) and step > 0):
            return None
        sizes.append(float(step) * um)
    return sizes[0], sizes[1]


def file_pixel_size_um(path: str | None) -> PixelSize | None:
    """Pixel size that an image file states; None when it does not, or is no image file.

    Only the description is read, not the pixels.
    """
    if path is None or not Path(path).is_file():
        return None
    file = Path(path)
    try:
        with file.open("rb") as stream:
            is_tiff = stream.read(4) in TIFF_MAGIC
        if not is_tiff:
            return PictureStack(file).pixel_size_um()
        with open_tiff(file) as stack:
            return stack.pixel_size_um()
    except Exception:  # napari has opened it; that this program cannot is no reason to complain
        return None
