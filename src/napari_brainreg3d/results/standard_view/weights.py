"""Linear weights from the pixels of an image to points, made once and used for every frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.results.standard_view.visibility import Onlooker

Float32Array = npt.NDArray[np.float32]

#: A value is known if at least this share of what it is made of is.
ENOUGH: Final = 0.5
#: Weight, in linear interpolation, that the nearest of the four pixels has at least.
_NEAREST: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class PixelWeights:
    """How values of points are made of the pixels of an image.

    Attributes
    ----------
    image_shape
        Rows and columns (H, W) of the images that can be given.
    shape
        Of the result: (h, w) for a picture, (V,) for a list of points.
    place : ndarray, shape (K,), intp
        Which points have a value: indices into the flattened result, ascending.
    matrix : csr_array, shape (K, H * W), float32
        Weights; each row adds up to 1.
    """

    image_shape: tuple[int, int]
    shape: tuple[int, ...]
    place: npt.NDArray[np.intp]
    matrix: Any

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Which points have a value, the shape of the result."""
        seen = np.zeros(int(np.prod(self.shape)), bool)
        seen[self.place] = True
        return read_only(seen.reshape(self.shape))

    def applied(self, picture: npt.NDArray[Any]) -> Float32Array:
        """Values of the points in one image.

        Parameters
        ----------
        picture : ndarray, shape (H, W) or (H, W, 3)
            Any real type. Not changed. NaN and infinities are missing: a value is made of the rest,
            and is NaN where that is less than half.

        Returns
        -------
        ndarray, shape of the result, or with 3 colours on a last axis, float32
            NaN where nothing is seen.

        Raises
        ------
        ImageError
            When the image has another size.
        """
        if picture.shape[:2] != self.image_shape or picture.ndim not in (2, 3):
            raise ImageError(
                f"the image has the shape {picture.shape}, the registration is for "
                f"{self.image_shape[0]} x {self.image_shape[1]} pixels"
            )
        colours = picture.shape[2:]
        with np.errstate(over="ignore"):  # what float32 cannot hold is as good as infinite
            flat = picture.reshape(-1, *colours).astype(np.float32, copy=False)
        values = np.full((int(np.prod(self.shape)), *colours), np.nan, np.float32)
        values[self.place] = self._weighted(flat, can_miss=picture.dtype.kind == "f")
        return values.reshape(*self.shape, *colours)

    def _weighted(self, flat: Float32Array, *, can_miss: bool) -> Float32Array:
        if can_miss:
            known = np.isfinite(flat)
            if not known.all():
                share = self.matrix @ known.astype(np.float32)
                total = self.matrix @ np.where(known, flat, np.float32(0.0))
                enough = share >= ENOUGH
                return np.asarray(
                    np.divide(total, share, out=np.full_like(total, np.nan), where=enough)
                )
        return np.asarray(self.matrix @ flat)

    @classmethod
    def joined(
        cls,
        image_shape: tuple[int, int],
        shape: tuple[int, ...],
        parts: list[tuple[npt.NDArray[np.intp], Any]],
    ) -> Self:
        """Put parts together that were made by :func:`linear_weights`.

        Parameters
        ----------
        image_shape, shape
            As the attributes.
        parts : list of (ndarray, csr_array)
            Place, shape (n,), and weights, shape (n, H * W), of points; those that are seen by less
            than half are dropped, the others made to add up to 1.
        """
        size = image_shape[0] * image_shape[1]
        if not parts:
            return cls(image_shape, shape, np.empty(0, np.intp), csr_array((0, size), dtype="f4"))
        place = np.concatenate([where for where, _ in parts])
        matrix = vstack([weights for _, weights in parts], format="csr")
        share = np.asarray(matrix.sum(axis=1)).ravel()
        kept = np.flatnonzero(share >= ENOUGH)
        kept = kept[np.argsort(place[kept], kind="stable")]
        matrix = matrix[kept]
        matrix.data /= np.repeat(share[kept], np.diff(matrix.indptr))
        return cls(image_shape, shape, read_only(place[kept]), matrix.astype(np.float32))


def linear_weights(
    onlooker: Onlooker, points_um: FloatArray, shares: FloatArray
) -> csr_array[Any, tuple[int, int]]:
    """Weights of linear interpolation at samples, added up per point.

    Parameters
    ----------
    onlooker
        The camera of the image, and the surface that it sees.
    points_um : ndarray, shape (n, S, 3)
        S samples of the surface for each of n points, ``atlas_um``; NaN is past the surface.
    shares : ndarray, shape (S,)
        Weight of each sample; they add up to 1.

    Returns
    -------
    csr_array, shape (n, H * W), float64
        A row adds up to the share of the point that is seen.

    Notes
    -----
    A sample is interpolated between those of its four pixels that show the same tissue: the others
    look past an edge, at the background or at what lies behind.
    """
    seen = onlooker.look(points_um.reshape(-1, 3))
    height, width = onlooker.depth_um.shape
    sample = np.flatnonzero(seen.is_seen)
    # A sample in the outer half of the outermost pixels has these pixels' value.
    where = np.clip(seen.pixels[sample], 0.0, np.array([height - 1, width - 1]))
    first = np.minimum(where.astype(np.intp), np.maximum([height - 2, width - 2], 0))
    part = where - first
    depth, slack = seen.depth_um[sample], seen.slack_um[sample]
    pixel = np.empty((4, len(sample)), np.intp)
    weight = np.empty((4, len(sample)))
    for corner, (down, right) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        row = np.minimum(first[:, 0] + down, height - 1)
        column = np.minimum(first[:, 1] + right, width - 1)
        pixel[corner] = row * width + column
        # NaN, no tissue there, compares as another tissue.
        is_same = np.abs(onlooker.depth_um[row, column] - depth) <= slack
        linear = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
        weight[corner] = np.where(is_same, linear, 0.0)
    known = weight.sum(axis=0)
    scale = np.divide(
        shares[sample % len(shares)], known, out=np.zeros_like(known), where=known >= _NEAREST
    )
    weight *= scale
    used = weight > 0.0
    point = np.broadcast_to(sample // len(shares), weight.shape)
    entries = (weight[used], (point[used], pixel[used]))
    return csr_array(entries, shape=(len(points_um), height * width))
