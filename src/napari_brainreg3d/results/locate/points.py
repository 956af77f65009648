"""Points of an image or of the brain, with names, as they come from a file or a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.geometry.frames import FloatArray, read_only

#: What coordinates are counted in; see ``CONVENTIONS.md`` for the frames.
PointFrame = Literal["image_px", "image_um", "atlas_um", "stereotaxic_mm"]

_COORDINATES = {"image_px": 2, "image_um": 2, "atlas_um": 3, "stereotaxic_mm": 3}


class PointsError(BrainregError):
    """Points or regions of interest that are damaged, incomplete or ambiguous."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """N named points. Their order and their duplicates are kept.

    Attributes
    ----------
    values : ndarray, shape (N, 2) or (N, 3)
        ``image_px``: (row, column), whole numbers are pixel centres. ``image_um``: the same times
        the pixel size, so that the centre of the first pixel is (0, 0). ``atlas_um``: along the
        three axes. ``stereotaxic_mm``: AP, ML, DV.
    frame
        Which of these.
    names
        One for each point, all different; empty when they have none.
    """

    values: FloatArray
    frame: PointFrame
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = checked_points(self.values, _COORDINATES[self.frame], self.frame)
        object.__setattr__(self, "values", read_only(values))
        object.__setattr__(self, "names", checked_names(self.names, len(values)))

    def __len__(self) -> int:
        return len(self.values)

    def in_pixels(self, pixel_size_um: tuple[float, float]) -> FloatArray:
        """The points as ``image_px``, shape (N, 2), given the height and width of a pixel, um.

        Raises
        ------
        PointsError
            When they are points of the brain.
        """
        if self.frame == "image_px":
            return self.values
        if self.frame == "image_um":
            return np.asarray(self.values / pixel_size_um)
        raise PointsError(f"these are points of the brain, {self.frame}, not of the image")


def checked_points(values: npt.ArrayLike, coordinates: int, what: str) -> FloatArray:
    """Points as a private float64 array.

    Parameters
    ----------
    values : array_like, shape (N, ``coordinates``)
        What a caller gave.
    coordinates
        How many numbers a point has.
    what
        What to call the points in errors.

    Returns
    -------
    ndarray, shape (N, ``coordinates``)
        A copy.

    Raises
    ------
    PointsError
        When the shape is another, or a number is not finite.
    """
    try:
        points = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise PointsError(f"the points ({what}) are not numbers: {values!r:.80}") from None
    if points.shape == (0,):
        points = points.reshape(0, coordinates)
    if points.ndim != 2 or points.shape[1] != coordinates:
        raise PointsError(
            f"points ({what}) must have the shape (N, {coordinates}), got {points.shape}"
        )
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if wrong.size:
        raise PointsError(
            f"point {wrong[0]} (counted from 0) is not finite: {points[wrong[0]].tolist()}; "
            f"leave such points out ({wrong.size} of {len(points)})"
        )
    return points


def checked_names(names: Sequence[object] | None, count: int) -> tuple[str, ...]:
    """Names as text; empty when there are none.

    Raises
    ------
    PointsError
        When there are not as many as points, or one occurs twice.
    """
    if names is None or len(names) == 0:
        return ()
    texts = tuple(str(name) for name in names)
    if len(texts) != count:
        raise PointsError(f"there are {count} points but {len(texts)} names")
    if len(set(texts)) < count:
        seen: set[str] = set()
        for name in texts:
            if name in seen:
                raise PointsError(f"the name {name!r} occurs twice; names must differ")
            seen.add(name)
    return texts
