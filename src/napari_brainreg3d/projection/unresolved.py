"""brainreg3D's unresolved view: what each region covers, whatever lies in front of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.projection.casting import SurfaceCaster


class EachRegion:
    """The regions of a scene, each with a search tree of its own.

    Parameters
    ----------
    scene
        N regions.
    """

    def __init__(self, scene: Scene) -> None:
        self._casters = [SurfaceCaster(scene.region_mesh(i)) for i in range(len(scene.regions))]

    def met_by(self, rays: RayBundle) -> npt.NDArray[np.bool_]:
        """Whether each of R rays meets the mesh of each region at any depth, shape (N, R)."""
        everywhere = np.full(len(rays), np.inf)
        return np.array([caster.blocked_before(rays, everywhere) for caster in self._casters])
