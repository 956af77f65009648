"""The layers that show a session: which are there in which mode, and how they follow it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d._napari.canvas_view import CanvasView
from napari_brainreg3d._napari.extras import Extras
from napari_brainreg3d._napari.flat_view import FlatView
from napari_brainreg3d._napari.image_plane import ImagePlane
from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.ownership import LayerTuple
from napari_brainreg3d._napari.own_image import OwnImage
from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d._napari.results_layers import ResultLayers
from napari_brainreg3d._napari.scenery import Scenery
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d._napari.units import matching_units
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import View
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.registration import default_bregma

Mode = Literal["brain", "look_through", "image"]


class ShownLayers:
    """Our layers in one viewer, and the user's own image.

    Parameters
    ----------
    viewer
        Whose layers.
    session
        What they show.
    canvas
        Is told when what changes is our doing.

    Signals
    -------
    arranged()
        The layers in the viewer are those of session and mode, or have settled on a pose.

    Attributes
    ----------
    mode, is_3d
        How the session is looked at; set by the presentation.
    own, plane, flat, scenery, extras, results
        Kinds of layers.
    settings
        How a projection decides what a pixel sees.
    scene_shown
        The scene whose surfaces are there; None while they change.
    """

    arranged: ClassVar[Signal] = Signal()

    def __init__(self, viewer: Any, session: Session, canvas: CanvasView) -> None:
        self._viewer, self._session, self._canvas = viewer, session, canvas
        self.mode: Mode = "brain"
        self.is_3d = False
        self.is_frustum_visible = False
        self.settings = ProjectionSettings()
        self.own = OwnImage(viewer)
        self.shelf = Shelf(viewer)
        self.scenery = Scenery(self.shelf)
        self.plane = ImagePlane(self.shelf, self.scenery)
        self.flat = FlatView(self.shelf)
        self.extras = Extras(self.shelf, self.scenery)
        self.results = ResultLayers(viewer, self.shelf, self._take_volumes)
        self.scene_shown: Scene | None = None
        self._volumes: LayerTuple | None = None

    def clear(self) -> None:
        """Take our layers away, but the results."""
        self.extras.clear()
        self.flat.clear()
        self.shelf.drop(*self.scenery.places)

    # -------------------------------------------------------------------------------- what is there

    @property
    def lacks_plane(self) -> bool:
        """Whether there is an image but no plane for it, other than by the user's own will."""
        return self.own.picture is not None and self.plane.is_lacking

    def enter_3d(self) -> None:
        """Have the layers that stand in 3D instead of those in 2D."""
        self.is_3d = True
        self.flat.hide()
        self.results.set_shown(False)
        self.own.show(False)
        self._canvas.set_ndisplay(3)
        self.shelf.unpark()

    def leave_3d(self) -> None:
        """Have the layers in 2D instead."""
        self.is_3d = False
        # Before 2D: napari warns of tilted layers in it.
        self.shelf.park(self.scenery.places)
        self._canvas.set_ndisplay(2)
        self.results.set_shown(True)

    def filling_3d(self, scene: Scene, *, has_plane: bool, is_placed: bool) -> Iterator[None]:
        """Have everything of a scene in 3D, one layer after the other.

        Parameters
        ----------
        scene
            That of the session, or one that is about to be.
        has_plane
            Whether the image is shown as a plane.
        is_placed
            Whether there is a place for it already; without, it is hidden.
        """
        self.match_units()
        self.own.show(False)
        if self.scene_shown is not scene:
            self.scene_shown = None  # until all of it is there
            yield from self.scenery.showing(scene)
            self.scene_shown = scene
        if self._volumes is not None:
            self.scenery.show_volumes(self._volumes)
            self._volumes = None
            yield
        if self.own.picture is None or not has_plane:
            self.plane.drop()
        else:
            self.plane.show(self.own.picture, self.mode, is_placed=is_placed)
            yield

    def arrange_extras(self) -> None:
        """Have what other parts show in the way that belongs to the mode."""
        registration = self._session.registration
        to_world, units = self.own.in_world()
        self.extras.arrange(
            self.mode,
            is_3d=self.is_3d,
            view=registration.view if registration else None,
            to_world=to_world,
            units=units,
            has_image=self.own.layer is not None,
        )

    def match_units(self) -> None:
        """Let our layers have the units of the user's, or else napari complains."""
        if self.is_3d:
            with self._canvas.moving():
                self.scenery.set_units(matching_units(self._viewer.layers))

    def choose_active(self) -> None:
        """Never leave a surface active: napari would search it at every move of the mouse."""
        selection = self._viewer.layers.selection
        own, plane = self.own.layer, self.shelf.get("plane")
        wanted, other = (plane, own) if self.is_3d else (own, plane)
        if wanted is not None and selection.active in (None, other):
            selection.active = wanted

    def set_picture(self, picture: Picture | None) -> None:
        """Take another image of the user's; what stood for the one before goes."""
        self.own.use(picture)
        with self._canvas.moving():
            self.flat.clear()
            self.plane.drop()
            if picture is not None:
                self.shelf.want_all()

    # ------------------------------------------------------------------------------- while aligning

    def place(self, view: View) -> None:
        """Follow the pose with what must be there at once."""
        with self._canvas.moving():
            self.scenery.place_plane(view)
            self.shelf.set_shown("plane", True)
            self.extras.place(view)

    def settle(self) -> None:
        """Follow the pose with what may come a moment later: marks and field of view."""
        registration = self._session.registration
        view = registration.view if registration is not None else None
        with self._canvas.moving():
            if self.mode == "image":
                if view is not None and self.own.layer is not None:
                    self.flat.show_marks(view, *self.own.in_world())
            elif self.is_3d:
                self.scenery.surfaces.show_core(self._core_um())
                is_through = self.mode == "look_through"
                if is_through and view is not None:
                    self.scenery.show_image_marks(view)
                else:
                    self.scenery.show_brain_marks(self._bregma())
                has_frustum = self.is_frustum_visible and not is_through
                self.scenery.show_frustum(view if has_frustum else None)
        self.arranged.emit()

    def _bregma(self) -> BregmaPreset | None:
        """Bregma of the session, or the one that it will have with the scene that is coming."""
        scene = self.scene_shown
        if scene is None or scene is self._session.scene:
            return self._session.bregma
        return default_bregma(scene.atlas.name)

    def _core_um(self) -> float | None:
        """How deep one sees into the brain; None for as deep as there are regions."""
        settings = self.settings
        hides = settings.occlusion == "brain" and settings.sample_depth_um is None
        return settings.tolerance_um if hides and self.mode == "look_through" else None

    def draw_outlines(self, picture: npt.NDArray[np.uint8], registration: Registration) -> None:
        """Draw outlines, shape (h, w, 4), of a registration whose image has these pixels."""
        with self._canvas.moving():
            if self.is_3d:
                self.scenery.show_outlines(picture, registration.view)
            elif self.mode == "image" and self.own.picture is not None:
                self.flat.show_outlines(picture, self.own.picture.shape, *self.own.in_world())

    def clear_outlines(self) -> None:
        """Take the outlines away."""
        self.scenery.drop_outlines()
        self.flat.drop_outlines()

    # ----------------------------------------------------------------------------- what others show

    def show_extra(self, name: str, extra: Extra | None, *, want: bool = False) -> None:
        """Show something of another part of the plugin, or update it; None takes it away."""
        with self._canvas.moving():
            if extra is None:
                self.extras.hide(name)
            else:
                self.extras.show(name, extra, want=want)

    def _take_volumes(self, made: LayerTuple | None) -> None:
        """Show the volumes in view now, or when the canvas shows 3D again."""
        if made is not None and not self.is_3d:
            self._volumes = made
            return
        self._volumes = None
        with self._canvas.moving():
            self.scenery.show_volumes(made)
