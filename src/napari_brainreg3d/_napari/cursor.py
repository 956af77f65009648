"""What the mouse needs to know of the stage: what lies under it, and what it can grab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from napari_brainreg3d._napari.aligner import Aligner
from napari_brainreg3d._napari.presentation import Presentation
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.sight_text import Ray, image_text, scene_text
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry.frames import FloatArray


class Cursor:
    """The cursor over one canvas.

    Parameters
    ----------
    viewer
        Whose canvas.
    session
        What is shown.
    shown
        How it is shown.
    is_warm
        Whether rays can be cast into a scene at once.
    """

    def __init__(
        self,
        viewer: Any,
        session: Session,
        shown: Presentation,
        is_warm: Callable[[Scene], bool],
    ) -> None:
        self._viewer, self._session, self._shown = viewer, session, shown
        self._is_warm = is_warm

    @property
    def aligner(self) -> Aligner:
        """What moves the image."""
        return self._session.aligner

    @contextmanager
    def holding_camera(self) -> Iterator[None]:
        """Keep the canvas's camera where it is, although the image moves."""
        self._shown.viewpoints.is_held = True
        try:
            yield
        finally:
            self._shown.viewpoints.is_held = False
            registration = self._session.registration
            if registration is not None:
                self._shown.place(registration.view)

    def point_on_image_um(self, position: FloatArray) -> FloatArray | None:
        """In the image view: where a position in the world lies in the plane of focus.

        Parameters
        ----------
        position : ndarray, shape (D,)
            In the world of the viewer.

        Returns
        -------
        ndarray, shape (2,), or None
            (down, right) from the image centre, um; None when no image is shown.
        """
        registration = self._session.registration
        if self._shown.mode != "image" or registration is None or self._shown.own.layer is None:
            return None
        offsets = registration.grid.to_offsets(self._shown.own.pixel_at(position))
        return registration.camera.crossings(offsets)

    def read_at(self, ray: Ray | None, position: FloatArray) -> str:
        """What lies under the cursor, in words; empty for nothing.

        Parameters
        ----------
        ray
            In 3D the point, shape (3,), and the direction, shape (3,), of the cursor's ray.
        position : ndarray, shape (D,)
            The cursor in the world.
        """
        scene, registration = self._session.scene, self._session.registration
        if scene is None or not self._is_warm(scene):
            return ""
        shown = self._shown
        if ray is not None and shown.is_3d:
            plane = shown.shelf.get("plane")
            return scene_text(
                scene,
                registration,
                ray,
                shown.settings,
                is_perspective=self._viewer.scene.camera.perspective > 0,
                has_plane=plane is not None and plane.visible,
            )
        if shown.mode != "image" or registration is None or shown.own.layer is None:
            return ""
        return image_text(scene, registration, shown.own.pixel_at(position), shown.settings)
