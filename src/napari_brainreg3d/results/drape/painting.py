"""The image painted onto the brain's surface, where the camera saw it."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from napari_brainreg3d.atlas.scene import AtlasInfo, Scene
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.projection import NothingSeenWarning, caster_for
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.drape.refined import refined_surface
from napari_brainreg3d.results.standard_view.raster import surface_of
from napari_brainreg3d.results.standard_view.visibility import Onlooker
from napari_brainreg3d.results.standard_view.weights import PixelWeights, linear_weights

Rgba = npt.NDArray[np.uint8]

#: Colour of what the camera did not see.
UNSEEN: Final = (206, 204, 200, 255)
#: Shares of the pixels that are darker than what is shown as black, and as white.
_CONTRAST: Final = (0.005, 0.995)
#: Vertices handled at a time.
_STEP: Final = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Drape:
    """A surface with an image on it. Made by :func:`drape`; arrays are read-only.

    Attributes
    ----------
    vertices_um : ndarray, shape (V, 3), float64
        ``atlas_um``.
    faces : ndarray, shape (F, 3), int32
        Counter-clockwise seen from outside, as computed in ``atlas_um``.
    values : ndarray, shape (V,) or (V, 3), float32
        Of the image; NaN where the camera saw nothing.
    contrast : tuple of float
        What is shown as black, and as white.
    weights
        How each vertex is made of pixels.
    smoothing_px
        By how much, in pixels down and right, the image is smoothed first, so that a coarse mesh
        does not alias.
    usable : ndarray, shape (H, W), bool
        Pixels of the image that show the brain and may be used.
    registration, atlas
        Of the image, and where the surface comes from.
    """

    vertices_um: FloatArray
    faces: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    contrast: tuple[float, float]
    weights: PixelWeights
    smoothing_px: tuple[float, float]
    usable: npt.NDArray[np.bool_]
    registration: Registration
    atlas: AtlasInfo

    def __post_init__(self) -> None:
        for name in ("vertices_um", "faces", "values", "usable"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Which vertices the camera saw, shape (V,)."""
        return self.weights.seen

    @property
    def colours(self) -> Rgba:
        """Red, green, blue, opacity of each vertex, shape (V, 4), uint8."""
        low, high = self.contrast
        share = np.clip((self.values - low) / (high - low), 0.0, 1.0)
        known = _known(share)
        colours = np.empty((len(share), 4), np.uint8)
        levels = np.nan_to_num(share.reshape(len(share), -1) * 255.0).round()
        colours[:, :3] = levels
        colours[:, 3] = 255
        colours[~known] = UNSEEN
        return colours

    def painted(
        self, image: npt.NDArray[Any], *, contrast: tuple[float, float] | None = None
    ) -> Self:
        """Return the same surface with another image, e.g. the next frame of a movie.

        Parameters
        ----------
        image : ndarray, shape (H, W) or (H, W, 3)
            Of the same registration.
        contrast
            What to show as black, and as white; None: as it was.
        """
        pixels = np.asarray(image)
        if max(self.smoothing_px) > 0.0 and pixels.shape[:2] == self.usable.shape:
            pixels = _smoothed(pixels, self.usable, self.smoothing_px)
        return dataclasses.replace(
            self,
            values=self.weights.applied(pixels),
            contrast=_checked_contrast(contrast) or self.contrast,
        )


def drape(
    scene: Scene,
    registration: Registration,
    image: npt.ArrayLike,
    *,
    spacing_um: float | None = None,
    contrast: tuple[float, float] | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
) -> Drape:
    """Paint an image onto the brain's surface. Changes none of its arguments.

    Parameters
    ----------
    scene
        Its brain surface is painted.
    registration
        Of the image.
    image : array_like, shape (H, W) or (H, W, 3)
        Any real type; NaN is missing.
    spacing_um
        About how far vertices lie apart where the image is, um; None: a pixel.
    contrast
        What is shown as black, and as white. None: 0 and 255 for colours of 8 bits, otherwise the
        darkest and brightest of what is seen, but for 0.5 %.
    mask : ndarray, shape (H, W), bool, or None
        Pixels that may be used; None: all.

    Returns
    -------
    Drape
        The whole surface, finer where the camera saw it, with values there.

    Raises
    ------
    ImageError
        When image or mask do not have the size that the registration is for, or ``spacing_um`` or
        ``contrast`` are not valid.
    AtlasError
        When the scene has no surface.

    Warns
    -----
    NothingSeenWarning
        When the image shows nothing of the brain.
    """
    pixels = np.asarray(image)
    spacing = max(registration.pixel_size_um) if spacing_um is None else spacing_um
    if not (np.isfinite(spacing) and spacing > 0):
        raise ImageError(f"spacing_um must be positive, got {spacing_um!r}")
    limits = _checked_contrast(contrast)
    surface = surface_of(scene)
    onlooker = Onlooker.before(registration.view, caster_for(surface), mask)
    vertices, faces, is_seen = refined_surface(surface, onlooker, spacing)
    weights = _vertex_weights(onlooker, vertices, is_seen)
    if not len(weights.place):
        warnings.warn(
            "the image shows nothing of the brain: nothing is painted; check the pose",
            NothingSeenWarning,
            stacklevel=2,
        )
    # As for the standard view: interpolation gives 1/6 of the variance f^2 / 6 that is wanted.
    coarser = [max(1.0, spacing / size) for size in registration.pixel_size_um]
    down, right = (float(np.sqrt((f * f - 1.0) / 6.0)) for f in coarser)
    bare = Drape(
        vertices_um=vertices,
        faces=faces,
        values=np.full(len(vertices), np.nan, np.float32),
        contrast=limits or (0.0, 1.0),
        weights=weights,
        smoothing_px=(down, right),
        usable=np.isfinite(onlooker.depth_um),
        registration=registration,
        atlas=scene.atlas,
    )
    made = bare.painted(pixels)
    return made if limits else dataclasses.replace(made, contrast=_contrast(pixels, made.values))


