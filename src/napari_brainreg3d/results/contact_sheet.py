"""One picture of many sessions, each before and after it was matched to the first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_brainreg3d.geometry import PixelGrid
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.registration.matching import ImageMatch
from napari_brainreg3d.registration.matching.carrying import GOOD_QUALITY
from napari_brainreg3d.registration.matching.pictures import brightness
from napari_brainreg3d.results.contact_panels import (
    Rgb,
    checkerboard,
    contrast_between,
    evened,
    overlay,
    resampled,
)
from napari_brainreg3d.results.lettering import Colour, measure, write

PANEL_PX: Final = (210, 280)
"""Largest height and width of a panel."""

_TEXT_PX, _GAP_PX, _BORDER_PX, _HEADER_PX = 310, 14, 24, 58
_NAME_SIZE, _LINE_SIZE, _LINE_PX = 17, 14, 21
_MOST_LINES: Final = 8
_PAPER: Final = (255, 255, 255)
_INK: Final = (28, 32, 40)
_GREY: Final = (104, 112, 124)
#: Colours of the first line under a name.
GOOD: Final = (24, 120, 62)
WEAK: Final = (176, 104, 0)
BAD: Final = (178, 34, 34)
_EMPTY: Final = (238, 240, 243)
TITLES: Final = ("session", "before", "after", "after, checkerboard")
"""Of the columns, where sessions are matched."""

LEGEND: Final = "magenta: reference, green: session, grey: both alike"
"""What the colours mean there."""


@dataclass(frozen=True, slots=True, eq=False)
class ContactEntry:
    """One row of a contact sheet. Made by :func:`contact_entry`.

    Attributes
    ----------
    name
        Of the session.
    lines
        What is written under the name.
    colour
        Of the first of the lines.
    panels
        Before, after and checkerboard, each of shape (H, W, 3), uint8; fewer when there is nothing
        to show.
    """

    name: str
    lines: tuple[str, ...]
    colour: Colour
    panels: tuple[Rgb, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "panels", tuple(read_only(panel) for panel in self.panels))


def contact_entry(
    name: str,
    previous_image: npt.ArrayLike,
    new_image: npt.ArrayLike | None,
    *,
    previous_pixel_size_um: tuple[float, float],
    new_pixel_size_um: tuple[float, float] | None = None,
    match: ImageMatch | None = None,
    problem: str = "",
) -> ContactEntry:
    """Draw a row of a contact sheet.

    Parameters
    ----------
    name
        Of the session.
    previous_image : array_like, shape (H, W), (H, W, 3) or (H, W, 4)
        The reference, the same for all rows.
    new_image : array_like, shape (h, w), (h, w, 3) or (h, w, 4)
        The session's; None when it could not be read.
    previous_pixel_size_um, new_pixel_size_um
        Height and width of their pixels, um; the new one's by default the same.
    match
        How the new image lies in the previous one; None when they do not match.
    problem
        Why there is no registration.

    Returns
    -------
    ContactEntry
        Small, whatever the size of the images.

    Raises
    ------
    RegistrationError
        When an image is not a picture.
    """
    panels: tuple[Rgb, ...] = ()
    if new_image is not None:
        sizes = (previous_pixel_size_um, new_pixel_size_um or previous_pixel_size_um)
        panels = _panels(previous_image, new_image, sizes, match)
    figures = () if match is None else _figures(match)
    if problem or match is None:
        room = max(_MOST_LINES - len(figures), 1)
        reason = textwrap.wrap(problem, 40, max_lines=room, placeholder=" ...")
        return ContactEntry(name, ("not matched", *figures, *reason), BAD, panels)
    return ContactEntry(name, figures, GOOD if match.quality >= GOOD_QUALITY else WEAK, panels)


def contact_sheet(
    entries: Iterable[ContactEntry], *, titles: Sequence[str] = TITLES, legend: str = LEGEND
) -> Rgb:
    """Lay out rows of sessions in one picture.

    Parameters
    ----------
    entries
        In the order of the rows.
    titles
        Of the column with the names and of those with the panels.
    legend
        What the colours of the panels mean.

    Returns
    -------
    ndarray, shape (H, W, 3), uint8
        Per row the session's name and figures, then its panels; by default the images laid over
        each other before and after, and a checkerboard of them. Without entries only the titles.
    """
    rows = list(entries)
    columns = len(titles) - 1
    row_px = PANEL_PX[0] + _GAP_PX
    width = 2 * _BORDER_PX + _TEXT_PX + columns * (PANEL_PX[1] + _GAP_PX)
    height = 2 * _BORDER_PX + _HEADER_PX + len(rows) * row_px
    sheet = Image.new("RGB", (width, height), _PAPER)
    lefts = [_BORDER_PX] + [
        _BORDER_PX + _TEXT_PX + number * (PANEL_PX[1] + _GAP_PX) for number in range(columns)
    ]
    for left, title in zip(lefts, titles, strict=True):
        write(sheet, left, _BORDER_PX + 14, title, 18, _INK, anchor="ls", is_bold=True)
    write(sheet, lefts[1], _BORDER_PX + 38, legend, 14, _GREY, anchor="ls")
    for number, entry in enumerate(rows):
        _draw_row(sheet, entry, lefts, _BORDER_PX + _HEADER_PX + number * row_px)
    return np.array(sheet)


def _figures(match: ImageMatch) -> tuple[str, ...]:
    down, right = match.shift_um
    return (
        f"quality {match.quality:.2f} ({match.features} patches)",
        f"shift {np.hypot(down, right):.0f} um ({down:+.0f} down, {right:+.0f} right)",
        f"rotation {match.rotation_deg:+.2f} degrees (sd {match.rotation_sd_deg:.3f})",
        f"scale {match.scale:.4f}, overlap {100 * match.overlap:.0f} %",
        f"patches are {match.residual_um:.1f} um off (rms)",
    )


def _draw_row(sheet: Image.Image, entry: ContactEntry, lefts: list[int], top: int) -> None:
    name = _shortened(entry.name, _NAME_SIZE, _TEXT_PX - _GAP_PX)
    write(sheet, lefts[0], top + 16, name, _NAME_SIZE, _INK, anchor="ls", is_bold=True)
    for number, line in enumerate(entry.lines):
        colour = entry.colour if number == 0 else _INK
        row = top + 42 + number * _LINE_PX
        write(sheet, lefts[0], row, line, _LINE_SIZE, colour, anchor="ls", is_bold=number == 0)
    height, width = PANEL_PX
    for number, left in enumerate(lefts[1:]):
        box = Image.new("RGB", (width, height), _EMPTY)
        if number < len(entry.panels):
            panel = Image.fromarray(entry.panels[number])
            box.paste(panel, ((width - panel.width) // 2, (height - panel.height) // 2))
        sheet.paste(box, (left, top))


def _shortened(text: str, size_px: int, room_px: float) -> str:
    """The text, without its middle where it is too long."""
    kept = len(text)
    short = text
    while kept > 4 and measure(short, size_px)[1] > room_px:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"
    return short


def _panels(
    previous_image: npt.ArrayLike,
    new_image: npt.ArrayLike,
    sizes: tuple[tuple[float, float], tuple[float, float]],
    match: ImageMatch | None,
) -> tuple[Rgb, ...]:
    previous, new = brightness(previous_image, "reference"), brightness(new_image, "new image")
    grid, new_grid = (
        PixelGrid((grey.shape[0], grey.shape[1]), size)
        for grey, size in zip((previous, new), sizes, strict=True)
    )
    um_per_px = max(um / px for um, px in zip(grid.extent_um, PANEL_PX, strict=True))
    height, width = (max(1, round(um / um_per_px)) for um in grid.extent_um)
    panel = PixelGrid((height, width), (um_per_px, um_per_px))
    to_previous = _between(panel, grid)
    still = evened(resampled(previous, to_previous, panel.shape))
    before = evened(resampled(new, _between(panel, new_grid), panel.shape))
    if match is None:
        return (overlay(still, before),)
    to_new = np.linalg.inv(match.matrix_px) @ to_previous
    after = evened(resampled(new, to_new, panel.shape))
    factor, offset = contrast_between(after, still)
    before, after = (np.clip(factor * part + offset, 0.0, 1.0) for part in (before, after))
    return overlay(still, before), overlay(still, after), checkerboard(still, after)


def _between(source: PixelGrid, target: PixelGrid) -> FloatArray:
    """Takes pixels of one raster to those of another with the same centre, shape (3, 3)."""
    matrix = np.diag([*np.divide(source.size_um, target.size_um), 1.0])
    matrix[:2, 2] = target.centre_px - matrix[:2, :2] @ source.centre_px
    return np.asarray(matrix)
