"""Moving the image with the mouse: Ctrl+drag, Ctrl+Shift+drag, Shift+wheel.

Ordinary drags and the ordinary wheel stay napari's: they move the canvas's camera.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import numpy as np
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.aligner import Aligner
from napari_brainreg3d._napari.viewer_camera import mouse_ray
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.geometry.frames import FloatArray

#: One notch of the wheel, um.
_NOTCH_UM: Final = 50.0
#: Turns of the wheel without a longer pause are one gesture, ms.
_PAUSE_MS: Final = 600
#: A plane seen at less than this, as the sine of the angle, cannot be grabbed.
_EDGE_ON: Final = 0.05


class Grip(Protocol):
    """What the gestures need to know of the stage."""

    @property
    def aligner(self) -> Aligner:
        """What is moved."""
        ...

    def holding_camera(self) -> AbstractContextManager[None]:
        """Keep the canvas's camera where it is, although the image moves."""
        ...

    def point_on_image_um(self, position: FloatArray) -> FloatArray | None:
        """In the 2D view: (down, right) um from the image centre of a position in the world."""
        ...


class Gestures:
    """Turns mouse events into changes of the pose; one gesture is one step to undo.

    Parameters
    ----------
    viewer
        Whose mouse.
    grip
        What is moved.
    """

    def __init__(self, viewer: Any, grip: Grip) -> None:
        self._viewer, self._grip = viewer, grip
        self._pause = QTimer()
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._end_wheel)
        viewer.mouse_drag_callbacks.append(self._on_drag)
        viewer.mouse_wheel_callbacks.append(self._on_wheel)

    def close(self) -> None:
        """Let go of the mouse."""
        self._pause.stop()
        self._pause.timeout.disconnect(self._end_wheel)
        for callbacks, ours in (
            (self._viewer.mouse_drag_callbacks, self._on_drag),
            (self._viewer.mouse_wheel_callbacks, self._on_wheel),
        ):
            if ours in callbacks:
                callbacks.remove(ours)

    def _on_drag(self, viewer: Any, event: Any) -> Iterator[None]:
        present = self._grip.aligner.present
        modifiers = _names(event.modifiers)
        is_ours = modifiers in ({"Control"}, {"Control", "Shift"}) and event.button == 1
        if not is_ours or present is None:
            return
        event.handled = True
        start = present.pose
        with telling(), self._grip.holding_camera():
            grabbed = self._point(event, start)
            if self._grip.aligner.is_locked:
                raise RegistrationError("the alignment is locked: unlock it to move the image")
            yield
            while event.type == "mouse_move":
                event.handled = True
                now = self._point(event, start)
                if grabbed is not None and now is not None:
                    # In the image view the image stays; what is dragged is the atlas under it.
                    ends = (now, grabbed) if len(event.dims_displayed) == 2 else (grabbed, now)
                    pose = (turned if "Shift" in modifiers else slid)(start, *ends)
                    self._grip.aligner.set_pose(pose, merge="drag")
                yield
            event.handled = True
            self._grip.aligner.end_gesture()

    def _point(self, event: Any, pose: Pose) -> FloatArray | None:
        ray = mouse_ray(event)
        if ray is None:
            return self._grip.point_on_image_um(np.asarray(event.position, np.float64))
        return point_on_plane_um(*ray, pose)

    def _on_wheel(self, viewer: Any, event: Any) -> None:
        if _names(event.modifiers) != {"Shift"}:
            return
        if self._grip.aligner.present is None:
            return
        event.handled = True
        # With Shift held some systems turn the wheel sideways.
        notches = float(event.delta[1] or event.delta[0])
        with telling():
            self._grip.aligner.slide(0.0, 0.0, _NOTCH_UM * notches, merge="wheel")
        self._pause.start(_PAUSE_MS)

    def _end_wheel(self) -> None:
        self._grip.aligner.end_gesture()


def _names(modifiers: Iterable[Any]) -> set[str]:
    # The canvas gives keys that equal strings but do not print like them.
    return {str(getattr(modifier, "name", modifier)) for modifier in modifiers}


def point_on_plane_um(
    origin_um: FloatArray, direction: FloatArray, pose: Pose
) -> FloatArray | None:
    """Where a ray crosses the image plane.

    Parameters
    ----------
    origin_um, direction : ndarray, shape (3,)
        The ray in ``atlas_um``; it goes on in both directions.
    pose
        Where the image plane lies.

    Returns
    -------
    ndarray, shape (2,), or None
        (down, right) from the image centre, um; None when the plane is seen edge-on.
    """
    along = pose.rotation.T @ direction
    if abs(along[2]) < _EDGE_ON * float(np.linalg.norm(along)):
        return None
    start = pose.to_plane(origin_um)
    return np.asarray((start - along * (start[2] / along[2]))[:2])


def slid(pose: Pose, grabbed_um: FloatArray, now_um: FloatArray) -> Pose:
    """Slide the image in its plane so that its grabbed point, shape (2,), comes to lie there."""
    down, right = now_um - grabbed_um
    return pose.moved(plane_um=(down, right, 0.0))


def turned(pose: Pose, grabbed_um: FloatArray, now_um: FloatArray) -> Pose:
    """Turn the image about its centre so that the grabbed point, shape (2,), points there."""
    before = np.arctan2(grabbed_um[1], grabbed_um[0])
    after = np.arctan2(now_um[1], now_um[0])
    return pose.turned(yaw_deg=float(np.degrees(after - before)))
