"""Which way in an image is the animal's left, right, front and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.geometry import Camera, Pose
from napari_brainreg3d.geometry.frames import AP, COL, DV, ML, ROW

#: Letters for the two ways along each axis of ``atlas_um``: as it counts, and against it.
_LETTERS: Final = {AP: ("P", "A"), DV: ("V", "D"), ML: ("L", "R")}


@dataclass(frozen=True, slots=True)
class DirectionMark:
    """A direction of the animal, seen in the image.

    Attributes
    ----------
    letter
        A anterior, P posterior, L left, R right, D dorsal, V ventral: always of the animal.
    down, right
        Unit vector in the image.
    """

    letter: str
    down: float
    right: float


def direction_marks(pose: Pose, camera: Camera) -> tuple[DirectionMark, ...]:
    """Tell which directions of the animal the image shows, and where.

    Parameters
    ----------
    pose, camera
        Of the image; a camera that mirrors swaps the image's left and right.

    Returns
    -------
    tuple of DirectionMark
        Both ways along those two axes of the animal that lie best in the image plane: in a view
        from above A, P, L and R.
    """
    # Rows of the rotation: an axis of the atlas in terms of the axes of the image.
    seen = pose.rotation[:, [ROW, COL]] * (1.0, -1.0 if camera.mirrored else 1.0)
    lengths = np.linalg.norm(seen, axis=1)
    marks = []
    for axis in sorted(np.argsort(-lengths, kind="stable")[:2].tolist()):
        down, right = (seen[axis] / lengths[axis]).tolist()
        along, against = _LETTERS[axis]
        marks.append(DirectionMark(against, -down + 0.0, -right + 0.0))
        marks.append(DirectionMark(along, down + 0.0, right + 0.0))
    return tuple(marks)
