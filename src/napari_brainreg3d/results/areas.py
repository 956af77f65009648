"""Areas per region: as projected onto the plane of focus, and of the visible surface itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from napari_brainreg3d.geometry import PinholeCamera, View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.projection import Projection

#: Pixels handled at a time: bounds the memory of the float64 in between.
_STEP: Final = 1 << 17
#: Smallest cosine of the incidence angle, 89.4 degrees. Where a ray grazes the surface one pixel
#: would otherwise stand for a boundless area.
_SMALLEST_COS: Final = 0.01
_UM2_PER_MM2: Final = 1e6


def region_table(projection: Projection) -> pd.DataFrame:
    """Region table of a projection with the areas that the image shows.

    Parameters
    ----------
    projection
        Not changed.

    Returns
    -------
    DataFrame
        :attr:`Projection.table` and the columns

        ``projected_mm2``
            area of the region's pixels in the plane of focus, square millimetres;
        ``surface_mm2``
            area of the tissue surface that they show, square millimetres.

    Notes
    -----
    A pixel covers an area ``A`` of the plane of focus: its height times its width, which a lens
    distortion changes from place to place. At the tissue, a depth ``z`` under that plane, it covers
    ``A ((D + z) / D)^2`` for a pinhole at the distance ``D``, and ``A`` for parallel rays. The
    surface there is inclined: its area is that times ``cos(ray, viewing direction) /
    cos(ray, surface normal)``. The latter cosine counts as at least 0.01, so that surfaces seen
    at more than 89.4 degrees are counted too small. Pixels whose ray meets no tissue, which only a
    refinement can label, have no surface area.
    """
    table = projection.table
    sums = np.zeros((2, len(table) + 1))
    for labels, projected, surface in _areas(projection):
        for total, area in zip(sums, (projected, surface), strict=True):
            total += np.bincount(labels, weights=area, minlength=len(table) + 1)
    table["projected_mm2"], table["surface_mm2"] = sums[:, 1:] / _UM2_PER_MM2
    return table


def _areas(projection: Projection) -> Iterator[tuple[np.ndarray, FloatArray, FloatArray]]:
    """Label, projected and surface area (um^2) of the pixels, a block of rows after the other."""
    view = projection.registration.view
    height, width = projection.registration.image_shape
    rows = max(1, _STEP // width)
    for first in range(0, height, rows):
        block = slice(first, min(height, first + rows))
        crossings = _crossings(view, block.start, block.stop)
        slopes = view.camera.slopes(crossings)
        projected = _footprints_um2(view, slopes)
        # Way along the ray per um of depth; its inverse is the cosine to the viewing direction.
        way = np.sqrt(1.0 + np.square(slopes).sum(axis=-1))
        depth = projection.depth_um[block].astype(np.float64)
        if projection.settings.sample_depth_um is not None:
            # Depth is then that of the sample; the surface lies above it.
            depth -= projection.surface_depth_um[block] / way
        magnification = 1.0 - depth / view.camera.eye_depth_um
        incidence = np.radians(projection.incidence_deg[block], dtype=np.float64)
        tilt = way * np.maximum(np.cos(incidence), _SMALLEST_COS)
        surface = np.nan_to_num(projected * np.square(magnification) / tilt, nan=0.0)
        yield projection.labels[block].ravel(), projected.ravel(), surface.ravel()


def _crossings(view: View, first: int, stop: int) -> FloatArray:
    """Where rays cross the plane of focus, (rows, W, 2), from its centre along its axes, um."""
    pixels = np.empty((stop - first, view.grid.shape[1], 2))
    pixels[..., 0] = np.arange(first, stop)[:, None]
    pixels[..., 1] = np.arange(view.grid.shape[1])
    return view.camera.crossings(view.grid.to_offsets(pixels))


def _footprints_um2(view: View, slopes: FloatArray) -> FloatArray:
    """Area of the plane of focus that each pixel covers, um^2, from the slopes of its ray."""
    camera, (row_um, column_um) = view.camera, view.grid.size_um
    nominal = np.full(slopes.shape[:-1], row_um * column_um)
    if not isinstance(camera, PinholeCamera) or camera.distortion.is_none:
        return nominal
    # A lens that shows what belongs at the radius r at f(r) = r + k1 r^3 + k2 r^5 enlarges areas
    # there by f'(r) f(r) / r: along the radius by f', across it by f / r.
    q = np.square(slopes).sum(axis=-1)
    across = 1.0 + q * (camera.k1 + q * camera.k2)
    along = 1.0 + q * (3.0 * camera.k1 + q * 5.0 * camera.k2)
    return np.asarray(nominal / (along * across))
