"""Pairs of an image point and an atlas point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Landmark:
    """A point that is known in the image, in the atlas, or (to be of use) in both.

    Attributes
    ----------
    name
        What the point is, e.g. ``"bregma"``.
    image_px
        (row, column), or None.
    atlas_um
        Position in ``atlas_um``, or None.
    """

    name: str
    image_px: tuple[float, float] | None = None
    atlas_um: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        for label, value, length in (
            ("image_px", self.image_px, 2),
            ("atlas_um", self.atlas_um, 3),
        ):
            if value is None:
                continue
            if len(value) != length or not np.isfinite(value).all():
                raise ValueError(
                    f"landmark {self.name!r}: {label} must be {length} numbers, got {value!r}"
                )
            object.__setattr__(self, label, tuple(float(v) for v in value))
