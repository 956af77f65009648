"""Which regions are ticked: a set in which no region lies inside another, so always valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import pairwise
from typing import Final

from napari_brainreg3d.atlas.regions import Ontology, Region, outermost
from napari_brainreg3d.atlas.selection import BRAINREG3D_REGIONS
from napari_brainreg3d.errors import RegionError


class Tick(Enum):
    """How a region stands to the choice."""

    OFF = 0
    PARTLY = 1  # regions inside it are chosen
    ON = 2  # chosen as a whole
    WITHIN = 3  # part of a region that is chosen as a whole


#: Presets of the panel that are made from the tree alone: name -> words for the user.
BRAINREG3D: Final = "brainreg3d"
DORSAL: Final = "dorsal"
CORTEX: Final = "cortex"
LEVEL: Final = "level"


class RegionChoice:
    """The ticked regions of one atlas, in the order in which they were ticked.

    Parameters
    ----------
    ontology
        The regions of the atlas.
    regions
        Ids of the chosen ones; what lies inside another one is left out.
    """

    def __init__(self, ontology: Ontology, regions: Iterable[int] = ()) -> None:
        self.ontology = ontology
        known = [ontology[i] for i in regions if i in ontology]
        self._chosen = {region.id: None for region in outermost(known)}
        self._inside = self._counted()

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the chosen regions."""
        return tuple(self._chosen)

    def words(self) -> tuple[str, ...]:
        """The chosen regions as :func:`napari_brainreg3d.load_scene` takes them."""
        return tuple(self._word(self.ontology[i]) for i in self._chosen)

    def tick(self, region_id: int) -> Tick:
        """How a region stands to the choice."""
        if region_id in self._chosen:
            return Tick.ON
        if any(i in self._chosen for i in self.ontology[region_id].path[:-1]):
            return Tick.WITHIN
        return Tick.PARTLY if self._inside.get(region_id) else Tick.OFF

    def toggled(self, region_id: int) -> RegionChoice:
        """Return the choice after a click on a region's check box.

        A chosen region is taken out. A part of a chosen one is taken out and the rest of that one
        stays, as its parts. Any other is chosen as a whole, in place of what was chosen inside it.
        """
        match self.tick(region_id):
            case Tick.ON:
                return self._replaced({region_id: ()})
            case Tick.WITHIN:
                return self._without_part(region_id)
            case _:
                return RegionChoice(self.ontology, [*self._outside(region_id), region_id])

    def divided(self, region_id: int) -> RegionChoice:
        """Return the choice with a region's parts (not layers) in place of the region itself."""
        parts = [part.id for part in self.ontology.children(region_id) if not part.is_layer]
        if not parts:
            return self
        if region_id in self._chosen:
            return self._replaced({region_id: tuple(parts)})
        return RegionChoice(self.ontology, [*self._outside(region_id), *parts])

    def _word(self, region: Region) -> str:
        # Some atlases use an acronym twice, or call a region "dorsal".
        is_plain = region.acronym not in (BRAINREG3D, DORSAL)
        is_own = self.ontology.find(region.acronym).id == region.id
        return region.acronym if is_plain and is_own else str(region.id)

    def _outside(self, region_id: int) -> list[int]:
        return [i for i in self._chosen if region_id not in self.ontology[i].path]

    def _replaced(self, parts: Mapping[int, tuple[int, ...]]) -> RegionChoice:
        chosen = [j for i in self._chosen for j in parts.get(i, (i,))]
        return RegionChoice(self.ontology, chosen)

    def _without_part(self, region_id: int) -> RegionChoice:
        path = self.ontology[region_id].path
        outer = next(i for i in path if i in self._chosen)
        way = path[path.index(outer) :]
        rest = [
            part.id
            for above, below in pairwise(way)
            for part in self.ontology.children(above)
            if part.id != below
        ]
        return self._replaced({outer: tuple(rest)})

    def _counted(self) -> dict[int, int]:
        inside: dict[int, int] = {}
        for region_id in self._chosen:
            for outer in self.ontology[region_id].path[:-1]:
                inside[outer] = inside.get(outer, 0) + 1
        return inside


def preset_ids(ontology: Ontology, preset: str, level: int = 3) -> tuple[int, ...]:
    """Ids of the regions of a preset that follows from the tree alone.

    Parameters
    ----------
    ontology
        The regions.
    preset
        :data:`BRAINREG3D`, :data:`CORTEX` (the areas of the isocortex) or :data:`LEVEL`.
    level
        For :data:`LEVEL`: how many steps below the root.

    Raises
    ------
    RegionError
        When the atlas has no such regions.
    """
    if preset == BRAINREG3D:
        return tuple(ontology.find(acronym).id for acronym in BRAINREG3D_REGIONS)
    if preset == CORTEX:
        return tuple(area.id for area in ontology.areas(ontology.find("Isocortex").id))
    if preset == LEVEL:
        return tuple(region.id for region in ontology.at_level(ontology.root.id, level))
    raise RegionError(f"there is no preset {preset!r}")
