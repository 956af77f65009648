"""Reading a picture of a brain from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.io.failures import check_file, naming
from napari_brainreg3d.io.frames import Frame, FrameStack, PixelSize, take
from napari_brainreg3d.io.picture_stack import PictureStack
from napari_brainreg3d.io.pixels import Pixels, hash_pixels
from napari_brainreg3d.io.tiff_stack import TIFF_MAGIC, open_tiff


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture of a brain. Made by :func:`read_image`.

    Attributes
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Values as they are in the file, in native byte order; cannot be written to.
    pixel_size_um
        Height and width of a pixel in the plane of focus, um; None when nobody knows.
    name
        File name.
    path
        Where it was read from.
    sha256
        :func:`hash_pixels` of ``pixels``.
    taken
        Which frame, channel or projection of the file this is; empty when there was no choice.
    """

    pixels: Pixels
    pixel_size_um: PixelSize | None
    name: str
    path: Path
    sha256: str
    taken: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns (H, W)."""
        return (self.pixels.shape[0], self.pixels.shape[1])


def read_image(
    path: str | os.PathLike[str],
    *,
    frame: Frame = 0,
    channel: int | None = None,
    pixel_size_um: float | Sequence[float] | None = None,
    image_size_mm: Sequence[float] | None = None,
) -> Image:
    """Read one picture from an image file.

    Parameters
    ----------
    path
        TIFF of any kind (also ImageJ, OME, BigTIFF), PNG, JPEG and other pictures; the content
        decides, not the file name.
    frame
        Which frame of a stack, counted from 0; ``"mean"`` or ``"max"`` over all. Only one frame is
        in memory at a time. Every axis of a stack other than the channels counts, slowest first.
    channel
        Which channel, from 0; by default the first, or all three colours of a colour picture.
    pixel_size_um
        Size of a pixel, um: one number, or (row, column). Wins over what the file states.
    image_size_mm
        Instead of it (width, height) of the whole picture, mm: ``image_dims_mm`` of brainreg3D.

    Returns
    -------
    Image
        Grey or colour. Transparency is laid on black. Values are not scaled, black and white not
        swapped, and the orientation that a camera noted in the file is not applied: rows and
        columns are those of the file, as in ImageJ and napari.

    Raises
    ------
    ImageError
        When the file is absent, empty, truncated or not an image, has no such frame or channel, or
        holds something else than two-dimensional pictures of real numbers; when a size is not
        positive. One line that names the file.
    """
    file = Path(path)
    with naming(file):
        check_file(file)
        with _opened(file, has_channels=channel is not None) as stack:
            pixels, taken = take(stack, frame, channel)
            in_file = stack.pixel_size_um()
        _check_pixels(pixels)
        size = _given_size(pixel_size_um, image_size_mm, pixels.shape) or in_file
        return Image(read_only(pixels), size, file.name, file, hash_pixels(pixels), taken)


@contextmanager
def _opened(file: Path, *, has_channels: bool) -> Iterator[FrameStack]:
    with file.open("rb") as stream:
        is_tiff = stream.read(4) in TIFF_MAGIC
    if is_tiff:
        with open_tiff(file, has_channels=has_channels) as stack:
            yield stack
    else:
        yield PictureStack(file)


def _check_pixels(pixels: Pixels) -> None:
    if pixels.dtype.kind not in "buif":
        kind = "complex numbers" if pixels.dtype.kind == "c" else f"values of type {pixels.dtype}"
        raise ImageError(f"it holds {kind}; save an image of real numbers")
    height, width = pixels.shape[:2]
    if min(height, width) == 0:
        raise ImageError(f"the image is empty: {height} x {width} pixels")
    if min(height, width) == 1:
        raise ImageError(f"{height} x {width} pixels are a line or a point, not a picture")


def _given_size(
    pixel_size_um: float | Sequence[float] | None,
    image_size_mm: Sequence[float] | None,
    shape: tuple[int, ...],
) -> PixelSize | None:
    if pixel_size_um is not None and image_size_mm is not None:
        raise ImageError("give either the pixel size in um or the image size in mm, not both")
    if pixel_size_um is not None:
        return _positive_pair(pixel_size_um, "pixel size in um (one, or row and column)", once=True)
    if image_size_mm is not None:
        width, height = _positive_pair(image_size_mm, "image size in mm (width and height)")
        return 1000.0 * height / shape[0], 1000.0 * width / shape[1]
    return None


def _positive_pair(
    value: float | Sequence[float], what: str, *, once: bool = False
) -> tuple[float, float]:
    try:
        given = np.atleast_1d(np.asarray(value, np.float64))
    except (TypeError, ValueError):
        given = np.empty(0)
    if once and given.shape == (1,):
        given = np.repeat(given, 2)
    if given.shape != (2,) or not (np.isfinite(given) & (given > 0)).all():
        raise ImageError(f"the {what} must be positive numbers, got {value!r}")
    return float(given[0]), float(given[1])
