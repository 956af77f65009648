"""The brain's surface, cut finer where an image shows it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from trimesh.remesh import subdivide

from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.results.standard_view.visibility import Onlooker

#: The longest edge of a face may be this much longer than wanted. Halving then gives faces whose
#: longest edges are 0.88 to 1.75 times the wanted length: their mean edge is about that.
_LENIENT: Final = 1.75
#: Faces larger than this many wanted edges are cut before anybody asks whether they are seen: the
#: image may show their middle only.
_COARSE: Final = 8.0
#: Corners that nobody can have meant.
_MOST_VERTICES: Final = 20_000_000


def refined_surface(
    surface: Mesh, onlooker: Onlooker, spacing_um: float
) -> tuple[FloatArray, npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Cut faces into four, again and again, until those in sight are small.

    Parameters
    ----------
    surface
        Not changed.
    onlooker
        The camera of the image, before this surface.
    spacing_um
        About how long edges shall be where the image shows the surface, um.

    Returns
    -------
    vertices_um : ndarray, shape (V, 3)
        Those of ``surface`` first.
    faces : ndarray, shape (F, 3), int32
        Turned as those of ``surface``. What the image does not show is as coarse as it was; along
        the border small faces meet large ones, on the same straight edges.
    is_seen : ndarray, shape (V,), bool
        Which vertices the camera sees.

    Raises
    ------
    ImageError
        When the spacing would take more memory than anybody has.
    """
    _check_size(onlooker, spacing_um, 0)
    vertices, faces = surface.vertices_um, surface.faces
    pixels, is_seen = _looked(onlooker, vertices)
    while True:
        longest = _longest_edge(vertices, faces)
        large = np.flatnonzero(longest > _LENIENT * spacing_um)
        large = large[_may_show(onlooker, pixels[faces[large]])]
        close = longest[large] <= _COARSE * spacing_um
        large = large[~close | _any_seen(onlooker, vertices, faces[large], is_seen, close)]
        if not len(large):
            return vertices, faces, is_seen
        _check_size(onlooker, spacing_um, len(vertices) + 2 * len(large))
        known = len(vertices)
        vertices, cut = subdivide(  # type: ignore[no-untyped-call]
            vertices, faces, face_index=large
        )
        faces = np.asarray(cut, np.int32)
        more, more_seen = _looked(onlooker, vertices[known:])
        pixels, is_seen = np.concatenate([pixels, more]), np.concatenate([is_seen, more_seen])


def _check_size(onlooker: Onlooker, spacing_um: float, vertices: int) -> None:
    """Refuse what takes too many vertices, also by the share of the image that shows tissue."""
    pixels = float(np.isfinite(onlooker.depth_um).sum())
    expected = pixels * float(np.prod(onlooker.view.grid.size_um)) / spacing_um**2
    if max(vertices, expected) > _MOST_VERTICES:
        raise ImageError(
            f"a spacing of {spacing_um:g} um makes more than {_MOST_VERTICES:,} vertices; "
            "give a larger one"
        )


def _looked(onlooker: Onlooker, points_um: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    seen = onlooker.look(points_um)
    return seen.pixels, seen.is_seen


def _longest_edge(vertices_um: FloatArray, faces: npt.NDArray[np.int32]) -> FloatArray:
    a, b, c = (vertices_um[faces[:, i]] for i in range(3))
    squares = [np.square(p - q).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))]
    return np.asarray(np.sqrt(np.maximum.reduce(squares)))


def _may_show(onlooker: Onlooker, corners_px: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether the image may hold parts of faces with these corners, shape (n, 3, 2)."""
    low, high = np.full((2, len(corners_px), 2), np.nan)
    known = np.isfinite(corners_px).all(axis=(1, 2))
    low[known], high[known] = corners_px[known].min(axis=1), corners_px[known].max(axis=1)
    apart = (high < -0.5) | (low > np.array(onlooker.view.grid.shape) - 0.5)
    # A face that is half behind the camera may be anywhere.
    some = np.isfinite(corners_px).any(axis=(1, 2))
    return np.asarray(some & ~apart.any(axis=1))


def _any_seen(
    onlooker: Onlooker,
    vertices_um: FloatArray,
    faces: npt.NDArray[np.int32],
    is_seen: npt.NDArray[np.bool_],
    asked: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Whether a corner or the middle of those faces that are asked for is seen, shape (n,)."""
    found: npt.NDArray[np.bool_] = np.asarray(is_seen[faces].any(axis=1))
    unsure = np.flatnonzero(asked & ~found)
    middle = vertices_um[faces[unsure]].mean(axis=1)
    found[unsure] = onlooker.look(middle).is_seen
    return found
