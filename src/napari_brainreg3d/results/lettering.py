"""Text and lines on a picture, legible on any background."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from napari_brainreg3d.geometry.frames import FloatArray

Colour = tuple[int, int, int]

WHITE: Final = (255, 255, 255)
DARK: Final = (12, 14, 18)
#: What the font cannot write, in other words.
_SPELLED: Final = str.maketrans(
    {"µ": "u", "μ": "u", "ß": "ss", "ø": "o", "Ø": "O", "\xd7": "x", "\u2212": "-", "\u2013": "-"}
)
#: Lines are drawn so many times too large and then shrunk: that smooths them.
_FINER: Final = 3


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that Pillow carries, so that pictures look alike on all computers."""
    return ImageFont.load_default(size_px)


@cache
def drawable(text: str) -> str:
    """A text in the letters that the font has: without accents, ``?`` for other scripts."""
    folded = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    kept = (c for c in folded if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" or c == "°" else "?" for c in kept)


def measure(text: str, size_px: int) -> tuple[float, float]:
    """Height of capitals and width of a text, in pixels."""
    left, _, right, _ = font(size_px).getbbox(drawable(text))
    _, top, _, bottom = font(size_px).getbbox("H")
    return float(bottom - top), float(right - left)


def write(
    picture: Image.Image,
    column: float,
    row: float,
    text: str,
    size_px: int,
    colour: Colour = WHITE,
    *,
    anchor: str = "mm",
    halo: Colour | None = None,
    is_bold: bool = False,
) -> None:
    """Write on a picture, with an edge around the letters that sets them off.

    Parameters
    ----------
    picture
        Changed in place.
    column, row
        Where the anchor comes to lie.
    text, size_px, colour
        What, how large, and in which colour.
    anchor
        Pillow's two letters: ``l``, ``m``, ``r`` and ``s`` (line of writing) or ``m``.
    halo
        Colour of the edge; None for no edge.
    is_bold
        Whether the strokes are thicker.
    """
    draw = ImageDraw.Draw(picture)
    place, text = (column, row), drawable(text)
    if halo is not None:
        width = 1 + size_px // 9
        draw.text(place, text, halo, font(size_px), anchor=anchor, stroke_width=width)
    thickness = 0.45 if is_bold else 0.0
    draw.text(place, text, colour, font(size_px), anchor=anchor, stroke_width=thickness)


def draw_lines(
    picture: Image.Image,
    lines: Iterable[FloatArray],
    colour: Colour,
    width_px: float,
    *,
    opacity: float = 1.0,
    halo: Colour | None = None,
) -> None:
    """Draw smooth lines on a picture.

    Parameters
    ----------
    picture
        Changed in place.
    lines
        Each of shape (N, 2), (row, column) in the picture; whole numbers are pixel centres.
    colour, width_px, opacity
        How they look.
    halo
        Colour of a wider, half transparent line underneath, which sets them off; None for none.
    """
    kept = [(line[:, ::-1] + 0.5) * _FINER for line in lines]
    if halo is not None:
        _stroke(picture, kept, halo, width_px + 2.2, 0.5 * opacity)
    _stroke(picture, kept, colour, width_px, opacity)


def _stroke(
    picture: Image.Image,
    lines: Sequence[FloatArray],
    colour: Colour,
    width_px: float,
    opacity: float,
) -> None:
    mask = Image.new("L", (picture.width * _FINER, picture.height * _FINER))
    draw = ImageDraw.Draw(mask)
    for line in lines:
        points = [(float(x), float(y)) for x, y in line]
        draw.line(points, fill=round(255 * opacity), width=round(width_px * _FINER))
    picture.paste(colour, mask=mask.resize(picture.size, Image.Resampling.BOX))


def scale_bar(picture: Image.Image, column: float, row: float, length_px: float, text: str) -> None:
    """Draw a bar with its length above it; (column, row) is its left end."""
    draw = ImageDraw.Draw(picture)
    for margin, colour in ((2, DARK), (0, WHITE)):
        box = (column - margin, row - 2 - margin, column + length_px + margin, row + 1 + margin)
        draw.rectangle(box, colour)
    write(picture, column + length_px / 2.0, row - 17, text, 15, halo=DARK)
