"""A new image registered by an earlier session of the same animal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration.matching.carrying import MatchedRegistration, carry_over
from napari_brainreg3d.registration.matching.match import match_images
from napari_brainreg3d.registration.registration import Registration


def match_to(
    previous_registration: Registration,
    previous_image: npt.ArrayLike,
    new_image: npt.ArrayLike,
    *,
    new_pixel_size_um: float | Sequence[float] | None = None,
    take_scale: bool = False,
    max_scale_error: float = 0.03,
    max_shift_um: float | None = None,
    max_rotation_deg: float = 180.0,
    max_scale: float = 1.25,
    vessel_um: float = 50.0,
    image_name: str | None = None,
    image_sha256: str | None = None,
) -> MatchedRegistration:
    """Register a new image by an earlier session of the same animal.

    Parameters
    ----------
    previous_registration
        Of the earlier image. Not changed.
    previous_image : array_like, shape (H, W), (H, W, 3) or (H, W, 4)
        The earlier image; its shape is that of the registration.
    new_image : array_like, shape (h, w), (h, w, 3) or (h, w, 4)
        The new image, of any size, taken by the same camera. Not changed.
    new_pixel_size_um, take_scale, max_scale_error, image_name, image_sha256
        See :func:`carry_over`.
    max_shift_um, max_rotation_deg, max_scale, vessel_um
        See :func:`~napari_brainreg3d.registration.matching.match.match_images`.

    Returns
    -------
    MatchedRegistration
        The old pose, moved and turned in the image plane, with the match it rests on.

    Raises
    ------
    RegistrationError
        When the images do not match, or their scale differs too much.
    """
    given = np.shape(previous_image)[:2]
    if given != previous_registration.image_shape:
        height, width = previous_registration.image_shape
        raise RegistrationError(
            f"the previous image has {' x '.join(map(str, given))} pixels, its registration was "
            f"made for {height} x {width}: it is of another image"
        )
    match = match_images(
        previous_image,
        new_image,
        previous_pixel_size_um=previous_registration.pixel_size_um,
        new_pixel_size_um=new_pixel_size_um,
        max_shift_um=max_shift_um,
        max_rotation_deg=max_rotation_deg,
        max_scale=max_scale,
        vessel_um=vessel_um,
    )
    height, width = np.shape(new_image)[:2]
    return carry_over(
        previous_registration,
        match,
        (height, width),
        new_pixel_size_um=new_pixel_size_um,
        take_scale=take_scale,
        max_scale_error=max_scale_error,
        image_name=image_name,
        image_sha256=image_sha256,
    )
