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

#: A normalised radius (tangent of the angle to the axis) that no lens sees.
_NO_LENS = 1e12
#: Newton needs far fewer steps; halving the bracket, where it must, ends within these.
_MAX_STEPS = 100


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
        # d/dr of r + k1 r^3 + k2 r^5 vanishes where u^2 + 3 k1 u + 5 k2 = 0, u = 1 / r^2: in u, so
        # that coefficients next to zero put the limit far away instead of dividing by them.
        inside = 9.0 * self.k1**2 - 20.0 * self.k2
        if inside < 0:
            return float("inf")
        u = (-3.0 * self.k1 + float(np.sqrt(inside))) / 2.0
        limit = u**-0.5 if u > 0 else float("inf")
        return limit if limit < _NO_LENS else float("inf")

    def apply(self, ideal: FloatArray) -> FloatArray:
        """Map ideal to distorted normalised coordinates, shape (..., 2); NaN past the limit."""
        if self.is_none:
            return ideal
        q = np.square(ideal).sum(axis=-1, keepdims=True)
        distorted = ideal * (1.0 + q * (self.k1 + q * self.k2))
        # Past the limit the polynomial folds back: such a point is not seen at all.
        return np.where(np.sqrt(q) < self.radius_limit, distorted, np.nan)

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
            largest = float(self._distorted(np.asarray(limit)))
            if target.max(initial=0.0) >= largest:
                raise ValueError(
                    f"the image reaches a normalised radius of {target.max():.4g}, but with "
                    f"k1={self.k1:g}, k2={self.k2:g} the lens shows only up to {largest:.4g}; "
                    "use smaller coefficients or a longer working distance"
                )
        radius = self._ideal_radius(target, limit)
        scale = np.divide(radius, target, out=np.ones_like(target), where=target > 0)
        return np.asarray(distorted * scale[..., None])

    def _ideal_radius(self, target: FloatArray, limit: float) -> FloatArray:
        """Solve r + k1 r^3 + k2 r^5 = target by Newton's method inside a shrinking bracket."""
        low = np.zeros_like(target)
        # Without a limit (9 k1^2 < 20 k2) the polynomial keeps more than 4/9 of any radius.
        high = np.full_like(target, limit) if np.isfinite(limit) else 2.25 * target
        radius, step = np.minimum(target, high), high
        for _ in range(_MAX_STEPS):
            error = self._distorted(radius) - target
            low, high = np.where(error < 0, radius, low), np.where(error < 0, high, radius)
            q = radius * radius
            slope = 1.0 + q * (3.0 * self.k1 + 5.0 * q * self.k2)
            newton = np.divide(error, slope, out=np.full_like(error, np.inf), where=slope > 0)
            after = radius - newton
            # Also steps that stay inside can run in circles; those that halve each time cannot.
            is_good = (after >= low) & (after <= high)
            is_good &= np.abs(newton) <= np.maximum(np.abs(step) / 2.0, 1e-15)
            step = np.where(is_good, newton, radius - (low + high) / 2.0)
            radius = radius - step
            if np.abs(step).max(initial=0.0) <= 1e-15:
                break
        return np.asarray(radius)

    def _distorted(self, radius: FloatArray) -> FloatArray:
        q = radius * radius
        return np.asarray(radius * (1.0 + q * (self.k1 + q * self.k2)))
