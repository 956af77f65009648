"""The part of the panel with the landmarks: what it shows and what its controls do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.landmarks.placed import Waiting
from napari_brainreg3d._napari.widgets.aids import Aids
from napari_brainreg3d._napari.widgets.landmark_table import ATLAS, IMAGE, LEFT_OUT, NAME, OFF
from napari_brainreg3d._napari.widgets.panel import AlignWidget
from napari_brainreg3d.projection.presets import LandmarkPreset
from tests.fixtures.gui import wait_for_work
from tests.fixtures.scenes import sphere_scene

POINTS = {
    "front": (3600.0, 1800.0, 4700.0),
    "back": (6300.0, 1700.0, 4300.0),
    "left": (5200.0, 1900.0, 6000.0),
    "right": (4700.0, 2000.0, 3000.0),
    "more": (5600.0, 1200.0, 4900.0),
}


@pytest.fixture
def aids(
    bench: Bench, picture: np.ndarray, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Aids]:
    """What helps with the alignment, over a ball with presets."""
    presets = tuple(LandmarkPreset(name, at, "") for name, at in POINTS.items())
    module = "napari_brainreg3d._napari.landmarks.desk.landmark_presets"
    monkeypatch.setattr(module, lambda _: presets)
    bench.stage.viewer.add_image(picture, name="picture")
    bench.images.choose_newest()
    bench.session.set_pixel_size((150.0, 150.0))
    bench.session.set_scene(sphere_scene(subdivisions=3))
    widget = AlignWidget(bench.stage.viewer)
    qtbot.addWidget(widget)
    widget.show()
    wait_for_work(qtbot, bench)
    aids = widget.contents.align.aids
    qtbot.mouseClick(aids.landmarks.header, Qt.MouseButton.LeftButton)
    wait_for_work(qtbot, bench)
    yield aids
    widget.close()


@pytest.fixture
def body(aids: Aids) -> Any:
    return aids.landmarks.body


def choose(body: Any, text: str) -> None:
    """Choose from the list of points."""
    body.add.setCurrentIndex(body.add.findText(text))
    body.add.activated.emit(body.add.currentIndex())


def place_all(bench: Bench, body: Any, names: Any = POINTS) -> None:
    """Choose each preset and click where the camera sees it."""
    view = bench.session.registration.view
    for name in names:
        choose(body, name)
        bench.landmarks.state.place(tuple(view.atlas_to_pixels(POINTS[name]) + (0.3, -0.2)))


def cell(body: Any, row: int, column: int) -> str:
    return str(body.table.item(row, column).text())


def test_a_preset_waits_for_its_click_and_the_words_say_so(bench: Bench, body: Any) -> None:
    assert body.words.text() == "no landmarks yet"
    choose(body, "front")
    assert bench.landmarks.state.waiting == Waiting(0, "image")
    assert "Click on the image where front is" in body.words.text()
    assert [cell(body, 0, column) for column in (NAME, IMAGE, ATLAS)] == ["front", "click", "✓"]
    assert body.add.currentIndex() == 0
    choose(body, "a point of my own")
    assert cell(body, 1, NAME) == "point 1"
    assert cell(body, 1, ATLAS) == "\u2013"


def test_what_is_placed_is_listed_with_how_far_it_is_off(
    bench: Bench, body: Any, aids: Aids
) -> None:
    place_all(bench, body)
    assert body.table.rowCount() == 5
    assert body.words.text().startswith("rms 0 µm")
    assert all(cell(body, row, OFF) == "0" for row in range(5))
    assert all(cell(body, row, LEFT_OUT) == "0" for row in range(5))
    assert aids.landmarks.status.whole_text == "✓ 5: rms 0 µm"
    bench.session.aligner.slide(300.0, 0.0)
    assert body.fit.isEnabled()
    assert cell(body, 0, OFF) == "300"
    assert "moved since the fit" in aids.landmarks.status.whole_text
    body.fit.click()
    assert cell(body, 0, OFF) == "0"
    assert not body.fit.isEnabled()


def test_a_click_on_a_side_places_it_anew_and_a_second_one_does_not(
    bench: Bench, body: Any
) -> None:
    place_all(bench, body, ["front", "back"])
    body.table.cellClicked.emit(1, IMAGE)
    assert bench.landmarks.state.waiting == Waiting(1, "image")
    assert cell(body, 1, IMAGE) == "click"
    body.table.cellClicked.emit(1, IMAGE)
    assert bench.landmarks.state.waiting is None
    assert cell(body, 1, IMAGE) == "✓"


def test_names_can_be_edited_and_rows_removed(bench: Bench, body: Any) -> None:
    place_all(bench, body)
    body.table.item(2, NAME).setText("edge of the skull")
    assert bench.landmarks.state.marks[2].name == "edge of the skull"
    body.table.item(2, NAME).setText("")
    assert cell(body, 2, NAME) == "edge of the skull"
    body.table.selectRow(0)
    body.remove.click()
    assert bench.landmarks.state.marks[0].name == "back"


def test_the_other_tilt_is_offered(bench: Bench, body: Any) -> None:
    place_all(bench, body, ["front", "back", "left"])
    assert body.alternative.isVisibleTo(body)
    assert "another tilt fits as well" in body.other_words.text()
    pose = bench.session.alignment.pose
    body.other.click()
    assert bench.session.alignment.pose != pose
    place_all(bench, body, ["right", "more"])
    assert not body.alternative.isVisibleTo(body)


def test_click_error_and_pixel_size_are_options_of_the_fit(bench: Bench, body: Any) -> None:
    place_all(bench, body)
    body.click_sd.setValue(40.0)
    body.free_size.click()
    options = bench.landmarks.state.options
    assert (options.click_sd_um, options.free_pixel_size) == (40.0, True)


def test_a_lock_and_a_missing_image_take_the_controls_away(bench: Bench, body: Any) -> None:
    place_all(bench, body, ["front", "back"])
    bench.session.aligner.set_locked(True)
    assert not body.add.isEnabled()
    assert not body.remove.isEnabled()
    bench.session.aligner.set_locked(False)
    assert body.add.isEnabled()


def test_folding_the_part_lets_go_of_the_mouse(bench: Bench, body: Any, aids: Aids) -> None:
    choose(body, "front")
    aids.landmarks.set_open(False)
    assert bench.landmarks.state.waiting is None
    assert not bench.landmarks.state.is_editing


def test_another_atlas_has_other_points(
    bench: Bench, body: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "napari_brainreg3d._napari.landmarks.desk.landmark_presets"
    other = (LandmarkPreset("pole", (1.0, 2.0, 3.0), ""),)
    monkeypatch.setattr(module, lambda _: other)
    bench.session.set_scene(sphere_scene(radius_um=1500.0, subdivisions=2))
    wait_for_work(qtbot, bench)
    texts = [body.add.itemText(i) for i in range(body.add.count())]
    assert texts == ["add a point …", "a point of my own", "pole"]
