"""How many frames per second a TIFF says it has."""

from __future__ import annotations

import math
from typing import Any, Final
from xml.etree import ElementTree

from tifffile import TiffFile

#: Seconds in a unit of time as OME and ImageJ write them; ImageJ's own default is "sec".
_SECONDS: Final = {"s": 1.0, "sec": 1.0, "second": 1.0, "ms": 1e-3, "msec": 1e-3, "min": 60.0}


def from_tiff(tif: TiffFile) -> float | None:
    """Find the frame rate of the first image of a TIFF.

    OME's ``TimeIncrement`` or ImageJ's ``finterval``; None when there is none or it is nonsense.
    """
    if tif.is_ome and tif.ome_metadata:
        return _from_ome(tif.ome_metadata)
    if tif.is_imagej:
        metadata = tif.imagej_metadata or {}
        return _rate(metadata.get("finterval"), metadata.get("tunit", "sec"))
    return None


def _from_ome(xml: str) -> float | None:
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    pixels = next((node for node in root.iter() if node.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return None
    return _rate(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))


def _rate(interval: Any, unit: Any) -> float | None:
    try:
        seconds = float(interval) * _SECONDS[str(unit)]
    except (TypeError, ValueError, KeyError):
        return None
    return 1.0 / seconds if math.isfinite(seconds) and seconds > 0 else None
