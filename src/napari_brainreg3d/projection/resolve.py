"""From what rays meet to what pixels show: depth, occlusion, identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.casting import Hits
from napari_brainreg3d.projection.projection import ProjectionSettings


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What R rays show.

    Attributes
    ----------
    region : ndarray, shape (R,), int32
        Index into ``scene.regions``; -1 where no chosen region is seen.
    depth_um : ndarray, shape (R,)
        Depth of the tissue under the plane of focus; NaN where there is none.
    surface_depth_um : ndarray, shape (R,)
        Way along the ray from the brain's surface to the tissue; NaN where the brain is missed.
    cos_incidence : ndarray, shape (R,)
        Cosine of the angle between the ray and the surface that it meets.
    """

    region: npt.NDArray[np.int32]
    depth_um: FloatArray
    surface_depth_um: FloatArray
    cos_incidence: FloatArray


class IdLookup:
    """From the ids of an annotation volume to the chosen regions that contain them.

    Parameters
    ----------
    scene
        Its ontology and chosen regions.
    """

    def __init__(self, scene: Scene) -> None:
        index = {region.id: i for i, region in enumerate(scene.regions)}
        owners = {
            region.id: next((index[i] for i in reversed(region.path) if i in index), -1)
            for region in scene.ontology.regions
        }
        # Ids are sparse, up to hundreds of millions: search instead of a table.
        self._ids = np.array(sorted(owners), np.int64)
        self._owners = np.array([owners[i] for i in self._ids.tolist()], np.int32)

    def __call__(self, ids: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.int32]:
        """Index into ``scene.regions`` for each id, -1 for ids outside all of them."""
        wanted = ids.astype(np.int64)
        place = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return np.where(self._ids[place] == wanted, self._owners[place], -1).astype(np.int32)


def resolve_surface(
    scene: Scene, rays: RayBundle, regions: Hits, brain: Hits, settings: ProjectionSettings
) -> Seen:
    """Decide between the region a ray meets first and the brain's surface in front of it.

    Parameters
    ----------
    scene
        What was cast into.
    rays
        R rays.
    regions, brain
        Where they first meet ``scene.mesh`` and ``scene.brain``.
    settings
        With ``occlusion="brain"``, a region that lies more than ``tolerance_um`` under the brain's
        surface (at right angles to it) is hidden: the pixel shows the surface, without a label.
    """
    per_depth = np.sqrt(np.einsum("ij,ij->i", rays.directions, rays.directions))
    below = (regions.depth_um - brain.depth_um) * per_depth
    seen_region = regions.face >= 0
    if settings.occlusion == "brain":
        # How far under the surface, not how far along the ray: where a ray grazes the brain, the
        # few um by which a region's smoothed mesh falls short of it are hundreds along the ray.
        with np.errstate(invalid="ignore"):
            seen_region &= ~(below * brain.cos_incidence > settings.tolerance_um)
        show_brain = ~seen_region
    else:
        show_brain = np.zeros(len(rays), bool)
    owner = np.append(scene.face_region, -1)[regions.face]
    depth = np.where(show_brain, brain.depth_um, regions.depth_um)
    # A mesh bulges here and there over the brain's own: that tissue is at the surface.
    surface_depth = np.where(show_brain, (depth - brain.depth_um), np.maximum(below, 0.0))
    return Seen(
        np.where(seen_region, owner, -1).astype(np.int32),
        depth,
        surface_depth,
        np.where(show_brain, brain.cos_incidence, regions.cos_incidence),
    )


def resolve_at_depth(
    scene: Scene, rays: RayBundle, brain: Hits, sample_depth_um: float, owner_of: IdLookup
) -> Seen:
    """Read the annotated region at a depth under the brain's surface, along each ray.

    Parameters
    ----------
    scene
        What was cast into; must have an annotation.
    rays
        R rays.
    brain
        Where they first meet ``scene.brain``.
    sample_depth_um
        Way along the ray from the brain's surface to the sampled point, um.
    owner_of
        From annotated id to index of the chosen region.
    """
    if scene.load_annotation is None:
        raise ValueError(f"{scene.atlas.name} has no annotation volume to sample")
    per_depth = np.sqrt(np.einsum("ij,ij->i", rays.directions, rays.directions))
    depth = brain.depth_um + sample_depth_um / per_depth
    points = rays.at_depth(depth)
    region = owner_of(scene.load_annotation().at(points))
    if scene.hemisphere != "both":  # the annotation has both sides, unlike the meshes
        region[scene.is_left(points) != (scene.hemisphere == "left")] = -1
    return Seen(
        region,
        depth,
        np.where(np.isnan(depth), np.nan, sample_depth_um),
        brain.cos_incidence,
    )
