"""Which regions a user means: acronyms, subtrees with a level, presets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Annotation
from napari_brainreg3d.errors import RegionError
from napari_brainreg3d.geometry.frames import AP, DV, ML

BRAINREG3D_REGIONS: Final = (
    "MOp", "MOs", "SSp", "SSs", "PTLp", "VIS", "RSP", "ACA", "ORB", "OLF",
)  # fmt: skip
"""The ten regions that brainreg3D shows."""

DORSAL_PRESET: Final = "dorsal"
BRAINREG3D_PRESET: Final = "brainreg3d"

#: Areas of which less than this is visible from above are left out of ``dorsal``, mm^2.
_MIN_VISIBLE_MM2: Final = 0.02

RegionRequest = str | int | Sequence[str | int]


def select_regions(
    ontology: Ontology, request: RegionRequest, load_annotation: Callable[[], Annotation] | None
) -> tuple[Region, ...]:
    """Turn what a user asks for into regions.

    Parameters
    ----------
    ontology
        The regions there are.
    request
        A preset (``"brainreg3d"``, ``"dorsal"``), or one or several of: an acronym, full name or
        id (the region as a whole); ``"Isocortex/areas"`` (its areas, not layers);
        ``"Isocortex/leaves"`` (its finest parts, layers too); ``"Isocortex/2"`` (two levels below).
        A single word that is not a preset means its areas: ``"Isocortex"`` is
        ``["Isocortex/areas"]``.
    load_annotation
        Loads the annotation, from which ``"dorsal"`` is computed.

    Returns
    -------
    tuple of Region
        In the order asked for, each once.

    Raises
    ------
    RegionError
        When a region is unknown, the request is empty, or one region contains another.
    """
    if isinstance(request, str) and request in (BRAINREG3D_PRESET, DORSAL_PRESET):
        words: Sequence[str | int] = (request,)
    elif isinstance(request, str) and "/" not in request:
        words = (f"{request}/areas",)
    else:
        words = (request,) if isinstance(request, str | int) else tuple(request)
    chosen: dict[int, Region] = {}
    for word in words:
        for region in _meant_by(ontology, word, load_annotation):
            chosen.setdefault(region.id, region)
    if not chosen:
        raise RegionError("no regions were selected; name at least one, or a preset")
    for region in chosen.values():
        outer = [chosen[i].acronym for i in region.path[:-1] if i in chosen]
        if outer:
            raise RegionError(
                f"{region.acronym} is part of {outer[-1]}, which is selected too: "
                "choose the whole or its parts"
            )
    return tuple(chosen.values())


def _meant_by(
    ontology: Ontology, word: str | int, load_annotation: Callable[[], Annotation] | None
) -> tuple[Region, ...]:
    text = str(word)
    if text == BRAINREG3D_PRESET:
        return tuple(ontology.find(acronym) for acronym in BRAINREG3D_REGIONS)
    if text == DORSAL_PRESET:
        if load_annotation is None:
            raise RegionError("this atlas has no annotation, from which 'dorsal' is computed")
        return dorsal_areas(ontology, load_annotation())
    try:
        return (ontology.find(word),)  # names may hold a slash themselves: "layer 2/3"
    except RegionError:
        name, slash, level = text.rpartition("/")
        if not slash:
            raise
    region = ontology.find(name)
    if level == "areas":
        return ontology.areas(region.id)
    if level == "leaves":
        parts = ontology.descendants(region.id)
        return tuple(part for part in parts if not ontology.children(part.id))
    if level.isdecimal():
        return ontology.at_level(region.id, int(level))
    raise RegionError(
        f"{text!r}: after the slash stands 'areas', 'leaves' or a number of levels, not {level!r}"
    )


def dorsal_areas(ontology: Ontology, annotation: Annotation) -> tuple[Region, ...]:
    """Find the areas that are visible from straight above, largest first.

    Parameters
    ----------
    ontology
        The regions.
    annotation
        The annotation volume; the first labelled voxel of each column is what is visible.

    Returns
    -------
    tuple of Region
        Areas (not layers) with at least 0.02 mm^2 visible.
    """
    ids = np.moveaxis(annotation.ids, DV, 0)
    top = np.take_along_axis(ids, (ids != 0).argmax(axis=0)[None], axis=0)[0]
    seen, counts = np.unique(top[top != 0], return_counts=True)
    voxel_mm2 = annotation.resolution_um[AP] * annotation.resolution_um[ML] / 1e6
    areas = {area.id: area for area in ontology.areas(ontology.root.id)}
    visible: dict[int, float] = {}
    for region_id, count in zip(seen.tolist(), counts.tolist(), strict=True):
        path = ontology[region_id].path if region_id in ontology else ()
        area = next((i for i in reversed(path) if i in areas), None)
        if area is not None:
            visible[area] = visible.get(area, 0.0) + count * voxel_mm2
    order = sorted(visible, key=lambda area: -visible[area])
    return tuple(areas[area] for area in order if visible[area] >= _MIN_VISIBLE_MM2)
