"""The outer shapes of the schematic brain, as functions that are positive inside, in millimetres.

Everything is in the Allen volume (13.2 x 8.0 x 11.4 mm, midline at 5.7): ``ap`` runs from anterior
to posterior, ``dv`` from superior to inferior, ``left`` from the midline to the left, and ``ml`` is
the distance from the midline on either side. The values approximate the distance to the surface, so
that a threshold makes a shell of even thickness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter

Field = npt.NDArray[np.float32]

STEP_MM: Final = 0.1
SHAPE: Final = (132, 80, 114)

CORTEX_MM: Final = 0.8

#: How much further forward the right olfactory bulb reaches than the left one: the only difference
#: between the sides, so that a swapped side shows.
BULB_DIFFERENCE_MM: Final = 0.55

#: Cross-sections of the cerebrum: AP, half-width, superior edge, level of the greatest width,
#: inferior edge. It ends where the width is 0.
_SECTIONS: Final = np.array(
    [
        [1.9, 0.0, 3.6, 3.6, 3.6],
        [2.2, 1.9, 2.1, 3.8, 5.4],
        [2.5, 2.55, 1.75, 4.0, 5.9],
        [3.0, 3.2, 1.45, 4.2, 6.3],
        [4.0, 4.0, 1.05, 4.4, 6.9],
        [5.0, 4.6, 0.75, 4.5, 7.2],
        [6.0, 4.95, 0.45, 4.5, 7.3],
        [7.0, 5.15, 0.25, 4.4, 7.3],
        [8.0, 5.2, 0.15, 4.3, 7.2],
        [9.0, 4.95, 0.3, 4.2, 7.0],
        [9.5, 4.5, 0.6, 4.15, 6.6],
        [10.0, 3.65, 1.15, 4.05, 6.1],
        [10.25, 2.8, 1.75, 4.0, 5.5],
        [10.5, 0.0, 3.9, 3.9, 3.9],
    ]
)
#: Exponent of the cross-sections: a little boxier than an ellipse.
_BOXINESS: Final = 2.25


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid and its mirror image: centre (ap, dv, ml) and half-axes, mm."""

    centre_mm: tuple[float, float, float]
    radii_mm: tuple[float, float, float]

    def field(self, ap: Field, dv: Field, ml: Field) -> Field:
        """Distance to the surface, to first order, positive inside."""
        offsets = [c - c0 for c, c0 in zip((ap, dv, ml), self.centre_mm, strict=True)]
        level = sum((o / r) ** 2 for o, r in zip(offsets, self.radii_mm, strict=True))
        slope = sum((o / r**2) ** 2 for o, r in zip(offsets, self.radii_mm, strict=True))
        level, slope = np.sqrt(level), np.sqrt(slope)
        return np.asarray((1.0 - level) * level / np.maximum(slope, 1e-6), np.float32)


def axes() -> tuple[Field, Field, Field]:
    """Coordinates (ap, dv, left) of the voxels, shapes (A, 1, 1), (1, B, 1), (1, 1, C), mm."""
    ap, dv, across = ((np.arange(n, dtype=np.float32) + 0.5) * STEP_MM for n in SHAPE)
    midline = np.float32(SHAPE[2] * STEP_MM / 2)
    return ap[:, None, None], dv[None, :, None], across[None, None, :] - midline


