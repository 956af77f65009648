"""Closing a mesh where a plane has cut it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray

IntArray = npt.NDArray[np.int_]

#: Vertices nearer than this are one, um: the two faces at a cut edge compute the same point twice.
_SAME_UM: Final = 1e-5
#: What lies farther from the plane was not made by the cut, um.
ON_PLANE_UM: Final = 1e-3
#: Twice the area of a triangle that counts as none, um^2.
_NO_AREA: Final = 1e-9


class _CannotClose(Exception):
    """The cut is no set of simple polygons."""


def merged(
    vertices: FloatArray, faces: npt.NDArray[np.integer], among: npt.NDArray[np.bool_]
) -> tuple[FloatArray, IntArray]:
    """Make vertices at the same place one, and drop the faces that this degenerates.

    Parameters
    ----------
    vertices : ndarray, shape (V, 3)
        Corners, um.
    faces : ndarray, shape (F, 3)
        Corner numbers.
    among : ndarray, shape (V,), bool
        Which vertices may be at the same place as another one.
    """
    candidates = np.flatnonzero(among)
    places = np.round(vertices[candidates] / _SAME_UM)
    _, first, number = np.unique(places, axis=0, return_index=True, return_inverse=True)
    stands_for = np.arange(len(vertices))
    stands_for[candidates] = candidates[first][number.ravel()]
    joined = stands_for[faces]
    a, b, c = joined.T
    return vertices, joined[(a != b) & (b != c) & (c != a)]


def cap(vertices: FloatArray, faces: IntArray, origin: FloatArray, normal: FloatArray) -> IntArray:
    """Find the faces that close a mesh in the plane that has cut it.

    Parameters
    ----------
    vertices : ndarray, shape (V, 3)
        Corners, um, each place once (see :func:`merged`).
    faces : ndarray, shape (F, 3)
        What the plane has left.
    origin, normal : ndarray, shape (3,)
        A point of the plane, and its unit normal, which points to what was left.

    Returns
    -------
    ndarray, shape (C, 3)
        Corner numbers of the new faces, oriented as the others are. None of them when the mesh was
        not closed before the cut, or touches itself in the cut: it then stays open.

    Notes
    -----
    The open edges make closed polygons in the plane. Holes are joined to the polygon around them,
    and ears are clipped off (Eberly, "Triangulation by ear clipping", 2002).
    """
    try:
        loops = _open_loops(faces)
        rim = np.concatenate([np.empty(0, int), *loops])
        if (np.abs((vertices[rim] - origin) @ normal) > ON_PLANE_UM).any():
            raise _CannotClose  # open elsewhere: it was not closed before
        flat = vertices @ _plane_axes(normal)
        triangles = [_clipped(flat, polygon) for polygon in _with_holes(flat, loops)]
    except _CannotClose:
        return np.empty((0, 3), int)
    return np.array([t for polygon in triangles for t in polygon], int).reshape(-1, 3)


def _plane_axes(normal: FloatArray) -> FloatArray:
    """Two axes in the plane, shape (3, 2): seen from outside, turning left is positive."""
    helper = np.eye(3)[np.argmin(np.abs(normal))]
    first = np.cross(normal, helper)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(-normal, first)], axis=1)


def _open_loops(faces: IntArray) -> list[IntArray]:
    """Closed chains of edges without a face on their other side, in the order a cap has them."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    # One number for each edge, and that of the same edge in the other direction.
    count = int(edges.max(initial=0)) + 1
    forth, back = edges @ (count, 1), edges @ (1, count)
    is_open = ~np.isin(forth, back)
    following = {b: a for a, b in edges[is_open].tolist()}
    if len(following) < is_open.sum():
        raise _CannotClose  # two polygons touch in a point
    loops = []
    while following:
        start, place = following.popitem()
        loop = [start]
        while place != start:
            loop.append(place)
            if place not in following:
                raise _CannotClose
            place = following.pop(place)
        loops.append(np.array(loop))
    return loops


