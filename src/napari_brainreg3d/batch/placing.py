"""The registration of a session of a batch, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from napari_brainreg3d.batch.manifest import SessionRow
from napari_brainreg3d.batch.matching import Reference, from_file, new_pixel_size_um
from napari_brainreg3d.batch.settings import SessionSettings
from napari_brainreg3d.io.images import Image, read_image
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.matching import ImageMatch, carry_over, match_images


@dataclass(frozen=True, slots=True)
class Placed:
    """A registered session.

    Attributes
    ----------
    registration
        Of its image.
    is_forced
        Whether a registration (or reference) of another image was let pass.
    reference, match
        What it was matched to, and how; None when it has a registration of its own.
    """

    registration: Registration
    is_forced: bool
    reference: Reference | None = None
    match: ImageMatch | None = None


def read_session_image(path: Path, settings: SessionSettings) -> Image:
    """Read the picture of a session, or of a reference."""
    return read_image(path, frame=settings.frame, channel=settings.channel)


def placed(row: SessionRow, image: Image, *, force: bool) -> Placed:
    """Register the image of a session: by its own registration, or by its reference.

    Raises
    ------
    BrainregError
        When the registration is of another image and ``force`` is false, a file cannot be read, or
        the images do not match.
    """
    if row.registration is not None:
        registration = from_file(row.registration, image, force=force)
        result = Placed(registration, _names_another(row.registration, image))
    else:
        result = _matched(row, image, force=force)
    changes = {
        name: value
        for name in ("atlas", "regions", "hemisphere")
        if (value := getattr(row.settings, name))
    }
    if changes.get("atlas", result.registration.atlas) != result.registration.atlas:
        changes["atlas_version"] = None
    registration = result.registration.replaced(**changes)
    return Placed(registration, result.is_forced, result.reference, result.match)


def _names_another(path: Path, image: Image) -> bool:
    return Registration.load(path).image_sha256 not in (None, image.sha256)


def _matched(row: SessionRow, image: Image, *, force: bool) -> Placed:
    assert row.reference is not None  # the manifest has been checked
    assert row.reference_image is not None
    state = tuple(path.stat().st_mtime_ns for path in (row.reference, row.reference_image))
    settings = row.settings
    reference, is_forced = _reference(
        row.reference, row.reference_image, settings, force=force, state=state
    )
    old = reference.registration
    size = new_pixel_size_um(reference, image, settings.pixel_size_um)
    match = match_images(
        reference.image.pixels,
        image.pixels,
        previous_pixel_size_um=old.pixel_size_um,
        new_pixel_size_um=size,
        max_shift_um=settings.max_shift_um,
        max_rotation_deg=settings.max_rotation_deg,
        max_scale=settings.max_scale,
        vessel_um=settings.vessel_um,
    )
    carried = carry_over(
        old,
        match,
        image.shape,
        new_pixel_size_um=size,
        take_scale=settings.take_scale,
        image_name=image.name,
        image_sha256=image.sha256,
    )
    return Placed(carried.registration, is_forced, reference, match)


@lru_cache(maxsize=4)
def _reference(
    registration: Path,
    image: Path,
    settings: SessionSettings,
    *,
    force: bool,
    state: tuple[int, ...],
) -> tuple[Reference, bool]:
    """One reading for all sessions of a process, until one of the files changes (``state``)."""
    picture = read_session_image(image, settings)
    reference = Reference(from_file(registration, picture, force=force), picture)
    return reference, _names_another(registration, picture)
