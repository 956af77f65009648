"""How sure the label of a point between pixels is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.results.locate.points import PointsError
from napari_brainreg3d.results.locate.source import Place


def confidence_at(
    uncertainty: Uncertainty, place: Place, pixels: FloatArray, finest: npt.NDArray[np.uint16]
) -> FloatArray:
    """Probability of the label of each point.

    Parameters
    ----------
    uncertainty
        Its grouping decides what counts as the same label.
    place
        What the points were looked up in.
    pixels : ndarray, shape (N, 2)
        ``image_px``.
    finest : ndarray, shape (N,)
        Finest label of each point.

    Returns
    -------
    ndarray, shape (N,)
        From the four pixels around the point those with its label, weighted as in bilinear
        interpolation; at a pixel's centre the value of the pixel. NaN without a label, outside the
        image, and where none of the four pixels has the label.

    Raises
    ------
    PointsError
        When the uncertainty belongs to another registration or to other regions.
    """
    judged = uncertainty.projection
    mine, its = place.registration, judged.registration
    if (mine.atlas, mine.view) != (its.atlas, its.view):
        raise PointsError("the uncertainty was computed for another registration; compute it again")
    if judged.scene.regions != place.scene.regions:
        raise PointsError("the uncertainty was computed for other regions; compute it again")
    label = judged.grouping.label_of[finest]
    height, width = judged.labels.shape
    corner = np.floor(np.clip(pixels, 0.0, (height - 1.0, width - 1.0)))
    offset = np.clip(pixels, 0.0, (height - 1.0, width - 1.0)) - corner
    row, col = corner.astype(np.intp).T
    total, weight = np.zeros(len(pixels)), np.zeros(len(pixels))
    for down in (0, 1):
        for right in (0, 1):
            i, j = np.minimum(row + down, height - 1), np.minimum(col + right, width - 1)
            share = np.abs(1 - down - offset[:, 0]) * np.abs(1 - right - offset[:, 1])
            share = np.where((judged.labels[i, j] == label) & (label > 0), share, 0.0)
            total += share * uncertainty.probability[i, j]
            weight += share
    nothing = np.full(len(pixels), np.nan)
    return np.asarray(np.divide(total, weight, out=nothing, where=weight > 0))
