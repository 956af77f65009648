"""A depth mixture as files, read back by other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_brainreg3d import Pose, Registration
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.light_maps import LIGHT_FILES, write_light
from napari_brainreg3d.projection.depth_mixture import DepthMixture, depth_mixture
from tests.fixtures.scenes import letter_scene


def mixture() -> DepthMixture:
    registration = Registration(
        atlas="test_letter",
        image_shape=(30, 41),
        pixel_size_um=(190.0, 130.0),
        pose=Pose.dorsal(centre_um=(4100.0, 600.0, 7000.0), yaw_deg=17.0, roll_deg=12.0),
        image_name="brain.tif",
    )
    return depth_mixture(
        letter_scene(), registration, attenuation_um=300.0, brightness={"bar": 0.5}
    )


def test_every_map_reads_back_equal(tmp_path: Path) -> None:
    light = mixture()
    written = write_light(tmp_path / "new", "brain", light)
    assert [path.name for path in written] == [f"brain{end}" for end in LIGHT_FILES]
    maps = {path.name: tifffile.imread(path) for path in written if path.suffix == ".tif"}
    assert maps["brain_light_labels.tif"].dtype == np.uint16
    assert maps["brain_light_fractions.tif"].shape == (3, 30, 41)
    for name, values in (
        ("dominant", light.dominant),
        ("labels", light.labels),
        ("fractions", light.fractions),
        ("other", light.other),
        ("entropy", light.entropy_bits),
        ("depth_um", light.mean_depth_um),
    ):
        assert_array_equal(maps[f"brain_light_{name}.tif"], values)
    assert len(np.unique(light.dominant)) == 4


def test_files_say_what_they_are(tmp_path: Path) -> None:
    write_light(tmp_path, "brain", mixture())
    with tifffile.TiffFile(tmp_path / "brain_light_fractions.tif") as tif:
        metadata = tif.imagej_metadata
        row_um = 1 / np.divide(*tif.pages[0].tags["YResolution"].value)
    assert metadata is not None
    assert metadata["Labels"] == ["rank 1", "rank 2", "rank 3"]
    assert row_um == pytest.approx(190.0)
    about = json.loads(metadata["Info"])
    assert about["labels"] == {"1": "stem", "2": "arm", "3": "bar"}
    assert about["light"] == {
        "attenuation_um": 300.0,
        "max_depth_um": pytest.approx(300.0 * np.log(1000.0)),
        "brightness": {"bar": 0.5},
    }
    assert "small = right hemisphere" in about["conventions"]
    assert about["image"]["name"] == "brain.tif"
    table = pd.read_csv(tmp_path / "brain_light_regions.csv", keep_default_na=False)
    assert table["acronym"].tolist() == ["stem", "arm", "bar"]
    assert set(table["attenuation_um"]) == {300.0}
    assert "small = right hemisphere" in table["conventions"][0]


def test_existing_files_stay_and_nothing_is_half_written(tmp_path: Path) -> None:
    light = mixture()
    there = tmp_path / "brain_light_depth_um.tif"  # the last one that would be written
    there.write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_light(tmp_path, "brain", light)
    assert [path.name for path in tmp_path.iterdir()] == [there.name]
    assert there.read_text() == "mine"
    assert len(write_light(tmp_path, "brain", light, overwrite=True)) == len(LIGHT_FILES)
    with pytest.raises(OutputError, match="cannot begin the name"):
        write_light(tmp_path, "a/b", light)
