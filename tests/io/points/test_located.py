"""Tables of located points, as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from napari_brainreg3d import Pose, Registration
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.points import read_points_csv, write_located
from napari_brainreg3d.results.locate import locate, locate_rois, rois_of_labels, to_pixels
from tests.fixtures.scenes import letter_scene

LETTER = letter_scene()
OVER = Registration(
    atlas="allen_mouse_test",
    image_shape=(50, 70),
    pixel_size_um=(97.0, 83.0),
    pose=Pose.dorsal(centre_um=(4100.0, 600.0, 7000.0), yaw_deg=17.0, roll_deg=12.0),
    side_confirmed=True,
)
POINTS = np.array([(22.125, 32.0), (-4.0, 1.0), (31.0, 18.0), (0.0, 0.0)])


def test_what_was_written_reads_back_equal(tmp_path: Path) -> None:
    table = locate((LETTER, OVER), POINTS, names=["c", "a", "7", "null"])
    path, description = write_located(tmp_path / "located.csv", table)
    assert description == tmp_path / "located.json"
    back = pd.read_csv(
        path, keep_default_na=False, na_values={"depth_um": [""]}, dtype={"name": str}
    )
    assert back["name"].tolist() == ["c", "a", "7", "null"]
    for name in ("region", "hemisphere", "status", "region_id", "label"):
        assert back[name].tolist() == table[name].tolist()
    assert_allclose(back["depth_um"], table["depth_um"], rtol=1e-9)


def test_both_files_say_what_the_numbers_count_from(tmp_path: Path) -> None:
    table = locate((LETTER, OVER), POINTS, bregma="pinpoint_2024", tilt_deg=5.0)
    path, description = write_located(tmp_path / "located.csv", table)
    back = pd.read_csv(path)
    text = "pinpoint_2024: AP 5200 DV 440 ML 5700 um; tilt 5 deg nose up"
    assert set(back["bregma"]) == {text}
    assert set(back["atlas"]) == {"test_letter 1.0"}
    assert back["conventions"][0].startswith("atlas um: from front, top, animal's right")
    about = json.loads(description.read_text(encoding="utf-8"))
    assert about["bregma"] == text
    assert about["side_confirmed"] is True
    assert "small = right hemisphere" in about["conventions"]
    assert about["columns"]["stereotaxic_ml_mm"] == "mm from the named bregma, right +"
    assert about["rows"] == 4
    assert "visible" not in about["columns"]


def test_coordinates_go_out_and_back_in(tmp_path: Path) -> None:
    """Located points are read as places in the brain and fall on the same pixels again."""
    table = locate((LETTER, OVER), POINTS[[0, 2]])
    path, _ = write_located(tmp_path / "located.csv", table)
    places = read_points_csv(path, kind="atlas").values
    mm = read_points_csv(path, kind="stereotaxic").values
    for given in ({"atlas_um": places}, {"stereotaxic_mm": mm}):
        back = to_pixels((LETTER, OVER), **given)
        assert_allclose(back[["row", "col"]], POINTS[[0, 2]], rtol=0, atol=1e-5)
        assert back["visible"].all()
    write_located(tmp_path / "back.csv", back)


def test_regions_of_interest_have_their_columns_described(tmp_path: Path) -> None:
    labels = np.zeros((50, 70), np.uint8)
    labels[20:24, 30:35] = 3
    table = locate_rois((LETTER, OVER), rois_of_labels(labels))
    _, description = write_located(tmp_path / "cells.csv", table)
    columns = json.loads(description.read_text(encoding="utf-8"))["columns"]
    assert {"area_mm2", "majority_share", "inside_share"} <= set(columns)


def test_existing_files_stay(tmp_path: Path) -> None:
    table = locate((LETTER, OVER), POINTS)
    for there in ("located.csv", "located.json"):
        file = tmp_path / there
        file.write_text("mine")
        with pytest.raises(OutputError, match=rf"{there} exists already"):
            write_located(tmp_path / "located.csv", table)
        assert [path.name for path in tmp_path.iterdir()] == [there]
        assert file.read_text() == "mine"
        file.unlink()
    write_located(tmp_path / "located.csv", table)
    write_located(tmp_path / "located.csv", table.iloc[:1], overwrite=True)
    assert len(pd.read_csv(tmp_path / "located.csv")) == 1
    with pytest.raises(OutputError, match=r"ends in \.csv"):
        write_located(tmp_path / "located.txt", table)
    with pytest.raises(OutputError, match="is the name of a registration"):
        write_located(tmp_path / "brain.brainreg3d.csv", table, overwrite=True)
