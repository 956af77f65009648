"""Numbers, start poses, camera, undo, and the question of sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.placing import (
    limits_mm,
    moved_to,
    position_mm,
    turned_to,
    with_distance,
)
from napari_brainreg3d._napari.sides import (
    edge_words,
    is_same_side,
    side_sentence,
    side_sentences,
)
from napari_brainreg3d._napari.widgets.align_section import AlignSection
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS, BregmaPreset
from napari_brainreg3d.geometry import VIEWS, OrthographicCamera, PinholeCamera, Pose

IBL = BREGMA_PRESETS["ibl"]
CENTRE = (4400.0, 1332.0, 3739.0)  # 1 mm in front of, 2 mm right of and 1 mm under ibl's bregma


@pytest.fixture
def section(ready: Bench, qtbot: Any) -> AlignSection:
    made = AlignSection(ready, Links())
    qtbot.addWidget(made)
    return made


class TestPlacing:
    """The numbers that a person sees, by hand."""

    def test_the_position_counts_from_bregma_forwards_right_and_up(self) -> None:
        pose = Pose.dorsal(centre_um=CENTRE)
        assert position_mm(pose, IBL) == pytest.approx({"ap": 1.0, "ml": 2.0, "dv": -1.0})

    def test_without_a_bregma_it_counts_from_the_corner_of_the_atlas(self) -> None:
        pose = Pose.dorsal(centre_um=(1000.0, 2000.0, 3000.0))
        assert position_mm(pose, None) == pytest.approx({"ap": -1.0, "ml": -3.0, "dv": -2.0})

    @pytest.mark.parametrize("tilt", [0.0, 5.0])
    def test_one_coordinate_is_changed_and_the_others_stay(self, tilt: float) -> None:
        bregma = BregmaPreset("tilted", (5400.0, 332.0, 5739.0), tilt_deg=tilt)
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=10.0, roll_deg=20.0)
        before = position_mm(pose, bregma)
        moved = moved_to(pose, bregma, "ml", -3.0)
        assert position_mm(moved, bregma) == pytest.approx({**before, "ml": -3.0})
        np.testing.assert_array_equal(moved.rotation, pose.rotation)

    @given(
        yaw=st.floats(-80.0, 80.0),
        pitch=st.floats(-80.0, 80.0),
        roll=st.floats(-80.0, 80.0),
        value=st.floats(-80.0, 80.0),
        angle=st.sampled_from(["yaw", "pitch", "roll"]),
    )
    def test_one_angle_is_changed_and_the_others_stay(
        self, yaw: float, pitch: float, roll: float, value: float, angle: Any
    ) -> None:
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
        turned = turned_to(pose, angle, value)
        expected = {"yaw": yaw, "pitch": pitch, "roll": roll} | {angle: value}
        assert turned.angles_deg == pytest.approx(tuple(expected.values()), abs=1e-6)
        np.testing.assert_array_equal(turned.centre_um, pose.centre_um)

    def test_the_limits_hold_the_atlas_and_half_of_it_more(self) -> None:
        # 10 mm long, 8 high, 12 wide; bregma at 5.4, 0.332, 5.739 from front, top, right.
        limits = limits_mm((10_000.0, 8_000.0, 12_000.0), IBL)
        assert limits["ap"] == pytest.approx((5.4 - 15.0, 5.4 + 5.0))
        assert limits["dv"] == pytest.approx((0.332 - 12.0, 0.332 + 4.0))
        assert limits["ml"] == pytest.approx((5.739 - 18.0, 5.739 + 6.0))

    def test_a_camera_keeps_what_else_is_known_of_it(self) -> None:
        lens = PinholeCamera(working_distance_mm=50.0, k1=0.1, mirrored=True)
        assert with_distance(lens, 70.0) == PinholeCamera(
            working_distance_mm=70.0, k1=0.1, mirrored=True
        )
        assert with_distance(lens, None) == OrthographicCamera(mirrored=True)


class TestSides:
    """Words against hand-made poses: nobody may be told the wrong side."""

    @pytest.mark.parametrize(
        ("view", "mirrored", "expected"),
        [
            ("dorsal", False, ("the animal's left", "the animal's right", "the front (nose)")),
            ("dorsal", True, ("the animal's right", "the animal's left", "the front (nose)")),
            ("ventral", False, ("the animal's right", "the animal's left", "the front (nose)")),
            ("left", False, ("the front (nose)", "the back (tail)", "the top")),
            ("right", False, ("the back (tail)", "the front (nose)", "the top")),
            ("frontal", False, ("the animal's right", "the animal's left", "the top")),
            ("caudal", False, ("the animal's left", "the animal's right", "the top")),
        ],
    )
    def test_each_edge_of_each_view(
        self, view: str, mirrored: bool, expected: tuple[str, str, str]
    ) -> None:
        pose = Pose.from_view(view, centre_um=CENTRE)
        words = edge_words(pose, OrthographicCamera(mirrored=mirrored))
        assert (words["left"], words["right"], words["top"]) == expected

    def test_an_edge_between_two_directions_names_both(self) -> None:
        # The nose is turned 45 degrees to the right of the image.
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=45.0)
        words = edge_words(pose, OrthographicCamera())
        assert set(words["right"].split(" and ")) == {"the front (nose)", "the animal's right"}
        assert set(words["top"].split(" and ")) == {"the front (nose)", "the animal's left"}

    def test_a_small_tilt_changes_no_word(self) -> None:
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=10.0, pitch_deg=-15.0, roll_deg=20.0)
        sentence = side_sentence(pose, OrthographicCamera())
        assert sentence == "The left edge of the image is the animal's left."

    @pytest.mark.parametrize(
        ("yaw_deg", "expected"),
        [
            (
                0.0,
                "The left edge of the image is the animal's left. Its top is the front (nose).",
            ),
            (
                90.0,
                "The top edge of the image is the animal's left. Its right is the front (nose).",
            ),
        ],
    )
    def test_two_edges_are_named_that_say_different_things(
        self, yaw_deg: float, expected: str
    ) -> None:
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=yaw_deg)
        assert side_sentences(pose, OrthographicCamera()) == expected

    def test_mirroring_and_turning_round_are_another_side(self) -> None:
        pose, plain = Pose.dorsal(centre_um=CENTRE), OrthographicCamera()
        assert is_same_side(pose, plain, pose.turned(yaw_deg=80.0), plain)
        assert not is_same_side(pose, plain, pose.turned(yaw_deg=100.0), plain)
        assert not is_same_side(pose, plain, pose, OrthographicCamera(mirrored=True))


class TestSection:
    def test_it_shows_where_the_image_is(self, section: AlignSection, ready: Bench) -> None:
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=3.0, pitch_deg=-4.0, roll_deg=5.0)
        ready.session.aligner.set_pose(pose)
        shown = {name: row.spin.value() for name, row in section.rows.items()}
        assert shown == pytest.approx(
            {"ap": 1.0, "ml": 2.0, "dv": -1.0, "yaw": 3.0, "pitch": -4.0, "roll": 5.0}
        )

    def test_what_is_shown_never_comes_back_as_a_change(
        self, section: AlignSection, ready: Bench
    ) -> None:
        """The spin boxes round to 1 um; the pose must not be rounded by being shown."""
        changes = []
        ready.session.aligner.changed.connect(changes.append)
        pose = Pose.dorsal(centre_um=(4400.1234, 1332.4321, 3739.9876), yaw_deg=1.23456)
        ready.session.aligner.set_pose(pose)
        assert len(changes) == 1
        assert ready.session.alignment is not None
        assert ready.session.alignment.pose == pose

    @pytest.mark.parametrize("view", sorted(VIEWS))
    def test_every_start_pose_can_be_taken(
        self, section: AlignSection, ready: Bench, view: str
    ) -> None:
        section.start.setCurrentIndex(section.start.findData(view))
        section.start.activated.emit(section.start.currentIndex())
        assert ready.session.alignment is not None
        assert ready.session.alignment.pose.view == view
        assert ready.session.aligner.can_undo or view == "dorsal"

    def test_a_typed_number_counts_when_it_is_finished(
        self, section: AlignSection, ready: Bench, qtbot: Any
    ) -> None:
        spin = section.rows["ap"].spin
        changes: list[Any] = []
        ready.session.aligner.changed.connect(changes.append)
        spin.lineEdit().selectAll()
        qtbot.keyClicks(spin.lineEdit(), "-2.25")
        assert changes == []
        qtbot.keyClick(spin, Qt.Key.Key_Return)
        assert len(changes) == 1
        assert position_mm(changes[0].pose, ready.session.bregma)["ap"] == pytest.approx(-2.25)

    def test_a_run_of_arrow_presses_is_undone_together(
        self, section: AlignSection, ready: Bench, qtbot: Any
    ) -> None:
        before = ready.session.alignment
        for _ in range(5):
            section.rows["yaw"].spin.stepUp()
        assert section.rows["yaw"].spin.value() == pytest.approx(5.0)
        section.undo.click()
        assert ready.session.alignment == before

    def test_a_rest_between_presses_makes_two_steps(
        self, section: AlignSection, ready: Bench, qtbot: Any
    ) -> None:
        section.rows["yaw"].spin.stepUp()
        section._rest.timeout.emit()  # what the clock does after a rest
        section.rows["yaw"].spin.stepUp()
        section.undo.click()
        assert section.rows["yaw"].spin.value() == pytest.approx(1.0)
        section.undo.click()
        assert section.rows["yaw"].spin.value() == pytest.approx(0.0)
        section.redo.click()
        assert section.rows["yaw"].spin.value() == pytest.approx(1.0)

    def test_different_numbers_are_different_steps(
        self, section: AlignSection, ready: Bench
    ) -> None:
        section.rows["yaw"].spin.stepUp()
        section.rows["roll"].spin.stepUp()
        section.undo.click()
        shown = [section.rows[name].spin.value() for name in ("yaw", "roll")]
        assert shown == pytest.approx([1.0, 0.0])

    def test_scrolling_the_panel_changes_no_number_under_the_mouse(
        self, section: AlignSection, ready: Bench, qtbot: Any
    ) -> None:
        before = ready.session.alignment
        section.show()
        for control in (section.rows["ap"].spin, section.rows["ap"].slider, section.camera):
            middle = QPointF(control.rect().center())
            wheel = QWheelEvent(
                middle,
                QPointF(control.mapToGlobal(middle.toPoint())),
                QPoint(0, 0),
                QPoint(0, 120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(control, wheel)
        assert ready.session.alignment == before

    def test_fine_steps_are_a_tenth_of_coarse_ones(self, section: AlignSection) -> None:
        before = section.rows["ml"].spin.singleStep(), section.rows["yaw"].spin.singleStep()
        section.steps.setCurrentIndex(section.steps.findData("fine"))
        section.steps.activated.emit(section.steps.currentIndex())
        after = section.rows["ml"].spin.singleStep(), section.rows["yaw"].spin.singleStep()
        assert after == pytest.approx((before[0] / 10, before[1] / 10))

    def test_the_slider_moves_the_image(self, section: AlignSection, ready: Bench) -> None:
        row = section.rows["pitch"]
        row.slider.setValue(1250)  # hundredths of a degree
        assert ready.session.alignment is not None
        assert ready.session.alignment.pose.angles_deg[1] == pytest.approx(12.5)
        assert row.spin.value() == pytest.approx(12.5)

    def test_another_bregma_changes_the_numbers_and_not_the_image(
        self, section: AlignSection, ready: Bench
    ) -> None:
        ready.session.aligner.set_pose(Pose.dorsal(centre_um=CENTRE))
        before = ready.session.alignment
        section.bregma.setCurrentIndex(section.bregma.findData("pinpoint_2024"))
        section.bregma.activated.emit(section.bregma.currentIndex())
        assert ready.session.alignment == before
        # pinpoint's bregma lies 0.2 mm in front of ibl's.
        assert section.rows["ap"].spin.value() == pytest.approx(0.8)

    def test_a_pinhole_at_a_distance_can_be_chosen(
        self, section: AlignSection, ready: Bench
    ) -> None:
        assert not section.distance.isEnabled()
        section.camera.setCurrentIndex(section.camera.findData(True))
        section.camera.activated.emit(section.camera.currentIndex())
        section.distance.setValue(230.0)
        assert ready.session.alignment is not None
        assert ready.session.alignment.camera == PinholeCamera(working_distance_mm=230.0)

    def test_the_pixel_size_keeps_the_shape_of_the_pixels(
        self, section: AlignSection, ready: Bench
    ) -> None:
        ready.session.set_pixel_size((10.0, 30.0))
        section.pixel_size.setValue(40.0)
        assert ready.session.pixel_size_um == pytest.approx((20.0, 60.0))

    def test_a_locked_alignment_cannot_be_changed(
        self, section: AlignSection, ready: Bench
    ) -> None:
        section.lock.click()
        assert not section.rows["ap"].isEnabled()
        assert not section.undo.isEnabled()
        section.lock.click()
        assert section.rows["ap"].isEnabled()

    def test_a_change_from_elsewhere_while_locked_is_refused_in_words(
        self, section: AlignSection, ready: Bench, told: list[str]
    ) -> None:
        before = ready.session.alignment
        section.lock.click()
        section.rows["yaw"].edited.emit(20.0)
        assert ready.session.alignment == before
        assert len(told) == 1
        assert "locked" in told[0]


class TestAccepting:
    def test_an_unmoved_image_and_an_unconfirmed_side_are_refused(
        self, section: AlignSection, ready: Bench, told: list[str]
    ) -> None:
        section.accept.click()
        assert len(told) == 1
        assert "still lies where it started" in told[0]
        section.rows["yaw"].spin.stepUp()
        section.accept.click()
        assert len(told) == 2
        assert "left" in told[1]
        section.side.confirm.click()
        section.accept.click()
        assert ready.session.is_accepted
        assert len(told) == 2

    def test_the_question_says_what_is_true_of_the_pose(
        self, section: AlignSection, ready: Bench
    ) -> None:
        assert "left edge of the image is the animal's left" in section.side.words.text()
        ready.session.set_mirrored(True)
        assert "right edge of the image is the animal's left" in section.side.words.text()

    def test_a_confirmed_side_is_asked_again_after_mirroring(
        self, section: AlignSection, ready: Bench
    ) -> None:
        section.side.confirm.click()
        ready.session.aligner.turn(yaw_deg=20.0)
        assert section.side.confirm.isChecked()
        ready.session.set_mirrored(True)
        assert not section.side.confirm.isChecked()
        assert not ready.session.is_side_confirmed
