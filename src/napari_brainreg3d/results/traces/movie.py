"""What a movie must offer so that its regions can be followed over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@runtime_checkable
class Movie(Protocol):
    """Frames of equal size, read a few at a time; ``io.movies.open_movie`` makes one."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows and columns (T, H, W)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        ...

    @property
    def fps(self) -> float | None:
        """Frames per second, None when nobody knows."""
        ...

    @property
    def name(self) -> str:
        """What people call it, usually a file name."""
        ...

    def chunks(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Number of the first frame and the frames, shape (n, H, W), of each part in order."""
        ...


@runtime_checkable
class DecomposedMovie(Movie, Protocol):
    """A movie as a product, ``frame(t) = average + spatial @ temporal[:, t]`` (its SVD)."""

    @property
    def spatial(self) -> npt.NDArray[Any]:
        """Components in space, shape (H, W, K)."""
        ...

    @property
    def temporal(self) -> npt.NDArray[Any]:
        """Components in time, shape (K, T)."""
        ...

    @property
    def average(self) -> npt.NDArray[Any] | None:
        """What was subtracted before the decomposition, shape (H, W); None for nothing."""
        ...
