"""What the mouse needs to know of the stage: what lies under it, and what it can grab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from napari_brainreg3d._napari.aligner import Aligner
from napari_brainreg3d._napari.presentation import Presentation
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.sight_text import (
    Ray,
    image_text,
    pixel_under,
    scene_text,
    sight_along,
)
from napari_brainreg3d._napari.viewer_camera import mouse_ray
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.results.lookup import look_at_pixel


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
        if (
            self._shown.mode != "image"
            or registration is None
            or self._shown.layers.own.layer is None
        ):
            return None
        offsets = registration.grid.to_offsets(self._shown.layers.own.pixel_at(position))
        return registration.camera.crossings(offsets)

    def pixel_at(self, event: Any) -> FloatArray | None:
        """The point of the image, shape (2,), ``image_px``, under a mouse event; None beside it."""
        registration, own = self._session.registration, self._shown.layers.own
        ray = mouse_ray(event)
        if registration is not None and ray is not None and self._shown.is_3d:
            return pixel_under(registration, ray)
        if own.picture is None or own.layer is None or self._shown.is_3d:
            return None
        pixel = own.pixel_at(np.asarray(event.position, np.float64))
        is_inside = (pixel >= -0.5).all() and (pixel <= np.array(own.picture.shape) - 0.5).all()
        return pixel if is_inside else None

    def atlas_um_at(self, event: Any) -> FloatArray | None:
        """The place in the brain, shape (3,), ``atlas_um``, under a mouse event; None beside it.

        In 3D what the canvas shows there, in the image view what the pixel sees.
        """
        scene, registration = self._session.scene, self._session.registration
        if scene is None or not self._is_warm(scene):
            return None
        ray, sight = mouse_ray(event), None
        if ray is not None and self._shown.is_3d:
            is_perspective = self._viewer.scene.camera.perspective > 0
            sight, _ = sight_along(scene, registration, ray, is_perspective=is_perspective)
        elif registration is not None:
            pixel, settings = self.pixel_at(event), self._shown.layers.settings
            if pixel is not None:
                place = float(pixel[0]), float(pixel[1])
                sight = look_at_pixel(scene, registration, place, settings=settings)
        is_seen = sight is not None and sight.atlas_um is not None
        return np.asarray(sight.atlas_um, np.float64) if is_seen and sight else None

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
            plane = shown.layers.shelf.get("plane")
            return scene_text(
                scene,
                registration,
                ray,
                shown.layers.settings,
                is_perspective=self._viewer.scene.camera.perspective > 0,
                has_plane=plane is not None and plane.visible,
            )
        if shown.mode != "image" or registration is None or shown.layers.own.layer is None:
            return ""
        return image_text(
            scene, registration, shown.layers.own.pixel_at(position), shown.layers.settings
        )
