"""Curves -> pose: drawn from closed forms, never from the code under test."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.demo.tracing import trace_surface
from napari_brainreg3d.errors import Cancelled, RegionError, RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.curves import Curve, CurveFit, refine_on_curves
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Landmark, Registration
from tests.fixtures.ellipsoid import (
    border_points,
    edge_points,
    ellipsoid_scene,
    midline_points,
)
from tests.fixtures.scenes import sphere_scene

SIZE_UM = 30.0
SHAPE = (480, 400)
CAMERAS = [
    pytest.param(OrthographicCamera(), id="orthographic"),
    pytest.param(PinholeCamera(working_distance_mm=60.0), id="pinhole"),
]
POINTS = {"midline": midline_points, "brain edge": edge_points, "border": border_points}
TRUTH = Pose.dorsal(
    centre_um=(6300.0, 500.0, 5600.0), yaw_deg=9.0, pitch_deg=6.0, roll_deg=-8.0
)  # fmt: skip


def registration(pose: Pose = TRUTH, **changes: Any) -> Registration:
    given = {"atlas": "test_ellipsoid", "image_shape": SHAPE, "pixel_size_um": SIZE_UM}
    return Registration(**(given | {"pose": pose} | changes))


def drawn(
    kind: Any,
    truth: Registration,
    count: int = 14,
    *,
    window: tuple[float, float, float, float] = (0.0, 0.0, SHAPE[0] - 1.0, SHAPE[1] - 1.0),
    rng: np.random.Generator | None = None,
    sd_um: float = 0.0,
) -> Curve:
    """The line as the true camera sees it, within a window (rows and columns, from and to)."""
    pixels = truth.view.atlas_to_pixels(POINTS[kind](truth))
    inside = ((pixels >= window[:2]) & (pixels <= window[2:])).all(axis=1)
    pixels = pixels[inside]
    # Not up to the very end, where the surface turns away and nobody can see it either.
    pixels = pixels[np.linspace(0, len(pixels) - 1, count + 6).astype(int)][3:-3]
    if rng is not None:
        pixels = pixels + rng.normal(size=pixels.shape) * sd_um / SIZE_UM
    return Curve(kind, pixels, ("front", "back") if kind == "border" else None)


def all_three(truth: Registration, **how: Any) -> list[Curve]:
    return [drawn(kind, truth, 24 if kind == "brain edge" else 14, **how) for kind in POINTS]


def near(truth: Registration) -> Registration:
    moved = truth.pose.moved(plane_um=(250.0, -200.0, 0.0))
    return truth.replaced(pose=moved.turned(yaw_deg=-3.0, pitch_deg=3.0, roll_deg=3.0))


def angle_deg(one: Pose, other: Pose) -> float:
    return float(np.degrees(Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude()))


def shift_um(fit: CurveFit, truth: Registration) -> np.ndarray:
    """From where the true camera has the middle of the curves to where the fitted one has it."""
    return fit.pose.to_plane(fit.pivot_um) - truth.pose.to_plane(fit.pivot_um)


@pytest.mark.parametrize("camera", CAMERAS)
def test_perfect_curves_give_the_pose_back(camera) -> None:
    truth = registration(camera=camera)
    fit = refine_on_curves(ellipsoid_scene(), near(truth), all_three(truth))
    # The facets of the mesh lie up to 1 um inside the ellipsoid.
    assert fit.rms_um < 2.0
    assert angle_deg(fit.pose, truth.pose) < 0.1
    assert np.abs(shift_um(fit, truth)[:2]).max() < 5.0
    assert fit.names == ("midline", "brain edge", "front | back")
    if isinstance(camera, OrthographicCamera):
        assert fit.undetermined == ("depth_um",)
        assert fit.standard_deviations["depth_um"] == np.inf
        assert fit.pose.to_plane(fit.pivot_um)[2] == pytest.approx(
            near(truth).pose.to_plane(fit.pivot_um)[2], abs=1e-6
        )
    else:
        assert fit.undetermined == ()
        assert abs(shift_um(fit, truth)[2]) < 60.0


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_window_that_shows_a_part_of_each_line_is_enough(camera) -> None:
    """The left front quarter or so of the picture; most of every line is out of the window."""
    truth = registration(camera=camera)
    window = (100.0, 0.0, 330.0, 260.0)
    curves = all_three(truth, window=window)
    assert all((c.points_px <= window[2:]).all() for c in curves)
    fit = refine_on_curves(ellipsoid_scene(), near(truth), curves)
    assert fit.rms_um < 5.0
    determined = [name for name in fit.parameters if name not in fit.undetermined]
    assert {"down_um", "right_um", "yaw_deg"} <= set(determined)
    # A far part of 100 um of noise; what is kept (depth, roll) costs some um of shift.
    assert np.abs(shift_um(fit, truth)[:2]).max() < 30.0
    assert abs(fit.pose.angles_deg[0] - truth.pose.angles_deg[0]) < 0.2
    assert abs(fit.pose.angles_deg[1] - truth.pose.angles_deg[1]) < 0.5


def test_wrong_parts_of_a_curve_do_not_pull() -> None:
    truth = registration()
    curves = all_three(truth, rng=np.random.default_rng(4), sd_um=20.0)
    points = curves[1].points_px.copy()
    points[::6] += (20.0, -25.0)  # about 1 mm off
    spoiled = [curves[0], Curve("brain edge", points), curves[2]]
    fit = refine_on_curves(ellipsoid_scene(), near(truth), spoiled, click_sd_um=20.0)
    # Least squares without any defence would be off by some 50 um.
    assert np.abs(shift_um(fit, truth)[:2]).max() < 25.0
    assert fit.outliers == ()
    worst = np.sort(np.abs(fit.residuals_um[1]))
    assert (worst[-3:] > 200.0).all()


def test_a_curve_on_another_line_is_named() -> None:
    truth = registration()
    curves = all_three(truth)
    aside = Curve("border", curves[2].points_px + (25.0, 0.0), ("front", "back"), "aside")
    # Of the three it is the one that the others, with the points of the edge, outvote.
    edge = drawn("brain edge", truth, 60)
    fit = refine_on_curves(ellipsoid_scene(), near(truth), [curves[0], edge, curves[2], aside])
    assert fit.outliers == ("aside",)


def test_a_lone_midline_keeps_the_shift_along_it() -> None:
    truth = registration(Pose.dorsal(centre_um=(6300.0, 500.0, 5600.0), yaw_deg=3.0))
    start = near(truth)
    middle = (110.0, 0.0, 370.0, SHAPE[1] - 1.0)  # its ends are not drawn
    fit = refine_on_curves(ellipsoid_scene(), start, [drawn("midline", truth, window=middle)])
    assert {"down_um", "depth_um", "pitch_deg"} <= set(fit.undetermined)
    assert "right_um" not in fit.undetermined
    assert fit.rms_um < 20.0
    kept = fit.pose.to_plane(fit.pivot_um) - start.pose.to_plane(fit.pivot_um)
    assert abs(kept[0]) < 60.0
    assert abs(fit.pose.angles_deg[1] - start.pose.angles_deg[1]) < 0.5


def test_along_a_slanting_midline_nothing_moves_although_it_is_no_axis_of_the_image() -> None:
    """At 45 degrees neither shift is determined alone, but the one across the line is."""
    level = Pose.dorsal(centre_um=(6300.0, 500.0, 5700.0), yaw_deg=45.0)
    truth = registration(level)
    start = truth.replaced(pose=level.moved(plane_um=(300.0, 0.0, 0.0)))
    middle = (150.0, 100.0, 330.0, 300.0)
    fit = refine_on_curves(ellipsoid_scene(), start, [drawn("midline", truth, window=middle)])
    assert {"down_um", "right_um"} <= set(fit.undetermined)
    moved = fit.pose.centre_um - start.pose.centre_um
    # The start is 212 um off along AP and ML each: only ML is mended.
    assert abs(fit.pose.centre_um[2] - 5700.0) < 10.0
    assert abs(moved[0]) < 40.0


def test_a_ball_tells_where_it_is_and_nothing_of_its_turn() -> None:
    """Centre of a sphere of 2 mm seen by parallel rays: the edge is a circle of 2 mm."""
    scene = sphere_scene(2000.0, (5000.0, 3000.0, 4500.0), subdivisions=5)
    truth = registration(Pose.dorsal(centre_um=(5000.0, 500.0, 4500.0)), image_shape=(200, 200))
    turn = np.linspace(0.0, 2 * np.pi, 20, endpoint=False)
    circle = 99.5 + 2000.0 / SIZE_UM * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    start = truth.replaced(pose=truth.pose.moved(plane_um=(400.0, -300.0, 0.0)))
    fit = refine_on_curves(scene, start, [Curve("brain edge", circle)])
    assert {"yaw_deg", "pitch_deg", "roll_deg", "depth_um"} <= set(fit.undetermined)
    np.testing.assert_allclose(shift_um(fit, truth)[:2], 0.0, atol=5.0)
    assert fit.pose.angles_deg == pytest.approx(start.pose.angles_deg, abs=0.2)
    # Each coordinate is seen by half of the clicks: 100 um / sqrt(10).
    assert fit.standard_deviations["down_um"] == pytest.approx(100.0 / np.sqrt(10), rel=0.1)


def test_a_landmark_adds_what_the_midline_leaves_open() -> None:
    truth = registration(Pose.dorsal(centre_um=(6300.0, 500.0, 5600.0), yaw_deg=3.0))
    middle = (110.0, 0.0, 370.0, SHAPE[1] - 1.0)
    point = border_points(truth)[500]
    pixel = truth.view.atlas_to_pixels(point)
    mark = Landmark("known", tuple(pixel), tuple(point))
    unknown = Landmark("elsewhere", None, tuple(point))
    fit = refine_on_curves(
        ellipsoid_scene(), near(truth), [drawn("midline", truth, window=middle)],
        landmarks=[mark, unknown], keep=("pitch_deg", "roll_deg"),
    )  # fmt: skip
    assert "down_um" not in fit.undetermined
    assert fit.landmark_names == ("known",)
    np.testing.assert_allclose(fit.landmark_residuals_um, 0.0, atol=30.0)


def test_residuals_are_the_distances_across_the_line() -> None:
    """Only the shift along the rows may change, which a line along them cannot use."""
    truth = registration(Pose.dorsal(centre_um=(6300.0, 500.0, 5700.0)))
    curves = all_three(truth)
    middle = drawn("midline", truth, window=(110.0, 0.0, 370.0, SHAPE[1] - 1.0))
    aside = Curve("midline", middle.points_px + (0.0, 3.0))
    free, keep = "down_um", ("right_um", "depth_um", "yaw_deg", "pitch_deg", "roll_deg")
    fit = refine_on_curves(ellipsoid_scene(), truth, [aside, curves[2]], keep=keep)
    np.testing.assert_allclose(np.abs(fit.residuals_um[0]), 3.0 * SIZE_UM, atol=0.5)
    np.testing.assert_allclose(np.abs(fit.residuals_px[0]), 3.0, atol=0.02)
    np.testing.assert_allclose(fit.residuals_um[1], 0.0, atol=2.0)
    assert fit.rms_by_curve_um["midline"] == pytest.approx(90.0, abs=0.5)
    assert [name for name in fit.parameters if fit.standard_deviations[name] > 0] == [free]


def test_the_true_pose_lies_within_the_error_bars_as_often_as_promised() -> None:
    """With 60 um of noise on each point; set NAPARI_BRAINREG3D_TRIALS for more than 28 trials."""
    rng = np.random.default_rng(8)
    trials = int(os.environ.get("NAPARI_BRAINREG3D_TRIALS", "28"))
    squares, joint, single = [], [], []
    for trial in range(trials):
        yaw, pitch, roll = rng.uniform(-10.0, 10.0, 3)
        pose = Pose.dorsal(centre_um=TRUTH.centre_um, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
        truth = registration(pose, camera=CAMERAS[trial % 2].values[0])
        curves = all_three(truth, rng=rng, sd_um=60.0)
        fit = refine_on_curves(ellipsoid_scene(), near(truth), curves, click_sd_um=60.0)
        error = np.concatenate(
            [shift_um(fit, truth), np.subtract(truth.pose.angles_deg, fit.pose.angles_deg)]
        )
        free = [i for i, name in enumerate(fit.parameters) if name not in fit.undetermined]
        covariance = fit.covariance[np.ix_(free, free)]
        squares.append(error[free] @ np.linalg.solve(covariance, error[free]) / len(free))
        joint.append(squares[-1] * len(free) < chi2.ppf(0.95, len(free)))
        single.append(np.abs(error[free]) < 1.96 * np.sqrt(np.diag(covariance)))
    # Squared errors in units of the error bars: 1 on average. Bars that are 1.4 times too narrow
    # would double them, bars that are too wide halve them; 28 trials spread by 0.12.
    assert 0.64 < np.mean(squares) < 1.36
    assert np.mean(joint) >= 0.80
    assert np.concatenate(single).mean() == pytest.approx(0.95, abs=0.06)


def test_the_demo_brain_is_met_on_edge_and_midline_traced_without_a_mesh() -> None:
    """On the implicit functions; the mesh is up to some 20 um off them."""
    truth = demo_registration()
    scene = load_scene(truth.atlas, ["MOB"])
    centre = np.array([223.5, 255.5])
    turn = np.radians(np.arange(0.0, 360.0, 9.0))
    out = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    low, high = np.full(len(out), 40.0), np.full(len(out), 420.0)
    for _ in range(14):
        middle = (low + high) / 2
        hit = np.isfinite(trace_surface(truth.view.pixel_rays(centre + out * middle[:, None])))
        low, high = np.where(hit[:, 0], middle, low), np.where(hit[:, 0], high, middle)
    edge = centre + out * low[:, None]
    edge = edge[((edge >= 0) & (edge <= (447, 511))).all(axis=1)]
    assert len(edge) > 20
    # From straight above, as high as the surface 300 um to either side.
    ap = np.arange(3000.0, 7800.0, 400.0)
    down = registration(Pose.dorsal(centre_um=(0.0, 0.0, 0.0)), image_shape=(2, 2)).view
    lips = []
    for ml in (5400.0, 6000.0):
        offsets = np.stack([ap, np.full(len(ap), -ml)], axis=1)
        lips.append(trace_surface(down.pixel_rays(down.grid.to_pixels(offsets)))[:, 1])
    middle_um = np.stack([ap, np.mean(lips, axis=0), np.full(len(ap), 5700.0)], axis=1)
    curves = [
        Curve("brain edge", edge), Curve("midline", truth.view.atlas_to_pixels(middle_um))
    ]  # fmt: skip
    start = truth.replaced(
        pose=truth.pose.moved(plane_um=(200.0, 250.0, 0.0)).turned(yaw_deg=3, roll_deg=-3)
    )
    fit = refine_on_curves(scene, start, curves)
    assert fit.rms_um < 25.0
    assert angle_deg(fit.pose, truth.pose) < 1.0
    assert np.abs(shift_um(fit, truth)[:2]).max() < 40.0


def test_labels_can_be_judged_by_a_fit_to_curves() -> None:
    truth = registration()
    scene = ellipsoid_scene()
    fit = refine_on_curves(scene, near(truth), all_three(truth))
    small = fit.registration.replaced(image_shape=(48, 40), pixel_size_um=300.0)
    sure = uncertainty(project(scene, small), fit, poses=20)
    assert 0.5 < sure.probability.mean() < 1.0
    # The border moves by what 14 clicks of 100 um and the rest leave open: well under 100 um.
    assert 5.0 < sure.border_um < 120.0


SIDE = Pose.lateral(side="left", centre_um=(6500.0, 4000.0, 11000.0))
FAR = TRUTH.moved(plane_um=(40_000.0, 0.0, 0.0))
INSIDE = [(220.0, 180.0), (260.0, 220.0), (300.0, 190.0)]


@pytest.mark.parametrize(
    ("curve", "changes", "words"),
    [
        pytest.param(Curve("midline", [(9, 9), (9, 20)]), {}, "too short: 330 um", id="short"),
        pytest.param(Curve("midline", INSIDE), {"pose": SIDE}, "at the side", id="from the side"),
        pytest.param(Curve("midline", INSIDE), {"pose": FAR}, "no part of the midline", id="gone"),
        pytest.param(Curve("brain edge", INSIDE), {"pose": FAR}, "no edge", id="no brain"),
        pytest.param(
            Curve("border", INSIDE, ("front", "back")), {"pose": FAR}, "front is not in view",
            id="regions out of view",
        ),
        pytest.param(
            Curve("border", INSIDE, ("front", "apart")), {}, "apart is not selected",
            id="not selected",
        ),
        pytest.param(
            Curve("midline", [(-220.0, 195.0), (-90.0, 196.0), (20.0, 195.0)]), {},
            "points lie beside", id="drawn past the end",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_reason(curve, changes, words) -> None:
    with pytest.raises(RegistrationError, match=words):
        refine_on_curves(ellipsoid_scene(), registration(**changes), [curve])


def test_unknown_regions_and_neighbours_that_are_none_are_refused() -> None:
    scene = load_scene("demo_mouse", ["VISp", "MOp", "SSp"])
    truth = demo_registration()
    with pytest.raises(RegionError, match=r"VISpp.*did you mean"):
        refine_on_curves(scene, truth, [Curve("border", INSIDE, ("VISpp", "MOp"))])
    with pytest.raises(RegistrationError, match="share no visible border"):
        refine_on_curves(scene, truth, [Curve("border", INSIDE, ("VISp", "MOp"))])
    with pytest.raises(RegistrationError, match="SSp-n is part of SSp, which is selected as a"):
        refine_on_curves(scene, truth, [Curve("border", INSIDE, ("SSp-n", "MOp"))])
    with pytest.raises(RegionError, match="part of"):
        refine_on_curves(scene, truth, [Curve("border", INSIDE, ("SSp", "SSp-n"))])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"click_sd_um": 0.0}, "click_sd_um", id="no click error"),
        pytest.param({"keep": ("height",)}, "height", id="unknown parameter"),
        pytest.param(
            {"keep": ("down_um", "right_um", "depth_um", "yaw_deg", "pitch_deg", "roll_deg")},
            "determine nothing", id="all kept",
        ),
    ],
)  # fmt: skip
def test_bad_options_are_refused(options, words) -> None:
    truth = registration()
    with pytest.raises(RegistrationError, match=words):
        refine_on_curves(ellipsoid_scene(), truth, [drawn("brain edge", truth)], **options)
    with pytest.raises(RegistrationError, match="no curve"):
        refine_on_curves(ellipsoid_scene(), truth, [])


@pytest.mark.parametrize(
    ("kind", "points", "regions", "words"),
    [
        pytest.param("edge", INSIDE, None, "brain edge, border, got 'edge'", id="kind"),
        pytest.param("midline", [(1.0, 2.0)], None, "needs 2 points, got 1", id="one point"),
        pytest.param("midline", [1.0, 2.0], None, r"shape \(2,\)", id="shape"),
        pytest.param("midline", [(1.0, np.nan), (2.0, 3.0)], None, "finite", id="not finite"),
        pytest.param("border", INSIDE, None, "two regions", id="no regions"),
        pytest.param("border", INSIDE, ("a", "a"), "two regions", id="one region"),
        pytest.param("midline", INSIDE, ("a", "b"), "other curves none", id="regions for none"),
    ],
)
def test_a_curve_states_what_it_is(kind, points, regions, words) -> None:
    with pytest.raises(RegistrationError, match=words):
        Curve(kind, points, regions)


def test_work_can_be_cancelled_and_changes_nothing_that_it_was_given() -> None:
    truth = registration()
    start, curves = near(truth), all_three(truth)
    before = [curve.points_px.copy() for curve in curves]
    with pytest.raises(Cancelled):
        refine_on_curves(ellipsoid_scene(), start, curves, progress=lambda done, most: done < 2)
    assert start == near(truth)
    for curve, points in zip(curves, before, strict=True):
        np.testing.assert_array_equal(curve.points_px, points)
        assert not curve.points_px.flags.writeable
