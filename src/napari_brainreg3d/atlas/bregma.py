"""Printed stereotaxic coordinates: millimetres from a *named* bregma.

Bregma is not a point of the atlas but an estimate; presets differ by 0.75 mm. Nothing here moves
a label: labels live in the atlas.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import AtlasError
from napari_brainreg3d.geometry.frames import AP, DV, ML, FloatArray


@dataclass(frozen=True, slots=True)
class BregmaPreset:
    """A position of bregma in ``atlas_um``, and how the skull relates to the atlas.

    Parameters
    ----------
    name
        What goes into every file.
    atlas_um
        Bregma: from the front, from the top, and along axis 2, um.
    tilt_deg
        How much the skull-flat head is nose-up relative to the atlas, degrees (5 in common use).
    scale
        Size of the in-skull brain relative to the atlas along AP, ML, DV (e.g. Qiu et al. 2018:
        1.031, 0.952, 0.885; Dorr et al. 2008: 1.087, 1, 0.952).
    """

    name: str
    atlas_um: tuple[float, float, float]
    tilt_deg: float = 0.0
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        for name in ("atlas_um", "scale"):
            numbers = tuple(float(number) for number in getattr(self, name))
            if len(numbers) != 3:
                raise ValueError(
                    f"bregma preset {self.name!r}: {name} must be three numbers, got {numbers}"
                )
            object.__setattr__(self, name, numbers)
        object.__setattr__(self, "tilt_deg", float(self.tilt_deg))
        if not np.isfinite([*self.atlas_um, self.tilt_deg, *self.scale]).all():
            raise ValueError(f"bregma preset {self.name!r} has numbers that are not finite")
        if min(self.scale) <= 0:
            raise ValueError(f"bregma preset {self.name!r} has a scale that is not positive")

    def _matrix(self) -> FloatArray:
        # atlas offsets (posterior, inferior, left) -> (AP anterior+, ML right+, DV dorsal+).
        axes = np.zeros((3, 3))
        axes[0, AP], axes[1, ML], axes[2, DV] = -1.0, -1.0, -1.0
        # Nose up: what lies anterior of bregma comes to lie higher.
        cos, sin = np.cos(np.radians(self.tilt_deg)), np.sin(np.radians(self.tilt_deg))
        tilt = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
        return np.asarray(tilt @ np.diag(self.scale) @ axes / 1000.0)

    def to_stereotaxic_mm(self, points_um: npt.ArrayLike) -> FloatArray:
        """Map ``atlas_um``, shape (..., 3), to ``stereotaxic_mm``, shape (..., 3).

        Returns
        -------
        ndarray, shape (..., 3)
            AP (anterior +), ML (right +), DV (ventral -), mm from bregma.
        """
        offsets = np.asarray(points_um, np.float64) - np.asarray(self.atlas_um)
        return np.asarray(offsets @ self._matrix().T)

    def to_atlas_um(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Inverse of :meth:`to_stereotaxic_mm`."""
        offsets = np.asarray(points_mm, np.float64) @ np.linalg.inv(self._matrix()).T
        return np.asarray(offsets + np.asarray(self.atlas_um))


_ALLEN: Final = {
    "ibl": (5400.0, 332.0, 5739.0),
    "allen_ccf_tools": (5400.0, 0.0, 5700.0),
    "pinpoint_2024": (5200.0, 440.0, 5700.0),
    "brainreg3d": (5699.5, 440.0, 5700.0),
}

BREGMA_PRESETS: Final = MappingProxyType(
    {name: BregmaPreset(name, point) for name, point in _ALLEN.items()}
)
"""Positions of bregma in the Allen mouse CCF that published tools use."""

DEFAULT_BREGMA: Final = "ibl"


def bregma_preset(name: str) -> BregmaPreset:
    """Look a preset up.

    Raises
    ------
    AtlasError
        When there is no preset of that name.
    """
    try:
        return BREGMA_PRESETS[name]
    except KeyError:
        known = ", ".join(BREGMA_PRESETS)
        raise AtlasError(f"unknown bregma preset {name!r}; choose one of {known}") from None
