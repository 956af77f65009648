"""TIFF files that ImageJ opens with their scale, slice names and description; and back."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tifffile import TiffFile, TiffWriter

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.failures import check_file, naming
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.pixel_size import from_tiff
from napari_brainreg3d.io.pixels import Pixels
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.io.tiff_check import check_whole
from napari_brainreg3d.io.tiff_stack import silent

#: Bytes of pixels beyond which the pages of a classic TIFF cannot all be described. ImageJ then
#: writes, and reads, a file that describes the first page only, the others following it in order.
_DESCRIBED_BYTES: Final = 2**32 - 2**25


@dataclass(frozen=True, slots=True, eq=False)
class ImageJTiff:
    """The content of a file written by :func:`save_imagej`, or by ImageJ.

    Attributes
    ----------
    pixels : ndarray, shape (H, W) or (N, H, W)
        In native byte order.
    pixel_size_um
        Height and width, None when the file does not say.
    labels
        Names of the slices, as many as the file has.
    info
        The description that :func:`save_imagej` wrote; empty in a file from elsewhere.
    """

    pixels: Pixels
    pixel_size_um: PixelSize | None
    labels: tuple[str, ...]
    info: dict[str, Any]


def check_name(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if it is the name of a TIFF.

    Raises
    ------
    OutputError
        When it has another suffix.
    """
    return check_ending(path, "a TIFF", ".tif", ".tiff")


def save_imagej(
    path: Path,
    planes: Iterable[Pixels],
    *,
    shape: Sequence[int],
    dtype: npt.DTypeLike,
    axes: str,
    pixel_size_um: PixelSize,
    info: dict[str, Any],
    labels: Sequence[str] = (),
    display_range: tuple[float, float],
) -> None:
    """Write an uncompressed ImageJ TIFF, plane by plane, to a path that is ours to write.

    Parameters
    ----------
    path
        Where to write; what is there is replaced.
    planes
        As many arrays of shape (H, W) as ``shape`` says; taken one at a time.
    shape, axes
        E.g. (60, 251, 400) and ``"ZYX"``.
    dtype
        uint8, uint16 or float32.
    pixel_size_um
        Height and width of a pixel, for the resolution tags.
    info
        Goes as JSON into the text that ImageJ shows under Image > Show Info.
    labels
        Names of the planes.
    display_range
        What ImageJ shows as black and as white.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    rows_um, columns_um = pixel_size_um
    low, high = display_range
    metadata = {
        "axes": axes,
        "unit": "um",
        "min": low,
        "max": high,
        "Info": json.dumps(info, indent=2, ensure_ascii=False),
        **({"Labels": list(labels)} if labels else {}),
    }
    if len(shape) > 2:
        metadata["mode"] = "grayscale"
    with TiffWriter(path, imagej=True) as tif:
        tif.write(
            iter(planes),
            shape=tuple(shape),
            dtype=np.dtype(dtype),
            # Without it a picture that is 3 or 4 pixels wide would be taken for colours.
            photometric="minisblack",
            resolution=(1.0 / columns_um, 1.0 / rows_um),
            metadata=metadata,
            truncate=size > _DESCRIBED_BYTES,
        )


def load_imagej(path: str | os.PathLike[str]) -> ImageJTiff:
    """Read a whole TIFF with its scale, slice names and description.

    Raises
    ------
    ImageError
        When the file is absent, damaged or not a TIFF; one line that names it.
    """
    file = Path(path)
    with naming(file):
        check_file(file)
        with silent(), TiffFile(file) as tif:
            check_whole(tif)
            pixels = tif.series[0].asarray()
            metadata = tif.imagej_metadata or {}
            size = from_tiff(tif)
        if pixels.ndim < 2 or 0 in pixels.shape:
            raise ImageError(f"it holds no picture but an array of shape {pixels.shape}")
    labels = metadata.get("Labels", ())
    # A single name comes as a text, not as a list of one.
    labels = (labels,) if isinstance(labels, str) else tuple(labels)
    native = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return ImageJTiff(native, size, labels, _info(metadata.get("Info", "")))


def _info(text: str) -> dict[str, Any]:
    try:
        info = json.loads(text)
    except ValueError:  # ImageJ's own text, or a text that ImageJ has added to
        return {}
    return info if isinstance(info, dict) else {}
