"""Outlines: pixels by hand, smooth lines against circles and straight edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.results.outlines import border_lines, outlines, without_gaps


def drawn(text: str) -> np.ndarray:
    """A label image from digits."""
    return np.array([[int(c) for c in row] for row in text.split()], np.uint16)


class TestOutlines:
    def test_by_hand(self):
        labels = drawn("""
            0000000
            0111122
            0111122
            0111122
            0111122
            0000000
        """)
        # A pixel is on a border when one of its four neighbours is something else. Regions end at
        # 0 and at one another; at the edge of the image they may go on, so that it is no border.
        expected = drawn("""
            0000000
            0111111
            0100110
            0100110
            0111111
            0000000
        """)
        found = outlines(labels)
        assert found.dtype == np.bool_
        assert_array_equal(found, expected.astype(bool))

    def test_corners_do_not_touch(self):
        # The middle pixel meets region 2 over a corner only, and that is the one with a border.
        labels = drawn("""
            2111
            1111
            1111
        """)
        expected = drawn("""
            1100
            1000
            0000
        """)
        assert_array_equal(outlines(labels), expected.astype(bool))

    @pytest.mark.parametrize("value", [0, 7])
    def test_one_region_all_over_or_none_at_all_has_no_outline(self, value):
        assert not outlines(np.full((4, 5), value, np.uint16)).any()
        assert outlines(np.zeros((0, 5), np.uint16)).shape == (0, 5)

    @given(
        arrays(
            np.uint16, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(0, 3)
        )
    )
    def test_any_labels_agree_with_the_definition(self, labels):
        rows, columns = labels.shape
        for row in range(rows):
            for column in range(columns):
                around = [
                    labels[r, c]
                    for r, c in (
                        (row - 1, column),
                        (row + 1, column),
                        (row, column - 1),
                        (row, column + 1),
                    )
                    if 0 <= r < rows and 0 <= c < columns
                ]
                here = labels[row, column]
                expected = here != 0 and any(other != here for other in around)
                assert outlines(labels)[row, column] == expected

    def test_the_labels_stay_as_they_are(self):
        labels = drawn("0110 0110 0000")
        before = labels.copy()
        outlines(labels)
        border_lines(labels, 1.0)
        without_gaps(labels, 3.0)
        assert_array_equal(labels, before)


class TestBorderLines:
    def test_the_line_around_a_disk_is_a_circle(self):
        rows, columns = np.mgrid[:101, :121]
        labels = (np.hypot(rows - 50, columns - 60) <= 30).astype(np.uint16) * 4
        lines = border_lines(labels, 1.5)
        assert len(lines) == 1
        radii = np.hypot(*(lines[0] - (50, 60)).T)
        # Within half a pixel of the circle that the pixels were cut from.
        assert_allclose(radii, 30.0, rtol=0, atol=0.5)
        assert_allclose(lines[0][0], lines[0][-1])  # closed

    def test_two_regions_share_the_line_half_way_between_their_pixels(self):
        labels = np.ones((40, 50), np.uint16)
        labels[:, 20:] = 2
        lines = border_lines(labels, 1.0)
        assert len(lines) == 2
        for line in lines:
            # Between the pixel columns 19 and 20, from edge to edge.
            assert_allclose(line[:, 1], 19.5, rtol=0, atol=1e-5)
            assert line[:, 0].min() <= 0
            assert line[:, 0].max() >= 39

    def test_the_edge_of_the_image_has_no_line(self):
        assert border_lines(np.ones((30, 30), np.uint16), 1.0) == []
        assert border_lines(np.zeros((30, 30), np.uint16), 1.0) == []
        corner = np.zeros((40, 40), np.uint16)
        corner[:20, :20] = 1
        (line,) = border_lines(corner, 0.8)
        inside = line[(line >= 0).all(axis=1)]
        # Down along column 19.5 and across along row 19.5, nothing along row or column 0.
        assert (np.abs(inside - 19.5).min(axis=1) < 1.0).all()

    def test_both_parts_of_a_region_get_lines(self):
        labels = np.zeros((40, 80), np.uint16)
        labels[10:30, 10:30] = labels[10:30, 50:70] = 3
        assert len(border_lines(labels, 0.8)) == 2

    def test_specks_are_left_out(self):
        labels = np.zeros((40, 40), np.uint16)
        labels[20, 20] = 1
        assert border_lines(labels, 1.0) == []


class TestWithoutGaps:
    def test_a_narrow_gap_is_given_to_the_regions_beside_it(self):
        labels = np.ones((30, 40), np.uint16)
        labels[:, 20:] = 2
        labels[:, 19:21] = 0
        closed = without_gaps(labels, 3.0)
        assert (closed > 0).all()
        assert (closed[:, :19] == 1).all()
        assert (closed[:, 21:] == 2).all()

    def test_a_wide_gap_stays(self):
        labels = np.ones((30, 40), np.uint16)
        labels[:, 20:] = 2
        labels[:, 15:25] = 0
        assert_array_equal(without_gaps(labels, 3.0), labels)

    def test_regions_do_not_grow_outwards(self):
        labels = np.zeros((40, 40), np.uint16)
        labels[10:30, 10:30] = 1
        assert_array_equal(without_gaps(labels, 5.0), labels)

    @pytest.mark.parametrize("value", [0, 3])
    def test_nothing_and_everything_stay(self, value):
        labels = np.full((10, 10), value, np.uint16)
        assert_array_equal(without_gaps(labels, 3.0), labels)
