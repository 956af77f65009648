"""Project a scene through a registration's camera: one call from image pose to labels."""

from __future__ import annotations

import warnings
from typing import get_args

import numpy as np

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.grouping import FINEST_DTYPE, finest_labels, group
from napari_brainreg3d.projection.projection import Occlusion, Projection, ProjectionSettings
from napari_brainreg3d.projection.seeing import RAYS_PER_PIECE, run_pieces, seer
from napari_brainreg3d.projection.unresolved import EachRegion
from napari_brainreg3d.registration import Registration


class NothingSeenWarning(UserWarning):
    """The image looks past the brain: every label is 0."""


def project(
    scene: Scene,
    registration: Registration,
    *,
    occlusion: Occlusion = "brain",
    tolerance_um: float = 150.0,
    sample_depth_um: float | None = None,
    unresolved: bool = False,
    split_hemispheres: bool = False,
    progress: Progress | None = None,
) -> Projection:
    """Cast the rays of every pixel into the scene. Changes neither argument.

    Parameters
    ----------
    scene
        The meshes in front of the camera, from :func:`napari_brainreg3d.load_scene`.
    registration
        Where the image lies and how its camera looks.
    occlusion
        ``"brain"``: the whole brain's surface hides regions that lie more than ``tolerance_um``
        under it. ``"selected"``: only the selected regions are there, so that a deep one shines
        through tissue that was not selected.
    tolerance_um
        How far, at right angles, a region may lie under the brain's surface and still be seen, um.
    sample_depth_um
        None: a pixel belongs to the region whose mesh its ray meets first. A number: to the region
        annotated at this way along the ray under the brain's surface, um.
    unresolved
        Whether to add, per region, every pixel whose ray meets it at any depth.
    split_hemispheres
        Whether left and right get rows of their own in the table.
    progress
        Told ``(rows done, rows)`` now and then; cancels by returning False.

    Returns
    -------
    Projection
        Labels, depth, incidence angle, atlas coordinates and region table.

    Raises
    ------
    RegistrationError
        When a parameter is not valid.
    AtlasError
        When the atlas has no brain surface or annotation although they are needed.
    Cancelled
        When ``progress`` said so.

    Warns
    -----
    NothingSeenWarning
        When no pixel sees a selected region.

    Notes
    -----
    Rays begin at the camera, so that tissue above the plane of focus counts. Rays start near the
    mesh in float64 before they are rounded, and depths are solved in float64, so that the result
    does not depend on the working distance. Image rows are shared out between threads.
    """
    settings = _checked(scene, occlusion, tolerance_um, sample_depth_um)
    height, width = registration.image_shape
    finest = np.empty((height, width), FINEST_DTYPE)
    maps = [np.empty((height, width), np.float32) for _ in range(3)]
    see = seer(scene, settings)
    each_region = EachRegion(scene) if unresolved else None
    regions = len(scene.regions) if unresolved else 0
    covered = np.empty((regions, height, width), bool)
    view = registration.view

    def work(first: int, stop: int) -> None:
        rays = view.row_rays(first, stop)
        seen = see(rays)
        is_left = scene.is_left(rays.at_depth(seen.depth_um))
        shape = (stop - first, width)
        finest[first:stop] = finest_labels(seen.region, is_left).reshape(shape)
        angle = np.degrees(np.arccos(seen.cos_incidence))
        for target, values in zip(maps, (seen.depth_um, seen.surface_depth_um, angle), strict=True):
            target[first:stop] = values.reshape(shape)
        if each_region is not None:
            covered[:, first:stop] = each_region.met_by(rays).reshape(-1, *shape)

    run_pieces(work, height, max(1, RAYS_PER_PIECE // width), progress)
    projection = Projection(
        scene=scene,
        registration=registration,
        settings=settings,
        finest=finest,
        depth_um=maps[0],
        surface_depth_um=maps[1],
        incidence_deg=maps[2],
        grouping=group(
            scene.regions,
            scene.ontology,
            hemisphere=scene.hemisphere,
            split_hemispheres=split_hemispheres,
        ),
        unresolved=covered if unresolved else None,
    )
    if not finest.any():
        warnings.warn(
            "the image sees none of the selected regions: every label is 0; check the pose",
            NothingSeenWarning,
            stacklevel=2,
        )
    return projection


def _checked(
    scene: Scene, occlusion: Occlusion, tolerance_um: float, sample_depth_um: float | None
) -> ProjectionSettings:
    if occlusion not in get_args(Occlusion):
        raise RegistrationError(f"occlusion must be 'brain' or 'selected', got {occlusion!r}")
    if not tolerance_um >= 0:
        raise RegistrationError(f"tolerance_um must not be negative, got {tolerance_um!r}")
    if sample_depth_um is not None:
        if not (np.isfinite(sample_depth_um) and sample_depth_um >= 0):
            raise RegistrationError(
                f"sample_depth_um must be a number from 0 up, got {sample_depth_um!r}"
            )
        if scene.load_annotation is None or not len(scene.brain.faces):
            raise AtlasError(
                f"{scene.atlas.name} has no annotation or no brain surface, so that no region can "
                "be read at a depth; leave sample_depth_um out"
            )
    return ProjectionSettings(occlusion, float(tolerance_um), sample_depth_um)
