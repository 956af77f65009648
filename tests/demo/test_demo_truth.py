"""The true pose of the demo image, and what flat maps make of it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brainreg3d.demo import (
    DEMO_REGIONS,
    demo_image,
    demo_landmarks,
    demo_registration,
    flat_registration,
)
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.registration import Registration


def test_the_true_pose_is_turned_tilted_and_off_the_centre() -> None:
    truth = demo_registration()
    assert truth.atlas == "demo_mouse"
    assert truth.regions == DEMO_REGIONS
    assert all(abs(angle) >= 3 for angle in truth.pose.angles_deg)
    assert abs(truth.pose.centre_um[2] - 5700.0) > 100.0
    assert isinstance(truth.camera, PinholeCamera)
    assert truth.image_shape == demo_image().shape


def test_the_registration_survives_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = demo_registration().save(tmp_path / "demo.brainreg3d.json")
    assert Registration.load(path) == demo_registration()


def test_landmarks_lie_where_the_true_camera_sees_their_points() -> None:
    """Worked out by hand: through the pinhole, onto the plane of focus, by similar triangles."""
    truth = demo_registration()
    for mark in demo_landmarks():
        along_row, along_column, depth = (
            np.asarray(mark.atlas_um) - truth.pose.centre_um
        ) @ truth.pose.rotation
        shrink = 90_000.0 / (90_000.0 + depth)
        row = along_row * shrink / 22.0 + (448 - 1) / 2
        column = along_column * shrink / 22.0 + (512 - 1) / 2
        assert mark.image_px == pytest.approx((row, column), abs=1e-6)
        assert 0 <= row < 448
        assert 0 <= column < 512


def test_a_flat_map_is_untilted_and_its_landmarks_look_fine() -> None:
    flat = flat_registration()
    _, pitch, roll = flat.pose.angles_deg
    assert (pitch, roll) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert isinstance(flat.camera, OrthographicCamera)
    seen = flat.view.atlas_to_pixels([mark.atlas_um for mark in flat.landmarks])
    clicked = np.array([mark.image_px for mark in flat.landmarks])
    residual_um = 22.0 * np.linalg.norm(seen - clicked, axis=1)
    assert residual_um.max() < 60.0


def test_a_flat_map_is_right_where_the_truth_is_flat() -> None:
    """A similarity transform recovers a camera that looks straight down, without any error."""
    truth = demo_registration().replaced(
        pose=Pose.dorsal(centre_um=(5321.0, 600.0, 5987.0), yaw_deg=-23.0),
        camera=OrthographicCamera(),
        pixel_size_um=(17.0, 17.0),
    )
    flat = flat_registration(truth)
    assert flat.pixel_size_um == pytest.approx((17.0, 17.0))
    assert flat.pose.angles_deg == pytest.approx((-23.0, 0.0, 0.0), abs=1e-9)
    assert flat.pose.centre_um == pytest.approx(truth.pose.centre_um)
