"""A session's row of the contact sheet, kept as a small picture beside its results."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image as Picture

from napari_brainreg3d.batch.placing import Placed
from napari_brainreg3d.batch.products import SessionWork
from napari_brainreg3d.registration.matching.carrying import GOOD_QUALITY
from napari_brainreg3d.results.colours import picture_rgb
from napari_brainreg3d.results.contact_sheet import (
    BAD,
    GOOD,
    PANEL_PX,
    WEAK,
    ContactEntry,
    contact_entry,
)
from napari_brainreg3d.results.image_panels import ImageRaster, image_panel, label_panel

STRIP_SUFFIX: Final = "_batch.png"
"""End of the name of the picture."""

TITLES: Final = ("session", "image and regions", "regions of the atlas", "matched to its reference")
LEGEND: Final = "letters: directions of the animal; squares: reference and session in turn"


#: Letters in a line, and lines under a name.
_LETTERS, _MOST_LINES = 40, 7


def write_strip(path: Path, work: SessionWork, place: Placed) -> None:
    """Draw the panels of a session, side by side: the image, its regions, and its match."""
    raster = ImageRaster(work.projection, picture_rgb(work.image.pixels), PANEL_PX)
    panels = [image_panel(raster), label_panel(raster)]
    if place.reference is not None:
        entry = contact_entry(
            work.row.name,
            place.reference.image.pixels,
            work.image.pixels,
            previous_pixel_size_um=place.reference.registration.pixel_size_um,
            new_pixel_size_um=place.registration.pixel_size_um,
            match=place.match,
        )
        panels.append(Picture.fromarray(entry.panels[-1]))
    height, width = PANEL_PX
    strip = Picture.new("RGB", (width * len(panels), height), (255, 255, 255))
    for number, panel in enumerate(panels):
        corner = ((width - panel.width) // 2, (height - panel.height) // 2)
        strip.paste(panel, (number * width + corner[0], corner[1]))
    strip.save(path, format="PNG")


def strip_entry(
    name: str, strip: Path, status: str, figures: Mapping[str, Any], notes: Sequence[str]
) -> ContactEntry:
    """The row of a session that is done.

    Parameters
    ----------
    name
        Of the session.
    strip
        Its picture; a row without pictures when it cannot be read.
    status
        What became of it.
    figures
        Those of its record.
    notes
        Warnings on the way.
    """
    lines = [status, f"{figures['regions_in_view']} regions, {figures['labelled_percent']:.1f} %"]
    colour = GOOD
    if (quality := figures.get("quality")) is not None:
        shift = np.hypot(figures["shift_down_um"], figures["shift_right_um"])
        lines.append(f"match: quality {quality:.2f}, shift {shift:.0f} um")
        lines.append(f"rotation {figures['rotation_deg']:+.2f}°, scale {figures['scale']:.4f}")
        colour = GOOD if quality >= GOOD_QUALITY else WEAK
    if not figures["side_confirmed"]:
        lines.append("left and right not confirmed")
        colour = WEAK
    room = _MOST_LINES - len(lines)
    if notes and room > 0:
        lines += textwrap.wrap(notes[0], _LETTERS, max_lines=room, placeholder=" ...")
    try:
        with Picture.open(strip) as file:
            whole = np.asarray(file.convert("RGB"))
    except OSError:
        return ContactEntry(name, tuple(lines), colour, ())
    panels = np.split(whole, whole.shape[1] // PANEL_PX[1], axis=1)
    return ContactEntry(name, tuple(lines), colour, tuple(panels))


def failed_entry(name: str, problem: str) -> ContactEntry:
    """The row of a session that failed."""
    reason = textwrap.wrap(problem, _LETTERS, max_lines=_MOST_LINES, placeholder=" ...")
    return ContactEntry(name, ("failed", *reason), BAD, ())
