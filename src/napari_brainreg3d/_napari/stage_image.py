"""What the stage does with the user's image."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d._napari.live import Live
from napari_brainreg3d._napari.own_image import OwnImage
from napari_brainreg3d._napari.picture import Picture, Taken
from napari_brainreg3d._napari.presentation import Presentation
from napari_brainreg3d._napari.session import Session


class ImageOnStage:
    """The image of a session: which layer, which frame, which pixels.

    Attributes
    ----------
    session
        Whose image.

    Signals
    -------
    frame_changed(int)
        Another frame of a movie is in use.
    """

    frame_changed: ClassVar[Signal] = Signal(int)

    def __init__(self, viewer: Any) -> None:
        self.session = Session()
        self._shown = Presentation(viewer, self.session)
        self._live = Live(self.session, self._shown)

    @property
    def image_layer(self) -> Any:
        """The user's layer in use, None when there is none."""
        return self._own.picture.layer if self._own.picture else None

    @property
    def frames(self) -> int:
        """How many frames the image in use has."""
        return self._own.picture.frames if self._own.picture else 1

    @property
    def frame(self) -> int:
        """Which frame is in use."""
        return self._own.picture.frame if self._own.picture else 0

    @property
    def taken(self) -> Taken:
        """What is taken of a movie: the frame shown, or the mean or maximum of all."""
        return self._own.picture.taken if self._own.picture else "frame"

    def use_layer(self, layer: Any) -> None:
        """Take a napari Image layer as the image.

        Parameters
        ----------
        layer
            A picture (H, W), also (1, H, W), or a movie (T, H, W), grey or in colours; None for no
            image any more. The layer itself is only hidden while our plane stands for it.

        Raises
        ------
        ImageError
            When the layer is something else; the image in use stays.
        """
        layer = getattr(layer, "__wrapped__", layer)
        if layer is self.image_layer:
            return
        picture = None if layer is None else Picture(layer)
        self._shown.layers.set_picture(picture)
        self.session.set_image(None if picture is None else picture.describe())
        self._live.refresh()

    def set_taken(self, taken: Taken) -> None:
        """Choose what is taken of a movie."""
        picture = self._own.picture
        if picture is not None and taken != picture.taken:
            picture.taken = taken
            self.session.note_hash(None)
            self._live.refresh()

    def set_frame(self, frame: int) -> None:
        """Go to a frame of a movie."""
        self._own.go_to_frame(frame, is_3d=self._shown.is_3d)
        picture = self._own.picture
        if picture is not None and picture.is_movie and picture.frame != frame:
            # There is no slider for it yet; it will be turned there.
            picture.frame = frame
            self.session.note_hash(None)
            self.frame_changed.emit(frame)

    def image_pixels(self) -> npt.NDArray[Any] | None:
        """Pixels of the frame in use, shape (H, W) or (H, W, 3); None without an image."""
        return self._own.picture.pixels() if self._own.picture else None

    def hash_image(self) -> str | None:
        """Hash the pixels in use, which then is part of the session's registration."""
        image, picture = self.session.image, self._own.picture
        if image is not None and picture is not None and image.sha256 is None:
            self.session.note_hash(picture.hash())
        return self.session.image.sha256 if self.session.image else None

    # --------------------------------------------------------------------------- what napari tells

    @property
    def _own(self) -> OwnImage:
        return self._shown.layers.own

    def _let_go_of_image(self) -> None:
        """Go on without the image if its layer was removed."""
        if self.image_layer is not None and self._own.layer is None:
            # Alignment and results stay: another layer may take its place.
            self._shown.layers.set_picture(None)
            self._live.request_outlines()
            self.session.set_image(None)

    def _on_step(self, event: Any) -> None:
        picture = self._own.picture
        if picture is None or not picture.is_movie or self._shown.is_changing:
            return
        frame = self._own.frame_shown(is_3d=self._shown.is_3d)
        if frame != picture.frame:
            picture.frame = frame
            self.session.note_hash(None)
            self.frame_changed.emit(frame)
