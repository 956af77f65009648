"""The edges of the camera's field of view as lines, and the box that bounds the scene."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.frustum import image_corners_px

#: How far the lines reach before and behind the plane of focus, um.
_BEFORE_UM: Final = 5000.0
_BEHIND_UM: Final = 8000.0
_LINE_WIDTH_UM: Final = 40.0
#: Smaller than the step of any other layer of ours.
_SMALLEST_STEP_UM: Final = 0.5


def frustum_lines(view: View) -> FloatArray:
    """Lines along the corner rays and around the image.

    Parameters
    ----------
    view
        A camera in its place.

    Returns
    -------
    ndarray, shape (8, 2, 3)
        Start and way to the end of each line, ``atlas_um``: as napari's Vectors have it.
    """
    rays = view.pixel_rays(image_corners_px(view.grid.shape))
    first = max(-_BEFORE_UM, rays.eye_depth_um)
    starts, ends = rays.at_depth(first), rays.at_depth(_BEHIND_UM)
    around = np.roll(rays.crossings_um, -1, axis=0)
    return np.concatenate(
        [
            np.stack([starts, ends - starts], axis=1),
            np.stack([rays.crossings_um, around - rays.crossings_um], axis=1),
        ]
    )


def frustum_layer(view: View) -> LayerTuple:
    """The field of view as a Vectors layer."""
    options: dict[str, Any] = {
        "name": "field of view",
        "vector_style": "line",
        "edge_width": _LINE_WIDTH_UM,
        "edge_color": "#7fd1ff",
        "blending": "translucent",
        "metadata": owned("frustum"),
    }
    return frustum_lines(view), options, "vectors"


def bounds_layer(corners_um: FloatArray) -> LayerTuple:
    """A hidden layer that fixes the extent of the world.

    Parameters
    ----------
    corners_um : ndarray, shape (2, 3)
        Lowest and highest corner, ``atlas_um``.

    Notes
    -----
    Whenever the extent of all layers or their smallest step changes, napari slices every one of
    them anew. With both fixed, moving the image touches the image alone.
    """
    options: dict[str, Any] = {
        "name": "extent of the scene",
        "visible": False,
        "scale": (_SMALLEST_STEP_UM,) * 3,
        "metadata": owned("bounds"),
    }
    return corners_um / _SMALLEST_STEP_UM, options, "points"
