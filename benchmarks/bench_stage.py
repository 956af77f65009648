"""How long a change of the pose takes to reach layers, camera, outlines and readout.

Run as ``xvfb-run -a python benchmarks/bench_stage.py``. Python's time only: software OpenGL draws
between the measurements and is not counted. Medians of one run, at 400 x 251 pixels with 60 regions
of the real atlas (``NAPARI_BRAINREG3D_SHARED``, or ``../shared``), else with the schematic one.
Beside them stands the time of a fixed piece of numpy work, so that runs on other machines, or on
the same one while it is busy, can be compared.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("NAPARI_BRAINREG3D_SHARED", ROOT.parent / "shared"))
REGIONS = ("Isocortex/areas", "OLF/1", "SCs", "IC", "CBX/1")
COUNT = 60
ROUNDS = 40
#: What is asked for.
POSE_MS, OUTLINES_MS, READOUT_MS = 30.0, 100.0, 5.0


def load() -> Any:
    """60 regions of the real atlas where it is there."""
    from napari_brainreg3d.atlas.loading import load_scene

    if not (SHARED / "atlas").is_dir():
        return load_scene("demo_mouse", "dorsal")
    everything = load_scene("allen_mouse_50um", list(REGIONS), brainglobe_dir=SHARED / "atlas")
    chosen = [region.acronym for region in everything.regions][:COUNT]
    return load_scene("allen_mouse_50um", chosen, brainglobe_dir=SHARED / "atlas")


def median_ms(act: Callable[[int], None], between: Callable[[], None]) -> tuple[float, float]:
    """Median and 90th percentile of the time that ``act`` takes, ms."""
    times = []
    for i in range(ROUNDS):
        between()
        start = time.perf_counter()
        act(i)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times), sorted(times)[int(0.9 * ROUNDS)]


def yardstick_ms() -> float:
    """A fixed piece of work: sorting a million numbers."""
    numbers = np.random.default_rng(0).random(1_000_000)
    return median_ms(lambda _: numbers.copy().sort(), lambda: None)[0]


def report(name: str, value: tuple[float, float], target_ms: float, yard: float) -> None:
    middle, high = value
    verdict = "ok" if middle < target_ms else "TOO SLOW"
    print(
        f"{name:46} median {middle:7.2f} ms  90 % {high:7.2f} ms  "
        f"{middle / yard:5.2f} yardsticks  target {target_ms:.0f} ms  {verdict}"
    )


def main() -> None:
    """Measure and print."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_brainreg3d._napari.stage import stage_for
    from napari_brainreg3d.geometry import Pose

    scene = load()
    print(f"{scene.atlas.name}: {len(scene.regions)} regions, {len(scene.mesh.faces)} faces")
    yard = yardstick_ms()
    print(f"yardstick (sorting a million numbers): {yard:.1f} ms")
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1366, 768)
    image = np.random.default_rng(0).integers(0, 4000, (251, 400)).astype(np.uint16)
    stage = stage_for(viewer)
    stage.use_layer(viewer.add_image(image, name="image"))
    stage.session.set_field_of_view((6.25, 4.0))
    stage.session.set_scene(scene)
    outlines = stage._live.outlines
    outlines.flush()
    start = Pose.dorsal(centre_um=(4900.0, 100.0, 3911.0), yaw_deg=91.8)

    def draw() -> None:
        for _ in range(3):
            QApplication.processEvents()

    def move(i: int) -> None:
        pose = start.moved(plane_um=(5.0 * i, -3.0 * i, i)).turned(
            yaw_deg=0.3 * i, pitch_deg=0.2 * i
        )
        stage.session.aligner.set_pose(pose)

    for mode in ("brain", "look_through"):
        stage.set_mode(mode)
        draw()
        report(f"{mode}: pose -> layers and camera", median_ms(move, draw), POSE_MS, yard)

    delays: list[float] = []
    for _ in range(2):  # the first refreshes find out how many rays fit
        for i in range(10):
            move(i)
            outlines.flush()
    draw()
    drawn: list[float] = []
    outlines.drawn.connect(lambda *_: drawn.append(time.perf_counter()))
    for i in range(15):
        outlines.cancel()
        draw()
        drawn.clear()
        move(i)
        last = time.perf_counter()
        while not drawn:
            QApplication.processEvents()
            time.sleep(0.0005)
        delays.append(1000 * (drawn[0] - last))
    middle = statistics.median(delays)
    report("outlines after the last change", (middle, sorted(delays)[13]), OUTLINES_MS, yard)
    print(f"  at {stage.layers('outlines')[0].data.shape[1:3]} of {image.shape} pixels")

    def refresh(i: int) -> None:
        outlines.flush()

    def another() -> None:
        draw()
        move(int(1000 * time.perf_counter()) % 40)

    report("  of that, holding up the canvas", median_ms(refresh, another), 50.0, yard)
    rays = np.random.default_rng(1).uniform((3000, 0, 2000), (8000, 0, 9000), (ROUNDS, 3))
    down = np.array([0.0, 1.0, 0.0])
    read = stage._readout._read
    report(
        "readout under the cursor",
        median_ms(lambda i: read((rays[i], down), rays[i]) and None, lambda: None),
        READOUT_MS,
        yard,
    )
    for there, back in (("look_through", "brain"), ("image", "brain")):
        times = []
        for _ in range(5):
            for mode in (there, back):
                begin = time.perf_counter()
                stage.set_mode(mode)
                times.append(1000 * (time.perf_counter() - begin))
                draw()
        print(f"switch {back} -> {there} -> {back}: median {statistics.median(times):.0f} ms each")
    stage.close()
    viewer.close()


if __name__ == "__main__":
    sys.exit(main())
