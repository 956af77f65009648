"""From a picture to its blood vessels: what stays the same from one session to the next.

Brightness, its gradient over the field, exposure and the colour of the light all change between
sessions. What is kept here is only how a pixel differs from its surroundings at the scale of
vessels, in units of the contrast around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import (
    affine_transform,
    gaussian_filter,
    maximum_filter,
    minimum_filter,
    uniform_filter,
)

from napari_brainreg3d.geometry.frames import FloatArray, read_only

Float32Array = npt.NDArray[np.float32]

#: Standard deviation of the wide Gaussian of the band-pass, and side of the box over which contrast
#: is measured, in units of the standard deviation of the narrow Gaussian.
_BACKGROUND: Final = 4.0
_SURROUNDINGS: Final = 25.0
#: Contrast that counts as vessels at least, as a part of the median contrast of the image, so that
#: the noise of dark corners is not blown up.
_LEAST_CONTRAST: Final = 0.5
#: A glint or an edge counts no more than a good vessel.
_LARGEST: Final = 2.5
_SMALLEST_SIGMA_PX: Final = 0.7
#: Side of the smallest patch of equal pixels that is padding or saturation rather than tissue.
_FLAT_PX: Final = 9


@dataclass(frozen=True, slots=True, eq=False)
class VesselImage:
    """The vessels of an image on a raster of its own. Made by :func:`find_vessels`.

    Attributes
    ----------
    values : ndarray, shape (H, W)
        Difference of Gaussians over the local contrast, dimensionless, about -2.5 to 2.5;
        exactly 0 where nothing is known.
    known : ndarray, shape (H, W)
        1 where the image has data, 0 in holes, padding and saturated patches.
    size_um
        Height and width of a pixel of this raster.
    centre_px
        (row, column) on this raster of the centre of the original image.
    """

    values: Float32Array
    known: Float32Array
    size_um: tuple[float, float]
    centre_px: tuple[float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", read_only(self.values))
        object.__setattr__(self, "known", read_only(self.known))

    @property
    def extent_um(self) -> tuple[float, float]:
        """Height and width of the field of view."""
        height, width = self.values.shape
        return height * self.size_um[0], width * self.size_um[1]

    def offsets_um(self) -> FloatArray:
        """Where the pixels lie, shape (2, H, W): (down, right) from the image centre, um."""
        rows, columns = (
            (np.arange(count) - centre) * size
            for count, centre, size in zip(
                self.values.shape, self.centre_px, self.size_um, strict=True
            )
        )
        return np.stack(np.meshgrid(rows, columns, indexing="ij"))

    def on_square_pixels(self, step_um: float) -> VesselImage:
        """Return the same on a raster of square pixels of ``step_um``, centred on the image."""
        shape = [max(1, round(extent / step_um)) for extent in self.extent_um]
        scale = [step_um / size for size in self.size_um]
        middle = [(count - 1) / 2 for count in shape]
        offset = np.array(self.centre_px) - np.multiply(scale, middle)
        values, known = (
            affine_transform(part, scale, offset, tuple(shape), order=1, mode="constant")
            for part in (self.values, self.known)
        )
        return VesselImage(values, known, (step_um, step_um), (middle[0], middle[1]))

    def pixels(self, offsets_um: FloatArray) -> FloatArray:
        """Pixels of this raster at offsets, shape (2, ...), from the image centre, um."""
        shape = (2,) + (1,) * (offsets_um.ndim - 1)
        size, centre = np.reshape(self.size_um, shape), np.reshape(self.centre_px, shape)
        return np.asarray(offsets_um / size + centre)


def find_vessels(
    grey: FloatArray, size_um: tuple[float, float], *, sigma_um: float, step_um: float
) -> VesselImage:
    """Keep what differs from its surroundings at the scale of vessels.

    Parameters
    ----------
    grey : ndarray, shape (H, W)
        Grey values, NaN in holes. Not changed.
    size_um
        Height and width of its pixels.
    sigma_um
        Standard deviation of the narrow Gaussian; that of the wide one is four times as large.
    step_um
        Largest pixel size of the result: pixels are averaged in blocks as far as they stay below.

    Returns
    -------
    VesselImage
        Difference of the two Gaussians over its root mean square around each pixel. Holes, and
        patches without any change of value (padding, saturation), take no part.
    """
    known = np.isfinite(grey) & ~_is_flat(grey)
    factors = [max(1, int(step_um / size + 1e-6)) for size in size_um]
    values, weight = _averaged(np.where(known, grey, 0.0), known, factors)
    step = [size * factor for size, factor in zip(size_um, factors, strict=True)]
    narrow = [max(sigma_um / size, _SMALLEST_SIGMA_PX) for size in step]
    fine, _ = _blurred(values, weight, narrow)
    coarse, share = _blurred(values, weight, [_BACKGROUND * sigma for sigma in narrow])
    is_known = (weight > 0.5) & (share > 0.5)
    band = np.where(is_known, fine - coarse, np.float32(0))
    band /= _contrast(band, is_known, [round(_SURROUNDINGS * sigma) for sigma in narrow])
    centre = [
        ((count - 1) / 2 - (factor - 1) / 2) / factor
        for count, factor in zip(grey.shape, factors, strict=True)
    ]
    return VesselImage(
        np.clip(band, -_LARGEST, _LARGEST),
        is_known.astype(np.float32),
        (step[0], step[1]),
        (centre[0], centre[1]),
    )


def _contrast(
    band: Float32Array, is_known: npt.NDArray[np.bool_], sides: list[int]
) -> Float32Array:
    """Root mean square around each pixel, but not less than a part of what is usual."""
    power = uniform_filter(band**2, sides, mode="constant")
    share = uniform_filter(is_known.astype(np.float32), sides, mode="constant")
    # Sums that are moved along may end a little below zero.
    contrast = np.sqrt(np.maximum(power, 0.0) / np.maximum(share, 1e-3))
    usual = float(np.median(contrast[is_known])) if is_known.any() else 0.0
    return np.asarray(np.maximum(contrast, max(_LEAST_CONTRAST * usual, 1e-30)))


def _is_flat(grey: FloatArray) -> npt.NDArray[np.bool_]:
    """Pixels of patches without any change of value, up to the very edge of the patch."""
    filled = np.nan_to_num(grey)
    is_inside = maximum_filter(filled, _FLAT_PX) == minimum_filter(filled, _FLAT_PX)
    return np.asarray(maximum_filter(is_inside, _FLAT_PX))


def _averaged(
    values: FloatArray, known: npt.NDArray[np.bool_], factors: list[int]
) -> tuple[Float32Array, Float32Array]:
    """Mean of the known values in blocks, and the share of them that is known."""
    (height, width), (down, right) = values.shape, factors
    padding = ((0, -height % down), (0, -width % right))
    blocks = (-(-height // down), down, -(-width // right), right)
    total = np.pad(values, padding).reshape(blocks).sum(axis=(1, 3))
    count = np.pad(known.astype(np.float64), padding).reshape(blocks).sum(axis=(1, 3))
    share = (count / (down * right)).astype(np.float32)
    return (total / np.maximum(count, 1.0)).astype(np.float32), share


def _blurred(
    values: Float32Array, weight: Float32Array, sigma: list[float]
) -> tuple[Float32Array, Float32Array]:
    """Gaussian mean of what is known, and the share of the Gaussian that is.

    The normalised convolution of Knutsson and Westin, doi:10.1109/CVPR.1993.341081.
    """
    options: dict[str, Any] = {"sigma": sigma, "mode": "constant", "truncate": 3.0}
    share = gaussian_filter(weight, **options)
    total = gaussian_filter(values * weight, **options)
    return np.where(share > 1e-3, total / np.maximum(share, 1e-3), 0.0).astype(np.float32), share
