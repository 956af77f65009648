"""Borders between regions: as pixels of the image, and as smooth lines to draw."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, find_objects, gaussian_filter
from skimage.measure import find_contours
from skimage.segmentation import expand_labels, find_boundaries

from napari_brainreg3d.geometry.frames import FloatArray

#: Shorter lines (pixels around) are specks that only disturb a drawing.
_SHORTEST: Final = 6


def outlines(labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Find the pixels where regions end.

    Parameters
    ----------
    labels : ndarray, shape (H, W), integer
        Label image; 0 is nothing. Not changed.

    Returns
    -------
    ndarray, shape (H, W), bool
        The labelled pixels with a pixel of another label, or of none, above, below, left or right
        of them. The edge of the image is no border.
    """
    borders = find_boundaries(  # type: ignore[no-untyped-call]
        labels, connectivity=1, mode="inner", background=0
    )
    return np.asarray(borders)


def without_gaps(labels: npt.NDArray[Any], widest_px: float) -> npt.NDArray[Any]:
    """Close the narrow gaps that the smooth meshes of neighbouring regions leave between them.

    Parameters
    ----------
    labels : ndarray, shape (H, W), integer
        Label image; 0 is nothing. Not changed.
    widest_px
        Gaps up to this width are closed.

    Returns
    -------
    ndarray, shape (H, W)
        Labels, with every unlabelled pixel of a gap given to the nearest region. What lies outside
        of all regions stays unlabelled. For drawings only: no measure is taken from it.
    """
    is_inside = labels > 0
    radius = widest_px / 2.0
    margin = int(np.ceil(radius)) + 1
    near = distance_transform_edt(~np.pad(is_inside, margin, mode="edge")) <= radius
    closed = (distance_transform_edt(near) > radius)[margin:-margin, margin:-margin]
    expanded = expand_labels(labels, widest_px)  # type: ignore[no-untyped-call]
    return np.where(closed & ~is_inside, expanded, labels)


def border_lines(labels: npt.NDArray[Any], smoothing_px: float) -> list[FloatArray]:
    """Trace the borders of all regions as smooth lines.

    Parameters
    ----------
    labels : ndarray, shape (H, W), integer
        Label image; 0 is nothing. Not changed.
    smoothing_px
        Standard deviation of the Gaussian that rounds the steps of the pixels off.

    Returns
    -------
    list of ndarray, shape (N, 2)
        (row, column) along each line; whole numbers are pixel centres. Where two regions touch
        both have the same line. Along the edge of the image there is none.
    """
    margin = int(np.ceil(4.0 * smoothing_px)) + 1
    # Regions go on beyond the edge of the image, so that nothing ends there.
    padded = np.pad(labels, margin, mode="edge")
    lines: list[FloatArray] = []
    for value, place in enumerate(find_objects(padded), start=1):
        if place is None:
            continue
        starts = [max(0, part.start - margin) for part in place]
        window = tuple(
            slice(start, part.stop + margin) for start, part in zip(starts, place, strict=True)
        )
        mask = (padded[window] == value).astype(np.float32)
        smooth = gaussian_filter(mask, smoothing_px, mode="nearest")
        found = find_contours(smooth, 0.5)  # type: ignore[no-untyped-call]
        shift = np.array(starts, np.float64) - margin
        lines += [line + shift for line in found if len(line) > _SHORTEST]
    return lines
