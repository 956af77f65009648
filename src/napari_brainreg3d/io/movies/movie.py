"""An open movie: frames in parts of bounded memory, closed when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import ImageError

#: Memory of one part of a movie. Small, so that what was read is still in the processor's cache
#: when it is used.
CHUNK_BYTES: Final = 8 << 20
#: Most memory of a part that is stored as one compressed chunk.
_STORED_BYTES: Final = 64 << 20


class FrameSource(Protocol):
    """Where frames come from: one kind of file or array."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows and columns (T, H, W)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels as :meth:`read` gives them, in native byte order."""
        ...

    @property
    def frames_together(self) -> int:
        """How many frames are stored as one, so that they are best read together; else 1."""
        ...

    def read(self, first: int, stop: int) -> npt.NDArray[Any]:
        """Frames from ``first`` to the one before ``stop``, shape (n, H, W)."""
        ...

    def close(self) -> None:
        """Give files back."""
        ...


class StoredMovie:
    """A movie whose frames are read when they are wanted. Made by :func:`open_movie`.

    Close it, or use it in a ``with`` statement.

    Parameters
    ----------
    source
        Where the frames come from; closed with the movie.
    name
        What people call it.
    fps
        Frames per second, None when nobody knows.
    taken
        Which part of the file it is, in words; empty when there was no choice.

    Raises
    ------
    ImageError
        When it has no frames, no pixels, or something else than real numbers.
    """

    def __init__(
        self, source: FrameSource, name: str, *, fps: float | None = None, taken: str = ""
    ) -> None:
        self._source: FrameSource | None = source
        self._shape, self._dtype = source.shape, source.dtype
        self.name, self.fps, self.taken = name, fps, taken
        try:
            self._check()
        except ImageError:
            source.close()
            raise

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows and columns (T, H, W)."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self._dtype

    def chunks(self, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Go through the movie once.

        Parameters
        ----------
        chunk_bytes
            About how much memory a part takes; at least one frame. What is stored as one compressed
            chunk is read as one, up to 64 MB.

        Yields
        ------
        first : int
            Number of the first frame of the part.
        frames : ndarray, shape (n, H, W)
            In native byte order.

        Raises
        ------
        ImageError
            When the movie is closed, or breaks off.
        """
        frames, height, width = self._shape
        step = max(1, chunk_bytes // (height * width * self._dtype.itemsize))
        together = self._opened().frames_together
        if together > step:
            # Each read unpacks whole stored chunks: few large reads, within reason.
            most = max(step, _STORED_BYTES // (height * width * self._dtype.itemsize))
            step = -(-together // -(-together // most))  # as few equal parts as possible
        elif together > 1:
            step -= step % together
        for first in range(0, frames, step):
            yield first, self.read(first, min(frames, first + step))

    def read(self, first: int, stop: int) -> npt.NDArray[Any]:
        """Read frames ``first`` to ``stop - 1``, shape (stop - first, H, W).

        Raises
        ------
        ImageError
            When there are no such frames, the movie is closed, or cannot be read.
        """
        if not 0 <= first < stop <= self._shape[0]:
            raise ImageError(
                f"{self.name} has no frames {first}:{stop}, it has {self._shape[0]} (from 0)"
            )
        with reading(self.name):
            return self._opened().read(first, stop)

    def close(self) -> None:
        """Give files back; may be called again."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        frames, height, width = self._shape
        return f"<movie {self.name}: {frames} frames of {height} x {width}, {self._dtype}>"

    def _opened(self) -> FrameSource:
        if self._source is None:
            raise ImageError(f"the movie {self.name} has been closed")
        return self._source

    def _check(self) -> None:
        if self._dtype.kind not in "buif":
            kind = "complex numbers" if self._dtype.kind == "c" else f"the type {self._dtype}"
            raise ImageError(f"cannot use {self.name}: a movie holds real numbers, not {kind}")
        if 0 in self._shape:
            frames, height, width = self._shape
            raise ImageError(
                f"cannot use {self.name}: it is empty, {frames} frames of {height} x {width} pixels"
            )


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn every failure within the block into one line that names the movie.

    Raises
    ------
    ImageError
        Instead of whatever was raised.
    """
    try:
        yield
    except ImageError as error:
        if name in str(error):
            raise
        raise ImageError(f"cannot read {name}: {error}") from error
    except PermissionError as error:
        raise ImageError(f"cannot read {name}: you have no permission to") from error
    except MemoryError as error:
        raise ImageError(f"cannot read {name}: a part of it does not fit into memory") from error
    except Exception as error:
        # Libraries raise whatever their decoders happen to trip over.
        raise ImageError(
            f"cannot read {name}: it is damaged, incomplete or not a movie ({error})"
        ) from error
