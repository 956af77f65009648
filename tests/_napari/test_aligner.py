"""The alignment while it is made: every change is told once, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from napari_brainreg3d._napari.aligner import Aligner, Alignment
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose

START = Alignment(
    Pose.dorsal(centre_um=(5000.0, 100.0, 6000.0)), OrthographicCamera(), (10.0, 10.0)
)
OTHER = Pose.dorsal(centre_um=(4000.0, 200.0, 5000.0), pitch_deg=5.0)


@pytest.fixture
def aligner() -> Aligner:
    made = Aligner()
    made.begin(START)
    return made


@pytest.fixture
def told(aligner: Aligner) -> list[Alignment]:
    heard: list[Alignment] = []
    aligner.changed.connect(heard.append)
    return heard


CHANGES: dict[str, Callable[[Aligner], None]] = {
    "pose": lambda aligner: aligner.set_pose(OTHER),
    "camera": lambda aligner: aligner.set_camera(PinholeCamera(working_distance_mm=50.0)),
    "pixel size": lambda aligner: aligner.set_pixel_size((12.0, 11.0)),
    "slide": lambda aligner: aligner.slide(100.0, 50.0, 25.0),
    "turn": lambda aligner: aligner.turn(yaw_deg=3.0, pitch_deg=-2.0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_is_told_once_and_can_be_undone(
    aligner: Aligner, told: list[Alignment], change: Callable[[Aligner], None]
) -> None:
    change(aligner)
    assert told == [aligner.present]
    assert aligner.present != START
    aligner.undo()
    assert aligner.present == START
    aligner.redo()
    assert aligner.present == told[0]
    assert len(told) == 3


def test_a_slide_runs_along_rows_columns_and_view(aligner: Aligner) -> None:
    # Dorsal: rows run backwards (axis 0), columns to the right (against axis 2), the view down.
    aligner.slide(100.0, 50.0, 25.0)
    assert aligner.present is not None
    assert aligner.present.pose.centre_um == pytest.approx((5100.0, 125.0, 5950.0))


def test_a_turn_leaves_the_centre(aligner: Aligner) -> None:
    aligner.turn(yaw_deg=90.0, roll_deg=10.0)
    assert aligner.present is not None
    assert aligner.present.pose.centre_um == pytest.approx(START.pose.centre_um)
    assert aligner.present.pose.angles_deg == pytest.approx((90.0, 0.0, 10.0))


def test_a_gesture_is_one_step(aligner: Aligner) -> None:
    for _ in range(10):
        aligner.slide(10.0, 0.0, merge="drag")
    aligner.end_gesture()
    for _ in range(5):
        aligner.slide(0.0, 10.0, merge="drag")
    aligner.undo()
    assert aligner.present is not None
    assert aligner.present.pose.centre_um == pytest.approx((5100.0, 100.0, 6000.0))
    aligner.undo()
    assert aligner.present == START


def test_nothing_changes_while_it_is_locked(aligner: Aligner, told: list[Alignment]) -> None:
    aligner.slide(10.0, 0.0)
    locks: list[bool] = []
    aligner.lock_changed.connect(locks.append)
    aligner.set_locked(True)
    aligner.set_locked(True)
    held = aligner.present
    with pytest.raises(RegistrationError, match="locked"):
        aligner.slide(10.0, 0.0)
    aligner.undo()
    assert aligner.present == held
    aligner.set_locked(False)
    aligner.undo()
    assert aligner.present == START
    assert locks == [True, False]


def test_reset_goes_to_the_start_and_can_be_undone(aligner: Aligner) -> None:
    aligner.set_pose(OTHER)
    aligner.set_pixel_size((20.0, 20.0))
    aligner.reset()
    assert aligner.present == START
    aligner.undo()
    assert aligner.present is not None
    assert (aligner.present.pose, aligner.present.pixel_size_um) == (OTHER, (20.0, 20.0))


def test_only_a_start_pose_that_never_moved_is_untouched(aligner: Aligner) -> None:
    assert aligner.is_untouched
    aligner.slide(1.0, 0.0)
    assert not aligner.is_untouched
    aligner.undo()
    assert aligner.is_untouched
    restored = Aligner()
    restored.begin(START, is_start=False)
    assert not restored.is_untouched
    restored.reset()  # there is nothing to go back to
    assert restored.present == START


def test_what_does_not_change_is_not_told(aligner: Aligner, told: list[Alignment]) -> None:
    aligner.set_pose(START.pose)
    aligner.undo()
    aligner.redo()
    assert told == []
    assert not aligner.can_undo


def test_before_there_is_an_alignment_it_says_what_is_missing() -> None:
    aligner = Aligner()
    assert aligner.present is None
    with pytest.raises(RegistrationError, match="choose an image and an atlas"):
        aligner.turn(yaw_deg=1.0)
    aligner.undo()
    aligner.end_gesture()
    assert (aligner.can_undo, aligner.can_redo, aligner.is_untouched) == (False, False, False)
