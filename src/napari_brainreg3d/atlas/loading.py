"""From the name of an atlas and some regions to a scene."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, get_args

import numpy as np
import numpy.typing as npt
from trimesh.intersections import slice_faces_plane

from napari_brainreg3d.atlas.brainglobe import BrainGlobeSource, brainglobe_folder
from napari_brainreg3d.atlas.mesh_faults import checked_mesh, scale_to_um
from napari_brainreg3d.atlas.regions import Region
from napari_brainreg3d.atlas.scene import Annotation, Hemisphere, Mesh, MeshFault, Scene
from napari_brainreg3d.atlas.selection import (
    BRAINREG3D_PRESET,
    DORSAL_PRESET,
    RegionRequest,
    select_regions,
)
from napari_brainreg3d.atlas.source import AtlasSource
from napari_brainreg3d.errors import AtlasError, RegionError
from napari_brainreg3d.geometry.frames import ML
from napari_brainreg3d.progress import Progress, report

DEMO_ATLAS: Final = "demo_mouse"
_EMPTY: Final = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))


class MeshFaultWarning(UserWarning):
    """A region of the selection is left out of the scene because it has no usable mesh."""


def load_scene(
    atlas: str,
    regions: RegionRequest | None = None,
    *,
    brainglobe_dir: str | Path | None = None,
    hemisphere: Hemisphere = "both",
    progress: Progress | None = None,
) -> Scene:
    """Load an atlas's regions as a scene that rays can be cast into.

    Parameters
    ----------
    atlas
        Name of a BrainGlobe atlas, or ``"demo_mouse"``. What is not on disk is downloaded.
    regions
        A preset, or regions by acronym, name, id or subtree: see
        :func:`napari_brainreg3d.atlas.selection.select_regions`. None: the preset ``"brainreg3d"``
        where the atlas has its regions, else ``"dorsal"``.
    brainglobe_dir
        Folder of BrainGlobe's atlases; None for the configured one.
    hemisphere
        ``"left"`` or ``"right"`` restricts the region meshes to that side of the animal.
    progress
        Told ``(done, total)`` files or meshes; cancels by returning False.

    Returns
    -------
    Scene
        The same object for the same question: scenes are kept in memory.

    Raises
    ------
    AtlasError
        When the atlas cannot be had or read.
    RegionError
        When a region is unknown or the selection contradicts itself.
    Cancelled
        When ``progress`` said so.

    Warns
    -----
    MeshFaultWarning
        When a selected region has no usable mesh and is left out.
    """
    if hemisphere not in get_args(Hemisphere):
        raise RegionError(f"hemisphere must be both, left or right, got {hemisphere!r}")
    source = _source(atlas, brainglobe_dir, progress)
    with _downloads_reported(source, progress):
        scene = _scene(source, _select(source, regions), hemisphere, progress)
    missing = [fault for fault in scene.faults if "skipped" in fault.remedy]
    if missing:
        text = "; ".join(str(fault) for fault in missing)
        warnings.warn(text, MeshFaultWarning, stacklevel=2)
    return scene


def _downloads_reported(
    source: AtlasSource, progress: Progress | None
) -> contextlib.AbstractContextManager[None]:
    if isinstance(source, BrainGlobeSource):
        return source.reporting_to(progress)
    return contextlib.nullcontext()


_sources: dict[tuple[str, Path | None], AtlasSource] = {}
_brains: dict[AtlasSource, tuple[Mesh, tuple[MeshFault, ...]]] = {}
_scenes: dict[tuple[AtlasSource, tuple[Region, ...], str], Scene] = {}
#: Scenes kept in memory; a scene of 60 regions takes some 30 MB.
_SCENES_KEPT: Final = 8


def _source(name: str, brainglobe_dir: str | Path | None, progress: Progress | None) -> AtlasSource:
    folder = None if name == DEMO_ATLAS else brainglobe_folder(brainglobe_dir).resolve()
    if (name, folder) not in _sources:
        if folder is None:
            from napari_brainreg3d.atlas.demo import DemoAtlas  # builds its volume: only if asked

            _sources[name, folder] = DemoAtlas()
        else:
            _sources[name, folder] = BrainGlobeSource(
                name, brainglobe_dir=folder, progress=progress
            )
    return _sources[name, folder]


def _select(source: AtlasSource, request: RegionRequest | None) -> tuple[Region, ...]:
    if request is not None and not (isinstance(request, Sequence) and not request):
        return select_regions(source.ontology, request, source.annotation)
    try:
        return select_regions(source.ontology, BRAINREG3D_PRESET, None)
    except RegionError:  # another species, or another nomenclature
        return select_regions(source.ontology, DORSAL_PRESET, source.annotation)


def _scene(
    source: AtlasSource,
    regions: tuple[Region, ...],
    hemisphere: Hemisphere,
    progress: Progress | None,
) -> Scene:
    key = (source, regions, hemisphere)
    if key not in _scenes:
        while len(_scenes) >= _SCENES_KEPT:
            del _scenes[next(iter(_scenes))]
        _scenes[key] = _build(source, regions, hemisphere, progress)
    return _scenes[key]


def _build(
    source: AtlasSource,
    regions: tuple[Region, ...],
    hemisphere: Hemisphere,
    progress: Progress | None,
) -> Scene:
    sides = source.sides()
    brain, faults = _brain(source)
    scale = 1.0 if brain is None else scale_to_um(brain, source.info.size_um)
    if scale != 1.0:
        faults.append(MeshFault("root", f"meshes are not in um (factor {scale:g})", "rescaled"))
    found: list[tuple[Region, Mesh]] = []
    for done, region in enumerate(regions):
        report(progress, done, len(regions))
        mesh, more = _usable_mesh(source, region)
        faults += more
        if mesh is not None:
            found.append((region, _on_side(_scaled(mesh, scale), hemisphere, source, sides)))
    report(progress, len(regions), len(regions))
    if not found:
        raise AtlasError(f"none of the selected regions of {source.info.name} has a mesh")
    mesh, owner = _joined([mesh for _, mesh in found])
    return Scene(
        atlas=source.info,
        ontology=source.ontology,
        regions=tuple(region for region, _ in found),
        mesh=mesh,
        face_region=owner,
        brain=_EMPTY if brain is None else _scaled(brain, scale),
        hemisphere=hemisphere,
        faults=tuple(faults),
        load_annotation=functools.cache(source.annotation),
        load_sides=_constant(sides),
    )


def _brain(source: AtlasSource) -> tuple[Mesh | None, list[MeshFault]]:
    """The surface of the whole brain: the same object for every scene of an atlas."""
    if source not in _brains:
        mesh, faults = _usable_mesh(source, source.ontology.root)
        if mesh is None:  # not remembered: next time the server may answer
            remedy = "no surface of the whole brain: nothing hides deep regions"
            return None, [MeshFault(fault.acronym, fault.fault, remedy) for fault in faults]
        _brains[source] = (mesh, tuple(faults))
    mesh, known = _brains[source]
    return mesh, list(known)


def _usable_mesh(source: AtlasSource, region: Region) -> tuple[Mesh | None, list[MeshFault]]:
    try:
        raw = source.mesh(region)
    except AtlasError as error:
        return None, [MeshFault(region.acronym, str(error), "region skipped")]
    if raw is None:
        return None, [MeshFault(region.acronym, "the atlas has no mesh for it", "region skipped")]
    return checked_mesh(region.acronym, raw)


def _scaled(mesh: Mesh, scale: float) -> Mesh:
    return mesh if scale == 1.0 else Mesh(mesh.vertices_um * scale, mesh.faces)


def _on_side(
    mesh: Mesh, hemisphere: Hemisphere, source: AtlasSource, sides: Annotation | None
) -> Mesh:
    """The part of a mesh in one hemisphere: cut at the midline of a symmetric atlas."""
    if hemisphere == "both":
        return mesh
    sign = 1.0 if hemisphere == "left" else -1.0
    if sides is not None:
        centres = mesh.vertices_um[mesh.faces].mean(axis=1)
        return Mesh(mesh.vertices_um, mesh.faces[(sides.at(centres) == 1) == (sign > 0)])
    normal, origin = np.zeros(3), np.zeros(3)
    normal[ML], origin[ML] = sign, source.info.midline_um
    vertices, faces, _ = slice_faces_plane(  # type: ignore[no-untyped-call]
        mesh.vertices_um, mesh.faces, normal, origin
    )
    return Mesh(vertices, np.asarray(faces, np.int32))


def _joined(meshes: list[Mesh]) -> tuple[Mesh, npt.NDArray[np.int32]]:
    starts = np.cumsum([0, *(len(mesh.vertices_um) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts[:-1], strict=True)]
    owner = np.repeat(np.arange(len(meshes)), [len(mesh.faces) for mesh in meshes])
    vertices = np.concatenate([mesh.vertices_um for mesh in meshes])
    return Mesh(vertices, np.concatenate(faces).astype(np.int32)), owner.astype(np.int32)


def _constant(sides: Annotation | None) -> Callable[[], Annotation] | None:
    return None if sides is None else lambda: sides
