"""The user's Image layer as the picture that is registered: its frames, its pixels, its hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.image_source import layer_pixel_size_um
from napari_brainreg3d._napari.session_image import SessionImage
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.contrast import contrast_limits
from napari_brainreg3d.io.pixels import hash_pixels, row_blocks

Taken = Literal["frame", "mean", "max"]

#: Pixels of which the contrast limits are chosen at most.
_CONTRAST_PX: Final = 1 << 20


class Picture:
    """A napari Image layer, read as a brain image. Never changes the layer.

    Parameters
    ----------
    layer
        With data of shape (H, W) or (T, H, W), or with colours at the end.

    Raises
    ------
    ImageError
        When the layer is something else.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self._check()
        self.taken: Taken = "frame"
        self.frame = 0
        self._projected: dict[str, npt.NDArray[Any]] = {}

    def _check(self) -> None:
        layer = self.layer
        if not hasattr(layer, "rgb") or not hasattr(layer, "contrast_limits"):
            raise ImageError(
                f"{layer.name!r} is no Image layer; choose the layer with the brain image"
            )
        if len(self.shape_of_data) not in (2, 3):
            raise ImageError(
                f"{layer.name!r} has {len(self.shape_of_data)} axes; choose one picture (rows, "
                "columns) or one movie (frames, rows, columns)"
            )
        if min(self.shape) < 2:
            height, width = self.shape
            raise ImageError(f"{layer.name!r} has {height} x {width} pixels: that is no picture")
        if self.data.dtype.kind not in "buif":
            raise ImageError(
                f"{layer.name!r} holds values of type {self.data.dtype}; "
                "choose an image of real numbers"
            )

    @property
    def data(self) -> Any:
        """All pixels, as the layer holds them; of a pyramid the finest level."""
        return self.layer.data[0] if self.layer.multiscale else self.layer.data

    @property
    def is_rgb(self) -> bool:
        """Whether the last axis are colours."""
        return bool(self.layer.rgb)

    @property
    def shape_of_data(self) -> tuple[int, ...]:
        """Length of all axes but colours."""
        shape = tuple(int(n) for n in self.data.shape)
        return shape[:-1] if self.is_rgb else shape

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.shape_of_data[-2:]
        return height, width

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return self.shape_of_data[0] if len(self.shape_of_data) == 3 else 1

    @property
    def is_movie(self) -> bool:
        """Whether frames can be stepped through."""
        return self.frames > 1 and self.taken == "frame"

    def pixels(self) -> npt.NDArray[Any]:
        """What is registered, shape (H, W) or (H, W, 3): a frame, or the mean or maximum of all."""
        if self.taken != "frame" and self.frames > 1:
            if self.taken not in self._projected:
                self._projected[self.taken] = self._project(self.taken)
            return self._projected[self.taken]
        data = self.data
        if len(self.shape_of_data) == 3:
            data = data[min(self.frame, self.frames - 1)]
        return self._plain(np.asarray(data))

    def shown(self) -> Any:
        """What the plane shows: all frames of a movie (lazy ones stay lazy), else one picture."""
        if not self.is_movie:
            return self.pixels()
        return self.data[..., :3] if self.is_rgb else self.data

    def hash(self) -> str:
        """Hash of :meth:`pixels`."""
        return hash_pixels(self.pixels())

    def contrast_limits(self) -> tuple[float, float] | None:
        """Black and white by ImageJ's rule; None for colours."""
        if self.is_rgb:
            return None
        pixels = self.pixels()
        step = max(1, int(np.ceil(np.sqrt(pixels.size / _CONTRAST_PX))))
        return contrast_limits(pixels[::step, ::step])

    def describe(self) -> SessionImage:
        """The picture without its pixels; the size of a pixel as the layer states it."""
        path = self.layer.source.path
        size = layer_pixel_size_um(self.layer)
        name = Path(path).name if path else str(self.layer.name)
        return SessionImage(name, self.shape, path, None, size)

    def to_world(self) -> FloatArray:
        """The layer's own map from its rows and columns to the world's last two axes.

        Returns
        -------
        ndarray, shape (3, 3)
            Homogeneous, ``image_px`` -> world.
        """
        corners = np.zeros((3, self.layer.ndim))
        corners[1, -2], corners[2, -1] = 1.0, 1.0
        world = [np.asarray(self.layer.data_to_world(corner))[-2:] for corner in corners]
        matrix = np.eye(3)
        matrix[:2, 0], matrix[:2, 1] = world[1] - world[0], world[2] - world[0]
        matrix[:2, 2] = world[0]
        return matrix

    def _project(self, taken: Taken) -> npt.NDArray[Any]:
        """Mean or maximum over all frames, one frame in memory at a time."""
        total: npt.NDArray[Any] | None = None
        for number in range(self.frames):
            frame = self._plain(np.asarray(self.data[number]))
            if total is None:
                total = frame.astype(np.float64) if taken == "mean" else frame.copy()
                continue
            for rows in row_blocks(frame.shape):
                if taken == "mean":
                    total[rows] += frame[rows]
                else:
                    np.fmax(total[rows], frame[rows], out=total[rows])
        if total is None:
            raise ImageError(f"{self.layer.name!r} has no frames")
        return (total / self.frames).astype(np.float32) if taken == "mean" else total

    def _plain(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return pixels[..., :3] if self.is_rgb else pixels
