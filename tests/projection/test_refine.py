"""Majority votes of the nearest labelled pixels, against votes counted one by one."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.errors import Cancelled, RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.projection.refine import refine
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import slab_scene

#: Pixels of these images, um; not square, and chosen so that few distances are equal.
SIZE = (100.0, 87.0)


def picture(
    labels: Any, *, size: tuple[float, float] = SIZE, occlusion: Any = "brain"
) -> Projection:
    """A projection with these labels (0..4), all of its pixels on the brain of the slabs."""
    labels = np.asarray(labels)
    at = Registration(
        atlas="test",
        image_shape=labels.shape,
        pixel_size_um=size,
        pose=Pose.dorsal(centre_um=(5000.0, 0.0, 6200.0)),
    )
    projection = project(slab_scene(), at, occlusion=occlusion)
    # Finest labels: 1 + 2 * region + is_left, so 1, 3, 5, 7 are the right halves of the regions.
    finest = np.where(labels > 0, 2 * labels - 1, 0).astype(np.uint16)
    changed = dataclasses.replace(projection, finest=finest)
    assert np.array_equal(changed.labels, labels)
    return changed


def votes(
    labels: np.ndarray, row: int, column: int, k: int, size: Any
) -> tuple[int | None, set[int]]:
    """The winner among the k nearest labelled pixels, None where ties leave it open; candidates."""
    known = np.argwhere(labels > 0)
    distance = np.linalg.norm((known - (row, column)) * size, axis=1).round(6)
    k = min(k, len(known))
    last = np.sort(distance)[k - 1]
    values = labels[tuple(known.T)]
    sure = np.bincount(values[distance < last], minlength=9)
    open_ = np.bincount(values[distance == last], minlength=9)
    free = k - sure.sum()
    most = sure + np.minimum(open_, free)
    candidates = {i for i in range(1, 9) if most[i] and most[i] >= sure.max()}
    if free == open_.sum():
        total = sure + open_
        winners = np.flatnonzero(total == total.max())
        candidates = set(winners.tolist())
    return (candidates.copy().pop() if len(candidates) == 1 else None), candidates


def assert_voted(
    before: np.ndarray, after: np.ndarray, chosen: np.ndarray, k: int, size: Any
) -> None:
    """Only chosen pixels differ, and all of those carry what their neighbours voted for."""
    assert np.array_equal(after[~chosen], before[~chosen])
    clear = 0
    for row, column in np.argwhere(chosen):
        winner, candidates = votes(before, row, column, k, size)
        assert after[row, column] in candidates
        if winner is not None:
            assert after[row, column] == winner
            clear += 1
    assert clear > 0.3 * chosen.sum()


@pytest.fixture
def noisy() -> np.ndarray:
    """Four quadrants with one wrong pixel in ten, and nothing around them."""
    random = np.random.default_rng(4)
    labels = np.kron([[1, 2], [3, 4]], np.ones((12, 14), int))
    wrong = random.random(labels.shape) < 0.1
    labels[wrong] = random.integers(1, 5, wrong.sum())
    return np.pad(labels, 3)


@pytest.mark.parametrize("k", [1, 5, 11])
def test_everywhere_labels_all_pixels_as_brainreg3d_did(noisy: np.ndarray, k: int) -> None:
    refined = refine(picture(noisy), k=k, where="everywhere")
    assert (refined.labels > 0).all()
    assert_voted(noisy, refined.labels, np.ones_like(noisy, bool), k, SIZE)
    assert np.array_equal(refined.refined, refined.labels != noisy)


@pytest.mark.parametrize("k", [5, 11])
def test_boundary_smooths_labelled_pixels_beside_another_label(noisy: np.ndarray, k: int) -> None:
    border = np.zeros_like(noisy, bool)
    for row, column in np.argwhere(noisy > 0):  # four neighbours, labelled ones count
        for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            other = noisy[row + step[0], column + step[1]]
            border[row, column] |= other not in (0, noisy[row, column])
    assert 0 < border.sum() < (noisy > 0).sum()
    refined = refine(picture(noisy), k=k, where="boundary")
    assert_voted(noisy, refined.labels, border, k, SIZE)
    assert np.array_equal(refined.refined, refined.labels != noisy)
    assert refined.refined.any()


def test_boundary_leaves_what_is_beside_nothing() -> None:
    """A line of one label with a gap around it, near so many others that a vote would change it."""
    labels = np.ones((9, 15), int)
    labels[3:6] = 0
    labels[4] = 2
    after = refine(picture(labels), where="boundary")
    assert np.array_equal(after.labels, labels)
    assert not np.array_equal(refine(picture(labels), where="everywhere").labels[4], labels[4])


def test_boundary_smooths_at_the_edge_of_the_image_too() -> None:
    labels = np.ones((9, 9), int)
    labels[0, 4] = labels[4, 0] = labels[8, 8] = 2
    assert (refine(picture(labels), k=5, where="boundary").labels == 1).all()


def gapped() -> np.ndarray:
    """Two regions with a gap of 200 um between them, a hole of one pixel, and a wide gap."""
    labels = np.zeros((20, 24), int)
    labels[2:18, 2:8] = 1
    labels[2:18, 10:14] = 2  # two columns of 87 um apart from the first
    labels[2:18, 20:22] = 3  # six columns apart
    labels[9, 4] = 0
    return labels


@pytest.mark.parametrize("occlusion", ["brain", "selected"])
def test_gaps_closes_narrow_gaps_and_leaves_wide_ones_open(occlusion: str) -> None:
    """Also where only the selected regions are there: the ray says what is inside the brain."""
    before = gapped()
    refined = refine(picture(before, occlusion=occlusion), where="gaps", max_gap_um=200.0)
    after = refined.labels
    assert (after[3:17, 8:10] > 0).all()  # 174 um wide
    assert after[9, 4] == 1
    assert (after[:, 15:19] == 0).all()  # 522 um wide
    assert (after[:, :2] == 0).all()
    assert (after[:, 22:] == 0).all()
    assert (after[:2] == 0).all()
    assert np.array_equal(after[before > 0], before[before > 0])
    assert np.array_equal(refined.refined, after != before)
    assert_voted(before, after, refined.refined, 11, SIZE)
    narrower = refine(picture(before, occlusion=occlusion), where="gaps", max_gap_um=150.0).labels
    assert (narrower[3:17, 8:10] == 0).all()
    wider = refine(picture(before, occlusion=occlusion), where="gaps", max_gap_um=600.0).labels
    assert (wider[6:14, 14:20] > 0).all()


@pytest.mark.parametrize("occlusion", ["brain", "selected"])
def test_gaps_never_labels_pixels_that_look_past_the_brain(occlusion: str) -> None:
    """The brain of the slabs ends at 7000 um on axis 0: from row 20 on there is none here."""
    labels = np.zeros((40, 30), int)
    labels[:19] = 1
    labels[21:] = 2  # labels without tissue, as another refinement may leave them
    before = picture(labels, size=(100.0, 100.0), occlusion=occlusion)
    before = dataclasses.replace(
        before,
        registration=before.registration.replaced(
            pose=Pose.dorsal(centre_um=(7000.0, 0.0, 6200.0))
        ),
    )
    after = refine(before, where="gaps", max_gap_um=400.0).labels
    assert (after[19] > 0).all()  # at 6950 um
    assert (after[20] == 0).all()  # at 7050 um
    assert np.array_equal(after[21:], labels[21:])


def test_nothing_to_mend_changes_nothing() -> None:
    before = picture(np.ones((8, 9), int))
    for where in ("gaps", "boundary", "everywhere"):
        after = refine(before, where=where)  # type: ignore[arg-type]
        assert np.array_equal(after.labels, before.labels)
        assert after.refined is not None
        assert not after.refined.any()


def test_all_but_the_labels_stays_as_it_was() -> None:
    before = picture(gapped())
    labels = before.labels.copy()
    after = refine(before, where="everywhere")
    assert np.array_equal(before.labels, labels)
    assert before.refined is None
    for name in ("depth_um", "surface_depth_um", "incidence_deg"):
        assert getattr(after, name) is not None
        assert np.array_equal(getattr(after, name), getattr(before, name), equal_nan=True)
    assert after.registration is before.registration
    assert after.table.pixels.sum() == after.labels.size  # counted anew


def test_a_second_refinement_still_says_what_the_first_changed() -> None:
    first = refine(picture(gapped()), where="gaps")
    second = refine(first, where="boundary")
    assert first.refined is not None
    assert second.refined is not None
    assert (second.refined >= first.refined).all()


def test_sides_are_voted_on_like_regions() -> None:
    """Finest labels take part: a hole on the left side becomes left tissue, not right."""
    before = picture(np.ones((9, 9), int))
    finest = np.full((9, 9), 2, np.uint16)  # region 0, left
    finest[:, 5:] = 1  # region 0, right
    finest[4, 1] = 0
    before = dataclasses.replace(before, finest=finest)
    after = refine(before, where="gaps").regrouped(split_hemispheres=True)
    assert after.labels[4, 1] == 1
    assert after.table.hemisphere[0] == "left"


def test_more_votes_than_labelled_pixels_are_not_asked_for() -> None:
    labels = np.zeros((5, 5), int)
    labels[2, 2] = 3
    assert (refine(picture(labels), k=11, where="everywhere").labels == 3).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"where": "nowhere"}, "nowhere", id="unknown place"),
        pytest.param({"k": 0}, "k and max_gap_um", id="no votes"),
        pytest.param({"k": -3}, "k and max_gap_um", id="negative votes"),
        pytest.param({"max_gap_um": 0.0}, "max_gap_um", id="no gap"),
        pytest.param({"max_gap_um": float("nan")}, "max_gap_um", id="gap not a number"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(options: Any, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        refine(picture(gapped()), **options)


def test_without_any_label_there_is_nothing_to_learn_from() -> None:
    with pytest.raises(RegistrationError, match="no pixel has a label"):
        refine(picture(np.zeros((4, 4), int)), where="everywhere")


def test_progress_is_told_and_can_stop_the_vote() -> None:
    told: list[tuple[int, int]] = []
    refine(picture(gapped()), where="everywhere", progress=lambda *step: told.append(step))
    assert told[0] == (0, 480)
    assert told[-1] == (480, 480)
    with pytest.raises(Cancelled):
        refine(picture(gapped()), where="everywhere", progress=lambda *step: False)
