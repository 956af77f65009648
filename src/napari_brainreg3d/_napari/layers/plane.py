"""The image as a plane in the atlas: an Image layer ``(1, H, W)`` with an affine in um."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d.geometry import PixelGrid, Pose
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.contrast import contrast_limits
from napari_brainreg3d.registration import Registration

#: Larger images are shown with every n-th pixel: not every graphics card holds larger 3D textures.
LARGEST_PX: Final = 2048
#: Thickness of the plane. Thin, or else a tilted look shifts its pixels.
_THICKNESS_UM: Final = 1.0
#: As in brainreg3D.
_EARLIER_OPACITY: Final = 0.7


@dataclass(frozen=True, slots=True)
class Reduction:
    """Which pixels of an image are shown: every ``step``-th, from ``first`` on."""

    step: int = 1

    @property
    def first(self) -> int:
        """The first pixel shown, the middle one of its block."""
        return self.step // 2

    @property
    def rows_and_columns(self) -> tuple[slice, slice]:
        """Slices that take the pixels shown."""
        return slice(self.first, None, self.step), slice(self.first, None, self.step)


def reduction_for(shape: tuple[int, int], largest_px: int = LARGEST_PX) -> Reduction:
    """The smallest reduction with which an image of ``shape`` fits a texture."""
    return Reduction(max(1, -(-max(shape) // largest_px)))


def plane_affine(
    pose: Pose, grid: PixelGrid, *, mirrored: bool = False, lift_um: float = 0.0
) -> FloatArray:
    """Map the indices of a ``(1, H, W)`` image to the atlas.

    Parameters
    ----------
    pose
        Where the image lies.
    grid
        Its pixels.
    mirrored
        Whether the camera mirrors: columns then run against the plane's.
    lift_um
        How far towards the camera the plane is shifted, um.

    Returns
    -------
    ndarray, shape (4, 4)
        Homogeneous, ``(0, row, column)`` -> ``atlas_um``. The centre of a pixel is a whole number.
    """
    height_um, width_um = grid.size_um
    sign = -1.0 if mirrored else 1.0
    # Columns of the matrix: one step along the thickness, the rows, the columns. The thickness
    # changes its sign with the columns: the matrix never turns the scene inside out.
    steps = np.array(
        [
            [0.0, height_um, 0.0],
            [0.0, 0.0, sign * width_um],
            [sign * _THICKNESS_UM, 0.0, 0.0],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = pose.rotation @ steps
    first = affine[:3, 1:3] @ grid.centre_px
    affine[:3, 3] = pose.centre_um - first - lift_um * pose.viewing_direction
    return affine


def reduced_affine(affine: FloatArray, reduction: Reduction) -> FloatArray:
    """The affine, shape (4, 4), of every n-th pixel, from that of all pixels."""
    steps = np.diag([1.0, reduction.step, reduction.step, 1.0])
    steps[1:3, 3] = reduction.first
    return np.asarray(affine @ steps)


def with_time_axis(affine: FloatArray, ndim: int) -> FloatArray:
    """An affine in 3D, shape (4, 4), for ``ndim`` axes; those in front count frames."""
    extra = ndim - (len(affine) - 1)
    full = np.eye(ndim + 1)
    full[extra:, extra:] = affine
    return full


def plane_pixels(data: Any, *, is_rgb: bool, reduction: Reduction) -> Any:
    """Give an image its third axis.

    Parameters
    ----------
    data : array_like, shape (H, W), (T, H, W), or with 3 or 4 colours at the end
        Also lazy arrays, which stay lazy.
    is_rgb
        Whether the last axis are colours.
    reduction
        Which pixels to show.

    Returns
    -------
    array_like, shape (1, h, w) or (T, 1, h, w), with colours at the end
    """
    rows, columns = reduction.rows_and_columns
    colours = (slice(None),) if is_rgb else ()
    is_movie = data.ndim - is_rgb == 3
    if is_movie and data.shape[0] == 1:
        return data[(slice(None), rows, columns, *colours)]
    if is_movie:
        return data[(slice(None), None, rows, columns, *colours)]
    return data[(None, rows, columns, *colours)]


def plane_layer(
    pixels: Any,
    *,
    name: str,
    is_rgb: bool,
    contrast_limits: tuple[float, float] | None,
    colormap: Any = "gray",
    opacity: float = 1.0,
) -> LayerTuple:
    """The image plane as a layer.

    Parameters
    ----------
    pixels : array_like, shape (1, H, W) or (T, 1, H, W), or with colours at the end
        From :func:`plane_pixels`.
    name
        Of the image.
    is_rgb
        Whether the last axis are colours.
    contrast_limits
        What is black and white; None for colours.
    colormap
        That of the user's layer.
    opacity
        0 to 1.

    Notes
    -----
    No affine: napari warns when a tilted layer is made while the canvas shows 2D, so it is set
    after adding. ``translucent`` keeps black pixels, which the default rendering drops.
    """
    options: dict[str, Any] = {
        "name": f"{name} (in the atlas)",
        "rgb": is_rgb,
        "rendering": "translucent",
        "blending": "translucent",
        "opacity": opacity,
        "metadata": owned("plane"),
    }
    if not is_rgb:
        options |= {"colormap": colormap, "contrast_limits": contrast_limits}
    return pixels, options, "image"


def earlier_layer(pixels: npt.NDArray[Any], registration: Registration) -> LayerTuple:
    """An earlier image, shape (H, W) or (H, W, 3), as a plane where it was registered."""
    is_rgb = pixels.ndim == 3
    view, reduction = registration.view, reduction_for(registration.image_shape)
    data, options, kind = plane_layer(
        plane_pixels(pixels, is_rgb=is_rgb, reduction=reduction),
        name=registration.image_name or "earlier image",
        is_rgb=is_rgb,
        contrast_limits=None if is_rgb else contrast_limits(pixels),
        opacity=_EARLIER_OPACITY,
    )
    affine = plane_affine(view.pose, view.grid, mirrored=view.camera.mirrored)
    options |= {"metadata": owned("template"), "affine": reduced_affine(affine, reduction)}
    return data, options, kind


def opaque_colours(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Drop the transparency of a colour image, shape (..., 3 or 4)."""
    return pixels[..., :3]
