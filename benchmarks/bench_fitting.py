"""How good and how fast fits to landmarks and curves are, and what their confidence is worth.

``python benchmarks/bench_fitting.py`` prints all figures of one run.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.presets import surface_from_above
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import fit_landmarks
from tests.fixtures.reliability import reliability

TRIALS = 50
SDS = {"down_um": 60.0, "right_um": 60.0, "yaw_deg": 1.0, "pitch_deg": 2.0, "roll_deg": 2.0}
CAMERAS = {
    "orthographic": OrthographicCamera(),
    "pinhole": PinholeCamera(working_distance_mm=80.0),
}


def scene_of(name: str) -> Scene:
    """The demo atlas, or the real one where it is at hand."""
    if name == "demo":
        return load_scene("demo_mouse", demo_registration().regions)
    given = os.environ.get("NAPARI_BRAINREG3D_SHARED")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared"
    if not (folder / "atlas").is_dir():
        raise NotImplementedError("no shared data")  # what asv takes as "skip"
    regions = ["Isocortex/areas", "MOB", "SCs", "IC", "CBX", "AON", "PIR", "ENT"]
    return load_scene("allen_mouse_50um", regions, brainglobe_dir=folder / "atlas")


def registration(scene: Scene, camera: str, shape: tuple[int, int]) -> Registration:
    """From straight above, all of the brain in view."""
    return Registration(
        atlas=scene.atlas.name,
        image_shape=shape,
        pixel_size_um=(10_000.0 / shape[0], 11_200.0 / shape[1]),
        pose=Pose.dorsal(centre_um=(5600.0, 300.0, 5700.0)),
        camera=CAMERAS[camera],
    )


def clicked(scene: Scene, truth: Registration, count: int, sd_um: float) -> list[Landmark]:
    """Points all over the dorsal surface, where the true camera sees them, with noise."""
    rng = np.random.default_rng(count)
    flat = rng.uniform((3000.0, 2200.0), (8800.0, 9200.0), (count, 2))
    points = surface_from_above(scene, flat)
    noise = rng.normal(size=(count, 2)) * sd_um / truth.pixel_size_um
    pixels = truth.view.atlas_to_pixels(points) + noise
    return [
        Landmark(str(i), tuple(pixel), tuple(point))
        for i, (pixel, point) in enumerate(zip(pixels, points, strict=True))
    ]


class Refit:
    """A landmark is dragged: the fit of up to 30 points begins at the present pose."""

    params: ClassVar = [["orthographic", "pinhole"], [8, 30]]
    param_names: ClassVar = ["camera", "points"]

    def setup(self, camera: str, points: int) -> None:
        scene = scene_of("demo")
        truth = registration(scene, camera, (540, 640))
        truth = truth.replaced(pose=truth.pose.turned(pitch_deg=5.0, roll_deg=-4.0))
        marks = clicked(scene, truth, points, 100.0)
        self.start = fit_landmarks(truth, marks).registration
        row, column = marks[0].image_px or (0.0, 0.0)
        marks[0] = Landmark("0", (row + 3.0, column - 2.0), marks[0].atlas_um)
        self.marks = marks

    def time_refit(self, camera: str, points: int) -> None:
        """Under 20 ms."""
        fit_landmarks(self.start, self.marks, nearest=True)


class Confidence:
    """50 poses at 400 x 251, and what comes of them."""

    params: ClassVar = ["demo", "real"]
    param_names: ClassVar = ["atlas"]
    timeout = 1800

    def setup(self, atlas: str) -> None:
        self.scene = scene_of(atlas)
        self.placed = registration(self.scene, "pinhole", (251, 400))
        self.projection = project(self.scene, self.placed)

    def time_50_poses(self, atlas: str) -> None:
        """Under 3 s with 60 regions."""
        uncertainty(self.projection, SDS, poses=50)

    def track_poses_in_projections(self, atlas: str) -> float:
        """50 poses in units of one projection of the same size: little over 50."""
        once = min(seconds(lambda: project(self.scene, self.placed)) for _ in range(5))
        return seconds(lambda: uncertainty(self.projection, SDS, poses=50)) / once

    def track_percent_right_of_the_most_certain(self, atlas: str) -> float:
        """At least 88."""
        small = registration(self.scene, "pinhole", (100, 112))
        return 100 * float(reliability(self.scene, small, trials=TRIALS)["right"].iloc[-1])


def seconds(work: Any) -> float:
    """On the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report() -> None:
    """Print everything, in one run."""
    for camera in CAMERAS:
        for points in (8, 30):
            refit = Refit()
            refit.setup(camera, points)
            took = [seconds(lambda: refit.time_refit(camera, points)) for _ in range(20)]  # noqa: B023
            print(f"refit, {camera}, {points} points: median {1000 * np.median(took):.1f} ms")
    for name in ("demo", "real"):
        confidence = Confidence()
        try:
            confidence.setup(name)
        except NotImplementedError:
            print(f"{name}: skipped, no shared data")
            continue
        regions = len(confidence.scene.regions)
        took = min(seconds(lambda: confidence.time_50_poses(name)) for _ in range(3))  # noqa: B023
        ratio = confidence.track_poses_in_projections(name)
        print(
            f"50 poses at 400 x 251, {name}, {regions} regions: {took:.2f} s; {ratio:.0f} times "
            "one projection",
            flush=True,
        )
        small = registration(confidence.scene, "pinhole", (100, 112))
        table = reliability(confidence.scene, small, trials=TRIALS)
        print(f"{name}: of {TRIALS} true poses with 8 landmarks, 100 um of noise:")
        print(table.round(3).to_string(index=False), flush=True)


if __name__ == "__main__":
    report()
