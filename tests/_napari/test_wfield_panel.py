"""Files of wfield in napari: started from, and written beside the other results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.reader import get_reader, get_wfield_reader
from napari_brainreg3d._napari.widgets.docking import open_panel
from napari_brainreg3d._napari.widgets.landmarks_section import LandmarksSection
from napari_brainreg3d._napari.widgets.save_section import SaveSection
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.geometry import OrthographicCamera, Pose
from napari_brainreg3d.io.wfield import read_wfield_landmarks
from tests.fixtures.gui import wait_for_work
from tests.fixtures.scenes import letter_scene

SHAPE = (135, 160)
#: Pixels of 77.6 um: a quarter of wfield's 640 x 540 frame, turned by 10 degrees.
TURN = np.radians(10.0)
TRANSFORM = np.array(
    [
        [0.25 * np.cos(TURN), -0.25 * np.sin(TURN), 12.0],
        [0.25 * np.sin(TURN), 0.25 * np.cos(TURN), -9.0],
        [0.0, 0.0, 1.0],
    ]
)
NAMES = ["OB_left", "OB_center", "OB_right", "RSP_base"]
MM = np.array([(-1.95, -3.45), (0.0, -3.45), (1.95, -3.45), (0.0, 3.20)])


def in_image(mm: Any) -> np.ndarray:
    """Where wfield draws places (x right, y behind bregma, mm), by its own definition: (x, y)."""
    reference = np.asarray(mm) / 0.0194 + (320.0, 270.0)
    return reference @ TRANSFORM[:2, :2].T + TRANSFORM[:2, 2]


@pytest.fixture
def wfield_file(tmp_path: Path) -> Path:
    """As wfield writes it."""
    seen = in_image(MM)
    path = tmp_path / "dorsal_cortex_landmarks.json"
    lists = {"name": NAMES, "color": ["#fc9d03"] * 4}
    content = {
        "landmarks": {"x": MM[:, 0].tolist(), "y": MM[:, 1].tolist(), **lists},
        "landmarks_match": {"x": seen[:, 0].tolist(), "y": seen[:, 1].tolist(), **lists},
        "resolution": 0.0194,
        "bregma_offset": [320, 270],
        "transform": TRANSFORM.tolist(),
        "transform_type": "similarity",
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def over_demo(bench: Bench, qtbot: Any) -> Bench:
    """An image over the demo atlas, which lies in the Allen CCF; its pixel size is unknown."""
    bench.stage.viewer.add_image(np.zeros(SHAPE, np.uint16) + 7, name="picture")
    bench.images.choose_newest()
    bench.session.set_scene(load_scene("demo_mouse"))
    wait_for_work(qtbot, bench)
    return bench


def test_the_pose_starts_where_wfield_draws_its_map(
    over_demo: Bench, wfield_file: Path, qtbot: Any, monkeypatch: Any, told: list[str]
) -> None:
    body = LandmarksSection(over_demo, Links())
    qtbot.addWidget(body)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wfield_file), ""))
    body.wfield.click()
    found = over_demo.session.registration
    assert found.pixel_size_um == pytest.approx((77.6, 77.6))
    places = [(2.0, 1.0), (-1.0, -2.0), (0.5, 0.0)]
    atlas = [(5400.0 + 1000 * y, 600.0, 5700.0 - 1000 * x) for x, y in places]
    np.testing.assert_allclose(
        found.view.atlas_to_pixels(atlas)[:, ::-1], in_image(places), atol=0.01
    )
    marks = over_demo.landmarks.state.marks
    assert [mark.name for mark in marks] == NAMES
    np.testing.assert_allclose([mark.image_px[::-1] for mark in marks], in_image(MM))
    np.testing.assert_allclose([mark.atlas_um[0] for mark in marks], 5400.0 + 1000 * MM[:, 1])
    np.testing.assert_allclose([mark.atlas_um[2] for mark in marks], 5700.0 - 1000 * MM[:, 0])
    assert all(mark.atlas_um[1] > 0 for mark in marks)
    assert all(row.distance_um < 1.0 for row in over_demo.landmarks.state.rows)
    over_demo.session.aligner.undo()
    assert over_demo.landmarks.state.marks == ()
    assert told == []


def test_what_is_missing_or_wrong_is_told_once(
    bench: Bench, over_demo: Bench, wfield_file: Path, tmp_path: Path, told: list[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    bench.landmarks.open_wfield(other)
    assert "not a landmark file of wfield" in told[0]
    bench.session.set_scene(letter_scene())
    bench.landmarks.open_wfield(wfield_file)
    assert "test_letter does not" in told[1]
    bench.session.set_image(None)
    bench.landmarks.open_wfield(wfield_file)
    assert "need the image" in told[2]
    assert len(told) == 3


def test_only_files_of_that_name_are_taken(wfield_file: Path) -> None:
    assert get_wfield_reader(str(wfield_file)) is not None
    assert get_wfield_reader([str(wfield_file)]) is not None
    assert get_wfield_reader("landmarks.json") is None
    assert get_reader(str(wfield_file)) is None


def test_a_dropped_file_opens_the_panel(
    window_bench: Bench, wfield_file: Path, told: list[str]
) -> None:
    reader = get_wfield_reader(str(wfield_file))
    assert reader is not None
    assert reader(str(wfield_file)) == [(None,)]
    panel = open_panel(window_bench.stage.viewer)
    assert panel.bench is window_bench
    assert len(told) == 1
    assert "need the image" in told[0]


def test_results_are_written_for_wfield_and_locanmf(
    over_demo: Bench, tmp_path: Path, qtbot: Any
) -> None:
    bench = over_demo
    bench.session.set_pixel_size((80.0, 80.0))
    bench.session.aligner.set_camera(OrthographicCamera())
    bench.session.aligner.set_pose(Pose.dorsal(centre_um=(5600.0, 0.0, 5500.0), yaw_deg=6.0))
    body = SaveSection(bench, Links())
    qtbot.addWidget(body)
    assert not body.what["wfield"].isEnabled()
    bench.projecting.run()
    wait_for_work(qtbot, bench)
    bench.saving.save(tmp_path, "day1", ["wfield", "locanmf", "labels"])
    wait_for_work(qtbot, bench)
    read = read_wfield_landmarks(tmp_path / "day1_dorsal_cortex_landmarks.json")
    # Untilted, wfield's flat map is exactly what the camera sees.
    places = [(1.0, -2.0), (-2.0, 1.0)]
    atlas = [(5400.0 + 1000 * y, 900.0, 5700.0 - 1000 * x) for x, y in places]
    seen = bench.session.registration.view.atlas_to_pixels(atlas)
    np.testing.assert_allclose(read.to_image_px(places)[:, ::-1], seen, atol=0.01)
    values = np.load(tmp_path / "day1_locanmf.npy")
    names = dict(json.loads((tmp_path / "day1_locanmf.json").read_text()))
    labels = bench.session.projection.labels
    np.testing.assert_array_equal(np.abs(values), labels)
    assert (values < 0).any()
    assert (values > 0).any()
    assert names[-1].endswith("_right")
    there = bench.saving.would_replace(tmp_path, "day1", ["wfield", "locanmf"])
    assert {path.name for path in there} == {
        "day1.brainreg3d.json",
        "day1_dorsal_cortex_landmarks.json",
        "day1_locanmf.npy",
    }
    bench.session.set_scene(letter_scene())
    bench.projecting.run()
    wait_for_work(qtbot, bench)
    assert not body.what["wfield"].isEnabled()
    assert body.what["locanmf"].isEnabled()
