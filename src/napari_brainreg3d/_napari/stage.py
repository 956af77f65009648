"""The stage of one viewer: one session, shown in one canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d._napari.cursor import Cursor
from napari_brainreg3d._napari.gestures import Gestures
from napari_brainreg3d._napari.keys import Keys, Steps
from napari_brainreg3d._napari.layers.ownership import Role
from napari_brainreg3d._napari.live import Live
from napari_brainreg3d._napari.picture import Picture, Taken
from napari_brainreg3d._napari.presentation import Mode, Presentation
from napari_brainreg3d._napari.readout import Readout
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.viewer_camera import distortion_note
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.registration import Registration

_stages: WeakValueDictionary[int, Stage] = WeakValueDictionary()


def stage_for(viewer: Any) -> Stage:
    """The stage of a viewer (or of its public proxy): one per viewer, made on first use."""
    real = getattr(viewer, "__wrapped__", viewer)
    stage = _stages.get(id(real))
    if stage is None or stage.is_closed or stage.viewer is not real:
        stage = _stages[id(real)] = Stage(real)
    return stage


class Stage:
    """Shows a session in a viewer, and lets mouse and keys work on it.

    Parameters
    ----------
    viewer
        A napari viewer; use :func:`stage_for` to get its one stage.

    Signals
    -------
    mode_changed(str)
        After the canvas shows the scene in another way.
    frame_changed(int)
        Another frame of a movie is in use.
    closed()
    """

    mode_changed: ClassVar[Signal] = Signal(str)
    frame_changed: ClassVar[Signal] = Signal(int)
    closed: ClassVar[Signal] = Signal()

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.session = Session()
        self.steps = Steps()
        self._is_closed = False
        self._shown = Presentation(viewer, self.session)
        self._live = Live(self.session, self._shown)
        cursor = Cursor(viewer, self.session, self._shown, self._live.outlines.is_warm)
        self._gestures = Gestures(viewer, cursor)
        self._readout = Readout(viewer, cursor.read_at)
        # Its keys keep the stage alive as long as the viewer.
        self._keys = Keys(viewer, self)
        self._shown.mode_changed.connect(self._on_mode)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_step)

    def close(self) -> None:
        """Disconnect everything and remove our layers; results stay as ordinary layers."""
        if self._is_closed:
            return
        self._is_closed = True
        self.viewer.layers.events.inserted.disconnect(self._on_inserted)
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self.viewer.dims.events.current_step.disconnect(self._on_step)
        self._gestures.close()
        self._keys.close()
        self._readout.close()
        self._live.close()
        self._shown.close()
        self._shown.mode_changed.disconnect(self._on_mode)
        self.closed.emit()

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._is_closed

    # ------------------------------------------------------------------------------------ the image

    @property
    def image_layer(self) -> Any:
        """The user's layer in use, None when there is none."""
        return self._shown.own.picture.layer if self._shown.own.picture else None

    @property
    def frames(self) -> int:
        """How many frames the image in use has."""
        return self._shown.own.picture.frames if self._shown.own.picture else 1

    @property
    def frame(self) -> int:
        """Which frame is in use."""
        return self._shown.own.picture.frame if self._shown.own.picture else 0

    @property
    def taken(self) -> Taken:
        """What is taken of a movie: the frame shown, or the mean or maximum of all."""
        return self._shown.own.picture.taken if self._shown.own.picture else "frame"

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
        self._shown.set_picture(picture)
        self.session.set_image(None if picture is None else picture.describe())
        self._live.refresh()

    def set_taken(self, taken: Taken) -> None:
        """Choose what is taken of a movie."""
        picture = self._shown.own.picture
        if picture is not None and taken != picture.taken:
            picture.taken = taken
            self.session.note_hash(None)
            self._live.refresh()

    def set_frame(self, frame: int) -> None:
        """Go to a frame of a movie."""
        self._shown.own.go_to_frame(frame, is_3d=self._shown.is_3d)

    def image_pixels(self) -> npt.NDArray[Any] | None:
        """Pixels of the frame in use, shape (H, W) or (H, W, 3); None without an image."""
        return self._shown.own.picture.pixels() if self._shown.own.picture else None

    def hash_image(self) -> str | None:
        """Hash the pixels in use, which then is part of the session's registration."""
        image, picture = self.session.image, self._shown.own.picture
        if image is not None and picture is not None and image.sha256 is None:
            self.session.note_hash(picture.hash())
        return self.session.image.sha256 if self.session.image else None

    # ------------------------------------------------------------------------------ how it is shown

    @property
    def mode(self) -> Mode:
        """How the scene is looked at: ``"brain"``, ``"look_through"`` or ``"image"``."""
        return self._shown.mode

    def set_mode(self, mode: Mode) -> None:
        """Look at the scene in another way; pose, camera and layers stay.

        Raises
        ------
        RegistrationError
            When there is nothing to look through yet.
        """
        self._shown.set_mode(mode)

    def toggle_look_through(self) -> None:
        """Switch between the brain view and the look through the camera."""
        self._shown.toggle_look_through()

    def toggle_image_view(self) -> None:
        """Switch between the image view and the view before it."""
        self._shown.toggle_image()

    @property
    def camera_note(self) -> str:
        """What the look through the camera cannot show exactly, in words; empty when nothing."""
        registration = self.session.registration
        return distortion_note(registration.view) if registration else ""

    @property
    def image_opacity(self) -> float:
        """Opacity of the image plane, 0 to 1."""
        return self._shown.image_opacity

    def set_image_opacity(self, opacity: float) -> None:
        """Make the image plane more or less transparent, 0 to 1."""
        self._shown.set_image_opacity(float(np.clip(opacity, 0.0, 1.0)))

    @property
    def outlines_visible(self) -> bool:
        """Whether region outlines are drawn on the image."""
        return self._live.are_outlines_visible

    def set_outlines_visible(self, is_visible: bool) -> None:
        """Show or hide the region outlines on the image."""
        self._live.set_outlines_visible(is_visible)

    def set_frustum_visible(self, is_visible: bool) -> None:
        """Show or hide the edges of the camera's field of view in the brain view."""
        self._shown.is_frustum_visible = is_visible
        self._shown.settle()

    def set_preview_settings(self, settings: ProjectionSettings) -> None:
        """Choose how the live outlines and the readout decide what a pixel sees."""
        self._live.set_settings(settings)

    # -------------------------------------------------------------------------------------- results

    def show_projection(
        self,
        projection: Projection,
        *,
        masks: bool = False,
        maps: Sequence[str] = (),
        volumes: bool = False,
        unresolved: bool = False,
    ) -> None:
        """Make the result layers, or update them in place.

        Parameters
        ----------
        projection
            What to show: its labels always.
        masks
            Whether to make a stack with one mask per region.
        maps
            Some of ``"depth"``, ``"surface_depth"``, ``"incidence"``, ``"coordinates"``.
        volumes
            Whether to cut the part of each region out that the camera has in view.
        unresolved
            Whether to show what each region covers whatever lies in front of it.
        """
        to_world, units = self._shown.own.in_world()
        self._shown.results.show(
            projection,
            to_world,
            masks=masks,
            maps=maps,
            volumes=volumes,
            unresolved=unresolved,
            units=units,
            frames=self.frames,
        )
        self._live.set_settings(projection.settings)

    def select_region(self, label: int | None) -> None:
        """Let a row of the region table stand out in every view; None: all rows alike."""
        projection = self.session.projection
        regions: set[int] = set()
        if label is not None and projection is not None:
            codes = np.flatnonzero(projection.grouping.label_of == label)
            regions = {(int(code) - 1) // 2 for code in codes if code > 0}
        self._shown.results.select(label)
        self._live.highlight(regions)

    def set_template(
        self, image_pixels: npt.NDArray[Any] | None, registration: Registration | None
    ) -> None:
        """Show an earlier session's image in its place in the atlas; None takes it away."""
        self._shown.set_template(image_pixels, registration)

    def layers(self, role: Role) -> list[Any]:
        """Our layers of one kind that are in the viewer."""
        return self._shown.shelf.of_role(role)

    # --------------------------------------------------------------------------- what napari tells

    def _on_mode(self, mode: str) -> None:
        self._readout.clear()
        self.mode_changed.emit(mode)

    def _on_inserted(self, event: Any) -> None:
        if not self._shown.shelf.is_busy:
            self._shown.match_units()

    def _on_removed(self, event: Any) -> None:
        if self._shown.shelf.is_busy:
            return
        self._shown.shelf.note_removed()
        if self.image_layer is not None and self._shown.own.layer is None:
            # Alignment and results stay: another layer may take its place.
            self._shown.set_picture(None)
            self._live.request_outlines()
            self.session.set_image(None)

    def _on_step(self, event: Any) -> None:
        picture = self._shown.own.picture
        if picture is None or not picture.is_movie or self._shown.is_changing:
            return
        frame = self._shown.own.frame_shown(is_3d=self._shown.is_3d)
        if frame != picture.frame:
            picture.frame = frame
            self.session.note_hash(None)
            self.frame_changed.emit(frame)
