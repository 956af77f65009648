"""Imports, first loads and memory, each in a process of its own."""

from __future__ import annotations

from typing import ClassVar

from benchmarks.fresh import load_ten_regions, project_pixels, seconds_of


class Imports:
    """What importing costs, over importing numpy."""

    timeout = 300

    def track_package_over_numpy(self) -> float:
        return seconds_of(["-c", "import napari_brainreg3d"]) / seconds_of(["-c", "import numpy"])

    def track_help_over_numpy(self) -> float:
        return seconds_of(["-m", "napari_brainreg3d", "--help"]) / seconds_of(
            ["-c", "import numpy"]
        )


class Loading:
    """The ten regions of brainreg3D and their search trees, after the imports."""

    timeout = 300

    def track_load_seconds(self) -> float:
        """Under 2 s."""
        return float(load_ten_regions()["load_s"])


class Memory:
    """Peak of memory of a whole process that projects an image and counts its pixels."""

    params: ClassVar = [1000, 3163]
    param_names: ClassVar = ["side"]
    timeout = 600
    unit = "MB"

    def track_peak(self, side: int) -> float:
        """Under 2000 MB, for 3163 x 3163 (10 megapixels) and for ten times as many."""
        return float(project_pixels(side)["peak_mb"])
