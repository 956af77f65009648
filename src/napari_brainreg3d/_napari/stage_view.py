"""How the stage is looked at: its modes, and what of the scene shows."""

from __future__ import annotations

import numpy as np

from napari_brainreg3d._napari.shown_layers import Mode
from napari_brainreg3d._napari.stage_image import ImageOnStage
from napari_brainreg3d._napari.viewer_camera import distortion_note
from napari_brainreg3d.projection.projection import ProjectionSettings


class ViewOfStage(ImageOnStage):
    """What can be chosen of the view."""

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
        return self._shown.layers.plane.opacity

    def set_image_opacity(self, opacity: float) -> None:
        """Make the image plane more or less transparent, 0 to 1."""
        self._shown.layers.plane.set_opacity(float(np.clip(opacity, 0.0, 1.0)))

    @property
    def outlines_visible(self) -> bool:
        """Whether region outlines are drawn on the image."""
        return self._live.are_outlines_visible

    def set_outlines_visible(self, is_visible: bool) -> None:
        """Show or hide the region outlines on the image."""
        self._live.set_outlines_visible(is_visible)

    def set_frustum_visible(self, is_visible: bool) -> None:
        """Show or hide the edges of the camera's field of view in the brain view."""
        self._shown.layers.is_frustum_visible = is_visible
        self._shown.layers.settle()

    def set_preview_settings(self, settings: ProjectionSettings) -> None:
        """Choose how the live outlines and the readout decide what a pixel sees."""
        self._live.set_settings(settings)
