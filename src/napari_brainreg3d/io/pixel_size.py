"""The size of a pixel, as files state it.

Every function returns (height, width) in um, or None when the file does not say.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final
from xml.etree import ElementTree

import tifffile

from napari_brainreg3d.io.frames import PixelSize

_UM_PER_UNIT: Final = {
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "um": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "pm": 1e-6,
    "\u00e5": 1e-4,
    "angstrom": 1e-4,
    "in": 25400.0,
    "inch": 25400.0,
    "inches": 25400.0,
}

#: The micro sign, the Greek letter and the ways in which programs garble or escape them.
_MICRO: Final = re.compile("\u00c2?\u00b5|\u03bc|\\\\u00b5|\\\\u03bc|&micro;|&#181;", re.IGNORECASE)

#: Resolutions that printers, scanners and programs write into any picture, dots per inch.
_PRINT_DPI: Final = (300, 350, 360, 400, 600, 720, 1200, 1440, 2400, 2880, 4800, 9600)
_PRINT_TOLERANCE: Final = 2e-3
#: Where a bare resolution tag is believed, um: 72 to 240 dots per inch lie above.
_PLAUSIBLE_UM: Final = (0.05, 100.0)


def um_per_unit(unit: str) -> float | None:
    """Micrometres in a unit of length, None when it is not one (``"pixel"``, ``""``)."""
    word = _MICRO.sub("u", unit.strip().strip('"')).lower()
    return _UM_PER_UNIT.get(word, _UM_PER_UNIT.get(word.removesuffix("s")))


def from_dpi(dpi_rows: float, dpi_columns: float) -> PixelSize | None:
    """Turn dots per inch into a pixel size if that is plausible for a microscope.

    Programs write 72, 96 or 300 dots per inch into any picture: such numbers, and sizes outside
    0.05 to 100 um, mean nothing.
    """
    return _plausible(_size(25400.0, dpi_rows, dpi_columns))


def from_tiff(tif: tifffile.TiffFile) -> PixelSize | None:
    """Find the pixel size of the first image of a TIFF.

    In this order: OME's ``PhysicalSize``, Micro-Manager's ``PixelSizeUm``, ImageJ's unit with the
    resolution tags, the resolution tags alone where plausible (see :func:`from_dpi`).
    """
    page = tif.pages.first
    tags = page.tags
    per_unit = [_ratio(tags.valueof(name)) for name in ("YResolution", "XResolution")]
    if tif.is_ome and tif.ome_metadata and (size := from_ome(tif.ome_metadata)):
        return size
    if size := _from_micromanager(tags.valueof("MicroManagerMetadata")):
        return size
    if tif.is_imagej and (size := _from_imagej(tif.imagej_metadata or {}, *per_unit)):
        return size
    unit = {2: 25400.0, 3: 10000.0}.get(int(tags.valueof("ResolutionUnit", 2) or 0))
    return None if unit is None else _plausible(_size(unit, *per_unit))


def from_ome(xml: str) -> PixelSize | None:
    """Read ``PhysicalSizeY`` and ``PhysicalSizeX`` of the first image of OME-XML."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    pixels = next((node for node in root.iter() if node.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return None
    sizes = []
    for axis in "YX":
        unit = um_per_unit(pixels.get(f"PhysicalSize{axis}Unit", "um"))
        try:
            sizes.append(float(pixels.get(f"PhysicalSize{axis}", "nan")) * (unit or math.nan))
        except ValueError:
            return None
    return _valid(*sizes)


def _from_imagej(metadata: dict[str, Any], rows: float, columns: float) -> PixelSize | None:
    unit = um_per_unit(str(metadata.get("unit", "")))
    # ImageJ writes yunit only when it differs from unit.
    unit_rows = um_per_unit(str(metadata.get("yunit", metadata.get("unit", ""))))
    if unit is None or unit_rows is None or not (rows > 0 and columns > 0):
        return None
    size = _valid(unit_rows / rows, unit / columns)
    # ImageJ keeps the 72 dots per inch of the file that an image came from.
    return _plausible(size) if unit >= _UM_PER_UNIT["cm"] else size


def _from_micromanager(metadata: Any) -> PixelSize | None:
    try:
        size = float(metadata["PixelSizeUm"])
    except (TypeError, KeyError, ValueError):
        return None
    return _valid(size, size)


def _ratio(value: Any) -> float:
    """Read the (numerator, denominator) of a resolution tag; NaN for nonsense."""
    try:
        numerator, denominator = value
        return float(numerator) / float(denominator)
    except (TypeError, ValueError, ZeroDivisionError):
        return math.nan


def _size(um: float, per_unit_rows: float, per_unit_columns: float) -> PixelSize | None:
    if not (per_unit_rows > 0 and per_unit_columns > 0):
        return None
    return _valid(um / per_unit_rows, um / per_unit_columns)


def _valid(rows: float, columns: float) -> PixelSize | None:
    is_valid = all(math.isfinite(size) and size > 0 for size in (rows, columns))
    return (rows, columns) if is_valid else None


def _plausible(size: PixelSize | None) -> PixelSize | None:
    if size is None:
        return None
    low, high = _PLAUSIBLE_UM
    if not all(low <= side <= high for side in size):
        return None
    dpi = 25400.0 / size[1]
    is_print = any(math.isclose(dpi, d, rel_tol=_PRINT_TOLERANCE) for d in _PRINT_DPI)
    return None if is_print else size
