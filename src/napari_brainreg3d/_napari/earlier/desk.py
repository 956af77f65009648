"""The earlier session in one viewer: open, compare, match."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.aligner import Alignment
from napari_brainreg3d._napari.earlier.reading import EarlierSession, read_earlier, with_image
from napari_brainreg3d._napari.layers.earlier import Look, template_extra
from napari_brainreg3d._napari.work import tell, telling
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.matching import MatchedRegistration, match_to

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

EARLIER, MATCH = "earlier session", "match"
"""The kinds of work."""

TEMPLATE: Final = "template"
_BLINK_MS: Final = 600


class Earlier:
    """An earlier session of the same animal, which the new image is brought into line with.

    Signals
    -------
    changed()
        Another session is open, or none; it is looked at in another way, or was matched.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session: EarlierSession | None = None
        self._look: Look = "overlay"
        self._matched: MatchedRegistration | None = None
        self._blink = QTimer()
        self._blink.setInterval(_BLINK_MS)
        self._blink.timeout.connect(self.turn_over)

    def close(self) -> None:
        """Stop; the stage takes the layer away."""
        self._blink.stop()
        self._blink.timeout.disconnect(self.turn_over)

    @property
    def session(self) -> EarlierSession | None:
        """The session that is open, None when there is none."""
        return self._session

    @property
    def lacks_image(self) -> bool:
        """Whether a session is open whose image was not found."""
        return self._session is not None and self._session.pixels is None

    @property
    def look(self) -> Look:
        """How both images are compared."""
        return self._look

    @property
    def words(self) -> str:
        """What is open and how the new image lies in it."""
        if self._session is None:
            return ""
        if self._matched is not None:
            return f"{self._session.name}: {self._matched.match}"
        if self.lacks_image:
            return f"{self._session.name} was not found: show where it is"
        return self._session.name

    # --------------------------------------------------------------------------- opening, comparing

    def open_file(self, path: str | Path) -> None:
        """Read a session in a thread and show its image in its place."""
        self._bench.jobs.start(EARLIER, lambda _: read_earlier(path), self._take)

    def give_image(self, path: str | Path) -> None:
        """Read the image that was not found, from where it lies now."""
        earlier = self._session
        if earlier is not None:
            self._bench.jobs.start(EARLIER, lambda _: with_image(earlier, path), self._take)

    def set_look(self, look: Look) -> None:
        """Compare both images in another way."""
        if look != self._look:
            self._look = look
            self._show()
            self.changed.emit()

    def forget(self) -> None:
        """Take the earlier session away; the image stays where it is."""
        self._bench.jobs.cancel(MATCH)
        self._bench.jobs.cancel(EARLIER)
        self._session = self._matched = None
        self._show()
        self.changed.emit()

    def turn_over(self) -> None:
        """Show the other one of both images (blinking)."""
        layer = self._bench.stage.extra_layer(TEMPLATE)
        if layer is not None:
            layer.opacity = 0.0 if layer.opacity > 0.5 else 1.0

    # ------------------------------------------------------------------------------------- aligning

    def take_pose(self) -> None:
        """Put the new image where the earlier one was; can be undone.

        Raises
        ------
        RegistrationError
            When there is nothing to align yet, or it is locked.
        """
        earlier, now = self._needed(), self._bench.session.alignment
        if now is not None:
            size = earlier.registration.pixel_size_um
            is_alike = earlier.registration.image_shape == self._shape()
            self._bench.session.aligner.set_alignment(
                Alignment(
                    earlier.registration.pose,
                    earlier.registration.camera,
                    size if is_alike else now.pixel_size_um,
                    now.landmarks,
                )
            )

    def match(self, *, take_scale: bool = False) -> None:
        """Find the vessels of the earlier image in the new one, and move the pose with them.

        Parameters
        ----------
        take_scale
            Whether the pixel size follows from the match.

        Raises
        ------
        RegistrationError
            When an image is missing, or the alignment is locked.
        """
        earlier, session = self._needed(), self._bench.session
        new = self._bench.stage.image_pixels()
        if earlier.pixels is None or new is None:
            missing = earlier.name if earlier.pixels is None else "the new image"
            raise RegistrationError(f"matching needs both images: {missing} is not there")
        if session.aligner.is_locked:
            raise RegistrationError("the alignment is locked: unlock it to match")
        previous, old, size = earlier.registration, earlier.pixels, session.pixel_size_um
        name = session.image.name if session.image else None

        def work(_: Progress) -> MatchedRegistration:
            return match_to(
                previous,
                old,
                new,
                new_pixel_size_um=size,
                take_scale=take_scale,
                image_name=name,
            )

        self._bench.jobs.start(MATCH, work, partial(self._move, earlier))

    # --------------------------------------------------------------------------------------- inside

    def _needed(self) -> EarlierSession:
        session = self._bench.session
        if self._session is None:
            raise RegistrationError("open an earlier session first")
        if session.registration is None:
            raise RegistrationError(f"not yet: {', '.join(session.missing('align'))}")
        earlier, atlas = self._session.registration.atlas, session.registration.atlas
        if earlier != atlas:
            raise RegistrationError(
                f"the earlier session lies in the atlas {earlier}, this one in {atlas}: load "
                f"{earlier} first"
            )
        return self._session

    def _shape(self) -> tuple[int, int] | None:
        image = self._bench.session.image
        return image.shape if image else None

    def _take(self, earlier: EarlierSession) -> None:
        self._session, self._matched = earlier, None
        self._prepare(earlier.registration)
        self._show()
        if self._bench.session.registration is not None and earlier.pixels is not None:
            self._bench.stage.set_mode("look_through")
        self.changed.emit()
        if self.lacks_image:
            tell(f"The image of the earlier session was not found: {earlier.image_path or '?'}.")

    def _prepare(self, registration: Registration) -> None:
        """Take from the earlier session what the new one does not know yet."""
        session = self._bench.session
        if session.image is not None and session.pixel_size_um is None:
            with telling():
                session.set_pixel_size(registration.pixel_size_um)
        if session.scene is None:
            self._bench.atlases.load(
                registration.atlas, registration.regions or None, registration.hemisphere
            )

    def _show(self) -> None:
        earlier, extra = self._session, None
        if earlier is not None and earlier.pixels is not None:
            extra = template_extra(earlier.pixels, earlier.registration, self._look)
        self._bench.stage.show_extra(TEMPLATE, extra, want=True)
        if extra is not None and self._look == "blink":
            self._blink.start()
        else:
            self._blink.stop()

    def _move(self, earlier: EarlierSession, matched: MatchedRegistration) -> None:
        session, found = self._bench.session, matched.registration
        if self._session is not earlier or found.image_shape != self._shape():
            return
        now = session.alignment
        if now is None:
            return
        with telling():
            # What was placed on the new image itself is worth more than what is carried over.
            marks = now.landmarks or found.landmarks
            session.aligner.set_alignment(
                Alignment(found.pose, found.camera, found.pixel_size_um, marks)
            )
            if found.side_confirmed:
                session.confirm_side()
            self._matched = matched
        self.changed.emit()
