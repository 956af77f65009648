"""Blood vessels drawn on the schematic brain, in atlas coordinates, so that they move with it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter, map_coordinates

from napari_brainreg3d.geometry.frames import AP, ML, FloatArray

MAP_STEP_UM: Final = 10.0
_SIZE_UM: Final = (13200.0, 11400.0)
_MIDLINE_UM: Final = 5700.0
_FINENESS: Final = 2  # the map is drawn this many times finer and then averaged

#: Large veins: (AP, ML from the midline) along them, um, and their width. Drawn on both sides.
_SINUSES: Final = (
    (((2250, 0), (4000, 0), (6500, 0), (8750, 0)), 250.0),
    (((8750, 0), (9500, 900), (10150, 1900), (10450, 3100), (9900, 4600)), 230.0),
    (((2250, 0), (2080, 700), (2150, 1500), (2700, 2600), (3600, 3700)), 130.0),
)


@dataclass(slots=True)
class _Tip:
    """The growing end of a vessel: place and heading in the map's plane, um and radians."""

    place: FloatArray
    heading: float
    width_um: float


def vessel_map(seed: int = 7) -> npt.NDArray[np.float32]:
    """Draw the vessels as seen from straight above.

    Parameters
    ----------
    seed
        Of the random growth; the same seed gives the same vessels.

    Returns
    -------
    ndarray, shape (1320, 1140)
        Rows along axis AP, columns along axis ML of ``atlas_um``, 10 um each: 0 tissue, 1 vessel.
    """
    size = [round(side / MAP_STEP_UM * _FINENESS) for side in reversed(_SIZE_UM)]
    canvas = Image.new("L", (size[0], size[1]))
    draw = ImageDraw.Draw(canvas)
    for points, width in _SINUSES:
        for side in (-1, 1):
            knots = np.array(points) * (1, side) + (0, _MIDLINE_UM)
            along = np.linspace(0, len(knots) - 1, 40)
            line = CubicSpline(np.arange(len(knots)), knots)(along)
            for start, end in pairwise(line):
                _stroke(draw, start, end, width)
    rng = np.random.default_rng(seed)
    for tip in _roots(rng):
        _grow(draw, tip, rng)
    drawn = np.asarray(canvas.reduce(_FINENESS), np.float32) / 255.0
    return np.asarray(gaussian_filter(drawn, 1.2), np.float32)


def sample_map(texture: npt.NDArray[np.float32], points_um: FloatArray) -> FloatArray:
    """Read a map above points, shape (..., 3), of ``atlas_um``; 0 outside and for NaN."""
    places = [
        np.nan_to_num(points_um[..., axis] / MAP_STEP_UM - 0.5, nan=-9.0) for axis in (AP, ML)
    ]
    return np.asarray(map_coordinates(texture, places, order=1, output=np.float64))


def _roots(rng: np.random.Generator) -> list[_Tip]:
    """Where vessels begin: arteries at the flanks and the front, veins at the midline."""
    tips = []
    for side in (-1.0, 1.0):
        towards_side = np.pi / 2 * side
        for ap in (4300.0, 5600.0, 6900.0, 8300.0):
            place = np.array([ap + rng.normal(0, 250), _MIDLINE_UM + side * 5300])
            tips.append(_Tip(place, -towards_side + rng.normal(0, 0.3), rng.uniform(80, 120)))
        for ap in np.arange(3000.0, 8800.0, 900.0):
            place = np.array([ap + rng.normal(0, 200), _MIDLINE_UM + side * 120])
            tips.append(_Tip(place, towards_side + rng.normal(0, 0.5), rng.uniform(50, 90)))
        for ml in (900.0, 2600.0):  # over the bulb and the cerebellum
            place = np.array([2050.0, _MIDLINE_UM + side * min(ml, 1300)])
            tips.append(_Tip(place, np.pi + rng.normal(0, 0.3), 50.0))
            place = np.array([10200.0, _MIDLINE_UM + side * ml])
            tips.append(_Tip(place, rng.normal(0, 0.3), 70.0))
    return tips


def _grow(draw: ImageDraw.ImageDraw, root: _Tip, rng: np.random.Generator) -> None:
    step_um, thinnest_um = 100.0, 14.0
    tips = [root]
    while tips:
        tip = tips.pop()
        while tip.width_um > thinnest_um:
            tip.heading += rng.normal(0.0, 0.16)
            end = tip.place + step_um * np.array([np.cos(tip.heading), np.sin(tip.heading)])
            if not ((end > 0) & (end < _SIZE_UM)).all():
                break
            _stroke(draw, tip.place, end, tip.width_um)
            tip.place, tip.width_um = end, tip.width_um * 0.965
            if rng.random() < 0.14:
                turn = rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.1)
                tips.append(_Tip(end, tip.heading + turn, tip.width_um * rng.uniform(0.5, 0.8)))


def _stroke(draw: ImageDraw.ImageDraw, start: FloatArray, end: FloatArray, width_um: float) -> None:
    scale = _FINENESS / MAP_STEP_UM
    radius = width_um / 2 * scale
    # Pillow counts columns first.
    ends = [(float(point[1] * scale), float(point[0] * scale)) for point in (start, end)]
    draw.line(ends, fill=255, width=max(1, round(2 * radius)))
    for column, row in ends:  # round joints
        corners = (column - radius, row - radius, column + radius, row + radius)
        draw.ellipse(corners, fill=255)
