"""Print all ratios in one run: ``python benchmarks/report.py``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fresh import load_ten_regions, project_pixels, seconds_of
from benchmarks.subjects import (
    BRAINREG3D_S,
    BareEmbree,
    large_image,
    many_regions,
    subject,
    ten_regions,
    window_image,
)


def line(what: str, value: str, target: str = "") -> None:
    """One line of the report."""
    print(f"{what:<58} {value:>14}   {target}", flush=True)


def report_memory(huge: bool) -> None:
    """Before anything is loaded here: a large parent can show in a child's peak."""
    loaded = load_ten_regions()
    line("imports before loading", f"{loaded['import_s']:.2f} s")
    line("ten regions and their search trees", f"{loaded['load_s']:.2f} s", "under 2 s")
    for megapixels, side in ((10, 3163), (100, 10_000))[: 2 if huge else 1]:
        made = project_pixels(side)
        line(
            f"{megapixels} megapixels: peak of memory ({made['project_s']:.1f} s)",
            f"{made['peak_mb'] / 1000:.2f} GB",
            "under 2 GB",
        )


def report_speed() -> None:
    """Ratios within this process."""
    from benchmarks.benchmark_projection import seconds_in_turn
    from napari_brainreg3d.projection import project

    scene, image = many_regions(), large_image()
    line("1024 x 1024: regions / faces", f"{len(scene.regions)} / {len(scene.mesh.faces)}")
    bare = BareEmbree(scene, image)
    project(scene, image)
    brain, selected, alone = seconds_in_turn(
        lambda: project(scene, image),
        lambda: project(scene, image, occlusion="selected"),
        bare.first_faces,
    )
    line("bare embree first hit", f"{alone:.3f} s")
    line(f"project(), occlusion='brain' ({brain:.3f} s)", f"{brain / alone:.2f} x", "at most 2 x")
    line(
        f"project(), occlusion='selected' ({selected:.3f} s)",
        f"{selected / alone:.2f} x",
        "at most 2 x",
    )
    before = time.process_time()
    bare.first_faces()
    between = time.process_time()
    project(scene, image)
    used = (time.process_time() - between) / (between - before)
    line(
        f"processor time of the same, shared by {os.cpu_count()}",
        f"{used:.2f} x",
        "what counts when the machine is busy",
    )
    small, window = ten_regions(), window_image()
    project(small, window)
    (taken,) = seconds_in_turn(lambda: project(small, window), rounds=15)
    line(
        f"400 x 251, ten regions ({taken * 1000:.1f} ms), than brainreg3D",
        f"{BRAINREG3D_S / taken:.0f} x faster",
        "at least 60 x",
    )


def report_imports() -> None:
    """Seconds, with those of numpy for comparison."""
    for what, arguments in {
        "python -c pass": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import napari_brainreg3d": ["-c", "import napari_brainreg3d"],
        "from napari_brainreg3d import project, load_scene": [
            "-c",
            "from napari_brainreg3d import project, load_scene",
        ],
        "napari-brainreg3d --help": ["-m", "napari_brainreg3d", "--help"],
    }.items():
        line(what, f"{seconds_of(arguments):.2f} s")


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--huge", action="store_true", help="project 100 megapixels too: minutes")
    huge = parser.parse_args().huge
    print(f"measured on {subject().name}")
    report_memory(huge)
    report_imports()
    report_speed()


if __name__ == "__main__":
    main()
