"""Which points of the brain's surface a camera sees, and which of its pixels show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import DEPTH, FloatArray, read_only
from napari_brainreg3d.projection.casting import SurfaceCaster

#: A point lies on the surface itself if the ray to it meets the surface no more than this before,
#: at right angles to it, um: far above the ray engine's rounding, far below any anatomy.
_TOUCHING_UM: Final = 1.0
#: A pixel shows the same tissue as its neighbour if it does not lie deeper than so many pixels'
#: ways along the surface; such ways are counted for cosines of the incidence from the second on.
_NEAR_PX: Final = 3.0
_SMALLEST_COS: Final = 0.05
#: Rays per piece of work, as in a projection.
_RAYS_PER_PIECE: Final = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class SeenPoints:
    """Points of a surface, in an image.

    Attributes
    ----------
    pixels : ndarray, shape (N, 2)
        ``image_px``, hidden or not; NaN behind the camera.
    is_seen : ndarray, shape (N,), bool
        Whether a point lies within the image and the way from the camera to it is free.
    depth_um : ndarray, shape (N,)
        Depth under the plane of focus.
    slack_um : ndarray, shape (N,)
        How much deeper or shallower a neighbouring pixel may be and show the same tissue; NaN
        where it is not seen.
    """

    pixels: FloatArray
    is_seen: npt.NDArray[np.bool_]
    depth_um: FloatArray
    slack_um: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Onlooker:
    """A camera before a surface. Made by :meth:`before`.

    Attributes
    ----------
    view
        The camera in its place.
    surface
        What is seen, and hides.
    depth_um : ndarray, shape (H, W), float32
        Depth of what each pixel shows; NaN past the surface and for pixels not to be used.
    """

    view: View
    surface: SurfaceCaster
    depth_um: npt.NDArray[np.float32]

    @classmethod
    def before(
        cls, view: View, surface: SurfaceCaster, mask: npt.NDArray[np.bool_] | None = None
    ) -> Self:
        """Cast a ray for every pixel of an image.

        Parameters
        ----------
        view, surface
            As the attributes.
        mask : ndarray, shape (H, W), bool, or None
            Pixels that may be used; None: all.

        Raises
        ------
        ImageError
            When the mask has another shape than the image.
        """
        height, width = view.grid.shape
        if mask is not None and np.shape(mask) != (height, width):
            raise ImageError(
                f"the mask has the shape {np.shape(mask)}, the image {(height, width)}"
            )
        depth = np.empty((height, width), np.float32)
        rows = max(1, _RAYS_PER_PIECE // width)
        for first in range(0, height, rows):
            stop = min(height, first + rows)
            met = surface.first_hits(view.row_rays(first, stop))
            depth[first:stop] = met.depth_um.reshape(-1, width)
        if mask is not None:
            depth[~np.asarray(mask, bool)] = np.nan
        return cls(view, surface, read_only(depth))

    def look(self, points_um: FloatArray) -> SeenPoints:
        """Find points of the surface, shape (N, 3), ``atlas_um``, in the image; NaN is not seen.

        As in :func:`napari_brainreg3d.project`, rays begin at the camera, and how far one thing
        lies before another is counted at right angles to its surface, so that rounding does not
        decide about grazing rays.
        """
        pixels = self.view.atlas_to_pixels(points_um)
        # NaN compares as outside.
        within = (pixels >= -0.5) & (pixels <= np.array(self.view.grid.shape) - 0.5)
        is_seen = within[:, 0] & within[:, 1]
        inside = np.flatnonzero(is_seen)
        rays = self.view.pixel_rays(pixels[inside])
        depth = self.view.pose.to_plane(points_um)[:, DEPTH]
        met = self.surface.first_hits(rays)
        per_depth = np.sqrt(np.einsum("ij,ij->i", rays.directions, rays.directions))
        before_um = (depth[inside] - met.depth_um) * per_depth * met.cos_incidence
        # NaN: the ray slips by, at an edge, without meeting anything that could hide.
        is_seen[inside[before_um > _TOUCHING_UM]] = False
        slack = np.full(len(points_um), np.nan)
        cos = np.nan_to_num(met.cos_incidence)
        slack[inside] = self._step_um(depth[inside]) * _NEAR_PX / np.maximum(cos, _SMALLEST_COS)
        return SeenPoints(pixels, is_seen, depth, slack)

    def _step_um(self, depth_um: FloatArray) -> FloatArray:
        """Distance between the rays of neighbouring pixels at a depth, shape (N,)."""
        size = max(self.view.grid.size_um)
        # 1 / infinity: rays of an orthographic camera stay as far apart as they are.
        return size * np.maximum(1.0 - depth_um / self.view.camera.eye_depth_um, 0.0)
