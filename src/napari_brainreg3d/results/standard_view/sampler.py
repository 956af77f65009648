"""From the images of one registration to a standard view: rays are cast once, for all frames."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import AtlasInfo, Scene
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection import NothingSeenWarning, caster_for
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view.footprint import (
    coarseness,
    groups,
    half_widths,
    kernel,
    sample_counts,
)
from napari_brainreg3d.results.standard_view.raster import surface_of, view_of
from napari_brainreg3d.results.standard_view.visibility import Onlooker
from napari_brainreg3d.results.standard_view.weights import (
    Float32Array,
    PixelWeights,
    linear_weights,
)
from napari_brainreg3d.threads import thread_count

#: Rays per piece of work, as in a projection.
_RAYS_PER_PIECE: Final = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class StandardSampler:
    """Turns images of one registration into a standard view. Made by :func:`standard_sampler`.

    Attributes
    ----------
    registration
        Of the view; :func:`napari_brainreg3d.project` makes its labels from it.
    source
        Of the images.
    atlas
        Where the surface comes from.
    weights
        What each pixel of the view is made of.
    """

    registration: Registration
    source: Registration
    atlas: AtlasInfo
    weights: PixelWeights

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Which pixels of the view the camera saw, shape (h, w)."""
        return self.weights.seen

    def resampled(self, picture: npt.NDArray[Any]) -> Float32Array:
        """One image, shape (H, W) or (H, W, 3), in the view; float32, NaN where nothing is seen."""
        return self.weights.applied(picture)

    def frames(self, pictures: Any) -> Iterator[Float32Array]:
        """The frames of a movie in the view, shape (h, w) each, one after the other.

        Parameters
        ----------
        pictures : ndarray, shape (T, H, W) or (T, H, W, 3), or a movie
            Anything with a length whose items are images, or with ``chunks()`` that gives
            (first frame, images), as movie files have.
        """
        if hasattr(pictures, "chunks") and callable(pictures.chunks):
            for _, block in pictures.chunks():
                yield from (self.resampled(picture) for picture in block)
        else:
            yield from (self.resampled(np.asarray(picture)) for picture in pictures)


def standard_sampler(
    scene: Scene,
    registration: Registration,
    *,
    view: str | Registration = "dorsal",
    resolution_um: float | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
) -> StandardSampler:
    """Find out what each pixel of a standard view is made of. Changes none of its arguments.

    Parameters
    ----------
    scene
        Whose brain surface is seen, and hides.
    registration
        Of the image or movie.
    view
        ``"dorsal"``, ``"left"``, ``"right"``, ``"ventral"``, ``"frontal"`` or ``"caudal"``:
        parallel rays, the whole brain. Or a registration: its raster, camera and pose.
    resolution_um
        Pixel size of a named view, um; None: 20.
    mask : ndarray, shape (H, W), bool, or None
        Pixels of the image that may be used, e.g. those within the window; None: all.
    progress
        Told ``(pieces done, pieces)``; cancels by returning False.

    Returns
    -------
    StandardSampler
        Ready for any number of frames.

    Raises
    ------
    RegistrationError
        When the view or its resolution is not valid.
    ImageError
        When the mask has another shape than the image.
    AtlasError
        When the scene has no surface.
    Cancelled
        When ``progress`` said so.

    Warns
    -----
    NothingSeenWarning
        When the image shows nothing of what the view sees.

    Notes
    -----
    For each pixel of the view: the point of the brain's surface that it sees; where the camera of
    the image sees that point; and whether it does, or other tissue is in the way. What was not
    seen, lies outside the image or behind the camera has no value. A pixel of the view that covers
    more than one pixel of the image is sampled at many points of the surface (see
    :mod:`~napari_brainreg3d.results.standard_view.footprint`) and is seen if half of them are.
    """
    made = view_of(scene, registration, view, resolution_um)
    surface = caster_for(surface_of(scene))
    onlooker = Onlooker.before(registration.view, surface, mask)
    centres = _centres(made.view, onlooker)
    coarser = coarseness(centres).reshape(-1, 2)
    shown = np.flatnonzero(np.isfinite(centres).all(axis=-1))
    pieces = list(_pieces(shown, sample_counts(coarser[shown])))

    def work(piece: _Piece) -> tuple[npt.NDArray[np.intp], Any]:
        shape, place = piece
        offsets, shares = kernel(shape)
        middle = np.stack(np.unravel_index(place, made.image_shape), axis=-1)
        samples = middle[:, None] + half_widths(coarser[place])[:, None] * offsets
        rays = made.view.pixel_rays(samples.reshape(-1, 2))
        points = rays.at_depth(surface.first_hits(rays).depth_um)
        return place, linear_weights(onlooker, points.reshape(*samples.shape[:2], 3), shares)

    parts = []
    with ThreadPoolExecutor(max_workers=thread_count()) as pool:
        report(progress, 0, len(pieces))
        try:
            for done, part in enumerate(pool.map(work, pieces), start=1):
                parts.append(part)
                report(progress, done, len(pieces))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    weights = PixelWeights.joined(registration.image_shape, made.image_shape, parts)
    if not len(weights.place):
        warnings.warn(
            "the image shows nothing of what the view sees: every pixel is NaN; check the pose",
            NothingSeenWarning,
            stacklevel=2,
        )
    return StandardSampler(made, registration, scene.atlas, weights)


_Piece = tuple[tuple[int, int], npt.NDArray[np.intp]]


def _pieces(place: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> Iterator[_Piece]:
    for shape, members in groups(counts):
        step = max(1, _RAYS_PER_PIECE // (shape[0] * shape[1]))
        for first in range(0, len(members), step):
            yield shape, place[members[first : first + step]]


def _centres(view: View, onlooker: Onlooker) -> FloatArray:
    """Where the image has what each pixel of a view shows, hidden or not, (h, w, 2)."""
    height, width = view.grid.shape
    pixels = np.empty((height, width, 2))
    rows = max(1, _RAYS_PER_PIECE // width)
    for first in range(0, height, rows):
        stop = min(height, first + rows)
        rays = view.row_rays(first, stop)
        points = rays.at_depth(onlooker.surface.first_hits(rays).depth_um)
        pixels[first:stop] = onlooker.view.atlas_to_pixels(points).reshape(-1, width, 2)
    return pixels
