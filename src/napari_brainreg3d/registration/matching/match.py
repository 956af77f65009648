"""Finding one image in another of the same brain by its blood vessels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.matching.evidence import Evidence, gather_evidence
from napari_brainreg3d.registration.matching.image_match import ImageMatch
from napari_brainreg3d.registration.matching.placement import place
from napari_brainreg3d.registration.matching.precision import precision
from napari_brainreg3d.registration.matching.refinement import refine
from napari_brainreg3d.registration.matching.similarity import Similarity
from napari_brainreg3d.registration.matching.spectrum import turns_and_scales
from napari_brainreg3d.registration.matching.vessels import VesselImage, brightness, find_vessels

LEAST_QUALITY: Final = 0.12
"""A match of less quality is refused. Other brains with the same outline and the same large veins
stay below 0.02; matches with 40 % of the image hidden are above 0.3."""

LEAST_FEATURES: Final = 12
"""A match on fewer patches is refused."""

METHOD: Final = "log-polar phase correlation of vessels, refined by Gauss-Newton on correlation"

#: The coarse raster has about this many pixels along the longer side, the fine one at most so many.
_COARSE_PX, _FINE_PX = 224, 1000
#: Vessels are at most this part of the shorter side, so that there are enough of them.
_FINENESS: Final = 80
#: Guesses of turn and scale, and how many of their placements are looked at closely.
_GUESSES, _CANDIDATES = 12, 3
#: The search reaches a little further than what is accepted.
_MARGIN: Final = 1.1


@dataclass(frozen=True, slots=True)
class _Levels:
    """The vessels of both images, coarse and fine."""

    previous: VesselImage
    new: VesselImage
    previous_coarse: VesselImage
    new_coarse: VesselImage


def match_images(
    previous_image: npt.ArrayLike,
    new_image: npt.ArrayLike,
    *,
    previous_pixel_size_um: float | Sequence[float],
    new_pixel_size_um: float | Sequence[float] | None = None,
    max_shift_um: float | None = None,
    max_rotation_deg: float = 180.0,
    max_scale: float = 1.25,
    vessel_um: float = 50.0,
) -> ImageMatch:
    """Find how a new image of a brain lies in a previous one.

    Parameters
    ----------
    previous_image, new_image : array_like, shape (H, W), (H, W, 3) or (H, W, 4)
        Pictures of any size and of any kind of real numbers; NaN are holes. Not changed.
    previous_pixel_size_um, new_pixel_size_um
        Size of a pixel, um: one number, or (row, column). The new one's is the same by default.
    max_shift_um, max_rotation_deg, max_scale
        A match that lies further off is refused. Scales may be between ``1 / max_scale`` and
        ``max_scale``; a shift may by default be as large as the images still overlap.
    vessel_um
        About the diameter of the vessels to go by, um; in a small field of view smaller ones.

    Returns
    -------
    ImageMatch
        Turn, scale and shift between the images, and how good they are.

    Raises
    ------
    RegistrationError
        When the images do not show the same vessels, the match is out of the given bounds, or
        an image is not a picture or shows nothing.

    Notes
    -----
    1. What is kept of each image is what differs from its surroundings at the scale of vessels.
    2. Turn and scale come from the log-polar spectra [1]_, the shift from correlation of what both
       images know. Several guesses are tried, each also upside down.
    3. The match is refined, coarse to fine, by Gauss-Newton steps on the correlation, in which only
       pixels count whose surroundings agree.
    4. It is accepted only when small patches of the new image, each looked for on its own, are
       found in their place, side by side. A common outline or a common vein does not pass.

    References
    ----------
    .. [1] B. S. Reddy and B. N. Chatterji, "An FFT-based technique for translation, rotation, and
       scale-invariant image registration", IEEE Transactions on Image Processing 5, 1996,
       doi:10.1109/83.506761.
    """
    previous, new = brightness(previous_image, "previous image"), brightness(new_image, "new image")
    size = _pair(previous_pixel_size_um, "previous_pixel_size_um")
    new_size = size if new_pixel_size_um is None else _pair(new_pixel_size_um, "new_pixel_size_um")
    _check_bounds(max_shift_um, max_rotation_deg, max_scale, vessel_um)
    levels = _levels(previous, size, new, new_size, vessel_um)
    found, evidence = _search(levels, max_scale * _MARGIN)
    match = _as_match(found, evidence, (previous.shape, size), (new.shape, new_size))
    _check_match(match, max_shift_um, max_rotation_deg, max_scale)
    return match


def _pair(value: float | Sequence[float], name: str) -> tuple[float, float]:
    try:
        size = np.broadcast_to(np.asarray(value, np.float64), 2)
    except ValueError:
        size = np.zeros(2)
    if not (np.isfinite(size) & (size > 0)).all():
        raise RegistrationError(
            f"{name} must be one or two positive numbers (row, column) in um, got {value!r}"
        )
    return float(size[0]), float(size[1])


def _check_bounds(
    max_shift_um: float | None, max_rotation_deg: float, max_scale: float, vessel_um: float
) -> None:
    for name, value, least in (
        ("max_shift_um", np.inf if max_shift_um is None else max_shift_um, 0.0),
        ("max_rotation_deg", max_rotation_deg, 0.0),
        ("max_scale", max_scale, 1.0),
        ("vessel_um", vessel_um, np.finfo(float).tiny),
    ):
        if not value >= least:
            raise RegistrationError(f"{name} must be at least {least:g}, got {value!r}")
    if max_scale > 2.0:
        raise RegistrationError(
            f"max_scale can be 2 at most, got {max_scale!r}; give the pixel size of the new image"
        )


def _levels(
    previous: FloatArray,
    size: tuple[float, float],
    new: FloatArray,
    new_size: tuple[float, float],
    vessel_um: float,
) -> _Levels:
    """Vessels of both images at a fine and a coarse scale, the same for both."""
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
    return _Levels(*fine, *coarse)


def _search(levels: _Levels, largest_scale: float) -> tuple[Similarity, Evidence]:
    """The first candidate that the evidence supports; the likeliest guess goes first."""
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


def _as_match(
    found: Similarity,
    evidence: Evidence,
    previous: tuple[tuple[int, ...], tuple[float, float]],
    new: tuple[tuple[int, ...], tuple[float, float]],
) -> ImageMatch:
    (shape, size), (new_shape, new_size) = previous, new
    matrix = np.eye(3)
    matrix[:2, :2] = found.linear * new_size / np.reshape(size, (2, 1))
    shift_px = np.divide(found.shift_um, size)
    centre, new_centre = (np.subtract(count, 1) / 2 for count in (shape, new_shape))
    matrix[:2, 2] = centre + shift_px - matrix[:2, :2] @ new_centre
    spread = precision(evidence.places_um, evidence.errors_um)
    return ImageMatch(
        matrix_px=matrix,
        shift_um=found.shift_um,
        shift_px=(float(shift_px[0]), float(shift_px[1])),
        rotation_deg=found.rotation_deg,
        scale=found.scale,
        quality=evidence.quality,
        features=len(evidence.places_um),
        overlap=evidence.overlap,
        residual_um=spread.residual_um,
        shift_sd_um=spread.shift_sd_um,
        rotation_sd_deg=spread.rotation_sd_deg,
        scale_sd=spread.scale_sd,
        method=METHOD,
    )


def _check_match(
    match: ImageMatch, max_shift_um: float | None, max_rotation_deg: float, max_scale: float
) -> None:
    shift = float(np.hypot(*match.shift_um))
    if max_shift_um is not None and shift > max_shift_um:
        wrong = f"{shift:.0f} um apart, more than max_shift_um = {max_shift_um:g}"
    elif abs(match.rotation_deg) > max_rotation_deg:
        wrong = (
            f"turned by {match.rotation_deg:.1f} degrees against each other, more than "
            f"max_rotation_deg = {max_rotation_deg:g}"
        )
    elif not 1 / max_scale <= match.scale <= max_scale:
        wrong = (
            f"different in scale by {match.scale:.3f}, more than max_scale = {max_scale:g}; check "
            "the pixel sizes"
        )
    else:
        return
    raise RegistrationError(f"the images show the same vessels, but they are {wrong}")
