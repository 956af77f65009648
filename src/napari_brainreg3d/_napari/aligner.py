"""The alignment while it is being made: pose, camera and pixel size, with undo, redo and a lock."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from psygnal import Signal

from napari_brainreg3d._napari.history import History
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Camera, Pose
from napari_brainreg3d.registration import Landmark


@dataclass(frozen=True, slots=True)
class Alignment:
    """What undo and redo step through."""

    pose: Pose
    camera: Camera
    pixel_size_um: tuple[float, float]
    landmarks: tuple[Landmark, ...] = ()


class Aligner:
    """Every way to change an alignment; emits ``changed(Alignment)`` once per change.

    Signals
    -------
    changed(Alignment)
        After the state is consistent; also after undo, redo and reset.
    lock_changed(bool)
    """

    changed: ClassVar[Signal] = Signal(object)
    lock_changed: ClassVar[Signal] = Signal(bool)

    def __init__(self) -> None:
        self._history: History[Alignment] | None = None
        self._start: Alignment | None = None
        self._is_locked = False

    @property
    def present(self) -> Alignment | None:
        """The alignment that holds now, None before :meth:`begin`."""
        return self._history.present if self._history else None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._history and self._history.can_undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step."""
        return bool(self._history and self._history.can_redo)

    @property
    def is_locked(self) -> bool:
        """Whether the alignment is protected against changes."""
        return self._is_locked

    @property
    def is_untouched(self) -> bool:
        """Whether the alignment is still the start pose: brainreg3D refuses to accept that."""
        if self.present is None or self._start is None:
            return False
        # Landmarks alone, as long as nothing was fitted to them, have moved nothing.
        return dataclasses.replace(self.present, landmarks=()) == self._start

    def begin(self, alignment: Alignment, *, is_start: bool = True) -> None:
        """Start anew from ``alignment``.

        Parameters
        ----------
        alignment
            The first value; nothing before it can be undone.
        is_start
            Whether this is a mere start pose; a restored alignment is not, and may be accepted as
            it is.
        """
        self._history = History(alignment)
        self._start = alignment if is_start else None
        self._is_locked = False
        self.changed.emit(alignment)

    def set_pose(self, pose: Pose, *, merge: str | None = None) -> None:
        """Move the image. ``merge`` names a gesture that is one step to undo."""
        self._change(merge, pose=pose)

    def set_camera(self, camera: Camera, *, merge: str | None = None) -> None:
        """Change the camera."""
        self._change(merge, camera=camera)

    def set_pixel_size(self, size_um: tuple[float, float], *, merge: str | None = None) -> None:
        """Change the pixel size (row, column), um."""
        self._change(merge, pixel_size_um=size_um)

    def set_landmarks(self, landmarks: tuple[Landmark, ...], *, merge: str | None = None) -> None:
        """Change the landmarks; the image stays where it is."""
        self._change(merge, landmarks=landmarks)

    def set_alignment(self, alignment: Alignment, *, merge: str | None = None) -> None:
        """Change everything at once, as one step to undo."""
        changes = {
            field.name: getattr(alignment, field.name) for field in dataclasses.fields(alignment)
        }
        self._change(merge, **changes)

    def slide(
        self, down_um: float, right_um: float, deeper_um: float = 0.0, *, merge: str | None = None
    ) -> None:
        """Move the image along its own rows, columns and viewing direction, um."""
        offset = (down_um, right_um, deeper_um)
        self._change(merge, pose=self._needed().pose.moved(plane_um=offset))

    def turn(
        self,
        *,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
        merge: str | None = None,
    ) -> None:
        """Turn the image about its centre, degrees."""
        pose = self._needed().pose
        turned = pose.turned(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg)
        self._change(merge, pose=turned)

    def end_gesture(self) -> None:
        """End a drag or a series of steps: what follows is a step of its own to undo."""
        if self._history is not None:
            self._history.close()

    def undo(self) -> None:
        """Take the last change back; nothing happens when there is none or it is locked."""
        if self._history is not None and not self._is_locked:
            self._announce(self._history.present, self._history.undo())

    def redo(self) -> None:
        """Make an undone change again; nothing happens when there is none or it is locked."""
        if self._history is not None and not self._is_locked:
            self._announce(self._history.present, self._history.redo())

    def reset(self) -> None:
        """Go back to the start pose; can be undone."""
        if self._start is not None:
            self._change(
                None,
                pose=self._start.pose,
                camera=self._start.camera,
                pixel_size_um=self._start.pixel_size_um,
            )

    def set_locked(self, is_locked: bool) -> None:
        """Protect the alignment against changes, or allow them."""
        if is_locked != self._is_locked:
            self._is_locked = is_locked
            self.lock_changed.emit(is_locked)

    def _needed(self) -> Alignment:
        if self.present is None:
            raise RegistrationError("there is nothing to align yet: choose an image and an atlas")
        return self.present

    def _change(self, merge: str | None, **changes: Any) -> None:
        now = self._needed()
        if self._is_locked:
            raise RegistrationError("the alignment is locked: unlock it to change it")
        changed = dataclasses.replace(now, **changes)
        if self._history is not None:
            self._history.push(changed, merge=merge)
        self._announce(now, changed)

    def _announce(self, before: Alignment, now: Alignment) -> None:
        if now != before:
            self.changed.emit(now)
