"""A painted brain surface as a Surface layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d._napari.layers.surfaces import brightness
from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.results.drape import Drape


def light_on(draped: Drape) -> npt.NDArray[np.float32]:
    """Light on each vertex, shape (V,); the same for all frames of a movie."""
    return brightness(Mesh(draped.vertices_um, draped.faces))


def lit_colours(draped: Drape, light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Red, green, blue, opacity of each vertex, shape (V, 4), 0 to 1.

    What the camera saw has exactly the image's colours; only the rest, which is grey, is lit, so
    that one sees the shape of the brain.

    Parameters
    ----------
    draped
        From :func:`napari_brainreg3d.results.drape.drape`.
    light : ndarray, shape (V,)
        From :func:`light_on`.
    """
    colours = draped.colours.astype(np.float32) / np.float32(255)
    unseen = ~draped.seen
    colours[unseen, :3] *= light[unseen, None]
    return np.clip(colours, 0.0, 1.0, out=colours)


def draped_layer(draped: Drape, light: npt.NDArray[np.float32]) -> LayerTuple:
    """The surface with a colour at each vertex (:func:`lit_colours`), in ``atlas_um``."""
    options = {
        "name": "drape",
        "vertex_colors": lit_colours(draped, light),
        "shading": "none",
        "metadata": owned("drape"),
    }
    values = np.ones(len(draped.vertices_um), np.float32)
    return (draped.vertices_um, draped.faces, values), options, "surface"
