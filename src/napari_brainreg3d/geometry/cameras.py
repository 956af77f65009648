"""Cameras: how the pixels of the image plane become rays, and points become pixels.

A camera works on offsets from the image centre in ``plane_um`` and knows nothing of the atlas. A
ray is written as the point where it crosses the plane of focus (depth 0) and its slope: lateral um
per um of depth. So the ray of every camera, at depth ``z``, is at ``crossing + slope * z``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from napari_brainreg3d.geometry.distortion import RadialDistortion
from napari_brainreg3d.geometry.frames import DEPTH, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera(ABC):
    """What every camera has.

    Parameters
    ----------
    mirrored
        Whether the optics show a mirror image: its columns then run against ``plane_um``.
    """

    mirrored: bool = False

    @property
    @abstractmethod
    def eye_depth_um(self) -> float:
        """Depth of the camera's pinhole, um: negative, minus infinity if orthographic."""

    @abstractmethod
    def crossings(self, offsets_um: FloatArray) -> FloatArray:
        """Where the rays of image offsets cross the plane of focus.

        Parameters
        ----------
        offsets_um : ndarray, shape (..., 2)
            (down, right) distances from the image centre as seen in the image, um.

        Returns
        -------
        ndarray, shape (..., 2)
            The first two coordinates in ``plane_um``, with mirroring and distortion undone.
        """

    @abstractmethod
    def slopes(self, crossings_um: FloatArray) -> FloatArray:
        """Lateral um per um of depth, shape (..., 2), of the rays through ``crossings_um``."""

    @abstractmethod
    def offsets(self, points_um: FloatArray) -> FloatArray:
        """Where points are seen in the image.

        Parameters
        ----------
        points_um : ndarray, shape (..., 3)
            Points in ``plane_um``.

        Returns
        -------
        ndarray, shape (..., 2)
            (down, right) distances from the image centre, um; NaN for a point that the camera
            cannot see at all (behind the pinhole or past the limit of the lens).
        """

    def _mirror(self, offsets_um: FloatArray) -> FloatArray:
        # Its own inverse: the columns change sign.
        return np.asarray(offsets_um * (1.0, -1.0)) if self.mirrored else offsets_um


@dataclass(frozen=True, slots=True, kw_only=True)
class OrthographicCamera(Camera):
    """A camera whose rays are all parallel (telecentric optics, or a very long distance)."""

    @property
    def eye_depth_um(self) -> float:
        return -np.inf

    def crossings(self, offsets_um: FloatArray) -> FloatArray:
        return self._mirror(offsets_um)

    def slopes(self, crossings_um: FloatArray) -> FloatArray:
        return np.zeros_like(crossings_um)

    def offsets(self, points_um: FloatArray) -> FloatArray:
        return self._mirror(points_um[..., :DEPTH])


@dataclass(frozen=True, slots=True, kw_only=True)
class PinholeCamera(Camera):
    """A camera whose rays meet in one point, a working distance behind the plane of focus.

    Parameters
    ----------
    working_distance_mm
        Distance from the pinhole (entrance pupil) to the plane of focus, mm.
    principal_point_um
        Where the optical axis crosses the plane of focus: (down, right) from the image centre, um.
    k1, k2
        Radial distortion, as in OpenCV (see :mod:`napari_brainreg3d.geometry.distortion`).
    mirrored
        Whether the optics show a mirror image.

    Raises
    ------
    ValueError
        When the working distance is not positive and finite.
    """

    working_distance_mm: float
    principal_point_um: tuple[float, float] = (0.0, 0.0)
    k1: float = 0.0
    k2: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.working_distance_mm) and self.working_distance_mm > 0):
            raise ValueError(
                f"working_distance_mm must be positive, got {self.working_distance_mm!r}; "
                "for parallel rays use OrthographicCamera"
            )
        point = np.asarray(self.principal_point_um, np.float64)
        if point.shape != (2,) or not np.isfinite(point).all():
            raise ValueError(
                "principal_point_um must be two finite numbers (down, right), "
                f"got {self.principal_point_um!r}"
            )
        RadialDistortion(self.k1, self.k2)  # refuses what is not finite
        object.__setattr__(self, "principal_point_um", (float(point[0]), float(point[1])))
        for name in ("working_distance_mm", "k1", "k2"):
            object.__setattr__(self, name, float(getattr(self, name)))

    @property
    def eye_depth_um(self) -> float:
        return -1000.0 * self.working_distance_mm

    @property
    def distortion(self) -> RadialDistortion:
        """The lens's radial distortion."""
        return RadialDistortion(self.k1, self.k2)

    def crossings(self, offsets_um: FloatArray) -> FloatArray:
        centre = np.asarray(self.principal_point_um)
        distance = -self.eye_depth_um
        seen = self._mirror(offsets_um) - centre
        if self.distortion.is_none:
            return np.asarray(seen + centre)
        return np.asarray(self.distortion.remove(seen / distance) * distance + centre)

    def slopes(self, crossings_um: FloatArray) -> FloatArray:
        return np.asarray((crossings_um - self.principal_point_um) / -self.eye_depth_um)

    def offsets(self, points_um: FloatArray) -> FloatArray:
        centre = np.asarray(self.principal_point_um)
        distance = -self.eye_depth_um
        from_eye = points_um[..., DEPTH:] + distance
        with np.errstate(divide="ignore", invalid="ignore"):
            ideal = np.where(from_eye > 0, (points_um[..., :DEPTH] - centre) / from_eye, np.nan)
        return self._mirror(self.distortion.apply(ideal) * distance + centre)
