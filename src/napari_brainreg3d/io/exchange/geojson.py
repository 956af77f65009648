"""Region outlines as GeoJSON, as QuPath imports it."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any, Final

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.io.exchange.polygons import Corners, PixelPolygon, pixel_polygons
from napari_brainreg3d.io.exchange.sided import SidedRegion, sided_labels
from napari_brainreg3d.io.metadata import metadata_of
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.projection import Projection

PIXELS: Final = (
    "x = column, y = row, in pixels from the upper left corner of the image, as in QuPath: the "
    "centre of the first pixel is (0.5, 0.5). Polygons follow the borders of the pixels exactly. "
    "left and right are the animal's own."
)


def write_geojson(
    path: str | os.PathLike[str], projection: Projection, *, overwrite: bool = False
) -> Path:
    """Write the outlines of all regions in view, left and right apart.

    Parameters
    ----------
    path
        Usually ``<image>.geojson``.
    projection
        Grouped in any way.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file: a FeatureCollection with one annotation per region and hemisphere, a Polygon or,
        in several parts, a MultiPolygon. The member ``napari-brainreg3d`` says where it comes from.

    Raises
    ------
    OutputError
        When the name has another ending, the file exists and may not be replaced, or it cannot be
        written.
    """
    target = check_ending(path, "outlines", ".geojson", ".json")
    text = json.dumps(region_features(projection), allow_nan=False) + "\n"
    with replacing(target, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def region_features(projection: Projection) -> dict[str, Any]:
    """The FeatureCollection that :func:`write_geojson` writes, ready for JSON."""
    sided = sided_labels(projection)
    polygons = pixel_polygons(sided.labels)
    registration = projection.registration
    row_um, column_um = registration.pixel_size_um
    mm2_per_px = row_um * column_um / 1e6
    return {
        "type": "FeatureCollection",
        "features": [
            _feature(region, polygons[region.value], registration.image_sha256, mm2_per_px)
            for region in sided.regions
        ],
        "napari-brainreg3d": metadata_of(
            projection, "outlines of the regions of each hemisphere", coordinates=PIXELS
        ),
    }


def _feature(
    region: SidedRegion, polygons: list[PixelPolygon], image: str | None, mm2_per_px: float
) -> dict[str, Any]:
    parts = [[_ring(polygon.shell), *map(_ring, polygon.holes)] for polygon in polygons]
    only_one = len(parts) == 1
    return {
        "type": "Feature",
        # The same for the same region of the same image, so that a second import is recognised.
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{image} {region.region.id} {region.side}")),
        "geometry": {
            "type": "Polygon" if only_one else "MultiPolygon",
            "coordinates": parts[0] if only_one else parts,
        },
        "properties": {
            "objectType": "annotation",
            "name": region.name,
            "classification": {"name": region.name, "color": list(region.region.rgb)},
            "isLocked": True,
            "measurements": {
                "pixels": region.pixels,
                "projected area mm^2": region.pixels * mm2_per_px,
            },
            "metadata": {
                "atlas id": str(region.region.id),
                "region": region.region.name,
                "hemisphere": region.side,
            },
        },
    }


def _ring(corners: Corners) -> list[list[int]]:
    """Corners (row, column) as closed positions (x, y)."""
    positions: list[list[int]] = corners[:, ::-1].tolist()
    return [*positions, positions[0]]
