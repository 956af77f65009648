"""Landmarks under the mouse: a click places what is waited for, a drag moves what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.landmarks.picking import pixel_at, surface_at
from napari_brainreg3d._napari.landmarks.placed import Side, Waiting
from napari_brainreg3d._napari.landmarks.state import Landmarks
from napari_brainreg3d._napari.layers.plane import plane_affine
from napari_brainreg3d._napari.sight_text import Ray
from napari_brainreg3d._napari.viewer_camera import mouse_ray
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration import Registration

#: So near to a landmark, in pixels of the canvas, it is grabbed.
_REACH_PX: Final = 9.0
#: A press that moves farther than this is no click.
_STILL_PX: Final = 4.0
_MERGE: Final = "landmark"


class Canvas(Protocol):
    """What the mouse needs to know of the stage."""

    @property
    def viewer(self) -> Any:
        """Whose mouse it is."""
        ...

    @property
    def mode(self) -> str:
        """How the scene is looked at."""
        ...

    @property
    def image_layer(self) -> Any:
        """The user's layer in use, None when there is none."""
        ...

    @property
    def cursor(self) -> Any:
        """Holds the camera while the image moves."""
        ...


@dataclass(frozen=True, slots=True)
class _Under:
    """What is under the cursor: its ray in 3D, or the pixel in the image view."""

    ray: Ray | None
    flat_px: FloatArray


class LandmarkMouse:
    """Turns presses without any key into landmarks.

    Parameters
    ----------
    stage
        Whose mouse.
    landmarks
        What is placed and moved.
    """

    def __init__(self, stage: Canvas, landmarks: Landmarks) -> None:
        self._stage, self._landmarks = stage, landmarks
        self._viewer = stage.viewer
        self._pending: tuple[Waiting, tuple[float, ...]] | None = None
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.flush)
        self._viewer.mouse_drag_callbacks.append(self._on_drag)

    def close(self) -> None:
        """Let go of the mouse."""
        self._soon.stop()
        self._soon.timeout.disconnect(self.flush)
        if self._on_drag in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_drag)

    def flush(self) -> None:
        """Take the newest place of what is dragged now instead of soon."""
        self._soon.stop()
        pending, self._pending = self._pending, None
        if pending is None:
            return
        grabbed, value = pending
        with telling():
            if grabbed.side == "image":
                self._landmarks.set_image(grabbed.index, (value[0], value[1]), merge=_MERGE)
            else:
                place = (value[0], value[1], value[2])
                self._landmarks.set_atlas(grabbed.index, place, merge=_MERGE)

    def _on_drag(self, viewer: Any, event: Any) -> Iterator[None]:
        registration = self._landmarks.registration
        if event.button != 1 or len(event.modifiers) or registration is None:
            return
        if self._is_tool_in_use():
            return
        if self._landmarks.waiting is not None:
            yield from self._click(event, registration)
        elif self._landmarks.is_editing:
            grabbed = self._grabbed(event, registration)
            if grabbed is not None:
                yield from self._move(event, registration, grabbed)

    def _is_tool_in_use(self) -> bool:
        """Whether a tool of napari, such as a brush, works on the active layer."""
        active = self._viewer.layers.selection.active
        mode = str(getattr(active, "mode", "pan_zoom"))
        return active is not None and mode not in ("pan_zoom", "transform")

    # -------------------------------------------------------------------------------------- clicks

    def _click(self, event: Any, registration: Registration) -> Iterator[None]:
        pressed = np.asarray(event.pos, np.float64)
        yield
        while event.type == "mouse_move":
            yield  # the camera turns as always
        waiting = self._landmarks.waiting
        if waiting is None or np.linalg.norm(np.asarray(event.pos) - pressed) > _STILL_PX:
            return
        event.handled = True
        under = self._under(event)
        value = None if under is None else self._value(under, registration, waiting.side)
        with telling():
            if value is not None:
                self._landmarks.place(value)

    # --------------------------------------------------------------------------------------- drags

    def _move(self, event: Any, registration: Registration, grabbed: Waiting) -> Iterator[None]:
        event.handled = True
        with telling(), self._stage.cursor.holding_camera():
            self._landmarks.refuse_if_locked()
            yield
            has_moved = False
            # The image goes along while it is fitted: places count from where it lay at first.
            while event.type == "mouse_move":
                event.handled = True
                under = self._under(event)
                value = None if under is None else self._value(under, registration, grabbed.side)
                if value is not None:
                    has_moved = True
                    self._pending = (grabbed, value)
                    self._soon.start(0)
                yield
            event.handled = True
            if has_moved:
                self.flush()
                self._landmarks.end_drag(_MERGE)

    def _grabbed(self, event: Any, registration: Registration) -> Waiting | None:
        """The landmark under the cursor; of two sides that lie on each other, the click."""
        under = self._under(event)
        if under is None:
            return None
        best, nearest = None, _REACH_PX
        sides: tuple[Side, ...] = ("image", "atlas")
        for side in sides:
            numbers, distances = self._distances_px(under, registration, side, event)
            for number, distance in zip(numbers, distances, strict=True):
                if distance < nearest - (0.0 if side == "image" else 1.0):
                    best, nearest = Waiting(number, side), float(distance)
        return best

    def _distances_px(
        self, under: _Under, registration: Registration, side: Side, event: Any
    ) -> tuple[list[int], FloatArray]:
        """Distances of landmarks from the cursor, pixels of the canvas."""
        marks = self._landmarks.marks
        values = [mark.image_px if side == "image" else mark.atlas_um for mark in marks]
        numbers = [i for i, value in enumerate(values) if value is not None]
        if not numbers:
            return [], np.empty(0)
        points = np.array([values[i] for i in numbers], np.float64)
        zoom = float(self._viewer.scene.camera.zoom)
        if under.ray is None:
            pixels = points if side == "image" else registration.view.atlas_to_pixels(points)
            layer = self._stage.image_layer
            front = (0.0,) * (layer.ndim - 2)
            world = np.array([layer.data_to_world((*front, *pixel))[-2:] for pixel in pixels])
            here = np.asarray(event.position, np.float64)[-2:]
            return numbers, zoom * np.linalg.norm(world - here, axis=1)
        places = on_plane(registration.view, points) if side == "image" else points
        origin, direction = under.ray
        across = np.cross(places - origin, direction)
        return numbers, zoom * np.linalg.norm(across, axis=1)

    # -------------------------------------------------------------------------------------- inside

    def _under(self, event: Any) -> _Under | None:
        ray = mouse_ray(event)
        if ray is not None:
            return _Under(ray, np.zeros(2))
        layer = self._stage.image_layer
        if self._stage.mode != "image" or layer is None:
            return None
        return _Under(None, np.asarray(layer.world_to_data(event.position[-layer.ndim :])[-2:]))

    def _value(
        self, under: _Under, registration: Registration, side: Side
    ) -> tuple[float, ...] | None:
        if side == "image":
            return pixel_at(registration, under.ray, under.flat_px)
        scene = self._landmarks.scene
        if scene is None:
            return None
        return surface_at(
            scene,
            registration,
            under.ray,
            under.flat_px,
            is_perspective=self._viewer.scene.camera.perspective > 0,
        )


def on_plane(view: View, pixels: FloatArray) -> FloatArray:
    """Where pixels, shape (N, 2), of the image plane are shown, shape (N, 3), ``atlas_um``."""
    affine = plane_affine(view.pose, view.grid, mirrored=view.camera.mirrored)
    return np.asarray(pixels @ affine[:3, 1:3].T + affine[:3, 3])
