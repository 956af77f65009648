"""Movies in one TIFF or in many, in their natural order."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.failures import check_file
from napari_brainreg3d.io.frames import FrameStack
from napari_brainreg3d.io.movies.arrays import chosen_channel
from napari_brainreg3d.io.movies.frame_rate import from_tiff
from napari_brainreg3d.io.movies.movie import reading
from napari_brainreg3d.io.tiff_stack import TiffStack, open_tiff


def in_natural_order(files: Sequence[Path]) -> list[Path]:
    """Sort names as people do: ``a2.tif`` before ``a10.tif``.

    Raises
    ------
    ImageError
        When a file is named twice.
    """
    if len(set(files)) < len(files):
        doubled = next(file for file in files if list(files).count(file) > 1)
        raise ImageError(f"{doubled} is named more than once")

    def key(file: Path) -> list[tuple[int, int, str]]:
        parts = re.split(r"(\d+)", str(file).lower())
        return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]

    return sorted(files, key=lambda file: (key(file), str(file)))


class TiffFrames:
    """Frames of TIFFs, one file after the other.

    Parameters
    ----------
    files
        In this order. The files of an OME-TIFF that spreads over several are read through the first
        of them.
    channel
        Which channel; None when there is one only.

    Raises
    ------
    ImageError
        When a file cannot be read, is incomplete, has frames of another size or type than the first
        one, or several channels of which none was chosen.
    """

    def __init__(self, files: Sequence[Path], channel: int | None) -> None:
        self._files = ExitStack()
        self._stacks: list[FrameStack] = []
        self._channel = channel
        self.frames_together = 1
        covered: set[Path] = set()
        try:
            for file in files:
                if file.resolve() not in covered:
                    self._add(file, covered)
        except BaseException:
            self._files.close()
            raise
        self._ends = list(accumulate(stack.frames for stack in self._stacks))
        self.shape = (self._ends[-1], *self._frame)

    def _add(self, file: Path, covered: set[Path]) -> None:
        with reading(str(file)):
            check_file(file)
            has_channels = self._channel is not None
            stack = self._files.enter_context(open_tiff(file, has_channels=has_channels))
            if isinstance(stack, TiffStack):
                covered |= _parts(stack)
                _check_contiguous(stack)
            chosen = chosen_channel(stack.channels, self._channel)
            picture = stack.read(0, chosen if stack.channels > 1 else None)
            if picture.ndim != 2:
                raise ImageError(f"its frames have the shape {picture.shape}, not rows and columns")
            if not self._stacks:
                self._frame, self.dtype = picture.shape, picture.dtype
                self.fps = from_tiff(stack.tif) if isinstance(stack, TiffStack) else None
            elif (picture.shape, picture.dtype) != (self._frame, self.dtype):
                raise ImageError(
                    f"its frames have {picture.shape} pixels of the type {picture.dtype}, those of "
                    f"the first file {self._frame} of the type {self.dtype}"
                )
            self._stacks.append(stack)

    def read(self, first: int, stop: int) -> npt.NDArray[Any]:
        frames = np.empty((stop - first, *self._frame), self.dtype)
        number = first
        while number < stop:
            which = bisect_right(self._ends, number)
            start = self._ends[which - 1] if which else 0
            until = min(stop, self._ends[which])
            part = frames[number - first : until - first]
            self._fill(part, self._stacks[which], number - start)
            number = until
        return frames

    def _fill(self, frames: npt.NDArray[Any], stack: FrameStack, first: int) -> None:
        if isinstance(stack, TiffStack) and stack.channels == 1:
            together = _contiguous(stack, first, len(frames))
            if together is not None:
                frames[:] = together
                return
        channel = self._channel if stack.channels > 1 else None
        for i, frame in enumerate(frames):
            picture = stack.read(first + i, channel)
            if picture.shape != frame.shape:
                raise ImageError(f"frame {first + i} has another size than the first one")
            frame[:] = picture

    def close(self) -> None:
        self._files.close()


def _contiguous(stack: TiffStack, first: int, count: int) -> npt.NDArray[Any] | None:
    """Frames that lie one after the other in the file, in one go; None when they do not."""
    series, shape = stack.series, stack.series.shape[-2:]
    plain = series.axes.endswith("YX") and math.prod(series.shape[:-2]) == stack.frames
    if series.dataoffset is None or not plain or stack.page.photometric == 3:  # a palette
        return None
    dtype = np.dtype(stack.tif.byteorder + series.dtype.char)
    size = math.prod(shape)
    start = series.dataoffset + first * size * dtype.itemsize
    data = stack.tif.filehandle.read_array(dtype, count=count * size, offset=start)
    return np.asarray(data).reshape(count, *shape)


def _check_contiguous(stack: TiffStack) -> None:
    """A file that describes its first page only may end anywhere without a page missing."""
    series = stack.series
    if series.dataoffset is None:
        return
    end = series.dataoffset + math.prod(series.shape) * series.dtype.itemsize
    if end > stack.tif.filehandle.size:
        raise ImageError(
            f"the file is incomplete: {stack.frames} frames need {end} bytes, it has "
            f"{stack.tif.filehandle.size}"
        )


def _parts(stack: TiffStack) -> set[Path]:
    """All files of an OME-TIFF that is spread over several."""
    if not stack.tif.is_ome or stack.series.dataoffset is not None:
        return set()
    pages = [page for page in stack.series.pages if page is not None]
    return {Path(page.parent.filehandle.path).resolve() for page in pages}
