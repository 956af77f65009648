"""How fast a long movie is followed, and how much memory that takes.

``python benchmarks/bench_traces.py`` prints all figures of one run; it writes a movie of 6.9 GB
into a temporary folder (``--frames 1000`` for a tenth, ``--folder`` for another place).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from napari_brainreg3d.io.movies import open_movie, open_svd
from napari_brainreg3d.results.traces import Traces, region_traces

SHAPE = (540, 640)
REGIONS = 66
#: Frames of the movie when asv runs it.
FRAMES = 1000

#: Runs in a process of its own: the most memory that it ever had, and what it had at the start.
_MEMORY = """
import sys, threading, time
import psutil
from benchmarks.bench_traces import follow, labels
labels()
memory = psutil.Process().memory_info
start = most = memory().rss
file, how = sys.argv[1:]
work = threading.Thread(target=follow, args=[file], kwargs={"as_memmap": how == "memmap"})
work.start()
while work.is_alive():
    most = max(most, memory().rss)
    time.sleep(0.002)
print(start, most)
"""


@cache
def labels() -> np.ndarray:
    """66 regions in an ellipse: two thirds of the frame."""
    places = np.indices(SHAPE).reshape(2, -1).T
    inside = np.square((places - (270, 320)) / (250, 300)).sum(axis=1) < 1
    seeds = np.random.default_rng(0).choice(places[inside], REGIONS, replace=False)
    _, nearest = cKDTree(seeds).query(places)
    return np.where(inside, nearest + 1, 0).astype(np.uint16).reshape(SHAPE)


def write_movie(folder: Path, frames: int) -> Path:
    """A movie of noise, each frame another."""
    file = folder / f"movie_1_{SHAPE[0]}_{SHAPE[1]}_uint16.dat"
    rng = np.random.default_rng(1)
    block = rng.integers(0, 4000, (50, *SHAPE), dtype=np.uint16)
    with file.open("wb") as stream:
        for number in range(frames):
            stream.write((block[number % 50] + np.uint16(number % 977)).tobytes())
    return file


def mapped(file: str | Path) -> Any:
    """The movie as numpy maps it into memory."""
    return np.memmap(file, np.uint16, "r").reshape(-1, *SHAPE)


def sum_frames(file: str | Path) -> list[Any]:
    """What the speed is held against: read once with numpy, and sum every frame."""
    return [frame.sum() for frame in mapped(file)]


def follow(file: str | Path, *, as_memmap: bool = False, **options: Any) -> Traces:
    """The traces of the regions."""
    with open_movie(mapped(file) if as_memmap else file) as movie:
        return region_traces(movie, labels(), **options)


def brute_force(file: str | Path) -> np.ndarray:
    """Means by counting every pixel of every frame, in float64."""
    image = labels().ravel()
    pixels = np.bincount(image, minlength=REGIONS + 1)
    rows = [np.bincount(image, frame.ravel(), REGIONS + 1) for frame in mapped(file)]
    return (np.array(rows) / pixels)[:, 1:]


def seconds(work: Any) -> float:
    """Of processor time, the system's for reading included."""
    start = time.process_time()
    work()
    return time.process_time() - start


def speed_ratios(file: Path, rounds: int, work: Any) -> list[float]:
    """Speed over that of summing the frames, in turns."""
    return [seconds(lambda: sum_frames(file)) / seconds(lambda: work(file)) for _ in range(rounds)]


def peak_mb(file: Path, how: str) -> tuple[float, float]:
    """Memory of a process before and at most while it follows a movie, MB."""
    command = [sys.executable, "-c", _MEMORY, str(file), how]
    root = Path(__file__).parents[1]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    start, most = (int(word) / 1e6 for word in answer.stdout.split())
    return start, most


class RegionTraces:
    """A movie of 540 x 640 pixels, 66 regions."""

    timeout = 600

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.file = write_movie(Path(self.folder.name), FRAMES)
        sum_frames(self.file)

    def teardown(self) -> None:
        self.folder.cleanup()

    def time_follow(self) -> None:
        follow(self.file)

    def track_speed_over_that_of_summing_the_frames(self) -> float:
        """At least 0.5."""
        return float(np.median(speed_ratios(self.file, 5, follow)))

    def track_peak_mb(self) -> float:
        """At most 500."""
        return peak_mb(self.file, "file")[1]


def report(folder: Path, frames: int) -> None:
    """Print everything, in one run."""
    file = write_movie(folder, frames)
    sum_frames(file)  # so that both find the file where the system keeps what was read
    kinds = {
        "file": follow,
        "memmap": lambda f: follow(f, as_memmap=True),
        "median of means": lambda f: follow(f, statistic="median of means"),
        "weights": lambda f: follow(f, weights=np.linspace(0.5, 1, SHAPE[1]) * np.ones(SHAPE)),
    }
    for name, work in kinds.items():
        ratios = speed_ratios(file, 3, work)
        print(
            f"{name}: {np.median(ratios):.2f} times the speed of summing the frames (one run each: "
            f"{', '.join(f'{ratio:.2f}' for ratio in ratios)})",
            flush=True,
        )
    for how in ("file", "memmap"):
        start, most = peak_mb(file, how)
        print(f"{how}: at most {most:.0f} MB of memory ({start:.0f} MB before)", flush=True)
    off = np.abs(follow(file).table.to_numpy() / brute_force(file) - 1).max()
    print(f"{frames} frames, {REGIONS} regions: off by {off:.1e} of the value at most")
    report_svd(frames)


def report_svd(frames: int) -> None:
    """Seconds for 200 components and as many frames, without making one."""
    rng = np.random.default_rng(0)
    u = rng.standard_normal((*SHAPE, 200), np.float32)
    svt = rng.standard_normal((200, frames), np.float32)
    image = labels()
    with open_svd(u, svt) as movie:
        print(f"SVD, {frames} frames: {seconds(lambda: region_traces(movie, image)):.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        report(Path(temporary), given.frames)
