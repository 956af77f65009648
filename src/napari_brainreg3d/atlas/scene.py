"""What stands in front of the camera: the region meshes, the whole brain, and their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.geometry.frames import ML, FloatArray, read_only

Hemisphere = Literal["both", "left", "right"]


@dataclass(frozen=True, slots=True)
class AtlasInfo:
    """What an atlas is and where it comes from.

    Attributes
    ----------
    name, version
        As BrainGlobe writes them, e.g. ``"allen_mouse_25um"`` and ``"3.1"``.
    species, citation
        As the atlas states them.
    resolution_um
        Size of an annotation voxel along the three axes of ``atlas_um``.
    shape
        Voxels of the annotation along these axes.
    is_schematic
        Whether it is a drawing, not anatomy; every picture and table then says so.
    """

    name: str
    version: str
    species: str
    citation: str
    resolution_um: tuple[float, float, float]
    shape: tuple[int, int, int]
    is_schematic: bool = False

    @property
    def size_um(self) -> tuple[float, float, float]:
        """Extent of the annotation volume, um; one corner is the origin."""
        a, b, c = (n * step for n, step in zip(self.shape, self.resolution_um, strict=True))
        return (a, b, c)

    @property
    def midline_um(self) -> float:
        """Coordinate on axis 2 where the hemispheres of a symmetric atlas meet."""
        # BrainGlobe's own rule, rounding included.
        return round(self.shape[ML] / 2) * self.resolution_um[ML]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mesh:
    """Triangles in ``atlas_um``.

    Attributes
    ----------
    vertices_um : ndarray, shape (V, 3), float64
        Corners.
    faces : ndarray, shape (F, 3), int32
        Corner numbers, counter-clockwise seen from outside (in the left-handed ``asr`` frame:
        the normal ``(b - a) x (c - a)``, computed in coordinates, points outwards).
    """

    vertices_um: FloatArray
    faces: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        vertices = np.ascontiguousarray(self.vertices_um, np.float64).reshape(-1, 3)
        faces = np.ascontiguousarray(self.faces, np.int32).reshape(-1, 3)
        object.__setattr__(self, "vertices_um", read_only(vertices))
        object.__setattr__(self, "faces", read_only(faces))

    @property
    def bounds_um(self) -> FloatArray:
        """Lowest and highest corner, shape (2, 3), um; NaN when there are no triangles."""
        if not len(self.faces):
            return np.full((2, 3), np.nan)
        return np.stack([self.vertices_um.min(axis=0), self.vertices_um.max(axis=0)])


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """The annotation volume: the finest region of every voxel.

    Attributes
    ----------
    ids : ndarray, shape (A, B, C), unsigned integer
        Region ids; 0 is outside the brain.
    resolution_um
        Voxel size; voxel (0, 0, 0) has its corner at the origin of ``atlas_um``.
    """

    ids: npt.NDArray[Any]
    resolution_um: tuple[float, float, float]

    def at(self, points_um: FloatArray) -> npt.NDArray[Any]:
        """Region ids, shape (N,), of the voxels that hold ``points_um``, shape (N, 3).

        0 outside the volume and for points that are not finite.
        """
        with np.errstate(invalid="ignore"):
            voxels = np.floor(points_um / self.resolution_um)
            inside = ((voxels >= 0) & (voxels < self.ids.shape)).all(axis=1)
        found = np.zeros(len(points_um), self.ids.dtype)
        a, b, c = voxels[inside].astype(np.intp).T
        found[inside] = self.ids[a, b, c]
        return found


@dataclass(frozen=True, slots=True)
class MeshFault:
    """Something wrong with the mesh of a region, and what was done about it."""

    acronym: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.acronym}: {self.fault}; {self.remedy}"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Scene:
    """The meshes in front of the camera, with their region table, as one ray-castable whole.

    Attributes
    ----------
    atlas
        Where everything comes from.
    ontology
        All regions of the atlas, also those without a mesh in the scene.
    regions
        The chosen regions, in table order. ``face_region`` counts in this order.
    mesh
        All meshes of ``regions`` in one.
    face_region : ndarray, shape (F,), int32
        Index into ``regions`` of every face of ``mesh``.
    brain
        The whole brain's surface; without triangles when the atlas has none.
    hemisphere
        Which side ``mesh`` was restricted to.
    faults
        What was wrong with the meshes.
    load_annotation
        Loads the annotation volume when first called; None when the atlas has none.
    load_sides
        For atlases that are not symmetric: loads a volume like the annotation that is 1 left and
        2 right. None: the sides meet in the middle of the volume.
    """

    atlas: AtlasInfo
    ontology: Ontology
    regions: tuple[Region, ...]
    mesh: Mesh
    face_region: npt.NDArray[np.int32]
    brain: Mesh
    hemisphere: Hemisphere = "both"
    faults: tuple[MeshFault, ...] = ()
    load_annotation: Callable[[], Annotation] | None = None
    load_sides: Callable[[], Annotation] | None = None

    def __post_init__(self) -> None:
        owner = np.ascontiguousarray(self.face_region, np.int32)
        if owner.shape != (len(self.mesh.faces),):
            raise ValueError(f"{len(self.mesh.faces)} faces but {owner.shape} region indices")
        if owner.size and not 0 <= owner.min() <= owner.max() < len(self.regions):
            raise ValueError("face_region points past the regions")
        object.__setattr__(self, "face_region", read_only(owner))

    def is_left(self, points_um: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether points, shape (N, 3), lie in the animal's left hemisphere; False for NaN.

        BrainGlobe's rule: small indices of axis 2 are the right hemisphere.
        """
        if self.load_sides is not None:
            # A mesh may bulge over the edge of the volume: ask the voxel nearest to it.
            edge = np.array(self.atlas.size_um)
            inside = np.clip(points_um, 0.0, np.nextafter(edge, 0.0))
            return np.asarray(self.load_sides().at(inside) == 1)
        return np.asarray(points_um[:, ML] >= self.atlas.midline_um)

    def region_mesh(self, index: int) -> Mesh:
        """The mesh of ``regions[index]`` alone, with only its own vertices."""
        faces = self.mesh.faces[self.face_region == index]
        used, renumbered = np.unique(faces, return_inverse=True)
        return Mesh(self.mesh.vertices_um[used], renumbered.reshape(-1, 3).astype(np.int32))
