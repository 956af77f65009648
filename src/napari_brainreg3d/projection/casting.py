"""Casting rays into one mesh: which face first, how deep, at which angle.

The engine finds the face; where the ray meets the plane of that face is then solved in float64, so
that depths do not carry the engine's float32.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.engines import FirstHitEngine, default_engine

#: Rays start this share of the mesh's diagonal before its bounding box.
_MARGIN: Final = 1e-3
#: Cosine of incidence under which a face is seen so nearly edge on that where a ray meets its plane
#: says little about where it meets the face.
_EDGE_ON: Final = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Where R rays first meet a mesh.

    Attributes
    ----------
    face : ndarray, shape (R,), int32
        Face of the mesh; -1 where the ray meets nothing.
    depth_um : ndarray, shape (R,), float64
        Depth under the plane of focus (the parameter of the ray); NaN where nothing is met.
    cos_incidence : ndarray, shape (R,), float64
        Cosine, 0..1, of the angle between the ray and the face's normal; NaN where nothing is met.
    """

    face: npt.NDArray[np.int32]
    depth_um: FloatArray
    cos_incidence: FloatArray


class SurfaceCaster:
    """A mesh with its search tree, built once; safe to use from several threads.

    Parameters
    ----------
    mesh
        What rays can meet.
    engine
        Makes the engine; None for the fastest one installed.
    """

    def __init__(self, mesh: Mesh, engine: Callable[[Mesh], FirstHitEngine] | None = None) -> None:
        self._engine = (engine or default_engine)(mesh)
        self._corners = _corners(mesh)
        self._vertices, self._faces = mesh.vertices_um, mesh.faces
        a, b, c = mesh.vertices_um[mesh.faces.T]
        normals = np.cross(b - a, c - a)
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
        # The plane of a face: normal . x = offset. One more row, all NaN, is the answer of -1.
        self._normals = np.concatenate([normals, np.full((1, 3), np.nan)])
        self._offsets = np.append((normals * a).sum(axis=1), np.nan)

    def start_depth(self, rays: RayBundle) -> float:
        """A depth before everything that ``rays`` can meet, but not behind their camera, um."""
        if not len(rays) or not np.isfinite(self._corners).all():
            return max(rays.eye_depth_um, 0.0)
        depths = (self._corners - rays.crossings_um[0]) @ rays.viewing_direction
        margin = _MARGIN * float(np.ptp(self._corners, axis=0).max())
        return max(float(depths.min()) - margin, rays.eye_depth_um)

    def first_hits(self, rays: RayBundle) -> Hits:
        """Find what each ray meets first.

        Rays begin at the camera, not at the plane of focus: tissue above the plane counts.
        """
        start = self.start_depth(rays)
        origins = rays.at_depth(start)
        face = self._engine.first_faces(origins, rays.directions)
        normals = self._normals[face]
        along = np.einsum("ij,ij->i", normals, rays.directions)
        ahead = self._offsets[face] - np.einsum("ij,ij->i", normals, origins)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = start + ahead / along
        lengths = np.sqrt(np.einsum("ij,ij->i", rays.directions, rays.directions))
        cos_incidence = np.minimum(np.abs(along) / lengths, 1.0)
        edge_on = np.flatnonzero(cos_incidence < _EDGE_ON)
        if edge_on.size:
            low, high = self._depth_range(rays, face[edge_on])
            solved = np.where(np.isnan(depth[edge_on]), low, depth[edge_on])
            depth[edge_on] = np.clip(solved, np.maximum(low, start), high)
        return Hits(face, depth, cos_incidence)

    def _depth_range(
        self, rays: RayBundle, faces: npt.NDArray[np.int32]
    ) -> tuple[FloatArray, FloatArray]:
        """Depth of the nearest and of the furthest corner of faces, shape (F,) each, um."""
        corners = self._vertices[self._faces[faces]]
        depths = (corners - rays.crossings_um[0]) @ rays.viewing_direction
        return depths.min(axis=1), depths.max(axis=1)

    def blocked_before(self, rays: RayBundle, depth_um: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether each ray meets the mesh before it reaches ``depth_um``, shape (R,)."""
        start = self.start_depth(rays)
        # NaN (nowhere to get to) is never blocked.
        limits = np.nan_to_num(depth_um - start, nan=-1.0, posinf=1e30)
        hits = self._engine.hits_within(rays.at_depth(start), rays.directions, limits)
        return hits & (limits > 0)


def _corners(mesh: Mesh) -> FloatArray:
    low, high = mesh.bounds_um
    return np.array([[(low, high)[i >> k & 1][k] for k in range(3)] for i in range(8)])


_casters: WeakKeyDictionary[Mesh, SurfaceCaster] = WeakKeyDictionary()
_casters_lock = threading.Lock()


def caster_for(mesh: Mesh) -> SurfaceCaster:
    """The caster of a mesh, built on first use and kept as long as the mesh lives."""
    with _casters_lock:
        caster = _casters.get(mesh)
        if caster is None:
            caster = _casters[mesh] = SurfaceCaster(mesh)
        return caster
