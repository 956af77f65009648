"""How fast the panel opens, and whether the window stays alive while threads work.

Run as ``python benchmarks/bench_panel.py``; needs a screen or ``xvfb-run``. A timer of 1 ms is the
watchdog: its longest pause is the longest time for which the event loop was blocked. The window has
all that napari has in one, but is not shown: software OpenGL says nothing about a graphics card.
Adding a layer is one call of napari, with its controls and its visual, and cannot be divided: what
it takes is told apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("NAPARI_BRAINREG3D_SHARED", ROOT.parent / "shared"))

#: The real atlas where it is there, else the schematic one.
REAL, DEMO = "allen_mouse_50um", "demo_mouse"
REGIONS = ("Isocortex/areas", "OLF/1", "SCs", "IC")
SIDE_PX = 1024

#: In a process of its own, after napari: what the user waits for between click and panel.
OPENING = """
import time
import napari
viewer = napari.Viewer(show=True)
viewer.window.resize(1366, 768)
from qtpy.QtWidgets import QApplication
QApplication.processEvents()
start = time.perf_counter()
from napari_brainreg3d._napari.widgets.panel import RegisterPanel
imported = time.perf_counter()
viewer.window.add_dock_widget(RegisterPanel(viewer), name="panel")
QApplication.processEvents()
print(imported - start, time.perf_counter() - imported)
viewer.close()
"""


def report_opening() -> None:
    """Time from the click to the panel, the first time and from then on."""
    text = subprocess.run(
        [sys.executable, "-c", OPENING], capture_output=True, text=True, check=True
    ).stdout
    import_s, make_s = map(float, text.split()[-2:])
    print(f"panel, first time: {import_s + make_s:.2f} s (imports {import_s:.2f} s)  under 1 s")
    print(f"panel, from then on: {make_s:.2f} s")


class Watchdog:
    """Longest pauses of the event loop, and what of them the window's thread has worked.

    Wall time also holds what other programs and other threads take; the processor time of the
    window's thread is what handlers take, and without the adding of layers it is what ours take.
    """

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self.tick)
        self._wall_s = self._cpu_s = self._adding_s = 0.0
        self.wall_ms: list[float] = []
        self.cpu_ms: list[float] = []
        self.ours_ms: list[float] = []
        self.adding_ms: list[float] = []
        self._time_adding()

    def _time_adding(self) -> None:
        from napari.components import LayerList

        insert = LayerList.insert

        def timed(layers: Any, index: int, layer: Any) -> None:
            start = time.thread_time()
            try:
                insert(layers, index, layer)
            finally:
                took_s = time.thread_time() - start
                self._adding_s += took_s
                self.adding_ms.append(1000 * took_s)

        LayerList.insert = timed

    def tick(self) -> None:
        """Note the pause since the last tick."""
        wall, cpu = time.perf_counter(), time.thread_time()
        self.wall_ms.append(1000 * (wall - self._wall_s))
        self.cpu_ms.append(1000 * (cpu - self._cpu_s))
        self.ours_ms.append(1000 * (cpu - self._cpu_s - self._adding_s))
        self._wall_s, self._cpu_s, self._adding_s = wall, cpu, 0.0

    def forget(self) -> None:
        """Begin anew."""
        for noted in (self.wall_ms, self.cpu_ms, self.ours_ms, self.adding_ms):
            noted.clear()
        self._wall_s, self._cpu_s, self._adding_s = time.perf_counter(), time.thread_time(), 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        self.forget()
        self._timer.start()
        try:
            yield
        finally:
            self.tick()
            self._timer.stop()

    def report(self, what: str) -> None:
        """Print the longest pauses."""
        print(f"{what:<46} wall {_longest(self.wall_ms)}  CPU {_longest(self.cpu_ms)}", end="")
        if self.adding_ms:
            layers = f"{len(self.adding_ms)} layers added, each {_longest(self.adding_ms)}"
            print(f"  ({layers}; without {_longest(self.ours_ms)})", end="")
        print("  under 50 ms", flush=True)


def _longest(times_ms: list[float], count: int = 3) -> str:
    return ", ".join(f"{one:.0f}" for one in sorted(times_ms, reverse=True)[:count])


def run_until(is_over: Callable[[], bool]) -> None:
    """Run the event loop."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: loop.quit() if is_over() else None)
    timer.start()
    loop.exec()


def watch_job(watchdog: Watchdog, bench: Any, kind: str, start: Callable[[], None]) -> None:
    """Watch from the click until the result is shown; its arrival is told apart."""

    def arrives(deliver: Callable[..., None]) -> Callable[..., None]:
        def on_end(result: Any, error: Any) -> None:
            watchdog.tick()
            watchdog.report(f"{kind}: while it works")
            watchdog.forget()
            deliver(result, error)

        return on_end

    with watchdog.watching():
        start()
        job = bench.jobs._running[kind]
        job.on_end = arrives(job.on_end)
        run_until(lambda: not bench.jobs.is_busy)
    watchdog.report(f"{kind}: when the result is shown")
    with watchdog.watching():
        until = time.perf_counter() + 1.0
        run_until(lambda: time.perf_counter() > until)
    watchdog.report(f"{kind}: search trees and outlines after it")


def main() -> None:
    """Print everything."""
    import napari
    from npe2 import PluginManager, PluginManifest
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    plugins = PluginManager.instance()
    plugins.discover()  # as napari does when it starts
    if "napari-brainreg3d" not in plugins:
        plugins.register(PluginManifest.from_file(ROOT / "napari.yaml"))
    if not os.environ.get("SKIP_OPENING"):
        report_opening()
    from napari_brainreg3d._napari.loading import ATLAS
    from napari_brainreg3d._napari.projecting import PROJECTION
    from napari_brainreg3d._napari.widgets.panel import RegisterPanel

    atlas = DEMO
    if SHARED.joinpath("atlas").is_dir():
        from brainglobe_atlasapi import config

        config.get_brainglobe_dir = lambda: SHARED / "atlas"
        atlas = REAL
    viewer = napari.Viewer(show=False)
    panel = RegisterPanel(viewer)
    viewer.window.add_dock_widget(panel, name="panel")
    watchdog, ready = Watchdog(), []
    panel.when_ready(ready.append)
    with watchdog.watching():
        run_until(lambda: bool(ready))
    watchdog.report("getting ready: imports in a thread")
    bench = panel.bench
    random = np.random.default_rng(0)
    viewer.add_image(random.integers(0, 4000, (SIDE_PX, SIDE_PX), dtype=np.uint16))
    bench.session.set_pixel_size((9.0, 9.0))
    run_until(lambda: not bench.jobs.is_busy)
    with watchdog.watching():
        run_until(lambda: len(watchdog.wall_ms) > 200)
    watchdog.report("nothing to do")
    with watchdog.watching():
        bench.atlases.look_on_disk()
        run_until(lambda: not bench.jobs.is_busy)
    watchdog.report("list of atlases, with BrainGlobe's import")
    watch_job(watchdog, bench, ATLAS, lambda: bench.atlases.load(atlas, REGIONS))
    scene = bench.session.scene
    assert scene is not None
    print(f"  {atlas}: {len(scene.regions)} regions, {len(scene.mesh.faces)} faces")
    watch_job(watchdog, bench, ATLAS, lambda: bench.atlases.load(atlas))
    bench.session.aligner.turn(pitch_deg=3.0)
    watch_job(watchdog, bench, PROJECTION, bench.projecting.run)
    watch_job(watchdog, bench, PROJECTION, bench.projecting.run)
    bench.stage.close()
    viewer.close()
    app.processEvents()


if __name__ == "__main__":
    main()
