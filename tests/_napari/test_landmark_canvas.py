"""Landmarks on the canvas, with the mouse: clicks, drags, napari's own tools, removal by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_brainreg3d._napari import viewer_camera
from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.landmarks.live_fit import FitOptions
from napari_brainreg3d._napari.landmarks.mouse import on_plane
from napari_brainreg3d._napari.landmarks.placed import Waiting
from napari_brainreg3d._napari.layers.landmarks import ARROWS, CLICKS, PLACES, numbers_in
from napari_brainreg3d.geometry import Pose
from tests.fixtures.canvas import Mouse, canvas_position
from tests.fixtures.gui import wait_for_work
from tests.fixtures.scenes import sphere_scene
from tests.fixtures.window_events import press

#: Where four points of the ball's surface are clicked; its middle is about (11.5, 15.5).
PIXELS = [(4.0, 12.0), (6.0, 21.0), (18.0, 10.0), (17.0, 20.0)]


def with_ball(bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
    """A bench whose image, of 150 um pixels, lies over a ball of 2 mm radius."""
    bench.stage.viewer.add_image(picture, name="picture")
    bench.images.choose_newest()
    bench.session.set_pixel_size((150.0, 150.0))
    bench.session.set_scene(sphere_scene(subdivisions=3))
    bench.landmarks.set_editing(True)
    wait_for_work(qtbot, bench)
    return bench


@pytest.fixture
def ball(bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
    """Without a window."""
    return with_ball(bench, picture, qtbot)


@pytest.fixture
def shown(window_bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
    """With a window, for the mouse."""
    made = with_ball(window_bench, picture, qtbot)
    made.stage.viewer.window.show()
    made.stage.viewer.window.resize(1000, 800)
    qtbot.wait(50)
    return made


def place_for(bench: Bench, world: Any) -> tuple[float, float]:
    """(row, column) of the canvas that shows a point of the world, 2D or 3D."""
    viewer = bench.stage.viewer
    height, width = viewer.canvas.size
    middle = np.array([height, width]) / 2
    camera = viewer_camera.read(viewer)
    if viewer.dims.ndisplay == 3:
        offset = canvas_position(camera, np.asarray(world), (height, width))
    else:
        offset = camera.zoom * (np.asarray(world) - np.asarray(camera.centre_um)[-2:])
    row, column = middle + offset
    return float(row), float(column)


def place_of_pixel(bench: Bench, pixel: Any) -> tuple[float, float]:
    """(row, column) of the canvas that shows a point of the image."""
    if bench.stage.mode == "image":
        return place_for(bench, bench.stage.image_layer.data_to_world(pixel))
    return place_for(bench, on_plane(bench.session.registration.view, np.array([pixel]))[0])


def click(mouse: Mouse, place: tuple[float, float]) -> None:
    mouse.move(place)
    mouse.drag(place)


def surface_points(bench: Bench, pixels: Any = PIXELS) -> list[tuple[float, float, float]]:
    """What of the brain's surface the pixels see, by casting; for points of the atlas."""
    from napari_brainreg3d._napari.landmarks.picking import surface_at

    found = [
        surface_at(
            bench.session.scene,
            bench.session.registration,
            None,
            np.array(pixel),
            is_perspective=False,
        )
        for pixel in pixels
    ]
    assert None not in found
    return found  # type: ignore[return-value]


def placed(bench: Bench) -> Pose:
    """Four landmarks that fit exactly."""
    state = bench.landmarks.state
    state.add_all({f"p{i}": point for i, point in enumerate(surface_points(bench))})
    for pixel in PIXELS:
        state.place(pixel)
    return bench.session.alignment.pose


