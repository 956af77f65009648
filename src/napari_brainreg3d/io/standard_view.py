"""Standard views and their averages as TIFFs that say where every pixel lies in the atlas."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.imagej_tiff import check_name, load_imagej
from napari_brainreg3d.io.view_tiff import (
    KIND,
    Pixels,
    atlas_from,
    registration_from,
    save_view,
    view_info,
)
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.registration import SUFFIX
from napari_brainreg3d.results.standard_view import SessionAverage, StandardSampler, StandardView

_CONTENT: Final = (
    "values of the image in a standard view of the atlas; NaN where the camera of the image saw "
    "nothing"
)


def beside(path: Path, what: str) -> Path:
    """A companion of a standard view's file: ``beside(a.tif, "seen")`` is ``a_seen.tif``."""
    return path.with_name(f"{path.stem}_{what}.tif")


def registration_beside(path: Path) -> Path:
    """The registration of a standard view's raster: ``a.brainreg3d.json`` for ``a.tif``."""
    return path.with_name(f"{path.stem}{SUFFIX}")


def write_standard_view(
    path: str | os.PathLike[str], view: StandardView, *, overwrite: bool = False
) -> list[Path]:
    """Write a standard view, what was seen, and the registration of its raster.

    Parameters
    ----------
    path
        Ends in ``.tif``.
    view
        From :func:`napari_brainreg3d.results.standard_view.to_standard_view`.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        ``<name>.tif``, float32, with pixel size, conventions and the place of the first pixel in
        ImageJ's Info text; ``<name>_seen.tif``, uint8, 0 and 1; ``<name>.brainreg3d.json``, with
        which ``project`` makes the labels of the view.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written. None is then there.
    """
    size = view.registration.image_shape
    is_movie = view.pixels.shape[:2] != size or view.pixels.ndim == 4
    frames = view.pixels if is_movie else view.pixels[None]
    info = view_info(view.registration, view.atlas, _CONTENT, source=view.source, name=view.name)
    return _write(
        check_name(path),
        iter(frames),
        len(frames) if is_movie else None,
        view.pixels.ndim - 2 - is_movie > 0,
        view.registration,
        view.seen,
        info,
        overwrite=overwrite,
    )


