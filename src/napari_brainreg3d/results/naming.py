"""Where in a picture of regions to write their names, so that they can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, find_objects, label

Measure = Callable[[str, int], tuple[float, float]]
"""``measure(text, size_px)`` gives height and width of a text, in pixels."""

SIZES_PX: Final = (18, 16, 14, 12, 11)
#: Parts of a region that are smaller than this share of its largest part get no name.
_SMALLEST_SHARE: Final = 0.2
#: Half of the text must lie on its region; the name of a sliver would only confuse.
_LEAST_FIT: Final = 0.55
#: Empty space around names.
_GAP_PX: Final = 3.0
_MOST_TRIES: Final = 12
#: Share of the most room that is as good as the most.
_AS_GOOD: Final = 0.97


@dataclass(frozen=True, slots=True)
class NamePlace:
    """A name, the pixel (row, column) of its middle, and its size in pixels."""

    text: str
    row: float
    column: float
    size_px: int


@dataclass(frozen=True, slots=True)
class _Box:
    top: float
    left: float
    bottom: float
    right: float

    def meets(self, other: _Box) -> bool:
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )


def place_names(
    labels: npt.NDArray[Any],
    names: Sequence[str],
    measure: Measure,
    *,
    taken: Sequence[tuple[float, float, float, float]] = (),
) -> list[NamePlace]:
    """Find a place for the name of every region that is large enough for it.

    Parameters
    ----------
    labels : ndarray, shape (H, W), integer
        Label image; 0 is nothing. Not changed.
    names
        The name of label ``i + 1`` is ``names[i]``.
    measure
        How large a text is.
    taken
        Boxes (top, left, bottom, right) where nothing may be written.

    Returns
    -------
    list of NamePlace
        No two overlap, all are whole in the picture, every middle lies in its region. A region of
        several large parts (both hemispheres) has one for each.

    Notes
    -----
    The middle is the point furthest from the border of the region, where distances up and down
    count as much more as the text is wider than high: the centre of the largest ellipse of the
    text's proportions that fits.
    """
    used = [_Box(*box) for box in taken]
    placed = []
    # Small regions first: large ones have other places for their names.
    parts = sorted(_parts(labels, names), key=lambda part: part.area)
    for part in parts:
        found = _place(part, measure, used, labels.shape)
        if found is not None:
            used.append(_box(found, measure))
            placed.append(found)
    return placed


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A connected part of a region: a mask with a margin of one, and where its corner lies."""

    name: str
    mask: npt.NDArray[np.bool_]
    corner: tuple[int, int]
    area: int


def _parts(labels: npt.NDArray[Any], names: Sequence[str]) -> Iterator[_Part]:
    for value, place in enumerate(find_objects(labels), start=1):
        if place is None:
            continue
        numbered, count = label(labels[place] == value)
        areas = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
        for i in np.flatnonzero(areas >= _SMALLEST_SHARE * areas.max()):
            # The margin makes the edge of the picture a border like any other.
            mask = np.pad(numbered == i + 1, 1)
            corner = (place[0].start - 1, place[1].start - 1)
            yield _Part(names[value - 1], mask, corner, int(areas[i]))


def _place(
    part: _Part, measure: Measure, used: list[_Box], shape: tuple[int, ...]
) -> NamePlace | None:
    height, width = measure(part.name, SIZES_PX[0])
    # In columns: half the width of the largest ellipse around each point.
    rooms = [
        distance_transform_edt(mask, sampling=(width / height, 1.0))
        for mask in (part.mask, _free_part(part, used))
    ]
    for size_px in SIZES_PX:
        half_width = measure(part.name, size_px)[1] / 2.0
        # Smaller and smaller; the last size may stick out a little.
        least = half_width * (_LEAST_FIT if size_px == SIZES_PX[-1] else 1.0)
        for room in rooms:
            for row, column in _candidates(room, least, radius=width / 2.0):
                place = NamePlace(part.name, row + part.corner[0], column + part.corner[1], size_px)
                if _is_free(_box(place, measure), used, shape):
                    return place
    return None


def _free_part(part: _Part, used: list[_Box]) -> npt.NDArray[np.bool_]:
    """The part's mask without the places that are taken."""
    mask = part.mask.copy()
    top, left = part.corner
    for box in used:
        rows = slice(max(0, round(box.top) - top), max(0, round(box.bottom) - top))
        mask[rows, max(0, round(box.left) - left) : max(0, round(box.right) - left)] = False
    return mask


def _candidates(
    room: npt.NDArray[Any], least: float, radius: float
) -> Iterator[tuple[float, float]]:
    """The points with the most room, then any with at least as much as is needed, scattered."""
    left = np.where(room >= least, room, 0.0)
    rows, columns = np.ogrid[: room.shape[0], : room.shape[1]]
    for _ in range(_MOST_TRIES):
        if left.max() <= 0.0:
            return
        # In a long band many points have the same room: of those, the one in the middle.
        ridge = np.argwhere(left >= _AS_GOOD * left.max())
        row, column = ridge[np.square(ridge - ridge.mean(axis=0)).sum(axis=1).argmin()].tolist()
        yield float(row), float(column)
        left[(rows - row) ** 2 + (columns - column) ** 2 <= (0.7 * radius) ** 2] = 0.0
        np.minimum(left, least, out=left)


def _box(place: NamePlace, measure: Measure) -> _Box:
    height, width = measure(place.text, place.size_px)
    return _Box(
        place.row - height / 2.0 - _GAP_PX,
        place.column - width / 2.0 - _GAP_PX,
        place.row + height / 2.0 + _GAP_PX,
        place.column + width / 2.0 + _GAP_PX,
    )


def _is_free(box: _Box, used: list[_Box], shape: tuple[int, ...]) -> bool:
    is_inside = box.top >= 0 and box.left >= 0 and box.bottom <= shape[0] and box.right <= shape[1]
    return is_inside and not any(box.meets(other) for other in used)
