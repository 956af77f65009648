"""Arrays of pixels: their hash, their brightness, what lies under transparency."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]

#: Weights of red, green and blue in the brightness, from ITU-R BT.709 as scikit-image rounds them.
_LUMINANCE: Final = (0.2125, 0.7154, 0.0721)

#: Pixels handled at a time, so that no copy of a whole large image is made.
_STEP: Final = 1 << 20


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of rows that together cover an image of ``shape``, about a megapixel each."""
    rows = max(1, _STEP // max(1, int(np.prod(shape[1:]))))
    for first in range(0, shape[0], rows):
        yield slice(first, min(first + rows, shape[0]))


def finite(values: Pixels) -> Pixels:
    """Those of ``values`` that are neither NaN nor infinite, in one row."""
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()


def finite_range(values: Pixels) -> tuple[float, float]:
    """Smallest and largest finite value; (inf, -inf) when there is none."""
    low, high = np.inf, -np.inf
    for rows in row_blocks(values.shape):
        part = finite(values[rows])
        if part.size:
            low, high = min(low, float(part.min())), max(high, float(part.max()))
    return low, high


def hash_pixels(array: npt.ArrayLike) -> str:
    """Identify an array of pixels by its content.

    Parameters
    ----------
    array : ndarray, any shape and plain numeric type
        Not changed.

    Returns
    -------
    str
        Lower-case hexadecimal SHA-256 of the type (``"<u2"``), the shape (``"(251, 400)"``) and the
        bytes in C order, little endian. It does not depend on how the array lies in memory.
    """
    pixels = np.asarray(array)
    dtype = pixels.dtype.newbyteorder("<")
    digest = hashlib.sha256(f"{dtype.str} {tuple(pixels.shape)} ".encode())
    if pixels.ndim == 0:
        digest.update(pixels.astype(dtype).tobytes())
        return digest.hexdigest()
    for rows in row_blocks(pixels.shape):
        digest.update(np.ascontiguousarray(pixels[rows], dtype).data)
    return digest.hexdigest()


def grey(pixels: Pixels) -> Pixels:
    """Turn colour into brightness.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Not changed.

    Returns
    -------
    ndarray, shape (H, W)
        A grey image as it is; otherwise ``0.2125 R + 0.7154 G + 0.0721 B`` (ITU-R BT.709) in the
        units of ``pixels``, float32 (float64 where that would lose digits).

    Raises
    ------
    ValueError
        When ``pixels`` has another shape.
    """
    if pixels.ndim == 2:
        return pixels
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels must have the shape (H, W) or (H, W, 3), got {pixels.shape}")
    brightness = np.empty(pixels.shape[:2], np.result_type(pixels.dtype, np.float32))
    for rows in row_blocks(pixels.shape):
        part = pixels[rows]
        brightness[rows] = sum(part[..., i] * weight for i, weight in enumerate(_LUMINANCE))
    return brightness


def over_black(colour: Pixels, alpha: Pixels, *, premultiplied: bool = False) -> Pixels:
    """Drop the transparency of a picture, which then lies on black.

    Parameters
    ----------
    colour : ndarray, shape (H, W) or (H, W, 3)
        Not changed.
    alpha : ndarray, shape (H, W), same type
        The largest value of the type (1 for floating point) is opaque.
    premultiplied
        Whether ``colour`` has been multiplied by ``alpha`` already.

    Returns
    -------
    ndarray, same shape and type as ``colour``
        Exactly ``colour`` when everything is opaque. An ``alpha`` that is 0 everywhere would hide
        the whole picture; it says nothing and is ignored.
    """
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    if premultiplied or not alpha.any() or (alpha == opaque).all():
        return colour
    weight = alpha.astype(np.float64) / opaque
    mixed = colour * (weight if colour.ndim == 2 else weight[..., None])
    if colour.dtype.kind in "iu":
        mixed = np.rint(mixed)
    return np.asarray(mixed.astype(colour.dtype))
