"""Turn, scale and shift in the image plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from napari_brainreg3d.geometry.frames import FloatArray


@dataclass(frozen=True, slots=True)
class Similarity:
    """Where points of the new image lie in the previous one.

    Points are offsets (down, right) from the centre of their image, um.

    Parameters
    ----------
    rotation_deg
        Turn of the new image's axes in the previous image, from down towards right: the yaw.
    scale
        um of the previous image per um of the new one.
    shift_um
        Where the centre of the new image lies in the previous one.
    """

    rotation_deg: float
    scale: float
    shift_um: tuple[float, float]

    @classmethod
    def from_vector(cls, vector: FloatArray) -> Self:
        """From (a, b, down, right), shape (4,), with ``a + ib`` the scale and turn."""
        a, b, down, right = (float(value) for value in vector)
        return cls(float(np.degrees(np.arctan2(b, a))), float(np.hypot(a, b)), (down, right))

    @property
    def vector(self) -> FloatArray:
        """(a, b, down, right), shape (4,); inverse of :meth:`from_vector`."""
        return np.array([*self.linear[:, 0], *self.shift_um])

    @property
    def linear(self) -> FloatArray:
        """The turn and scale as a matrix, shape (2, 2)."""
        angle = np.radians(self.rotation_deg)
        cos, sin = np.cos(angle), np.sin(angle)
        return np.asarray(self.scale * np.array([[cos, -sin], [sin, cos]]))

    def to_previous(self, offsets_um: FloatArray) -> FloatArray:
        """Map offsets of the new image, shape (2, ...), to the previous one."""
        shift = np.reshape(self.shift_um, (2,) + (1,) * (offsets_um.ndim - 1))
        return np.asarray(np.tensordot(self.linear, offsets_um, 1) + shift)

    def to_new(self, offsets_um: FloatArray) -> FloatArray:
        """Map offsets of the previous image, shape (2, ...), to the new one."""
        shift = np.reshape(self.shift_um, (2,) + (1,) * (offsets_um.ndim - 1))
        return np.asarray(np.tensordot(np.linalg.inv(self.linear), offsets_um - shift, 1))
