"""Make the picture of the page on traces: found against true traces of the demonstration movie.

Run ``python docs/make_traces_pictures.py``; needs matplotlib, which the documentation needs anyway.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

import napari_brainreg3d as br
from napari_brainreg3d.demo import demo_movie
from napari_brainreg3d.io.movies import open_movie
from napari_brainreg3d.results.traces import region_traces

SHOWN: Final = ("MOs_left", "MOs_right", "SSp-bfd_left", "VISp_left", "VISp_right", "RSPd_left")
#: dF/F between two lines.
_STEP: Final = 0.4


def make_picture(path: Path) -> None:
    """Draw six regions: labels at the left, traces at the right."""
    demo = demo_movie()
    scene = br.load_scene(demo.registration.atlas, demo.registration.regions)
    projection = br.project(scene, demo.registration)
    with open_movie(demo.frames, fps=demo.fps) as movie:
        traces = region_traces(movie, projection, dff="percentile 10 window 4 s", dark=demo.dark)
    colors = traces.regions.set_index("column")["color"]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 3.6), width_ratios=(2, 3), layout="constrained"
    )
    left.imshow(demo.frames[0], cmap="gray")
    split = projection.regrouped(split_hemispheres=True)
    names = list(traces.table.columns)
    for name in SHOWN:
        mask = split.mask(names.index(name) + 1)
        left.contour(mask, levels=[0.5], colors=[colors[name]], linewidths=1.5)
    for words, where in (
        ("L", (0.05, 0.5)),
        ("R", (0.95, 0.5)),
        ("A", (0.5, 0.95)),
        ("P", (0.5, 0.05)),
    ):
        left.text(*where, words, color="white", ha="center", va="center", transform=left.transAxes)
    left.set_axis_off()
    for row, name in enumerate(SHOWN):
        right.plot(traces.time_s, traces.table[name] - _STEP * row, color=colors[name])
        right.plot(traces.time_s[::4], demo.truth[name][::4] - _STEP * row, "k.", markersize=3)
    right.plot([10.3, 10.3], [-_STEP, -_STEP / 2], color="black", linewidth=2)
    right.text(10.4, -0.75 * _STEP, f"dF/F {_STEP / 2:g}", va="center")
    right.set_yticks([-_STEP * row for row in range(len(SHOWN))], SHOWN)
    right.set_xlabel("time, s")
    right.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=90)
    print(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    folder = Path(__file__).parent / "images"
    parser.add_argument("--output", type=Path, default=folder / "traces_demo.png")
    make_picture(parser.parse_args().output)
