"""Turn and scale between two images from their spectra, which no shift changes."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter
from skimage.transform import warp_polar

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.matching.vessels import Float32Array

_ANGLES: Final = 360
_RADII: Final = 180
#: Part of the logarithmic radius that holds too few samples of the spectrum to say anything.
_INNER: Final = 0.35
#: 0 compares amplitudes too, 1 only phases; vessels have few and strong frequencies.
_WHITENING: Final = 0.7


def turns_and_scales(
    previous: Float32Array, new: Float32Array, *, largest_scale: float, count: int
) -> list[tuple[float, float]]:
    """Guess turn and scale between two images, best first.

    Parameters
    ----------
    previous, new : ndarray, shape (H, W)
        Band-passed images with zero mean on rasters of the same square pixels.
    largest_scale
        Scales between this and its inverse are considered.
    count
        How many guesses at most.

    Returns
    -------
    list of tuple
        (rotation in degrees, 0 to 180; scale) of a similarity from new to previous. The spectrum
        of a real image is symmetric, so that each rotation may as well be 180 degrees more.

    Notes
    -----
    The magnitude of the spectrum is turned with the image and scaled against it; on a log-polar
    raster both are shifts, found by phase correlation [1]_.

    References
    ----------
    .. [1] B. S. Reddy and B. N. Chatterji, "An FFT-based technique for translation, rotation, and
       scale-invariant image registration", IEEE Transactions on Image Processing 5, 1996,
       doi:10.1109/83.506761.
    """
    side = fft.next_fast_len(max(*previous.shape, *new.shape))
    per_bin = np.log(0.45 * side) / _RADII
    first, second = (_log_polar(image, side) for image in (previous, new))
    shape = (first.shape[0], 2 * first.shape[1])
    cross = fft.rfft2(second, shape) * np.conj(fft.rfft2(first, shape))
    cross /= np.abs(cross) ** _WHITENING + 1e-12
    surface = fft.irfft2(cross, shape)
    reach = min(int(np.ceil(np.log(largest_scale) / per_bin)), first.shape[1] - 1)
    surface = np.concatenate([surface[:, -reach:], surface[:, : reach + 1]], axis=1)
    peaks = surface == maximum_filter(surface, (7, 7), mode=("wrap", "nearest"))
    places = np.argwhere(peaks)[np.argsort(-surface[peaks])[:count]]
    return [
        ((row * 360.0 / _ANGLES) % 180.0, float(np.exp((column - reach) * per_bin)))
        for row, column in places.tolist()
    ]


def _log_polar(image: Float32Array, side: int) -> FloatArray:
    """Half of the spectrum's log magnitude, shape (angles, radii), ready to be correlated."""
    height, width = image.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]) ** 0.5
    magnitude = np.abs(fft.fftshift(fft.fft2(image * window, (side, side))))
    magnitude = np.log1p(magnitude / max(float(magnitude.mean()), 1e-12))
    polar = warp_polar(magnitude, radius=0.45 * side, output_shape=(_ANGLES, _RADII), scaling="log")
    outer = polar[: _ANGLES // 2, int(_INNER * _RADII) :]
    outer = outer - outer.mean(axis=0)
    return np.asarray(outer * np.hanning(outer.shape[1]))
