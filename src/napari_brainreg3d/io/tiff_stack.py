"""TIFF files of all kinds (plain, ImageJ, OME, BigTIFF), read one frame at a time."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import PIL
import tifffile
from tifffile import EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPage, TiffPageSeries

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.picture_stack import PictureStack
from napari_brainreg3d.io.pixel_size import from_tiff
from napari_brainreg3d.io.pixels import Pixels, over_black
from napari_brainreg3d.io.tiff_check import check_whole

#: First bytes of TIFF and BigTIFF, in both byte orders.
TIFF_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_PLAIN_COLOURS: Final = (
    PHOTOMETRIC.MINISBLACK,
    PHOTOMETRIC.MINISWHITE,
    PHOTOMETRIC.RGB,
    PHOTOMETRIC.PALETTE,
)
_ALPHA: Final = (EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA)


@dataclass(frozen=True, slots=True)
class TiffStack:
    """The first series of a TIFF as a stack; made by :func:`open_tiff`.

    Attributes
    ----------
    outer
        Names and lengths of the axes that number the planes, slowest first.
    channel_axis
        Which of ``outer`` is the channel, None when none is.
    """

    path: Path
    tif: TiffFile
    series: TiffPageSeries
    page: TiffPage
    outer: tuple[tuple[str, int], ...]
    channel_axis: int | None

    @property
    def frames(self) -> int:
        return math.prod(n for i, (_, n) in enumerate(self.outer) if i != self.channel_axis)

    @property
    def channels(self) -> int:
        if self.channel_axis is not None:
            return self.outer[self.channel_axis][1]
        return 3 if self._has_palette else max(self._kept_samples, 1)

    @property
    def remarks(self) -> tuple[str, ...]:
        more = len(self.tif.series) - 1
        return (f"first of {more + 1} images in the file",) if more else ()

    @property
    def _inner(self) -> str:
        """Names of the axes within a plane: ``YX``, ``YXS`` or ``SYX``."""
        return self.series.axes[len(self.outer) :]

    @property
    def _is_colour(self) -> bool:
        return self.page.photometric == PHOTOMETRIC.RGB and self._samples >= 3

    @property
    def _has_palette(self) -> bool:
        # In ImageJ's files the indices are the data and the palette is only a display.
        return self.page.photometric == PHOTOMETRIC.PALETTE and not self.tif.is_imagej

    @property
    def _samples(self) -> int:
        return self.page.samplesperpixel if "S" in self._inner else 1

    @property
    def _kept_samples(self) -> int:
        """How many samples of a pixel are colours or channels, not transparency."""
        if self._is_colour:
            return 3
        return self._samples - sum(sample in _ALPHA for sample in self.page.extrasamples)

    def pixel_size_um(self) -> PixelSize | None:
        return from_tiff(self.tif)

    def describe(self, frame: int) -> str:
        if self.frames == 1:
            return ""
        axes = [axis for i, axis in enumerate(self.outer) if i != self.channel_axis]
        text = f"frame {frame} of {self.frames}"
        if len(axes) > 1:
            where = np.unravel_index(frame, [n for _, n in axes])
            named = zip(axes, where, strict=True)
            text += f" ({', '.join(f'{name} {i}' for (name, _), i in named)})"
        return text

    def read(self, frame: int, channel: int | None) -> Pixels:
        pixels = self._arranged(self._plane(self._number(frame, channel)))
        if self.channel_axis is not None or pixels.ndim == 2:
            return pixels
        if channel is None and pixels.shape[2] == 3 and (self._is_colour or self._has_palette):
            return pixels
        return pixels[..., channel or 0]

    def _number(self, frame: int, channel: int | None) -> int:
        """Which plane of the series, in file order, a frame and channel is."""
        lengths = [n for _, n in self.outer]
        if self.channel_axis is None:
            return frame
        rest = [n for i, n in enumerate(lengths) if i != self.channel_axis]
        where = list(np.unravel_index(frame, rest)) if rest else []
        where.insert(self.channel_axis, np.intp(channel or 0))
        return int(np.ravel_multi_index(where, lengths))

    def _plane(self, number: int) -> Pixels:
        shape = self.series.shape[len(self.outer) :]
        size = math.prod(shape)
        if self.series.dataoffset is not None:
            # Contiguous: this also holds for stacks of which only the first page is described.
            dtype = np.dtype(self.tif.byteorder + self.series.dtype.char)
            start = self.series.dataoffset + number * size * dtype.itemsize
            data = self.tif.filehandle.read_array(dtype, count=size, offset=start)
            native = data.astype(dtype.newbyteorder("="), copy=False)
            return np.asarray(native).reshape(shape)
        planes, pages = math.prod(n for _, n in self.outer), len(self.series.pages)
        if planes % pages:
            raise ImageError(f"its {planes} planes do not fit its {pages} pages")
        within = planes // pages  # planes in a page: more than 1 for volumes
        page = self.series.pages[number // within]
        if page is None:
            raise ImageError(f"plane {number} lies in another file that is missing")
        return np.asarray(self._page_pixels(page).reshape(within, *shape)[number % within])

    def _page_pixels(self, page: tifffile.TiffPage | tifffile.TiffFrame) -> Pixels:
        handle = page.parent.filehandle
        # The library closes the other files of an OME-TIFF that is spread over several.
        was_closed = handle.closed
        if was_closed:
            handle.open()
        try:
            return np.asarray(page.asarray())
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
        finally:
            if was_closed:
                handle.close()
        try:  # LZW, and some others
            path = Path(page.parent.filehandle.path)
            pixels = PictureStack(path).read_samples(int(page.index))
        except PIL.UnidentifiedImageError as error:
            name = getattr(self.page.compression, "name", self.page.compression)
            raise ImageError(
                f"it is compressed ({name}) in a way that needs another package; "
                "install it with: python -m pip install imagecodecs"
            ) from error
        return np.moveaxis(pixels, -1, 0) if self._inner == "SYX" else pixels

    def _arranged(self, plane: Pixels) -> Pixels:
        """Bring a plane to (H, W) or (H, W, colours or channels), without transparency."""
        if self._inner == "SYX":
            plane = np.moveaxis(plane, 0, -1)
        if self._has_palette:
            return self._through_palette(plane)
        if plane.ndim == 2:
            return plane
        kept, extra = self._kept_samples, self.page.extrasamples
        colour = plane[..., :kept] if kept > 1 else plane[..., 0]
        if extra and extra[0] == EXTRASAMPLE.UNASSALPHA and kept + len(extra) == self._samples:
            return over_black(colour, plane[..., kept])
        return colour

    def _through_palette(self, indices: Pixels) -> Pixels:
        # The colour map has 16 bits per colour; its pictures have 8.
        colours = (np.asarray(self.page.colormap) >> 8).astype(np.uint8)
        return np.stack([colours[i][indices] for i in range(3)], axis=-1)


@contextmanager
def open_tiff(path: Path, *, has_channels: bool = False) -> Iterator[TiffStack | PictureStack]:
    """Open a TIFF and understand its axes.

    Parameters
    ----------
    path
        The file.
    has_channels
        Whether the user says that there are channels. Otherwise an ImageJ stack of nothing but
        channels is taken for a movie: that is what Python programs write that do not name its axes.

    Raises
    ------
    ImageError
        When the file is truncated or holds no picture. Anything else that is wrong with it comes
        as whatever the TIFF library raises.
    """
    with silent(), TiffFile(path) as tif:
        if not tif.pages or not tif.series:
            raise ImageError("it holds no image")
        series, page = tif.series[0], tif.series[0].keyframe
        if 0 in series.shape:
            raise ImageError(f"the image is empty: its shape is {series.shape}")
        check_whole(tif)
        if page.photometric not in _PLAIN_COLOURS:
            yield PictureStack(path)  # CMYK, YCbCr, Lab: Pillow converts these
            return
        axes = series.axes
        if "Y" not in axes or "X" not in axes:
            raise ImageError(f"it has one dimension only (shape {series.shape}), not two")
        first = min(axes.index(axis) for axis in "YXS" if axis in axes)
        outer = tuple(zip(axes[:first], series.shape[:first], strict=True))
        if not set(axes[first:]) <= set("YXS"):
            raise ImageError(f"its axes {axes} are in an order that cannot be read plane by plane")
        is_movie = series.kind == "imagej" and len(outer) == 1 and not has_channels
        yield TiffStack(path, tif, series, page, outer, _channel_axis(outer, is_movie))


def _channel_axis(outer: tuple[tuple[str, int], ...], is_movie: bool) -> int | None:
    names = [name for name, _ in outer]
    return None if is_movie or "C" not in names else names.index("C")


@contextmanager
def silent() -> Iterator[None]:
    """Keep the TIFF library from printing about files on which this package reports itself."""
    thread = threading.get_ident()
    logger = logging.getLogger("tifffile")

    def is_other(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)
