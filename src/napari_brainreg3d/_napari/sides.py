"""Which way the edges of an image point, in words that a person can check on the animal."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_brainreg3d.geometry import Camera, Pose
from napari_brainreg3d.geometry.frames import FloatArray

#: Word for each end of the axes of ``atlas_um``: (towards 0, away from 0).
_WORDS: Final = (("front", "back"), ("top", "underside"), ("right", "left"))
#: An axis that shares at least this much of a direction is named with it (22.5 degrees).
_SHARE: Final = float(np.sin(np.radians(22.5)))

EDGES: Final = ("left", "right", "top", "bottom")


def edge_directions(pose: Pose, camera: Camera) -> dict[str, FloatArray]:
    """Direction in ``atlas_um``, unit vector of shape (3,), of each edge of the image."""
    rows, columns = pose.rotation[:, 0], pose.rotation[:, 1]
    if camera.mirrored:
        columns = -columns
    return {"left": -columns, "right": columns, "top": -rows, "bottom": rows}


def edge_words(pose: Pose, camera: Camera) -> dict[str, str]:
    """Name what of the animal each edge of the image shows.

    Returns
    -------
    dict of str
        For ``left``, ``right``, ``top`` and ``bottom``: ``"the animal's left"``, ``"the front
        (nose)"``, or two joined by "and" when the edge points between them.
    """
    return {edge: _words(way) for edge, way in edge_directions(pose, camera).items()}


def side_sentence(pose: Pose, camera: Camera) -> str:
    """Say in one sentence where the animal's left (or what else) is, for the user to confirm."""
    words = edge_words(pose, camera)
    for edge in EDGES:
        if words[edge] == "the animal's left":
            return f"The {edge} edge of the image is the animal's left."
    return f"The right edge of the image is {words['right']}."


def side_sentences(pose: Pose, camera: Camera) -> str:
    """Say the same, and what an edge at right angles to it shows."""
    words, first = edge_words(pose, camera), side_sentence(pose, camera)
    names_upright_edge = first.startswith(("The left", "The right"))
    other = "top" if names_upright_edge else "right"
    return f"{first} Its {other} is {words[other]}."


def is_same_side(pose: Pose, camera: Camera, other_pose: Pose, other_camera: Camera) -> bool:
    """Whether no edge has turned by more than a right angle between two alignments."""
    one, other = edge_directions(pose, camera), edge_directions(other_pose, other_camera)
    return all(float(one[edge] @ other[edge]) > 0.0 for edge in ("right", "bottom"))


def _words(direction: FloatArray) -> str:
    named = [axis for axis in np.argsort(-np.abs(direction)) if abs(direction[axis]) >= _SHARE]
    return " and ".join(_phrase(int(axis), float(direction[axis])) for axis in named[:2])


def _phrase(axis: int, component: float) -> str:
    word = _WORDS[axis][component > 0]
    if word in ("left", "right"):
        return f"the animal's {word}"
    return {"front": "the front (nose)", "back": "the back (tail)"}.get(word, f"the {word}")
