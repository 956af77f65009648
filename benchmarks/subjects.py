"""What is measured: scenes of real anatomy where it is at hand, else of the demo atlas."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.registration import Registration

#: Seconds that brainreg3D takes for 400 x 251 pixels and ten regions, on a 2-core machine.
BRAINREG3D_S = 6.1


def shared_atlases() -> Path | None:
    """The folder with the real test atlas, None where there is none."""
    given = os.environ.get("NAPARI_BRAINREG3D_SHARED")
    folder = (Path(given) if given else Path(__file__).parents[2] / "shared") / "atlas"
    return folder if (folder / "brainglobe-atlasapi").is_dir() else None


@dataclass(frozen=True)
class Subject:
    """An atlas to measure on, as arguments of ``load_scene``."""

    atlas: str
    brainglobe_dir: Path | None
    is_real: bool

    def load(self, regions: Any) -> Scene:
        """A scene of it."""
        return load_scene(self.atlas, regions, brainglobe_dir=self.brainglobe_dir)

    @property
    def name(self) -> str:
        """For the report."""
        return f"{self.atlas} ({'real anatomy' if self.is_real else 'schematic demo atlas'})"


@cache
def subject() -> Subject:
    """Real anatomy where it is at hand, else the demo atlas."""
    folder = shared_atlases()
    if folder is not None:
        return Subject("allen_mouse_50um", folder, True)
    return Subject("demo_mouse", None, False)


def many_regions() -> Scene:
    """All areas of the cortex and the olfactory areas: some 60 regions, some 250,000 faces."""
    return subject().load(["Isocortex/areas", "OLF/areas"])


def ten_regions() -> Scene:
    """The ten regions that brainreg3D shows."""
    return subject().load("brainreg3d")


def large_image(height: int = 1024, width: int = 1024) -> Registration:
    """An image of the whole dorsal brain, tilted, with a real camera."""
    size = 9.0 * 1024 / height, 9.0 * 1024 / width
    return Registration(
        atlas=subject().atlas,
        image_shape=(height, width),
        pixel_size_um=size,
        pose=Pose.dorsal(centre_um=(5500.0, 100.0, 5700.0), yaw_deg=8.0, pitch_deg=5.0),
        camera=PinholeCamera(working_distance_mm=230.0),
    )


def window_image() -> Registration:
    """An image through a window over the right hemisphere, 400 x 251 pixels, as brainreg3D's."""
    return Registration(
        atlas=subject().atlas,
        image_shape=(251, 400),
        pixel_size_um=(15.9, 15.6),
        pose=Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7), yaw_deg=88.2),
        camera=PinholeCamera(working_distance_mm=230.0),
    )


class BareEmbree:
    """Embree alone: the same triangles and the same rays, ready made, and nothing around it."""

    def __init__(self, scene: Scene, registration: Registration) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        vertices, centre = scene.mesh.vertices_um, scene.mesh.bounds_um.mean(axis=0)
        self._scene = EmbreeScene(robust=True)
        TriangleMesh(
            self._scene, (vertices - centre).astype(np.float32), np.array(scene.mesh.faces)
        )
        rays = registration.view.row_rays(0, registration.image_shape[0])
        depth = ((vertices - registration.pose.centre_um) @ rays.viewing_direction).min() - 10.0
        self._origins = (rays.at_depth(depth) - centre).astype(np.float32)
        self._directions = rays.directions.astype(np.float32)
        self.first_faces()  # builds the tree

    def first_faces(self) -> Any:
        """The first face of each ray, one call, one thread."""
        return self._scene.run(self._origins, self._directions)
