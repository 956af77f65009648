from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.io
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.io.maps import QUANTITIES, read_map, write_map
from napari_brainreg3d.registration.schema import CONVENTIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "window_map.tif"


@pytest.mark.parametrize("quantity", list(QUANTITIES))
def test_maps_come_back_as_they_were(path: Path, projection, quantity: str) -> None:
    assert write_map(path, projection, quantity) == path
    read = read_map(path)
    assert read.values.dtype == np.float32
    expected = getattr(projection, quantity)
    assert np.isnan(expected).any()
    assert_array_equal(read.values, expected)
    assert_allclose(read.pixel_size_um, (15.9, 15.6), rtol=1e-7)
    assert read.metadata["quantity"] == quantity
    assert read.metadata["conventions"] == CONVENTIONS
    assert not read.values.flags.writeable


@pytest.mark.parametrize("quantity", ["depth_um", "surface_depth_um", "incidence_deg"])
def test_other_programs_see_numbers_the_right_way_up(
    path: Path, projection, imagej, quantity: str
) -> None:
    write_map(path, projection, quantity)
    expected = getattr(projection, quantity)
    assert_array_equal(skimage.io.imread(path), expected)
    assert_array_equal(imagej(path).planes[0], expected)
    assert_allclose(imagej(path).pixel_size_um, (15.9, 15.6), rtol=1e-7)


def test_depth_is_that_of_the_picture_by_hand(path: Path, projection) -> None:
    """The only tissue of the last row is its first pixel, number 28."""
    write_map(path, projection, "depth_um")
    last = read_map(path).values[-1]
    assert last[0] == 128.0
    assert np.isnan(last[1:]).all()


def test_imagej_shows_the_whole_range_of_values(path: Path, projection, imagej) -> None:
    """Pixels 1 and 28 are the first and the last with tissue."""
    write_map(path, projection, "depth_um")
    description = imagej(path).description
    assert (float(description["min"]), float(description["max"])) == (101.0, 128.0)


def test_atlas_coordinates_are_three_named_channels(path: Path, projection, imagej) -> None:
    write_map(path, projection, "atlas_um")
    seen = imagej(path)
    assert seen.labels == ["AP", "DV", "ML"]
    assert seen.description["channels"] == "3"
    for axis, plane in enumerate(seen.planes):
        assert_array_equal(plane, projection.atlas_um[..., axis])
    info = json.loads(seen.info)
    assert "AP, DV, ML" in info["content"]
    assert "right to left" in info["conventions"]


def test_atlas_coordinates_grow_backwards_down_the_image(path: Path, projection) -> None:
    """The picture by hand is a dorsal view: rows run backwards, columns to the animal's right."""
    write_map(path, projection, "atlas_um")
    places = read_map(path).values
    assert places[3, 1, 0] > places[0, 1, 0]
    assert places[2, 6, 2] < places[2, 1, 2]


def test_a_map_without_any_tissue_is_written(path: Path, projection_with) -> None:
    nothing = np.full((5, 7), np.nan, np.float32)
    write_map(path, projection_with(depth_um=nothing), "depth_um")
    assert np.isnan(read_map(path).values).all()


def test_an_existing_file_is_kept(path: Path, projection) -> None:
    path.write_text("precious")
    with pytest.raises(OutputError):
        write_map(path, projection, "depth_um")
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(np.ones((4, 5), np.uint16), id="whole numbers"),
        pytest.param(np.ones((2, 4, 5), np.float32), id="two planes"),
    ],
)
def test_what_is_no_map_is_refused(path: Path, content: np.ndarray) -> None:
    tifffile.imwrite(path, content, photometric="minisblack")
    with pytest.raises(ImageError, match="not a map"):
        read_map(path)
