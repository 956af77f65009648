"""Whether two aligned images really show the same vessels, patch by patch.

One number for the whole overlap can be high because both images have the same outline or the same
large vein. Here every small patch is looked for on its own around the place where the other
image should have it. In images of the same brain nearly all of them are found there, side by
side; in others only a few, by chance or along lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft
from scipy.ndimage import convolve

from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.registration.matching.refinement import seen_in
from napari_brainreg3d.registration.matching.similarity import Similarity
from napari_brainreg3d.registration.matching.vessels import Float32Array, VesselImage

#: Side of a patch, distance to the next one, and how far it is looked for, px.
_SIDE_PX, _STRIDE_PX, _REACH_PX = 32, 16, 8
#: A patch is compared when both images know this part of it.
_KNOWN: Final = 0.6
#: It is found when it correlates at least so much, no further away than this ...
_LEAST_CORRELATION: Final = 0.3
_NEAR_PX: Final = 1.5
#: ... and distinctly: anything further than this from the best place correlates less than a part
#: of it. (Along a straight vein or an edge it does as well everywhere.)
_APART_PX, _DISTINCT = 4, 0.8
#: Patches around it, up to this many strides away, and the part of them that must be found as well.
_NEIGHBOURS, _SUPPORT = 2, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the patches of the new image say.

    Attributes
    ----------
    quality
        Share of the patches' contrast that is found in its place, among others that are, times
        the correlation there: 1 for a perfect match, about 0 for other vessels.
    places_um : ndarray, shape (N, 2)
        Centres of the patches that were found: (down, right) from the new image's centre.
    errors_um : ndarray, shape (N, 2)
        By how much they lie off the aligned place, along the axes of the new image.
    compared
        How many patches were looked for.
    overlap
        Share of the new image that lies within the previous one.
    """

    quality: float
    places_um: FloatArray
    errors_um: FloatArray
    compared: int
    overlap: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "places_um", read_only(self.places_um))
        object.__setattr__(self, "errors_um", read_only(self.errors_um))


def gather_evidence(previous: VesselImage, new: VesselImage, similarity: Similarity) -> Evidence:
    """Look for every patch of the new image around its place in the previous one.

    Parameters
    ----------
    previous, new
        Vessels, on any rasters.
    similarity
        From the new image to the previous one.

    Returns
    -------
    Evidence
        Quality 0 and no patches when the images hardly overlap.
    """
    seen, known = seen_in(previous, similarity.to_previous(new.offsets_um()))
    known = known * new.known
    overlap = float(known.sum() / max(float(new.known.sum()), 1.0))
    rows, columns = (np.arange(0, count - _SIDE_PX + 1, _STRIDE_PX) for count in known.shape)
    lattice = (len(rows), len(columns))
    nothing = np.empty((0, 2))
    if 0 in lattice:
        return Evidence(0.0, nothing, nothing, 0, overlap)
    compared = _windows(known, _SIDE_PX)[np.ix_(rows, columns)].mean(axis=(2, 3)) > _KNOWN
    if not compared.any():
        return Evidence(0.0, nothing, nothing, 0, overlap)
    at_row, at_column = (index[compared] for index in np.meshgrid(rows, columns, indexing="ij"))
    patches = _windows(new.values * known, _SIDE_PX)[at_row, at_column]
    around = _windows(np.pad(seen * known, _REACH_PX), _SIDE_PX + 2 * _REACH_PX)
    surface, contrast = _correlations(around[at_row, at_column], patches)
    peak, error_px, is_distinct = _peaks(surface)
    is_near = (np.hypot(*error_px.T) <= _NEAR_PX) & (peak > _LEAST_CORRELATION)
    is_found = is_near & is_distinct
    has_support = is_found & (_share_around(is_found, compared) >= _SUPPORT)
    # What is in its place but would be so elsewhere too says nothing, neither for nor against.
    counted = float(contrast[~is_near | is_distinct].sum())
    quality = float((contrast * peak)[has_support].sum()) / max(counted, 1e-9)
    corner = np.stack([at_row, at_column], axis=1)[has_support]
    places = (corner + (_SIDE_PX - 1) / 2 - new.centre_px) * new.size_um
    errors = error_px[has_support] * new.size_um
    return Evidence(min(quality, 1.0), places, errors, int(compared.sum()), overlap)


def _windows(image: Float32Array, side_px: int) -> Float32Array:
    return sliding_window_view(image, (side_px, side_px))


def _correlations(around: Float32Array, patches: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Correlation of each patch with every place around it, and the contrast that both have.

    Shapes (N, D, D), with no shift in the middle, and (N,).
    """
    count, places = _SIDE_PX**2, 2 * _REACH_PX + 1
    patches = patches - patches.mean(axis=(1, 2), keepdims=True)
    shape = around.shape[1:]
    spectrum = fft.rfft2(around)
    box = np.conj(fft.rfft2(np.ones((1, _SIDE_PX, _SIDE_PX), np.float32), shape))
    product, total, squares = (
        fft.irfft2(part, shape)[:, :places, :places]
        for part in (
            spectrum * np.conj(fft.rfft2(patches, shape)),
            spectrum * box,
            fft.rfft2(around**2) * box,
        )
    )
    # A patch with less than a thousandth of the usual contrast is empty.
    power = np.maximum(squares - total**2 / count, 1e-3 * count)
    own = np.maximum(np.square(patches).sum(axis=(1, 2)), 1e-3 * count)
    both = np.minimum(power[:, _REACH_PX, _REACH_PX], own) / count
    return product / np.sqrt(power * own[:, None, None]), np.sqrt(np.minimum(both, 1.0))


def _peaks(surface: FloatArray) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Height (N,) and place (N, 2), px, of the highest peak, and whether it stands alone."""
    number, places = np.arange(len(surface)), surface.shape[1]
    flat = surface.reshape(len(surface), -1).argmax(axis=1)
    row, column = flat // places, flat % places
    peak = surface[number, row, column]
    axis = np.arange(places)
    is_apart = (np.abs(axis[:, None] - row[:, None, None]) > _APART_PX) | (
        np.abs(axis - column[:, None, None]) > _APART_PX
    )
    second = np.where(is_apart, surface, -1.0).max(axis=(1, 2))
    place = np.stack([row, column], axis=1).astype(np.float64)
    for index, step in enumerate(((1, 0), (0, 1))):
        before, after = (
            surface[
                number,
                np.clip(row + sign * step[0], 0, places - 1),
                np.clip(column + sign * step[1], 0, places - 1),
            ]
            for sign in (-1, 1)
        )
        bend = np.maximum(2 * peak - before - after, 1e-6)  # a parabola through three points
        place[:, index] += np.clip((after - before) / (2 * bend), -0.5, 0.5)
    return peak, place - _REACH_PX, second < _DISTINCT * peak


def _share_around(is_found: npt.NDArray[np.bool_], compared: npt.NDArray[np.bool_]) -> FloatArray:
    """Share of the patches in the neighbourhood of each compared one that were found, (N,)."""
    found = np.zeros(compared.shape)
    found[compared] = is_found
    box = np.ones((2 * _NEIGHBOURS + 1,) * 2)
    among = convolve(compared.astype(np.float64), box, mode="constant")
    return np.asarray((convolve(found, box, mode="constant") / np.maximum(among, 1.0))[compared])
