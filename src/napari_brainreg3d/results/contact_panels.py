"""Small pictures of two images laid over each other, to see whether they fit."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform, gaussian_filter

from napari_brainreg3d.geometry.frames import FloatArray

Rgb = npt.NDArray[np.uint8]

#: Light is evened out over this part of the panel, so that vessels show everywhere.
_EVENING: Final = 0.08
#: Part of the brightest light under which surroundings stay dark, so that their noise does too.
_DARK: Final = 0.1
#: Times that a line is fitted to the better half of the pixels.
_FITS: Final = 8
#: Part of the pixels that may be darker than black, and brighter than white.
_CLIPPED: Final = 0.02


def resampled(grey: FloatArray, matrix_px: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Show an image on the pixels of a panel.

    Parameters
    ----------
    grey : ndarray, shape (H, W)
        Grey values, NaN in holes. Not changed.
    matrix_px : ndarray, shape (3, 3)
        Takes (row, column, 1) of the panel to (row, column, 1) of the image.
    shape
        Rows and columns of the panel.

    Returns
    -------
    ndarray, shape ``shape``
        Averaged where the panel is coarser than the image; NaN where the image shows nothing.
    """
    known = np.isfinite(grey)
    step = float(np.sqrt(abs(np.linalg.det(matrix_px[:2, :2]))))
    sigma = 0.5 * max(step - 1.0, 0.0)
    parts = (np.where(known, grey, 0.0), known.astype(np.float64))
    value, weight = (
        affine_transform(
            gaussian_filter(part, sigma, mode="constant"),
            matrix_px[:2, :2],
            matrix_px[:2, 2],
            shape,
            order=1,
            mode="constant",
        )
        for part in parts
    )
    return np.where(weight > 0.5, value / np.maximum(weight, 0.5), np.nan)


def evened(panel: FloatArray) -> FloatArray:
    """Take out slow changes of brightness and stretch the contrast.

    Parameters
    ----------
    panel : ndarray, shape (H, W)
        Grey values, NaN where unknown. Not changed.

    Returns
    -------
    ndarray, shape (H, W)
        0 to 1; NaN where unknown.
    """
    known = np.isfinite(panel)
    if not known.any():
        return np.full(panel.shape, np.nan)
    filled = np.where(known, panel, 0.0)
    filled = np.where(known, filled - filled[known].min(), 0.0)
    sigma = _EVENING * max(panel.shape)
    mean, weight = (gaussian_filter(part, sigma) for part in (filled, known.astype(np.float64)))
    mean = mean / np.maximum(weight, 1e-3)
    ratio = filled / (mean + _DARK * float(np.percentile(filled[known], 95)) + 1e-12)
    low, high = np.percentile(ratio[known], [100 * _CLIPPED, 100 - 100 * _CLIPPED / 4])
    stretched = np.clip((ratio - low) / max(float(high - low), 1e-12), 0.0, 1.0)
    return np.where(known, stretched, np.nan)


def contrast_between(panel: FloatArray, reference: FloatArray) -> tuple[float, float]:
    """How the brightness of a panel becomes that of another one of the same tissue.

    Parameters
    ----------
    panel, reference : ndarray, shape (H, W)
        0 to 1, NaN where unknown.

    Returns
    -------
    tuple of float
        Factor and offset of a straight line through most of the pixels; what only one of the panels
        shows (a border, a glint) is left out.
    """
    both = np.isfinite(panel) & np.isfinite(reference)
    source, target = panel[both], reference[both]
    factor, offset = 1.0, 0.0
    for _ in range(_FITS if source.size > 100 else 0):
        off = np.abs(factor * source + offset - target)
        kept = off <= np.median(off)
        spread = float(np.ptp(source[kept]))
        if spread < 1e-6:
            break
        slope = float(np.polyfit(source[kept], target[kept], 1)[0])
        factor = min(max(slope, 0.5), 2.0)
        offset = float(np.median(target[kept] - factor * source[kept]))
    return factor, offset


def overlay(previous: FloatArray, new: FloatArray) -> Rgb:
    """Lay two panels over each other: the previous one magenta, the new one green.

    Parameters
    ----------
    previous, new : ndarray, shape (H, W)
        0 to 1, NaN where unknown.

    Returns
    -------
    ndarray, shape (H, W, 3), uint8
        Grey where both are the same, also to people who do not tell red from green.
    """
    previous, new = np.nan_to_num(previous), np.nan_to_num(new)
    return _as_bytes(np.stack([previous, new, previous], axis=-1))


def checkerboard(previous: FloatArray, new: FloatArray, squares: int = 6) -> Rgb:
    """Show both panels in turns, in squares, so that vessels must run on across their edges.

    Parameters
    ----------
    previous, new : ndarray, shape (H, W)
        0 to 1, NaN where unknown: there the other one is shown.
    squares
        How many along the longer side.

    Returns
    -------
    ndarray, shape (H, W, 3), uint8
        The first square is of the previous panel.
    """
    side = max(1, -(-max(previous.shape) // squares))
    rows, columns = (np.arange(count) // side for count in previous.shape)
    is_new = ((rows[:, None] + columns) % 2).astype(bool)
    is_new = (is_new & np.isfinite(new)) | ~np.isfinite(previous)
    mixed = np.nan_to_num(np.where(is_new, new, previous))
    # A trace of colour says which square is whose.
    tint = np.where(is_new[..., None], (0.86, 1.0, 0.86), (1.0, 0.9, 1.0))
    return _as_bytes(mixed[..., None] * tint)


def _as_bytes(picture: FloatArray) -> Rgb:
    return np.rint(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)
