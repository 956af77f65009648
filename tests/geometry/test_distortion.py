"""Radial distortion against hand-made numbers, OpenCV and a bracketing root finder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from napari_brainreg3d.geometry.distortion import RadialDistortion


def polynomial(radius: float, k1: float, k2: float) -> float:
    """Where Brown's model shows a point of an ideal radius, written out once more."""
    return radius * (1.0 + k1 * radius**2 + k2 * radius**4)


def ideal_radius(shown: float, k1: float, k2: float, limit: float) -> float:
    """Invert the polynomial by bisection between 0 and a limit."""
    return brentq(lambda r: polynomial(r, k1, k2) - shown, 0.0, limit, xtol=1e-15, rtol=1e-14)


def test_numbers_made_by_hand():
    # r^2 = 0.09 + 0.16 = 0.25, so the factor is 1 + 0.4 * 0.25 - 0.8 * 0.0625 = 1.05.
    lens = RadialDistortion(0.4, -0.8)
    assert_allclose(lens.apply(np.array([0.3, 0.4])), [0.315, 0.42], rtol=1e-15)
    assert_allclose(lens.remove(np.array([0.315, 0.42])), [0.3, 0.4], rtol=1e-14)


def test_negative_k1_is_a_barrel_and_positive_k1_a_cushion():
    """A barrel pulls the corners in, as in OpenCV."""
    corner = np.array([0.3, 0.4])
    assert np.linalg.norm(RadialDistortion(k1=-0.2).apply(corner)) < 0.5
    assert np.linalg.norm(RadialDistortion(k1=0.2).apply(corner)) > 0.5


@pytest.mark.parametrize(("k1", "k2"), [(0.4, -0.8), (-0.3, 0.1), (12.0, -50.0), (-20.0, 300.0)])
def test_it_agrees_with_opencv(k1, k2):
    cv2 = pytest.importorskip("cv2")
    points = np.random.default_rng(1).uniform(-0.08, 0.08, (200, 2))
    # A camera with focal length 1 and no rotation: OpenCV then returns normalised coordinates.
    expected, _ = cv2.projectPoints(
        np.column_stack([points, np.ones(200)]),
        np.zeros(3),
        np.zeros(3),
        np.eye(3),
        np.array([k1, k2, 0.0, 0.0]),
    )
    lens = RadialDistortion(k1, k2)
    assert_allclose(lens.apply(points), expected[:, 0], rtol=0, atol=1e-15)
    assert_allclose(lens.remove(expected[:, 0]), points, rtol=0, atol=1e-14)


def test_no_distortion_leaves_points_where_they_are():
    lens = RadialDistortion()
    points = np.array([[1e6, -3.0], [0.0, 0.0]])
    assert lens.is_none
    assert lens.radius_limit == np.inf
    assert_allclose(lens.apply(points), points, rtol=0, atol=0)
    assert_allclose(lens.remove(points), points, rtol=0, atol=0)
    assert not RadialDistortion(k2=1e-9).is_none


@pytest.mark.parametrize(
    ("k1", "k2", "limit"),
    [
        # 1 + 3 k1 q = 0 with k1 = -1/3: q = 1.
        pytest.param(-1.0 / 3.0, 0.0, 1.0, id="barrel"),
        # 1 + 5 k2 q^2 = 0 with k2 = -1/80: q^2 = 16, r = 2.
        pytest.param(0.0, -1.0 / 80.0, 2.0, id="barrel of the second kind"),
        # 1 + 3 q - 4 q^2 = (1 - q)(1 + 4 q) with k1 = 1, k2 = -4/5: q = 1.
        pytest.param(1.0, -0.8, 1.0, id="cushion that bends back"),
        # 1 - 5 q + 4 q^2 = (1 - q)(1 - 4 q) with k1 = -5/3, k2 = 4/5: the first root, q = 1/4.
        pytest.param(-5.0 / 3.0, 0.8, 0.5, id="barrel that bends back out"),
        pytest.param(0.5, 0.1, np.inf, id="cushion"),
        # Discriminant 9 k1^2 - 20 k2 < 0: the slope is never 0.
        pytest.param(-0.3, 0.1, np.inf, id="barrel that never folds"),
    ],
)
def test_the_limit_is_where_the_polynomial_folds_back(k1, k2, limit):
    assert RadialDistortion(k1, k2).radius_limit == pytest.approx(limit, rel=1e-12)


def test_a_point_past_the_limit_is_not_seen():
    lens = RadialDistortion(k1=-1.0 / 3.0)  # folds back at radius 1
    seen = lens.apply(np.array([[0.999, 0.0], [1.001, 0.0], [0.8, 0.7], [np.nan, 0.0]]))
    assert np.isfinite(seen[0]).all()
    assert np.isnan(seen[1:]).all()


def test_an_image_past_the_limit_is_refused_with_numbers_and_a_mend():
    # The largest radius it can show is 1 * (1 - 1/3) = 2/3.
    lens = RadialDistortion(k1=-1.0 / 3.0)
    assert np.linalg.norm(lens.remove(np.array([0.6666, 0.0]))) == pytest.approx(1.0, abs=0.02)
    with pytest.raises(ValueError, match=r"0\.7\b.*k1=-0\.333.*0\.6667.*smaller coefficients"):
        lens.remove(np.array([[0.1, 0.0], [0.7, 0.0]]))


