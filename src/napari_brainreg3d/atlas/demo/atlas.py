"""The built-in atlas: a schematic mouse brain made by code. Not for science."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects
from skimage.measure import marching_cubes

from napari_brainreg3d.atlas.demo import shapes
from napari_brainreg3d.atlas.demo.partition import Box, compartments
from napari_brainreg3d.atlas.demo.regions import DISCLAIMER, ONTOLOGY
from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Annotation, AtlasInfo, Mesh

DEMO_NAME: Final = "demo_mouse"
_STEP_UM: Final = 1000.0 * shapes.STEP_MM
#: No sample of a field is nearer to the surface than this, so that no triangle is degenerate, mm.
_CLEAR_MM: Final = 1e-4


class DemoAtlas:
    """A schematic mouse brain in the volume of the Allen CCF; implements ``AtlasSource``.

    It is symmetric but for one thing: the right olfactory bulb reaches further forward than the
    left one (:data:`napari_brainreg3d.atlas.demo.shapes.BULB_DIFFERENCE_MM`), so that a swapped
    side can be seen. Areas lie roughly where they do in the Allen atlas.
    """

    @property
    def info(self) -> AtlasInfo:
        """What the atlas is."""
        return AtlasInfo(
            name=DEMO_NAME,
            version="1.0",
            species=f"Mus musculus ({DISCLAIMER})",
            citation=f"drawn by napari-brainreg3d ({DISCLAIMER})",
            resolution_um=(_STEP_UM, _STEP_UM, _STEP_UM),
            shape=shapes.SHAPE,
            is_schematic=True,
        )

    @property
    def ontology(self) -> Ontology:
        """All its regions."""
        return ONTOLOGY

    def mesh(self, region: Region) -> Mesh:
        """The closed surface of a region, both sides."""
        return _mesh(region.id)

    def annotation(self) -> Annotation:
        """The annotation volume: the finest region of every voxel, 100 um."""
        return Annotation(_labels(), self.info.resolution_um)

    def sides(self) -> Annotation | None:
        """None: the sides meet in the middle of the volume."""
        return None


@cache
def _labels() -> npt.NDArray[np.uint16]:
    whole, parts = compartments()
    ids = np.where(whole > 0, ONTOLOGY.root.id, 0).astype(np.uint16)
    for part in parts:
        inside, owner = part.owners()
        ids[inside] = owner
    ids.flags.writeable = False
    return ids


@cache
def _mesh(region_id: int) -> Mesh:
    whole, parts = compartments()
    members = ONTOLOGY.descendants(region_id)
    if region_id == ONTOLOGY.root.id:
        return _surface(whole, (0, 0, 0))
    box = _box([region.id for region in members])
    acronyms = {region.acronym for region in members}
    shares = [share for part in parts if (share := part.share(acronyms, box)) is not None]
    return _surface(np.maximum.reduce(shares), tuple(side.start for side in box))


@cache
def _boxes() -> Sequence[tuple[slice, ...] | None]:
    """The smallest box of voxels around each finest region, by id - 1."""
    return find_objects(_labels(), max_label=max(ONTOLOGY))


def _box(ids: list[int]) -> Box:
    """The smallest box of voxels around regions, with a margin."""
    boxes = [box for i in ids if (box := _boxes()[i - 1]) is not None]
    sides = [
        slice(max(0, min(side.start for side in axis) - 2), max(side.stop for side in axis) + 2)
        for axis in zip(*boxes, strict=True)
    ]
    return sides[0], sides[1], sides[2]


def _surface(field: shapes.Field, first_voxel: tuple[int, ...]) -> Mesh:
    """Where a field on voxel centres, positive inside, is 0: closed, normals outwards, um."""
    padded = np.pad(field, 1, constant_values=-shapes.STEP_MM)
    too_near = np.abs(padded) < _CLEAR_MM
    padded[too_near] = np.where(padded[too_near] < 0, -_CLEAR_MM, _CLEAR_MM)
    vertices, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        padded, 0.0, gradient_direction="ascent"
    )
    # Sample 1 of the padded field is the centre of the first voxel.
    places = (vertices.astype(np.float64) - 0.5 + np.array(first_voxel)) * _STEP_UM
    return Mesh(places, faces.astype(np.int32))
