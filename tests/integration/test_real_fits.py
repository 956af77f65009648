"""Fits on real anatomy: landmarks, confidence, curves."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.curves import Curve, refine_on_curves
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import fit_landmarks
from tests.fixtures.reliability import reliability
from tests.fixtures.scenes import brute_force_first_hit

ATLAS = "allen_mouse_50um"
NEAR = Pose.dorsal(centre_um=(5400.0, 300.0, 5700.0))
CAMERAS = [
    pytest.param(OrthographicCamera(), id="orthographic"),
    pytest.param(PinholeCamera(working_distance_mm=80.0), id="pinhole"),
]
#: AP and ML of eight points all over the dorsal surface.
SPREAD = (
    (3000.0, 4800.0), (3600.0, 7000.0), (5200.0, 2600.0), (5600.0, 8900.0),
    (6800.0, 5400.0), (7600.0, 1900.0), (8300.0, 9300.0), (8800.0, 3600.0),
)  # fmt: skip


@pytest.fixture(scope="module")
def scene(shared_atlas_dir: Path) -> Scene:
    return load_scene(ATLAS, ["Isocortex/areas", "MOB"], brainglobe_dir=shared_atlas_dir)


def registration(pose: Pose, camera, **changes) -> Registration:
    given = {"atlas": ATLAS, "image_shape": (540, 640), "pixel_size_um": 19.4}
    return Registration(**(given | {"pose": pose, "camera": camera} | changes))


@pytest.mark.parametrize("camera", CAMERAS)
def test_100_random_poses_come_back_from_eight_dorsal_landmarks(scene, camera) -> None:
    """Tilt to 20 degrees, without noise: under 0.1 um and 0.0001 degrees in all."""
    rng = np.random.default_rng(20)
    origins = np.array([(ap, -500.0, ml) for ap, ml in SPREAD])
    down = np.tile([0.0, 1.0, 0.0], (len(SPREAD), 1))
    _, way = brute_force_first_hit(scene.brain.vertices_um, scene.brain.faces, origins, down)
    points = origins + way[:, None] * down
    shifts, turns = [], []
    for _ in range(100):
        yaw, pitch, roll = rng.uniform(-1, 1, 3) * (30.0, 20.0, 20.0)
        centre = NEAR.centre_um + rng.normal(size=3) * (500.0, 200.0, 500.0)
        truth = Pose.dorsal(centre_um=centre, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
        pixels = registration(truth, camera).view.atlas_to_pixels(points)
        marks = [
            Landmark(str(i), tuple(pixel), tuple(point))
            for i, (pixel, point) in enumerate(zip(pixels, points, strict=True))
        ]
        fit = fit_landmarks(registration(NEAR, camera), marks)
        offset = truth.rotation.T @ (fit.pose.centre_um - truth.centre_um)
        # Parallel rays cannot tell how far away the plane is.
        shifts.append(np.abs(offset[: 2 if "depth_um" in fit.undetermined else 3]).max())
        turn = Rotation.from_matrix(fit.pose.rotation.T @ truth.rotation).magnitude()
        turns.append(np.degrees(turn))
    assert max(shifts) < 0.1
    assert max(turns) < 1e-4


def test_20_poses_cost_no_more_than_20_projections_and_a_bit(scene) -> None:
    """At 400 x 251 with over 40 regions; counted in projections of the same run."""
    placed = registration(
        NEAR, OrthographicCamera(), image_shape=(251, 400), pixel_size_um=(40.0, 28.0)
    )
    projection = project(scene, placed)  # the search tree is built here
    assert len(scene.regions) > 40
    once = min(_seconds(lambda: project(scene, placed)) for _ in range(5))
    sds = {"down_um": 60.0, "right_um": 60.0, "yaw_deg": 1.0, "pitch_deg": 2.0}
    seconds = _seconds(lambda: uncertainty(projection, sds, poses=20))
    assert seconds < 2.5 * 20 * once


def _seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_confidence_is_honest_on_real_anatomy(scene) -> None:
    """Of the pixels that are 90 to 100 % certain at least 88 % are right."""
    placed = registration(
        NEAR, PinholeCamera(working_distance_mm=80.0), image_shape=(70, 80), pixel_size_um=140.0
    )
    table = reliability(scene, placed, trials=5, poses=25)
    assert table["pixels"].iloc[-1] > 1000
    assert table["right"].iloc[-1] >= 0.88
    # Where there is doubt it is not for nothing.
    doubtful = table.iloc[:6]
    share = (doubtful["right"] * doubtful["pixels"]).sum() / doubtful["pixels"].sum()
    assert share < 0.75


@pytest.mark.parametrize("camera", CAMERAS)
def test_curves_on_the_real_brain_mend_the_pose(scene, camera) -> None:
    """Edge and border are read off the label image of the true pose, not traced."""
    truth = registration(NEAR.turned(pitch_deg=4.0, roll_deg=-5.0, yaw_deg=6.0), camera,
                         image_shape=(540, 600), pixel_size_um=22.0)  # fmt: skip
    seen = project(scene, truth)
    brain = np.isfinite(seen.surface_depth_um)
    rows = np.arange(60, 480, 30)
    edge = [(row, np.flatnonzero(brain[row])[0] - 0.5) for row in rows]
    edge += [(row, np.flatnonzero(brain[row])[-1] + 0.5) for row in rows[::-1]]
    edge = [point for point in edge if 2 < point[1] < 597]
    acronyms = [region.acronym for region in scene.regions]
    visual, lateral = acronyms.index("VISp") + 1, acronyms.index("VISl") + 1
    border = []
    for row in range(300, 480, 15):
        labels = seen.labels[row]
        steps = np.flatnonzero((labels[:-1] == lateral) & (labels[1:] == visual))
        border += [(row, column + 0.5) for column in steps[:1]]
    assert len(border) >= 4
    curves = [Curve("brain edge", edge), Curve("border", border, ("VISp", "VISl"))]
    start = truth.replaced(
        pose=truth.pose.moved(plane_um=(150.0, -200.0, 0.0)).turned(yaw_deg=2.0, roll_deg=2.0)
    )
    fit = refine_on_curves(scene, start, curves, click_sd_um=30.0, keep=("depth_um",))
    assert fit.rms_um < 30.0
    sees = fit.registration.view.atlas_to_pixels((6500.0, 500.0, 5700.0))
    expected = truth.view.atlas_to_pixels((6500.0, 500.0, 5700.0))
    before = start.view.atlas_to_pixels((6500.0, 500.0, 5700.0))
    # The point on the midline is not on any of the curves.
    assert np.linalg.norm(sees - expected) * 22.0 < 60.0
    assert np.linalg.norm(before - expected) * 22.0 > 150.0
    assert abs(fit.pose.angles_deg[0] - truth.pose.angles_deg[0]) < 0.5