def half_axes() -> tuple[Field, Field, Field]:
    """Coordinates (ap, dv, ml) of the voxels of one side, midline first, shapes as of ``axes``."""
    ap, dv, left = axes()
    return ap, dv, left[:, :, SHAPE[2] // 2 :]


def section(ap: Field) -> list[Field]:
    """Half-width, superior edge, level of the greatest width and inferior edge at ``ap``, mm."""
    where = np.clip(ap, _SECTIONS[0, 0], _SECTIONS[-1, 0])
    # Squares of the half-axes: so the ends are round instead of pointed.
    level = PchipInterpolator(_SECTIONS[:, 0], _SECTIONS[:, 3])(where)
    half_axes = np.abs(_SECTIONS[:, [1, 2, 4]] - np.array([[0, 1, 1]]) * _SECTIONS[:, [3]])
    squares = PchipInterpolator(_SECTIONS[:, 0], half_axes**2)(where)
    width, up, down = np.moveaxis(np.sqrt(np.maximum(squares, 0.0)), -1, 0)
    return [np.asarray(f, np.float32) for f in (width, level - up, level, level + down)]


def cerebrum_depth(ap: Field, dv: Field, ml: Field) -> Field:
    """Depth under the smooth surface of the two hemispheres, without the fissure between them."""
    # The hemispheres end earlier near the midline: in front a notch, behind the colliculi show.
    notch = 1.9 * np.exp(-((ml / 1.15) ** 2)) * _step(ap, 7.8, 9.5)
    notch = notch - 0.35 * np.exp(-((ml / 0.5) ** 2)) * _step(-ap, -3.5, -2.0)
    width, top, level, bottom = section(ap + notch)
    width = np.maximum(width, 0.05)
    height = np.maximum(np.where(dv < level, level - top, bottom - level), 0.05)
    n = _BOXINESS
    rho = ((ml / width) ** n + (np.abs(dv - level) / height) ** n) ** (1 / n)
    # A rate of change per mm turns the level into a depth; beyond the rounded ends it grows out of
    # all proportion and would make the outside look near.
    slope = np.sqrt(sum(g**2 for g in np.gradient(rho, STEP_MM)))
    slope = np.clip(slope, 0.15, np.where(rho > 1, 1.0, 10.0))
    depth = np.clip((1.0 - rho) / slope, -1.5, None)
    return np.asarray(gaussian_filter(depth, 1.0), np.float32)


def surface_point(ap: float, ml: float) -> Field:
    """Point (ap, dv, ml) of the smooth upper surface of the cerebrum, shape (3,)."""
    width, top, level, _ = (float(f) for f in section(np.array(ap, np.float32)))
    rise = (level - top) * max(0.0, 1 - (ml / width) ** _BOXINESS) ** (1 / _BOXINESS)
    return np.array([ap, level - rise, ml], np.float32)


def flank_point(ap: float, dv: float) -> Field:
    """Point (ap, dv, ml) of the smooth side of the cerebrum, shape (3,)."""
    width, top, level, bottom = (float(f) for f in section(np.array(ap, np.float32)))
    height = level - top if dv < level else bottom - level
    side = max(0.0, 1 - (abs(dv - level) / height) ** _BOXINESS) ** (1 / _BOXINESS)
    return np.array([ap, dv, width * side], np.float32)


def fissure(dv: Field, ml: Field) -> Field:
    """Depth of the cut between the hemispheres, mm; only on the upper side."""
    return np.asarray(1.1 * np.exp(-((ml / 0.13) ** 2)) * _step(-dv, -4.5, -3.5), np.float32)


def cortex_thickness(dv: Field, ml: Field) -> Field:
    """Thickness of the cortex, mm: at the midline more, where it is folded into the fissure."""
    folded = 0.9 * np.exp(-((ml / 0.7) ** 2)) * _step(-dv, -4.5, -3.5)
    return np.asarray(CORTEX_MM + folded, np.float32)


def olfactory_bulbs(ap: Field, dv: Field, left: Field) -> Field:
    """Both bulbs; the right one reaches ``BULB_DIFFERENCE_MM`` further forward."""
    ml = np.abs(left)
    more = BULB_DIFFERENCE_MM / 2
    short = Ellipsoid((1.75, 4.2, 1.08), (1.0, 1.4, 1.02)).field(ap, dv, ml)
    long = Ellipsoid((1.75 - more, 4.2, 1.08), (1.0 + more, 1.4, 1.02)).field(ap, dv, ml)
    return np.where(left > 0, short, long)


def olfactory_stalks(ap: Field, dv: Field, ml: Field) -> Field:
    """What joins the bulbs to the cerebrum."""
    return Ellipsoid((2.6, 4.6, 1.15), (1.3, 1.0, 0.85)).field(ap, dv, ml)


def superior_colliculi(ap: Field, dv: Field, ml: Field) -> Field:
    """Two bumps behind the hemispheres."""
    return Ellipsoid((9.25, 2.2, 0.85), (1.15, 1.15, 0.95)).field(ap, dv, ml)


def inferior_colliculi(ap: Field, dv: Field, ml: Field) -> Field:
    """Two bumps between the superior colliculi and the cerebellum."""
    return Ellipsoid((10.35, 2.1, 1.05), (0.75, 0.95, 0.95)).field(ap, dv, ml)


def cerebellum(ap: Field, dv: Field, ml: Field) -> Field:
    """Vermis, hemispheres and paraflocculi, with transverse folia."""
    vermis = Ellipsoid((11.55, 3.3, 0.0), (1.5, 2.5, 1.25))
    hemisphere = Ellipsoid((11.3, 3.4, 2.3), (1.4, 2.0, 2.0))
    paraflocculus = Ellipsoid((11.0, 4.9, 4.0), (0.75, 0.9, 0.65))
    folia = 0.07 * np.cos(13.0 * np.arctan2(dv - 4.0, ap - 11.0)) * np.exp(-((ml / 3.2) ** 4))
    body = np.maximum(vermis.field(ap, dv, ml), hemisphere.field(ap, dv, ml)) + folia
    return np.asarray(np.maximum(body, paraflocculus.field(ap, dv, ml)), np.float32)


def brain_stem(ap: Field, dv: Field, ml: Field) -> Field:
    """From under the hemispheres to the cut end of the medulla."""
    stem = Ellipsoid((10.2, 5.6, 0.0), (3.6, 1.85, 2.2))
    tail = Ellipsoid((12.0, 6.0, 0.0), (2.2, 1.4, 1.75))
    body = np.maximum(stem.field(ap, dv, ml), tail.field(ap, dv, ml))
    return np.asarray(np.minimum(body, 13.05 - ap), np.float32)


def _step(value: Field, low: float, high: float) -> Field:
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
