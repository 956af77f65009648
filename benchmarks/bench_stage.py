"""How long a change of the pose takes to reach layers and camera, outlines and readout.

Run as ``xvfb-run -a python benchmarks/bench_stage.py``. The window is not shown, so that software
OpenGL never draws; all else that napari and vispy do for a change is there. Medians of one run, at
400 x 251 pixels with 60 regions of the real atlas (``NAPARI_BRAINREG3D_SHARED``, or ``../shared``),
else with the schematic one. "CPU" is the processor time of the thread of the window, which a busy
machine does not lengthen much; "wall" is what a clock on the wall says. Beside them stands the time
of a fixed piece of numpy work, so that runs on other machines can be compared.
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
ROUNDS = 30
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


def measured(
    act: Callable[[int], object], between: Callable[[], object] = lambda: None
) -> tuple[float, float]:
    """Medians of the processor time and of the wall time that ``act`` takes, ms."""
    cpu, wall = [], []
    for i in range(ROUNDS):
        between()
        begin, start = time.thread_time(), time.perf_counter()
        act(i)
        cpu.append(1000 * (time.thread_time() - begin))
        wall.append(1000 * (time.perf_counter() - start))
    return statistics.median(cpu), statistics.median(wall)


def report(name: str, times: tuple[float, float], target_ms: float, yard_ms: float) -> None:
    """Print one line."""
    cpu, wall = times
    verdict = "ok" if cpu < target_ms else "TOO SLOW"
    print(
        f"{name:44} CPU {cpu:6.2f} ms  wall {wall:7.2f} ms  {cpu / yard_ms:5.2f} yardsticks  "
        f"target {target_ms:3.0f} ms  {verdict}"
    )


def main() -> None:
    """Measure and print."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_brainreg3d._napari.stage import stage_for
    from napari_brainreg3d.geometry import Pose

    scene = load()
    print(f"{scene.atlas.name}: {len(scene.regions)} regions, {len(scene.mesh.faces)} faces")
    numbers = np.random.default_rng(0).random(1_000_000)
    yard = measured(lambda _: np.sort(numbers))[0]
    print(f"yardstick (sorting a million numbers): {yard:.1f} ms")
    viewer = napari.Viewer(show=False)
    image = np.random.default_rng(0).integers(0, 4000, (251, 400)).astype(np.uint16)
    stage = stage_for(viewer)
    stage.use_layer(viewer.add_image(image, name="image"))
    stage.session.set_field_of_view((6.25, 4.0))
    stage.session.set_scene(scene)
    outlines = stage._live.outlines
    outlines.flush()
    start = Pose.dorsal(centre_um=(4900.0, 100.0, 3911.0), yaw_deg=91.8)
    steps = iter(range(10**9))

    def move(_: object = None) -> None:
        i = next(steps) % 40
        pose = start.moved(plane_um=(5.0 * i, -3.0 * i, i))
        stage.session.aligner.set_pose(pose.turned(yaw_deg=0.3 * i, pitch_deg=0.2 * i))

    for mode in ("brain", "look_through"):
        stage.set_mode(mode)
        report(
            f"{mode}: pose -> layers and camera",
            measured(move, QApplication.processEvents),
            POSE_MS,
            yard,
        )
    for _ in range(20):  # the first refreshes find out how many rays fit
        move()
        outlines.flush()
    report(
        "outlines: what holds up the window", measured(lambda _: outlines.flush(), move), 50, yard
    )
    drawn: list[float] = []
    outlines.drawn.connect(lambda *_: drawn.append(time.perf_counter()))
    delays = []
    for _ in range(15):
        outlines.cancel()
        QApplication.processEvents()
        drawn.clear()
        move()
        last = time.perf_counter()
        while not drawn:
            QApplication.processEvents()
            time.sleep(0.0005)
        QApplication.processEvents()
        delays.append(1000 * (time.perf_counter() - last))
    delay = statistics.median(delays)
    report("outlines: after the last change, wall", (delay, delay), OUTLINES_MS, yard)
    print(f"  drawn at {stage.layers('outlines')[0].data.shape[1:3]} of {image.shape} pixels")
    rays = np.random.default_rng(1).uniform((3000, 0, 2000), (8000, 0, 9000), (ROUNDS, 3))
    down = np.array([0.0, 1.0, 0.0])
    reading = measured(lambda i: stage._readout._read((rays[i], down), rays[i]))
    report("readout under the cursor", reading, READOUT_MS, yard)
    for there in ("look_through", "image"):
        stage.set_mode("brain")
        for mode, other in ((there, "brain"), ("brain", there)):
            times = measured(
                lambda _: stage.set_mode(mode),  # noqa: B023
                lambda: stage.set_mode(other),  # noqa: B023
            )
            print(f"switch from {other} to {mode}: CPU {times[0]:.0f} ms, wall {times[1]:.0f} ms")
    stage.close()
    viewer.close()


if __name__ == "__main__":
    sys.exit(main())
