"""Averages over sessions and animals, against numpy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view import StandardView, average_sessions
from tests.fixtures.scenes import letter_scene

ATLAS = letter_scene().atlas


def view_of(pixels: Any, name: str = "", **changes: Any) -> StandardView:
    pixels = np.asarray(pixels, np.float32)
    given: dict[str, Any] = {
        "atlas": ATLAS.name,
        "atlas_version": ATLAS.version,
        "image_shape": (4, 5),
        "pixel_size_um": 20.0,
        "pose": Pose.dorsal(centre_um=(5000.0, 0.0, 5700.0)),
        "camera": OrthographicCamera(),
        "side_confirmed": True,
    }
    registration = Registration(**{**given, **changes})
    seen = np.isfinite(pixels)
    if seen.ndim > 2:
        seen = seen.any(axis=0)
    return StandardView(pixels, seen, registration, registration, ATLAS, name)


def sessions(count: int, shape: tuple[int, ...] = (4, 5)) -> np.ndarray:
    """Random views of which about a third was not seen; the first pixel never, the last once."""
    rng = np.random.default_rng(count)
    stack = rng.normal(1e5, 3.0, (count, *shape)).astype(np.float32)
    stack[rng.random(stack.shape) < 0.3] = np.nan
    stack[..., 0, 0] = np.nan
    stack[:, ..., -1, -1] = np.nan
    stack[0, ..., -1, -1] = 7.0
    return stack


@pytest.mark.parametrize("shape", [(4, 5), (6, 4, 5)], ids=["picture", "movie"])
def test_mean_spread_and_count_leave_out_what_was_not_seen(shape: tuple[int, ...]) -> None:
    stack = sessions(7, shape)
    average = average_sessions(view_of(one) for one in stack)
    exact = stack.astype(float)
    count = np.isfinite(exact).sum(axis=0)
    np.testing.assert_array_equal(average.count, count)
    some, more = count > 0, count > 1
    np.testing.assert_allclose(average.mean[some], np.nanmean(exact[:, some], axis=0), rtol=1e-7)
    np.testing.assert_allclose(
        average.sd[more], np.nanstd(exact[:, more], axis=0, ddof=1), rtol=1e-5
    )
    assert np.isnan(average.mean[~some]).all()
    assert np.isnan(average.sd[~more]).all()
    assert (~some).any()
    np.testing.assert_array_equal(average.seen, some)


def test_sessions_of_an_animal_count_as_one() -> None:
    """Animal a has 1, 2 and 3 (mean 2), animal b has 8: the mean is 5, the spread sqrt(18)."""
    views = [view_of(np.full((4, 5), value), str(value)) for value in (1.0, 8.0, 2.0, 3.0)]
    average = average_sessions(views, animals=["a", "b", "a", "a"])
    np.testing.assert_allclose(average.mean, 5.0)
    np.testing.assert_allclose(average.sd, np.sqrt(18.0))
    assert (average.count == 2).all()
    assert average.names == ("1.0", "8.0", "2.0", "3.0")
    assert average.animals == ("a", "b", "a", "a")
    np.testing.assert_allclose(average_sessions(views).mean, 3.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pixel_size_um": 25.0}, "pixels of"),
        ({"atlas": "allen_mouse_25um"}, "the atlas allen_mouse_25um"),
        ({"atlas_version": "0.1"}, "the atlas"),
        ({"pose": Pose.dorsal(centre_um=(5000.0, 0.0, 5720.0))}, "another pose"),
        ({"pose": Pose.from_view("ventral", centre_um=(5000, 0, 5700))}, "ventral, not dorsal"),
        ({"camera": PinholeCamera(working_distance_mm=30.0)}, "the camera"),
    ],
)
def test_views_of_another_geometry_are_refused(changes: dict[str, Any], words: str) -> None:
    pixels = np.zeros((4, 5))
    with pytest.raises(ImageError, match=f"second.tif cannot be averaged.*{words}"):
        average_sessions([view_of(pixels), view_of(pixels, "second.tif", **changes)])


def test_other_kinds_of_pixels_are_refused() -> None:
    with pytest.raises(ImageError, match="4 x 6 pixels, not 4 x 5"):
        average_sessions([view_of(np.zeros((4, 5))),
                          view_of(np.zeros((4, 6)), image_shape=(4, 6))])  # fmt: skip
    with pytest.raises(ImageError, match=r"shape \(2, 4, 5\), not \(4, 5\)"):
        average_sessions([view_of(np.zeros((4, 5))), view_of(np.zeros((2, 4, 5)))])


def test_nothing_and_wrong_numbers_of_animals_are_refused() -> None:
    with pytest.raises(ImageError, match="no view"):
        average_sessions([])
    views = [view_of(np.zeros((4, 5)))] * 3
    with pytest.raises(ImageError, match="2"):
        average_sessions(views, animals=["a", "b"])
    with pytest.raises(ImageError, match="4 animals for 3 views"):
        average_sessions(views, animals=["a", "b", "c", "d"])


def test_the_side_is_confirmed_only_if_it_was_in_all() -> None:
    pixels = np.zeros((4, 5))
    sure, unsure = view_of(pixels), view_of(pixels, side_confirmed=False)
    assert average_sessions([sure, sure]).registration.side_confirmed
    assert not average_sessions([sure, unsure]).registration.side_confirmed