def write_standard_movie(
    path: str | os.PathLike[str],
    sampler: StandardSampler,
    movie: Any,
    *,
    name: str = "",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Resample a movie and write it, frame by frame: no more than a chunk of it is in memory.

    Parameters
    ----------
    path
        Ends in ``.tif``.
    sampler
        From :func:`napari_brainreg3d.results.standard_view.standard_sampler`.
    movie
        An array of shape (T, H, W) or (T, H, W, 3), or a movie with ``shape`` and ``chunks()``.
    name
        Of the movie, for the file.
    overwrite
        Whether existing files may be replaced.
    progress
        Told ``(frames done, frames)``; cancels by returning False.

    Returns
    -------
    list of Path
        As :func:`write_standard_view`.

    Raises
    ------
    ImageError
        When the frames have another size than the registration is for.
    OutputError
        When a file exists and may not be replaced, or cannot be written. None is then there.
    Cancelled
        When ``progress`` said so; nothing is then written.
    """
    shape = tuple(movie.shape)
    if shape[1:3] != sampler.source.image_shape or shape[3:] not in ((), (3,)):
        height, width = sampler.source.image_shape
        raise ImageError(
            f"the movie has the shape {shape}, the registration is for {height} x {width} pixels"
        )

    def counted() -> Iterator[Pixels]:
        report(progress, 0, shape[0])
        for done, frame in enumerate(sampler.frames(movie), start=1):
            yield frame
            report(progress, done, shape[0])

    info = view_info(
        sampler.registration, sampler.atlas, _CONTENT, source=sampler.source, name=name
    )
    return _write(
        check_name(path),
        counted(),
        shape[0],
        len(shape) == 4,
        sampler.registration,
        sampler.seen,
        info,
        overwrite=overwrite,
    )


def write_average(
    path: str | os.PathLike[str], average: SessionAverage, *, overwrite: bool = False
) -> list[Path]:
    """Write an average: ``<name>.tif`` (mean), ``<name>_sd.tif``, ``<name>_count.tif``.

    The registration of the raster comes beside them as ``<name>.brainreg3d.json``. Parameters and
    errors are those of :func:`write_standard_view`.
    """
    file, registration = check_name(path), average.registration
    is_movie = average.mean.shape[:2] != registration.image_shape or average.mean.ndim == 4
    unit = "animals" if average.animals else "sessions"
    contents: dict[Path, tuple[Pixels, str]] = {
        file: (average.mean, f"mean over {unit}; NaN where nothing was seen"),
        beside(file, "sd"): (average.sd, f"standard deviation over {unit} (n - 1)"),
        beside(file, "count"): (average.count, f"number of {unit} that count"),
    }
    targets = [*contents, registration_beside(file)]
    for target in targets:
        check_free(target, overwrite=overwrite)
    with ExitStack() as stack:
        for target, (values, content) in contents.items():
            temporary = stack.enter_context(replacing(target, overwrite=overwrite))
            info = view_info(
                registration,
                average.atlas,
                content,
                averaged=list(average.names),
                animals=list(average.animals),
            )
            frames = values if is_movie else values[None]
            count = len(frames) if is_movie else None
            is_colour = values.ndim - 2 - is_movie > 0
            save_view(temporary, iter(frames), count, is_colour, registration, values.dtype, info)
        temporary = stack.enter_context(replacing(targets[-1], overwrite=overwrite))
        registration.save(temporary)
    return targets


def read_standard_view(path: str | os.PathLike[str]) -> StandardView:
    """Read a file of :func:`write_standard_view` or :func:`write_standard_movie`.

    Raises
    ------
    ImageError
        When the file cannot be read or is not a standard view.
    """
    file = Path(path)
    content = load_imagej(file)
    info = content.info
    if info.get("kind") != KIND or "source" not in info or info.get("content") != _CONTENT:
        raise ImageError(
            f"{file} is not a standard view: make it with the command standard-view "
            "(to_standard_view) from an image and its registration"
        )
    registration = registration_from(info["view"], file)
    pixels = content.pixels
    if info["colour"]:
        pixels = np.moveaxis(pixels, -3, -1)
    seen: npt.NDArray[np.bool_] = np.asarray(np.isfinite(pixels))
    for axis in range(pixels.ndim - 1, -1, -1):  # over time and colours
        if axis not in _raster_axes(pixels.shape, registration):
            seen = np.asarray(seen.any(axis=axis))
    companion = beside(file, "seen")
    if companion.is_file():
        seen = np.asarray(load_imagej(companion).pixels > 0)
    if seen.shape != registration.image_shape:
        raise ImageError(f"{file} is damaged: it has the shape {pixels.shape}")
    return StandardView(
        pixels=pixels.astype(np.float32, copy=False),
        seen=seen,
        registration=registration,
        source=registration_from(info["source"], file),
        atlas=atlas_from(info["atlas"]),
        name=info.get("name", ""),
    )


def _raster_axes(shape: tuple[int, ...], registration: Registration) -> tuple[int, int]:
    return (0, 1) if shape[:2] == registration.image_shape and len(shape) < 4 else (1, 2)


def _write(
    file: Path,
    frames: Iterable[Pixels],
    count: int | None,
    is_colour: bool,
    registration: Registration,
    seen: npt.NDArray[np.bool_],
    info: dict[str, Any],
    *,
    overwrite: bool,
) -> list[Path]:
    targets = [file, beside(file, "seen"), registration_beside(file)]
    for target in targets:
        check_free(target, overwrite=overwrite)
    with ExitStack() as stack:
        names = [stack.enter_context(replacing(t, overwrite=overwrite)) for t in targets]
        save_view(names[0], frames, count, is_colour, registration, np.dtype(np.float32), info)
        mask_info = {**info, "content": "what the camera of the image saw: 0 or 1"}
        mask = iter([seen.astype(np.uint8)])
        save_view(names[1], mask, None, False, registration, np.dtype(np.uint8), mask_info)
        registration.save(names[2])
    return targets
