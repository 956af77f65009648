"""Points, shapes and labels of the user's layers in the pixels of the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Shapes
from napari.layers import Points as PointsLayer

from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.results.locate import (
    Outline,
    PointsError,
    Rois,
    rois_of_labels,
    rois_of_outlines,
)

#: Layers that can be located.
KINDS: Final = (PointsLayer, Shapes, Labels)


def values_px(layer: Any, values: npt.ArrayLike, image: Any) -> FloatArray:
    """Data coordinates of a layer in the pixels of the image.

    Parameters
    ----------
    layer
        A layer that lies flat on the image; axes before the last two, such as frames, do not count.
    values : array_like, shape (N, D)
        In the layer's own coordinates.
    image
        The Image layer in use.

    Returns
    -------
    ndarray, shape (N, 2)
        ``image_px``.

    Raises
    ------
    PointsError
        When the layer is empty.
    """
    data = np.atleast_2d(np.asarray(values, np.float64))
    if not data.size:
        raise PointsError(f"the layer {layer.name!r} is empty")
    world = np.array([np.asarray(layer.data_to_world(row))[-2:] for row in data])
    from_world = np.linalg.inv(Picture(image).to_world())
    return np.asarray(world @ from_world[:2, :2].T + from_world[:2, 2])


def roi_maker(layer: Any, image: Any) -> Callable[[], Rois]:
    """Take what is needed from a Shapes or Labels layer; the rest may be done in a thread.

    Raises
    ------
    PointsError
        When the layer is empty or does not fit the image.
    """
    if isinstance(layer, Labels):
        return _labels(layer, image)
    kinds = list(layer.shape_type)
    outlines = [
        Outline(str(number), kind, values_px(layer, corners, image))
        for number, (kind, corners) in enumerate(zip(kinds, layer.data, strict=True), start=1)
    ]
    return lambda: rois_of_outlines(outlines)


def _labels(layer: Any, image: Any) -> Callable[[], Rois]:
    data = layer.data[0] if layer.multiscale else layer.data
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    picture = Picture(image)
    if tuple(data.shape) != picture.shape:
        raise PointsError(
            f"the layer {layer.name!r} has {' x '.join(map(str, data.shape))} pixels, the image "
            f"{picture.shape[0]} x {picture.shape[1]}: it was made for another image"
        )
    return lambda: rois_of_labels(np.asarray(data))
