from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.io import pixels as pixels_module
from napari_brainreg3d.io.contrast import contrast_limits

RNG = np.random.default_rng(11)


def imagej_auto(values: np.ndarray) -> tuple[float, float]:
    """ImageJ's rule written out pixel by pixel and bin by bin, for images with contrast."""
    flat = [float(v) for v in values.ravel() if np.isfinite(v)]
    low, high = min(flat), max(flat)
    start, width = (0.0, 1.0) if values.dtype == np.uint8 else (low, (high - low) / 256)
    histogram = [0] * 256
    for value in flat:
        histogram[min(255, int((value - start) / width))] += 1
    limit, threshold = len(flat) // 10, len(flat) // 5000

    def counts(i: int) -> bool:
        return threshold < histogram[i] <= limit

    first = next((i for i in range(256) if counts(i)), 255)
    last = next((i for i in range(255, -1, -1) if counts(i)), 0)
    if last <= first:
        return low, high
    return start + first * width, start + last * width


def _vessels(dtype: str) -> np.ndarray:
    """A bright field with a dark surround and a few hot pixels."""
    picture = RNG.normal(120.0, 15.0, (90, 130))
    picture[:, :25] = 10.0
    picture[40, 60:64] = 255.0
    scale = {"uint8": 1, "int16": 100, "uint16": 200, "int32": 10**6, "float32": 0.01}[dtype]
    return (np.clip(picture, 0, 255) * scale).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
def test_limits_are_those_of_the_auto_button(dtype: str) -> None:
    picture = _vessels(dtype)
    assert_allclose(contrast_limits(picture), imagej_auto(picture), rtol=1e-9)


def test_hand_counted_example() -> None:
    """100 x 100 pixels: a bin counts with 3 to 1000 of them."""
    picture = np.full((100, 100), 50, np.uint8)  # 50: far more than a tenth
    picture[0, :2] = 3  # too few
    picture[1, :3] = 7
    picture[2, :90] = 80
    picture[3, :3] = 200
    picture[4, :2] = 255  # too few
    assert contrast_limits(picture) == (7.0, 200.0)


def test_data_are_not_changed() -> None:
    picture = _vessels("uint16")
    before = picture.copy()
    picture.flags.writeable = False
    contrast_limits(picture)
    assert_array_equal(picture, before)


def test_values_that_are_not_finite_do_not_count() -> None:
    picture = _vessels("float32")
    spoiled = np.vstack([picture, np.full((3, 130), np.nan, np.float32)])
    spoiled[-1, :2] = [np.inf, -np.inf]
    assert contrast_limits(spoiled) == contrast_limits(picture)


def test_a_large_picture_in_pieces_gives_the_same(monkeypatch) -> None:
    picture = _vessels("uint16")
    whole = contrast_limits(picture)
    monkeypatch.setattr(pixels_module, "_STEP", 900)
    assert contrast_limits(picture) == whole


def test_colours_count_by_their_brightness() -> None:
    grey = _vessels("uint16")
    colour = np.repeat(grey[..., None], 3, axis=2)
    assert_allclose(contrast_limits(colour), contrast_limits(grey), rtol=0.01)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        pytest.param(np.full((4, 5), np.nan), (0.0, 1.0), id="nothing but NaN"),
        pytest.param(np.full((4, 5), 7, np.uint16), (7.0, 8.0), id="constant"),
        pytest.param(np.eye(4, dtype=bool), (0.0, 1.0), id="boolean"),
        pytest.param(np.array([[0, 9], [9, 9]], np.uint16), (0.0, 9.0), id="four pixels"),
    ],
)
def test_pictures_without_contrast(picture: np.ndarray, expected: tuple[float, float]) -> None:
    assert contrast_limits(picture) == expected


@pytest.mark.parametrize(
    "value", [0.0, -5.0, 1e20, -1e300, np.finfo(np.float64).max, np.finfo(np.float64).min]
)
def test_limits_are_always_apart_and_finite(value: float) -> None:
    low, high = contrast_limits(np.full((3, 3), value))
    assert np.isfinite([low, high]).all()
    assert low < high


def test_the_widest_range_does_not_overflow() -> None:
    half = np.linspace(0.0, 1.7e308, 5000)
    picture = np.concatenate([-half, half]).reshape(100, 100)
    low, high = contrast_limits(picture)
    assert -1.7e308 <= low < high <= 1.7e308
