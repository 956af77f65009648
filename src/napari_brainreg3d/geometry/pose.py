"""Where the image plane lies in the atlas: a proper rotation and a centre.

The order of the angles is written here and nowhere else: see :func:`rotation_from_angles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry import frames
from napari_brainreg3d.geometry.frames import FloatArray, as_point, read_only

#: View name -> (direction of the image rows, viewing direction) in ``atlas_um``. The direction of
#: the columns follows, since the rotation is proper.
_VIEW_AXES: Final = {
    "dorsal": (frames.POSTERIOR, frames.INFERIOR),
    "ventral": (frames.POSTERIOR, frames.SUPERIOR),
    "left": (frames.INFERIOR, frames.RIGHT),
    "right": (frames.INFERIOR, frames.LEFT),
    "frontal": (frames.INFERIOR, frames.POSTERIOR),
    "caudal": (frames.INFERIOR, frames.ANTERIOR),
}


def _view_rotation(rows: tuple[float, ...], viewing: tuple[float, ...]) -> FloatArray:
    # row x column = viewing direction, so column = viewing direction x row.
    return np.column_stack([rows, np.cross(viewing, rows), viewing])


VIEWS: Final = MappingProxyType(
    {name: read_only(_view_rotation(*axes)) for name, axes in _VIEW_AXES.items()}
)
"""Rotation plane -> atlas, shape (3, 3), of each named view at zero angles."""


def rotation_from_angles(yaw_deg: float, pitch_deg: float, roll_deg: float) -> FloatArray:
    """Turn angles into the rotation of the image plane within its view.

    Parameters
    ----------
    yaw_deg, pitch_deg, roll_deg
        How the head appears to the camera, as for an aeroplane: yaw turns the nose to the right
        of the image, pitch tilts the nose up (towards the camera), roll tilts the animal's right
        side down (away from the camera). Degrees. (In views other than dorsal read "top of the
        view" for nose and "right of the view" for right side.)

    Returns
    -------
    ndarray, shape (3, 3)
        ``R_roll @ R_pitch @ R_yaw``, acting on ``plane_um`` column vectors. Yaw is innermost: it
        turns the image in its own plane, whatever the tilt.
    """
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    # About the viewing axis: the image rows (down) move towards its columns (right).
    cos, sin = np.cos(yaw), np.sin(yaw)
    r_yaw = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    # Nose up: the viewing direction moves towards the rows (posterior), so that the camera sees
    # more of the front.
    cos, sin = np.cos(pitch), np.sin(pitch)
    r_pitch = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    # Right side down: the viewing direction moves towards the columns (right), so that the camera
    # sees more of the left flank.
    cos, sin = np.cos(roll), np.sin(roll)
    r_roll = np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    return np.asarray(r_roll @ r_pitch @ r_yaw, dtype=np.float64)


def angles_from_rotation(rotation: npt.ArrayLike) -> tuple[float, float, float]:
    """Invert :func:`rotation_from_angles`.

    Parameters
    ----------
    rotation : array_like, shape (3, 3)
        Rotation of the image plane within its view.

    Returns
    -------
    tuple of float
        Yaw, pitch, roll in degrees; pitch in [-90, 90], the others in (-180, 180]. At a pitch of
        +-90 degrees yaw and roll turn the same axis and all of it is given as yaw.
    """
    r = np.asarray(rotation, dtype=np.float64)
    # Third column of R_roll R_pitch R_yaw: (sin p, sin r cos p, cos r cos p); first row:
    # (cos p cos y, -cos p sin y, sin p).
    cos_pitch = float(np.hypot(r[0, 0], r[0, 1]))
    pitch = float(np.arctan2(r[0, 2], cos_pitch))
    if cos_pitch < 1e-9:
        yaw, roll = float(np.arctan2(r[1, 0], r[1, 1])), 0.0
    else:
        yaw = float(np.arctan2(-r[0, 1], r[0, 0]))
        roll = float(np.arctan2(r[1, 2], r[2, 2]))
    yaw_deg, pitch_deg, roll_deg = np.degrees([yaw, pitch, roll]).tolist()
    return _half_open(yaw_deg), pitch_deg, _half_open(roll_deg)


def _half_open(angle_deg: float) -> float:
    # arctan2 gives -180 for a zero that rounding has made negative; upside down is 180.
    return 180.0 if angle_deg <= -180.0 else angle_deg + 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Rigid transform from the image plane to the atlas: ``x_atlas = R @ x_plane + t``.

    Parameters
    ----------
    rotation : array_like, shape (3, 3)
        Proper rotation, ``plane_um`` -> ``atlas_um``; its columns are the directions of the image
        rows, image columns and viewing direction in the atlas.
    centre_um : array_like, shape (3,)
        Image centre in ``atlas_um``.
    view
        The named view from which the angles are counted, a key of :data:`VIEWS`.

    Raises
    ------
    ValueError
        When the rotation is not proper (a mirror image is a flag of the camera), the centre is
        not finite, or the view is unknown.

    Examples
    --------
    >>> pose = Pose.dorsal(centre_um=(5400.0, 0.0, 5700.0))
    >>> pose.to_atlas([1000.0, 0.0, 0.0]).tolist()  # 1 mm down the image is 1 mm posterior
    [6400.0, 0.0, 5700.0]
    >>> pose.to_atlas([0.0, 1000.0, 0.0]).tolist()  # to the image's right: the animal's right
    [5400.0, 0.0, 4700.0]
    """

    rotation: FloatArray
    centre_um: FloatArray
    view: str = "dorsal"

    def __post_init__(self) -> None:
        rotation = np.array(self.rotation, dtype=np.float64) + 0.0  # no -0: equal poses hash equal
        if rotation.shape != (3, 3) or not np.allclose(
            rotation @ rotation.T, np.eye(3), rtol=0, atol=1e-6
        ):
            raise ValueError(
                "rotation must be an orthonormal 3 x 3 matrix, "
                f"got {np.asarray(self.rotation).tolist()}"
            )
        if not np.allclose(rotation @ rotation.T, np.eye(3), rtol=0, atol=1e-14):
            # Typed in with a few digits: take the nearest rotation, so that lengths stay lengths.
            left, _, right = np.linalg.svd(rotation)
            rotation = left @ right
        if np.linalg.det(rotation) < 0:
            raise ValueError(
                "rotation is a reflection (determinant -1); "
                "for an image mirrored by its optics use the camera's mirrored=True"
            )
        if self.view not in VIEWS:
            raise ValueError(f"unknown view {self.view!r}; choose one of {', '.join(VIEWS)}")
        object.__setattr__(self, "rotation", read_only(rotation))
        object.__setattr__(self, "centre_um", as_point(self.centre_um, "centre_um"))

    @classmethod
    def from_view(
        cls,
        view: str,
        *,
        centre_um: npt.ArrayLike,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
    ) -> Self:
        """Start from a named view (a key of :data:`VIEWS`) and turn by angles in degrees."""
        if view not in VIEWS:
            raise ValueError(f"unknown view {view!r}; choose one of {', '.join(VIEWS)}")
        angles = (yaw_deg, pitch_deg, roll_deg)
        if not np.isfinite(angles).all():
            raise ValueError(f"yaw, pitch and roll must be finite degrees, got {angles}")
        rotation = VIEWS[view] @ rotation_from_angles(*angles)
        return cls(rotation, np.asarray(centre_um), view)

    @classmethod
    def dorsal(
        cls,
        *,
        centre_um: npt.ArrayLike,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
    ) -> Self:
        """Look down: rows run anterior -> posterior, columns left -> right of the animal."""
        return cls.from_view(
            "dorsal", centre_um=centre_um, yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg
        )

    @classmethod
    def lateral(
        cls,
        *,
        side: str,
        centre_um: npt.ArrayLike,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
    ) -> Self:
        """Look at the animal's ``side`` (``"left"`` or ``"right"``): rows run dorsal -> ventral.

        Seen from the left the nose is at the left of the image, from the right at its right.
        """
        if side not in ("left", "right"):
            raise ValueError(f"side must be 'left' or 'right', got {side!r}")
        return cls.from_view(
            side, centre_um=centre_um, yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg
        )

    @classmethod
    def frontal(
        cls,
        *,
        centre_um: npt.ArrayLike,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
    ) -> Self:
        """Look at the nose: rows run dorsal -> ventral, columns right -> left of the animal."""
        return cls.from_view(
            "frontal", centre_um=centre_um, yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg
        )

    @property
    def angles_deg(self) -> tuple[float, float, float]:
        """Yaw, pitch, roll in degrees, counted from :attr:`view`."""
        return angles_from_rotation(VIEWS[self.view].T @ self.rotation)

    @property
    def viewing_direction(self) -> FloatArray:
        """Unit vector into the brain, shape (3,), in ``atlas_um``."""
        return self.rotation[:, frames.DEPTH]

    def moved(
        self, *, atlas_um: npt.ArrayLike = (0.0, 0.0, 0.0), plane_um: npt.ArrayLike = (0, 0, 0)
    ) -> Self:
        """Return the pose shifted by an offset in the atlas and an offset in the image plane.

        Parameters
        ----------
        atlas_um : array_like, shape (3,)
            Offset along the axes of the atlas, um.
        plane_um : array_like, shape (3,)
            Offset along the image's rows, columns and viewing direction, um.
        """
        offset = as_point(atlas_um, "atlas_um") + self.rotation @ as_point(plane_um, "plane_um")
        return type(self)(self.rotation, self.centre_um + offset, self.view)

    def turned(
        self, *, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0
    ) -> Self:
        """Return the pose with these degrees added to its angles; the image centre stays."""
        yaw, pitch, roll = self.angles_deg
        return type(self).from_view(
            self.view,
            centre_um=self.centre_um,
            yaw_deg=yaw + yaw_deg,
            pitch_deg=pitch + pitch_deg,
            roll_deg=roll + roll_deg,
        )

    def to_atlas(self, points_um: npt.ArrayLike) -> FloatArray:
        """Map points from ``plane_um`` to ``atlas_um``.

        Parameters
        ----------
        points_um : array_like, shape (..., 3)
            Points of the image plane's frame, um.

        Returns
        -------
        ndarray, shape (..., 3)
            The same points in the atlas, um. Inverse: :meth:`to_plane`.
        """
        return np.asarray(np.asarray(points_um, np.float64) @ self.rotation.T + self.centre_um)

    def to_plane(self, points_um: npt.ArrayLike) -> FloatArray:
        """Map points from ``atlas_um`` to ``plane_um``; inverse of :meth:`to_atlas`."""
        return np.asarray((np.asarray(points_um, np.float64) - self.centre_um) @ self.rotation)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Pose)
            and self.view == other.view
            and np.array_equal(self.rotation, other.rotation)
            and np.array_equal(self.centre_um, other.centre_um)
        )

    def __hash__(self) -> int:
        return hash((self.rotation.tobytes(), self.centre_um.tobytes(), self.view))
