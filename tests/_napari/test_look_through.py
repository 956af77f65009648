"""Looking through the camera, the canvas is the projection: not mirrored, nothing shifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from napari_brainreg3d._napari.stage import Stage, stage_for
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose
from tests.fixtures.canvas import (
    agreement,
    away_from_borders,
    canvas_registration,
    code_colours,
    put_on_stage,
    show_only,
)
from tests.fixtures.scenes import letter_scene

POSES = {
    "straight from above": Pose.dorsal(centre_um=(4000.0, 600.0, 6500.0)),
    "tilted and turned": Pose.dorsal(
        centre_um=(4300.0, 900.0, 6300.0), yaw_deg=40.0, pitch_deg=25.0, roll_deg=-20.0
    ),
    "from the left": Pose.lateral(
        side="left", centre_um=(4000.0, 2000.0, 9000.0), yaw_deg=-10.0, pitch_deg=12.0
    ),
}
TILTED = POSES["tilted and turned"]
CAMERAS = {
    "parallel": OrthographicCamera(),
    "near pinhole": PinholeCamera(working_distance_mm=15.0),
    "far pinhole": PinholeCamera(working_distance_mm=230.0),
    "mirrored": OrthographicCamera(mirrored=True),
    "off its axis and mirrored": PinholeCamera(
        working_distance_mm=20.0, principal_point_um=(900.0, -700.0), mirrored=True
    ),
}
#: An F, which is not its own mirror image in any way.
LETTER = np.kron(
    np.array(["#####", "#....", "####.", "#....", "#...."], dtype="U5").view("U1").reshape(5, 5)
    == "#",
    np.ones((8, 8), bool),
)


@pytest.fixture
def stage(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Iterator[Stage]:
    made = stage_for(make_napari_viewer(show=True, strict_qt="raise"))
    qtbot.wait(20)  # the canvas has its size
    yield made
    made.close()


def look(stage: Stage, pose: Pose, camera: Camera) -> None:
    """Look through a camera at regions painted with their numbers."""
    stage.session.aligner.set_camera(camera)
    stage.session.aligner.set_pose(pose)
    stage.set_mode("look_through")
    scene = stage.session.scene
    assert scene is not None
    show_only(stage, "regions")
    stage.layers("regions")[0].vertex_colors = code_colours(scene)


def screenshot(stage: Stage) -> npt.NDArray[np.uint8]:
    return np.asarray(stage.viewer.screenshot(canvas_only=True, flash=False))


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())
def test_the_canvas_is_the_projection(stage: Stage, camera: Camera) -> None:
    put_on_stage(stage, letter_scene())
    for pose in POSES.values():
        look(stage, pose, camera)
        seen = screenshot(stage)
        assert agreement(stage, seen) >= 0.999
        for flipped in (seen[:, ::-1], seen[::-1], seen[::-1, ::-1]):
            assert agreement(stage, flipped) < 0.99


@pytest.mark.parametrize("camera", list(CAMERAS.values())[:2], ids=list(CAMERAS)[:2])
def test_the_canvas_is_the_projection_of_the_demo_atlas(stage: Stage, camera: Camera) -> None:
    put_on_stage(stage, load_scene("demo_mouse"))
    for pose in POSES.values():
        look(stage, pose, camera)
        assert agreement(stage, screenshot(stage)) >= 0.999


@pytest.mark.slow
@pytest.mark.parametrize("camera", list(CAMERAS.values())[:2], ids=list(CAMERAS)[:2])
def test_the_canvas_is_the_projection_of_the_real_atlas(
    stage: Stage, camera: Camera, shared_atlas_dir: Path
) -> None:
    areas = load_scene("allen_mouse_50um", "Isocortex", brainglobe_dir=shared_atlas_dir)
    put_on_stage(stage, areas)
    for pose in POSES.values():
        look(stage, pose, camera)
        assert agreement(stage, screenshot(stage)) >= 0.999


def test_tissue_hides_on_the_canvas_what_it_hides_in_the_projection(stage: Stage) -> None:
    """Regions deep under the surface show in the brain view, but not through the camera."""
    put_on_stage(stage, load_scene("demo_mouse"))
    look(stage, TILTED, OrthographicCamera())
    everything = agreement(stage, screenshot(stage), occlusion="brain")
    core = next(layer for layer in stage.layers("brain") if layer.blending == "opaque")
    core.vertex_colors = np.array([[0.0, 0.0, 0.0, 1.0]] * len(core.vertices))
    core.visible = True
    hidden = agreement(stage, screenshot(stage), occlusion="brain")
    assert hidden >= 0.995
    assert 1 - hidden < (1 - everything) / 5


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())
def test_the_image_lies_on_the_canvas_pixel_by_pixel(stage: Stage, camera: Camera) -> None:
    layer = stage.viewer.add_image(LETTER.astype(np.uint8), name="F")
    stage.use_layer(layer)
    stage.session.set_pixel_size((120.0, 150.0))
    stage.session.set_scene(letter_scene())
    look(stage, TILTED, camera)
    show_only(stage, "plane")
    stage.set_image_opacity(1.0)
    seen = screenshot(stage)
    registration = stage.session.registration
    assert registration is not None
    # Where the canvas's pixels lie in the image, by way of the plane of focus.
    canvas = canvas_registration(stage, seen).view
    rows, columns = np.indices(seen.shape[:2])
    places = canvas.pixels_to_atlas(np.stack([rows.ravel(), columns.ravel()], axis=1))
    pixels = np.rint(registration.view.atlas_to_pixels(places)).astype(int)
    inside = ((pixels >= 0) & (pixels < LETTER.shape)).all(axis=1)
    expected = np.zeros(len(pixels), bool)
    expected[inside] = LETTER[tuple(pixels[inside].T)]
    expected = expected.reshape(seen.shape[:2])
    # Between two pixels of the image the canvas has a ramp.
    clear = away_from_borders(expected, 6)
    bright = seen[..., 0] > 127
    assert (bright == expected)[clear].mean() >= 0.999
    for flipped in (bright[:, ::-1], bright[::-1], bright[::-1, ::-1]):
        assert (flipped == expected)[clear].mean() < 0.9


def test_the_look_stays_exact_when_canvas_or_magnification_change(stage: Stage, qtbot: Any) -> None:
    put_on_stage(stage, letter_scene())
    look(stage, TILTED, CAMERAS["near pinhole"])
    before = stage.viewer.canvas.size
    stage.viewer.window.resize(900, 500)
    qtbot.waitUntil(lambda: stage.viewer.canvas.size != before, timeout=5000)
    qtbot.wait(50)
    show_only(stage, "regions")  # outlines have come meanwhile
    assert agreement(stage, screenshot(stage)) >= 0.999
    zoom = stage.viewer.scene.camera.zoom
    stage.viewer.scene.camera.zoom = 1.7 * zoom
    assert stage.mode == "look_through"
    assert stage.viewer.scene.camera.zoom == pytest.approx(1.7 * zoom)
    assert agreement(stage, screenshot(stage)) >= 0.999


def test_turning_the_canvas_by_hand_leads_to_the_brain_view(stage: Stage) -> None:
    put_on_stage(stage, letter_scene())
    look(stage, TILTED, OrthographicCamera())
    modes: list[str] = []
    stage.mode_changed.connect(modes.append)
    stage.viewer.scene.camera.angles = (10.0, 20.0, 30.0)
    assert (stage.mode, modes) == ("brain", ["brain"])
    assert stage.viewer.scene.camera.angles == pytest.approx((10.0, 20.0, 30.0))


def test_the_camera_follows_the_pose(stage: Stage) -> None:
    put_on_stage(stage, letter_scene())
    stage.set_mode("look_through")
    stage.session.aligner.set_pose(TILTED)
    camera = stage.viewer.scene.camera
    assert camera.center == pytest.approx(TILTED.centre_um)
    assert camera.view_direction == pytest.approx(TILTED.viewing_direction, abs=1e-9)


def test_lens_distortion_is_told_in_pixels(stage: Stage) -> None:
    put_on_stage(stage, letter_scene())
    assert stage.camera_note == ""
    # 48 x 64 pixels of 150 um: the corner is 6000 um from the middle, r = 0.4 at 15 mm. The lens
    # moves it by about k1 r^2 of that distance: 0.02 * 0.16 * 6000 / 150 = 0.128 pixels.
    stage.session.aligner.set_camera(PinholeCamera(working_distance_mm=15.0, k1=0.02))
    assert stage.camera_note == ""
    stage.session.aligner.set_camera(PinholeCamera(working_distance_mm=15.0, k1=0.2))
    assert "1.2 pixels" in stage.camera_note


def test_there_is_nothing_to_look_through_without_an_alignment(stage: Stage) -> None:
    with pytest.raises(RegistrationError, match="drop an image onto napari"):
        stage.set_mode("look_through")
    assert stage.mode == "brain"
