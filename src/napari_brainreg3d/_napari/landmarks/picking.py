"""From a place on the canvas to a point of the image, or of the brain's surface."""

from __future__ import annotations

import numpy as np

from napari_brainreg3d._napari.sight_text import Ray, pixel_under
from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.registration import Registration

Pixel = tuple[float, float]
Place = tuple[float, float, float]


def pixel_at(registration: Registration, ray: Ray | None, flat_px: FloatArray) -> Pixel | None:
    """The point of the image under the cursor, (row, column).

    Parameters
    ----------
    registration
        Where the image lies.
    ray
        The cursor's ray in ``atlas_um``; None in the image view.
    flat_px : ndarray, shape (2,)
        In the image view the point itself.

    Returns
    -------
    tuple of float, or None
        None beside the image.
    """
    pixel = flat_px if ray is None else pixel_under(registration, ray)
    if pixel is None:
        return None
    height, width = registration.image_shape
    row, column = float(pixel[0]), float(pixel[1])
    is_inside = -0.5 <= row <= height - 0.5 and -0.5 <= column <= width - 0.5
    return (row, column) if is_inside else None


def surface_at(
    scene: Scene,
    registration: Registration,
    ray: Ray | None,
    flat_px: FloatArray,
    *,
    is_perspective: bool,
) -> Place | None:
    """The point of the brain's surface under the cursor.

    Parameters
    ----------
    scene
        With a brain; without one the regions' surface counts.
    registration
        In the image view: whose camera looks.
    ray
        The cursor's ray in ``atlas_um``; None in the image view.
    flat_px : ndarray, shape (2,)
        In the image view the pixel.
    is_perspective
        Whether rays of the canvas begin at the ray's point; parallel ones come from far behind it.

    Returns
    -------
    tuple of float, or None
        ``atlas_um``; None beside the brain.
    """
    if ray is None:
        rays = registration.view.pixel_rays(flat_px[None])
    else:
        origin, direction = ray
        start = 0.0 if is_perspective else -np.inf
        rays = RayBundle(origin[None], direction[None], direction, start)
    hits = caster_for(surface_of(scene)).first_hits(rays)
    if hits.face[0] < 0:
        return None
    first, second, third = rays.at_depth(hits.depth_um)[0]
    return float(first), float(second), float(third)


def surface_of(scene: Scene) -> Mesh:
    """What is clicked on: the brain, or the regions of an atlas without one."""
    return scene.brain if len(scene.brain.faces) else scene.mesh
