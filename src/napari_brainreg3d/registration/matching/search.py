"""The search for one image in another, from guesses to a match that the evidence supports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.matching.evidence import Evidence, gather_evidence
from napari_brainreg3d.registration.matching.placement import place
from napari_brainreg3d.registration.matching.refinement import refine
from napari_brainreg3d.registration.matching.similarity import Similarity
from napari_brainreg3d.registration.matching.spectrum import turns_and_scales
from napari_brainreg3d.registration.matching.vessels import VesselImage, find_vessels

LEAST_QUALITY: Final = 0.12
"""A match of less quality is refused. Other brains with the same outline and the same large veins
stay below 0.02; matches with 40 % of the image hidden are above 0.3."""

LEAST_FEATURES: Final = 12
"""A match on fewer patches is refused."""

#: The coarse raster has about this many pixels along the longer side, the fine one at most so many.
_COARSE_PX, _FINE_PX = 224, 1000
#: Vessels are at most this part of the shorter side, so that there are enough of them.
_FINENESS: Final = 80
#: Quality before the last refinement from which on it is worth the time.
_WORTH_REFINING: Final = 0.02
#: Guesses of turn and scale, and how many of their placements are looked at closely.
_GUESSES, _CANDIDATES = 9, 3


@dataclass(frozen=True, slots=True)
class Levels:
    """The vessels of both images, coarse and fine."""

    previous: VesselImage
    new: VesselImage
    previous_coarse: VesselImage
    new_coarse: VesselImage


def find_levels(
    previous: FloatArray,
    size: tuple[float, float],
    new: FloatArray,
    new_size: tuple[float, float],
    vessel_um: float,
) -> Levels:
    """Find the vessels of both images at a fine and a coarse scale, the same for both.

    Parameters
    ----------
    previous, new : ndarray, shape (H, W) and (h, w)
        Grey values, NaN in holes. Not changed.
    size, new_size
        Height and width of their pixels, um.
    vessel_um
        About the diameter of the vessels to go by.

    Raises
    ------
    RegistrationError
        When one of them shows nothing at all.
    """
    extents = np.multiply([previous.shape, new.shape], [size, new_size])
    sigma = min(vessel_um / 2, float(extents.min()) / _FINENESS)
    sigma = max(sigma, *size, *new_size, float(extents.max()) / _FINE_PX)
    step = max(float(extents.max()) / _COARSE_PX, *size, *new_size)
    both = ((previous, size), (new, new_size))
    fine = [find_vessels(grey, px, sigma_um=sigma, step_um=sigma) for grey, px in both]
    coarse = [
        find_vessels(grey, px, sigma_um=max(sigma, step), step_um=1.5 * step).on_square_pixels(step)
        for grey, px in both
    ]
    for vessels, name in zip(coarse, ("previous", "new"), strict=True):
        if not np.any(vessels.values):
            raise RegistrationError(
                f"the {name} image shows no vessels: it is empty or the same everywhere"
            )
    return Levels(*fine, *coarse)


def search(levels: Levels, largest_scale: float) -> tuple[Similarity, Evidence]:
    """Find the new image in the previous one.

    Parameters
    ----------
    levels
        Vessels of both.
    largest_scale
        Scales between this and its inverse are looked for.

    Returns
    -------
    Similarity, Evidence
        The first candidate that the evidence supports, the likeliest guess first.

    Raises
    ------
    RegistrationError
        When it supports none: the images do not show the same vessels.
    """
    guesses = turns_and_scales(
        levels.previous_coarse.values,
        levels.new_coarse.values,
        largest_scale=largest_scale,
        count=_GUESSES,
    )
    best: Evidence | None = None
    for some, count in ((guesses[:1], 1), (guesses[1:], _CANDIDATES)):
        # A spectrum looks the same upside down: which way is up shows in the image only.
        both_ways = [(turn + half, scale) for turn, scale in some for half in (0.0, 180.0)]
        for candidate in place(levels.previous_coarse, levels.new_coarse, both_ways)[:count]:
            found = refine(levels.previous_coarse, levels.new_coarse, candidate.similarity)
            evidence = gather_evidence(levels.previous, levels.new, found)
            # The coarse raster is good to less than a fine pixel: a wrong candidate shows already.
            if evidence.quality >= _WORTH_REFINING:
                found = refine(levels.previous, levels.new, found)
                evidence = gather_evidence(levels.previous, levels.new, found)
            if evidence.quality >= LEAST_QUALITY and len(evidence.places_um) >= LEAST_FEATURES:
                return found, evidence
            if best is None or evidence.quality > best.quality:
                best = evidence
    quality, features = (best.quality, len(best.places_um)) if best else (0.0, 0)
    raise RegistrationError(
        "the images do not match: they do not show the same blood vessels (best quality "
        f"{quality:.2f} on {features} patches, at least {LEAST_QUALITY} on {LEAST_FEATURES} are "
        "needed). Check that both are of the same animal and side, that they are in focus, and "
        "their pixel sizes; or align the new image by hand"
    )
