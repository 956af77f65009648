"""How a session is shown: which layers are there in which mode, and where the camera is."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d._napari.canvas_view import CanvasView
from napari_brainreg3d._napari.flat_view import FlatView
from napari_brainreg3d._napari.layers.ownership import LayerTuple
from napari_brainreg3d._napari.own_image import OwnImage
from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d._napari.results_layers import ResultLayers
from napari_brainreg3d._napari.scenery import PLACES, Scenery
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d._napari.units import matching_units
from napari_brainreg3d._napari.viewpoints import Viewpoints
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import View
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.registration import Registration

Mode = Literal["brain", "look_through", "image"]


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
    """

    mode_changed: ClassVar[Signal] = Signal(str)

    def __init__(self, viewer: Any, session: Session) -> None:
        self._viewer, self._session = viewer, session
        self.mode: Mode = "brain"
        self.is_3d = False
        self.image_opacity = 0.75
        self.is_frustum_visible = False
        self.settings = ProjectionSettings()
        self.own = OwnImage(viewer)
        self.shelf = Shelf(viewer)
        self.scenery = Scenery(self.shelf)
        self.flat = FlatView(self.shelf)
        self.results = ResultLayers(viewer, self.shelf, self._take_volumes)
        self.canvas = CanvasView(viewer)
        self.viewpoints = Viewpoints(self.canvas, session, self.own)
        self._mode_before: Mode = "brain"
        self._scene_shown: object = None
        self._plane_shown: tuple[object, ...] = ()
        self._volumes: LayerTuple | None = None
        self._template: tuple[npt.NDArray[Any], Registration] | None = None
        self.canvas.wandered.connect(self._on_wandered)
        self.canvas.toggled.connect(self._on_toggled)
        self.canvas.unaimed.connect(self._aim)

    def close(self) -> None:
        """Take our layers away, but the results; the user's image is as visible as it was."""
        self.canvas.wandered.disconnect(self._on_wandered)
        self.canvas.toggled.disconnect(self._on_toggled)
        self.canvas.unaimed.disconnect(self._aim)
        self.canvas.close()
        self.flat.clear()
        self.shelf.drop(*PLACES)
        if self.is_3d:
            self.canvas.set_ndisplay(2)
            self.canvas.fit(self.own.box_in_world())
        self.own.use(None)
        self.results.close()

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
        self.mode = mode
        self.shelf.want_all()
        self.arrange()
        self._aim()
        self.mode_changed.emit(mode)

    def toggle_look_through(self) -> None:
        """From the brain view or the image to the look through the camera; from there back."""
        self.set_mode("brain" if self.mode == "look_through" else "look_through")

    def toggle_image(self) -> None:
        """To the image view, or from there to where one was before."""
        self.set_mode(self._mode_before if self.mode == "image" else "image")

    @property
    def lacks_plane(self) -> bool:
        """Whether there is an image but no plane for it, other than by the user's own will."""
        is_there = self.shelf.get("plane") is not None or self.shelf.is_unwanted("plane")
        return self.own.picture is not None and not is_there

    @property
    def is_changing(self) -> bool:
        """Whether layers, dimensions or camera are being changed by us just now."""
        return self.canvas.is_moving or self.shelf.is_busy

    def arrange(self) -> None:
        """Have the layers in the viewer that belong to the session and the mode."""
        with self.canvas.moving():
            wants_3d = self._session.scene is not None and self.mode != "image"
            if wants_3d and not self.is_3d:
                self._enter_3d()
            elif self.is_3d and not wants_3d:
                self._leave_3d()
            if wants_3d:
                self._fill_3d()
            else:
                self.own.show(True)
                self.settle()
            if self.own.picture is not None:
                self.own.go_to_frame(self.own.picture.frame, is_3d=self.is_3d)
            self._choose_active()

    def match_units(self) -> None:
        """Let our layers have the units of the user's, or else napari complains."""
        if self.is_3d:
            with self.canvas.moving():
                self.scenery.set_units(matching_units(self._viewer.layers))

    def _enter_3d(self) -> None:
        self.is_3d = True
        self.flat.hide()
        self.results.set_shown(False)
        self.own.show(False)
        self.canvas.set_ndisplay(3)
        self.shelf.unpark()

    def _leave_3d(self) -> None:
        self.is_3d = False
        # Before 2D: napari warns of tilted layers in it.
        self.shelf.park(PLACES)
        self.canvas.set_ndisplay(2)
        self.results.set_shown(True)

    def _fill_3d(self) -> None:
        scene, registration = self._session.scene, self._session.registration
        self.match_units()
        self.own.show(False)
        if scene is not None and self._scene_shown is not scene:
            is_other = getattr(self._scene_shown, "atlas", None) != scene.atlas
            self._scene_shown = scene
            self.scenery.show_scene(scene)
            if is_other:
                self.viewpoints.start_anew(self.mode, self.scenery.box_um)
        if self._template is not None and self.shelf.get("template") is None:
            self.scenery.show_template(*self._template)
        if self._volumes is not None:
            self.scenery.show_volumes(self._volumes)
            self._volumes = None
        self._fill_plane(registration)
        self.place(registration.view if registration else None)
        self.settle()

    def _fill_plane(self, registration: Registration | None) -> None:
        picture = self.own.picture
        if picture is None or registration is None:
            self.shelf.drop("plane", "outlines", "frustum")
            self._plane_shown = ()
            return
        key = (picture, picture.taken)
        if key != self._plane_shown or self.shelf.get("plane") is None:
            self._plane_shown = key
            self.scenery.show_picture(picture, self.image_opacity)
        plane = self.shelf.get("plane")
        if plane is not None:
            # In space the brain hides what of the image lies in it. Looked through, it must not:
            # the image is what is compared.
            is_through = self.mode == "look_through"
            plane.blending = "translucent_no_depth" if is_through else "translucent"

    # ----------------------------------------------------------------------------- while aligning

    def place(self, view: View | None) -> None:
        """Follow the pose with what must be there at once: image plane and camera."""
        if view is None or not self.is_3d:
            return
        with self.canvas.moving():
            self.scenery.place_plane(view)
        self.viewpoints.follow(self.mode, view)

    def settle(self) -> None:
        """Follow the pose with what may come a moment later: marks and field of view."""
        registration = self._session.registration
        view = registration.view if registration is not None else None
        with self.canvas.moving():
            if self.mode == "image":
                if view is not None and self.own.layer is not None:
                    self.flat.show_marks(view, *self.own.in_world())
            elif self.is_3d:
                self.scenery.show_core(self._core_um())
                is_through = self.mode == "look_through"
                if is_through and view is not None:
                    self.scenery.show_image_marks(view)
                else:
                    self.scenery.show_brain_marks(self._session.bregma)
                has_frustum = self.is_frustum_visible and not is_through
                self.scenery.show_frustum(view if has_frustum else None)

    def _core_um(self) -> float | None:
        """How deep one sees into the brain; None for as deep as there are regions."""
        settings = self.settings
        hides = settings.occlusion == "brain" and settings.sample_depth_um is None
        return settings.tolerance_um if hides and self.mode == "look_through" else None

    def draw_outlines(self, picture: npt.NDArray[np.uint8], registration: Registration) -> None:
        """Draw outlines, shape (h, w, 4), of a registration whose image has these pixels."""
        with self.canvas.moving():
            if self.is_3d:
                self.scenery.show_outlines(picture, registration.view)
            elif self.mode == "image" and self.own.picture is not None:
                self.flat.show_outlines(picture, self.own.picture.shape, *self.own.in_world())

    def _take_volumes(self, made: LayerTuple | None) -> None:
        """Show the volumes in view now, or when the canvas shows 3D again."""
        if made is not None and not self.is_3d:
            self._volumes = made
            return
        self._volumes = None
        with self.canvas.moving():
            self.scenery.show_volumes(made)

    def clear_outlines(self) -> None:
        """Take the outlines away."""
        self.scenery.drop_outlines()
        self.flat.drop_outlines()

    # ------------------------------------------------------------------------------------ the image

    def set_picture(self, picture: Picture | None) -> None:
        """Take another image of the user's; what stood for the one before goes."""
        self.own.use(picture)
        with self.canvas.moving():
            self.flat.clear()
            self.shelf.drop("plane", "outlines", "frustum")
            self._plane_shown = ()
            if picture is not None:
                self.shelf.want_all()

    def set_image_opacity(self, opacity: float) -> None:
        """Make the image plane more or less transparent, also for the next image."""
        self.image_opacity = opacity
        layer = self.shelf.get("plane") or self.shelf.parked("plane")
        if layer is not None:
            layer.opacity = opacity

    def set_template(
        self, pixels: npt.NDArray[Any] | None, registration: Registration | None
    ) -> None:
        """Show an earlier image, shape (H, W) or (H, W, 3), in its place; None takes it away."""
        self._template = None
        with self.canvas.moving():
            self.shelf.drop("template")
        if pixels is not None and registration is not None:
            self._template = (pixels, registration)
            self.arrange()

    # --------------------------------------------------------------------------------------- inside

    def _aim(self) -> None:
        self.viewpoints.take(self.mode, self.scenery.box_um, is_3d=self.is_3d)

    def _choose_active(self) -> None:
        """Never leave a surface active: napari would search it at every move of the mouse."""
        selection = self._viewer.layers.selection
        own, plane = self.own.layer, self.shelf.get("plane")
        wanted, other = (plane, own) if self.is_3d else (own, plane)
        if wanted is not None and selection.active in (None, other):
            selection.active = wanted

    def _on_wandered(self) -> None:
        """Who turns the camera away from the image looks at the brain from there."""
        if self.mode == "look_through" and not self.viewpoints.is_held:
            self.mode = "brain"
            self.settle()
            self.mode_changed.emit("brain")

    def _on_toggled(self, ndisplay: int) -> None:
        """Napari's own 2D/3D button switches between image and brain too."""
        if self._session.scene is None:
            return
        if ndisplay == 2 and self.is_3d:
            self.set_mode("image")
        elif ndisplay == 3 and self.mode == "image":
            self.set_mode(self._mode_before)
