"""Panels that show the image's own raster: the image itself, and the regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.results.colours import (
    Rgb,
    label_rgb,
    round_number,
)
from napari_brainreg3d.results.lettering import (
    DARK,
    draw_lines,
    measure,
    scale_bar,
    write,
)
from napari_brainreg3d.results.naming import place_names
from napari_brainreg3d.results.orientation import direction_marks
from napari_brainreg3d.results.outlines import border_lines, without_gaps

PAPER: Final = (255, 255, 255)
INK: Final = (28, 32, 40)
GREY: Final = (104, 112, 124)
YELLOW: Final = (255, 214, 92)
#: Room around the image for the letters of the directions.
_MARGIN: Final = 28
#: From the left and lower edge of the image to the scale bar.
_BAR_INSET: Final = 16
_SHORTEST_SIDE: Final = 8
#: Images of so few pixels are shown with their pixels as squares.
_COARSE: Final = 100
#: Between the meshes of neighbouring regions; one line is drawn there, not two.
_WIDEST_GAP_UM: Final = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class ImageRaster:
    """The projection, resampled to the pixels of a panel with the right proportions.

    Parameters
    ----------
    projection
        Not changed.
    picture : ndarray, shape (H, W, 3), uint8
        The image of the projection.
    panel
        Height and width of the panels.
    """

    projection: Projection
    picture: Rgb
    panel: tuple[int, int]
    labels: npt.NDArray[Any] = field(init=False)
    lines: list[FloatArray] = field(init=False)

    def __post_init__(self) -> None:
        labels = self.nearest(self.projection.labels)
        # Steps of coarse pixels are rounded off over their own size, those of fine ones over one.
        pixel = max(n / m for n, m in zip(self.shape, self.projection.labels.shape, strict=True))
        smoothing = min(max(0.8, 0.55 * pixel), 6.0)
        closed = without_gaps(labels, max(_WIDEST_GAP_UM * self.scale, 1.0))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "lines", border_lines(closed, smoothing))

    @property
    def scale(self) -> float:
        """Pixels of the panel per um in the plane of focus."""
        extent = self.projection.registration.grid.extent_um
        return min((n - 2 * _MARGIN) / um for n, um in zip(self.panel, extent, strict=True))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image in the panel."""
        height, width = (
            max(_SHORTEST_SIDE, round(um * self.scale))
            for um in self.projection.registration.grid.extent_um
        )
        return height, width

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the panel at which the image begins."""
        row, column = ((n - m) // 2 for n, m in zip(self.panel, self.shape, strict=True))
        return row, column

    def nearest(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Resample an array of the image's shape without making new values."""
        rows, columns = (
            np.minimum((np.arange(n) + 0.5) * m / n, m - 1).astype(np.intp)
            for n, m in zip(self.shape, array.shape[:2], strict=True)
        )
        return np.asarray(array[rows[:, None], columns])

    def framed(self, shown: Image.Image) -> Image.Image:
        """Put a picture of :attr:`shape` into a panel, with directions and scale bar."""
        self._draw_scale_bar(shown)
        panel = Image.new("RGB", (self.panel[1], self.panel[0]), PAPER)
        row, column = self.corner
        panel.paste(shown, (column, row))
        self._write_directions(panel)
        return panel

    def write_names(self, shown: Image.Image) -> None:
        """Write the acronyms of the regions on a picture of :attr:`shape`."""
        rows = self.projection.grouping.rows
        sides = {row.hemisphere for row in rows}
        # Where each side has its own rows, the letter tells them apart.
        side = {"left": " L", "right": " R"} if len(sides) > 1 else {}
        names = [row.region.acronym + side.get(row.hemisphere, "") for row in rows]
        bar = (self.shape[0] - 50.0, 0.0, float(self.shape[0]), self._bar_mm * self._px_per_mm + 40)
        for place in place_names(self.labels, names, measure, taken=[bar]):
            write(shown, place.column, place.row, place.text, place.size_px, halo=DARK)

    @property
    def _px_per_mm(self) -> float:
        return 1000.0 * self.scale

    @property
    def _bar_mm(self) -> float:
        return round_number(0.22 * self.shape[1] / self._px_per_mm)

    def _draw_scale_bar(self, shown: Image.Image) -> None:
        length = self._bar_mm * self._px_per_mm
        if min(self.shape) > 4 * _BAR_INSET:
            scale_bar(shown, _BAR_INSET, shown.height - _BAR_INSET, length, f"{self._bar_mm:g} mm")

    def _write_directions(self, panel: Image.Image) -> None:
        registration = self.projection.registration
        height, width = self.shape
        middle = (self.corner[0] + height / 2.0, self.corner[1] + width / 2.0)
        for mark in direction_marks(registration.pose, registration.camera):
            # Along the direction from the middle to the border of the image, and a little on.
            reach = min(
                (height / 2.0 + _MARGIN / 2.0) / max(abs(mark.down), 1e-9),
                (width / 2.0 + _MARGIN / 2.0) / max(abs(mark.right), 1e-9),
            )
            row, column = middle[0] + reach * mark.down, middle[1] + reach * mark.right
            write(panel, column, row, mark.letter, 19, INK, is_bold=True)


def image_panel(raster: ImageRaster) -> Image.Image:
    """The image with the outlines and names of the regions."""
    size = (raster.shape[1], raster.shape[0])
    is_larger = min(n / m for n, m in zip(raster.shape, raster.picture.shape[:2], strict=True)) > 1
    # Few pixels are shown as what they are, many are smoothed, too many are averaged.
    how = Image.Resampling.BOX
    if is_larger:
        is_coarse = min(raster.picture.shape[:2]) <= _COARSE
        how = Image.Resampling.NEAREST if is_coarse else Image.Resampling.BICUBIC
    shown = Image.fromarray(raster.picture).resize(size, how)
    draw_lines(shown, raster.lines, YELLOW, 1.5, halo=DARK)
    raster.write_names(shown)
    return raster.framed(shown)


def label_panel(raster: ImageRaster) -> Image.Image:
    """The label image in the colours of the atlas, with names."""
    shown = Image.fromarray(label_rgb(raster.labels, raster.projection.grouping.rows))
    draw_lines(shown, raster.lines, DARK, 1.6)
    raster.write_names(shown)
    if not raster.labels.any():
        write(shown, shown.width / 2, shown.height / 2, "no region in view", 18, GREY)
    return raster.framed(shown)
