"""Project a scene through a registration's camera: one call from image pose to labels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, get_args

import numpy as np

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.grouping import FINEST_DTYPE, finest_labels, group
from napari_brainreg3d.projection.projection import Occlusion, Projection, ProjectionSettings
from napari_brainreg3d.projection.resolve import IdLookup, Seen, resolve_at_depth, resolve_surface
from napari_brainreg3d.projection.unresolved import EachRegion
from napari_brainreg3d.registration import Registration

#: Rays per piece of work: small enough for the processor's cache, large enough for the overhead.
_RAYS_PER_PIECE: Final = 1 << 15


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
    see = _seer(scene, settings)
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

    _run_rows(work, height, width, progress)
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


def _seer(scene: Scene, settings: ProjectionSettings) -> Callable[[RayBundle], Seen]:
    brain = caster_for(scene.brain)
    depth = settings.sample_depth_um
    if depth is not None:
        owner_of = IdLookup(scene)
        return lambda rays: resolve_at_depth(scene, rays, brain.first_hits(rays), depth, owner_of)
    regions = caster_for(scene.mesh)
    return lambda rays: resolve_surface(
        scene, rays, regions.first_hits(rays), brain.first_hits(rays), settings
    )


def _run_rows(
    work: Callable[[int, int], None], height: int, width: int, progress: Progress | None
) -> None:
    """Share the rows out between threads; numpy and the ray engine let go of Python's lock."""
    pieces = _pieces(height, max(1, _RAYS_PER_PIECE // width))
    report(progress, 0, height)
    done = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        running: dict[Future[None], int] = {}
        try:
            for first, stop in pieces:
                running[pool.submit(work, first, stop)] = stop - first
                # Never more than a few pieces ahead, so that a cancellation is heard at once.
                while len(running) >= 2 * (os.cpu_count() or 1):
                    done += _reap(running)
                    report(progress, done, height)
            while running:
                done += _reap(running)
                report(progress, done, height)
        except BaseException:
            for future in running:
                future.cancel()
            raise


def _reap(running: dict[Future[None], int]) -> int:
    finished, _ = wait(running, return_when=FIRST_COMPLETED)
    rows = 0
    for future in finished:
        rows += running.pop(future)
        future.result()  # raises what the piece of work raised
    return rows


def _pieces(height: int, rows: int) -> Iterator[tuple[int, int]]:
    for first in range(0, height, rows):
        yield first, min(first + rows, height)
