"""Contrast limits for display. They never change the data."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.io.pixels import Pixels, finite, finite_range, grey, row_blocks

#: The numbers of ImageJ's rule.
_BINS: Final = 256
_LARGEST_SHARE: Final = 10
_AUTO_THRESHOLD: Final = 5000


def contrast_limits(pixels: Pixels) -> tuple[float, float]:
    """Choose what to show as black and as white, by the rule of ImageJ's "Auto" button.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Any integer, floating-point or boolean type; of colours the brightness is used. Not changed.

    Returns
    -------
    tuple of float
        Black and white, in the units of ``pixels``, always ``black < white`` and finite. Values
        that are not finite do not count; with none that is, (0, 1).

    Notes
    -----
    What the button does when it is pressed once [1]_: a histogram of 256 bins, over 0 to 255 for
    8-bit images and from the smallest to the largest value otherwise. A bin that holds more than a
    tenth of the pixels does not count (background, saturation). The limits are the first and
    the last bin with more than 1/5000 of the pixels (both divisions round down). If they are the
    same bin, or there is none, the smallest and the largest value.

    References
    ----------
    .. [1] ``ij/plugin/frame/ContrastAdjuster.java``, ``autoAdjust``,
       https://github.com/imagej/ImageJ
    """
    values = grey(pixels)
    if values.dtype == np.bool_:
        return 0.0, 1.0
    low, high = finite_range(values)
    if low > high:
        return 0.0, 1.0
    if low == high:
        return _apart(low, high)
    # ImageJ's 8-bit histogram has one bin per value; its others span the data.
    start, width = (0.0, 1.0) if values.dtype == np.uint8 else (low, high / _BINS - low / _BINS)
    histogram = _histogram(values, start, width)
    total = int(histogram.sum())
    counted = np.where(histogram > total // _LARGEST_SHARE, 0, histogram)
    found = np.flatnonzero(counted > total // _AUTO_THRESHOLD)
    if len(found) < 2:
        return _apart(low, high)
    return _apart(start + width * float(found[0]), start + width * float(found[-1]))


def _histogram(values: Pixels, start: float, width: float) -> npt.NDArray[np.int64]:
    histogram = np.zeros(_BINS, np.int64)
    for rows in row_blocks(values.shape):
        part = finite(values[rows]).astype(np.float64)
        with np.errstate(over="ignore"):  # the range of a float64 image may pass the largest one
            bins = np.clip((part - start) / width, 0, _BINS - 1)
        histogram += np.bincount(bins.astype(np.intp), minlength=_BINS)
    return histogram


def _apart(low: float, high: float) -> tuple[float, float]:
    """Keep ``low < high``, which whoever displays an image relies on."""
    if low < high:
        return low, high
    with np.errstate(over="ignore"):
        above = max(low + 1.0, float(np.nextafter(low, np.inf)))
    return (low, above) if np.isfinite(above) else (float(np.nextafter(low, 0.0)), low)
