"""From numbers to colours: images, labels and depths as RGB pictures."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.grouping import Row

Rgb = npt.NDArray[np.uint8]

BACKGROUND: Final = (20, 23, 29)
"""Of pictures where there is nothing to show."""

#: Evenly spaced points of the colour map "viridis" [1]_, in which equal steps look equally large,
#: also to the colour-blind and in grey; turned round, so that what is deep is dark.
#:
#: .. [1] Smith and van der Walt, https://bids.github.io/colormap/ (CC0).
_DEEP: Final = np.array(
    [
        (253, 231, 37),
        (181, 222, 43),
        (110, 206, 88),
        (53, 183, 121),
        (31, 158, 137),
        (38, 130, 142),
        (49, 104, 142),
        (62, 74, 137),
        (72, 40, 120),
        (68, 1, 84),
    ],
    np.float64,
)
#: Shares of the pixels that are darker than what is shown as black, and as white.
_CONTRAST: Final = (0.002, 0.998)
#: The same for the colours of depths.
_DEPTHS: Final = (0.005, 0.995)
#: Pixels from which these are estimated.
_ENOUGH: Final = 1 << 20
#: Pixels along one axis that a picture can show.
_MOST_PIXELS: Final = 1500


def depth_rgb(values: npt.NDArray[Any], low: float, high: float) -> Rgb:
    """Show depths as colours, shallow ones bright.

    Parameters
    ----------
    values : ndarray, shape (...)
        Depths; NaN is nothing.
    low, high
        The depths of the brightest and of the darkest colour.

    Returns
    -------
    ndarray, shape (..., 3), uint8
        :data:`BACKGROUND` where there is no depth.
    """
    known = np.isfinite(values)
    share = np.where(known, (np.nan_to_num(values) - low) / max(high - low, 1e-9), 0.0)
    places = np.linspace(0.0, 1.0, len(_DEEP))
    colours = np.stack([np.interp(share, places, channel) for channel in _DEEP.T], axis=-1)
    return np.where(known[..., None], colours.round(), BACKGROUND).astype(np.uint8)


def label_rgb(labels: npt.NDArray[Any], rows: tuple[Row, ...]) -> Rgb:
    """Show a label image, shape (H, W), in the colours of the atlas, shape (H, W, 3)."""
    table = np.array([BACKGROUND, *(row.region.rgb for row in rows)], np.uint8)
    return np.asarray(table[labels])


def picture_rgb(image: npt.NDArray[Any]) -> Rgb:
    """Show an image of any kind of number with a sensible contrast.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3 or 4)
        Grey or colour; bool, integer or floating point. NaN and infinities are shown black.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
        Smaller than the image where that has more than 3000 pixels along an axis. Colour images of
        8 bits as they are, everything else stretched from its darkest to its
        brightest pixels (but for 0.2 % at either end); the channels of colours all alike.
    """
    colours = _reduced(image[..., :3] if image.ndim == 3 else image[..., None])
    if image.dtype == np.uint8 and image.ndim == 3:
        low, high = 0.0, 255.0
    else:
        low, high = _contrast(colours)
    with np.errstate(invalid="ignore", over="ignore"):
        share = (colours - low) / (high - low)
    # Not a number, and without end, are black.
    shown = np.where(np.isfinite(share), share, 0.0).clip(0.0, 1.0) * 255.0
    return np.broadcast_to(shown.round().astype(np.uint8), (*shown.shape[:2], 3)).copy()


def _reduced(colours: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Average blocks of a large image: as many pixels as a picture can show are enough."""
    height, width = (max(1, n // _MOST_PIXELS) for n in colours.shape[:2])
    rows, columns = colours.shape[0] // height, colours.shape[1] // width
    total = np.zeros((rows, columns, colours.shape[2]))
    with np.errstate(invalid="ignore", over="ignore"):  # infinities cancel to NaN: black as well
        for i in range(height):
            for j in range(width):
                total += colours[i::height, j::width][:rows, :columns]
    return np.asarray(total / (height * width))


def _contrast(values: npt.NDArray[Any]) -> tuple[float, float]:
    """What to show as black and as white."""
    some = _some_known(values)
    if not some.size:
        return 0.0, 1.0
    low, high = np.quantile(some, _CONTRAST).tolist()
    if low < high:
        return low, high
    # A constant image is neither black nor white.
    return low - 0.5, low + 0.5


def _some_known(values: npt.NDArray[Any]) -> FloatArray:
    """The finite values, of a large image every n-th."""
    flat = values.reshape(-1)
    some = flat[:: max(1, flat.size // _ENOUGH)].astype(np.float64)
    return np.asarray(some[np.isfinite(some)], np.float64)


def depth_limits(depth_um: npt.NDArray[Any]) -> tuple[float, float] | None:
    """Choose the range of depths, um, to show colours for.

    Parameters
    ----------
    depth_um : ndarray, shape (...)
        Depths; NaN is nothing.

    Returns
    -------
    tuple of float, or None
        Almost the least and the greatest depth, at least 10 um apart; None when there is no depth.
    """
    known = _some_known(depth_um)
    if not known.size:
        return None
    low, high = np.quantile(known, _DEPTHS).tolist()
    middle = (low + high) / 2.0
    # At least 10 um apart: less is noise of the mesh, not a slope.
    half = max((high - low) / 2.0, 5.0)
    return middle - half, middle + half


def round_steps(low: float, high: float, about: int) -> list[float]:
    """Round numbers between ``low`` and ``high``, roughly ``about`` of them.

    Steps are 1, 2 or 5 times a power of ten.
    """
    step = round_number((high - low) / about)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [i * step for i in range(first, last + 1)]


def round_number(most: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not more than ``most``."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(n for n in (1.0, 2.0, 5.0) if n * power <= most * (1 + 1e-9)) * power)
