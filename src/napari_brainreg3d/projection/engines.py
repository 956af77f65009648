"""First-hit ray engines behind one signature: embree where it has wheels, else trimesh's own."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.geometry.frames import FloatArray

#: Twice the area over the longest edge squared of triangles that are as good as lines.
_SLIVER: Final = 1e-9

HAS_EMBREE = importlib.util.find_spec("embreex") is not None


class FirstHitEngine(Protocol):
    """Finds which face rays meet first, counting both sides of a face, ``t >= 0``."""

    def first_faces(self, origins: FloatArray, directions: FloatArray) -> npt.NDArray[np.int32]:
        """Index of the first face, -1 for none, shape (R,), of rays given as (R, 3) arrays."""
        ...

    def hits_within(
        self, origins: FloatArray, directions: FloatArray, limits: FloatArray
    ) -> npt.NDArray[np.bool_]:
        """Whether any face is met at ``t < limits``, shape (R,), in lengths of ``directions``."""
        ...


class EmbreeEngine:
    """Intel Embree through ``embreex``; float32 inside, so the mesh is centred first.

    Centred, a mouse brain's coordinates stay below 8192 um, where a float32 step is 0.0005 um. The
    engine is watertight (Embree's "robust" mode): no ray slips through between two faces.
    """

    def __init__(self, mesh: Mesh) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._centre = mesh.bounds_um.mean(axis=0)
        self._scene: Any = EmbreeScene(robust=True)
        vertices = (mesh.vertices_um - self._centre).astype(np.float32)
        faces = np.array(mesh.faces, np.int32)
        if threading.current_thread() is not threading.main_thread():
            vertices, faces = vertices.view(_Interruptible), faces.view(_Interruptible)
        TriangleMesh(self._scene, vertices, faces)
        # The tree is built with the first ray: cast one now, since later several threads will.
        self._scene.run(np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32))

    def first_faces(self, origins: FloatArray, directions: FloatArray) -> npt.NDArray[np.int32]:
        faces: npt.NDArray[np.int32] = self._scene.run(
            (origins - self._centre).astype(np.float32), directions.astype(np.float32)
        )
        return faces

    def hits_within(
        self, origins: FloatArray, directions: FloatArray, limits: FloatArray
    ) -> npt.NDArray[np.bool_]:
        found = self._scene.run(
            (origins - self._centre).astype(np.float32),
            directions.astype(np.float32),
            limits.astype(np.float32),  # a fresh copy: the engine writes into it
            query="OCCLUDED",
        )
        return np.asarray(found != -1)


class _Interruptible(np.ndarray[Any, Any]):
    """An array that lets other threads run while ``embreex`` copies it, number by number.

    It copies in compiled code that holds Python's lock, a tenth of a second for 200 thousand faces,
    during which a window would stand still. A method in Python gives the lock away when asked.
    """

    def __getitem__(self, key: Any) -> Any:
        return np.ndarray.__getitem__(self, key)


class TrimeshEngine:
    """trimesh's own ray caster: the same answers, some thousand times slower."""

    def __init__(self, mesh: Mesh) -> None:
        import trimesh
        from trimesh.ray.ray_triangle import RayMeshIntersector

        # Rounding lets it find hits on triangles without area, anywhere on their line.
        a, b, c = mesh.vertices_um[mesh.faces.T]
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        longest = np.square([b - a, c - b, a - c]).sum(axis=2).max(axis=0)
        self._kept = np.flatnonzero(area > _SLIVER * longest)
        self._mesh = trimesh.Trimesh(mesh.vertices_um, mesh.faces[self._kept], process=False)
        self._intersector: Any = RayMeshIntersector(self._mesh)  # type: ignore[no-untyped-call]

    def _all_hits(self, origins: FloatArray, directions: FloatArray) -> tuple[Any, Any, Any]:
        faces, rays, places = self._intersector.intersects_id(
            origins, directions, return_locations=True, multiple_hits=True
        )
        places = places.reshape(-1, 3)  # where nothing is met, trimesh gives an array of shape (0,)
        lengths = np.square(directions[rays]).sum(axis=1)
        distances = ((places - origins[rays]) * directions[rays]).sum(axis=1) / lengths
        return self._kept[faces], rays, distances

    def first_faces(self, origins: FloatArray, directions: FloatArray) -> npt.NDArray[np.int32]:
        first = np.full(len(origins), -1, np.int32)
        if len(origins) and len(self._kept):
            faces, rays, distances = self._all_hits(origins, directions)
            # Written from far to near, so that the nearest stays.
            order = np.argsort(-distances, kind="stable")
            first[rays[order]] = faces[order]
        return first

    def hits_within(
        self, origins: FloatArray, directions: FloatArray, limits: FloatArray
    ) -> npt.NDArray[np.bool_]:
        near = np.zeros(len(origins), bool)
        if len(origins) and len(self._kept):
            _, rays, distances = self._all_hits(origins, directions)
            near[rays[distances < limits[rays]]] = True
        return near


class NothingEngine:
    """The engine of a mesh without faces: no ray meets anything."""

    def first_faces(self, origins: FloatArray, directions: FloatArray) -> npt.NDArray[np.int32]:
        return np.full(len(origins), -1, np.int32)

    def hits_within(
        self, origins: FloatArray, directions: FloatArray, limits: FloatArray
    ) -> npt.NDArray[np.bool_]:
        return np.zeros(len(origins), bool)


def default_engine(mesh: Mesh) -> FirstHitEngine:
    """The fastest engine that is installed."""
    if not len(mesh.faces):
        return NothingEngine()
    make: Callable[[Mesh], FirstHitEngine] = EmbreeEngine if HAS_EMBREE else TrimeshEngine
    return make(mesh)