def _with_holes(flat: FloatArray, loops: list[IntArray]) -> list[list[int]]:
    """Polygons without holes: each hole is joined by a bridge to the polygon around it."""
    outer = [loop.tolist() for loop in loops if _twice_area(flat[loop]) > 0]
    holes = [loop.tolist() for loop in loops if _twice_area(flat[loop]) <= 0]
    # From right to left: the rightmost corner of a hole is then never behind another hole.
    holes.sort(key=lambda hole: -flat[hole, 0].max())
    for number, hole in enumerate(holes):
        first = int(np.argmax(flat[hole, 0]))
        hole = hole[first:] + hole[:first]
        around = [polygon for polygon in outer if _contains(flat[polygon], flat[hole[0]])]
        if not around:
            raise _CannotClose
        polygon = min(around, key=lambda one: _twice_area(flat[one]))
        at = _bridge(flat, polygon, flat[hole[0]], [polygon, *holes[number:]])
        polygon[at + 1 : at + 1] = [*hole, hole[0], polygon[at]]
    return outer


def _twice_area(points: FloatArray) -> float:
    following = np.roll(points, -1, axis=0)
    return float((points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]).sum())


def _contains(polygon: FloatArray, point: FloatArray) -> bool:
    a, b = polygon, np.roll(polygon, -1, axis=0)
    crosses = (a[:, 1] > point[1]) != (b[:, 1] > point[1])
    a, b = a[crosses], b[crosses]
    where = a[:, 0] + (point[1] - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return bool((where > point[0]).sum() % 2)


def _bridge(flat: FloatArray, polygon: list[int], point: FloatArray, walls: list[list[int]]) -> int:
    """Position in ``polygon`` of the nearest corner that walls do not hide from ``point``."""
    corners = flat[polygon]
    a = np.concatenate([flat[wall] for wall in walls])
    b = np.concatenate([np.roll(flat[wall], -1, axis=0) for wall in walls])
    ours = (a == point).all(axis=1) | (b == point).all(axis=1)
    a, b = a[~ours], b[~ours]
    for at in np.argsort(np.square(corners - point).sum(axis=1)):
        target = corners[at]
        apart = (a != target).any(axis=1) & (b != target).any(axis=1)
        one, two = _side(point, target, a), _side(point, target, b)
        three, four = _side(a, b, point), _side(a, b, target)
        if not (apart & (one * two <= 0) & (three * four <= 0)).any():
            return int(at)
    raise _CannotClose


def _side(start: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    """Positive where ``point`` lies left of the way from ``start`` to ``end``."""
    way, to = end - start, point - start
    return np.asarray(way[..., 0] * to[..., 1] - way[..., 1] * to[..., 0])


def _clipped(flat: FloatArray, polygon: list[int]) -> list[tuple[int, int, int]]:
    """Triangles of a polygon whose corners turn left; it may touch itself along bridges."""
    points = flat[polygon]
    following = np.roll(np.arange(len(polygon)), -1).tolist()
    before = np.roll(np.arange(len(polygon)), 1).tolist()
    # Only a corner that does not turn left can lie in the way of an ear; later ones never do.
    turns = _side(np.roll(points, 1, axis=0), points, np.roll(points, -1, axis=0))
    in_the_way = turns <= _NO_AREA
    triangles, here, missed, left = [], 0, 0, len(polygon)
    while left > 3:
        p, q = before[here], following[here]
        if not _is_ear(points, in_the_way, p, here, q):
            here, missed = q, missed + 1
            if missed > left:
                raise _CannotClose
            continue
        triangles.append((polygon[p], polygon[here], polygon[q]))
        in_the_way[here] = False
        following[p], before[q] = q, p
        for corner in (p, q):
            if in_the_way[corner]:
                in_the_way[corner] = _turn(points, before[corner], corner, following[corner])
        # Not to the neighbour: that would make a fan of slivers.
        here, missed, left = following[q], 0, left - 1
    p, q = before[here], following[here]
    return [*triangles, (polygon[p], polygon[here], polygon[q])]


def _turn(points: FloatArray, p: int, here: int, q: int) -> bool:
    """Whether a corner does not turn left."""
    return float(_side(points[p], points[here], points[q])) <= _NO_AREA


def _is_ear(
    points: FloatArray, in_the_way: npt.NDArray[np.bool_], p: int, here: int, q: int
) -> bool:
    a, b, c = points[p], points[here], points[q]
    if float(_side(a, b, c)) < -_NO_AREA:
        return False
    others = points[in_the_way]
    others = others[(others >= np.minimum(np.minimum(a, b), c)).all(axis=1)]
    inside = (_side(a, b, others) >= 0) & (_side(b, c, others) >= 0) & (_side(c, a, others) >= 0)
    others = others[inside]
    return all(any((other == own).all() for own in (a, b, c)) for other in others)
