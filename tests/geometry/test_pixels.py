"""The pixel raster: whole numbers are pixel centres, the image centre is the origin."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from napari_brainreg3d.geometry import PixelGrid

#: Three rows of 20 um, four columns of 10 um: 60 um high, 40 um wide.
GRID = PixelGrid((3, 4), (20.0, 10.0))


@pytest.mark.parametrize(
    ("pixel", "offset"),
    [
        pytest.param((1.0, 1.5), (0.0, 0.0), id="the middle of the image"),
        pytest.param((0.0, 0.0), (-20.0, -15.0), id="the centre of the first pixel"),
        pytest.param((2.0, 3.0), (20.0, 15.0), id="the centre of the last pixel"),
        pytest.param((-0.5, -0.5), (-30.0, -20.0), id="the corner of the first pixel"),
        pytest.param((2.5, 3.5), (30.0, 20.0), id="the corner of the last pixel"),
        pytest.param((1.0, 2.5), (0.0, 10.0), id="one column right of the middle"),
        pytest.param((2.0, 1.5), (20.0, 0.0), id="one row down from the middle"),
    ],
)
def test_places_made_by_hand(pixel, offset):
    assert_allclose(GRID.to_offsets(pixel), offset, rtol=0, atol=1e-12)
    assert_allclose(GRID.to_pixels(offset), pixel, rtol=0, atol=1e-12)


def test_the_centre_lies_between_pixels_when_their_number_is_even():
    assert PixelGrid((3, 4), (1.0, 1.0)).centre_px.tolist() == [1.0, 1.5]
    assert PixelGrid((1, 1), (1.0, 1.0)).centre_px.tolist() == [0.0, 0.0]


def test_the_field_of_view_includes_the_whole_area_of_the_outer_pixels():
    assert GRID.extent_um == (60.0, 40.0)
    # The sample image: 251 x 400 pixels of 15.9 x 15.6 um.
    assert PixelGrid((251, 400), (15.9, 15.6)).extent_um == pytest.approx((3990.9, 6240.0))


@given(
    st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)),
    st.tuples(st.floats(0.1, 1000.0), st.floats(0.1, 1000.0)),
    st.tuples(st.floats(-20_000, 20_000), st.floats(-20_000, 20_000)),
)
def test_to_pixels_undoes_to_offsets(shape, size, pixel):
    grid = PixelGrid(shape, size)
    assert_allclose(grid.to_pixels(grid.to_offsets(pixel)), pixel, rtol=0, atol=1e-10)


def test_leading_axes_are_kept():
    for shape in [(2,), (0, 2), (5, 2), (3, 4, 2)]:
        assert GRID.to_offsets(np.zeros(shape)).shape == shape
        assert GRID.to_pixels(np.zeros(shape)).shape == shape


@pytest.mark.parametrize(
    "shape",
    [(0, 4), (3, -1), (3,), (3, 4, 3), (3.5, 4), (np.nan, 4), (np.inf, 4)],
    ids=str,
)
def test_shapes_that_are_no_image_are_refused(shape):
    with pytest.raises(ValueError, match="image shape must be two positive integers"):
        PixelGrid(shape, (1.0, 1.0))


@pytest.mark.parametrize(
    "size",
    [(0.0, 1.0), (1.0, -1.0), (1.0,), (1.0, 1.0, 1.0), (np.nan, 1.0), (1.0, np.inf)],
    ids=str,
)
def test_sizes_that_are_no_pixel_are_refused(size):
    with pytest.raises(ValueError, match="pixel size must be two positive numbers"):
        PixelGrid((3, 4), size)


def test_numbers_of_numpy_are_as_good_as_pythons():
    grid = PixelGrid((np.int64(3), np.uint8(4)), (np.float32(20.0), np.int32(10)))
    assert grid == GRID
    assert hash(grid) == hash(GRID)
    assert all(type(n) is int for n in grid.shape)
    assert all(type(s) is float for s in grid.size_um)


def test_a_grid_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        GRID.shape = (1, 1)
