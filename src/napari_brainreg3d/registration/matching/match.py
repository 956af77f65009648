"""Finding one image in another of the same brain by its blood vessels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration.matching.evidence import Evidence
from napari_brainreg3d.registration.matching.image_match import ImageMatch
from napari_brainreg3d.registration.matching.pictures import (
    brightness,
    check_size,
    pixel_size_pair,
)
from napari_brainreg3d.registration.matching.precision import precision
from napari_brainreg3d.registration.matching.search import find_levels, search
from napari_brainreg3d.registration.matching.similarity import Similarity

METHOD: Final = "log-polar phase correlation of vessels, refined by Gauss-Newton on correlation"

#: The search reaches a little further than what is accepted.
_MARGIN: Final = 1.1


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
    2. Turn and scale come from the log-polar spectra (Reddy and Chatterji 1996), the shift from
       correlation of what both images know. Several guesses are tried, each also upside down.
    3. The match is refined, coarse to fine, by Gauss-Newton steps on the correlation, in which only
       pixels count whose surroundings agree.
    4. It is accepted only when small patches of the new image, each looked for on its own, are
       found in their place, side by side. A common outline or a common vein does not pass.

    References
    ----------
    * B. S. Reddy and B. N. Chatterji, "An FFT-based technique for translation,
      rotation, and scale-invariant image registration", IEEE Transactions on Image Processing 5,
      1996, doi:10.1109/83.506761.
    """
    previous, new = brightness(previous_image, "previous image"), brightness(new_image, "new image")
    check_size(previous, "previous image")
    check_size(new, "new image")
    size = pixel_size_pair(previous_pixel_size_um, "previous_pixel_size_um")
    new_size = (
        size
        if new_pixel_size_um is None
        else pixel_size_pair(new_pixel_size_um, "new_pixel_size_um")
    )
    _check_bounds(max_shift_um, max_rotation_deg, max_scale, vessel_um)
    levels = find_levels(previous, size, new, new_size, vessel_um)
    found, evidence = search(levels, max_scale * _MARGIN)
    match = _as_match(found, evidence, (previous.shape, size), (new.shape, new_size))
    _check_match(match, max_shift_um, max_rotation_deg, max_scale)
    return match


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
