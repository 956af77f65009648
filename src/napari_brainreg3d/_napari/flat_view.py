"""The layers of ours in the image view: outlines and side marks in the pixels of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.layers.marks import image_marks, marks_layer
from napari_brainreg3d._napari.layers.outlines import outlines_layer
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray

OUTLINES: Final = "flat outlines"
MARKS: Final = "flat marks"
#: Size of the discs behind letters, as a share of the image's height.
_DISC_SHARE: Final = 0.07


class FlatView:
    """Makes and removes them.

    Parameters
    ----------
    shelf
        Where they lie.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def show_outlines(
        self,
        picture: npt.NDArray[np.uint8],
        shape: tuple[int, int],
        to_world: FloatArray,
        units: Sequence[Any],
    ) -> None:
        """Draw outlines over the image.

        Parameters
        ----------
        picture : ndarray, shape (h, w, 4), uint8
            The same field of view as the image, with fewer pixels.
        shape
            Rows and columns of the image.
        to_world : ndarray, shape (3, 3)
            Homogeneous, ``image_px`` -> world.
        units
            Of rows and columns in the world.
        """
        if self._shelf.is_unwanted(OUTLINES):
            return
        affine = to_world @ scaled_pixels((picture.shape[0], picture.shape[1]), shape)
        layer = self._shelf.get(OUTLINES)
        if layer is None:
            data, options, kind = outlines_layer(picture, space="image")
            options |= {"affine": affine, "units": tuple(units)}
            self._shelf.put(OUTLINES, (data, options, kind), below=MARKS)
            return
        layer.data = picture
        _update(layer, affine)

    def show_marks(self, view: View, to_world: FloatArray, units: Sequence[Any]) -> None:
        """Write at the edges of the image which side of the animal they show."""
        if self._shelf.is_unwanted(MARKS):
            return
        pixels, words = image_marks(view.pose, view.grid, mirrored=view.camera.mirrored)
        layer = self._shelf.get(MARKS)
        if layer is None:
            size = _DISC_SHARE * view.grid.shape[0]
            data, options, kind = marks_layer(
                pixels, words, name="sides of the image", size=size, space="image"
            )
            options |= {"affine": to_world, "units": tuple(units)}
            self._shelf.put(MARKS, (data, options, kind))
            return
        if list(layer.features["word"]) != words:
            layer.features = {"word": np.array(words, object)}
        _update(layer, to_world)

    def hide(self) -> None:
        """Hide them, to be shown again."""
        for place in (OUTLINES, MARKS):
            layer = self._shelf.get(place)
            if layer is not None and layer.visible:
                layer.visible = False

    def drop_outlines(self) -> None:
        """Take the outlines away."""
        self._shelf.drop(OUTLINES)

    def clear(self) -> None:
        """Take them away."""
        self._shelf.drop(OUTLINES, MARKS)


def _update(layer: Any, affine: FloatArray) -> None:
    if not np.allclose(np.asarray(layer.affine), affine, rtol=0, atol=1e-12):
        layer.affine = affine
    if not layer.visible:
        layer.visible = True


def scaled_pixels(few: tuple[int, int], many: tuple[int, int]) -> FloatArray:
    """Map the pixels of a smaller raster to those of a larger one with the same edges.

    Returns
    -------
    ndarray, shape (3, 3)
        Homogeneous. Pixel centres are whole numbers in both.
    """
    matrix = np.eye(3)
    for axis in (0, 1):
        step = many[axis] / few[axis]
        matrix[axis, axis], matrix[axis, 2] = step, (step - 1) / 2
    return matrix
