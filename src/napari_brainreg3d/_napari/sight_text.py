"""What the readout says of a pixel of the image, and of a ray through the scene."""

from __future__ import annotations

import dataclasses

import numpy as np

from napari_brainreg3d._napari.gestures import point_on_plane_um
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.lookup import Sight, look_along, look_at_pixel

Ray = tuple[FloatArray, FloatArray]


def image_text(
    scene: Scene,
    registration: Registration,
    pixel: FloatArray,
    settings: ProjectionSettings,
) -> str:
    """What a point of the image, shape (2,), sees; empty outside the image."""
    height, width = registration.image_shape
    row, column = float(pixel[0]), float(pixel[1])
    if not (-0.5 <= row <= height - 0.5 and -0.5 <= column <= width - 0.5):
        return ""
    sight = look_at_pixel(scene, registration, (row, column), settings=settings)
    return "\n".join([*sight.parts, f"image row {round(row)}, column {round(column)}"])


def scene_text(
    scene: Scene,
    registration: Registration | None,
    ray: Ray,
    settings: ProjectionSettings,
    *,
    is_perspective: bool,
    has_plane: bool = True,
) -> str:
    """What a ray of the canvas meets first: a pixel of the image, or the brain.

    Parameters
    ----------
    scene
        Regions and brain.
    registration
        Where the image lies; None when there is none.
    ray
        A point, shape (3,), and a unit direction, ``atlas_um``.
    settings
        How a projection decides what a pixel sees.
    is_perspective
        Whether rays begin at the point; parallel ones come from far behind it.
    has_plane
        Whether the image can be seen.
    """
    origin, direction = ray
    sight, way_um = sight_along(scene, registration, ray, is_perspective=is_perspective)
    if registration is not None and has_plane:
        pixel = pixel_under(registration, ray)
        if pixel is not None:
            place = registration.view.pose.to_atlas([*_offsets(registration, pixel), 0.0])
            if float((place - origin) @ direction) <= way_um:
                return image_text(scene, registration, pixel, settings)
    return "\n".join(sight.parts) if sight.atlas_um is not None else ""


def pixel_under(registration: Registration, ray: Ray) -> FloatArray | None:
    """The point of the image, shape (2,), ``image_px``, that a ray crosses; None beside it."""
    place = point_on_plane_um(*ray, registration.pose)
    if place is None:
        return None
    offsets = place * (1.0, -1.0) if registration.camera.mirrored else place
    pixel = registration.grid.to_pixels(offsets)
    height, width = registration.image_shape
    inside = (pixel >= -0.5).all() and pixel[0] <= height - 0.5 and pixel[1] <= width - 0.5
    return pixel if inside else None


def sight_along(
    scene: Scene, registration: Registration | None, ray: Ray, *, is_perspective: bool
) -> tuple[Sight, float]:
    """What tissue a ray of the canvas meets, and how far along it, um (infinity for none)."""
    origin, direction = ray
    rays = RayBundle(origin[None], direction[None], direction, 0.0 if is_perspective else -np.inf)
    bregma = registration.bregma if registration else None
    # In the canvas the brain is see-through: a region behind it is seen.
    sight = look_along(
        scene, rays, settings=ProjectionSettings(occlusion="selected"), bregma=bregma
    )[0]
    if sight.atlas_um is None:
        sight = look_along(scene, rays, bregma=bregma)[0]
    if sight.atlas_um is None or sight.depth_um is None:
        return sight, np.inf
    depth = None
    if registration is not None:
        depth = float(registration.pose.to_plane(sight.atlas_um)[2])
    # The angle of the canvas's ray says nothing of how the image's camera sees the place.
    return dataclasses.replace(sight, depth_um=depth, incidence_deg=None), sight.depth_um


def _offsets(registration: Registration, pixel: FloatArray) -> FloatArray:
    offsets = registration.grid.to_offsets(pixel)
    return np.asarray(offsets * (1.0, -1.0) if registration.camera.mirrored else offsets)
