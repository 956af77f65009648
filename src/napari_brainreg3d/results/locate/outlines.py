"""Drawn shapes (polygons, rectangles, ellipses, paths, lines) as regions of interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from skimage.draw import polygon2mask

from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.results.locate.points import PointsError, checked_points
from napari_brainreg3d.results.locate.rois import Rois

ShapeType = Literal["rectangle", "polygon", "ellipse", "path", "line"]

#: Samples along each side of the square that is as large as the bounding box of a small shape.
_SAMPLES: Final = 64
#: Corners of the polygon that stands for an ellipse: its area is too small by 0.0002 %.
_ELLIPSE_CORNERS: Final = 1800
_FEWEST: Final = {"rectangle": 4, "polygon": 3, "ellipse": 4, "path": 2, "line": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A shape as napari has it.

    Attributes
    ----------
    name
        Its name.
    shape_type
        ``"rectangle"``, ``"polygon"``, ``"ellipse"``, ``"path"`` or ``"line"``.
    vertices_px : ndarray, shape (V, 2)
        ``image_px``; of a rectangle the four corners, of an ellipse those of its bounding
        rectangle, which may be turned; in order along the shape.
    """

    name: str
    shape_type: ShapeType
    vertices_px: FloatArray

    def __post_init__(self) -> None:
        if self.shape_type not in get_args(ShapeType):
            raise PointsError(
                f"shape {self.name!r} has the unknown type {self.shape_type!r}; "
                f"known are {', '.join(get_args(ShapeType))}"
            )
        vertices = checked_points(self.vertices_px, 2, f"shape {self.name!r}")
        fewest = _FEWEST[self.shape_type]
        if len(vertices) < fewest:
            raise PointsError(
                f"shape {self.name!r} is a {self.shape_type} with {len(vertices)} vertices; "
                f"it needs {fewest}"
            )
        object.__setattr__(self, "vertices_px", read_only(vertices))


def rois_of_outlines(outlines: Sequence[Outline]) -> Rois:
    """Sample drawn shapes.

    Parameters
    ----------
    outlines
        Filled shapes are sampled on a raster of at most a pixel, finer for small ones, by the
        even-odd rule; paths and lines along their length, and their area is 0.

    Raises
    ------
    PointsError
        When there are none, or one has neither area nor length.
    """
    if not outlines:
        raise PointsError("there are no shapes")
    samples, areas = [], []
    for outline in outlines:
        is_line = outline.shape_type in ("path", "line")
        points, area = _along(outline) if is_line else _within(outline)
        samples.append(points)
        areas.append(area)
    owner = np.repeat(np.arange(len(samples)), [len(points) for points in samples])
    return Rois(
        tuple(outline.name for outline in outlines),
        np.concatenate(samples),
        np.ones(len(owner)),
        owner,
        np.array(areas),
    )


def _within(outline: Outline) -> tuple[FloatArray, float]:
    """Samples within a filled shape, shape (K, 2), and its area in pixels."""
    corners = outline.vertices_px
    if outline.shape_type == "ellipse":
        corners = _ellipse(corners)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if not (high > low).all():
        raise PointsError(f"shape {outline.name!r} has no area: all its corners are on a line")
    step = min(1.0, float(np.sqrt(np.prod(high - low))) / _SAMPLES)
    counts = np.ceil((high - low) / step).astype(int)
    # polygon2mask asks at whole numbers: the middle of the first cell becomes (0, 0).
    steps = (high - low) / counts
    mask = polygon2mask(tuple(counts), (corners - low) / steps - 0.5)  # type: ignore[no-untyped-call]
    if not mask.any():
        raise PointsError(f"shape {outline.name!r} is too thin to have an area")
    points = low + (np.argwhere(mask) + 0.5) * steps
    return points, float(mask.sum() * np.prod(steps))


def _ellipse(corners: FloatArray) -> FloatArray:
    """The ellipse in a rectangle that may be turned, as a polygon."""
    centre = corners[:4].mean(axis=0)
    half_a, half_b = (corners[1] - corners[0]) / 2.0, (corners[2] - corners[1]) / 2.0
    turn = np.linspace(0.0, 2.0 * np.pi, _ELLIPSE_CORNERS, endpoint=False)[:, None]
    return np.asarray(centre + np.cos(turn) * half_a + np.sin(turn) * half_b)


def _along(outline: Outline) -> tuple[FloatArray, float]:
    """Samples along a path, shape (K, 2), evenly spaced at no more than a pixel."""
    legs = np.linalg.norm(np.diff(outline.vertices_px, axis=0), axis=1)
    length = float(legs.sum())
    if not length > 0:
        raise PointsError(f"shape {outline.name!r} has no length: all its points are the same")
    count = max(_SAMPLES, int(np.ceil(length)))
    way = (np.arange(count) + 0.5) * length / count
    at = np.concatenate([[0.0], np.cumsum(legs)])
    columns = [np.interp(way, at, outline.vertices_px[:, i]) for i in range(2)]
    return np.stack(columns, axis=1), 0.0
