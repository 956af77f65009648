"""Where one image lies in the other once turn and scale are guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import affine_transform

from napari_brainreg3d.registration.matching.similarity import Similarity
from napari_brainreg3d.registration.matching.vessels import Float32Array, VesselImage

#: The images must share at least this part of the smaller one.
_LEAST_OVERLAP: Final = 0.12

_Spectra = tuple[npt.NDArray[np.complex64], ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """A guess: how the new image lies in the previous one, and how well the vessels agree there.

    Attributes
    ----------
    similarity
        From the new image to the previous one.
    score
        Correlation times the root of the number of pixels in the overlap, which is what chance
        alone keeps small.
    """

    similarity: Similarity
    score: float


def place(
    previous: VesselImage, new: VesselImage, guesses: Iterable[tuple[float, float]]
) -> list[Placement]:
    """Find the best shift for each guessed turn and scale.

    Parameters
    ----------
    previous, new
        Vessels on square pixels of the same size.
    guesses
        (rotation in degrees, scale) of a similarity from new to previous.

    Returns
    -------
    list of Placement
        One per guess, best first.

    Notes
    -----
    Normalised correlation of what both images know, by Fourier transforms [1]_, with the means of
    the band-passed images taken as zero.

    References
    ----------
    .. [1] D. Padfield, "Masked object registration in the Fourier domain", IEEE Transactions on
       Image Processing 21, 2012, doi:10.1109/TIP.2011.2181402.
    """
    turns = [Similarity(rotation, scale, (0.0, 0.0)) for rotation, scale in guesses]
    if not turns:
        return []
    reach = np.hypot(*new.values.shape) * max(turn.scale for turn in turns)
    canvas = int(np.ceil(reach)) + 1
    height, width = previous.values.shape
    shape = (
        fft.next_fast_len(height + canvas, real=True),
        fft.next_fast_len(width + canvas, real=True),
    )
    still = _spectra(previous.values, previous.known, shape)
    least = max(_LEAST_OVERLAP * float(min(previous.known.sum(), new.known.sum())), 1.0)
    found = []
    for turn in turns:
        values, known = (_turned(part, new, turn, canvas) for part in (new.values, new.known))
        score = _scores(still, _spectra(values, known, shape), shape, least)
        best = np.unravel_index(np.argmax(score), score.shape)
        # Lags wrap around: those past the previous image are negative.
        lag = np.where(np.array(best) >= previous.values.shape, np.subtract(best, shape), best)
        down, right = (lag + (canvas - 1) / 2 - previous.centre_px) * previous.size_um
        shifted = Similarity(turn.rotation_deg, turn.scale, (float(down), float(right)))
        found.append(Placement(shifted, float(score[best])))
    return sorted(found, key=lambda placement: -placement.score)


def _spectra(values: Float32Array, known: Float32Array, shape: tuple[int, int]) -> _Spectra:
    return tuple(fft.rfft2(part, shape) for part in (values, values**2, known))


def _scores(still: _Spectra, moved: _Spectra, shape: tuple[int, int], least: float) -> Float32Array:
    """The score of every lag, shape ``shape``; -1 where the images share too little."""
    value, square, known = still
    value_new, square_new, known_new = (np.conj(part) for part in moved)
    product, power, power_new, shared = (
        fft.irfft2(spectrum, shape)
        for spectrum in (
            value * value_new,
            square * known_new,
            known * square_new,
            known * known_new,
        )
    )
    norm = np.sqrt(np.maximum(power, 1e-3) * np.maximum(power_new, 1e-3))
    score = product / norm * np.sqrt(np.maximum(shared, 0.0))
    return np.asarray(np.where(shared >= least, score, -1.0))


def _turned(part: Float32Array, new: VesselImage, turn: Similarity, canvas: int) -> Float32Array:
    """A part of the new image in the directions of the previous one, in the middle of a square."""
    inverse = np.linalg.inv(turn.linear)
    offset = np.array(new.centre_px) - inverse @ np.full(2, (canvas - 1) / 2)
    turned = affine_transform(part, inverse, offset, (canvas, canvas), order=1, mode="constant")
    return np.asarray(turned)
