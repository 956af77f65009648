"""A camera in its place: pixels to rays in the atlas, and points of the atlas back to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.geometry.cameras import Camera
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.geometry.pixels import PixelGrid
from napari_brainreg3d.geometry.pose import Pose
from napari_brainreg3d.geometry.rays import RayBundle


@dataclass(frozen=True, slots=True)
class View:
    """An image raster, seen by a camera, from a pose."""

    grid: PixelGrid
    camera: Camera
    pose: Pose

    def pixel_rays(self, pixels: npt.ArrayLike) -> RayBundle:
        """Rays through points of the image.

        Parameters
        ----------
        pixels : array_like, shape (R, 2)
            ``image_px``: (row, column), whole numbers are pixel centres.

        Returns
        -------
        RayBundle
            R rays in ``atlas_um``, in the same order.
        """
        crossings = self.camera.crossings(self.grid.to_offsets(pixels))
        slopes = self.camera.slopes(crossings)
        lateral = self.pose.rotation[:, :2].T
        return RayBundle(
            crossings @ lateral + self.pose.centre_um,
            slopes @ lateral + self.pose.viewing_direction,
            self.pose.viewing_direction,
            self.camera.eye_depth_um,
        )

    def row_rays(self, first: int, stop: int) -> RayBundle:
        """Rays of all pixels of rows ``first`` up to, not including, ``stop``, row by row."""
        columns = self.grid.shape[1]
        pixels = np.empty((stop - first, columns, 2))
        pixels[..., 0] = np.arange(first, stop)[:, None]
        pixels[..., 1] = np.arange(columns)
        return self.pixel_rays(pixels.reshape(-1, 2))

    def atlas_to_pixels(self, points_um: npt.ArrayLike) -> FloatArray:
        """Where points of the atlas are seen, whether or not tissue hides them.

        Parameters
        ----------
        points_um : array_like, shape (..., 3)
            Points in ``atlas_um``.

        Returns
        -------
        ndarray, shape (..., 2)
            ``image_px``, also outside the image; NaN behind the camera.
        """
        return self.grid.to_pixels(self.camera.offsets(self.pose.to_plane(points_um)))

    def pixels_to_atlas(self, pixels: npt.ArrayLike, depth_um: npt.ArrayLike = 0.0) -> FloatArray:
        """Points of the atlas at a depth under the plane of focus, along the rays of pixels.

        Parameters
        ----------
        pixels : array_like, shape (R, 2)
            ``image_px``.
        depth_um : array_like, scalar or shape (R,)
            Depth, um.

        Returns
        -------
        ndarray, shape (R, 3)
            Points in ``atlas_um``. Inverse: :meth:`atlas_to_pixels`.
        """
        return self.pixel_rays(pixels).at_depth(depth_um)
