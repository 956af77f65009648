"""What many points of an image see, each along its own ray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.grouping import FINEST_DTYPE, finest_labels
from napari_brainreg3d.projection.seeing import RAYS_PER_PIECE, run_pieces, seer
from napari_brainreg3d.results.locate.source import Place

#: Tiles along each side of the image. Rays of one tile meet the same triangles, which then stay in
#: the processor's cache: a million points in any order are cast a third faster.
_TILES: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class SeenPoints:
    """What N points see, in their order.

    Attributes
    ----------
    inside : ndarray, shape (N,), bool
        Whether the point lies within the image.
    finest : ndarray, shape (N,), uint16
        Finest label, 0 where no chosen region is seen.
    is_left : ndarray, shape (N,), bool
        Whether the tissue lies in the left hemisphere.
    atlas_um : ndarray, shape (N, 3)
        Where the tissue is; NaN where the ray meets none and outside the image. So are the others.
    depth_um, surface_depth_um, incidence_deg : ndarray, shape (N,)
        As in :class:`~napari_brainreg3d.projection.projection.Projection`.
    """

    inside: npt.NDArray[np.bool_]
    finest: npt.NDArray[np.uint16]
    is_left: npt.NDArray[np.bool_]
    atlas_um: FloatArray
    depth_um: FloatArray
    surface_depth_um: FloatArray
    incidence_deg: FloatArray

    @property
    def is_tissue(self) -> npt.NDArray[np.bool_]:
        """Whether the point sees anything of the brain, shape (N,)."""
        return np.asarray(np.isfinite(self.depth_um))


def inside_image(pixels: FloatArray, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Whether points, shape (N, 2), lie on the area of some pixel, its edge included."""
    with np.errstate(invalid="ignore"):
        return np.asarray(((pixels >= -0.5) & (pixels <= np.array(shape) - 0.5)).all(axis=1))


def see_points(place: Place, pixels: FloatArray, progress: Progress | None = None) -> SeenPoints:
    """Cast the ray of each point.

    Parameters
    ----------
    place
        Scene, registration and rules.
    pixels : ndarray, shape (N, 2)
        ``image_px``, any order, not only pixel centres; finite.
    progress
        Told ``(points done, points)`` now and then; cancels by returning False.

    Returns
    -------
    SeenPoints
        The same as :func:`napari_brainreg3d.project` finds at pixel centres, in float64.
    """
    count = len(pixels)
    inside = inside_image(pixels, place.registration.image_shape)
    order = _by_tiles(pixels, np.flatnonzero(inside), place.registration.image_shape)
    finest, is_left = np.zeros(count, FINEST_DTYPE), np.zeros(count, bool)
    places, numbers = np.full((count, 3), np.nan), np.full((3, count), np.nan)
    see, view, scene = seer(place.scene, place.settings), place.registration.view, place.scene

    def work(first: int, stop: int) -> None:
        which = order[first:stop]
        rays = view.pixel_rays(pixels[which])
        seen = see(rays)
        points = rays.at_depth(seen.depth_um)
        left = scene.is_left(points)
        places[which], is_left[which] = points, left
        finest[which] = finest_labels(seen.region, left)
        numbers[0, which] = seen.depth_um
        numbers[1, which] = seen.surface_depth_um
        numbers[2, which] = np.degrees(np.arccos(seen.cos_incidence))

    run_pieces(work, len(order), RAYS_PER_PIECE, progress)
    return SeenPoints(inside, finest, is_left, places, *numbers)


def _by_tiles(
    pixels: FloatArray, which: npt.NDArray[np.intp], shape: tuple[int, int]
) -> npt.NDArray[np.intp]:
    """Those of ``pixels`` that are wanted, tile after tile of the image."""
    if len(which) <= RAYS_PER_PIECE:
        return which
    tile = (pixels[which] + 0.5) * (_TILES / np.array(shape))
    row, column = np.minimum(tile, _TILES - 1).astype(np.uint16).T
    # Stable sorting of 16-bit numbers is a radix sort: linear in their count.
    return which[np.argsort(row * np.uint16(_TILES) + column, kind="stable")]
