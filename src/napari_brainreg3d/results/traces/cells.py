"""Which pixels make up a region, with which weight, and how regions are cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from napari_brainreg3d.geometry.frames import FloatArray, read_only

#: Region of pixels that do not count.
NOTHING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Pixels collected in cells: whole regions, or blocks of them.

    Attributes
    ----------
    matrix
        Sparse, shape (C, H * W): weight of each pixel in each cell. Times a frame it gives the
        weighted sums.
    slot : ndarray, shape (C,)
        Where each cell stands in a table of (regions, blocks) that is read row by row.
    owner : ndarray, shape (H * W,), int32
        Region of each pixel that counts, from 0; -1 for the others.
    regions, blocks
        How many regions there are, and the most blocks that one has.
    """

    matrix: Any
    slot: npt.NDArray[np.intp]
    owner: npt.NDArray[np.int32]
    regions: int
    blocks: int

    @property
    def weights(self) -> FloatArray:
        """Sum of the weights of each cell, shape (C,)."""
        return np.asarray(self.matrix.sum(axis=1), np.float64).ravel()

    def pixels(self) -> npt.NDArray[np.int64]:
        """Number of pixels of each region that count, shape (regions,)."""
        return np.bincount(self.owner[self.owner >= 0], minlength=self.regions)

    def of_regions(self) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
        """Each region that has pixels, and the numbers of its cells, shape (cells,)."""
        region = self.slot // self.blocks
        for number in np.unique(region).tolist():
            yield number, np.flatnonzero(region == number)

    def laid_out(self, values: FloatArray, fill: float) -> FloatArray:
        """Bring values of cells, shape (n, C), to (n, regions, blocks)."""
        table = np.full((len(values), self.regions * self.blocks), fill)
        table[:, self.slot] = values
        return table.reshape(len(values), self.regions, self.blocks)


def make_cells(
    labels: npt.NDArray[Any], regions: int, weights: FloatArray | None, blocks: int = 1
) -> Cells:
    """Collect the pixels of a label image.

    Parameters
    ----------
    labels : ndarray, shape (H, W), integer
        0 is nothing, ``n`` is region ``n - 1``.
    regions
        How many regions there are.
    weights : ndarray, shape (H, W), or None
        Weight of each pixel; those with 0 or NaN do not count. None: 1 everywhere.
    blocks
        How many parts of equal size each region is cut into; a region with fewer pixels has one
        part for each of them.
    """
    flat = labels.ravel()
    counts = flat > 0
    if weights is not None:
        counts &= weights.ravel() > 0  # False for NaN
    pixels = np.flatnonzero(counts)
    region = flat[pixels].astype(np.intp) - 1
    block = _blocks(labels.shape, pixels, region, blocks)
    slot, cell = np.unique(region * blocks + block, return_inverse=True)
    value = np.ones(len(pixels)) if weights is None else weights.ravel()[pixels]
    entries: Any = (value.astype(np.float64), (cell, pixels))
    matrix = csr_array(entries, shape=(len(slot), flat.size))
    owner = np.full(flat.size, NOTHING, np.int32)
    owner[pixels] = region
    return Cells(matrix, slot, read_only(owner), regions, blocks)


def _blocks(
    shape: tuple[int, ...], pixels: npt.NDArray[np.intp], region: npt.NDArray[np.intp], blocks: int
) -> npt.NDArray[np.intp]:
    """Block of each pixel within its region."""
    block = np.zeros(len(pixels), np.intp)
    if blocks == 1:
        return block
    places = np.stack(np.unravel_index(pixels, shape), axis=1)
    order = np.argsort(region, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(region[order])) + 1):
        _bisect(places, members, block, 0, blocks)
    return block


def _bisect(
    places: npt.NDArray[np.intp],
    members: npt.NDArray[np.intp],
    block: npt.NDArray[np.intp],
    first: int,
    count: int,
) -> None:
    """Cut pixels across their longer side until there are ``count`` parts of equal size."""
    count = min(count, len(members))
    if count <= 1:
        block[members] = first
        return
    own = places[members]
    along = int(np.argmax(np.ptp(own, axis=0)))
    order = members[np.lexsort((own[:, 1 - along], own[:, along]))]
    low = count // 2
    middle = len(order) * low // count
    _bisect(places, order[:middle], block, first, low)
    _bisect(places, order[middle:], block, first + low, count - low)
