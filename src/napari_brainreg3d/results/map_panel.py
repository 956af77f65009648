"""A panel that shows any map of numbers over the image's raster, and its colour bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_brainreg3d.projection import Projection
from napari_brainreg3d.results.colours import Rgb, depth_rgb, picture_rgb, round_steps
from napari_brainreg3d.results.image_panels import GREY, INK, PAPER, ImageRaster
from napari_brainreg3d.results.lettering import DARK, draw_lines, measure, write


def shown_picture(projection: Projection, image: npt.NDArray[Any] | None) -> Rgb:
    """The image with a sensible contrast; without one, tissue that is bright where it faces us.

    Parameters
    ----------
    projection
        Of the image.
    image : ndarray, shape (H, W) or (H, W, 3), or None
        Any kind of number.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
        See :func:`napari_brainreg3d.results.colours.picture_rgb`.
    """
    if image is not None:
        return picture_rgb(image)
    facing = np.cos(np.radians(projection.incidence_deg))
    return picture_rgb(np.nan_to_num(0.1 + facing, nan=0.0))


def map_panel(
    raster: ImageRaster, values: npt.NDArray[Any], limits: tuple[float, float]
) -> Image.Image:
    """Show numbers as colours, with the outlines of the regions.

    Parameters
    ----------
    raster
        Of the projection; gives proportions, outlines, directions and scale bar.
    values : ndarray, shape (H, W)
        One number per pixel of the image; NaN is nothing.
    limits
        The values of the brightest and of the darkest colour.
    """
    shown = Image.fromarray(depth_rgb(raster.nearest(values), *limits))
    draw_lines(shown, raster.lines, DARK, 1.1, opacity=0.5)
    return raster.framed(shown)


def map_bar(limits: tuple[float, float], unit: str, width_px: int, height_px: int) -> Image.Image:
    """The colours of :func:`map_panel` with their numbers and the unit."""
    bar = Image.new("RGB", (width_px, height_px), PAPER)
    left, right = 14, width_px - 22 - round(measure(unit, 14)[1])
    colours = depth_rgb(np.linspace(*limits, right - left)[None].repeat(10, axis=0), *limits)
    bar.paste(Image.fromarray(colours), (left, 4))
    for step in round_steps(*limits, about=5):
        place = left + (step - limits[0]) / (limits[1] - limits[0]) * (right - left)
        draw_lines(bar, [np.array([[13.0, place], [17.0, place]])], INK, 1.0)
        write(bar, place, height_px - 2, f"{step:g}", 13, INK, anchor="ms")
    write(bar, width_px - 2, height_px - 2, unit, 13, GREY, anchor="rs")
    return bar
