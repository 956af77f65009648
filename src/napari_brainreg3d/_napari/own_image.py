"""The user's own image layer while it is the registered image: its visibility, place and frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d.geometry.frames import FloatArray


class OwnImage:
    """Hides and shows the layer, and follows the slider of its frames; changes nothing else of it.

    Parameters
    ----------
    viewer
        Whose layer it is.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._was_visible = True
        self.picture: Picture | None = None

    @property
    def layer(self) -> Any:
        """The layer, None when there is none or it was removed."""
        layer = self.picture.layer if self.picture is not None else None
        return layer if layer is not None and layer in self._viewer.layers else None

    def use(self, picture: Picture | None) -> None:
        """Take another image; the layer before it is as visible as it was found."""
        if self.layer is not None:
            self.layer.visible = self._was_visible
        self.picture = picture
        if picture is not None:
            self._was_visible = bool(picture.layer.visible)
            if self._viewer.dims.ndisplay == 2:
                picture.frame = self.frame_shown(is_3d=False)

    def show(self, is_visible: bool) -> None:
        """Show the layer, or hide it because the plane stands for it."""
        if self.layer is not None and self.layer.visible != is_visible:
            self.layer.visible = is_visible

    def in_world(self) -> tuple[FloatArray, tuple[Any, ...]]:
        """How rows and columns lie in the world: homogeneous, shape (3, 3), and their units."""
        if self.picture is None:
            return np.eye(3), ("pixel", "pixel")
        return self.picture.to_world(), tuple(self.picture.layer.units[-2:])

    def pixel_at(self, position: FloatArray) -> FloatArray:
        """The point of the image, shape (2,), ``image_px``, at a position in the world."""
        to_world, _ = self.in_world()
        return np.asarray(np.linalg.solve(to_world, [*position[-2:], 1.0])[:2])

    def box_in_world(self) -> tuple[FloatArray, FloatArray] | None:
        """Lowest and highest corner, shape (2,), of the image in the world."""
        if self.picture is None:
            return None
        height, width = self.picture.shape
        to_world, _ = self.in_world()
        corners = np.array([(0, 0), (0, width), (height, 0), (height, width)]) - 0.5
        world = corners @ to_world[:2, :2].T + to_world[:2, 2]
        return world.min(axis=0), world.max(axis=0)

    def go_to_frame(self, frame: int, *, is_3d: bool) -> None:
        """Turn the slider of frames to a frame; in 3D it is that of the plane."""
        dims = self._viewer.dims
        if self.picture is None or not self.picture.is_movie:
            return
        if is_3d:
            dims.set_point(0, float(frame))
        elif self.layer is not None:
            place = self.layer.data_to_world((frame, *(0,) * (self.layer.ndim - 1)))
            dims.set_point(dims.ndim - self.layer.ndim, float(place[0]))

    def frame_shown(self, *, is_3d: bool) -> int:
        """The frame at which the slider stands."""
        dims, picture = self._viewer.dims, self.picture
        if picture is None or not picture.is_movie:
            return 0
        frame = 0.0
        if is_3d:
            frame = dims.point[0] if dims.ndim > 3 else 0.0
        elif self.layer is not None:
            frame = self.layer.world_to_data(dims.point[-self.layer.ndim :])[0]
        return int(np.clip(round(float(frame)), 0, picture.frames - 1))
