"""Landmarks, an earlier session, how sure it is: by mouse and keyboard, in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog
from scipy.spatial.transform import Rotation

from napari_brainreg3d._napari.bench import Bench, bench_for
from napari_brainreg3d._napari.confidence.judging import CONFIDENCE
from napari_brainreg3d._napari.earlier.desk import TEMPLATE
from napari_brainreg3d._napari.layers.landmarks import ARROWS, CLICKS, PLACES
from napari_brainreg3d._napari.persistence import SavedSession, save_session
from napari_brainreg3d._napari.widgets.docking import open_panel
from napari_brainreg3d.demo import demo_registration, render_brain
from napari_brainreg3d.geometry import PinholeCamera, Pose
from tests.fixtures.gui import wait_for_work
from tests.fixtures.window_events import Modifier, canvas, drag, drop, pick, press, type_number

pytestmark = pytest.mark.slow

#: The true camera over the demo brain, with an image of a quarter of the pixels.
TRUTH = demo_registration().replaced(image_shape=(224, 256), pixel_size_um=44.0, image_name=None)


def click(qtbot: Any, button: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def on_canvas(bench: Bench, pixel: Any) -> QPoint:
    """Where the image view shows a point of the image."""
    viewer = bench.stage.viewer
    camera, size = viewer.scene.camera, np.array(viewer.canvas.size)
    world = np.array(bench.stage.image_layer.data_to_world(pixel))
    row, column = size / 2 + camera.zoom * (world - np.array(camera.center)[-2:])
    return QPoint(round(column), round(row))


def tap(bench: Bench, qtbot: Any, pixel: Any) -> None:
    """Click on a point of the image."""
    place = on_canvas(bench, pixel)
    drag(bench.stage.viewer, qtbot, place, place, Modifier.NoModifier, steps=1)


def angle_deg(one: Pose, other: Pose) -> float:
    return float(np.degrees(Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude()))


def begun(viewer: Any, qtbot: Any, tiff: Path) -> Any:
    """Image dropped, pixel size typed, demo atlas loaded, camera chosen; the panel."""
    drop(viewer, tiff)
    panel = open_panel(viewer)
    type_number(qtbot, panel.sections["image"].body.pixel_size, TRUTH.pixel_size_um[0])
    body = panel.sections["atlas"].body
    qtbot.waitUntil(lambda: body.atlas.findData("demo_mouse") >= 0, timeout=60_000)
    pick(qtbot, body.atlas, "demo_mouse")
    click(qtbot, body.load)
    wait_for_work(qtbot, panel.bench)
    align = panel.sections["align"].body
    pick(qtbot, align.camera, True)
    assert isinstance(TRUTH.camera, PinholeCamera)
    type_number(qtbot, align.distance, TRUTH.camera.working_distance_mm)
    return panel


def seen(bench: Bench, names: Any) -> dict[str, Any]:
    """Where the true camera sees points of the atlas."""
    marks = {mark.name: mark.atlas_um for mark in bench.landmarks.state.marks}
    return {name: TRUTH.view.atlas_to_pixels(marks[name]) for name in names}


def test_landmarks_put_the_image_in_place_and_say_how_sure_it_is(
    open_viewer: Callable[[], Any], qtbot: Any, tmp_path: Path, told: list[str]
) -> None:
    tiff = tmp_path / "widefield.tif"
    tifffile.imwrite(tiff, render_brain(TRUTH))
    viewer = open_viewer()
    panel = begun(viewer, qtbot, tiff)
    bench, session = panel.bench, panel.bench.session
    align, state = panel.sections["align"].body, panel.bench.landmarks.state
    click(qtbot, align.aids.landmarks.header)
    wait_for_work(qtbot, bench)
    body = align.aids.landmarks.body
    start = session.alignment

    # Four points of the atlas, each placed by a click on the image.
    press(viewer, qtbot, Qt.Key.Key_I)
    body.add.setCurrentIndex(body.add.findText("the four points of wfield"))
    body.add.activated.emit(body.add.currentIndex())
    names = [mark.name for mark in state.marks]
    assert names == ["OB_left", "OB_center", "OB_right", "RSP_base"]
    for name, pixel in seen(bench, names).items():
        assert f"where {name} is" in body.words.text()
        tap(bench, qtbot, pixel)
    assert state.waiting is None
    # A click hits to about half a pixel of the canvas; four points close to a line tell the tilt
    # to a few degrees only.
    found = session.alignment
    off_um = TRUTH.pose.to_plane(found.pose.centre_um)
    assert np.hypot(*off_um[:2]) < 600.0
    assert angle_deg(found.pose, TRUTH.pose) < 6.0
    assert all(row.distance_um < 40.0 for row in state.rows)
    assert body.table.item(3, 3).text() != ""
    for name in (CLICKS, PLACES, ARROWS):
        assert len(bench.stage.extra_layer(name).data) == 4

    # Undo takes the last click and its jump back, redo makes both again.
    press(viewer, qtbot, Qt.Key.Key_Z, Modifier.ControlModifier)
    assert state.marks[3].image_px is None
    assert session.alignment.pose != found.pose
    click(qtbot, align.redo)
    assert session.alignment == found

    # A point that is dragged takes the image along, until it is let go; one undo takes it back.
    moved = seen(bench, ["OB_left"])["OB_left"] + (0.0, 6.0)
    begin, end = (on_canvas(bench, pixel) for pixel in (state.marks[0].image_px, moved))
    drag(viewer, qtbot, begin, end, Modifier.NoModifier)
    np.testing.assert_allclose(state.marks[0].image_px, moved, atol=0.7)
    assert angle_deg(session.alignment.pose, found.pose) > 0.1
    assert state.is_fitted
    press(viewer, qtbot, Qt.Key.Key_Z, Modifier.ControlModifier)
    assert session.alignment == found

    # What a flat map would have done is said by itself.
    qtbot.waitUntil(lambda: "A flat map" in body.flat_map.text(), timeout=60_000)

    # How sure the labels are, from the error of the landmarks.
    click(qtbot, align.side.confirm)
    press(viewer, qtbot, Qt.Key.Key_Return)
    project = panel.sections["project"].body
    click(qtbot, project.run)
    wait_for_work(qtbot, bench)
    before = project.table.model().columnCount()
    click(qtbot, project.confidence.run)
    wait_for_work(qtbot, bench)
    assert "certain" in project.confidence.words.text()
    assert project.table.model().columnCount() == before + 3
    shown = bench.stage.extra_layer(CONFIDENCE).data
    np.testing.assert_array_equal(np.isfinite(shown), session.projection.labels > 0)

    # All of it comes back from the file.
    path = bench.save_session(tmp_path / "a.brainreg3d.json")
    again = open_viewer()
    drop(again, path)
    other = bench_for(again)
    wait_for_work(qtbot, other)
    wait_for_work(qtbot, other)
    assert other.landmarks.state.marks == state.marks
    assert len(other.stage.extra_layer(CLICKS).data) == 4
    assert start != found
    assert told == []


def test_an_earlier_session_brings_the_new_image_into_its_place(
    open_viewer: Callable[[], Any],
    qtbot: Any,
    tmp_path: Path,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = TRUTH.replaced(image_name="first.tif", side_confirmed=True)
    tifffile.imwrite(tmp_path / "first.tif", render_brain(first))
    saved = SavedSession(first, image_path=str(tmp_path / "first.tif"))
    path = save_session(tmp_path / "first.brainreg3d.json", saved)
    now = first.pose.moved(plane_um=(420.0, -350.0, 0.0)).turned(yaw_deg=7.0)
    second = tmp_path / "second.tif"
    tifffile.imwrite(second, render_brain(first.replaced(pose=now), seed=5))

    viewer = open_viewer()
    panel = begun(viewer, qtbot, second)
    bench, align = panel.bench, panel.sections["align"].body
    click(qtbot, align.aids.earlier.header)
    body = align.aids.earlier.body
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    click(qtbot, body.open)
    wait_for_work(qtbot, bench)
    assert bench.stage.mode == "look_through"
    for look in ("blink", "checkerboard", "difference"):
        pick(qtbot, body.look, look)
        body.look.activated.emit(body.look.currentIndex())
        qtbot.wait(20)
        assert bench.stage.extra_layer(TEMPLATE) is not None
    before = bench.session.alignment
    click(qtbot, body.match)
    wait_for_work(qtbot, bench)
    found = bench.session.alignment.pose
    assert angle_deg(found, now) < 0.3
    assert np.abs(now.to_plane(found.centre_um)).max() < 44.0
    assert "quality" in body.words.text()
    assert bench.session.is_side_confirmed
    canvas(viewer).setFocus()
    press(viewer, qtbot, Qt.Key.Key_Z, Modifier.ControlModifier)
    assert bench.session.alignment == before
    assert told == []