def test_clicks_place_points_of_the_image_in_any_view_and_of_the_brain_in_3d(
    shown: Bench, qtbot: Any
) -> None:
    state, viewer = shown.landmarks.state, shown.stage.viewer
    mouse = Mouse(viewer, qtbot)
    for mode in ("brain", "look_through", "image"):
        shown.stage.set_mode(mode)
        qtbot.wait(30)
        index = state.add()
        click(mouse, place_of_pixel(shown, (10.0, 20.0)))
        assert state.marks[index].image_px == pytest.approx((10.0, 20.0), abs=0.15), mode
        assert state.waiting == Waiting(index, "atlas")
        if mode != "image":
            state.stop_waiting()
    # In the image view there is no brain to click on: it is left.
    assert shown.stage.mode == "brain"
    qtbot.wait(30)
    (point,) = surface_points(shown, [(10.0, 20.0)])
    click(mouse, place_for(shown, point))
    # From another direction the same point is met, or one nearer on the same line of sight.
    view = np.array(viewer_camera.read(viewer).view_direction)
    off = np.array(state.marks[2].atlas_um) - point
    assert np.linalg.norm(off - (off @ view) * view) < 30.0
    assert off @ view <= 30.0
    # Turning the scene is no click, and Escape ends the waiting.
    state.stop_waiting()
    state.wait_for(0, "atlas")
    start = place_of_pixel(shown, (10.0, 20.0))
    mouse.drag(start, (start[0] + 40, start[1] + 40))
    assert state.waiting == Waiting(0, "atlas")
    press(viewer, qtbot, Qt.Key.Key_Escape)
    assert state.waiting is None
    assert state.marks[0].atlas_um is None


