"""Placing landmarks without a window: the image follows, undo takes both back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_brainreg3d._napari.landmarks.live_fit import FitOptions
from napari_brainreg3d._napari.landmarks.placed import Waiting
from napari_brainreg3d._napari.landmarks.state import Landmarks
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.session_image import SessionImage
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, PixelGrid, Pose, View
from napari_brainreg3d.registration import Landmark
from tests.fixtures.scenes import letter_scene

SIZE_UM = (100.0, 100.0)
GRID = PixelGrid((240, 320), SIZE_UM)
TRUTH = Pose.dorsal(centre_um=(5200.0, 300.0, 5500.0), yaw_deg=4.0, pitch_deg=7.0, roll_deg=-5.0)
#: Spread over something that is not flat.
POINTS_UM = np.array(
    [
        (2000.0, 2500.0, 5700.0),
        (9000.0, 900.0, 5600.0),
        (6000.0, 2100.0, 9500.0),
        (6400.0, 1900.0, 2000.0),
        (4000.0, 600.0, 7000.0),
        (7500.0, 300.0, 4000.0),
    ]
)
CAMERA = PinholeCamera(working_distance_mm=60.0)


def clicks(pose: Pose = TRUTH, points=POINTS_UM, camera=CAMERA) -> list[tuple[float, float]]:
    """Where the true camera sees the points."""
    return [tuple(pixel) for pixel in View(GRID, camera, pose).atlas_to_pixels(points).tolist()]


@pytest.fixture
def session() -> Session:
    made = Session()
    made.set_image(SessionImage("brain.tif", GRID.shape, pixel_size_um=SIZE_UM))
    made.set_scene(letter_scene())
    made.aligner.set_camera(CAMERA)
    return made


@pytest.fixture
def landmarks(session: Session) -> Landmarks:
    return Landmarks(session)


def place_all(landmarks: Landmarks, count: int = 4, pixels=None) -> None:
    """As a user does: presets first, then one click after the other."""
    landmarks.add_all({f"p{i}": tuple(POINTS_UM[i].tolist()) for i in range(count)})
    for pixel in (pixels or clicks())[:count]:
        landmarks.place(pixel)


def angle_deg(one: Pose, other: Pose) -> float:
    return float(np.degrees(Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude()))


def moved_px(pixel: tuple[float, float], down: float, right: float) -> tuple[float, float]:
    return pixel[0] + down, pixel[1] + right


def test_clicks_go_to_one_landmark_after_the_other_and_the_image_jumps(landmarks, session) -> None:
    start = session.alignment
    landmarks.add_all({f"p{i}": tuple(POINTS_UM[i].tolist()) for i in range(4)})
    assert landmarks.waiting == Waiting(0, "image")
    for i, pixel in enumerate(clicks()[:4]):
        assert landmarks.waiting == Waiting(i, "image")
        landmarks.place(pixel)
        if i == 0:
            assert session.alignment.pose == start.pose
            assert "1 more" in landmarks.summary
    assert landmarks.waiting is None
    assert angle_deg(session.alignment.pose, TRUTH) < 1e-4
    np.testing.assert_allclose(session.alignment.pose.centre_um, TRUTH.centre_um, atol=0.1)
    assert landmarks.is_fitted
    assert landmarks.summary == "rms 0 µm"
    assert session.registration.landmarks == landmarks.marks


def test_undo_takes_a_landmark_and_the_jump_back_and_redo_makes_both_again(
    landmarks, session
) -> None:
    place_all(landmarks, 3)
    before = session.alignment
    landmarks.add("last", tuple(POINTS_UM[3].tolist()))
    landmarks.place(moved_px(clicks()[3], 5, -8))
    after = session.alignment
    assert after.pose != before.pose
    session.aligner.undo()
    assert session.alignment.pose == before.pose
    assert landmarks.marks[3].image_px is None
    session.aligner.undo()
    assert session.alignment == before
    assert landmarks.is_fitted
    assert len(landmarks.rows) == 3
    session.aligner.redo()
    session.aligner.redo()
    assert session.alignment == after
    assert landmarks.is_fitted


def test_a_landmark_known_in_the_image_first_waits_for_the_atlas(landmarks) -> None:
    index = landmarks.add()
    assert landmarks.marks[index].name == "point 1"
    landmarks.place((10.0, 20.0))
    assert landmarks.waiting == Waiting(index, "atlas")
    landmarks.place((1000.0, 2000.0, 3000.0))
    assert landmarks.marks[index] == Landmark("point 1", (10.0, 20.0), (1000.0, 2000.0, 3000.0))
    assert landmarks.waiting is None
    assert landmarks.add() == 1
    assert landmarks.marks[1].name == "point 2"


def test_a_drag_follows_quickly_and_is_one_step_to_undo(landmarks, session) -> None:
    place_all(landmarks, 6)
    before = session.alignment
    for step in range(1, 6):
        landmarks.set_image(2, moved_px(clicks()[2], 0.3 * step, 0.6 * step), merge="drag")
        assert landmarks.summary.startswith("rms")
    dragged = session.alignment
    assert angle_deg(dragged.pose, before.pose) > 0.05
    landmarks.end_drag("drag")
    assert angle_deg(dragged.pose, session.alignment.pose) < 0.02, "quick and whole fit agree"
    assert landmarks.is_fitted
    session.aligner.undo()
    assert session.alignment == before


def test_an_outlier_is_named_and_left_out(landmarks, session) -> None:
    pixels = clicks()
    pixels[4] = moved_px(pixels[4], 25, -30)
    place_all(landmarks, 6, pixels)
    assert [row.is_outlier for row in landmarks.rows] == [False] * 4 + [True, False]
    assert "left out: p4" in landmarks.summary
    assert angle_deg(session.alignment.pose, TRUTH) < 1e-3
    assert landmarks.rows[4].distance_um == pytest.approx(100 * np.hypot(25, 30), rel=0.01)


def test_three_points_offer_the_other_tilt_and_stay_with_it(landmarks, session) -> None:
    session.aligner.set_camera(OrthographicCamera())
    place_all(landmarks, 3, clicks(camera=OrthographicCamera()))
    first = session.alignment.pose
    assert landmarks.alternative_words
    landmarks.use_alternative()
    other = session.alignment.pose
    assert angle_deg(first, other) > 1.0
    assert landmarks.summary.startswith("rms 0 µm"), "it fits as well"
    pixel = clicks(camera=OrthographicCamera())[0]
    landmarks.set_image(0, moved_px(pixel, 0.5, 0.0), merge="drag")
    landmarks.end_drag("drag")
    now = session.alignment.pose
    assert angle_deg(now, other) < angle_deg(now, first) / 2, "a small drag does not flip it back"
    session.aligner.undo()
    session.aligner.undo()
    assert session.alignment.pose == first


def test_two_points_keep_the_tilt_and_say_so(landmarks, session) -> None:
    session.aligner.turn(pitch_deg=3.0, roll_deg=2.0)
    place_all(landmarks, 2)
    _, pitch, roll = session.alignment.pose.angles_deg
    assert (pitch, roll) == pytest.approx((3.0, 2.0))
    assert "not determined, kept: distance of focus, tilt" in landmarks.summary


def test_parallel_rays_do_not_complain_about_the_distance(landmarks, session) -> None:
    session.aligner.set_camera(OrthographicCamera())
    place_all(landmarks, 4, clicks(camera=OrthographicCamera()))
    assert "not determined" not in landmarks.summary


def test_moving_the_image_by_hand_shows_in_the_distances_until_it_is_fitted_again(
    landmarks, session
) -> None:
    place_all(landmarks)
    session.aligner.set_camera(CAMERA)
    session.aligner.slide(0.0, 500.0)
    assert not landmarks.is_fitted
    assert landmarks.summary.startswith("moved since the fit")
    # At the depth of the tissue 500 um of shift look a little smaller through a pinhole.
    assert all(400 < row.distance_um < 520 for row in landmarks.rows)
    landmarks.fit_now()
    assert landmarks.is_fitted
    assert angle_deg(session.alignment.pose, TRUTH) < 1e-3


def test_removing_and_renaming(landmarks, session) -> None:
    place_all(landmarks, 5)
    pose = session.alignment.pose
    landmarks.rename(1, " back ")
    landmarks.rename(1, "  ")
    assert landmarks.marks[1].name == "back"
    assert session.alignment.pose == pose, "a name moves nothing"
    landmarks.remove(0)
    assert [mark.name for mark in landmarks.marks] == ["back", "p2", "p3", "p4"]
    assert landmarks.is_fitted
    landmarks.remove(17)
    landmarks.clear()
    assert landmarks.marks == ()
    assert landmarks.summary == "no landmarks yet"


def test_the_same_preset_twice_is_placed_anew(landmarks) -> None:
    place_all(landmarks)
    assert landmarks.add("p2", tuple(POINTS_UM[2].tolist())) == 2
    assert landmarks.waiting == Waiting(2, "image")
    assert len(landmarks.marks) == 4


def test_the_pixel_size_can_be_fitted(landmarks, session) -> None:
    session.set_pixel_size((90.0, 90.0))
    session.aligner.end_gesture()
    place_all(landmarks, 6)
    assert session.alignment.pixel_size_um == (90.0, 90.0)
    landmarks.set_options(FitOptions(free_pixel_size=True))
    assert session.alignment.pixel_size_um == pytest.approx(SIZE_UM, rel=1e-4)
    assert landmarks.fit.parameters[-1] == "scale_percent"
    session.aligner.undo()
    assert session.alignment.pixel_size_um == (90.0, 90.0)


def test_the_click_error_scales_the_error_bars(landmarks) -> None:
    place_all(landmarks, 6)
    small = landmarks.fit.standard_deviations["pitch_deg"]
    landmarks.set_options(FitOptions(click_sd_um=300.0))
    assert landmarks.fit.standard_deviations["pitch_deg"] == pytest.approx(3 * small, rel=1e-3)
    with pytest.raises(RegistrationError, match="click error must be positive"):
        landmarks.set_options(FitOptions(click_sd_um=0.0))


def test_a_locked_alignment_keeps_its_landmarks(landmarks, session) -> None:
    place_all(landmarks)
    before = session.alignment
    session.aligner.set_locked(True)
    with pytest.raises(RegistrationError, match="locked"):
        landmarks.set_image(0, (1.0, 2.0))
    assert session.alignment == before
    assert landmarks.is_fitted


def test_what_cannot_be_fitted_is_said_and_moves_nothing(landmarks, session) -> None:
    start = session.alignment.pose
    landmarks.add_all({"a": (1000.0, 0.0, 0.0), "b": (1000.0, 0.0, 0.0)})
    landmarks.place((5.0, 5.0))
    landmarks.place((9.0, 9.0))
    assert "one point" in landmarks.summary
    assert session.alignment.pose == start
    with pytest.raises(RegistrationError, match="one point"):
        landmarks.fit_now()


def test_without_an_alignment_there_are_no_landmarks() -> None:
    landmarks = Landmarks(Session())
    assert landmarks.marks == landmarks.rows == ()
    with pytest.raises(RegistrationError, match="image with its pixel size"):
        landmarks.add("bregma")


def test_a_restored_session_brings_its_landmarks_and_their_fit(landmarks, session) -> None:
    place_all(landmarks, 5)
    saved = session.registration
    fresh = Session()
    again = Landmarks(fresh)
    fresh.restore(saved, letter_scene(), None)
    assert again.marks == saved.landmarks
    assert again.is_fitted
    assert fresh.registration.landmarks == saved.landmarks


def test_placed_points_alone_do_not_count_as_aligned(landmarks, session) -> None:
    landmarks.add("a", (1000.0, 0.0, 0.0))
    landmarks.place((3.0, 4.0))
    assert not session.aligner.is_untouched, "the camera was changed"
    session.aligner.reset()
    assert len(landmarks.marks) == 1
    assert session.aligner.is_untouched


def test_another_image_keeps_what_is_known_of_the_atlas(landmarks, session) -> None:
    place_all(landmarks)
    pose, image = session.alignment.pose, session.image
    session.set_image(dataclasses.replace(image, pixel_size_um=(101.0, 101.0)))
    assert all(mark.image_px for mark in landmarks.marks), "it is the same image"
    session.set_image(None)
    session.set_image(SessionImage("next.tif", GRID.shape, pixel_size_um=SIZE_UM))
    assert [mark.image_px for mark in landmarks.marks] == [None] * 4
    np.testing.assert_allclose([mark.atlas_um for mark in landmarks.marks], POINTS_UM[:4])
    assert session.alignment.pose == pose


def test_a_session_with_another_image_keeps_its_own_clicks(landmarks, session) -> None:
    place_all(landmarks)
    other = session.registration.replaced(image_name="other.tif")
    session.restore(other.replaced(landmarks=other.landmarks[:3]), letter_scene(), None)
    assert [mark.image_px is not None for mark in landmarks.marks] == [True] * 3


def test_after_closing_nothing_is_followed(landmarks, session) -> None:
    told: list[int] = []
    landmarks.changed.connect(lambda: told.append(1))
    landmarks.close()
    session.aligner.slide(1.0, 1.0)
    assert told == []
