"""Regions of an atlas and the tree that they form."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from napari_brainreg3d.errors import AtlasError, RegionError

#: What a cortical layer (or another lamina) is called in BrainGlobe's atlases: "Primary visual
#: area, layer 2/3", "Superior colliculus, superficial gray layer".
_LAYER_NAME: Final = re.compile(r"\blayers?\b", re.IGNORECASE)
#: A layer of an area, not a lamina of something larger ("Cerebellar cortex, molecular layer").
_NUMBERED_LAYER: Final = re.compile(r"\blayers?\s+[0-9IVX]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Region:
    """A structure of the atlas.

    Attributes
    ----------
    id
        The atlas's own number; may be larger than 600 million.
    acronym, name
        Short and full name.
    rgb
        Colour, three integers 0..255.
    path
        Ids from the root of the tree to this region, both included.
    """

    id: int
    acronym: str
    name: str
    rgb: tuple[int, int, int]
    path: tuple[int, ...]

    @property
    def parent_id(self) -> int | None:
        """Id of the region that contains this one, None for the root."""
        return self.path[-2] if len(self.path) > 1 else None

    @property
    def level(self) -> int:
        """Steps from the root."""
        return len(self.path) - 1

    @property
    def is_layer(self) -> bool:
        """Whether the name says that this is a layer of an area."""
        return _LAYER_NAME.search(self.name) is not None


@dataclass(frozen=True, eq=False)
class Ontology(Mapping[int, Region]):
    """All regions of an atlas, by id, as a tree.

    Parameters
    ----------
    regions
        Every region, parents before or after their children.

    Raises
    ------
    AtlasError
        When a path names a region that is not there, or there is not exactly one root.
    """

    regions: tuple[Region, ...]
    _by_id: dict[int, Region] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_id = {region.id: region for region in self.regions}
        if len(by_id) != len(self.regions):
            raise AtlasError("the atlas is damaged: two regions have the same id")
        for region in self.regions:
            above = by_id.get(region.path[-2]) if len(region.path) > 1 else None
            if region.path != ((*above.path, region.id) if above else (region.id,)):
                raise AtlasError(
                    f"the atlas is damaged: region {region.acronym!r} has the path {region.path}"
                )
        if sum(region.parent_id is None for region in self.regions) != 1:
            raise AtlasError("the atlas is damaged: its regions do not form one tree")
        object.__setattr__(self, "_by_id", by_id)

    def __getitem__(self, region_id: int) -> Region:
        return self._by_id[region_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    @cached_property
    def root(self) -> Region:
        """The region that contains all others."""
        return next(region for region in self.regions if region.parent_id is None)

    @cached_property
    def _children(self) -> dict[int, list[Region]]:
        children: dict[int, list[Region]] = {region_id: [] for region_id in self}
        for region in self.regions:
            if region.parent_id is not None:
                children[region.parent_id].append(region)
        return children

    @cached_property
    def _by_word(self) -> dict[str, Region]:
        # First come, first served: some atlases use an acronym twice.
        words: dict[str, Region] = {}
        for region in self.regions:
            words.setdefault(region.acronym, region)
        for region in self.regions:
            words.setdefault(region.name, region)
        for region in self.regions:
            words.setdefault(region.acronym.lower(), region)
            words.setdefault(region.name.lower(), region)
        return words

    def children(self, region_id: int) -> tuple[Region, ...]:
        """Regions directly inside a region, in the order of the atlas."""
        return tuple(self._children[region_id])

    def descendants(self, region_id: int) -> tuple[Region, ...]:
        """Regions inside a region at any depth, itself first, depth first."""
        found: list[Region] = []
        waiting = [self[region_id]]
        while waiting:
            region = waiting.pop()
            found.append(region)
            waiting.extend(reversed(self._children[region.id]))
        return tuple(found)

    def areas(self, region_id: int) -> tuple[Region, ...]:
        """The finest regions inside a region that are not layers, depth first.

        ``areas`` of the isocortex are its areas, whether or not the atlas divides them further
        into layers. A region without any such part is its own and only area.
        """
        found: list[Region] = []
        waiting = [self[region_id]]
        while waiting:
            region = waiting.pop()
            parts = self._parts(region)
            waiting.extend(reversed(parts))
            if not parts:
                found.append(region)
        return tuple(found)

    def _parts(self, region: Region) -> list[Region]:
        """The children that divide a region into areas; none when its children are layers."""
        children = self._children[region.id]
        parts = [child for child in children if not child.is_layer]
        layers = sum(_NUMBERED_LAYER.search(child.name) is not None for child in children)
        # Some ontologies put a small area among the six layers of another (VISrll in SSp-bfd).
        return [] if layers > len(parts) else parts

    def at_level(self, region_id: int, levels: int) -> tuple[Region, ...]:
        """Regions ``levels`` steps below a region, and those above that have no parts."""
        wanted = self[region_id].level + levels
        return tuple(
            region
            for region in self.descendants(region_id)
            if region.level == wanted or (region.level < wanted and not self._children[region.id])
        )

    def find(self, word: str | int) -> Region:
        """Find a region by acronym, full name or id.

        Raises
        ------
        RegionError
            When there is none; the message lists names that look alike.
        """
        text = str(word).strip()
        if text in self._by_word:  # first: in some atlases acronyms are numbers
            return self._by_word[text]
        if text.isdecimal() and int(text) in self:
            return self[int(text)]
        if text.lower() in self._by_word:
            return self._by_word[text.lower()]
        raise RegionError(f"the atlas has no region {text!r}{self._hint(text)}")

    def _hint(self, text: str) -> str:
        lowered = {word.lower(): word for word in reversed(self._by_word)}
        near = difflib.get_close_matches(text.lower(), lowered, n=6, cutoff=0.6)
        close = dict.fromkeys(self._by_word[lowered[word]].acronym for word in near)
        return f"; did you mean {', '.join(close)}?" if close else ""


def outermost(regions: Iterable[Region]) -> tuple[Region, ...]:
    """Drop regions that lie inside another one of ``regions``."""
    given = tuple(dict.fromkeys(regions))
    ids = {region.id for region in given}
    return tuple(region for region in given if ids.isdisjoint(region.path[:-1]))
