"""Regions of pixels as polygons that follow the borders of the pixels exactly, holes included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects, label

from napari_brainreg3d.geometry.frames import read_only

Corners = npt.NDArray[np.int32]

#: Steps (rows, columns) of the four ways along pixel borders, each a right turn after the last.
_STEPS: Final = ((0, 1), (1, 0), (0, -1), (-1, 0))
_EAST, _SOUTH, _WEST, _NORTH = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class PixelPolygon:
    """A connected set of pixels.

    Attributes
    ----------
    shell : ndarray, shape (N, 2), int32
        Corners of the outer border, (row, column), without repeating the first. Whole numbers are
        corners of pixels: pixel (0, 0) reaches from 0 to 1. Clockwise as seen in the image.
    holes
        The same for each hole, counter-clockwise.
    """

    shell: Corners
    holes: tuple[Corners, ...]

    @property
    def area_px(self) -> int:
        """Area in pixels."""
        return ring_area_px(self.shell) + sum(ring_area_px(hole) for hole in self.holes)


def ring_area_px(ring: Corners) -> int:
    """Area within a ring of corners, shape (N, 2), by the shoelace formula.

    Positive when the ring is clockwise as seen in the image (rows down).
    """
    rows, columns = ring[:, 0].astype(np.int64), ring[:, 1].astype(np.int64)
    twice = columns @ np.roll(rows, -1) - np.roll(columns, -1) @ rows
    return int(twice) // 2


def pixel_polygons(labels: npt.NDArray[Any]) -> dict[int, list[PixelPolygon]]:
    """Trace all regions of a label image.

    Parameters
    ----------
    labels : ndarray, shape (H, W), integer
        0 is nothing. Not changed.

    Returns
    -------
    dict
        For every label that occurs its polygons, one for each set of pixels that are connected
        through their sides. Every ring is simple; rings of the same region touch at most in single
        corners: valid by the OGC's rules for polygons.
    """
    found: dict[int, list[PixelPolygon]] = {}
    for value, place in enumerate(find_objects(labels), start=1):
        if place is None:
            continue
        corner = np.array([place[0].start, place[1].start], np.int32)
        numbered, count = label(labels[place] == value)
        parts = find_objects(numbered)
        found[value] = [
            _polygon(numbered[parts[i]] == i + 1, corner + [s.start for s in parts[i]])
            for i in range(count)
        ]
    return found


def _polygon(mask: npt.NDArray[np.bool_], corner: Corners) -> PixelPolygon:
    """The polygon of one connected mask whose upper left corner lies at ``corner``."""
    rings = [read_only(np.array(ring, np.int32) + corner) for ring in _rings(mask)]
    # One connected set of pixels has one outer border; every other ring runs the other way.
    (shell,) = (ring for ring in rings if ring_area_px(ring) > 0)
    return PixelPolygon(shell, tuple(ring for ring in rings if ring is not shell))


def _rings(mask: npt.NDArray[np.bool_]) -> Iterator[list[tuple[int, int]]]:
    """Follow the borders with the mask at the right hand; corners only where the way turns."""
    ways = _ways(mask)
    for start in sorted(ways):
        while ways.get(start):
            yield _ring(ways, start)


def _ways(mask: npt.NDArray[np.bool_]) -> dict[tuple[int, int], list[int]]:
    """Which ways lead away from each corner."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    borders = (
        (_EAST, ~padded[:-2, 1:-1], (0, 0)),  # along the top of a pixel
        (_SOUTH, ~padded[1:-1, 2:], (0, 1)),  # down its right side
        (_WEST, ~padded[2:, 1:-1], (1, 1)),
        (_NORTH, ~padded[1:-1, :-2], (1, 0)),
    )
    ways: dict[tuple[int, int], list[int]] = {}
    for way, is_outside, shift in borders:
        for row, column in (np.argwhere(inside & is_outside) + shift).tolist():
            ways.setdefault((row, column), []).append(way)
    return ways


def _ring(ways: dict[tuple[int, int], list[int]], start: tuple[int, int]) -> list[tuple[int, int]]:
    """Follow one ring from its first corner, which is its uppermost, and so a turn."""
    corners: list[tuple[int, int]] = []
    here, way = start, -1
    while not corners or here != start:
        choices = ways[here]
        # Two ways lead on where pixels of the mask meet in a corner. To the left: then the ring
        # goes round the empty pixel, and two empty pixels that meet there are two holes.
        taken = (way - 1) % 4 if len(choices) > 1 and corners else choices[0]
        choices.remove(taken)
        if taken != way:
            corners.append(here)
        way = taken
        here = (here[0] + _STEPS[way][0], here[1] + _STEPS[way][1])
    return corners
