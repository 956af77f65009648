"""Loading a scene in a thread, and what the user should know of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from napari_brainreg3d._napari.scene_layers import warm_up
from napari_brainreg3d._napari.work import tell
from napari_brainreg3d.atlas.loading import MeshFaultWarning, load_scene
from napari_brainreg3d.atlas.scene import Hemisphere, Scene
from napari_brainreg3d.progress import Progress

if TYPE_CHECKING:
    from napari_brainreg3d.atlas.selection import RegionRequest

#: The kind of work that loads a scene.
ATLAS: Final = "atlas"


def quiet_scene(
    name: str,
    regions: RegionRequest | None,
    hemisphere: Hemisphere,
    progress: Progress | None = None,
) -> Scene:
    """Load a scene; regions without a mesh are told by :func:`tell_faults` instead of a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeshFaultWarning)
        scene = load_scene(name, regions, hemisphere=hemisphere, progress=progress)
    warm_up(scene)
    return scene


def tell_faults(scene: Scene) -> None:
    """Tell the user once which of the regions asked for have no usable mesh."""
    skipped = [fault.acronym for fault in scene.faults if "skipped" in fault.remedy]
    if skipped:
        tell(f"Left out, because {scene.atlas.name} has no usable mesh of them: {_few(skipped)}.")


def _few(words: Sequence[str], most: int = 12) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
