"""Movies that lie in a file one number after the other: wfield's ``.dat`` and numpy's ``.npy``."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.movies.arrays import ArrayFrames, chosen_channel, pick_channel

#: wfield's names end in channels (which may be missing), rows, columns and type.
_NAME: Final = re.compile(r"(?:.*?_)??(?:(\d+)_)?(\d+)_(\d+)_([A-Za-z]+\d*)")
_TYPES: Final = (
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64",
)  # fmt: skip


class RawFrames:
    """Frames of a file without any structure; read into memory, never mapped.

    Parameters
    ----------
    file
        Where they are.
    offset
        Bytes before the first frame.
    shape
        (T, H, W), or (T, C, H, W): the channels of a frame follow one another.
    dtype
        Type of the pixels, with the file's byte order.
    channel
        Which channel; None for a file without.
    """

    def __init__(
        self,
        file: Path,
        offset: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        channel: int | None = None,
    ) -> None:
        self.shape = (shape[0], shape[-2], shape[-1])
        self.dtype, self._stored = dtype.newbyteorder("="), dtype
        self.frames_together = 1
        self._channels = shape[1] if len(shape) == 4 else 1
        self._plane = math.prod(self.shape[1:]) * dtype.itemsize
        self._offset = offset + (channel or 0) * self._plane
        # Large parts are read: a buffer in between would only be one more copy.
        self._stream = file.open("rb", buffering=0)

    def read(self, first: int, stop: int) -> npt.NDArray[Any]:
        frames = np.empty((stop - first, *self.shape[1:]), self._stored)
        if self._channels == 1:
            self._fill(frames, first)
        else:
            for number, frame in enumerate(frames, start=first):
                self._fill(frame, number)
        return frames.astype(self.dtype, copy=False)

    def _fill(self, frames: npt.NDArray[Any], first: int) -> None:
        self._stream.seek(self._offset + first * self._channels * self._plane)
        view = memoryview(frames).cast("B")  # type: ignore[arg-type]
        while len(view):
            count = self._stream.readinto(view)
            if not count:
                raise ImageError(f"the file breaks off in frame {first} or after it")
            view = view[count:]

    def close(self) -> None:
        self._stream.close()


def open_dat(file: Path, channel: int | None) -> RawFrames:
    """Open a file that is named as wfield [1]_ names it, ``frames_2_540_640_uint16.dat``.

    Raises
    ------
    ImageError
        When the name does not say rows, columns and type, the type is unknown, or the file does not
        hold a whole number of frames.

    References
    ----------
    .. [1] J. Couto et al., "Chronic, cortex-wide imaging of specific cell populations during
       behavior", Nature Protocols 16 (2021), https://doi.org/10.1038/s41596-021-00527-z
    """
    found = _NAME.fullmatch(file.stem)
    if found is None:
        raise ImageError(
            "its name must say channels, rows, columns and type, as wfield's names do: "
            "frames_2_540_640_uint16.dat"
        )
    name = found[4].lower()
    if name not in _TYPES:
        raise ImageError(
            f"its name gives the unknown type {found[4]!r}; known: {', '.join(_TYPES)}"
        )
    channels, height, width = int(found[1] or 1), int(found[2]), int(found[3])
    if 0 in (channels, height, width):
        raise ImageError(f"its name says {channels} channels of {height} x {width} pixels")
    dtype = np.dtype(name).newbyteorder("<")
    size, frame = file.stat().st_size, channels * height * width * dtype.itemsize
    if size % frame:
        raise ImageError(
            f"it holds {size} bytes, not a whole number of frames of {channels} x {height} x "
            f"{width} x {dtype.itemsize} = {frame} bytes: it is incomplete, or its name is wrong"
        )
    picked = chosen_channel(channels, channel)
    return RawFrames(file, 0, (size // frame, channels, height, width), dtype, picked)


def open_npy(file: Path, channel: int | None) -> RawFrames | ArrayFrames:
    """Open an array of numpy, shape (T, H, W) or (T, C, H, W).

    Raises
    ------
    ImageError
        When it is incomplete, or no such array.
    """
    try:
        # Maps it only: it checks the length and refuses pickled objects.
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ImageError(f"it is incomplete or no array of numbers ({error})") from error
    if not isinstance(array, np.memmap):
        raise ImageError("it holds several arrays; save the movie alone, as .npy")
    picked = pick_channel(array.shape, channel)
    if not array.flags.c_contiguous:
        return ArrayFrames(array, picked)
    return RawFrames(file, int(array.offset), array.shape, array.dtype, picked)
