"""What lies under the cursor, in every view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_brainreg3d import project
from napari_brainreg3d._napari.readout import Readout
from napari_brainreg3d._napari.stage import Stage, stage_for
from napari_brainreg3d._napari.viewer_camera import read
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.results.lookup import look_at_pixel
from tests.fixtures.canvas import Mouse, canvas_position, put_on_stage
from tests.fixtures.scenes import letter_scene, slab_scene

POSE = Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0), pitch_deg=8.0, roll_deg=-6.0)
CAMERAS = {
    "parallel": OrthographicCamera(),
    "mirrored": OrthographicCamera(mirrored=True),
    "pinhole": PinholeCamera(working_distance_mm=15.0, principal_point_um=(300.0, 200.0)),
}


@pytest.fixture
def stage(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Iterator[Stage]:
    made = stage_for(make_napari_viewer(show=True, strict_qt="raise"))
    put_on_stage(made, letter_scene())
    made.session.aligner.set_pose(POSE)
    made._live.outlines.flush()
    qtbot.wait(20)  # the canvas has its size
    yield made
    made.close()


def text(stage: Stage) -> str:
    """What the canvas says now."""
    stage._readout.flush()
    overlay = stage.viewer.canvas.overlays.text
    return overlay.text if overlay.visible else ""


def hover(stage: Stage, qtbot: Any, point_um: np.ndarray) -> str:
    """What is said of a point of the scene, by way of the canvas and the mouse."""
    size = stage.viewer.canvas.size
    place = np.array(size) / 2 + canvas_position(read(stage.viewer), point_um, size)
    mouse = Mouse(stage.viewer, qtbot)
    mouse.move((1.0, 1.0))
    mouse.move(tuple(place))
    return text(stage)


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())
def test_every_view_says_what_the_projection_says(stage: Stage, qtbot: Any, camera: Any) -> None:
    """The same pixel of the image, hovered over in three views."""
    stage.session.aligner.set_camera(camera)
    registration = stage.session.registration
    assert registration is not None
    labels = project(letter_scene(), registration).labels
    # One pixel in the middle of each region.
    for label in (1, 2, 3):
        found = np.argwhere(labels == label)
        middle = found[np.square(found - found.mean(axis=0)).sum(axis=1).argmin()]
        pixel = (float(middle[0]), float(middle[1]))
        sight = look_at_pixel(letter_scene(), registration, pixel)
        place = registration.view.pixels_to_atlas([pixel])[0]
        for mode in ("brain", "look_through", "image"):
            stage.set_mode(mode)
            if mode == "image":
                camera_2d = stage.viewer.scene.camera
                offset = camera_2d.zoom * (np.array(pixel) - camera_2d.center[1:])
                mouse = Mouse(stage.viewer, qtbot)
                mouse.move((1.0, 1.0))
                mouse.move(tuple(np.array(stage.viewer.canvas.size) / 2 + offset))
                said = text(stage)
            else:
                said = hover(stage, qtbot, place)
            assert said.splitlines()[0] == sight.parts[0], (mode, label)
            assert f"image row {middle[0]}, column {middle[1]}" in said, (mode, label)


def test_beside_the_image_the_brain_itself_is_named(stage: Stage, qtbot: Any) -> None:
    stage.use_layer(None)
    # The upper face of the arm, 5000 to 7800 on axis 2, at the right.
    said = hover(stage, qtbot, np.array([2400.0, 1000.0, 5300.0]))
    who, where = said.splitlines()
    assert who == "arm  Region arm, right"
    assert where.startswith("atlas 2")
    stage.set_mode("brain")
    assert hover(stage, qtbot, np.array([-9000.0, 0.0, 0.0])) == ""


def test_tissue_in_front_of_the_image_hides_it(stage: Stage, qtbot: Any) -> None:
    stage.session.aligner.set_pose(Pose.dorsal(centre_um=(4000.0, 2500.0, 6800.0)))
    said = hover(stage, qtbot, np.array([4000.0, 1000.0, 8200.0]))
    assert said.startswith("stem")
    assert "image row" not in said
    assert "1500 µm above focus" in said


def test_when_the_cursor_leaves_the_text_goes(stage: Stage, qtbot: Any) -> None:
    stage.viewer.mouse_over_canvas = True
    assert hover(stage, qtbot, np.array([4000.0, 500.0, 8200.0])) != ""
    stage.viewer.mouse_over_canvas = False
    assert text(stage) == ""


def test_it_comes_by_itself_a_moment_later(stage: Stage, qtbot: Any) -> None:
    overlay = stage.viewer.canvas.overlays.text
    Mouse(stage.viewer, qtbot).move(tuple(np.array(stage.viewer.canvas.size) / 2))
    qtbot.waitUntil(lambda: overlay.visible, timeout=5000)
    assert "image row" in overlay.text


class TestWithoutWindow:
    """The readout itself, told what it reads."""

    @staticmethod
    def event(*position: float) -> Any:
        return SimpleNamespace(
            position=position, view_direction=None, dims_displayed=list(range(len(position)))
        )

    def test_only_where_the_cursor_rests_is_read(self, qapp: Any) -> None:
        asked: list[tuple[float, ...]] = []

        def read_it(ray: Any, position: np.ndarray) -> str:
            asked.append(tuple(position))
            return "something"

        viewer = ViewerModel()
        readout = Readout(viewer, read_it)
        for step in range(50):
            viewer.mouse_move_callbacks[-1](viewer, self.event(step, 2.0))
        readout.flush()
        readout.flush()
        assert asked == [(49.0, 2.0)]
        readout.close()

    def test_the_canvas_s_own_text_comes_back(self, qapp: Any) -> None:
        viewer = ViewerModel()
        overlay = viewer.canvas.overlays.text
        overlay.text, overlay.visible, overlay.position = "mine", True, "top_left"
        said = iter(["first", "second", ""])
        readout = Readout(viewer, lambda ray, position: next(said))
        for expected in ("first", "second", "mine"):
            viewer.mouse_move_callbacks[-1](viewer, self.event(1.0, 2.0))
            readout.flush()
            assert (overlay.text, overlay.visible) == (expected, True)
        assert str(overlay.position) == "top_left"
        readout.close()
        assert readout._on_move not in viewer.mouse_move_callbacks

    def test_nothing_is_said_before_there_is_anything(self, qapp: Any) -> None:
        viewer = ViewerModel()
        stage = stage_for(viewer)
        viewer.mouse_move_callbacks[-1](viewer, self.event(1.0, 2.0))
        assert text(stage) == ""
        put_on_stage(stage, slab_scene())
        stage.close()
