"""An earlier image over the new one: laid over it, in squares, or as the difference."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.plane import earlier_layer
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.contrast import contrast_limits
from napari_brainreg3d.registration import Registration

Look = Literal["overlay", "blink", "checkerboard", "difference"]

#: Both images are seen through each other.
_OVERLAY_OPACITY: Final = 0.5
#: Squares along the shorter side.
_SQUARES: Final = 8


def template_extra(pixels: npt.NDArray[Any], registration: Registration, look: Look) -> Extra:
    """An earlier image in its place in the atlas.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        The earlier image.
    registration
        Of the earlier image.
    look
        ``"overlay"`` half transparent; ``"blink"`` opaque, to be switched on and off;
        ``"checkerboard"`` every other square of it; ``"difference"`` as a negative of half
        strength: where both images are the same, the sum is an even grey.

    Returns
    -------
    Extra
        Drawn over the new image's plane.
    """
    grey = brightness(pixels)
    shown = grey if look != "checkerboard" else squares(grey)
    if look != "checkerboard" and look != "difference" and pixels.ndim == 3:
        shown = pixels
    data, options, kind = earlier_layer(shown, registration)
    options = {**options, "blending": "translucent_no_depth", "name": _name(registration)}
    options["opacity"] = _OVERLAY_OPACITY if look in ("overlay", "difference") else 1.0
    if look == "difference":
        options["colormap"] = "gray_r"
    return Extra(atlas=(data, options, kind), modes=("brain", "look_through"))


def squares(grey: FloatArray) -> npt.NDArray[np.uint8]:
    """A picture of which every other square is see-through.

    Parameters
    ----------
    grey : ndarray, shape (H, W)
        Brightness.

    Returns
    -------
    ndarray, shape (H, W, 4), uint8
        Contrast as the plane of an image has it.
    """
    low, high = contrast_limits(grey)
    levels = np.nan_to_num((grey - low) / max(high - low, 1e-12))
    side = max(1, min(grey.shape) // _SQUARES)
    rows, columns = np.indices(grey.shape)
    picture = np.empty((*grey.shape, 4), np.uint8)
    picture[..., :3] = (255 * np.clip(levels, 0, 1)).astype(np.uint8)[..., None]
    picture[..., 3] = 255 * ((rows // side + columns // side) % 2 == 0)
    return picture


def brightness(pixels: npt.NDArray[Any]) -> FloatArray:
    """Brightness of a grey or colour image, shape (H, W)."""
    values = np.asarray(pixels, np.float64)
    return values.mean(axis=-1) if values.ndim == 3 else values


def _name(registration: Registration) -> str:
    return f"{registration.image_name or 'earlier image'} (earlier session)"