def surface_data(
    draped: Drape, *, only_seen: bool = False
) -> tuple[FloatArray, npt.NDArray[np.int32], npt.NDArray[np.float32], Rgba]:
    """The arrays of a surface as viewers take them, e.g. a napari Surface.

    Parameters
    ----------
    draped
        From :func:`drape`.
    only_seen
        Whether to leave out faces with a corner that the camera did not see.

    Returns
    -------
    vertices_um : ndarray, shape (V, 3)
        ``atlas_um``.
    faces : ndarray, shape (F, 3), int32
        Corner numbers.
    values : ndarray, shape (V,) or (V, 3), float32
        NaN where nothing was seen.
    colours : ndarray, shape (V, 4), uint8
        For viewers that take colours instead of values.
    """
    vertices, faces, values, colours = (
        draped.vertices_um,
        draped.faces,
        draped.values,
        draped.colours,
    )
    if only_seen:
        known = _known(values)
        kept = faces[known[faces].all(axis=1)]
        used, renumbered = np.unique(kept, return_inverse=True)
        vertices, values, colours = vertices[used], values[used], colours[used]
        faces = renumbered.reshape(-1, 3).astype(np.int32)
    return vertices, faces, values, colours


def _vertex_weights(
    onlooker: Onlooker, vertices_um: FloatArray, is_seen: npt.NDArray[np.bool_]
) -> PixelWeights:
    place = np.flatnonzero(is_seen)
    parts = []
    for first in range(0, len(place), _STEP):
        some = place[first : first + _STEP]
        parts.append((some, linear_weights(onlooker, vertices_um[some][:, None], np.ones(1))))
    return PixelWeights.joined(onlooker.view.grid.shape, (len(vertices_um),), parts)


def _smoothed(
    pixels: npt.NDArray[Any], usable: npt.NDArray[np.bool_], sigma_px: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """The image, smoothed over what shows the brain; NaN elsewhere."""
    colours = pixels.reshape(*pixels.shape[:2], -1).astype(np.float32)
    smooth = np.empty_like(colours)
    for channel in range(colours.shape[2]):
        known = usable & np.isfinite(colours[..., channel])
        total = gaussian_filter(np.where(known, colours[..., channel], 0.0), sigma_px)
        share = gaussian_filter(known.astype(np.float32), sigma_px)
        smooth[..., channel] = np.divide(
            total, share, out=np.full_like(total, np.nan), where=known & (share > 0)
        )
    return smooth.reshape(pixels.shape)


def _known(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which vertices have a value, of (V,) or (V, 3) values."""
    return np.asarray(np.isfinite(values.reshape(len(values), -1)).all(axis=1))


def _contrast(pixels: npt.NDArray[Any], values: npt.NDArray[np.float32]) -> tuple[float, float]:
    if pixels.dtype == np.uint8 and pixels.ndim == 3:
        return 0.0, 255.0
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(limit) for limit in np.quantile(known, _CONTRAST))
    return (low, high) if low < high else (low, low + 1.0)


def _checked_contrast(contrast: tuple[float, float] | None) -> tuple[float, float] | None:
    if contrast is None:
        return None
    low, high = (float(limit) for limit in contrast)
    if not (np.isfinite([low, high]).all() and low < high):
        raise ImageError(f"contrast must be two numbers, the smaller first, got {contrast!r}")
    return low, high
