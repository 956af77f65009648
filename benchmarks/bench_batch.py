"""How much faster a batch is on two processes than on one, from beginning to end.

``python benchmarks/bench_batch.py [sessions]`` prints the figure of one run; on a machine that does
something else at the same time it says little.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import tifffile

from napari_brainreg3d import read_image
from napari_brainreg3d.batch.manifest import SessionRow, read_manifest
from napari_brainreg3d.batch.run import run_batch
from napari_brainreg3d.demo import demo_image, demo_registration

SESSIONS = 40


def manifest(folder: Path, sessions: int = SESSIONS) -> Path:
    """Small sessions, 224 x 256 pixels: the demo image with a little noise, each with its pose."""
    image = demo_image().reshape(224, 2, 256, 2).mean(axis=(1, 3))
    registration = demo_registration().replaced(image_shape=(224, 256), pixel_size_um=44.0)
    lines = ["image,registration"]
    for number in range(sessions):
        noise = np.random.default_rng(number).normal(0, 100, image.shape)
        path = folder / f"day{number:02}.tif"
        tifffile.imwrite(path, np.clip(image + noise, 0, 65535).astype(np.uint16))
        placed = registration.replaced(image_name=path.name, image_sha256=read_image(path).sha256)
        placed.save(path.with_suffix(".brainreg3d.json"))
        lines.append(f"{path.name},{path.stem}.brainreg3d.json")
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def seconds(rows: list[SessionRow], folder: Path, workers: int) -> float:
    """Of a whole batch: processes started, atlas loaded, everything written."""
    start = time.perf_counter()
    result = run_batch(rows, folder / "summary", workers=workers)
    assert result.count("done") == len(rows), result.outcomes
    return time.perf_counter() - start


def times(sessions: int = SESSIONS) -> dict[int, float]:
    """Seconds by the number of processes; labels and overview of each session."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = manifest(folder, sessions)
        for workers in (1, 2):
            out = folder / f"on{workers}"
            found[workers] = seconds(read_manifest(table, output=out), out, workers)
    return found


class Batch:
    """Forty small sessions."""

    timeout = 1800

    def track_speed_up_on_two_processes(self) -> float:
        """At least 1.7."""
        if (os.cpu_count() or 1) < 2:
            raise NotImplementedError("one processor")  # what asv takes as "skip"
        found = times()
        return found[1] / found[2]

    unit: ClassVar = "times"


def report() -> None:
    """Print everything, in one run."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    found = times(sessions)
    print(
        f"{sessions} sessions of 224 x 256 pixels, labels and overview: {found[1]:.1f} s on one "
        f"process, {found[2]:.1f} s on two: {found[1] / found[2]:.2f} times faster "
        f"(load of the machine before: {busy:.1f} on {os.cpu_count()} processors)"
    )


if __name__ == "__main__":
    report()
