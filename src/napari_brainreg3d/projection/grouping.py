"""From the finest labels to the rows of the region table, without casting again.

The finest label of a pixel is ``1 + 2 * region + is_left``, where ``region`` counts in
``scene.regions``; 0 is nothing. A :class:`Grouping` maps finest labels to table rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Hemisphere
from napari_brainreg3d.errors import RegionError
from napari_brainreg3d.geometry.frames import read_only

FINEST_DTYPE: Final = np.uint16
MAX_REGIONS: Final = (np.iinfo(FINEST_DTYPE).max - 1) // 2


def finest_labels(
    region: npt.NDArray[Any], is_left: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint16]:
    """Code region indices (-1: nothing) and sides, same shape, as finest labels."""
    coded = np.where(region < 0, 0, 1 + 2 * region.astype(np.int32) + is_left)
    return coded.astype(FINEST_DTYPE)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the region table: a region, or one side of it."""

    region: Region
    hemisphere: Hemisphere


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which finest labels make up which row of the region table.

    Attributes
    ----------
    rows
        The rows; row ``i`` has the label ``i + 1``.
    label_of : ndarray, shape (1 + 2 N,), uint16
        Label of every finest label; 0 stays 0.
    """

    rows: tuple[Row, ...]
    label_of: npt.NDArray[np.uint16]

    def __post_init__(self) -> None:
        object.__setattr__(self, "label_of", read_only(np.asarray(self.label_of, FINEST_DTYPE)))


def group(
    regions: tuple[Region, ...],
    ontology: Ontology,
    *,
    into: tuple[Region, ...] | None = None,
    hemisphere: Hemisphere = "both",
    split_hemispheres: bool = False,
) -> Grouping:
    """Make the rows of the region table.

    Parameters
    ----------
    regions
        The regions of the scene, finest.
    ontology
        The tree that they are part of.
    into
        Coarser regions; each of ``regions`` goes to the one that contains it (or is it), and to
        nothing when none does. None: the regions themselves.
    hemisphere
        The side that the scene was restricted to.
    split_hemispheres
        Whether each side gets its own row: all left rows first, then all right ones.

    Raises
    ------
    RegionError
        When two regions of ``into`` contain one another.
    """
    targets = regions if into is None else into
    position = {region.id: i for i, region in enumerate(targets)}
    for region in targets:
        inside = [ontology[i].acronym for i in region.path[:-1] if i in position]
        if inside:
            raise RegionError(
                f"{region.acronym} is part of {inside[-1]}: choose one of them, not both"
            )
    target_of = np.full(len(regions), -1)
    for i, region in enumerate(regions):
        target_of[i] = next((position[j] for j in region.path if j in position), -1)
    sides: tuple[Hemisphere, ...] = (hemisphere,)
    if split_hemispheres and hemisphere == "both":
        sides = ("left", "right")
    rows = tuple(Row(region, side) for side in sides for region in targets)
    label_of = np.zeros(1 + 2 * len(regions), FINEST_DTYPE)
    for is_left in (0, 1):
        # With two sides the right rows follow after all the left ones.
        shift = len(targets) if len(sides) == 2 and not is_left else 0
        codes = 1 + 2 * np.arange(len(regions)) + is_left
        label_of[codes] = np.where(target_of < 0, 0, 1 + target_of + shift)
    return Grouping(rows, label_of)
