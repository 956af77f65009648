"""The panel that shows how deep the tissue lies, and its colour bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.measure import find_contours

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.results.colours import depth_limits, depth_rgb, round_steps
from napari_brainreg3d.results.image_panels import GREY, INK, PAPER, ImageRaster
from napari_brainreg3d.results.lettering import DARK, WHITE, draw_lines, measure, write


def depth_panel(raster: ImageRaster) -> Image.Image:
    """Depth under the plane of focus, with lines of equal depth and outlines of the regions."""
    depth = raster.nearest(raster.projection.depth_um)
    limits = depth_limits(raster.projection.depth_um)
    if limits is None:
        shown = Image.fromarray(depth_rgb(depth, 0.0, 1.0))
        write(shown, shown.width / 2, shown.height / 2, "no tissue in view", 18, GREY)
        return raster.framed(shown)
    shown = Image.fromarray(depth_rgb(depth, *limits))
    steps = round_steps(*limits, about=6)
    smooth = _smoothed(depth, 3.0)
    contours = [
        line
        for step in steps
        for line in find_contours(smooth, step)  # type: ignore[no-untyped-call]
    ]
    draw_lines(shown, [line for line in contours if len(line) > 30], WHITE, 1.1, opacity=0.6)
    draw_lines(shown, raster.lines, DARK, 1.1, opacity=0.5)
    return raster.framed(shown)


def _ticks(limits: tuple[float, float], length_px: int) -> list[float]:
    """Round depths whose numbers have room side by side."""
    for about in (6, 4, 2):
        steps = round_steps(*limits, about=about)
        if sum(measure(f"{step:.0f}", 13)[1] + 12 for step in steps) <= length_px:
            break
    return steps


def _smoothed(values: npt.NDArray[Any], sigma_px: float) -> FloatArray:
    """Gaussian smoothing of what is known; NaN stays where it is and does not spread."""
    known = np.isfinite(values)
    total = gaussian_filter(np.where(known, values, 0.0).astype(np.float64), sigma_px)
    weight = gaussian_filter(known.astype(np.float64), sigma_px)
    return np.asarray(np.divide(total, weight, out=np.full(values.shape, np.nan), where=known))


def depth_bar(projection: Projection, width_px: int, height_px: int) -> Image.Image | None:
    """The colours of :func:`depth_panel` with their depths, um; None when there is no depth."""
    limits = depth_limits(projection.depth_um)
    if limits is None:
        return None
    bar = Image.new("RGB", (width_px, height_px), PAPER)
    unit = "um"
    left, right = 8, width_px - 14 - round(measure(unit, 14)[1]) - 8
    colours = depth_rgb(np.linspace(*limits, right - left)[None].repeat(10, axis=0), *limits)
    bar.paste(Image.fromarray(colours), (left, 4))
    for step in _ticks(limits, right - left):
        place = left + (step - limits[0]) / (limits[1] - limits[0]) * (right - left)
        draw_lines(bar, [np.array([[13.0, place], [17.0, place]])], INK, 1.0)
        write(bar, place, height_px - 2, f"{step:.0f}", 13, INK, anchor="ms")
    write(bar, width_px - 2, height_px - 2, unit, 13, INK, anchor="rs")
    return bar
