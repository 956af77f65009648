"""Radial lens distortion in normalised image coordinates, and its inverse.

The model is Brown's [1]_ with the signs and units of OpenCV: a point that an ideal pinhole would
see at ``x`` (lateral distance over distance from the pinhole, dimensionless) is seen at
``x * (1 + k1 r^2 + k2 r^4)`` with ``r = |x|``.

References
----------
.. [1] Brown, D. C., "Close-range camera calibration", Photogrammetric Engineering 37 (1971).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_brainreg3d.geometry.frames import FloatArray

#: Newton steps: quadratic convergence from within the monotonic range needs far fewer.
_MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class RadialDistortion:
    """Radial distortion with coefficients ``k1`` and ``k2`` (dimensionless, as in OpenCV)."""

    k1: float = 0.0
    k2: float = 0.0

    def __post_init__(self) -> None:
        if not np.isfinite([self.k1, self.k2]).all():
            raise ValueError(f"k1 and k2 must be finite, got {self.k1!r} and {self.k2!r}")

    @property
    def is_none(self) -> bool:
        """Whether this leaves every point where it is."""
        return self.k1 == 0.0 and self.k2 == 0.0

    @property
    def radius_limit(self) -> float:
        """Largest ideal radius up to which distorted radii still grow (dimensionless)."""
        # d/dr of r + k1 r^3 + k2 r^5 vanishes where 1 + 3 k1 q + 5 k2 q^2 = 0, q = r^2.
        roots = np.roots([5.0 * self.k2, 3.0 * self.k1, 1.0])
        positive = roots.real[(np.abs(roots.imag) < 1e-12) & (roots.real > 0)]
        return float(np.sqrt(positive.min())) if positive.size else float("inf")

    def apply(self, ideal: FloatArray) -> FloatArray:
        """Map ideal to distorted normalised coordinates, shape (..., 2); NaN past the limit."""
        if self.is_none:
            return ideal
        q = np.square(ideal).sum(axis=-1, keepdims=True)
        distorted = ideal * (1.0 + q * (self.k1 + q * self.k2))
        # Past the limit the polynomial folds back: such a point is not seen at all.
        return np.where(q < self.radius_limit**2, distorted, np.nan)

    def remove(self, distorted: FloatArray) -> FloatArray:
        """Map distorted to ideal normalised coordinates, shape (..., 2).

        Raises
        ------
        ValueError
            When a point lies outside what the lens model can show.
        """
        if self.is_none:
            return distorted
        target = np.linalg.norm(distorted, axis=-1)
        limit = self.radius_limit
        if np.isfinite(limit):
            largest = limit * (1.0 + limit**2 * (self.k1 + limit**2 * self.k2))
            if target.max(initial=0.0) >= largest:
                raise ValueError(
                    f"the image reaches a normalised radius of {target.max():.4g}, but with "
                    f"k1={self.k1:g}, k2={self.k2:g} the lens shows only up to {largest:.4g}; "
                    "use smaller coefficients or a longer working distance"
                )
        ceiling = limit * (1.0 - 1e-9)
        radius = np.minimum(target, ceiling)
        for _ in range(_MAX_STEPS):
            q = radius * radius
            error = radius * (1.0 + q * (self.k1 + q * self.k2)) - target
            slope = 1.0 + q * (3.0 * self.k1 + 5.0 * q * self.k2)  # positive below the limit
            step = radius - np.clip(radius - error / slope, 0.0, ceiling)
            radius = radius - step
            if np.abs(step).max(initial=0.0) <= 1e-15:
                break
        scale = np.divide(radius, target, out=np.ones_like(target), where=target > 0)
        return np.asarray(distorted * scale[..., None])
