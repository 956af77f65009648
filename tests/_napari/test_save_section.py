"""Saving results and the session from the panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from npe2 import PluginManager
from qtpy.QtWidgets import QMessageBox

from napari_brainreg3d._napari.bench import Bench, bench_for
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.persistence import load_session
from napari_brainreg3d._napari.widgets.save_section import SaveSection
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.io.label_tiff import read_labels
from napari_brainreg3d.io.writing import ALL_RESULTS, write_results
from napari_brainreg3d.registration import Registration
from tests.fixtures.gui import wait_for_work


@pytest.fixture
def projected(ready: Bench, qtbot: Any) -> Bench:
    ready.session.aligner.set_pose(Pose.dorsal(centre_um=(4500.0, 900.0, 6800.0)))
    ready.projecting.run()
    wait_for_work(qtbot, ready)
    return ready


@pytest.fixture
def section(projected: Bench, qtbot: Any, tmp_path: Path) -> SaveSection:
    made = SaveSection(projected, Links())
    qtbot.addWidget(made)
    made.folder.setText(str(tmp_path))
    made.folder.textEdited.emit(str(tmp_path))
    made.stem.setText("day1")
    made.stem.textEdited.emit("day1")
    return made


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Answer the question whether to replace files, and note what was asked."""
    asked: list[str] = []

    def question(parent: Any, title: str, text: str) -> QMessageBox.StandardButton:
        asked.append(text)
        return button

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def test_it_knows_beforehand_which_files_would_be_replaced(
    projected: Bench, tmp_path: Path
) -> None:
    projection = projected.session.projection
    assert projection is not None
    what = [name for name in ALL_RESULTS if name != "unresolved"]
    assert projected.saving.would_replace(tmp_path, "a", what) == []
    write_results(tmp_path, "a", projection, what=what)
    found = projected.saving.would_replace(tmp_path, "a", what)
    assert set(found) == set(tmp_path.iterdir())
    assert tmp_path / "a_overview.png" in found


def test_what_is_ticked_is_written_and_said(
    section: SaveSection, projected: Bench, tmp_path: Path, qtbot: Any
) -> None:
    section.what["masks"].click()  # was ticked
    section.what["depth_um"].click()
    section.save.click()
    wait_for_work(qtbot, projected)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "day1.brainreg3d.json",
        "day1_depth_um.tif",
        "day1_labels.tif",
        "day1_regions.csv",
    ]
    assert "day1_labels.tif" in section.done.text()
    labels = read_labels(tmp_path / "day1_labels.tif").labels
    np.testing.assert_array_equal(labels, projected.session.projection.labels)  # type: ignore[union-attr]
    loaded = Registration.load(tmp_path / "day1.brainreg3d.json")
    assert loaded.pose == projected.session.alignment.pose  # type: ignore[union-attr]
    assert loaded.image_sha256 is not None


def test_the_session_alone_is_written_before_anything_is_projected(
    ready: Bench, qtbot: Any, tmp_path: Path
) -> None:
    made = SaveSection(ready, Links())
    qtbot.addWidget(made)
    assert not any(box.isEnabled() for box in made.what.values())
    ready.saving.save(tmp_path, "x", [])
    wait_for_work(qtbot, ready)
    assert [path.name for path in tmp_path.iterdir()] == ["x.brainreg3d.json"]
    assert load_session(tmp_path / "x.brainreg3d.json").options is None


def test_files_that_are_there_are_replaced_only_after_asking(
    section: SaveSection,
    projected: Bench,
    tmp_path: Path,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = tmp_path / "day1_labels.tif"
    labels.write_text("mine")
    asked = answer(monkeypatch, QMessageBox.StandardButton.No)
    section.save.click()
    wait_for_work(qtbot, projected)
    assert len(asked) == 1
    assert "day1_labels.tif" in asked[0]
    assert labels.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["day1_labels.tif"]
    answer(monkeypatch, QMessageBox.StandardButton.Yes)
    section.save.click()
    wait_for_work(qtbot, projected)
    assert read_labels(labels).labels.any()


def test_nothing_is_asked_when_nothing_is_there(
    section: SaveSection, projected: Bench, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(monkeypatch, QMessageBox.StandardButton.No)
    section.save.click()
    wait_for_work(qtbot, projected)
    assert asked == []


@pytest.mark.parametrize("stem", ["", "a/b"])
def test_a_name_that_cannot_be_one_is_refused_in_words(
    section: SaveSection, stem: str, told: list[str], tmp_path: Path
) -> None:
    section.stem.setText(stem)
    section.save.click()
    assert len(told) == 1
    assert "cannot begin the name" in told[0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(
    section: SaveSection, projected: Bench, tmp_path: Path, qtbot: Any, told: list[str]
) -> None:
    tmp_path.joinpath("file").write_text("")
    section.folder.setText(str(tmp_path / "file" / "folder"))
    section.save.click()
    wait_for_work(qtbot, projected)
    assert len(told) == 1
    assert "file" in told[0]
    assert section.save.isEnabled()


def test_results_go_beside_the_image_unless_the_user_says_otherwise(
    plugin: PluginManager, tmp_path: Path, picture: np.ndarray, qtbot: Any
) -> None:
    path = tmp_path / "mouse 3.tif"
    tifffile.imwrite(path, picture)
    bench = bench_for(ViewerModel())
    made = SaveSection(bench, Links())
    qtbot.addWidget(made)
    bench.stage.viewer.open(path, plugin="napari")
    assert made.folder.text() == str(tmp_path)
    assert made.stem.text() == "mouse_3"
    made.stem.setText("mine")
    made.stem.textEdited.emit("mine")
    bench.session.set_pixel_size((10.0, 10.0))
    made.refresh()
    assert made.stem.text() == "mine"
    wait_for_work(qtbot, bench)
    bench.stage.close()
