"""The drawing, read as XML."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import PIL.Image
import pytest

from napari_brainreg3d.io.exchange.svg import write_svg

SVG = "{http://www.w3.org/2000/svg}"


def area(path: str) -> float:
    """Area of a path of straight lines with holes, even-odd, in the units of its numbers."""
    total = 0.0
    for ring in re.findall(r"M([^MZ]*)Z", path):
        points = np.array([pair.split(",") for pair in ring.split()], float)
        x, y = points.T
        total += (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    return total


@pytest.fixture
def root(tmp_path: Path, letter, picture) -> ET.Element:
    return ET.parse(write_svg(tmp_path / "f.svg", letter, image=picture)).getroot()


def layer(root: ET.Element, name: str) -> ET.Element:
    (found,) = (g for g in root.iter(f"{SVG}g") if g.get("id") == name)
    return found


def test_each_side_is_a_layer_with_a_path_per_region(root, by_hand) -> None:
    _, ml, shown = by_hand
    for side, there in (("left", ml >= 5700), ("right", ml < 5700)):
        paths = {path.get("id"): path for path in layer(root, side)}
        expected = {
            f"{name}-{side}": int(((shown == i) & there).sum())
            for i, name in enumerate(("stem", "arm", "bar"))
            if ((shown == i) & there).any()
        }
        assert {name: area(path.get("d")) for name, path in paths.items()} == expected
    stem = next(iter(layer(root, "left")))
    assert stem.get("fill") == "#e41a1c"
    assert stem.find(f"{SVG}title").text == "stem left: Region stem (left hemisphere)"


def test_lengths_are_true(root) -> None:
    """41 rows of 150 um and 50 columns of 200 um, ten times enlarged, with the same margin."""
    left, top, width, height = map(float, root.get("viewBox").split())
    assert width + 2 * left == pytest.approx(50 * 200)
    assert height + 2 * top == pytest.approx(41 * 150)
    assert float(root.get("width").removesuffix("mm")) == pytest.approx(10 * width / 1000)
    assert layer(root, "left").get("transform") == "scale(200 150)"
    bar = next(e for e in layer(root, "scale") if e.get("id") == "scale-bar")
    length = float(bar.get("d").rpartition("H")[2]) / 1000
    assert [e.text for e in layer(root, "scale") if e.text and "mm" in e.text] == [f"{length:g} mm"]


def test_letters_say_which_way_is_which(root) -> None:
    texts = {e.text: e for e in layer(root, "scale") if e.tag == f"{SVG}text" and len(e.text) == 1}
    assert float(texts["A"].get("y")) < 0 < 41 * 150 < float(texts["P"].get("y"))
    assert float(texts["L"].get("x")) < 0 < 50 * 200 < float(texts["R"].get("x"))


def test_the_image_lies_under_the_outlines(root, picture) -> None:
    names = [g.get("id") for g in root if g.tag == f"{SVG}g"]
    assert names == ["image", "left", "right", "scale"]
    image = layer(root, "image")[0]
    assert (image.get("width"), image.get("height")) == ("10000", "6150")
    data = base64.b64decode(image.get("href").partition("base64,")[2])
    pixels = np.asarray(PIL.Image.open(io.BytesIO(data)))
    assert pixels.shape == (*picture.shape, 3)
    assert pixels[0, 0, 0] < pixels[-1, -1, 0]


def test_without_an_image_there_are_only_outlines(tmp_path: Path, letter) -> None:
    root = ET.parse(write_svg(tmp_path / "f.svg", letter)).getroot()
    assert [g.get("id") for g in root if g.tag == f"{SVG}g"] == ["left", "right", "scale"]


def test_the_file_says_axes_and_sides(root) -> None:
    assert "animal's own" in root.find(f"{SVG}desc").text
    assert "BrainGlobe asr" in root.find(f"{SVG}metadata").text


def test_names_that_xml_forbids_become_harmless(tmp_path: Path, projection) -> None:
    """007 cannot be an id, two regions may share an acronym, a file name may hold anything."""
    regions = tuple(
        dataclasses.replace(region, acronym="007") for region in projection.scene.regions
    )
    rows = tuple(
        dataclasses.replace(row, region=region)
        for row, region in zip(projection.grouping.rows, regions, strict=True)
    )
    odd = dataclasses.replace(
        projection,
        grouping=dataclasses.replace(projection.grouping, rows=rows),
        registration=projection.registration.replaced(image_name='<a> & "b" \x01 \udcff.tif'),
    )
    root = ET.parse(write_svg(tmp_path / "f.svg", odd)).getroot()
    names = [path.get("id") for side in ("left", "right") for path in layer(root, side)]
    assert len(set(names)) == len(names) == 4
    assert all(re.fullmatch("region-[0-9]+-(left|right)", name) for name in names)
    assert '<a> & "b" ? ?.tif' in root.find(f"{SVG}title").text
