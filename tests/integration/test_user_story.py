"""Somebody's first five minutes, with mouse and keyboard, in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog

from napari_brainreg3d._napari.bench import bench_for
from napari_brainreg3d._napari.placing import ANGLES, COORDINATES, position_mm
from napari_brainreg3d._napari.widgets.docking import DOCK_NAME
from napari_brainreg3d._napari.widgets.panel import RegisterPanel
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.geometry import PinholeCamera
from napari_brainreg3d.io.label_tiff import read_labels
from napari_brainreg3d.projection import project
from tests.fixtures.gui import wait_for_work
from tests.fixtures.window_events import (
    Modifier,
    canvas,
    drag,
    drop,
    pick,
    press,
    type_number,
)

pytestmark = pytest.mark.slow


def command(name: str) -> None:
    """Choose an entry of napari's menus."""
    from napari._app_model import get_app_model

    get_app_model().commands.execute_command(name).result()


def open_panel(viewer: Any) -> RegisterPanel:
    """Plugins > Register image to atlas."""
    command("napari-brainreg3d.register")
    panel = viewer.window.dock_widgets[DOCK_NAME]
    assert isinstance(panel, RegisterPanel)
    return panel


def click(qtbot: Any, button: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def load_atlas(panel: RegisterPanel, qtbot: Any, atlas: str) -> None:
    body = panel.sections["atlas"].body
    qtbot.waitUntil(lambda: body.atlas.findData(atlas) >= 0, timeout=60_000)
    pick(qtbot, body.atlas, atlas)
    click(qtbot, body.load)
    wait_for_work(qtbot, panel.bench)


def choose_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Answer napari's next save dialog; the filter is that of the file's ending."""

    def answer(*_: Any, filter: str = "", **__: Any) -> tuple[str, str]:
        suffix = f"*.{path.name.partition('.')[2]}"
        filters = filter.split(";;")
        return str(path), next(line for line in filters if f"{suffix})" in line)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)


def save_selected(monkeypatch: pytest.MonkeyPatch, viewer: Any, path: Path, layer: Any) -> None:
    """File > Save Selected Layers."""
    viewer.layers.selection = {layer}
    choose_file(monkeypatch, path)
    command("napari.window.file.save_layers_dialog.selected")
    assert path.exists()


def middle(viewer: Any) -> QPoint:
    return canvas(viewer).rect().center()


def type_pose(panel: RegisterPanel, qtbot: Any, registration: Any) -> None:
    """Type position, angles and working distance of a registration into the panel."""
    body = panel.sections["align"].body
    place = position_mm(registration.pose, panel.bench.session.bregma)
    for name in COORDINATES:
        type_number(qtbot, body.rows[name].spin, place[name])
    for name, value in zip(ANGLES, registration.pose.angles_deg, strict=True):
        type_number(qtbot, body.rows[name].spin, value)
    if isinstance(registration.camera, PinholeCamera):
        pick(qtbot, body.camera, True)
        type_number(qtbot, body.distance, registration.camera.working_distance_mm)


def reopened(
    open_viewer: Callable[[], Any], qtbot: Any, path: Path
) -> tuple[Any, npt.NDArray[np.uint16]]:
    """Drop a session onto a new window; its viewer and the labels that come of it."""
    viewer = open_viewer()
    drop(viewer, path)
    bench = bench_for(viewer)
    wait_for_work(qtbot, bench)
    wait_for_work(qtbot, bench)
    assert bench.session.projection is not None
    return viewer, bench.session.projection.labels


def test_from_a_dropped_tiff_to_saved_labels_and_back(
    open_viewer: Callable[[], Any],
    qtbot: Any,
    tmp_path: Path,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the demo atlas, whose image has a known pose."""
    truth = demo_registration()
    tiff = tmp_path / "widefield.tif"
    tifffile.imwrite(tiff, demo_image())

    viewer = open_viewer()
    drop(viewer, tiff)
    panel = open_panel(viewer)
    session = panel.bench.session
    assert [layer.name for layer in viewer.layers] == ["widefield"]
    assert panel.sections["image"].is_open

    type_number(qtbot, panel.sections["image"].body.pixel_size, truth.pixel_size_um[0])
    assert panel.sections["atlas"].is_open
    load_atlas(panel, qtbot, "demo_mouse")
    assert panel.sections["align"].is_open

    # With the mouse: the image slides in its plane, and one undo takes all of it back.
    start = session.alignment
    assert start is not None
    drag(viewer, qtbot, middle(viewer), middle(viewer) + QPoint(60, 30), Modifier.ControlModifier)
    slid = session.alignment
    assert slid is not None
    moved_um = start.pose.to_plane(slid.pose.centre_um)
    assert np.hypot(*moved_um[:2]) > 500.0
    assert abs(moved_um[2]) < 1e-6
    np.testing.assert_array_equal(slid.pose.rotation, start.pose.rotation)
    press(viewer, qtbot, Qt.Key.Key_Z, Modifier.ControlModifier)
    assert session.alignment == start

    # With the keys, and by typing what is known.
    press(viewer, qtbot, Qt.Key.Key_Right, Modifier.ShiftModifier)
    assert session.alignment != start
    type_pose(panel, qtbot, truth)
    press(viewer, qtbot, Qt.Key.Key_Left, Modifier.ShiftModifier)
    press(viewer, qtbot, Qt.Key.Key_Z, Modifier.ControlModifier)
    assert session.alignment is not None
    np.testing.assert_allclose(session.alignment.pose.centre_um, truth.pose.centre_um, atol=1.0)
    assert session.alignment.pose.angles_deg == pytest.approx(truth.pose.angles_deg, abs=0.01)
    assert session.alignment.camera == truth.camera

    # Enter accepts, once the side has been confirmed.
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert not session.is_accepted
    assert len(told) == 1
    click(qtbot, panel.sections["align"].body.side.confirm)
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert session.is_accepted
    assert panel.sections["project"].is_open

    click(qtbot, panel.sections["project"].body.run)
    wait_for_work(qtbot, panel.bench)
    assert session.projection is not None
    labels = session.projection.labels
    expected = project(session.scene, truth.replaced(regions=()))  # type: ignore[arg-type]
    # The numbers that can be typed are rounded to 1 um and a hundredth of a degree.
    assert np.mean(labels == expected.labels) > 0.998
    assert panel.sections["project"].body.table.model().rowCount() == len(session.scene.regions)  # type: ignore[union-attr]

    # Through napari's own menu.
    (layer,) = panel.bench.stage.layers("labels")
    save_selected(monkeypatch, viewer, tmp_path / "result.brainreg.tif", layer)
    np.testing.assert_array_equal(read_labels(tmp_path / "result.brainreg.tif").labels, labels)
    save_selected(monkeypatch, viewer, tmp_path / "a.brainreg3d.json", viewer.layers[0])

    again, labels_again = reopened(open_viewer, qtbot, tmp_path / "a.brainreg3d.json")
    np.testing.assert_array_equal(labels_again, labels)
    restored = bench_for(again).session
    assert restored.alignment == session.alignment
    assert restored.is_accepted
    assert bench_for(again).stage.mode == panel.bench.stage.mode
    assert len(told) == 1


def colours(grey: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    bright = (grey / grey.max() * 255).astype(np.uint8)
    return np.stack([bright, bright // 2, 255 - bright], axis=-1)


def movie(grey: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """200 frames, each a little brighter."""
    small = grey[::4, ::4]
    return small[None] + np.arange(200, dtype=np.uint16)[:, None, None]


@pytest.mark.parametrize(
    ("pixels", "is_rgb", "frame"),
    [
        pytest.param(colours(demo_image()), True, 0, id="an RGB image"),
        pytest.param(movie(demo_image()), False, 150, id="a movie of 200 frames"),
    ],
)
def test_colours_and_movies_go_the_same_way(
    pixels: npt.NDArray[Any],
    is_rgb: bool,
    frame: int,
    open_viewer: Callable[[], Any],
    qtbot: Any,
    tmp_path: Path,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiff = tmp_path / "image.tif"
    if is_rgb:
        tifffile.imwrite(tiff, pixels, photometric="rgb")
    else:
        tifffile.imwrite(tiff, pixels, imagej=True, metadata={"axes": "TYX"})
    viewer = open_viewer()
    drop(viewer, tiff)
    panel = open_panel(viewer)
    session, stage = panel.bench.session, panel.bench.stage
    assert stage.frames == (1 if is_rgb else 200)
    type_number(qtbot, panel.sections["image"].body.field_width, 11.264)
    load_atlas(panel, qtbot, "demo_mouse")
    if frame:
        viewer.dims.set_current_step(0, frame)
    np.testing.assert_array_equal(stage.image_pixels(), pixels if is_rgb else pixels[frame])

    drag(viewer, qtbot, middle(viewer), middle(viewer) + QPoint(-40, 20), Modifier.ControlModifier)
    click(qtbot, panel.sections["align"].body.side.confirm)
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert session.is_accepted
    click(qtbot, panel.sections["project"].body.run)
    wait_for_work(qtbot, panel.bench)
    assert session.projection is not None
    labels = session.projection.labels
    assert labels.any()
    assert labels.shape == stage.image_pixels().shape[:2]  # type: ignore[union-attr]
    if frame:
        viewer.dims.set_current_step(0, frame - 1)  # results stay while the movie plays
        assert session.projection.labels is labels
        viewer.dims.set_current_step(0, frame)

    save_selected(monkeypatch, viewer, tmp_path / "a.brainreg3d.json", viewer.layers[0])
    again, labels_again = reopened(open_viewer, qtbot, tmp_path / "a.brainreg3d.json")
    np.testing.assert_array_equal(labels_again, labels)
    np.testing.assert_array_equal(
        bench_for(again).stage.image_pixels(), pixels if is_rgb else pixels[frame]
    )
    assert told == []


def test_the_same_on_real_anatomy(
    open_viewer: Callable[[], Any],
    qtbot: Any,
    tmp_path: Path,
    told: list[str],
    shared_dir: Path,
    shared_atlas_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from brainglobe_atlasapi import config

    monkeypatch.setattr(config, "get_brainglobe_dir", lambda: shared_atlas_dir)
    tiff = tmp_path / "sample_image.tif"
    tiff.write_bytes(shared_dir.joinpath("data", "sample_image.tif").read_bytes())
    viewer = open_viewer()
    panel = open_panel(viewer)
    session = panel.bench.session
    drop(viewer, tiff)
    body = panel.sections["image"].body
    if session.pixel_size_um is None:
        type_number(qtbot, body.field_width, 6.24)
    load_atlas(panel, qtbot, "allen_mouse_50um")
    assert session.scene is not None
    drag(viewer, qtbot, middle(viewer), middle(viewer) + QPoint(30, -20), Modifier.ControlModifier)
    press(viewer, qtbot, Qt.Key.Key_W)
    press(viewer, qtbot, Qt.Key.Key_PageDown)
    press(viewer, qtbot, Qt.Key.Key_Z, Modifier.ControlModifier)
    click(qtbot, panel.sections["align"].body.side.confirm)
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert session.is_accepted
    click(qtbot, panel.sections["project"].body.run)
    wait_for_work(qtbot, panel.bench)
    assert session.projection is not None
    labels = session.projection.labels
    scene = load_scene("allen_mouse_50um", brainglobe_dir=shared_atlas_dir)
    np.testing.assert_array_equal(labels, project(scene, session.registration).labels)  # type: ignore[arg-type]
    assert (np.unique(labels) > 0).sum() >= 3
    save_selected(monkeypatch, viewer, tmp_path / "a.brainreg3d.json", viewer.layers[0])
    _, labels_again = reopened(open_viewer, qtbot, tmp_path / "a.brainreg3d.json")
    np.testing.assert_array_equal(labels_again, labels)
    assert told == []
