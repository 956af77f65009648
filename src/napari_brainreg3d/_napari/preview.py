"""Which region each pixel sees, and nothing else: a projection light enough to follow a drag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.resolve import IdLookup, resolve_at_depth, resolve_surface
from napari_brainreg3d.registration import Registration

#: Rays at a time: between two pieces other threads have their turn.
_RAYS_PER_PIECE: Final = 1 << 14


def seen_regions(
    scene: Scene,
    registration: Registration,
    settings: ProjectionSettings,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> npt.NDArray[np.int32] | None:
    """Find the region that each pixel sees.

    Parameters
    ----------
    scene
        What stands in front of the camera.
    registration
        Where the image lies, H x W pixels.
    settings
        How it is decided what is seen.
    is_cancelled
        Asked now and then.

    Returns
    -------
    ndarray, shape (H, W), int32, or None
        Index into ``scene.regions``, -1 for none of them: what
        :func:`napari_brainreg3d.project` finds. None when cancelled.

    Raises
    ------
    ValueError
        When the atlas or the lens cannot do what the settings ask for.
    """
    height, width = registration.image_shape
    seen = np.empty((height, width), np.int32)
    rows = max(1, _RAYS_PER_PIECE // width)
    brain, regions = caster_for(scene.brain), caster_for(scene.mesh)
    depth = settings.sample_depth_um
    owner_of = IdLookup(scene) if depth is not None else None
    for first in range(0, height, rows):
        if is_cancelled():
            return None
        stop = min(height, first + rows)
        rays = registration.view.row_rays(first, stop)
        outer = brain.first_hits(rays)
        if depth is not None and owner_of is not None:
            found = resolve_at_depth(scene, rays, outer, depth, owner_of)
        else:
            found = resolve_surface(scene, rays, regions.first_hits(rays), outer, settings)
        seen[first:stop] = found.region.reshape(-1, width)
    return seen


def reduced(registration: Registration, rays: int) -> Registration:
    """The same field of view with at most about ``rays`` pixels, or as it is."""
    height, width = registration.image_shape
    step = max(1.0, float(np.sqrt(height * width / rays)))
    if step == 1.0:
        return registration
    shape = max(1, round(height / step)), max(1, round(width / step))
    extent = registration.grid.extent_um
    return registration.replaced(
        image_shape=shape, pixel_size_um=(extent[0] / shape[0], extent[1] / shape[1])
    )
