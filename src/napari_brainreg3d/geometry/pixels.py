"""The pixel raster of an image and its place in the image plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """The pixels of an image: how many, how large, centred on the origin of ``plane_um``.

    Parameters
    ----------
    shape
        Rows and columns (H, W).
    size_um
        Height and width of a pixel in the plane of focus, um.

    Raises
    ------
    ValueError
        When a number is not positive and finite.
    """

    shape: tuple[int, int]
    size_um: tuple[float, float]

    def __post_init__(self) -> None:
        whole = len(self.shape) == 2 and all(np.isfinite(n) and n % 1 == 0 for n in self.shape)
        if not whole or min(self.shape) < 1:
            raise ValueError(f"image shape must be two positive integers, got {self.shape!r}")
        if len(self.size_um) != 2 or not all(np.isfinite(s) and s > 0 for s in self.size_um):
            raise ValueError(
                f"pixel size must be two positive numbers (row, column) in um, got {self.size_um!r}"
            )
        object.__setattr__(self, "shape", (int(self.shape[0]), int(self.shape[1])))
        object.__setattr__(self, "size_um", (float(self.size_um[0]), float(self.size_um[1])))

    @property
    def centre_px(self) -> FloatArray:
        """The image centre in ``image_px``, shape (2,); pixel centres are whole numbers."""
        return (np.array(self.shape, np.float64) - 1.0) / 2.0

    @property
    def extent_um(self) -> tuple[float, float]:
        """Height and width of the field of view, um."""
        return (self.shape[0] * self.size_um[0], self.shape[1] * self.size_um[1])

    def to_offsets(self, pixels: npt.ArrayLike) -> FloatArray:
        """Map ``image_px`` to distances from the image centre.

        Parameters
        ----------
        pixels : array_like, shape (..., 2)
            (row, column); whole numbers are pixel centres.

        Returns
        -------
        ndarray, shape (..., 2)
            (down, right) in um. Inverse: :meth:`to_pixels`.
        """
        return np.asarray((np.asarray(pixels, np.float64) - self.centre_px) * self.size_um)

    def to_pixels(self, offsets_um: npt.ArrayLike) -> FloatArray:
        """Map (down, right) from the image centre, shape (..., 2), um, to ``image_px``."""
        return np.asarray(np.asarray(offsets_um, np.float64) / self.size_um + self.centre_px)
