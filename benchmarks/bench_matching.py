"""How well and how fast an image is found in that of an earlier session.

``python benchmarks/bench_matching.py`` prints all figures of one run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from napari_brainreg3d.demo import demo_image
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration.matching import ImageMatch, match_images
from tests.fixtures.sessions import other_brain, second_session, vessel_texture

TRIALS = 100
#: Name and pixel size, um, of what is moved.
SUBJECTS = {"demo": 22.0, "sample": 15.75}


def subject(name: str) -> Any:
    """The demo image, or the shared sample image where it is at hand."""
    if name == "demo":
        return demo_image()
    import tifffile

    given = os.environ.get("NAPARI_BRAINREG3D_SHARED")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared"
    path = folder / "data" / "sample_image.tif"
    if not path.is_file():
        raise NotImplementedError("no shared data")  # what asv takes as "skip"
    return tifffile.imread(path)


def matched(previous: Any, new: Any, size_um: float) -> ImageMatch | None:
    """The match, None when it is refused."""
    try:
        return match_images(previous, new, previous_pixel_size_um=size_um)
    except RegistrationError:
        return None


def trial_errors(name: str, trials: int = TRIALS, **spoiling: Any) -> list[tuple[float, ...]]:
    """Per trial the errors in px (middle, worst corner) and degrees, and the quality.

    Infinite errors stand for a refusal.
    """
    image, size = subject(name), SUBJECTS[name]
    results: list[tuple[float, ...]] = []
    for seed in range(trials):
        truth = second_session(image, seed, **spoiling)
        match = matched(image, truth.image, size)
        if match is None:
            results.append((np.inf, np.inf, np.inf, 0.0))
            continue
        middle = (np.array(truth.image.shape) - 1) / 2
        off = np.hypot(*(match.to_previous(middle) - truth.centre))
        corner = np.hypot(*(match.to_previous(truth.corners) - truth.to_first(truth.corners)).T)
        turn = abs(match.rotation_deg - truth.rotation_deg)
        results.append((float(off), float(corner.max()), turn, match.quality))
    return results


def unrelated_pairs(kind: str, trials: int = TRIALS) -> Iterator[tuple[Any, Any]]:
    """Images that have nothing to do with each other, or only the outline and the large veins."""
    if kind == "textures":
        for seed in range(trials):
            yield vessel_texture(seed), vessel_texture(seed + 3 * trials + 1)
        return
    rng = np.random.default_rng(0)
    brains = [other_brain(seed) for seed in range(20)]
    for number in range(trials):
        one, two = rng.choice(len(brains), 2, replace=False)
        new = brains[two]
        yield brains[one], second_session(new, number).image if number % 2 else new


class Matching:
    """Speed on 540 x 640 pixels, and the share of trials that come out right."""

    params: ClassVar = ["demo", "sample"]
    param_names: ClassVar = ["image"]
    timeout = 900

    def setup(self, image: str) -> None:
        self.first = subject(image)
        self.second = second_session(self.first, 1).image
        self.other = vessel_texture(1, self.first.shape[:2])

    def time_match(self, image: str) -> None:
        matched(self.first, self.second, SUBJECTS[image])

    def time_refusal(self, image: str) -> None:
        matched(self.first, self.other, SUBJECTS[image])

    def track_percent_within_1_px_and_02_deg(self, image: str) -> float:
        """At least 95."""
        results = trial_errors(image)
        return 100 * float(np.mean([off < 1 and turn < 0.2 for off, _, turn, _ in results]))


class Unrelated:
    """Pairs that must be refused."""

    params: ClassVar = ["textures", "brains"]
    param_names: ClassVar = ["pairs"]
    timeout = 1800

    def track_accepted(self, pairs: str) -> int:
        """0."""
        return sum(matched(*pair, 22.0) is not None for pair in unrelated_pairs(pairs))


def report() -> None:
    """Print everything, in one run."""
    for name in SUBJECTS:
        for noise in (0.03, 0.1):
            start = time.process_time()
            try:
                results = np.array(trial_errors(name, noise=noise))
            except NotImplementedError:
                print(f"{name}: skipped, no shared data")
                continue
            seconds = (time.process_time() - start) / len(results)
            right = int(((results[:, 0] < 1) & (results[:, 2] < 0.2)).sum())
            off, corner, turn, quality = np.percentile(results, [50, 95], axis=0).T
            print(
                f"{name}, noise {noise:.0%}: {right} of {len(results)} right; median and 95th "
                f"percentile: middle {off[0]:.3f}, {off[1]:.3f} px, corners {corner[0]:.3f}, "
                f"{corner[1]:.3f} px, turn {turn[0]:.4f}, {turn[1]:.4f} degrees; quality "
                f"{results[:, 3].min():.2f} to {results[:, 3].max():.2f} (median {quality[0]:.2f});"
                f" {seconds:.2f} s each with making the pair",
                flush=True,
            )
    for kind in ("textures", "brains"):
        accepted, seconds = 0, 0.0
        for pair in unrelated_pairs(kind):
            start = time.process_time()
            accepted += matched(*pair, 22.0) is not None
            seconds += time.process_time() - start
        print(f"unrelated {kind}: {accepted} of {TRIALS} accepted; {seconds / TRIALS:.2f} s each")
    report_speed()


def report_speed() -> None:
    """Seconds of processor time for a pair of 540 x 640 pixels."""
    from skimage.transform import resize

    first = resize(np.array(demo_image(), float), (540, 640), order=3)
    other = resize(other_brain(1), (540, 640), order=3)
    for what, new in (("match", second_session(first, 2).image), ("refusal", other)):
        start = time.process_time()
        matched(first, new, 18.0)
        print(f"540 x 640, {what}: {time.process_time() - start:.2f} s of one processor")


if __name__ == "__main__":
    report()
