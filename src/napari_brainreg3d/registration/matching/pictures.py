"""What may come in: pictures of any kind, and the size of their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray

#: Weights of red, green and blue in the brightness (ITU-R BT.709).
_LUMINANCE: Final = (0.2125, 0.7154, 0.0721)
#: Two patches side by side.
_SMALLEST_SIDE_PX: Final = 64


def brightness(image: npt.ArrayLike, what: str) -> FloatArray:
    """Turn any picture into grey values.

    Parameters
    ----------
    image : array_like, shape (H, W), (H, W, 3) or (H, W, 4)
        Any real numbers; NaN and infinity are holes. Transparency is ignored.
    what
        What to call the image in an error.

    Returns
    -------
    ndarray, shape (H, W)
        float64, NaN in holes.

    Raises
    ------
    RegistrationError
        When it is not a picture.
    """
    pixels = np.asarray(image)
    if pixels.ndim == 3 and pixels.shape[2] in (3, 4):
        pixels = pixels[..., :3] @ np.array(_LUMINANCE)
    if pixels.ndim != 2 or pixels.dtype.kind not in "buif":
        raise RegistrationError(
            f"the {what} must be a grey (H, W) or colour (H, W, 3) picture of real numbers, got "
            f"the shape {np.shape(image)} of type {np.asarray(image).dtype}"
        )
    grey = pixels.astype(np.float64)
    grey[~np.isfinite(grey)] = np.nan
    return grey


def check_size(grey: FloatArray, what: str) -> None:
    """Refuse an image, shape (H, W), that is too small to hold vessels.

    Raises
    ------
    RegistrationError
        With the size it has and the one it needs.
    """
    height, width = grey.shape
    if min(height, width) < _SMALLEST_SIDE_PX:
        raise RegistrationError(
            f"the {what} has {height} x {width} pixels; to find vessels at least "
            f"{_SMALLEST_SIDE_PX} x {_SMALLEST_SIDE_PX} are needed"
        )


def pixel_size_pair(value: float | Sequence[float], name: str) -> tuple[float, float]:
    """Read a pixel size, um, that is one number or (row, column).

    Raises
    ------
    RegistrationError
        When it is neither, or not positive.
    """
    try:
        size = np.broadcast_to(np.asarray(value, np.float64), 2)
    except ValueError:
        size = np.zeros(2)
    if not (np.isfinite(size) & (size > 0)).all():
        raise RegistrationError(
            f"{name} must be one or two positive numbers (row, column) in um, got {value!r}"
        )
    return float(size[0]), float(size[1])
