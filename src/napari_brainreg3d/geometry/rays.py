"""Rays in the atlas, ready to be cast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray, read_only


@dataclass(frozen=True, slots=True, eq=False)
class RayBundle:
    """R rays in ``atlas_um``.

    Attributes
    ----------
    crossings_um : ndarray, shape (R, 3)
        Where each ray crosses the plane of focus (depth 0).
    directions : ndarray, shape (R, 3)
        Way along each ray per um of depth: the component along the viewing direction is 1 um, so
        that the parameter of a ray *is* the depth under the plane of focus.
    viewing_direction : ndarray, shape (3,)
        The direction in which depth is counted, a unit vector; common to all rays.
    eye_depth_um
        Depth where the rays begin: that of the pinhole, minus infinity for parallel rays.
    """

    crossings_um: FloatArray
    directions: FloatArray
    viewing_direction: FloatArray
    eye_depth_um: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "crossings_um", read_only(self.crossings_um))
        object.__setattr__(self, "directions", read_only(self.directions))

    def __len__(self) -> int:
        return len(self.crossings_um)

    def at_depth(self, depth_um: npt.ArrayLike) -> FloatArray:
        """Points of the rays, shape (R, 3), at a depth (scalar or shape (R,)) in um."""
        depth = np.asarray(depth_um, np.float64)
        if depth.ndim:
            depth = depth[:, None]
        return np.asarray(self.crossings_um + self.directions * depth)
