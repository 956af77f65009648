"""The names of the axes, and arrays that nobody can write."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brainreg3d.geometry import RayBundle, frames


def test_axes_carry_the_numbers_of_brainglobes_asr():
    assert (frames.AP, frames.DV, frames.ML) == (0, 1, 2)
    assert (frames.ROW, frames.COL, frames.DEPTH) == (0, 1, 2)


def test_directions_point_the_way_brainglobe_counts():
    """``asr``: indices start anterior, superior, right, and grow the other way."""
    assert frames.POSTERIOR == (1, 0, 0)
    assert frames.INFERIOR == (0, 1, 0)
    assert frames.LEFT == (0, 0, 1)
    for one, other in (
        (frames.POSTERIOR, frames.ANTERIOR),
        (frames.INFERIOR, frames.SUPERIOR),
        (frames.LEFT, frames.RIGHT),
    ):
        assert np.add(one, other).tolist() == [0, 0, 0]


def test_read_only_is_a_view_that_refuses_writing():
    array = np.zeros(3)
    view = frames.read_only(array)
    assert np.shares_memory(array, view)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1.0
    array[0] = 2.0  # the caller's own array stays writable
    assert view[0] == 2.0


def test_a_point_is_a_private_read_only_float64_copy():
    given = np.array([1, 2, 3], np.int16)
    point = frames.as_point(given, "centre_um")
    given[:] = 0
    assert point.tolist() == [1.0, 2.0, 3.0]
    assert point.dtype == np.float64
    assert not point.flags.writeable


@pytest.mark.parametrize("value", [(1, 2), (1, 2, 3, 4), [[1, 2, 3]], 7.0, (1, 2, np.nan), None])
def test_what_is_no_point_is_refused_by_its_name(value):
    with pytest.raises(ValueError, match="here_um must be three finite numbers"):
        frames.as_point(value, "here_um")


@pytest.fixture
def two_rays() -> RayBundle:
    return RayBundle(
        crossings_um=np.array([[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]]),
        directions=np.array([[0.0, 1.0, 0.5], [-0.25, 1.0, 0.0]]),
        viewing_direction=np.array([0.0, 1.0, 0.0]),
        eye_depth_um=-100.0,
    )


def test_a_ray_at_a_depth_is_its_crossing_plus_depth_times_direction(two_rays):
    assert two_rays.at_depth(0.0).tolist() == [[10, 20, 30], [40, 50, 60]]
    assert two_rays.at_depth(8).tolist() == [[10, 28, 34], [38, 58, 60]]
    assert two_rays.at_depth([-4.0, 4.0]).tolist() == [[10, 16, 28], [39, 54, 60]]
    assert len(two_rays) == 2


def test_a_ray_at_an_unknown_depth_is_nowhere(two_rays):
    points = two_rays.at_depth([np.nan, 0.0])
    assert np.isnan(points[0]).all()
    assert points[1].tolist() == [40, 50, 60]


def test_the_arrays_of_rays_cannot_be_written(two_rays):
    for array in (two_rays.crossings_um, two_rays.directions):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1.0
