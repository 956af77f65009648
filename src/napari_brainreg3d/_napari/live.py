"""What follows the session while it changes: the pose at once, outlines and marks soon after."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.outlines_live import LiveOutlines
from napari_brainreg3d._napari.presentation import Presentation
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.registration import Registration


class Live:
    """Keeps what is shown up to date.

    Parameters
    ----------
    session
        What is followed.
    shown
        What follows.
    """

    def __init__(self, session: Session, shown: Presentation) -> None:
        self._session, self._shown = session, shown
        self.outlines = LiveOutlines()
        self.are_outlines_visible = True
        self._highlighted: tuple[int, ...] = ()
        self._bregma: BregmaPreset | None = None
        session.scene_changed.connect(self._on_scene)
        session.status_changed.connect(self._on_status)
        session.aligner.changed.connect(self._on_aligned)
        shown.mode_changed.connect(self.request_outlines)
        self.outlines.drawn.connect(self._on_drawn)

    def close(self) -> None:
        """Follow no longer."""
        self._session.scene_changed.disconnect(self._on_scene)
        self._session.status_changed.disconnect(self._on_status)
        self._session.aligner.changed.disconnect(self._on_aligned)
        self._shown.mode_changed.disconnect(self.request_outlines)
        self.outlines.drawn.disconnect(self._on_drawn)
        self.outlines.close()

    def refresh(self) -> None:
        """Show what the session holds now."""
        self._shown.arrange()
        self.request_outlines()

    def highlight(self, regions: Collection[int]) -> None:
        """Let some regions, by their index in the scene, stand out; none: all alike."""
        self._highlighted = tuple(sorted(regions))
        self._shown.layers.scenery.surfaces.highlight(self._highlighted)
        self.request_outlines()

    def set_outlines_visible(self, is_visible: bool) -> None:
        """Draw outlines, or take them away."""
        self.are_outlines_visible = is_visible
        if is_visible:
            self._shown.layers.shelf.want_all()
            self.request_outlines()
        else:
            self.outlines.cancel()
            self._shown.layers.clear_outlines()

    def set_settings(self, settings: ProjectionSettings) -> None:
        """Choose how it is decided what a pixel sees."""
        if settings != self._shown.layers.settings:
            self._shown.layers.settings = settings
            self._shown.layers.settle()
            self.request_outlines()

    def request_outlines(self) -> None:
        """Have the outlines drawn anew, soon."""
        scene, registration = self._session.scene, self._session.registration
        is_wanted = self.are_outlines_visible and self._shown.layers.own.picture is not None
        if scene is None or registration is None or not is_wanted:
            self.outlines.cancel()
            return
        self.outlines.request(
            scene,
            registration,
            settings=self._shown.layers.settings,
            highlighted=self._highlighted,
        )

    def _on_scene(self) -> None:
        self._highlighted = ()
        self._shown.layers.shelf.want_all()
        if self._session.scene is not None:
            self.outlines.warm_up(self._session.scene)
        self.refresh()

    def _on_status(self) -> None:
        if self._session.bregma is not self._bregma:
            self._bregma = self._session.bregma
            self._shown.layers.settle()

    def _on_aligned(self) -> None:
        registration = self._session.registration
        if registration is None:
            return
        if self._shown.is_3d and self._shown.layers.lacks_plane:
            self._shown.arrange()  # the first pose: from now on there is a plane
        else:
            self._shown.place(registration.view)
        if self.are_outlines_visible:
            self.request_outlines()
        else:
            self._shown.layers.settle()

    def _on_drawn(self, picture: npt.NDArray[np.uint8], small: Registration) -> None:
        self._shown.layers.draw_outlines(picture, small)
        self._shown.layers.settle()
