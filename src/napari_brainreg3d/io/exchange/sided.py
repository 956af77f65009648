"""Regions by hemisphere, whatever the projection's own table looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.regions import Region
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.projection import Projection

Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class SidedRegion:
    """One side of a row of the region table that is in view.

    Attributes
    ----------
    value
        Its value in the label image of :class:`SidedLabels`.
    region
        The region.
    side
        The animal's own left or right.
    pixels
        How many pixels show it.
    """

    value: int
    region: Region
    side: Side
    pixels: int

    @property
    def name(self) -> str:
        """Acronym and side, e.g. ``"VISp left"``."""
        return f"{self.region.acronym} {self.side}"


@dataclass(frozen=True, slots=True, eq=False)
class SidedLabels:
    """Labels with left and right apart.

    Attributes
    ----------
    labels : ndarray, shape (H, W), int32
        0 nothing, otherwise the ``value`` of one of ``regions``; read-only.
    regions
        What is in view: left ones first, then right ones, each in the order of the table.
    """

    labels: npt.NDArray[np.int32]
    regions: tuple[SidedRegion, ...]


def sided_labels(projection: Projection) -> SidedLabels:
    """Split the labels of a projection by hemisphere, also where its table does not."""
    rows = projection.grouping.rows
    labels = projection.labels.astype(np.int32)
    # The finest label of a pixel is 1 + 2 * region + is_left.
    is_right = (labels > 0) & (projection.finest % 2 == 1)
    labels[is_right] += len(rows)
    counts = np.bincount(labels.ravel(), minlength=1 + 2 * len(rows))
    sides: tuple[Side, ...] = ("left", "right")
    found = [
        SidedRegion(value, row.region, side, int(counts[value]))
        for number, side in enumerate(sides)
        for value, row in enumerate(rows, start=1 + number * len(rows))
        if counts[value]
    ]
    return SidedLabels(read_only(labels), tuple(found))
