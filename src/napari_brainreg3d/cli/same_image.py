"""Whether a registration was made for the image or movie that it is used with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from napari_brainreg3d.cli.movie_check import OpenMovie
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.registration import Registration


def registration_of_image(path: Path, image: Image, *, force: bool) -> Registration:
    """Load a registration and hold it against an image.

    Parameters
    ----------
    path
        A ``*.brainreg3d.json``.
    image
        What it shall be the registration of.
    force
        Whether to go on, with a warning, when the pixels are others than those it was made for.
        Another frame of the same movie needs no force: its camera has not moved.

    Raises
    ------
    RegistrationError
        When the file is not valid, the image has another shape, or other pixels and ``force`` is
        false.
    """
    from napari_brainreg3d.cli.placing import from_file
    from napari_brainreg3d.registration import Registration

    made = Registration.load(path)
    is_same = made.image_sha256 in (None, image.sha256) or _of_same_movie(made, image)
    found = from_file(path, image, force=force or is_same)
    if not is_same:
        print(
            f"warning: {path.name} was made for other pixels than those of {image.name} (it names "
            f"{made.image_name}); going on because of --force",
            file=sys.stderr,
        )
    return found


def _of_same_movie(made: Registration, image: Image) -> bool:
    """Whether a registration was made for the first frame, mean or maximum of the image's file."""
    from contextlib import suppress

    from napari_brainreg3d.errors import BrainregError
    from napari_brainreg3d.io.images import read_image

    if not image.taken or made.image_name != image.name:
        return False
    frames: tuple[Literal[0, "mean", "max"], ...] = (0, "mean", "max")
    for frame in frames:
        with suppress(BrainregError):  # of several channels one would have to be named
            if read_image(image.path, frame=frame).sha256 == made.image_sha256:
                return True
    return False


def registration_of_movie(path: Path, movie: OpenMovie, *, force: bool) -> Registration:
    """Load a registration and hold the image that it was made for against a movie.

    Parameters
    ----------
    path
        A ``*.brainreg3d.json``.
    movie
        What it shall be the registration of.
    force
        Whether to go on, with a warning, when that image is not a frame, the mean or the maximum
        of the movie.

    Raises
    ------
    RegistrationError
        When the file is not valid, the movie's frames have another shape, or that image is not of
        the movie and ``force`` is false.
    """
    from napari_brainreg3d.cli.movie_check import check_image
    from napari_brainreg3d.registration import Registration

    made = Registration.load(path)
    check_image(
        movie,
        path.name,
        shape=made.image_shape,
        image_name=made.image_name,
        sha256=made.image_sha256,
        force=force,
    )
    return made
