"""How fast a movie becomes a standard view, and how well an image survives the way there and back.

``python benchmarks/bench_standard_view.py`` prints all figures of one run.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.ndimage import map_coordinates

sys.path.insert(0, str(Path(__file__).parents[1]))

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view import StandardSampler, standard_sampler
from tests.fixtures.texture import painted, seen_points_um, worst_tile_shift_px

#: Resolutions of the view, um. The image of 540 x 640 pixels has pixels of 18 um.
RESOLUTIONS_UM: ClassVar = [10.0, 20.0, 40.0]


def camera() -> Registration:
    """The tilted pinhole camera of the demo, with 540 x 640 pixels."""
    return demo_registration().replaced(image_shape=(540, 640), pixel_size_um=18.0)


def movie(frames: int) -> Any:
    """Some frames of noise, uint16, which are used again and again: reading is not measured."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 4096, (frames, 540, 640), dtype=np.uint16)


def coordinates(sampler: StandardSampler) -> Any:
    """Where the image has each pixel of the view, hidden or not, (2, h, w), for SciPy."""
    points = seen_points_um(sampler.registration)
    pixels = sampler.source.view.atlas_to_pixels(points)
    return np.moveaxis(np.nan_to_num(pixels, nan=-9.0), -1, 0).copy()


def seconds(sampler: StandardSampler, frames: int, pictures: Any) -> tuple[float, float]:
    """Processor time of ``frames`` frames: ours, and that of as many calls of SciPy's function."""
    places = coordinates(sampler)
    ours = theirs = 0.0
    for number in range(frames):  # in turn, so that both meet the same moods of the machine
        picture = pictures[number % len(pictures)]
        start = time.process_time()
        sampler.resampled(picture)
        middle = time.process_time()
        map_coordinates(picture, places, order=1, output=np.float32, cval=np.nan)
        ours, theirs = ours + middle - start, theirs + time.process_time() - middle
    return ours, theirs


class StandardMovie:
    """Time over that of ``map_coordinates(order=1)`` with ready-made coordinates."""

    params: ClassVar = RESOLUTIONS_UM
    param_names: ClassVar = ["resolution_um"]
    timeout = 600

    def setup(self, resolution_um: float) -> None:
        scene = load_scene("demo_mouse", ["root"])
        self.sampler = standard_sampler(scene, camera(), resolution_um=resolution_um)
        self.movie = movie(10)

    def track_times_map_coordinates(self, resolution_um: float) -> float:
        """Below 3."""
        ours, theirs = seconds(self.sampler, 50, self.movie)
        return ours / theirs


class RoundTrip:
    """The demo's texture through its camera, and back into the view from above."""

    timeout = 600

    def setup(self) -> None:
        scene = load_scene("demo_mouse", ["root"])
        source = demo_registration()
        sampler = standard_sampler(scene, source, resolution_um=22.0)
        self.truth = painted(sampler.registration)
        self.found = sampler.resampled(np.nan_to_num(painted(source)))
        self.seen = sampler.seen & np.isfinite(self.truth)

    def track_correlation(self) -> float:
        """Above 0.99."""
        return float(np.corrcoef(self.found[self.seen], self.truth[self.seen])[0, 1])

    def track_worst_shift_px(self) -> float:
        """Below 0.25, over tiles of 64 x 64 pixels."""
        return worst_tile_shift_px(self.found, self.truth, self.seen)


def report(frames: int = 1000) -> None:
    """Print everything, in one run."""
    scene = load_scene("demo_mouse", ["root"])
    pictures = movie(50)
    for resolution_um in RESOLUTIONS_UM:
        start = time.perf_counter()
        sampler = standard_sampler(scene, camera(), resolution_um=resolution_um)
        made = time.perf_counter() - start
        ours, theirs = seconds(sampler, frames, pictures)
        height, width = sampler.registration.image_shape
        print(
            f"{frames} frames of 540 x 640 into {height} x {width} ({resolution_um:g} um): "
            f"{ours:.2f} s, map_coordinates {theirs:.2f} s, ratio {ours / theirs:.2f}; "
            f"weights made in {made:.2f} s",
            flush=True,
        )
    trip = RoundTrip()
    trip.setup()
    print(
        f"round trip at 22 um: correlation {trip.track_correlation():.4f}, worst shift of a tile "
        f"{trip.track_worst_shift_px():.3f} px"
    )


if __name__ == "__main__":
    report()
