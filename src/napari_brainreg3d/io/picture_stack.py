"""PNG, JPEG and other pictures, read with Pillow; also TIFFs that only Pillow can decode."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import PIL.Image

from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.pixel_size import from_dpi
from napari_brainreg3d.io.pixels import Pixels, over_black

FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "JPEG2000", "TIFF")

_GREY_MODES: Final = ("1", "L", "I", "F", "I;16", "I;16L", "I;16B", "LA", "La")
#: Modes of Pillow whose pixels can be taken as they are.
_PLAIN_MODES: Final = (*_GREY_MODES[:-2], "RGB")


class PictureStack:
    """A picture, or an animation frame by frame.

    Parameters
    ----------
    path
        The file; it is opened and closed again for every frame.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as picture:
            self.frames = int(getattr(picture, "n_frames", 1))
            self.channels = 1 if picture.mode in _GREY_MODES else 3
            self._dpi = picture.info.get("dpi")
            self.remarks: tuple[str, ...] = ()
            if picture.format == "PNG" and _is_reduced(picture):
                self.remarks = ("16-bit colours reduced to 8 bits",)

    def _open(self) -> PIL.Image.Image:
        PIL.Image.init()  # without it Pillow knows only some of the formats by name
        with warnings.catch_warnings():
            # Pillow takes any image over 89 megapixels for an attack.
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            return PIL.Image.open(self._path, formats=FORMATS)

    def pixel_size_um(self) -> PixelSize | None:
        try:
            columns, rows = (float(value) for value in self._dpi)  # type: ignore[union-attr]
        except (TypeError, ValueError):
            return None
        return from_dpi(rows, columns)

    def describe(self, frame: int) -> str:
        return f"frame {frame} of {self.frames}" if self.frames > 1 else ""

    def read(self, frame: int, channel: int | None) -> Pixels:
        with self._open() as picture:
            picture.seek(frame)
            pixels = _pixels(picture)
        return pixels if channel is None or pixels.ndim == 2 else pixels[..., channel]

    def read_samples(self, frame: int) -> Pixels:
        """Pixels as they are stored: with palette indices and transparency, if there are any."""
        with self._open() as picture:
            picture.seek(frame)
            return _native(np.asarray(picture))


def _is_reduced(picture: PIL.Image.Image) -> bool:
    tiles: Any = getattr(picture, "tile", None)
    return bool(tiles) and str(tiles[0][3]).endswith(";16B") and picture.mode[0] != "I"


def _pixels(picture: PIL.Image.Image) -> Pixels:
    has_alpha = picture.has_transparency_data
    if picture.mode in _PLAIN_MODES and not has_alpha:
        return _native(np.asarray(picture))
    if not has_alpha:  # palettes of colours, CMYK, YCbCr, Lab, ...
        return np.asarray(picture.convert("RGB"))
    is_grey = picture.mode in _GREY_MODES
    mixed = np.asarray(picture.convert("LA" if is_grey else "RGBA"))
    colour = mixed[..., 0] if is_grey else mixed[..., :3]
    return over_black(colour, mixed[..., -1])


def _native(pixels: Pixels) -> Pixels:
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
