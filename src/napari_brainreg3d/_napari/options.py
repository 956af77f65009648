"""How the user wants the image projected, as one value, and the work itself."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection import NothingSeenWarning, Projection, project
from napari_brainreg3d.projection.projection import Occlusion
from napari_brainreg3d.projection.refine import Where, refine
from napari_brainreg3d.registration import Registration

MapName = Literal["depth", "surface_depth", "incidence", "coordinates"]
MAPS: Final[tuple[MapName, ...]] = get_args(MapName)

#: Tissue this far in front of the plane of focus is worth a word to the user, um.
_FAR_IN_FRONT_UM: Final = 1000.0


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """What to compute and what to show of it.

    Attributes
    ----------
    occlusion, tolerance_um, sample_depth_um, unresolved, split_hemispheres
        As :func:`napari_brainreg3d.project` takes them.
    refine_where, refine_k
        Where labels are refined by their k nearest neighbours; None: nowhere.
    masks, maps, volumes
        Which layers are made besides the labels.
    """

    occlusion: Occlusion = "brain"
    tolerance_um: float = 150.0
    sample_depth_um: float | None = None
    refine_where: Where | None = None
    refine_k: int = 11
    unresolved: bool = False
    split_hemispheres: bool = False
    masks: bool = False
    maps: tuple[MapName, ...] = ()
    volumes: bool = False


def run_projection(
    scene: Scene,
    registration: Registration,
    options: ProjectOptions,
    progress: Progress | None = None,
) -> Projection:
    """Project and refine as the options say; the errors are those of the two functions."""
    with warnings.catch_warnings():
        # The user reads it as a notification instead (see `remarks`).
        warnings.simplefilter("ignore", NothingSeenWarning)
        projection = project(
            scene,
            registration,
            occlusion=options.occlusion,
            tolerance_um=options.tolerance_um,
            sample_depth_um=options.sample_depth_um,
            unresolved=options.unresolved,
            split_hemispheres=options.split_hemispheres,
            progress=progress,
        )
    if options.refine_where is None or not projection.finest.any():
        return projection
    return refine(projection, options.refine_k, options.refine_where, progress=progress)


def remarks(projection: Projection) -> list[str]:
    """What a user should know about a result, one sentence each; empty when all is well."""
    if not projection.finest.any():
        return [
            "The image sees none of the chosen regions: every label is 0. It lies beside the brain "
            "or looks away from it; choose a start pose and align again."
        ]
    depth = projection.depth_um[projection.finest > 0]
    if float(np.median(depth)) < -_FAR_IN_FRONT_UM:
        above_mm = -float(np.median(depth)) / 1000.0
        return [
            f"The image plane lies inside the brain: most of the tissue seen is {above_mm:.1f} mm "
            "in front of it. Labels are those of the brain's surface; move the plane up if it "
            "should be in focus."
        ]
    return []


def check_ready(missing: list[str]) -> None:
    """Refuse to project while something is missing.

    Raises
    ------
    RegistrationError
        With all that is missing, in the user's words.
    """
    if missing:
        raise RegistrationError(f"not yet: {', '.join(missing)}")
