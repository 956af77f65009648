"""How long a million points take to be located, and the light of an image to be summed up.

``python benchmarks/bench_locate.py`` prints all figures of one run, each beside that of the
projection of an image of 1024 x 1024 pixels in the same run. "CPU" is the processor time of all
threads together: on an idle machine the clock shows less, on a busy one it does not count.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.subjects import large_image, many_regions, subject
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.depth_mixture import depth_mixture
from napari_brainreg3d.results.locate import locate, to_pixels

POINTS = 1_000_000
ROUNDS = 5
#: What is asked for.
LOCATE_S = 2.0


def random_points(shape: tuple[int, int]) -> Any:
    """Points all over an image, in no order, none at the centre of a pixel."""
    return np.random.default_rng(0).uniform(-0.5, np.array(shape) - 0.5, (POINTS, 2))


def seconds_in_turn(*works: Callable[[], Any]) -> list[tuple[float, float]]:
    """Median seconds by the clock and of processor time, of several works taken in turn."""
    times: list[list[tuple[float, float]]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            clock, processor = time.perf_counter(), time.process_time()
            work()
            taken.append((time.perf_counter() - clock, time.process_time() - processor))
    return [
        (statistics.median(clock), statistics.median(processor))
        for clock, processor in (zip(*taken, strict=True) for taken in times)
    ]


class Locate:
    """A million points in an image of 1024 x 1024 pixels, some 60 regions."""

    timeout = 300

    def setup(self) -> None:
        self.scene, self.image = many_regions(), large_image()
        self.points = random_points(self.image.image_shape)
        table = locate((self.scene, self.image), self.points)
        places = table[["atlas_ap_um", "atlas_dv_um", "atlas_ml_um"]].to_numpy()
        self.places = places[np.isfinite(places[:, 0])]

    def time_locate(self) -> None:
        locate((self.scene, self.image), self.points)

    def time_to_pixels(self) -> None:
        to_pixels((self.scene, self.image), atlas_um=self.places)

    def track_seconds_for_a_million_points(self) -> float:
        """At most 2, of processor time."""
        ((_, processor),) = seconds_in_turn(self.time_locate)
        return processor

    def track_clock_seconds_for_a_million_points(self) -> float:
        """At most 2 by the clock, on a machine that has nothing else to do."""
        ((clock, _),) = seconds_in_turn(self.time_locate)
        return clock

    def track_ratio_to_project(self) -> float:
        """A point over a pixel of ``project``."""
        points, pixels = seconds_in_turn(self.time_locate, lambda: project(self.scene, self.image))
        return float((points[1] / POINTS) / (pixels[1] / np.prod(self.image.image_shape)))


class DepthMixtures:
    """An image of 540 x 640 pixels, some 60 regions, light fading within 143 um."""

    timeout = 300

    def setup(self) -> None:
        self.scene, self.image = many_regions(), large_image(540, 640)
        if self.scene.load_annotation is not None:
            self.scene.load_annotation()

    def time_depth_mixture(self) -> None:
        depth_mixture(self.scene, self.image, attenuation_um=143.0)


def report() -> None:
    """Print everything, in one run."""
    points = Locate()
    points.setup()
    print(f"{subject().name}: {len(points.scene.regions)} regions")
    there, back, whole = seconds_in_turn(
        points.time_locate, points.time_to_pixels, lambda: project(points.scene, points.image)
    )
    clock, processor = ("ok" if taken < LOCATE_S else "TOO SLOW" for taken in there)
    print(f"project, 1024 x 1024 pixels: {_text(whole)}")
    print(f"locate, {POINTS} points: {_text(there)}")
    print(f"  target {LOCATE_S:.0f} s: {clock} by the clock, {processor} by the processor")
    print(f"to_pixels, {len(points.places)} places: {_text(back)}")
    light = DepthMixtures()
    light.setup()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock, processor = time.perf_counter(), time.process_time()
    light.time_depth_mixture()
    taken = (time.perf_counter() - clock, time.process_time() - processor)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"depth mixture, 540 x 640 pixels: {_text(taken)}, {more:.0f} MB more than before")


def _text(seconds: tuple[float, float]) -> str:
    clock, processor = seconds
    return f"{clock:.2f} s by the clock, {processor:.2f} s CPU"


if __name__ == "__main__":
    report()
