"""Marks that tell the sides apart: anterior, posterior, left, right, and bregma."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.geometry import PixelGrid, Pose, frames
from napari_brainreg3d.geometry.frames import FloatArray

#: Direction in ``atlas_um`` -> letter.
_LETTERS: Final = {
    frames.ANTERIOR: "A",
    frames.POSTERIOR: "P",
    frames.SUPERIOR: "D",
    frames.INFERIOR: "V",
    frames.LEFT: "L",
    frames.RIGHT: "R",
}
#: How far outside the brain its marks stand, um.
_GAP_UM: Final = 700.0
#: How far inside the image its marks stand, as a share of its height and width.
_INSET: Final = 0.05
_TEXT_PX: Final = 13
_SIDE_COLOUR: Final = (1.0, 0.82, 0.25, 1.0)
#: Behind the letters, so that they can be read on any image and any background.
_DISC_COLOUR: Final = (0.0, 0.0, 0.0, 0.62)
_BREGMA_COLOUR: Final = (1.0, 0.36, 0.36, 1.0)
#: What stands at bregma, and 1 mm from it; brainreg3D shows the same three points.
BREGMA_WORD: Final = "bregma"


def letter_for(direction: npt.ArrayLike) -> str:
    """The side of the animal that a direction in ``atlas_um``, shape (3,), points to most."""
    vector = np.asarray(direction, np.float64)
    return _LETTERS[max(_LETTERS, key=lambda axis: float(np.dot(vector, axis)))]


def brain_marks(
    low_um: FloatArray, high_um: FloatArray, bregma: BregmaPreset | None
) -> tuple[FloatArray, list[str]]:
    """Marks around the brain, and bregma with 1 mm steps to the front and to the right.

    Parameters
    ----------
    low_um, high_um : ndarray, shape (3,)
        Corners of the brain's box, ``atlas_um``.
    bregma
        The named bregma, None for an atlas without one.

    Returns
    -------
    points_um : ndarray, shape (M, 3)
        ``atlas_um``.
    words : list of str
        One for each point.
    """
    middle, half = (low_um + high_um) / 2, (high_um - low_um) / 2
    points, words = [], []
    for axis, letter in _LETTERS.items():
        direction = np.array(axis)
        points.append(middle + direction * (np.abs(direction) @ half + _GAP_UM))
        words.append(letter)
    if bregma is not None:
        steps = [(0.0, 0.0, 0.0), frames.ANTERIOR, frames.RIGHT, frames.LEFT]
        points += [np.array(bregma.atlas_um) + 1000 * np.array(step) for step in steps]
        # The word stands beside its cross.
        words += ["", "", "", BREGMA_WORD]
    return np.array(points), words


def image_marks(pose: Pose, grid: PixelGrid, *, mirrored: bool) -> tuple[FloatArray, list[str]]:
    """Which side of the animal each edge of the image shows.

    Parameters
    ----------
    pose
        Where the image lies.
    grid
        Its pixels.
    mirrored
        Whether the camera mirrors.

    Returns
    -------
    pixels : ndarray, shape (4, 2)
        ``image_px``: near the middle of the top, right, bottom and left edge.
    letters : list of str
        One for each point.
    """
    height, width = grid.shape
    middle = grid.centre_px
    down, right = (0.5 - _INSET) * height, (0.5 - _INSET) * width
    pixels = middle + np.array([(-down, 0), (0, right), (down, 0), (0, -right)])
    rows, columns = pose.rotation[:, frames.ROW], pose.rotation[:, frames.COL]
    if mirrored:
        columns = -columns
    return pixels, [letter_for(way) for way in (-rows, columns, rows, -columns)]


def marks_layer(
    points: FloatArray, words: list[str], *, name: str, size: float, space: str
) -> LayerTuple:
    """Points with words on them.

    Parameters
    ----------
    points : ndarray, shape (M, 2) or (M, 3)
        Positions.
    words
        What is written there: letters of sides stand on a disc, no word at all has a cross.
    name
        Of the layer.
    size
        Of the discs, in the units of the positions.
    space
        ``"atlas"`` or ``"image"``.
    """
    is_side = [len(word) == 1 for word in words]
    size_of = {0: size / 2, 1: size}
    options: dict[str, Any] = {
        "name": name,
        "features": {"word": np.array(words, object)},
        "text": {
            "string": "{word}",
            "size": _TEXT_PX,
            "color": [_SIDE_COLOUR if side else _BREGMA_COLOUR for side in is_side],
            "anchor": "center",
            "blending": "translucent_no_depth",
        },
        "symbol": ["disc" if side else "cross" for side in is_side],
        "face_color": np.array([_DISC_COLOUR if side else _BREGMA_COLOUR for side in is_side]),
        "border_width": 0.0,
        # Other words have no symbol: its size is next to nothing.
        "size": np.array([size_of.get(len(word), size / 1000) for word in words], np.float64),
        "antialiasing": 1,
        "blending": "translucent_no_depth",
        "metadata": owned("marks", space=space),
    }
    return points, options, "points"