def test_four_clicks_move_the_image_and_undo_takes_all_back(
    shown: Bench, qtbot: Any, told: list[str]
) -> None:
    state, session, viewer = shown.landmarks.state, shown.session, shown.stage.viewer
    truth = session.alignment.pose
    points = surface_points(shown)
    session.aligner.set_pose(truth.moved(plane_um=(300.0, -200.0, 0.0)).turned(yaw_deg=8.0))
    before = session.alignment
    shown.stage.set_mode("image")
    state.add_all({f"p{i}": point for i, point in enumerate(points)})
    mouse = Mouse(viewer, qtbot)
    for i, pixel in enumerate(PIXELS):
        assert state.waiting == Waiting(i, "image")
        click(mouse, place_of_pixel(shown, pixel))
    assert state.waiting is None
    off_um = session.alignment.pose.to_plane(truth.centre_um)
    assert np.hypot(*off_um[:2]) < 200.0
    assert all(row.distance_um < 15.0 for row in state.rows)
    for name in (CLICKS, PLACES, ARROWS):
        assert len(shown.stage.extra_layer(name).data) == 4
    np.testing.assert_allclose(shown.stage.extra_layer(CLICKS).data, PIXELS, atol=0.1)
    for _ in range(5):
        press(viewer, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.alignment == before
    assert shown.stage.extra_layer(CLICKS) is None
    assert told == []


def test_dragging_refits_in_every_view(shown: Bench, qtbot: Any, told: list[str]) -> None:
    before = placed(shown)
    state, viewer = shown.landmarks.state, shown.stage.viewer
    mouse = Mouse(viewer, qtbot)
    for mode in ("image", "look_through", "brain"):
        shown.stage.set_mode(mode)
        qtbot.wait(30)
        camera = viewer_camera.read(viewer)
        start, stop = (place_of_pixel(shown, pixel) for pixel in (PIXELS[1], (6.0, 22.0)))
        mouse.drag(start, tuple(np.mean([start, stop], axis=0)), stop)
        assert state.marks[1].image_px == pytest.approx((6.0, 22.0), abs=0.1)
        assert state.marks[0].image_px == PIXELS[0]
        assert shown.session.alignment.pose != before
        assert not state.is_dragged
        assert state.is_fitted
        if mode != "look_through":
            assert viewer_camera.read(viewer) == camera, "the canvas was not turned"
        shown.session.aligner.undo()
        assert shown.session.alignment.pose == before
    # In the image view a point of the atlas moves on the surface under it.
    state.set_image(1, None)
    shown.stage.set_mode("image")
    qtbot.wait(30)
    seen = shown.session.registration.view.atlas_to_pixels(state.marks[1].atlas_um)
    mouse.drag(place_of_pixel(shown, seen), place_of_pixel(shown, seen + (2.0, 0.0)))
    now = shown.session.registration.view.atlas_to_pixels(state.marks[1].atlas_um)
    np.testing.assert_allclose(now, seen + (2.0, 0.0), atol=0.15)
    # A locked alignment says so, once.
    shown.session.aligner.set_locked(True)
    marks, start = state.marks, place_of_pixel(shown, PIXELS[2])
    mouse.drag(start, (start[0] + 20, start[1]), (start[0] + 30, start[1]))
    assert state.marks == marks
    assert len(told) == 1
    # Without editing the mouse turns the scene.
    shown.session.aligner.set_locked(False)
    shown.landmarks.set_editing(False)
    shown.stage.set_mode("brain")
    qtbot.wait(30)
    camera, start = viewer_camera.read(viewer), place_of_pixel(shown, PIXELS[2])
    mouse.drag(start, *((start[0] + 20 * i, start[1] + 20 * i) for i in range(1, 4)))
    assert state.marks == marks
    assert viewer_camera.read(viewer) != camera


def test_napari_s_own_tools_move_add_and_delete(ball: Bench) -> None:
    placed(ball)
    state = ball.landmarks.state
    ball.stage.set_mode("image")
    layer = ball.stage.extra_layer(CLICKS)
    layer.mode = "select"
    data = np.array(layer.data)
    data[2] = (18.5, 10.5)
    layer.data = data
    assert state.marks[2].image_px == (18.5, 10.5)
    layer.add([(3.0, 14.0)])
    assert state.marks[4].image_px == (3.0, 14.0)
    assert state.marks[4].name == "point 1"
    assert ball.stage.extra_layer(CLICKS) is layer, "with its selection and its tool"
    assert numbers_in(layer) == [0, 1, 2, 3, 4]
    layer.selected_data = {0, 4}
    layer.remove_selected()
    assert [mark.name for mark in state.marks] == ["p0", "p1", "p2", "p3"]
    assert state.marks[0].image_px is None
    assert len(ball.stage.extra_layer(ARROWS).data) == 3


def test_what_may_not_be_moved_goes_back(ball: Bench, told: list[str]) -> None:
    placed(ball)
    ball.stage.set_mode("image")
    ball.session.aligner.set_locked(True)
    layer = ball.stage.extra_layer(CLICKS)
    layer.data = np.array(layer.data) + 1.0
    np.testing.assert_array_equal(layer.data, PIXELS)
    assert len(told) == 1


def test_a_layer_deleted_by_hand_stays_away_and_nothing_breaks(ball: Bench) -> None:
    placed(ball)
    ball.stage.set_mode("image")
    ball.stage.viewer.layers.remove(ball.stage.extra_layer(CLICKS))
    ball.landmarks.state.set_image(0, (4.0, 12.5))
    assert ball.stage.extra_layer(CLICKS) is None
    ball.stage.set_mode("brain")
    ball.stage.set_mode("image")
    assert len(ball.stage.extra_layer(CLICKS).data) == 4


def test_layers_of_the_user_are_left_alone(ball: Bench) -> None:
    mine = ball.stage.viewer.add_points(np.array([[1.0, 2.0]]), name="landmarks on the image")
    placed(ball)
    ball.stage.set_mode("image")
    mine.add([(3.0, 4.0)])
    ball.stage.viewer.layers.remove(ball.stage.extra_layer(CLICKS))
    assert mine in ball.stage.viewer.layers
    assert len(mine.data) == 2
    assert len(ball.landmarks.state.marks) == 4
    ball.stage.close()
    assert [layer.name for layer in ball.stage.viewer.layers] == ["picture", mine.name]


def test_what_a_flat_map_would_do_is_said_once_the_landmarks_rest(ball: Bench, qtbot: Any) -> None:
    placed(ball)
    desk = ball.landmarks
    assert desk.flat_map_words == ""
    desk.look_at_flat_map()
    wait_for_work(qtbot, ball)
    assert desk.flat_map_words.startswith("A flat map on these landmarks would mislabel ")
    assert "(similarity)" in desk.flat_map_words
    assert "(affine)" in desk.flat_map_words
    desk.state.remove(3)
    assert desk.flat_map_words == ""


def test_options_are_saved_with_the_session(ball: Bench) -> None:
    desk = ball.landmarks
    assert "landmarks" not in ball.saved_parts.snapshot()
    placed(ball)
    desk.state.set_options(FitOptions(60.0, free_pixel_size=True))
    parts = ball.saved_parts.snapshot()
    ball.saved_parts.restore({})
    assert desk.state.options == FitOptions()
    ball.saved_parts.restore(parts)
    assert desk.state.options == FitOptions(60.0, free_pixel_size=True)
    ball.saved_parts.restore({"landmarks": {"click_sd_um": "much"}})
    assert desk.state.options == FitOptions()
