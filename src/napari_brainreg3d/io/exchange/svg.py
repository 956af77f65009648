"""Region outlines as a drawing (SVG) to work on in Inkscape or Illustrator."""

from __future__ import annotations

import base64
import io
import json
import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np
import PIL.Image

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.polygons import PixelPolygon, pixel_polygons
from napari_brainreg3d.io.exchange.sided import SidedRegion, sided_labels
from napari_brainreg3d.io.metadata import metadata_of
from napari_brainreg3d.io.pixels import Pixels
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.results.colours import picture_rgb, round_number
from napari_brainreg3d.results.orientation import direction_marks

_SVG: Final = "http://www.w3.org/2000/svg"
_INKSCAPE: Final = "http://www.inkscape.org/namespaces/inkscape"
_LAYER: Final = {f"{{{_INKSCAPE}}}groupmode": "layer"}
#: Acronyms that may begin an id of XML.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
#: What XML has no place for, not even escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: White border around the image, for the letters of the directions, as a share of its longer side.
_MARGIN: Final = 0.06

UNITS: Final = (
    "The unit of the drawing is 1 um in the plane of focus, (0, 0) the upper left corner of the "
    "image; the groups left and right are drawn in pixels, x = column, y = row, and scaled. left "
    "and right are the animal's own; A, P, L, R, D, V are directions of the animal."
)


def write_svg(
    path: str | os.PathLike[str],
    projection: Projection,
    *,
    image: Pixels | None = None,
    magnification: float = 10.0,
    overwrite: bool = False,
) -> Path:
    """Write the outlines of all regions in view as layers of a drawing.

    Parameters
    ----------
    path
        Usually ``<image>.svg``.
    projection
        Grouped in any way.
    image : ndarray, shape (H, W) or (H, W, 3)
        Laid under the outlines, with a sensible contrast; None: only outlines.
    magnification
        How much larger than the brain the drawing is: at 10 a millimetre of it takes a centimetre.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file. Layers ``image``, ``left``, ``right`` and ``scale``; one path per region, whose id
        is e.g. ``VISp-left``, with the region's name as its title.

    Raises
    ------
    OutputError
        When the name has another ending, the magnification is not positive, the file exists and may
        not be replaced, or it cannot be written.
    """
    target = check_ending(path, "a drawing", ".svg")
    if not 0.0 < magnification < math.inf:
        raise OutputError(f"the magnification must be positive, got {magnification!r}")
    ET.register_namespace("", _SVG)
    ET.register_namespace("inkscape", _INKSCAPE)
    tree = ET.ElementTree(_drawing(projection, image, magnification))
    ET.indent(tree)
    with replacing(target, overwrite=overwrite) as temporary:
        tree.write(temporary, encoding="utf-8", xml_declaration=True)
    return target


def _drawing(projection: Projection, image: Pixels | None, magnification: float) -> ET.Element:
    registration = projection.registration
    height_um, width_um = registration.grid.extent_um
    margin = _MARGIN * max(height_um, width_um)
    box = (-margin, -margin, width_um + 2 * margin, height_um + 2 * margin)
    mm = [f"{size * magnification / 1000.0:g}mm" for size in box[2:]]
    svg = _element(
        "svg", version="1.1", width=mm[0], height=mm[1], viewBox=" ".join(map(_number, box))
    )
    title = f"Regions of {registration.image_name or 'an image'} ({projection.scene.atlas.name})"
    ET.SubElement(svg, f"{{{_SVG}}}title").text = _NOT_XML.sub("?", title)
    ET.SubElement(svg, f"{{{_SVG}}}desc").text = f"{UNITS} Drawn {magnification:g} : 1."
    about = metadata_of(projection, "outlines of the regions of each hemisphere", units=UNITS)
    ET.SubElement(svg, f"{{{_SVG}}}metadata").text = json.dumps(about)
    if image is not None:
        svg.append(_image_layer(image, (height_um, width_um)))
    svg.extend(_region_layers(projection))
    svg.append(_scale_layer(projection, margin))
    return svg


def _image_layer(image: Pixels, extent_um: tuple[float, float]) -> ET.Element:
    buffer = io.BytesIO()
    PIL.Image.fromarray(picture_rgb(image)).save(buffer, format="PNG")
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    picture = _element(
        "image",
        width=_number(extent_um[1]),
        height=_number(extent_um[0]),
        preserveAspectRatio="none",
        href=f"data:image/png;base64,{text}",
    )
    layer = _layer("image")
    layer.append(picture)
    return layer


