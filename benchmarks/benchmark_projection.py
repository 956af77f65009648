"""How fast pixels become labels, and against what that counts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, ClassVar

from benchmarks.subjects import (
    BRAINREG3D_S,
    BareEmbree,
    large_image,
    many_regions,
    ten_regions,
    window_image,
)
from napari_brainreg3d.projection import project


def seconds_in_turn(*works: Callable[[], Any], rounds: int = 9) -> list[float]:
    """Median seconds of several works, taken in turn so that a busy machine hits all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


class LargeImage:
    """1024 x 1024 pixels, some 60 regions."""

    params: ClassVar = ["brain", "selected"]
    param_names: ClassVar = ["occlusion"]
    timeout = 300

    def setup(self, occlusion: Any) -> None:
        self.scene, self.image = many_regions(), large_image()
        self.bare = BareEmbree(self.scene, self.image)
        project(self.scene, self.image, occlusion=occlusion)

    def time_project(self, occlusion: Any) -> None:
        project(self.scene, self.image, occlusion=occlusion)

    def time_bare_embree(self, occlusion: Any) -> None:
        self.bare.first_faces()

    def track_ratio_to_bare_embree(self, occlusion: Any) -> float:
        """At most 2: all of project() over the bare first-hit call on the same rays."""
        whole, bare = seconds_in_turn(
            lambda: project(self.scene, self.image, occlusion=occlusion), self.bare.first_faces
        )
        return whole / bare


class WindowImage:
    """400 x 251 pixels, ten regions."""

    def setup(self) -> None:
        self.scene, self.image = ten_regions(), window_image()
        project(self.scene, self.image)

    def time_project(self) -> None:
        project(self.scene, self.image)

    def time_regroup(self) -> None:
        _ = project(self.scene, self.image).regrouped(split_hemispheres=True).labels

    def track_times_faster_than_brainreg3d(self) -> float:
        """At least 60."""
        (taken,) = seconds_in_turn(lambda: project(self.scene, self.image))
        return BRAINREG3D_S / taken
