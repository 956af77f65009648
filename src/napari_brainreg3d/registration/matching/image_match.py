"""How one image lies in another, and how far that is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.frames import FloatArray, read_only


@dataclass(frozen=True, slots=True, eq=False)
class ImageMatch:
    """How a new image lies in a previous one of the same brain. Made by :func:`match_images`.

    Attributes
    ----------
    matrix_px : ndarray, shape (3, 3)
        Takes (row, column, 1) of the new image to (row, column, 1) of the previous one.
    shift_um, shift_px
        Where the centre of the new image lies in the previous one: (down, right) of its centre, in
        um there and in pixels of the previous image.
    rotation_deg
        By how much the brain is turned in the new image against the previous one, as seen there;
        the sense is that of the yaw: the nose turns to the right of the image.
    scale
        um of the previous image per um of the new one, 1 when both pixel sizes are right: the new
        image's pixels are ``scale`` times as large as was said.
    quality
        0 to 1: the share of the vessels that are found in their place, times how well they agree
        there. Repeated images of one session reach 0.8 to 1; less than
        :data:`~napari_brainreg3d.registration.matching.search.LEAST_QUALITY` is refused.
    features
        Number of patches that were found in their place; each overlaps its neighbours by half.
    overlap
        Share of the new image that the previous one shows as well.
    residual_um
        Root mean square distance of the patches from where the match says.
    shift_sd_um, rotation_sd_deg, scale_sd
        Standard deviations that follow from the scatter of the patches.
    method
        How it was found.
    """

    matrix_px: FloatArray
    shift_um: tuple[float, float]
    shift_px: tuple[float, float]
    rotation_deg: float
    scale: float
    quality: float
    features: int
    overlap: float
    residual_um: float
    shift_sd_um: float
    rotation_sd_deg: float
    scale_sd: float
    method: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix_px", read_only(np.array(self.matrix_px, np.float64)))

    def to_previous(self, pixels: npt.ArrayLike) -> FloatArray:
        """Map ``image_px`` of the new image, shape (..., 2), to the previous image."""
        return _mapped(self.matrix_px, pixels)

    def to_new(self, pixels: npt.ArrayLike) -> FloatArray:
        """Map ``image_px`` of the previous image; inverse of :meth:`to_previous`."""
        return _mapped(np.asarray(np.linalg.inv(self.matrix_px), np.float64), pixels)

    def __str__(self) -> str:
        return (
            f"shift {np.hypot(*self.shift_um):.0f} um (down {self.shift_um[0]:.0f}, right "
            f"{self.shift_um[1]:.0f}), rotation {self.rotation_deg:.2f} degrees, scale "
            f"{self.scale:.4f}, quality {self.quality:.2f}"
        )


def _mapped(matrix: FloatArray, pixels: npt.ArrayLike) -> FloatArray:
    points = np.asarray(pixels, np.float64)
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])
