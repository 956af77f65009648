"""Where the canvas looks from in each mode, and how it comes back there."""

from __future__ import annotations

from napari_brainreg3d._napari.canvas_view import CanvasView
from napari_brainreg3d._napari.own_image import OwnImage
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray


class Viewpoints:
    """Points the canvas's camera.

    Parameters
    ----------
    canvas
        Whose camera.
    session
        Whose camera is looked through.
    own
        The image that the image view shows.
    """

    def __init__(self, canvas: CanvasView, session: Session, own: OwnImage) -> None:
        self._canvas, self._session, self._own = canvas, session, own
        #: While the image is dragged, the canvas does not follow it.
        self.is_held = False

    def leave(self, mode: str, *, is_3d: bool) -> None:
        """Remember the camera of a mode that it can come back to."""
        if mode == "image" or (mode == "brain" and is_3d):
            self._canvas.keep(mode, 3 if is_3d else 2)

    def take(self, mode: str, box_um: FloatArray, *, is_3d: bool) -> None:
        """Point the camera as a mode wants it; ``box_um``, shape (2, 3), is the brain's."""
        registration = self._session.registration
        if self._session.scene is None:
            return
        if mode == "look_through" and registration is not None:
            self._canvas.look_through(registration.view)
        elif mode == "brain" and is_3d:
            if not self._canvas.recall("brain"):
                self._canvas.overlook(box_um)
        elif mode == "image":
            self._canvas.look_freely()
            if not self._canvas.recall("image"):
                self._canvas.fit(self._own.box_in_world())

    def follow(self, mode: str, view: View) -> None:
        """Go with the image when one looks through its camera."""
        if mode == "look_through" and not self.is_held:
            self._canvas.look_through(view)

    def start_anew(self, mode: str, box_um: FloatArray) -> None:
        """Forget where one was: there is another brain."""
        self._canvas.forget()
        if mode == "brain":
            self._canvas.overlook(box_um)
