"""How far a camera in a trial pose sees atlas points from where they were clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import VIEWS, Pose
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.geometry.pose import rotation_from_angles
from napari_brainreg3d.registration.landmarks import Landmark
from napari_brainreg3d.registration.registration import Registration

PARAMETERS: Final = ("down_um", "right_um", "depth_um", "yaw_deg", "pitch_deg", "roll_deg")
"""What a pose is made of: shifts along the plane's own axes, and the angles of the pose's view.

The angles turn about the middle of the landmarks, not about the image centre: seen from there,
shift and tilt are nearly independent, and error bars are honest for tilts of many degrees.
"""

SCALE: Final = "scale_percent"
"""The seventh parameter when the pixel size is free."""

#: A direction in parameter space that moves no point by more than this share of what the best one
#: does is not determined by the points.
_RANK_TOLERANCE: Final = 1e-6


def pose_from(start: Pose, pivot_um: FloatArray, values: FloatArray) -> Pose:
    """Move a pose by a value for each of :data:`PARAMETERS`.

    Parameters
    ----------
    start
        The pose from which ``values`` count.
    pivot_um : ndarray, shape (3,)
        The point of the atlas about which it turns.
    values : ndarray, shape (6,) or more
        Shifts of the plane in um along its own (turned) axes, and degrees.
    """
    yaw, pitch, roll = np.array(start.angles_deg) + values[3:6]
    rotation = VIEWS[start.view] @ rotation_from_angles(yaw, pitch, roll)
    in_plane = start.to_plane(pivot_um) - values[:3]
    return Pose(rotation, pivot_um - rotation @ in_plane, start.view)


class Reprojection:
    """Residuals as a function of the parameters: offsets from the start, um, degrees, percent.

    Parameters
    ----------
    start
        The registration from which the parameters count.
    landmarks
        At least two that are known on both sides.
    free_pixel_size
        Whether the pixel size is a parameter.
    pivot_um : ndarray, shape (3,), or None
        The point about which the angles turn; None: the middle of the landmarks.
    """

    def __init__(
        self,
        start: Registration,
        landmarks: Sequence[Landmark],
        *,
        free_pixel_size: bool,
        pivot_um: FloatArray | None = None,
    ) -> None:
        self._landmarks = landmarks
        pairs = [m for m in landmarks if m.image_px is not None and m.atlas_um is not None]
        if len(pairs) < 2:
            raise RegistrationError(
                f"{len(pairs)} landmarks are known in both image and atlas; at least 2 are needed"
            )
        self.start = start
        self.names = tuple(mark.name for mark in pairs)
        self.clicks_px = np.array([mark.image_px for mark in pairs], np.float64)
        self.atlas_um = np.array([mark.atlas_um for mark in pairs], np.float64)
        self.extent_um = float(np.linalg.norm(np.ptp(self.atlas_um, axis=0)))
        if self.extent_um < 1.0 or np.ptp(self.clicks_px, axis=0).max() < 1.0:
            raise RegistrationError("all landmarks lie in one point: place them apart")
        self.parameters = (*PARAMETERS, SCALE) if free_pixel_size else PARAMETERS
        self._angles = np.array(start.pose.angles_deg)
        self.pivot_um = self.atlas_um.mean(axis=0) if pivot_um is None else pivot_um
        self._pivot_in_plane = start.pose.to_plane(self.pivot_um)
        self._clicks_um = start.grid.to_offsets(self.clicks_px)

    def restarted_at(self, start: Registration) -> Reprojection:
        """The same problem with its parameters counted from another registration."""
        is_free = SCALE in self.parameters
        return Reprojection(start, self._landmarks, free_pixel_size=is_free)

    def pose_at(self, values: FloatArray) -> Pose:
        """The pose at ``values``, shape (P,); inverse of :meth:`values_of`."""
        return pose_from(self.start.pose, self.pivot_um, values)

    def values_of(self, pose: Pose) -> FloatArray:
        """The values, shape (P,), of a pose, with the pixel size as it was."""
        shift = self._pivot_in_plane - pose.to_plane(self.pivot_um)
        turn = np.array(pose.angles_deg) - self._angles
        turn = (turn + 180.0) % 360.0 - 180.0
        return np.concatenate([shift, turn, np.zeros(len(self.parameters) - 6)])

    def size_at(self, values: FloatArray) -> tuple[float, float]:
        """The pixel size (row, column) at ``values``, shape (P,), um."""
        height, width = self.start.pixel_size_um
        return (height * self._factor(values), width * self._factor(values))

    def _factor(self, values: FloatArray) -> float:
        return 1.0 + (float(values[6]) / 100.0 if len(values) > 6 else 0.0)

    def registration_at(self, values: FloatArray) -> Registration:
        """The registration at ``values``, shape (P,)."""
        return self.start.replaced(pose=self.pose_at(values), pixel_size_um=self.size_at(values))

    def residuals(self, values: FloatArray) -> FloatArray:
        """From each click to where the point is seen: (down, right) in turn, shape (2 N,), um."""
        return np.asarray(self._residuals_at(values[None])[0])

    def _residuals_at(self, trials: FloatArray) -> FloatArray:
        """Residuals of several trials, shape (K, P): shape (K, 2 N), um."""
        # What View does, without making (and checking) a Pose and a View for every trial.
        rotations: dict[bytes, FloatArray] = {}
        for turn in trials[:, 3:6]:
            if turn.tobytes() not in rotations:
                rotation = rotation_from_angles(*(self._angles + turn))
                rotations[turn.tobytes()] = VIEWS[self.start.pose.view] @ rotation
        turned = np.stack([rotations[turn.tobytes()] for turn in trials[:, 3:6]])
        in_plane = (self.atlas_um - self.pivot_um) @ turned
        in_plane += self._pivot_in_plane - trials[:, None, :3]
        seen = self.start.camera.offsets(in_plane)
        factors = np.array([self._factor(values) for values in trials])
        # A point behind the camera: far, but finite, so that the search can turn back.
        missed = np.nan_to_num(seen - self._clicks_um * factors[:, None, None], nan=1e6)
        return np.asarray(missed.reshape(len(trials), -1))

    def jacobian(
        self, values: FloatArray, which: npt.NDArray[np.bool_] | None = None
    ) -> FloatArray:
        """Central differences, shape (2 N, P): um per um, per degree and per percent.

        ``values`` has shape (P,); ``which``, shape (P,), says which columns to give.
        """
        sizes = np.array([1.0, 1.0, 1.0, 1e-2, 1e-2, 1e-2, 1e-2][: len(values)])
        steps = np.diag(sizes)
        if which is not None:
            steps, sizes = steps[which], sizes[which]
        # All at once: calls of numpy, not sums, are what takes time with a few points.
        ahead, behind = np.split(
            self._residuals_at(np.concatenate([values + steps, values - steps])), 2
        )
        return np.asarray(((ahead - behind) / (2 * sizes[:, None])).T)

    def choose_free(self, keep: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which parameters the points determine, shape (P,), seen from the start pose."""
        free = np.array([name not in keep for name in self.parameters])
        if len(self.names) == 2:
            # Two points fix shift and yaw; tilt and scale would only be made up.
            free &= [name in ("down_um", "right_um", "yaw_deg") for name in self.parameters]
        # Compared by what they do to the points: um per um, and um per turn of one radian.
        per_unit = np.array([1.0, 1.0, 1.0, *[np.pi / 180 * self.extent_um] * 3, 1.0])
        jacobian = self.jacobian(np.zeros(len(self.parameters))) / per_unit[: len(self.parameters)]
        if SCALE in self.parameters:
            jacobian[:, 6] = jacobian[:, 6] * 100.0 / self.extent_um
        # Shift and yaw first, then tilt, scale, depth: what is determined best is decided first.
        order = [0, 1, 3, 4, 5, *range(6, len(self.parameters)), 2]
        chosen: list[int] = []
        for i in order:
            if not free[i]:
                continue
            trial = np.linalg.svd(jacobian[:, [*chosen, i]], compute_uv=False)
            if trial[-1] > _RANK_TOLERANCE * trial[0] and len(trial) == len(chosen) + 1:
                chosen.append(i)
            else:
                free[i] = False
        return free
