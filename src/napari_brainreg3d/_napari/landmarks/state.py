"""The landmarks of a session while they are placed, and the fit to them. No Qt, no viewer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from psygnal import Signal

from napari_brainreg3d._napari.aligner import Alignment
from napari_brainreg3d._napari.landmarks.live_fit import (
    FitOptions,
    is_complete,
    quick_fit,
    refuse_unless_aligned,
    whole_fit,
    why_not,
)
from napari_brainreg3d._napari.landmarks.placed import PlacedLandmarks, Side, Waiting
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.session_image import is_same_picture
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration import Landmark


class Landmarks(PlacedLandmarks):
    """Places landmarks; as soon as two are known on both sides the image follows them.

    Signals
    -------
    changed()
        Landmarks, fit or distances have changed.
    waiting_changed(Waiting | None)
        What the next click places.
    """

    changed: ClassVar[Signal] = Signal()
    waiting_changed: ClassVar[Signal] = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._keeps_tilt = False
        self._is_busy = False
        #: Whether landmarks can be grabbed with the mouse.
        self.is_editing = False
        self._image, self._seen = session.image, self.marks
        session.aligner.changed.connect(self._on_aligned)
        session.image_changed.connect(self._on_image)

    def close(self) -> None:
        """Follow the session no longer."""
        self._session.aligner.changed.disconnect(self._on_aligned)
        self._session.image_changed.disconnect(self._on_image)

    # ---------------------------------------------------------------------------------- changing

    def add(
        self, name: str | None = None, atlas_um: tuple[float, float, float] | None = None
    ) -> int:
        """Add a landmark and wait for a click on the image; its number.

        Parameters
        ----------
        name
            None for the next free ``point N``. One that is there already is placed anew.
        atlas_um
            Where it is in the atlas, if that is known.

        Raises
        ------
        RegistrationError
            Before there is an alignment, or when it is locked.
        """
        refuse_unless_aligned(self._session.registration)
        names = [mark.name for mark in self.marks]
        if name is None:
            name = next(f"point {i}" for i in range(1, len(names) + 2) if f"point {i}" not in names)
        if name in names:
            index = names.index(name)
            if atlas_um is not None:
                self.set_atlas(index, atlas_um)
        else:
            self._change((*self.marks, Landmark(name, None, atlas_um)))
            index = len(names)
        self.wait_for(index, "image")
        return index

    def add_all(self, places_um: Mapping[str, tuple[float, float, float]]) -> None:
        """Add landmarks by name and place in the atlas, then wait for clicks on the image.

        Those that are there already stay. See :meth:`add`.
        """
        refuse_unless_aligned(self._session.registration)
        names = {mark.name for mark in self.marks}
        new = [Landmark(name, None, at) for name, at in places_um.items() if name not in names]
        if new:
            self._change((*self.marks, *new))
        missing = [i for i, mark in enumerate(self.marks) if mark.image_px is None]
        if missing:
            self.wait_for(missing[0], "image")

    def rename(self, index: int, name: str) -> None:
        """Give a landmark another name; an empty one is ignored."""
        if name.strip() and 0 <= index < len(self.marks):
            self._replace(index, name=name.strip())

    def remove(self, index: int) -> None:
        """Take a landmark away; the image follows those that are left."""
        marks = self.marks
        if not 0 <= index < len(marks):
            return
        if self._waiting is not None:
            self.stop_waiting()
        self._change(marks[:index] + marks[index + 1 :])

    def clear(self) -> None:
        """Take all landmarks away; the image stays where it is."""
        self.stop_waiting()
        if self.marks:
            self._change(())

    def set_image(
        self, index: int, pixel: tuple[float, float] | None, *, merge: str | None = None
    ) -> None:
        """Say where a landmark is in the image, (row, column); None forgets it.

        Parameters
        ----------
        index
            Number of the landmark.
        pixel
            ``image_px``.
        merge
            Name of a drag: its steps are fitted quickly and are one step to undo, until
            :meth:`end_drag`.
        """
        self._replace(index, merge=merge, image_px=pixel)

    def set_atlas(
        self,
        index: int,
        place_um: tuple[float, float, float] | None,
        *,
        merge: str | None = None,
    ) -> None:
        """Say where a landmark is in the atlas; see :meth:`set_image`."""
        self._replace(index, merge=merge, atlas_um=place_um)

    def refuse_if_locked(self) -> None:
        """Raise a RegistrationError when the alignment is protected against changes."""
        if self._session.aligner.is_locked:
            raise RegistrationError("the alignment is locked: unlock it to change landmarks")

    def end_drag(self, merge: str) -> None:
        """Fit with all that is reported, as part of the drag."""
        if not why_not(self.marks):
            self._change(self.marks, merge=merge, force=True, nearest=True)
        self._session.aligner.end_gesture()

    # ------------------------------------------------------------------------------------ clicks

    def wait_for(self, index: int, side: Side) -> None:
        """Let the next click place one side of a landmark."""
        self._wait(Waiting(index, side))

    def stop_waiting(self) -> None:
        """Let clicks be clicks."""
        self._wait(None)

    def place(self, value: tuple[float, ...]) -> None:
        """Take a click for what is waited for, then wait for what is missing next.

        Parameters
        ----------
        value
            ``image_px`` (row, column) or ``atlas_um``, as the side that is waited for has it.
        """
        waiting = self._waiting
        if waiting is None or waiting.index >= len(self.marks):
            self.stop_waiting()
            return
        if waiting.side == "image":
            self.set_image(waiting.index, (value[0], value[1]))
        else:
            self.set_atlas(waiting.index, (value[0], value[1], value[2]))
        self._wait(self._next_missing(waiting.index))

    def _next_missing(self, index: int) -> Waiting | None:
        """The other side of the same landmark, then the image side of one after it."""
        marks = self.marks
        if marks[index].image_px is None:
            return Waiting(index, "image")
        if marks[index].atlas_um is None:
            return Waiting(index, "atlas")
        after = [*range(index + 1, len(marks)), *range(index)]
        return next((Waiting(i, "image") for i in after if marks[i].image_px is None), None)

    def _wait(self, waiting: Waiting | None) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    # ----------------------------------------------------------------------------------- fitting

    def set_options(self, options: FitOptions) -> None:
        """Choose how landmarks are fitted; the image follows.

        Raises
        ------
        RegistrationError
            When the click error is not positive, or the alignment is locked.
        """
        if options == self._options:
            return
        if not options.click_sd_um > 0:
            raise RegistrationError(f"the click error must be positive, got {options.click_sd_um}")
        self._options = options
        if self.marks and not why_not(self.marks):
            self.fit_now()
        self.changed.emit()

    def restore_options(self, options: FitOptions) -> None:
        """Take up what a file says of the fit; nothing moves."""
        if options != self._options:
            self._options = options
            self._report()
            self.changed.emit()

    def fit_now(self) -> None:
        """Move the image to where the landmarks put it.

        Raises
        ------
        RegistrationError
            When they cannot be fitted, or the alignment is locked.
        """
        missing = why_not(self.marks)
        if missing:
            raise RegistrationError(f"landmarks: {missing}")
        self._change(self.marks, force=True)
        if self._problem:
            raise RegistrationError(self._problem)

    def use_alternative(self) -> None:
        """Take the other pose that fits as well, and stay with it."""
        other, now = self._alternative(), self._session.alignment
        if other is None or now is None:
            return
        self.refuse_if_locked()
        self._keeps_tilt = True
        with_other = dataclasses.replace(now, pose=other)
        self._take(with_other, merge=None)
        self._report()
        self.changed.emit()

    # ------------------------------------------------------------------------------------ inside

    def _replace(self, index: int, *, merge: str | None = None, **values: object) -> None:
        marks = list(self.marks)
        if not 0 <= index < len(marks):
            return
        marks[index] = dataclasses.replace(marks[index], **values)  # type: ignore[arg-type]
        if marks[index] == self.marks[index]:
            return
        if is_complete(marks[index]) and not is_complete(self.marks[index]):
            self._keeps_tilt = False  # a new point may decide between two tilts
        self._change(tuple(marks), merge=merge, is_quick=merge is not None)

    def _change(
        self,
        marks: tuple[Landmark, ...],
        *,
        merge: str | None = None,
        is_quick: bool = False,
        force: bool = False,
        nearest: bool = False,
    ) -> None:
        """Take landmarks, and move the image to where they put it, as one step to undo."""
        registration = refuse_unless_aligned(self._session.registration)
        now = self._session.alignment
        if now is None or (marks == now.landmarks and not force):
            return
        self.refuse_if_locked()
        changed = dataclasses.replace(now, landmarks=marks)
        is_news = force or _pairs(marks) != _pairs(now.landmarks)
        moved = None
        self._problem = ""
        if is_news and not why_not(marks):
            try:
                if is_quick:
                    outliers = [int(name) for name in self._fit.outliers] if self._fit else []
                    moved = quick_fit(registration, marks, self._options, outliers)
                else:
                    nearest = nearest or self._keeps_tilt
                    self._fit = whole_fit(registration, marks, self._options, nearest=nearest)
                    moved = self._fit.registration
                # While it is quick, what is reported is that of the last whole fit.
                self._fitted = marks
            except RegistrationError as error:
                self._problem = str(error)
        if moved is not None:
            changed = dataclasses.replace(
                changed, pose=moved.pose, pixel_size_um=moved.pixel_size_um
            )
        self._is_quick = is_quick
        self._take(changed, merge=merge)
        if not is_quick and self._fitted != marks:
            self._report()
        self.changed.emit()

    def _take(self, alignment: Alignment, *, merge: str | None) -> None:
        self._is_busy = True
        try:
            self._session.aligner.set_alignment(alignment, merge=merge)
        finally:
            self._is_busy = False

    def _report(self) -> None:
        """Fit without moving the image: for what is reported after undo or a restored session."""
        self._is_quick = False
        registration, marks = self._session.registration, self.marks
        self._fit, self._fitted, self._problem = None, (), ""
        if registration is None or why_not(marks):
            return
        try:
            self._fit = whole_fit(registration, marks, self._options, nearest=True)
            self._fitted = marks
        except RegistrationError as error:
            self._problem = str(error)

    def _on_image(self) -> None:
        """On another image nobody has clicked yet: what is known of the atlas stays."""
        before, image = self._image, self._session.image
        if image is None or is_same_picture(before, image):
            return
        self._image = image
        if before is None or self._session.aligner.is_locked:
            return
        if any(mark.image_px is not None for mark in self.marks):
            self._change(tuple(dataclasses.replace(mark, image_px=None) for mark in self.marks))

    def _on_aligned(self) -> None:
        if self.marks != self._seen:
            # They came with a session, or the user has placed them: they belong to this image.
            self._seen, self._image = self.marks, self._session.image or self._image
        if self._is_busy:
            return
        if self.marks != self._fitted:
            self._report()
        waiting = self._waiting
        if waiting is not None and waiting.index >= len(self.marks):
            self.stop_waiting()
        self.changed.emit()


def _pairs(marks: tuple[Landmark, ...]) -> list[tuple[object, object]]:
    """What a fit depends on: not names, not points known on one side only."""
    return [(mark.image_px, mark.atlas_um) for mark in marks if is_complete(mark)]
