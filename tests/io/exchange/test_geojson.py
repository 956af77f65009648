"""GeoJSON as other parsers read it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.geojson import write_geojson

geojson = pytest.importorskip("geojson")
shapely = pytest.importorskip("shapely")


@pytest.fixture
def read(tmp_path: Path, letter):
    return geojson.loads(write_geojson(tmp_path / "f.geojson", letter).read_text("utf-8"))


def test_a_parser_finds_it_valid(read) -> None:
    assert isinstance(read, geojson.FeatureCollection)
    assert read.is_valid, read.errors()
    for feature in read.features:
        assert feature.is_valid, feature.errors()


def test_polygons_are_the_pixels_of_each_region_and_side(read, by_hand) -> None:
    """Sides are those of the animal: the arm of the letter ends right of the midline."""
    _, ml, shown = by_hand
    is_left = ml >= 5700
    expected = {
        f"{name} {side}": (shown == i) & (is_left if side == "left" else ~is_left)
        for i, name in enumerate(("stem", "arm", "bar"))
        for side in ("left", "right")
    }
    found = {feature.properties["name"]: feature for feature in read.features}
    assert set(found) == {name for name, mask in expected.items() if mask.any()}
    assert set(found) == {"stem left", "arm left", "arm right", "bar left"}
    rows, columns = np.mgrid[: shown.shape[0], : shown.shape[1]]
    for name, feature in found.items():
        shape = shapely.geometry.shape(feature.geometry)
        assert shape.is_valid
        assert shape.area == expected[name].sum() == feature.properties["measurements"]["pixels"]
        # The centre of the first pixel is at (0.5, 0.5): x is the column, y the row.
        inside = shapely.contains_xy(shape, columns + 0.5, rows + 0.5)
        np.testing.assert_array_equal(inside, expected[name])


def test_qupath_finds_class_colour_and_kind(read) -> None:
    stem = next(f for f in read.features if f.properties["name"] == "stem left")
    assert stem.properties["objectType"] == "annotation"
    assert stem.properties["classification"] == {"name": "stem left", "color": [228, 26, 28]}
    area = stem.properties["measurements"]["projected area mm^2"]
    assert area == pytest.approx(stem.properties["measurements"]["pixels"] * 0.15 * 0.2)


def test_rings_are_closed_and_run_as_the_standard_says(read) -> None:
    """RFC 7946: shells counter-clockwise in x and y, holes clockwise; first and last the same."""
    for feature in read.features:
        polygon = shapely.geometry.shape(feature.geometry)
        assert feature.geometry.coordinates[0][0] == feature.geometry.coordinates[0][-1]
        assert polygon.exterior.is_ccw


def test_holes_and_parts_are_kept(tmp_path: Path, projection) -> None:
    """The region 007 of the projection by hand has a part in either corner."""
    text = write_geojson(tmp_path / "a.geojson", projection).read_text("utf-8")
    found = {f["properties"]["name"]: f for f in json.loads(text)["features"]}
    assert {name: f["properties"]["measurements"]["pixels"] for name, f in found.items()} == {
        "MOp left": 6,
        "MOp right": 1,
        "007 left": 1,
        "007 right": 3,
    }
    labels = np.ones((5, 7), np.uint16) * 2
    labels[2, 3] = 0
    import dataclasses

    ring = dataclasses.replace(projection, finest=labels)
    text = write_geojson(tmp_path / "b.geojson", ring).read_text("utf-8")
    (feature,) = json.loads(text)["features"]
    assert feature["properties"]["name"] == "MOp left"
    shape = shapely.geometry.shape(feature["geometry"])
    assert (shape.area, len(shape.interiors)) == (34, 1)


def test_the_file_says_axes_and_sides(read) -> None:
    about = read["napari-brainreg3d"]
    assert "BrainGlobe asr" in about["conventions"]
    assert "animal's own" in about["coordinates"]
    assert about["side_confirmed"] is False


def test_the_same_region_has_the_same_identity_again(tmp_path: Path, letter, read) -> None:
    again = json.loads(write_geojson(tmp_path / "2.geojson", letter).read_text("utf-8"))
    assert [f["id"] for f in again["features"]] == [f["id"] for f in read.features]
    assert len({f["id"] for f in again["features"]}) == 4


def test_an_existing_file_stays(tmp_path: Path, letter) -> None:
    path = tmp_path / "f.geojson"
    path.write_text("mine")
    with pytest.raises(OutputError, match="--overwrite"):
        write_geojson(path, letter)
    assert path.read_text() == "mine"
