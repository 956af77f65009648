"""Movies that are arrays: numpy, memory maps, dask, zarr, HDF5; read slice by slice."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import ImageError


class ArrayFrames:
    """Frames of anything that numpy can slice along its first axis.

    Parameters
    ----------
    array
        Shape (T, H, W), or with a channel axis (T, C, H, W); never changed or copied as a whole.
    channel
        Which channel; None for an array without.
    """

    def __init__(self, array: Any, channel: int | None = None) -> None:
        self._array, self._channel = array, channel
        shape = tuple(int(n) for n in array.shape)
        self.shape = (shape[0], shape[-2], shape[-1])
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self.frames_together = _chunk_frames(getattr(array, "chunks", None))

    def read(self, first: int, stop: int) -> npt.NDArray[Any]:
        index = slice(first, stop)
        part = self._array[index] if self._channel is None else self._array[index, self._channel]
        if not isinstance(self._array, np.ndarray):  # has just been made, by zarr or dask
            return np.ascontiguousarray(part, self.dtype)
        frames = np.array(part, self.dtype, order="C")
        _forget_pages(self._array)
        return frames

    def close(self) -> None:
        self._array = None


def _chunk_frames(chunks: Any) -> int:
    """How many frames zarr (whole numbers) or dask (lengths of all of them) keep together."""
    if not chunks:
        return 1
    along_time = chunks[0]
    return int(max(along_time)) if isinstance(along_time, Sequence) else int(along_time)


def _forget_pages(array: Any) -> None:
    """Give the memory of a file that is mapped into memory back, once its frames are copied.

    The file stays mapped, and the system keeps what it likes of it; without this a long movie would
    count as used memory of this process. Maps that may hold changes of their own are left alone.
    """
    mapped: Any = getattr(array, "_mmap", None)
    if isinstance(array, np.memmap) and array.mode != "c" and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)


def pick_channel(shape: tuple[int, ...], channel: int | None) -> int | None:
    """Check the shape of an array of frames and its channel.

    Parameters
    ----------
    shape
        (T, H, W) or (T, C, H, W).
    channel
        What the user chose.

    Returns
    -------
    int or None
        The channel, None for an array without a channel axis.

    Raises
    ------
    ImageError
        When it has other axes, or several channels of which none or none of them was chosen.
    """
    if len(shape) == 3:
        if channel not in (None, 0):
            raise ImageError(f"there is no channel {channel}: the movie has one (number 0)")
        return None
    if len(shape) != 4:
        raise ImageError(
            f"a movie has the axes frames, rows, columns, or frames, channels, rows, columns; this "
            f"has the shape {shape}"
        )
    return chosen_channel(shape[1], channel)


def chosen_channel(channels: int, channel: int | None) -> int:
    """Check the choice of one of several channels.

    Raises
    ------
    ImageError
        When there is no such channel, or none was chosen of several.
    """
    if channel is None and channels > 1:
        raise ImageError(
            f"the movie has {channels} channels: say which one, channel 0 to {channels - 1}"
        )
    if channel is not None and not 0 <= channel < channels:
        last = f"numbers 0 to {channels - 1}" if channels > 1 else "number 0"
        raise ImageError(f"there is no channel {channel}: the movie has {channels} ({last})")
    return channel or 0
