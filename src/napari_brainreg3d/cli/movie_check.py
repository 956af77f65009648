"""Whether a registration or a label image was made for a movie."""

from __future__ import annotations

import sys
from typing import TypeAlias

import numpy as np

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.io.movies import StoredMovie, SvdMovie
from napari_brainreg3d.io.pixels import hash_pixels

OpenMovie: TypeAlias = StoredMovie | SvdMovie


def check_image(
    movie: OpenMovie,
    made_by: str,
    *,
    shape: tuple[int, int],
    image_name: str | None,
    sha256: str | None,
    force: bool,
) -> None:
    """Hold the image that something was made for against a movie.

    Parameters
    ----------
    movie
        What is to be followed.
    made_by
        Name of the file that was made for an image.
    shape, image_name, sha256
        Rows and columns of that image, its name and hash as far as they are known.
    force
        Whether to go on with a movie of which that image is not a frame.

    Raises
    ------
    RegistrationError
        When the movie has frames of another size, or the image is neither its first frame nor, for
        a movie of the same name, the mean or maximum of all of them, and ``force`` is false.
    """
    if movie.shape[1:] != shape:
        raise RegistrationError(
            f"{movie.name} has frames of {movie.shape[1]} x {movie.shape[2]} pixels (rows x "
            f"columns), {made_by} was made for {shape[0]} x {shape[1]}"
        )
    if sha256 is None:
        return
    if isinstance(movie, SvdMovie):
        if movie.average is None or hash_pixels(movie.average) != sha256:
            _warn(f"cannot check whether {made_by} ({image_name}) belongs to {movie.name}")
        return
    if hash_pixels(movie.read(0, 1)[0]) == sha256:
        return
    if image_name == movie.name and sha256 in _summaries(movie):
        return
    problem = f"{made_by} was made for another image ({image_name}), not for {movie.name}"
    if not force:
        raise RegistrationError(
            f"{problem}; if the camera has not moved in between, use --force to go on"
        )
    _warn(problem)


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


def _summaries(movie: StoredMovie) -> set[str]:
    """Hashes of the mean and the maximum over all frames, as ``read_image`` makes them."""
    frames, *shape = movie.shape
    total, largest = np.zeros(shape), movie.read(0, 1)[0].copy()
    counts = np.zeros(shape, np.uint32)
    for _, part in movie.chunks():
        for frame in part:
            is_there = ~np.isnan(frame)
            counts += is_there
            total += np.where(is_there, frame, 0)
            np.fmax(largest, frame, out=largest)
    with np.errstate(invalid="ignore"):
        total /= counts if movie.dtype.kind == "f" else frames
    mean = total.astype(np.result_type(movie.dtype, np.float32), copy=False)
    return {hash_pixels(mean), hash_pixels(largest)}
