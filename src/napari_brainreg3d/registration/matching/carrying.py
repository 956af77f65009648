"""The registration of an earlier session, moved to where a new image shows the same vessels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Camera, PixelGrid
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.landmarks import Landmark
from napari_brainreg3d.registration.matching.image_match import ImageMatch
from napari_brainreg3d.registration.matching.pictures import pixel_size_pair
from napari_brainreg3d.registration.registration import Registration

GOOD_QUALITY: Final = 0.3
"""From this quality on a new registration inherits that a person has confirmed the sides."""

#: Points along each side of the new image at which the old and the new place are compared.
_POINTS: Final = 33
_LEAST_POINTS: Final = 10


@dataclass(frozen=True, slots=True)
class MatchedRegistration:
    """A registration that was carried over from an earlier session.

    Attributes
    ----------
    registration
        Of the new image.
    match
        How the new image lies in the previous one.
    implied_pixel_size_um
        What the pixel size of the new image would be if that of the previous one is right.
    """

    registration: Registration
    match: ImageMatch
    implied_pixel_size_um: tuple[float, float]


def carry_over(
    previous: Registration,
    match: ImageMatch,
    new_shape: tuple[int, int],
    *,
    new_pixel_size_um: float | Sequence[float] | None = None,
    take_scale: bool = False,
    max_scale_error: float = 0.03,
    image_name: str | None = None,
    image_sha256: str | None = None,
) -> MatchedRegistration:
    """Move a registration by a match in the image plane.

    Parameters
    ----------
    previous
        Registration of the earlier image. Not changed.
    match
        How the new image lies in the earlier one.
    new_shape
        Rows and columns of the new image.
    new_pixel_size_um
        Size of its pixels, um, the one that the match was made with; by default the earlier one's.
    take_scale
        Whether the scale between the images goes into the new pixel size. By default it is taken
        for the error of the match that it mostly is.
    max_scale_error
        How far from 1 the scale may be when it is not taken over.
    image_name, image_sha256
        File name and hash of the new image, for the file.

    Returns
    -------
    MatchedRegistration
        Camera, atlas, regions and tilt stay. Landmarks stay on the same tissue. The sides stay
        confirmed when they were and the quality is at least :data:`GOOD_QUALITY`.

    Raises
    ------
    RegistrationError
        When the scale differs from 1 by more than ``max_scale_error`` and is not taken over, or the
        images hardly overlap.

    Notes
    -----
    The head is taken to have moved in parallel to the plane of focus and turned about the viewing
    direction. With a pinhole camera this is exact for tissue in the plane of focus; at a depth of
    ``z`` the shift is off by ``z`` over the working distance, 1 % for 1 mm at 100 mm.
    """
    size = (
        previous.pixel_size_um
        if new_pixel_size_um is None
        else pixel_size_pair(new_pixel_size_um, "new_pixel_size_um")
    )
    implied = (size[0] * match.scale, size[1] * match.scale)
    if take_scale:
        size = implied
    elif not abs(match.scale - 1.0) <= max_scale_error:
        raise RegistrationError(
            f"the images show the same vessels, but the new one at {match.scale:.3f} times the "
            f"scale: its pixels would be {implied[0]:.4g} x {implied[1]:.4g} um instead of "
            f"{size[0]:.4g} x {size[1]:.4g}; give its pixel size (new_pixel_size_um, "
            "--pixel-size-um), or let it follow from the scale (take_scale=True, --take-scale)"
        )
    grid = PixelGrid(new_shape, size)
    shift, turn_deg = _motion(previous.grid, grid, previous.camera, match)
    pose = previous.pose.moved(plane_um=(*shift, 0.0)).turned(yaw_deg=turn_deg)
    registration = previous.replaced(
        image_shape=grid.shape,
        pixel_size_um=grid.size_um,
        pose=pose,
        image_name=image_name,
        image_sha256=image_sha256,
        side_confirmed=previous.side_confirmed and match.quality >= GOOD_QUALITY,
        landmarks=tuple(_moved(mark, match) for mark in previous.landmarks),
    )
    return MatchedRegistration(registration, match, implied)


def _motion(
    previous: PixelGrid, new: PixelGrid, camera: Camera, match: ImageMatch
) -> tuple[tuple[float, float], float]:
    """Where the new plane lies in the old one: its centre (down, right) in um, its turn in degrees.

    Fitted to where both cameras look at the plane of focus, so that mirroring, pixels that are not
    square and the distortion of the lens need no rules of their own.
    """
    rows, columns = (np.linspace(0, count - 1, _POINTS) for count in new.shape)
    pixels = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    before = match.to_previous(pixels)
    # A distorted lens cannot be asked about places far outside of its image.
    inside = ((before >= 0) & (before <= np.subtract(previous.shape, 1))).all(axis=1)
    if np.count_nonzero(inside) < _LEAST_POINTS:
        raise RegistrationError("the new image does not overlap with the previous one")
    seen = _complex(camera.crossings(new.to_offsets(pixels[inside])))
    was = _complex(camera.crossings(previous.to_offsets(before[inside])))
    # In complex numbers a similarity is ``was = factor * seen + shift``; rows are the real axis,
    # so that the argument of the factor is the yaw.
    factor = np.vdot(seen - seen.mean(), was - was.mean())
    turn = factor / abs(factor)
    middle = _complex(camera.crossings(new.to_offsets(new.centre_px)[None]))[0]
    scale = abs(factor) / float(np.sum(np.abs(seen - seen.mean()) ** 2))
    # The scale that is left does not move the middle of the new image.
    at_middle = was.mean() + scale * turn * (middle - seen.mean())
    shift = at_middle - turn * middle
    return (float(shift.real), float(shift.imag)), float(np.degrees(np.angle(turn)))


def _complex(points_um: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    return np.asarray(points_um[:, 0] + 1j * points_um[:, 1])


def _moved(mark: Landmark, match: ImageMatch) -> Landmark:
    if mark.image_px is None:
        return mark
    row, column = match.to_new(mark.image_px).tolist()
    return Landmark(mark.name, (row, column), mark.atlas_um)