# What lenses do: up to a quarter at the edge of the field; fields from fisheye to 2 m away.
coefficient = st.floats(-0.08, 0.08)
half_field = st.floats(1e-3, 2.0)


@given(
    coefficient, st.floats(-0.02, 0.02), half_field, st.floats(0.0, 1.0), st.floats(0, 2 * np.pi)
)
def test_remove_undoes_apply(at_edge_1, at_edge_2, edge, share, direction):
    k1, k2 = at_edge_1 / edge**2, at_edge_2 / edge**4
    point = share * edge * np.array([np.cos(direction), np.sin(direction)])
    lens = RadialDistortion(k1, k2)
    assert_allclose(lens.remove(lens.apply(point)), point, rtol=0, atol=1e-12 * edge)
    assert_allclose(lens.apply(lens.remove(point)), point, rtol=0, atol=1e-12 * edge)


@pytest.mark.parametrize(
    ("k1", "k2"),
    [
        pytest.param(1.0, 0.0, id="strong cushion"),
        pytest.param(5.0, 40.0, id="very strong cushion"),
        pytest.param(-1.0, 0.5, id="barrel, then cushion"),
        pytest.param(-1.0, 0.4501, id="nearly flat in between"),
        pytest.param(-1.0, 0.45000001, id="all but flat in between"),
        pytest.param(-50.0, 50.0**2 * 0.451, id="nearly flat in a small field"),
        pytest.param(-0.333, 0.02, id="barrel with a limit"),
        pytest.param(1.0, -0.8, id="cushion with a limit"),
        pytest.param(0.5, -0.1, id="weak cushion with a limit"),
        pytest.param(12.0, -50.0, id="strong cushion with a limit"),
        pytest.param(100.0, -5000.0, id="cushion with a limit in a small field"),
    ],
)
def test_the_inverse_agrees_with_bisection_all_the_way_out(k1, k2):
    lens = RadialDistortion(k1, k2)
    end = min(lens.radius_limit * (1 - 1e-6), np.sqrt(2.0 / abs(k1)))
    # Densely: where Newton's method runs in circles depends on the fifth digit.
    radii = np.linspace(0.0, end, 20_001)[1:]
    shown = polynomial(radii, k1, k2)
    found = lens.remove(np.column_stack([shown, np.zeros_like(shown)]))[:, 0]
    # What the camera shows must come back exactly; where the polynomial is flat the radius
    # itself is known less well.
    assert_allclose(polynomial(found, k1, k2), shown, rtol=1e-12, atol=0)
    some = slice(None, None, 50)
    expected = [ideal_radius(s, k1, k2, end * (1 + 1e-7)) for s in shown[some]]
    slope = 1 + 3 * k1 * radii[some] ** 2 + 5 * k2 * radii[some] ** 4
    assert (np.abs(found[some] - expected) <= 1e-12 + 1e-14 / np.maximum(slope, 1e-9)).all()


def test_the_direction_from_the_centre_is_kept():
    lens = RadialDistortion(-0.3, 0.1)
    points = np.random.default_rng(2).uniform(-1, 1, (50, 2))
    for mapped in (lens.apply(points), lens.remove(points)):
        assert_allclose(mapped[:, 0] * points[:, 1], mapped[:, 1] * points[:, 0], atol=1e-14)
        assert ((mapped * points).sum(axis=1) > 0).all()


@pytest.mark.parametrize(("k1", "k2"), [(-0.3, 0.1), (-0.3, 0.0), (0.3, 0.0)])
def test_a_point_that_is_nowhere_stays_nowhere(k1, k2):
    points = np.array([[np.nan, 0.0], [0.1, np.nan], [0.1, 0.2]])
    lens = RadialDistortion(k1, k2)
    for mapped in (lens.apply(points), lens.remove(points)):
        assert np.isnan(mapped[:2]).any(axis=1).all()
        assert np.isfinite(mapped[2]).all()


def test_the_centre_and_nothing_at_all_are_mapped():
    lens = RadialDistortion(-0.3, 0.1)
    assert lens.remove(np.zeros((1, 2))).tolist() == [[0.0, 0.0]]
    assert lens.apply(np.zeros((0, 2))).shape == (0, 2)
    assert lens.remove(np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize(("k1", "k2"), [(np.nan, 0.0), (0.0, np.inf), (-np.inf, 0.0)])
def test_coefficients_that_are_not_finite_are_refused(k1, k2):
    with pytest.raises(ValueError, match="k1 and k2 must be finite"):
        RadialDistortion(k1, k2)


@given(st.floats(-1e3, 1e3), st.floats(-1e6, 1e6))
@example(-5e-324, 0.0)
@example(0.0, -5e-324)
@example(1.0, -1e-18)
def test_any_finite_coefficients_have_a_limit(k1, k2):
    """Also those so small that dividing by them overflows."""
    lens = RadialDistortion(k1, k2)
    limit = lens.radius_limit
    assert limit > 0
    if limit < 1e6:
        terms = np.array([1.0, 3 * k1 * limit**2, 5 * k2 * limit**4])
        assert abs(terms.sum()) <= 1e-6 * np.abs(terms).max()
    # Such coefficients move nothing at this radius.
    assert_allclose(lens.remove(lens.apply(np.array([1e-6, 0.0]))), [1e-6, 0.0], rtol=1e-5)
