"""How a session is shown: in one of three modes, with the camera where the mode wants it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from psygnal import Signal

from napari_brainreg3d._napari.canvas_view import CanvasView
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.shown_layers import Mode, ShownLayers
from napari_brainreg3d._napari.viewpoints import Viewpoints
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import View


class Presentation:
    """Shows a session in one of three modes.

    In ``"brain"`` and ``"look_through"`` the canvas is 3D and has our layers instead of the user's
    image; in ``"image"`` it is 2D and has the user's own image, with results over it. Our 3D
    layers are then taken out of the viewer: hidden ones would stretch its sliders and its world.

    Parameters
    ----------
    viewer
        Whose canvas and layers.
    session
        What is shown.

    Signals
    -------
    mode_changed(str)

    Attributes
    ----------
    layers
        What is in the viewer.
    """

    mode_changed: ClassVar[Signal] = Signal(str)

    def __init__(self, viewer: Any, session: Session) -> None:
        self._session = session
        self.canvas = CanvasView(viewer)
        self.layers = ShownLayers(viewer, session, self.canvas)
        self.viewpoints = Viewpoints(self.canvas, session, self.layers.own)
        self._mode_before: Mode = "brain"
        self._arranged = 0
        self._is_closed = False
        self.canvas.wandered.connect(self._on_wandered)
        self.canvas.toggled.connect(self._on_toggled)
        self.canvas.unaimed.connect(self._aim)

    def close(self) -> None:
        """Take our layers away, but the results; the user's image is as visible as it was."""
        self._is_closed = True
        self.canvas.wandered.disconnect(self._on_wandered)
        self.canvas.toggled.disconnect(self._on_toggled)
        self.canvas.unaimed.disconnect(self._aim)
        self.canvas.close()
        self.layers.clear()
        if self.is_3d:
            self.canvas.set_ndisplay(2)
            self.canvas.fit(self.layers.own.box_in_world())
        self.layers.own.use(None)
        self.layers.results.close()

    @property
    def mode(self) -> Mode:
        """How the session is looked at."""
        return self.layers.mode

    @property
    def is_3d(self) -> bool:
        """Whether the canvas shows our layers in 3D."""
        return self.layers.is_3d

    @property
    def is_changing(self) -> bool:
        """Whether layers, dimensions or camera are being changed by us just now."""
        return self.canvas.is_moving or self.layers.shelf.is_busy

    # ---------------------------------------------------------------------------------------- modes

    def set_mode(self, mode: Mode) -> None:
        """Show the session in another way; nothing of it changes.

        Raises
        ------
        RegistrationError
            When there is nothing to look through yet.
        """
        if mode == "look_through" and self._session.registration is None:
            missing = ", ".join(self._session.missing("align")) or "choose an image and an atlas"
            raise RegistrationError(f"nothing to look through the camera at yet: {missing}")
        if mode == self.mode:
            return
        self.viewpoints.leave(self.mode, is_3d=self.is_3d)
        if self.mode != "image":
            self._mode_before = self.mode
        self.layers.mode = mode
        self.layers.shelf.want_all()
        self.arrange()
        self._aim()
        self.mode_changed.emit(mode)

    def toggle_look_through(self) -> None:
        """From the brain view or the image to the look through the camera; from there back."""
        self.set_mode("brain" if self.mode == "look_through" else "look_through")

    def toggle_image(self) -> None:
        """To the image view, or from there to where one was before."""
        self.set_mode(self._mode_before if self.mode == "image" else "image")

    def arrange(self) -> None:
        """Have the layers in the viewer that belong to the session and the mode."""
        self._arranged += 1
        for _ in self._arranging(self._session.scene):
            pass

    def welcoming(self, scene: Scene) -> Iterator[None]:
        """Make the layers of a scene that is about to be the session's, one after the other.

        Between two of them the window may live. When the session then gets its scene, everything
        is there; until then nothing else has changed. Given up in between, what is shown is again
        what belongs to the session.
        """
        if self.mode == "image":
            return
        arranged, steps = self._arranged, self._arranging(scene)
        try:
            for _ in steps:
                yield
                if self._is_closed or self._arranged != arranged:
                    return  # something else came between: the session's scene comes in one go
        except GeneratorExit:
            if not self._is_closed:
                self.arrange()

    def _arranging(self, scene: Scene | None) -> Iterator[None]:
        layers, picture = self.layers, self.layers.own.picture
        is_wanted = scene is not None and self.mode != "image"
        if is_wanted is not self.is_3d:
            with self.canvas.moving():
                (layers.enter_3d if is_wanted else layers.leave_3d)()
            yield
        if is_wanted and scene is not None:
            yield from self._filling_3d(scene)
        with self.canvas.moving():
            if not is_wanted:
                layers.own.show(True)
                layers.settle()
            if picture is not None:
                layers.own.go_to_frame(picture.frame, is_3d=self.is_3d)
            layers.arrange_extras()
            layers.choose_active()
        layers.arranged.emit()

    def place(self, view: View | None) -> None:
        """Follow the pose with what must be there at once: image plane and camera."""
        if view is not None and self.is_3d:
            self.layers.place(view)
            self.viewpoints.follow(self.mode, view)

    # --------------------------------------------------------------------------------------- inside

    def _filling_3d(self, scene: Scene) -> Iterator[None]:
        before, session = self.layers.scene_shown, self._session
        registration = session.registration
        # About to be the session's, it brings the first place of an image that waits for it.
        is_coming = scene is not session.scene and bool(session.image and session.pixel_size_um)
        steps = self.layers.filling_3d(
            scene,
            has_plane=registration is not None or is_coming,
            is_placed=registration is not None,
        )
        is_over = False
        while not is_over:
            with self.canvas.moving():
                is_over = next(steps, self) is self
            if not is_over:
                yield
        if before is None or before.atlas != scene.atlas:
            self.viewpoints.start_anew(self.mode, self.layers.scenery.box_um)
        self.place(registration.view if registration else None)
        yield
        self.layers.settle()
        yield

    def _aim(self) -> None:
        self.viewpoints.take(self.mode, self.layers.scenery.box_um, is_3d=self.is_3d)

    def _on_wandered(self) -> None:
        """Who turns the camera away from the image looks at the brain from there."""
        if self.mode == "look_through" and not self.viewpoints.is_held:
            self.layers.mode = "brain"
            self.layers.settle()
            self.layers.arrange_extras()
            self.mode_changed.emit("brain")

    def _on_toggled(self, ndisplay: int) -> None:
        """Napari's own 2D/3D button switches between image and brain too."""
        if self._session.scene is None:
            return
        if ndisplay == 2 and self.is_3d:
            self.set_mode("image")
        elif ndisplay == 3 and self.mode == "image":
            self.set_mode(self._mode_before)
