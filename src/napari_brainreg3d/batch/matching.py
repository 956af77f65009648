"""A registration for an image: its own, or that of another session carried over to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.io.images import Image
from napari_brainreg3d.registration import Registration


@dataclass(frozen=True, slots=True)
class Reference:
    """The session that is registered already."""

    registration: Registration
    image: Image


def from_file(path: Path, image: Image, *, force: bool) -> Registration:
    """Load a registration and hold it against the image.

    Raises
    ------
    RegistrationError
        When the image has another shape, or other pixels and ``force`` is false.
    """
    registration = Registration.load(path)
    if registration.image_shape != image.shape:
        raise RegistrationError(
            f"{image.name} has {image.shape[0]} x {image.shape[1]} pixels, {path.name} was made "
            f"for {registration.image_shape[0]} x {registration.image_shape[1]}"
        )
    if registration.image_sha256 not in (None, image.sha256) and not force:
        raise RegistrationError(
            f"{path.name} was made for other pixels than those of {image.name} "
            f"(it names {registration.image_name}); use --force to go on"
        )
    return registration.replaced(image_name=image.name, image_sha256=image.sha256)


def new_pixel_size_um(
    reference: Reference, new: Image, given: tuple[float, ...] | None
) -> tuple[float, float]:
    """The pixel size of a new image.

    What a camera notes in its files is often wrong by a constant factor, the registration's is
    what a person worked with: of the files only the change is believed.
    """
    if given is not None:
        sizes = given * (3 - len(given))
        return sizes[0], sizes[1]
    size, before, now = (
        reference.registration.pixel_size_um,
        reference.image.pixel_size_um,
        new.pixel_size_um,
    )
    if before is None or now is None:
        return size
    return size[0] * now[0] / before[0], size[1] * now[1] / before[1]
