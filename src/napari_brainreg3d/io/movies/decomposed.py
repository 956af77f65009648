"""Movies in SVD form: components in space (U) and in time (SVT)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.failures import check_file
from napari_brainreg3d.io.movies.movie import CHUNK_BYTES, reading

#: Bytes of components in space that are multiplied at a time.
_PART_BYTES = 1 << 25


class SvdMovie:
    """A movie as a product; frame ``t`` is ``average + spatial @ temporal[:, t]``.

    Parameters
    ----------
    spatial : ndarray, shape (H, W, K)
        Components in space, also mapped into memory.
    temporal : ndarray, shape (K, T)
        Components in time.
    average : ndarray, shape (H, W), or None
        What was subtracted before the decomposition.
    name
        What people call it.
    fps
        Frames per second, None when nobody knows.

    Raises
    ------
    ImageError
        When the shapes do not fit or something is empty or not real.
    """

    taken = "SVD"

    def __init__(
        self,
        spatial: npt.NDArray[Any],
        temporal: npt.NDArray[Any],
        *,
        average: npt.NDArray[Any] | None = None,
        name: str = "SVD",
        fps: float | None = None,
    ) -> None:
        if spatial.ndim != 3 or temporal.ndim != 2 or spatial.shape[2] != temporal.shape[0]:
            raise ImageError(
                f"components of the shapes {spatial.shape} in space and {temporal.shape} in time "
                "do not fit: (H, W, K) and (K, T) are needed"
            )
        arrays = [spatial, temporal] if average is None else [spatial, temporal, average]
        for array in arrays:
            if array.dtype.kind not in "buif":
                raise ImageError(f"components hold real numbers, not the type {array.dtype}")
            if 0 in array.shape:
                raise ImageError(f"components are empty: the shape is {array.shape}")
        if average is not None and average.shape != spatial.shape[:2]:
            raise ImageError(
                f"the average image has the shape {average.shape}, the components "
                f"{spatial.shape[:2]}"
            )
        self.spatial, self.temporal, self.average = spatial, temporal, average
        self.name, self.fps = name, fps

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows and columns (T, H, W)."""
        return (self.temporal.shape[1], self.spatial.shape[0], self.spatial.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the frames that are made."""
        return np.dtype(np.float32)

    def chunks(self, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Make the frames, a few at a time.

        Parameters
        ----------
        chunk_bytes
            About how much memory a part takes; at least one frame.

        Yields
        ------
        first : int
            Number of the first frame of the part.
        frames : ndarray, shape (n, H, W), float32
            Some frames.
        """
        frames, height, width = self.shape
        step = max(1, chunk_bytes // (4 * height * width))
        for first in range(0, frames, step):
            yield first, self.read(first, min(frames, first + step))

    def read(self, first: int, stop: int) -> npt.NDArray[np.float32]:
        """Make frames ``first`` to ``stop - 1``, shape (stop - first, H, W)."""
        frames, height, width = self.shape
        if not 0 <= first < stop <= frames:
            raise ImageError(f"{self.name} has no frames {first}:{stop}, it has {frames} (from 0)")
        temporal = np.asarray(self.temporal[:, first:stop], np.float64)
        made = np.empty((stop - first, height, width), np.float32)
        rows = max(1, _PART_BYTES // (8 * width * len(temporal)))
        for top in range(0, height, rows):
            part = np.asarray(self.spatial[top : top + rows], np.float64) @ temporal
            if self.average is not None:
                part += np.asarray(self.average[top : top + rows], np.float64)[..., None]
            made[:, top : top + rows] = np.moveaxis(part, -1, 0)
        return made

    def close(self) -> None:
        """Nothing is left open: files that are mapped close with their last use."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_svd(
    spatial: str | os.PathLike[str] | npt.NDArray[Any],
    temporal: str | os.PathLike[str] | npt.NDArray[Any],
    *,
    average: str | os.PathLike[str] | npt.NDArray[Any] | None = None,
    shape: tuple[int, int] | None = None,
    fps: float | None = None,
) -> SvdMovie:
    """Open a movie in SVD form: wfield's ``U.npy`` and ``SVT.npy``, IBL's, or arrays.

    Parameters
    ----------
    spatial : path, or ndarray
        Shape (H, W, K), (K, H, W), or (H * W, K) with the pixels of a row together.
    temporal : path, or ndarray
        Shape (K, T).
    average : path, or ndarray, shape (H, W), or None
        What was subtracted before; wfield subtracts and divides, and its product is dF/F.
    shape
        Rows and columns (H, W): needed for (H * W, K), and where axes could be taken for another.
    fps
        Frames per second.

    Raises
    ------
    ImageError
        When a file cannot be read or the shapes do not fit.
    """
    u, svt = _array(spatial, "spatial components"), _array(temporal, "temporal components")
    if svt.ndim != 2:
        raise ImageError(
            f"temporal components have the shape (components, frames), not {svt.shape}"
        )
    name = Path(spatial).name if isinstance(spatial, str | os.PathLike) else "SVD"
    mean = None if average is None else _array(average, "average image")
    return SvdMovie(_in_order(u, svt, shape), svt, average=mean, name=name, fps=fps)


def _array(given: str | os.PathLike[str] | npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    if not isinstance(given, str | os.PathLike):
        return np.asarray(given)
    file = Path(given)
    with reading(str(file)):
        check_file(file)
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ImageError(f"it holds several arrays; save the {what} alone, as .npy")
    return array


def _in_order(
    u: npt.NDArray[Any], svt: npt.NDArray[Any], shape: tuple[int, int] | None
) -> npt.NDArray[Any]:
    """Components in space as (H, W, K)."""
    count = svt.shape[0]
    if u.ndim == 2 and u.shape[1] == count:
        if shape is None:
            raise ImageError(
                f"spatial components of the shape {u.shape} do not say rows and columns: give the "
                "shape of the image (H, W)"
            )
        if shape[0] * shape[1] != u.shape[0]:
            raise ImageError(
                f"{shape[0]} x {shape[1]} pixels are not the {u.shape[0]} of the components"
            )
        return u.reshape(*shape, count)
    if u.ndim == 3:
        last = u.shape[2] == count and shape in (None, u.shape[:2])
        first = u.shape[0] == count and shape in (None, u.shape[1:])
        if last and first and u.shape[0] != u.shape[1]:
            raise ImageError(
                f"spatial components of the shape {u.shape} can be read in two ways: give the "
                "shape of the image (H, W)"
            )
        if last:
            return u
        if first:
            return np.moveaxis(u, 0, -1)
    turned = "; are the temporal ones turned over?" if svt.shape[1] in u.shape else ""
    raise ImageError(
        f"spatial components of the shape {u.shape} and temporal ones of {svt.shape} do not fit"
        + turned
    )
