"""Whether a registration was made for the image or movie that it is used with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

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

    Raises
    ------
    RegistrationError
        When the file is not valid, the image has another shape, or other pixels and ``force`` is
        false.
    """
    from napari_brainreg3d.cli.placing import from_file
    from napari_brainreg3d.registration import Registration

    made = Registration.load(path)
    found = from_file(path, image, force=force)
    if made.image_sha256 not in (None, image.sha256):
        print(
            f"warning: {path.name} was made for other pixels than those of {image.name} (it names "
            f"{made.image_name}); going on because of --force",
            file=sys.stderr,
        )
    return found


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
