"""The same picture at halved sizes, as OME-Zarr keeps it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Halved until both sides are at most this long.
_SMALL_ENOUGH: Final = 256


def level_shapes(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Heights and widths of all levels, the full size first; odd lengths are rounded up."""
    shapes = [shape]
    while max(shapes[-1]) > _SMALL_ENOUGH:
        height, width = shapes[-1]
        shapes.append(((height + 1) // 2, (width + 1) // 2))
    return shapes


def averaged(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Half the size of an image, shape (H, W, ...): means of 2 x 2 pixels, in the same type."""
    edges = [(0, image.shape[0] % 2), (0, image.shape[1] % 2), *[(0, 0)] * (image.ndim - 2)]
    padded = np.pad(image, edges, mode="edge").astype(np.float64)
    total = padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    mean = total / 4.0
    return np.asarray((np.rint(mean) if image.dtype.kind in "bui" else mean).astype(image.dtype))


def nearest(labels: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[Any]:
    """Labels, shape (H, W), at another size without making new values."""
    rows, columns = (
        np.minimum((np.arange(new) + 0.5) * old / new, old - 1).astype(np.intp)
        for new, old in zip(shape, labels.shape, strict=True)
    )
    return np.asarray(labels[rows[:, None], columns])
