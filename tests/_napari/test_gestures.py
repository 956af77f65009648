"""Mouse and keys move the image: exactly, one gesture at a time, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import KeymapHandler
from numpy.testing import assert_allclose
from qtpy.QtCore import Qt

from napari_brainreg3d._napari.aligner import Alignment
from napari_brainreg3d._napari.gestures import point_on_plane_um, slid, turned
from napari_brainreg3d._napari.keys import KEYS_HELP, Steps
from napari_brainreg3d._napari.stage import Stage, stage_for
from napari_brainreg3d._napari.viewer_camera import read
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from tests.fixtures.canvas import Mouse, canvas_position, put_on_stage
from tests.fixtures.scenes import letter_scene

POSE = Pose.dorsal(centre_um=(4000.0, 900.0, 6500.0), yaw_deg=20.0, pitch_deg=10.0, roll_deg=-15.0)
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def prepared(viewer: Any) -> Stage:
    """A stage with the letter under a tilted image, which may be accepted as it is."""
    made = stage_for(viewer)
    put_on_stage(made, letter_scene())
    alignment = Alignment(POSE, OrthographicCamera(), (150.0, 150.0))
    made.session.aligner.begin(alignment, is_start=False)
    return made


@pytest.fixture
def stage(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Iterator[Stage]:
    made = prepared(make_napari_viewer(show=True, strict_qt="raise"))
    qtbot.wait(20)  # the canvas has its size
    yield made
    made.close()


@pytest.fixture
def mouse(stage: Stage, qtbot: Any) -> Mouse:
    return Mouse(stage.viewer, qtbot)


def on_canvas(stage: Stage, pixel: tuple[float, float]) -> np.ndarray:
    """Where (row, column) the canvas shows a point of the image."""
    registration = stage.session.registration
    assert registration is not None
    point = registration.view.pixels_to_atlas([pixel])[0]
    size = stage.viewer.canvas.size
    # The camera as it is, not as it looks through: the pose may have moved on.
    return np.array(size) / 2 + canvas_position(read(stage.viewer), point, size)


def rounded(place: np.ndarray) -> tuple[float, float]:
    row, column = np.rint(place)
    return float(row), float(column)


class TestSlide:
    @pytest.mark.parametrize("perspective", [0.0, 40.0], ids=["parallel", "perspective"])
    def test_the_grabbed_point_stays_under_the_cursor(
        self, stage: Stage, mouse: Mouse, perspective: float
    ) -> None:
        stage.viewer.scene.camera.perspective = perspective
        pixel = (12.0, 40.0)
        start = rounded(on_canvas(stage, pixel))
        end = (start[0] + 90.0, start[1] - 120.0)
        mouse.drag(start, (start[0] + 30.0, start[1]), end, modifiers=CONTROL)
        assert_allclose(on_canvas(stage, pixel), end, atol=1.0)
        pose = stage.session.alignment.pose
        assert_allclose(pose.rotation, POSE.rotation)
        assert POSE.to_plane(pose.centre_um)[2] == pytest.approx(0.0, abs=1e-6)

    def test_looking_through_the_camera_the_image_follows_the_cursor(
        self, stage: Stage, mouse: Mouse
    ) -> None:
        """The canvas stays while one drags, and comes to the image's new place at the end."""
        stage.session.aligner.set_camera(PinholeCamera(working_distance_mm=20.0))
        stage.set_mode("look_through")
        um = 1.0 / stage.viewer.scene.camera.zoom
        size = stage.viewer.canvas.size
        middle = (size[0] // 2, size[1] // 2)
        end = (middle[0] + 50.0, middle[1] + 80.0)
        mouse.drag(middle, end, modifiers=CONTROL)
        moved = POSE.to_plane(stage.session.alignment.pose.centre_um)
        assert_allclose(moved, (50.0 * um, 80.0 * um, 0.0), atol=0.1)
        assert stage.mode == "look_through"
        centre = stage.session.alignment.pose.centre_um
        assert stage.viewer.scene.camera.center == pytest.approx(centre)

    @pytest.mark.parametrize("mirrored", [False, True])
    def test_in_the_image_view_the_outlines_follow_the_cursor(
        self, stage: Stage, mouse: Mouse, mirrored: bool
    ) -> None:
        stage.session.aligner.set_camera(OrthographicCamera(mirrored=mirrored))
        tissue = stage.session.registration.view.pixels_to_atlas([(20.0, 30.0)])
        stage.set_mode("image")
        px = stage.viewer.scene.camera.zoom  # canvas pixels per pixel of the image
        start = (200.0, 300.0)
        mouse.drag(start, (start[0] + 5 * px, start[1] + 3 * px), modifiers=CONTROL)
        # What was at row 20, column 30 has moved with the cursor.
        seen = stage.session.registration.view.atlas_to_pixels(tissue)[0]
        assert_allclose(seen, (25.0, 33.0), atol=1.0 / px)

    def test_a_plane_seen_edge_on_cannot_be_grabbed(self, stage: Stage, mouse: Mouse) -> None:
        camera = stage.viewer.scene.camera
        camera.set_view_direction(POSE.rotation[:, 0], -POSE.viewing_direction)
        before = stage.session.alignment
        mouse.drag((200.0, 200.0), (220.0, 260.0), modifiers=CONTROL)
        assert stage.session.alignment == before

    def test_a_drag_is_one_step_to_undo(self, stage: Stage, mouse: Mouse) -> None:
        start = rounded(on_canvas(stage, (24.0, 32.0)))
        for far in (20.0, 40.0):
            mouse.drag(
                start, *((start[0] + far * n / 5, start[1]) for n in range(1, 6)), modifiers=CONTROL
            )
        second = stage.session.alignment
        stage.session.aligner.undo()
        between = stage.session.alignment
        stage.session.aligner.undo()
        assert stage.session.alignment.pose == POSE
        assert len({id(second), id(between)}) == 2
        assert not stage.session.aligner.can_undo

    def test_ordinary_drags_move_the_canvas_and_not_the_image(
        self, stage: Stage, mouse: Mouse
    ) -> None:
        before, camera = stage.session.alignment, read(stage.viewer)
        mouse.drag((200.0, 200.0), (240.0, 300.0), (250.0, 350.0))
        assert stage.session.alignment == before
        assert read(stage.viewer).view_direction != pytest.approx(camera.view_direction)

    def test_our_drags_do_not_move_the_canvas(self, stage: Stage, mouse: Mouse) -> None:
        camera = read(stage.viewer)
        for modifiers in (CONTROL, CONTROL | SHIFT):
            mouse.drag((200.0, 200.0), (240.0, 300.0), modifiers=modifiers)
        after = read(stage.viewer)
        assert after.view_direction == pytest.approx(camera.view_direction)
        assert after.centre_um == pytest.approx(camera.centre_um)

    def test_drags_with_other_modifiers_are_not_ours(self, stage: Stage, mouse: Mouse) -> None:
        before = stage.session.alignment
        for modifiers in (SHIFT, CONTROL | ALT):
            mouse.drag((200.0, 200.0), (240.0, 300.0), modifiers=modifiers)
        assert stage.session.alignment == before

    def test_a_locked_alignment_tells_so_once(
        self, stage: Stage, mouse: Mouse, told: list[str]
    ) -> None:
        stage.session.aligner.set_locked(True)
        mouse.drag((200.0, 200.0), (210.0, 210.0), (240.0, 300.0), modifiers=CONTROL)
        assert stage.session.alignment.pose == POSE
        assert len(told) == 1
        assert "locked" in told[0]


class TestTurn:
    def test_the_grabbed_point_turns_with_the_cursor(self, stage: Stage, mouse: Mouse) -> None:
        stage.set_mode("look_through")  # there angles on the canvas are those on the image
        size = np.array(stage.viewer.canvas.size)
        middle = size / 2
        start, end = np.add(middle, (0, 150)), np.add(middle, (-150, 0))  # a quarter, to the left
        corner = np.add(middle, (-110, 110))
        mouse.drag(tuple(start), tuple(corner), tuple(end), modifiers=CONTROL | SHIFT)
        yaw, pitch, roll = stage.session.alignment.pose.angles_deg
        # Turned to the left the rows, which ran down, run to the right: that is positive.
        assert yaw == pytest.approx(20.0 + 90.0, abs=0.5)
        assert (pitch, roll) == pytest.approx((10.0, -15.0))
        assert stage.session.alignment.pose.centre_um == pytest.approx(POSE.centre_um)
        stage.session.aligner.undo()
        assert stage.session.alignment.pose == POSE

    def test_in_the_brain_view_too(self, stage: Stage, mouse: Mouse) -> None:
        pixel = (24.0, 60.0)
        start = rounded(on_canvas(stage, pixel))
        centre = on_canvas(stage, (23.5, 31.5))
        mouse.drag(start, (start[0] - 60.0, start[1] - 20.0), modifiers=CONTROL | SHIFT)
        # The point lies on the way from the centre to the cursor, as seen on the plane.
        end = np.array([start[0] - 60.0, start[1] - 20.0])
        way, cursor = on_canvas(stage, pixel) - centre, end - centre
        assert way @ cursor > 0
        beside = way[0] * cursor[1] - way[1] * cursor[0]
        assert abs(beside) / np.linalg.norm(cursor) < 1.5


class TestWheel:
    def test_shift_and_wheel_move_the_image_along_the_view(
        self, stage: Stage, mouse: Mouse, qtbot: Any
    ) -> None:
        for _ in range(3):
            mouse.wheel((200.0, 200.0), 1, SHIFT)
        moved = POSE.to_plane(stage.session.alignment.pose.centre_um)
        assert moved[2] > 0
        assert_allclose(moved[:2], 0.0, atol=1e-6)
        deeper = moved[2]
        qtbot.wait(700)  # the next turn is another gesture
        mouse.wheel((200.0, 200.0), -1, SHIFT)
        back = POSE.to_plane(stage.session.alignment.pose.centre_um)[2]
        assert back == pytest.approx(deeper * 2 / 3)
        stage.session.aligner.undo()
        assert POSE.to_plane(stage.session.alignment.pose.centre_um)[2] == pytest.approx(deeper)
        stage.session.aligner.undo()
        assert stage.session.alignment.pose == POSE

    def test_the_wheel_alone_zooms(self, stage: Stage, mouse: Mouse) -> None:
        zoom = stage.viewer.scene.camera.zoom
        mouse.wheel((200.0, 200.0), 1, Qt.KeyboardModifier.NoModifier)
        stage.viewer.screenshot(canvas_only=True, flash=False)
        assert stage.viewer.scene.camera.zoom > zoom
        assert stage.session.alignment.pose == POSE


class TestKeys:
    @pytest.fixture
    def stage(self, qapp: Any) -> Iterator[Stage]:
        """Keys need no window."""
        made = prepared(ViewerModel())
        yield made
        made.close()

    def press(self, stage: Stage, key: str) -> None:
        """What the canvas does when a key is pressed."""
        handler = KeymapHandler()
        handler.keymap_providers = [stage.viewer]
        assert handler.press_key(key)

    @pytest.mark.parametrize(
        ("key", "plane_um"),
        [
            ("Shift-Up", (-25, 0, 0)),
            ("Shift-Down", (25, 0, 0)),
            ("Shift-Left", (0, -25, 0)),
            ("Shift-Right", (0, 25, 0)),
            ("Control-Shift-Up", (-250, 0, 0)),
            ("Control-Shift-Right", (0, 250, 0)),
            ("PageUp", (0, 0, -25)),
            ("PageDown", (0, 0, 25)),
            ("Control-PageDown", (0, 0, 250)),
        ],
    )
    def test_arrows_and_page_keys_nudge(
        self, stage: Stage, key: str, plane_um: tuple[int, ...]
    ) -> None:
        self.press(stage, key)
        moved = POSE.to_plane(stage.session.alignment.pose.centre_um)
        assert_allclose(moved, plane_um, atol=1e-6)
        self.press(stage, "Control-Z")
        assert stage.session.alignment.pose == POSE
        self.press(stage, "Control-Shift-Z")
        assert_allclose(POSE.to_plane(stage.session.alignment.pose.centre_um), plane_um, atol=1e-6)

    @pytest.mark.parametrize(
        ("key", "degrees"), [("Q", 0.5), ("W", -0.5), ("Shift-Q", 5.0), ("Shift-W", -5.0)]
    )
    def test_letters_turn(self, stage: Stage, key: str, degrees: float) -> None:
        self.press(stage, key)
        assert stage.session.alignment.pose.angles_deg[0] == pytest.approx(20.0 + degrees)

    def test_steps_can_be_chosen(self, stage: Stage) -> None:
        stage.steps = Steps(fine_um=10.0, coarse_um=100.0, fine_deg=0.1, coarse_deg=1.0)
        self.press(stage, "Shift-Down")
        self.press(stage, "Q")
        moved = POSE.to_plane(stage.session.alignment.pose.centre_um)
        assert_allclose(moved, (10, 0, 0), atol=1e-6)
        assert stage.session.alignment.pose.angles_deg[0] == pytest.approx(20.1)

    def test_each_press_is_a_step_to_undo(self, stage: Stage) -> None:
        for _ in range(3):
            self.press(stage, "Shift-Down")
        self.press(stage, "Control-Z")
        moved = POSE.to_plane(stage.session.alignment.pose.centre_um)
        assert_allclose(moved, (50, 0, 0), atol=1e-6)

    def test_one_key_switches_the_view(self, stage: Stage) -> None:
        self.press(stage, "T")
        assert stage.mode == "look_through"
        self.press(stage, "I")
        assert stage.mode == "image"
        self.press(stage, "I")
        assert stage.mode == "look_through"
        self.press(stage, "T")
        assert stage.mode == "brain"

    def test_enter_accepts_or_says_what_is_missing(self, stage: Stage, told: list[str]) -> None:
        self.press(stage, "Enter")
        assert not stage.session.is_accepted
        assert "animal's left" in told[0]
        stage.session.confirm_side()
        self.press(stage, "Enter")
        assert stage.session.is_accepted
        assert len(told) == 1

    def test_without_an_alignment_keys_say_what_is_missing(
        self, qapp: Any, told: list[str]
    ) -> None:
        empty = stage_for(ViewerModel())
        for key in ("T", "Shift-Down", "Q", "Enter"):
            self.press(empty, key)
        assert len(told) == 4
        assert empty.mode == "brain"
        empty.close()

    def test_keys_come_back_as_they_were(self, qapp: Any) -> None:
        viewer = ViewerModel()
        pressed: list[str] = []
        viewer.bind_key("T", lambda viewer: pressed.append("T"))
        keymap = dict(viewer.keymap)
        stage = stage_for(viewer)
        assert viewer.keymap != keymap
        stage.close()
        assert viewer.keymap == keymap

    def test_every_key_is_explained(self, stage: Stage) -> None:
        words = " ".join(keys for keys, _ in KEYS_HELP)
        for key in ("T", "I", "Shift+arrows", "Q, W", "PageUp", "Ctrl+Z", "Enter", "Shift+wheel"):
            assert key in words


class TestGeometry:
    def test_a_ray_crosses_the_plane_where_it_should(self) -> None:
        target = POSE.to_atlas([300.0, -200.0, 0.0])
        origin = target - 5000.0 * np.array([0.6, 0.8, 0.0])
        found = point_on_plane_um(origin, np.array([0.6, 0.8, 0.0]), POSE)
        assert_allclose(found, (300.0, -200.0))
        behind = point_on_plane_um(np.add(target, (60, 80, 0)), np.array([0.6, 0.8, 0.0]), POSE)
        assert_allclose(behind, (300.0, -200.0))

    def test_a_ray_along_the_plane_crosses_it_nowhere(self) -> None:
        assert point_on_plane_um(np.zeros(3), POSE.rotation[:, 1], POSE) is None

    def test_sliding_and_turning_bring_the_point_there(self) -> None:
        grabbed, now = np.array([500.0, 100.0]), np.array([-200.0, 400.0])
        pose = slid(POSE, grabbed, now)
        assert_allclose(
            POSE.to_plane(pose.to_atlas([500.0, 100.0, 0.0])), (-200, 400, 0), atol=1e-9
        )
        pose = turned(POSE, grabbed, now)
        reached = POSE.to_plane(pose.to_atlas([500.0, 100.0, 0.0]))
        assert_allclose(reached[:2] / np.linalg.norm(reached), now / np.linalg.norm(now))
