"""Outlines of pixels, against shapely and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from napari_brainreg3d.io.exchange.polygons import pixel_polygons, ring_area_px

shapely = pytest.importorskip("shapely")


def as_shapely(polygons):
    return shapely.MultiPolygon([shapely.Polygon(p.shell, p.holes) for p in polygons])


def drawn(polygons, shape) -> np.ndarray:
    """Which pixel centres lie inside, by shapely."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    return shapely.contains_xy(as_shapely(polygons), rows, columns)


def test_a_single_pixel_is_a_square_clockwise_in_the_image() -> None:
    (polygon,) = pixel_polygons(np.array([[0, 0], [0, 1]]))[1]
    assert polygon.shell.tolist() == [[1, 1], [1, 2], [2, 2], [2, 1]]
    assert polygon.holes == ()
    assert ring_area_px(polygon.shell) == 1


def test_a_ring_has_one_hole_and_only_the_corners_where_it_turns() -> None:
    ring = np.ones((5, 6), int)
    ring[2, 2:4] = 0
    (polygon,) = pixel_polygons(ring)[1]
    assert polygon.shell.tolist() == [[0, 0], [0, 6], [5, 6], [5, 0]]
    assert [set(map(tuple, hole.tolist())) for hole in polygon.holes] == [
        {(2, 2), (2, 4), (3, 4), (3, 2)}
    ]
    assert ring_area_px(polygon.holes[0]) == -2
    assert polygon.area_px == 28


def test_holes_that_meet_in_a_corner_stay_two() -> None:
    """A way through the corner would cut the ring in two or make one that touches itself."""
    mask = np.ones((4, 4), int)
    mask[1, 1] = mask[2, 2] = 0
    (polygon,) = pixel_polygons(mask)[1]
    assert len(polygon.holes) == 2
    assert as_shapely([polygon]).is_valid


def test_pixels_that_meet_in_a_corner_are_two_polygons() -> None:
    found = pixel_polygons(np.eye(3, dtype=int))[1]
    assert [polygon.area_px for polygon in found] == [1, 1, 1]


@pytest.mark.parametrize("seed", range(60))
def test_random_labels_are_valid_polygons_of_exactly_their_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, rng.integers(1, 16, 2))
    found = pixel_polygons(labels)
    assert sorted(found) == sorted(set(labels.ravel().tolist()) - {0})
    for value, polygons in found.items():
        shape = as_shapely(polygons)
        assert shape.is_valid, shapely.is_valid_reason(shape)
        assert shape.area == (labels == value).sum()
        assert len(polygons) == label(labels == value)[1]
        np.testing.assert_array_equal(drawn(polygons, labels.shape), labels == value)


def test_no_label_gives_no_polygon() -> None:
    assert pixel_polygons(np.zeros((3, 4), int)) == {}