def _region_layers(projection: Projection) -> list[ET.Element]:
    sided = sided_labels(projection)
    polygons = pixel_polygons(sided.labels)
    names = _identifiers(sided.regions)
    row_um, column_um = projection.registration.pixel_size_um
    layers = []
    for side in ("left", "right"):
        layer = _layer(side, transform=f"scale({_number(column_um)} {_number(row_um)})")
        for region in sided.regions:
            if region.side == side:
                layer.append(_path(region, polygons[region.value], names[region.value]))
        layers.append(layer)
    return layers


def _path(region: SidedRegion, polygons: list[PixelPolygon], identifier: str) -> ET.Element:
    rings = [ring for polygon in polygons for ring in (polygon.shell, *polygon.holes)]
    lines = " ".join(
        "M" + " ".join(f"{column},{row}" for row, column in ring.tolist()) + "Z" for ring in rings
    )
    colour = "#{:02x}{:02x}{:02x}".format(*region.region.rgb)
    path = _element(
        "path",
        id=identifier,
        d=lines,
        fill=colour,
        stroke=colour,
        **{
            "fill-rule": "evenodd",
            "fill-opacity": "0.35",
            "stroke-width": "1",
            "vector-effect": "non-scaling-stroke",
            f"{{{_INKSCAPE}}}label": region.name,
            "data-atlas-id": str(region.region.id),
            "data-acronym": region.region.acronym,
            "data-hemisphere": region.side,
            "data-pixels": str(region.pixels),
        },
    )
    title = f"{region.name}: {region.region.name} ({region.side} hemisphere)"
    ET.SubElement(path, f"{{{_SVG}}}title").text = title
    return path


def _identifiers(regions: tuple[SidedRegion, ...]) -> dict[int, str]:
    """Ids that XML allows and of which no two are the same, by value."""
    names = Counter((region.region.acronym, region.side) for region in regions)
    return {
        region.value: f"{region.region.acronym}-{region.side}"
        if _PLAIN.fullmatch(region.region.acronym)
        and names[region.region.acronym, region.side] == 1
        else f"region-{region.region.id}-{region.side}"
        for region in regions
    }


def _scale_layer(projection: Projection, margin_um: float) -> ET.Element:
    registration = projection.registration
    height, width = registration.grid.extent_um
    layer = _layer("scale")
    size = 0.62 * margin_um
    for mark in direction_marks(registration.pose, registration.camera):
        reach = min(
            (height / 2 + margin_um / 2) / max(abs(mark.down), 1e-9),
            (width / 2 + margin_um / 2) / max(abs(mark.right), 1e-9),
        )
        place = (width / 2 + reach * mark.right, height / 2 + reach * mark.down)
        layer.append(_text(mark.letter, place, size, anchor="middle"))
    bar_mm = round_number(0.25 * width / 1000.0)
    ends = (0.0, 1000.0 * bar_mm)
    line = _element(
        "path",
        id="scale-bar",
        d=f"M{_number(ends[0])},{_number(height + 0.3 * margin_um)} H{_number(ends[1])}",
        stroke="#111111",
        fill="none",
    )
    line.set("stroke-width", _number(0.12 * margin_um))
    layer.append(line)
    place = (ends[1] + 0.3 * margin_um, height + 0.3 * margin_um)
    layer.append(_text(f"{bar_mm:g} mm", place, 0.8 * size, anchor="start"))
    return layer


def _text(text: str, place: tuple[float, float], size_um: float, anchor: str) -> ET.Element:
    element = _element("text", x=_number(place[0]), y=_number(place[1]), fill="#111111")
    element.set("font-family", "sans-serif")
    element.set("font-size", _number(size_um))
    element.set("text-anchor", anchor)
    element.set("dominant-baseline", "central")
    element.text = text
    return element


def _layer(name: str, **attributes: str) -> ET.Element:
    layer = _element("g", id=name, **attributes, **_LAYER)
    layer.set(f"{{{_INKSCAPE}}}label", name)
    return layer


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(f"{{{_SVG}}}{tag}", attributes)


def _number(value: float) -> str:
    return f"{np.round(value, 4):.10g}"
