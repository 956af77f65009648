"""What every atlas can be asked, wherever it comes from."""

from __future__ import annotations

from typing import Protocol

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Annotation, AtlasInfo, Mesh


class AtlasSource(Protocol):
    """An atlas: its regions, their meshes, its annotation volume."""

    @property
    def info(self) -> AtlasInfo:
        """What the atlas is."""
        ...

    @property
    def ontology(self) -> Ontology:
        """All its regions."""
        ...

    def mesh(self, region: Region) -> Mesh | None:
        """The surface of a region, raw as the atlas has it; None when it has none.

        Raises
        ------
        AtlasError
            When the mesh exists but cannot be read.
        """
        ...

    def annotation(self) -> Annotation:
        """The annotation volume."""
        ...

    def sides(self) -> Annotation | None:
        """1 left, 2 right per voxel; None when the atlas is symmetric."""
        ...
