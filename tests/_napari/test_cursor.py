"""What of the image and of the brain lies under a click."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.stage import Stage
from napari_brainreg3d.geometry import Pose
from tests.fixtures.gui import wait_for_work
from tests.fixtures.scenes import brute_force_first_hit

PIXEL = np.array([11.0, 14.0])


@pytest.fixture
def stage(ready: Bench, qtbot: Any) -> Stage:
    ready.session.aligner.set_pose(Pose.dorsal(centre_um=(4500.0, 900.0, 6800.0), yaw_deg=20.0))
    wait_for_work(qtbot, ready)
    return ready.stage


def click_in_3d(point: Any, direction: Any) -> Any:
    return SimpleNamespace(
        position=np.asarray(point), view_direction=np.asarray(direction), dims_displayed=(0, 1, 2)
    )


def click_in_2d(row: float, column: float) -> Any:
    return SimpleNamespace(
        position=np.array([row, column]), view_direction=None, dims_displayed=(0, 1)
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_in_3d_the_pixel_that_the_ray_crosses(stage: Stage, mirrored: bool) -> None:
    stage.session.set_mirrored(mirrored)
    registration = stage.session.registration
    assert registration is not None
    place = registration.view.pixels_to_atlas(PIXEL[None])[0]
    slanted = np.array([0.3, 0.9, -0.2])
    click = click_in_3d(place - 3000.0 * slanted, slanted / np.linalg.norm(slanted))
    np.testing.assert_allclose(stage.cursor.pixel_at(click), PIXEL, atol=1e-6)
    beside = registration.view.pixels_to_atlas(np.array([[200.0, 14.0]]))[0]
    assert stage.cursor.pixel_at(click_in_3d(beside, slanted)) is None


def test_in_the_image_view_the_pixel_of_a_shifted_image(stage: Stage) -> None:
    stage.image_layer.translate = (7.0, -3.0)
    stage.set_mode("image")
    np.testing.assert_allclose(stage.cursor.pixel_at(click_in_2d(18.0, 11.0)), PIXEL)
    assert stage.cursor.pixel_at(click_in_2d(0.0, 0.0)) is None
    assert stage.cursor.atlas_um_at(click_in_2d(0.0, 0.0)) is None


def test_the_place_in_the_brain_is_the_same_from_the_canvas_and_from_the_image(
    stage: Stage,
) -> None:
    session = stage.session
    registration, scene = session.registration, session.scene
    assert registration is not None
    assert scene is not None
    start, down = np.array([4000.0, -20_000.0, 7000.0]), np.array([0.0, 1.0, 0.0])  # over the bar
    pixel = registration.view.atlas_to_pixels([4000.0, 1000.0, 7000.0])
    faces, depths = brute_force_first_hit(
        scene.mesh.vertices_um, scene.mesh.faces, start[None], down[None]
    )
    assert faces[0] >= 0
    expected = start + depths[0] * down
    np.testing.assert_allclose(
        stage.cursor.atlas_um_at(click_in_3d(start, down)), expected, atol=0.01
    )
    stage.set_mode("image")
    np.testing.assert_allclose(stage.cursor.atlas_um_at(click_in_2d(*pixel)), expected, atol=0.01)


def test_beside_the_brain_there_is_nothing(stage: Stage) -> None:
    assert stage.cursor.atlas_um_at(click_in_3d((-9e4, 0.0, -9e4), (0.0, 1.0, 0.0))) is None
