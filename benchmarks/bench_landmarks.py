"""How long a landmark that is dragged waits for the image to follow.

Run as ``python benchmarks/bench_landmarks.py``; needs a screen or ``xvfb-run``. The time is that of
Python: the fit, the change of the alignment with all that follows it at once, and the layers; not
the drawing, since the viewer has no canvas. It is counted as processor time, whatever else runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

COUNTS = (4, 8, 30)
MOVES = 40
TARGET_MS = 20.0


def median_ms(act: Callable[[int], object], times: int = MOVES) -> float:
    """Median of what one call takes, after a first one that does not count."""
    act(0)
    taken = []
    for i in range(1, times + 1):
        start = time.thread_time()
        act(i)
        taken.append(1000 * (time.thread_time() - start))
    return float(np.median(taken))


def with_landmarks(bench: Any, count: int) -> None:
    """Place landmarks all over the demo image, with errors as a hand makes them."""
    from napari_brainreg3d.demo import demo_registration
    from napari_brainreg3d.registration import Landmark

    rng, truth = np.random.default_rng(count), demo_registration()
    pixels = rng.uniform(0.15, 0.85, (count, 2)) * truth.image_shape
    places = truth.view.pixels_to_atlas(pixels, rng.uniform(0.0, 2500.0, count))
    clicks = pixels + rng.normal(0.0, 2.0, pixels.shape)
    bench.session.aligner.set_camera(truth.camera)
    bench.session.aligner.set_pose(truth.pose)
    marks = [
        Landmark(f"point {i}", tuple(click), tuple(place))
        for i, (click, place) in enumerate(zip(clicks, places, strict=True))
    ]
    bench.session.aligner.set_landmarks(tuple(marks))


def measure(bench: Any, count: int) -> dict[str, float]:
    """Median times of one step of a drag, ms."""
    from napari_brainreg3d._napari.landmarks.live_fit import FitOptions, quick_fit, whole_fit

    with_landmarks(bench, count)
    state, registration = bench.landmarks.state, bench.session.registration
    marks, start = state.marks, np.array(state.marks[0].image_px)

    def drag(i: int) -> None:
        state.set_image(0, tuple(start + 0.3 * i), merge="bench")

    step = median_ms(drag)
    state.end_drag("bench")
    return {
        "whole fit": median_ms(lambda _: whole_fit(registration, marks, FitOptions()), 15),
        "quick fit": median_ms(lambda _: quick_fit(registration, marks, FitOptions())),
        "one step of a drag, with layers": step,
    }


def main() -> None:
    """Print a figure for each number of landmarks."""
    from napari.components import ViewerModel
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    from napari_brainreg3d._napari.bench import bench_for
    from napari_brainreg3d.atlas.loading import load_scene
    from napari_brainreg3d.demo import demo_image, demo_registration

    bench = bench_for(ViewerModel())
    bench.stage.viewer.add_image(demo_image(), name="demo")
    bench.images.choose_newest()
    bench.session.set_pixel_size(demo_registration().pixel_size_um)
    bench.session.set_scene(load_scene("demo_mouse"))
    for mode in ("image", "look_through"):
        bench.stage.set_mode(mode)
        for count in COUNTS:
            for what, taken in measure(bench, count).items():
                print(f"{mode:<13}{count:>3} landmarks  {what:<32}{taken:6.1f} ms  under 20 ms")
    bench.stage.close()
    app.processEvents()


if __name__ == "__main__":
    main()
