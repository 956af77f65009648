"""What any rays of a camera see, decided as a projection decides it; shared out between threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import AtlasError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.resolve import IdLookup, Seen, resolve_at_depth, resolve_surface
from napari_brainreg3d.threads import thread_count

#: Rays per piece of work: small enough for the processor's cache, large enough for the overhead.
RAYS_PER_PIECE: Final = 1 << 15


def seer(scene: Scene, settings: ProjectionSettings) -> Callable[[RayBundle], Seen]:
    """Make the function that tells what rays see; safe to use from several threads.

    Parameters
    ----------
    scene
        What stands in front of the camera.
    settings
        How :func:`napari_brainreg3d.project` decides what is seen.

    Raises
    ------
    AtlasError
        When a depth shall be sampled and the atlas has no annotation or no brain surface.
    """
    depth = settings.sample_depth_um
    if depth is not None:
        check_annotated(scene)
        brain, owner_of = caster_for(scene.brain), IdLookup(scene)
        return lambda rays: resolve_at_depth(scene, rays, brain.first_hits(rays), depth, owner_of)
    brain, regions = caster_for(scene.brain), caster_for(scene.mesh)
    return lambda rays: resolve_surface(
        scene, rays, regions.first_hits(rays), brain.first_hits(rays), settings
    )


def check_annotated(scene: Scene) -> None:
    """Refuse a scene without what regions under the surface are read from.

    Raises
    ------
    AtlasError
        When it has no annotation volume or no brain surface.
    """
    if scene.load_annotation is None or not len(scene.brain.faces):
        raise AtlasError(
            f"{scene.atlas.name} has no annotation or no brain surface, so that no region can be "
            "read at a depth; choose an atlas that has both, or leave the depth out"
        )


def run_pieces(
    work: Callable[[int, int], None], total: int, size: int, progress: Progress | None = None
) -> None:
    """Share ``range(total)`` out between threads.

    Parameters
    ----------
    work
        Does the part from its first argument up to, not including, its second; numpy and the ray
        engine let go of Python's lock.
    total, size
        How much there is, and how much of it is one piece.
    progress
        Told ``(done, total)`` now and then; cancels by returning False.

    Raises
    ------
    Cancelled
        When ``progress`` said so.
    """
    workers = thread_count()
    report(progress, 0, total)
    done = 0
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running: dict[Future[None], int] = {}
        try:
            for first in range(0, total, size):
                stop = min(first + size, total)
                running[pool.submit(work, first, stop)] = stop - first
                # Never more than a few pieces ahead, so that a cancellation is heard at once.
                while len(running) >= 2 * workers:
                    done += _reap(running)
                    report(progress, done, total)
            while running:
                done += _reap(running)
                report(progress, done, total)
        except BaseException:
            for future in running:
                future.cancel()
            raise


def _reap(running: dict[Future[None], int]) -> int:
    finished, _ = wait(running, return_when=FIRST_COMPLETED)
    done = 0
    for future in finished:
        done += running.pop(future)
        future.result()  # raises what the piece of work raised
    return done
