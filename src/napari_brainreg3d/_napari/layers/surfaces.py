"""Regions and whole brain as two Surface layers, with the lighting baked into vertex colours.

napari's own shading is black in the camera orientation that shows the brain unmirrored, and one
layer per region is far too slow: so all regions are one surface, and light falls on it here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.geometry.frames import FloatArray

Colours = npt.NDArray[np.float32]

#: From above, a little from the front and from the animal's right, ``atlas_um``.
_LIGHT: Final = np.array([-0.45, -0.85, -0.3]) / np.linalg.norm([-0.45, -0.85, -0.3])
#: Brightness of what faces away from the light and towards it.
_SHADE, _BRIGHT = 0.42, 1.08
_BRAIN_RGB: Final = (0.82, 0.84, 0.88)
_BRAIN_OPACITY: Final = 0.16
_CORE_RGB: Final = (0.3, 0.31, 0.33)
#: How much of its own colour a region keeps while another one is highlighted.
_FADED: Final = 0.35

_lit: Final[WeakKeyDictionary[Mesh, npt.NDArray[np.float32]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class ShadedRegions:
    """What the colours of the regions' surface are made of; computed once per scene.

    Attributes
    ----------
    region : ndarray, shape (V,), int32
        Region of each vertex.
    brightness : ndarray, shape (V,), float32
        Light on each vertex.
    rgb : ndarray, shape (N, 3), float32
        Atlas colour of each region, 0 to 1.
    """

    region: npt.NDArray[np.int32]
    brightness: npt.NDArray[np.float32]
    rgb: Colours

    @classmethod
    def of(cls, scene: Scene) -> ShadedRegions:
        """Light the meshes of a scene."""
        region = np.zeros(len(scene.mesh.vertices_um), np.int32)
        region[scene.mesh.faces] = scene.face_region[:, None]
        rgb = np.array([r.rgb for r in scene.regions], np.float32).reshape(-1, 3)
        return cls(region, brightness(scene.mesh), rgb / np.float32(255))

    def colours(self, *, highlighted: Collection[int] = (), is_lit: bool = True) -> Colours:
        """Colour of every vertex.

        Parameters
        ----------
        highlighted
            Indices of the regions that stand out; none: all alike.
        is_lit
            Whether light and shade show; without, every region has exactly its atlas colour.

        Returns
        -------
        ndarray, shape (V, 4), float32
            Red, green, blue, opacity, 0 to 1.
        """
        rgb = self.rgb
        if highlighted:
            faded = _FADED * (rgb + rgb.mean(axis=1, keepdims=True)) / 2
            stands_out = np.isin(np.arange(len(rgb)), list(highlighted))
            rgb = np.where(stands_out[:, None], rgb, faded).astype(np.float32)
        colours = np.ones((len(self.region), 4), np.float32)
        colours[:, :3] = rgb[self.region]
        if is_lit:
            colours[:, :3] *= self.brightness[:, None]
        return np.clip(colours, 0.0, 1.0, out=colours)


def vertex_normals(mesh: Mesh) -> FloatArray:
    """Outward unit normals at the vertices, shape (V, 3), weighted by area; 0 where undefined."""
    a, b, c = mesh.vertices_um[mesh.faces.T]
    normals = np.cross(b - a, c - a)
    count, faces = len(mesh.vertices_um), len(mesh.faces)
    ones = np.ones(3 * faces)
    owner = (mesh.faces.ravel(), np.repeat(np.arange(faces), 3))
    total = sparse.csr_array((ones, owner), shape=(count, faces)) @ normals
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(np.divide(total, lengths, out=np.zeros_like(total), where=lengths > 0))


def brightness(mesh: Mesh) -> npt.NDArray[np.float32]:
    """Light on every vertex, shape (V,): soft, so that nothing is black from any side.

    Computed once per mesh, so that a thread may do it before the layers are made.
    """
    if mesh not in _lit:
        _lit[mesh] = _lighted(mesh)
    return _lit[mesh]


def _lighted(mesh: Mesh) -> npt.NDArray[np.float32]:
    if not len(mesh.faces):
        return np.ones(len(mesh.vertices_um), np.float32)
    towards = vertex_normals(mesh) @ _LIGHT
    light = _SHADE + (_BRIGHT - _SHADE) * (0.5 + 0.5 * towards)
    return np.asarray(light, np.float32)


def regions_layer(scene: Scene, colours: Colours) -> LayerTuple:
    """All regions of a scene as one Surface."""
    options: dict[str, Any] = {
        "name": f"regions of {scene.atlas.name}",
        "vertex_colors": colours,
        "shading": "none",
        "blending": "opaque",
        "metadata": owned("regions", atlas=scene.atlas.name),
    }
    return (scene.mesh.vertices_um, scene.mesh.faces), options, "surface"


def brain_layer(scene: Scene) -> LayerTuple:
    """The whole brain as a translucent shell over the regions."""
    mesh = scene.brain
    colours = np.ones((len(mesh.vertices_um), 4), np.float32)
    colours[:, :3] = np.clip(np.outer(brightness(mesh), _BRAIN_RGB), 0.0, 1.0)
    options: dict[str, Any] = {
        "name": f"whole brain of {scene.atlas.name}",
        "vertex_colors": colours,
        "shading": "none",
        "opacity": _BRAIN_OPACITY,
        # Depth-tested, the triangles would show stripes in the order in which they are drawn.
        "blending": "translucent_no_depth",
        "metadata": owned("brain", atlas=scene.atlas.name),
    }
    return (mesh.vertices_um, mesh.faces), options, "surface"


def core_layer(scene: Scene, tolerance_um: float) -> LayerTuple:
    """The brain without its outermost layer, opaque: it hides what a projection hides.

    Parameters
    ----------
    scene
        With a brain surface.
    tolerance_um
        Thickness of the layer in which regions are seen, um.
    """
    mesh = scene.brain
    vertices = mesh.vertices_um - tolerance_um * vertex_normals(mesh)
    colours = np.ones((len(vertices), 4), np.float32)
    colours[:, :3] = np.outer(brightness(mesh), _CORE_RGB)
    options: dict[str, Any] = {
        "name": f"inside of {scene.atlas.name}",
        "vertex_colors": colours,
        "shading": "none",
        "blending": "opaque",
        "visible": False,
        "metadata": owned("brain", part="core"),
    }
    return (vertices, mesh.faces), options, "surface"


def volumes_layer(scene: Scene, volumes: list[Mesh]) -> LayerTuple | None:
    """What the camera has in view of each region, as one Surface; None when that is nothing.

    Parameters
    ----------
    scene
        N regions.
    volumes
        N meshes, from :func:`napari_brainreg3d.projection.frustum.volumes_in_view`.
    """
    parts = [(region, mesh) for region, mesh in zip(scene.regions, volumes, strict=True)]
    parts = [(region, mesh) for region, mesh in parts if len(mesh.faces)]
    if not parts:
        return None
    starts = np.cumsum([0, *(len(mesh.vertices_um) for _, mesh in parts)])
    faces = [mesh.faces + start for (_, mesh), start in zip(parts, starts, strict=False)]
    colours = np.ones((int(starts[-1]), 4), np.float32)
    for (region, mesh), start in zip(parts, starts, strict=False):
        lit = np.outer(brightness(mesh), np.array(region.rgb) / 255)
        colours[start : start + len(lit), :3] = np.clip(lit, 0.0, 1.0)
    vertices = np.concatenate([mesh.vertices_um for _, mesh in parts])
    options: dict[str, Any] = {
        "name": "volumes in view",
        "vertex_colors": colours,
        "shading": "none",
        "blending": "opaque",
        "metadata": owned("volume", acronyms=[region.acronym for region, _ in parts]),
    }
    return (vertices, np.concatenate(faces)), options, "surface"
