"""One door for movies of all kinds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.failures import check_file
from napari_brainreg3d.io.movies.arrays import ArrayFrames, pick_channel
from napari_brainreg3d.io.movies.movie import FrameSource, StoredMovie, reading
from napari_brainreg3d.io.movies.raw import open_dat, open_npy
from napari_brainreg3d.io.movies.tiffs import TiffFrames, in_natural_order
from napari_brainreg3d.io.movies.zarrs import open_zarr
from napari_brainreg3d.io.tiff_stack import TIFF_MAGIC

MovieLike = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Any
"""A file, a folder, a list of TIFFs, or an array of numpy, dask or zarr."""


def open_movie(
    source: MovieLike, *, channel: int | None = None, fps: float | None = None
) -> StoredMovie:
    """Open a movie; nothing but its description is read.

    Parameters
    ----------
    source
        * a TIFF of any kind (OME, BigTIFF, ImageJ, also beyond 4 GB), a list of TIFFs, or a folder
          of them: in natural order, ``a2.tif`` before ``a10.tif``, whatever the order of the list;
        * a zarr array (version 2 or 3) or OME-Zarr image;
        * ``.npy``, of the shape (T, H, W) or (T, C, H, W);
        * ``.dat`` as wfield names it, ``frames_2_540_640_uint16.dat``;
        * an array of numpy (also mapped into memory), dask, zarr or h5py of these shapes.
    channel
        Which channel, from 0; must be given when there are several.
    fps
        Frames per second; None: what an OME-Zarr image or a TIFF (OME, ImageJ) says.

    Returns
    -------
    StoredMovie
        Close it, or use it in a ``with`` statement.

    Raises
    ------
    ImageError
        When it is absent, empty, truncated or not a movie, or has several channels and none was
        chosen. One line that names the file.

    See Also
    --------
    napari_brainreg3d.io.movies.open_svd : movies in SVD form.

    Examples
    --------
    >>> with open_movie(np.zeros((10, 4, 5), np.uint16), fps=30.0) as movie:
    ...     print(movie, [(first, frames.shape) for first, frames in movie.chunks()])
    <movie array: 10 frames of 4 x 5, uint16> [(0, (10, 4, 5))]
    """
    if channel is not None and (isinstance(channel, bool) or channel < 0):
        raise ImageError(f"channels are numbered from 0, got {channel!r}")
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise ImageError(f"frames per second must be positive, got {fps!r}")
    if isinstance(source, str | os.PathLike):
        return _from_path(Path(source), channel, fps)
    if _is_array(source):
        array: Any = source
        with reading("the array"):
            frames = ArrayFrames(array, pick_channel(array.shape, channel))
        return StoredMovie(frames, "array", fps=fps, taken=_in_words(channel))
    if isinstance(source, Sequence) and all(isinstance(f, str | os.PathLike) for f in source):
        return _from_tiffs([Path(file) for file in source], channel, fps)
    raise ImageError(
        f"cannot make a movie of {type(source).__name__}: give a file, a list of TIFFs, or an array"
    )


def _is_array(source: Any) -> bool:
    return all(hasattr(source, name) for name in ("shape", "dtype", "__getitem__"))


def _from_path(path: Path, channel: int | None, fps: float | None) -> StoredMovie:
    if path.is_dir() and not _is_zarr(path):
        files = [f for f in path.iterdir() if f.suffix.lower() in (".tif", ".tiff")]
        if not files:
            raise ImageError(f"cannot read {path}: the folder is not zarr and holds no TIFFs")
        return _from_tiffs(files, channel, fps, name=path.name)
    rate: float | None = None
    with reading(str(path)):
        source: FrameSource
        if path.is_dir():
            source, rate = open_zarr(path, channel)
        else:
            check_file(path)
            if _is_tiff(path):
                source = frames = TiffFrames([path], channel)
                rate = frames.fps
            elif path.suffix.lower() == ".dat":
                source = open_dat(path, channel)
            elif path.suffix.lower() == ".npy":
                source = open_npy(path, channel)
            else:
                raise ImageError("movies are TIFFs, zarr, .npy, or .dat named as wfield does")
    return StoredMovie(source, path.name, fps=fps or rate, taken=_in_words(channel))


def _from_tiffs(
    files: list[Path], channel: int | None, fps: float | None, name: str = ""
) -> StoredMovie:
    if not files:
        raise ImageError("the list of TIFFs is empty")
    ordered = in_natural_order(files)
    for file in ordered:
        with reading(str(file)):
            check_file(file)
            if not _is_tiff(file):
                raise ImageError("it is not a TIFF: movies in several files are TIFFs")
    label = name or (f"{ordered[0].name} and {len(ordered) - 1} more" if ordered[1:] else "")
    frames = TiffFrames(ordered, channel)
    return StoredMovie(
        frames, label or ordered[0].name, fps=fps or frames.fps, taken=_in_words(channel)
    )


def _is_zarr(path: Path) -> bool:
    marks = ("zarr.json", ".zarray", ".zgroup")
    return path.suffix.lower() == ".zarr" or any(path.joinpath(mark).is_file() for mark in marks)


def _is_tiff(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) in TIFF_MAGIC


def _in_words(channel: int | None) -> str:
    return "" if channel is None else f"channel {channel}"
