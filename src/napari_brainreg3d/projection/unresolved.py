"""brainreg3D's unresolved view: what each region covers, whatever lies in front of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.projection.casting import SurfaceCaster
from napari_brainreg3d.registration import Registration

_ROWS_PER_PIECE = 1 << 20


def meets_each_region(scene: Scene, registration: Registration) -> npt.NDArray[np.bool_]:
    """Find the pixels whose rays meet each region at any depth.

    Parameters
    ----------
    scene
        N regions.
    registration
        An image of H x W pixels.

    Returns
    -------
    ndarray, shape (N, H, W), bool
        Whether the ray of each pixel meets the mesh of each region.
    """
    height, width = registration.image_shape
    meets = np.zeros((len(scene.regions), height, width), bool)
    rows = max(1, _ROWS_PER_PIECE // width)
    casters = [SurfaceCaster(scene.region_mesh(i)) for i in range(len(scene.regions))]
    for first in range(0, height, rows):
        stop = min(first + rows, height)
        rays = registration.view.row_rays(first, stop)
        everywhere = np.full(len(rays), np.inf)
        for region, caster in enumerate(casters):
            met = caster.blocked_before(rays, everywhere)
            meets[region, first:stop] = met.reshape(-1, width)
    return meets
