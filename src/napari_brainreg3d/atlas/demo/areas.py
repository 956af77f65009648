"""Where the regions of the schematic brain lie: one or several seed points each.

Within a compartment every point belongs to the region of the nearest seed, so that borders are flat
walls between two seeds. Positions are rounded stereotaxic coordinates: AP from bregma (anterior +),
ML from the midline, DV from the top of the volume, mm.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np

from napari_brainreg3d.atlas.demo.shapes import Field, flank_point, surface_point

#: AP of bregma in the volume, mm from its front (the presets ``ibl`` and ``allen_ccf_tools``).
BREGMA_AP_MM: Final = 5.4

#: On the upper surface: (AP, ML).
_DORSAL: Final = {
    "MOs": [(2.85, 2.2), (2.75, 1.2), (2.2, 1.85), (1.9, 0.9), (1.5, 1.15), (0.85, 0.75),
            (0.05, 0.45), (-0.5, 0.4)],
    "MOp": [(2.3, 3.2), (1.7, 2.45), (1.1, 1.65), (0.55, 1.25), (-0.05, 0.95), (-0.5, 1.0)],
    "SSp-ll": [(-0.05, 1.75), (-0.45, 2.0)],
    "SSp-ul": [(0.75, 2.75), (0.1, 2.6), (-0.55, 2.65)],
    "SSp-un": [(0.15, 3.1), (-0.35, 3.05), (-0.85, 2.9)],
    "SSp-m": [(1.5, 3.45), (0.8, 3.5), (0.7, 4.0)],
    "SSp-n": [(-0.05, 3.6), (-0.15, 4.05)],
    "SSp-bfd": [(-0.8, 3.45), (-0.85, 3.95), (-1.3, 3.1), (-1.6, 3.6), (-1.45, 4.1), (-2.05, 3.95)],
    "SSp-tr": [(-1.05, 1.5), (-1.15, 2.25)],
    "VISa": [(-1.75, 1.75), (-1.85, 2.4)],
    "VISam": [(-2.35, 1.7)],
    "VISrl": [(-2.35, 3.25), (-2.15, 2.9)],
    "VISal": [(-2.8, 3.95)],
    "VISl": [(-3.4, 4.05), (-3.85, 4.0)],
    "VISp": [(-2.85, 2.8), (-3.3, 2.25), (-3.45, 3.3), (-4.0, 3.2), (-4.3, 2.6), (-4.2, 1.95)],
    "VISpm": [(-2.9, 1.7), (-3.5, 1.55)],
    "RSPagl": [(-1.0, 1.0), (-1.6, 1.15), (-2.3, 1.2), (-3.0, 1.2), (-3.7, 1.15), (-4.2, 1.35)],
    "RSPd": [(-1.0, 0.45), (-1.6, 0.65), (-2.3, 0.7), (-3.0, 0.7), (-3.7, 0.7), (-4.0, 0.9)],
    "AUDd": [(-2.2, 4.5)],
    "AUDpo": [(-2.9, 4.5)],
}  # fmt: skip

#: On the side: (AP, DV).
_FLANK: Final = {
    "SSs": [(0.5, 2.75), (-0.1, 2.65), (-0.8, 2.55), (-1.45, 2.45), (-1.85, 2.5)],
    "AUDp": [(-2.35, 2.55), (-2.65, 2.5)],
    "AUDv": [(-2.2, 3.1), (-2.8, 3.05)],
    "TEa": [(-1.8, 3.55), (-2.5, 3.6), (-3.0, 3.3), (-3.4, 2.7), (-3.6, 2.4)],
    "ECT": [(-1.7, 4.25), (-2.5, 4.25), (-3.2, 3.9), (-3.8, 3.3)],
    "VISpor": [(-4.0, 2.4)],
    "VISpl": [(-4.6, 2.5)],
    "ENT": [(-3.1, 5.1), (-3.7, 4.6), (-4.2, 4.0), (-4.5, 3.2)],
    "GU": [(1.4, 3.2), (0.7, 3.4)],
    "VISC": [(0.0, 3.5), (-0.8, 3.5)],
    "AI": [(2.3, 3.6), (1.5, 4.1), (0.7, 4.3), (-0.1, 4.3), (-0.9, 4.3)],
    "PIR": [(1.9, 5.0), (1.1, 5.3), (0.2, 5.4), (-0.8, 5.4), (-1.7, 5.4), (-2.4, 5.6)],
}  # fmt: skip

#: Elsewhere in the cortex, at its medial wall, pole and underside: (AP, ML, DV).
_HIDDEN: Final = {
    "FRP": [(3.15, 1.2, 2.9), (3.15, 0.5, 2.9)],
    "ACA": [(1.8, 0.2, 2.35), (1.2, 0.2, 2.1), (0.6, 0.2, 1.95), (0.0, 0.2, 1.75),
            (-0.5, 0.2, 1.6)],
    "PL": [(2.5, 0.25, 3.0), (2.0, 0.25, 3.2), (1.5, 0.25, 3.0)],
    "RSPv": [(-1.0, 0.2, 1.7), (-1.7, 0.2, 1.5), (-2.4, 0.2, 1.4), (-3.1, 0.2, 1.4)],
    "ORB": [(3.1, 1.0, 3.9), (3.0, 1.9, 4.0), (2.6, 0.7, 4.6)],
    "AON": [(2.9, 1.1, 5.0), (2.5, 0.6, 5.6), (2.3, 1.8, 5.8)],
    "PIR": [(1.6, 1.2, 6.6), (0.8, 1.7, 6.9), (0.0, 2.2, 7.0), (-0.9, 3.2, 6.6), (-1.8, 3.2, 6.6)],
    "ENT": [(-3.0, 3.0, 6.4), (-3.8, 2.8, 5.8), (-4.9, 2.5, 3.6), (-4.8, 2.0, 4.6)],
    "HY": [(0.2, 0.5, 7.0), (-0.8, 0.7, 7.2), (-1.6, 0.8, 7.2), (-2.4, 0.8, 7.2)],
}  # fmt: skip

#: Under the cortex: (AP, ML, DV).
_CORE: Final = {
    "CNU": [(1.6, 1.3, 4.6), (0.8, 2.0, 3.6), (-0.3, 2.9, 3.8), (0.4, 1.0, 4.8), (-1.3, 3.2, 4.8)],
    "HIP": [(-1.7, 1.2, 1.9), (-2.5, 2.4, 2.3), (-3.1, 3.3, 3.4), (-3.1, 3.0, 4.7),
            (-1.2, 0.4, 2.0)],
    "TH": [(-0.9, 1.0, 3.8), (-1.7, 1.3, 3.7), (-2.4, 1.4, 3.8)],
    "HY": [(0.0, 0.4, 6.0), (-1.0, 0.6, 6.0), (-1.8, 0.7, 6.0)],
    "MBmot": [(-3.3, 0.8, 4.4), (-3.3, 0.8, 5.6), (-4.2, 1.0, 4.2)],
}  # fmt: skip

_CEREBELLUM: Final = {
    "VERM": [(-6.0, 0.0, 2.0), (-6.0, 0.0, 4.5)],
    "HEM": [(-6.0, 2.3, 2.0), (-6.0, 2.3, 4.5)],
}

_STEM: Final = {
    "MBmot": [(-3.6, 0.0, 4.5), (-3.6, 0.0, 6.0)],
    "HB": [(-5.6, 0.0, 4.5), (-5.6, 0.0, 6.0)],
}

Seeds = dict[str, Field]
"""Acronym -> points, shape (K, 3): (ap, dv, ml) in mm, as in :mod:`shapes`."""


def cortex_seeds() -> Seeds:
    """Seeds of the shell of the cerebrum."""
    found: dict[str, list[Field]] = defaultdict(list)
    for acronym, points in _DORSAL.items():
        found[acronym] += [surface_point(BREGMA_AP_MM - ap, ml) for ap, ml in points]
    for acronym, points in _FLANK.items():
        found[acronym] += [flank_point(BREGMA_AP_MM - ap, dv) for ap, dv in points]
    for acronym, places in _in_volume(_HIDDEN).items():
        found[acronym] += list(places)
    return {acronym: np.array(points, np.float32) for acronym, points in found.items()}


def core_seeds() -> Seeds:
    """Seeds of what the cortex surrounds."""
    return _in_volume(_CORE)


def cerebellum_seeds() -> Seeds:
    """Seeds of the cerebellum."""
    return _in_volume(_CEREBELLUM)


def stem_seeds() -> Seeds:
    """Seeds of the brain stem behind the cerebrum."""
    return _in_volume(_STEM)


def _in_volume(table: dict[str, list[tuple[float, float, float]]]) -> Seeds:
    return {
        acronym: np.array([(BREGMA_AP_MM - ap, dv, ml) for ap, ml, dv in points], np.float32)
        for acronym, points in table.items()
    }
