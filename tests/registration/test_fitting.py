"""Landmarks -> pose: recovery, ambiguity, degenerate sets, honest error bars."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import LandmarkFit, fit_landmarks
from napari_brainreg3d.registration.reprojection import PARAMETERS

START = Pose.dorsal(centre_um=(5400.0, 100.0, 5700.0))
CAMERAS = [
    pytest.param(OrthographicCamera(), id="orthographic"),
    pytest.param(PinholeCamera(working_distance_mm=60.0), id="pinhole"),
    pytest.param(
        PinholeCamera(working_distance_mm=45.0, k1=-0.4, mirrored=True), id="mirrored lens"
    ),
]


def registration(pose, camera, marks=()) -> Registration:
    return Registration(
        atlas="demo_mouse",
        image_shape=(540, 640),
        pixel_size_um=19.4,
        pose=pose,
        camera=camera,
        landmarks=tuple(marks),
    )


def random_pose(rng, tilt_deg=20.0) -> Pose:
    yaw, pitch, roll = rng.uniform(-1, 1, 3) * (30.0, tilt_deg, tilt_deg)
    centre = START.centre_um + rng.normal(size=3) * (500.0, 200.0, 500.0)
    return Pose.dorsal(centre_um=centre, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)


def dome_points(rng, count) -> np.ndarray:
    """Points spread over a dome about as large and as curved as the top of a mouse's brain."""
    ap, ml = rng.uniform(-4000, 4000, count), rng.uniform(-4000, 4000, count)
    dv = 500 + ml**2 / 8000 + ap**2 / 16000
    return np.stack([6000 + ap, dv, 5700 + ml], axis=1)


def clicked(truth, camera, points, rng=None, sd_um=0.0) -> tuple[Landmark, ...]:
    pixels = registration(truth, camera).view.atlas_to_pixels(points)
    if rng is not None:
        pixels = pixels + rng.normal(size=pixels.shape) * sd_um / 19.4
    return tuple(
        Landmark(f"p{i}", tuple(pixel), tuple(point))
        for i, (pixel, point) in enumerate(zip(pixels, points, strict=True))
    )


def angle_deg(one: Pose, other: Pose) -> float:
    return np.degrees(Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude())


@pytest.mark.parametrize("camera", CAMERAS)
def test_eight_perfect_landmarks_give_the_pose_back(camera) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        truth = random_pose(rng)
        marks = clicked(truth, camera, dome_points(rng, 8))
        fit = fit_landmarks(registration(START, camera, marks))
        assert fit.rms_um < 1e-3
        assert angle_deg(fit.pose, truth) < 1e-4
        offset = truth.rotation.T @ (fit.pose.centre_um - truth.centre_um)
        # Parallel rays cannot tell how far away the plane is.
        seen = offset[:2] if isinstance(camera, OrthographicCamera) else offset
        assert np.abs(seen).max() < 0.1


def test_parallel_rays_do_not_determine_depth_and_keep_it() -> None:
    marks = clicked(START.turned(pitch_deg=8), OrthographicCamera(), dome_points(
        np.random.default_rng(2), 6))  # fmt: skip
    fit = fit_landmarks(registration(START, OrthographicCamera(), marks))
    assert fit.undetermined == ("depth_um",)
    assert fit.standard_deviations["depth_um"] == np.inf
    # The landmarks' middle stays at the depth at which the start pose had it.
    middle = fit.pivot_um
    assert fit.pose.to_plane(middle)[2] == pytest.approx(START.to_plane(middle)[2], abs=1e-6)


def test_pinhole_pose_agrees_with_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(3)
    camera = PinholeCamera(working_distance_mm=50.0, principal_point_um=(200.0, -100.0), k1=-0.5)
    for _ in range(10):
        truth = random_pose(rng)
        points = dome_points(rng, 9)
        marks = clicked(truth, camera, points, rng, sd_um=30.0)
        fit = fit_landmarks(registration(START, camera, marks), click_sd_um=30.0)
        # OpenCV: x right, y down, z forward; pixels (column, row). Our plane is (row, column,
        # depth), so x and y change places; atlas and plane are both left-handed, OpenCV is not:
        # swapping two axes on both sides makes it proper.
        focal = 50_000.0 / 19.4
        centre = (319.5 - 100.0 / 19.4, 269.5 + 200.0 / 19.4)
        matrix = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
        swapped = points[:, [1, 0, 2]]
        pixels = np.array([mark.image_px for mark in marks])[:, ::-1]
        lens = np.array([-0.5, 0, 0, 0])
        found, turn, shift = cv2.solvePnP(
            swapped, np.ascontiguousarray(pixels), matrix, lens, flags=cv2.SOLVEPNP_SQPNP
        )
        assert found
        turn, shift = cv2.solvePnPRefineLM(
            swapped, np.ascontiguousarray(pixels), matrix, lens, turn, shift
        )
        # x_cam = Q x_swapped + s, with x_cam = (column, row, depth + distance).
        q, s = Rotation.from_rotvec(turn.ravel()).as_matrix(), shift.ravel()
        to_plane = q[[1, 0, 2]][:, [1, 0, 2]]
        origin = np.array([200.0, -100.0, -50_000.0]) + s[[1, 0, 2]]
        theirs = Pose(to_plane.T, -to_plane.T @ origin)
        assert angle_deg(fit.pose, theirs) < 0.02
        assert np.linalg.norm(fit.pose.to_plane(fit.pivot_um) - theirs.to_plane(fit.pivot_um)) < 5


def test_two_points_fix_shift_and_yaw_and_keep_the_tilt() -> None:
    """By hand: 90 degrees about the view, seen by parallel rays."""
    start = START.turned(pitch_deg=6.0, roll_deg=-3.0)
    points = np.array([[4000.0, 500.0, 4500.0], [8000.0, 700.0, 6500.0]])
    truth = start.turned(yaw_deg=20.0).moved(plane_um=(300.0, -200.0, 0.0))
    marks = clicked(truth, OrthographicCamera(), points)
    fit = fit_landmarks(registration(start, OrthographicCamera(), marks))
    assert fit.pose.angles_deg == pytest.approx(truth.angles_deg, abs=1e-6)
    assert set(fit.undetermined) == {"depth_um", "pitch_deg", "roll_deg"}
    assert fit.rms_um < 1e-6


def test_three_points_take_the_tilt_nearer_to_the_present_one_and_report_the_other() -> None:
    """A grid search over all tilts finds the same two, and no third one."""
    camera = OrthographicCamera()
    points = np.array([[3000.0, 900.0, 4000.0], [8500.0, 400.0, 5000.0], [6000.0, 1800.0, 8800.0]])
    truth = START.turned(pitch_deg=12.0, roll_deg=9.0)
    marks = clicked(truth, camera, points)
    near = fit_landmarks(registration(START.turned(pitch_deg=9, roll_deg=7), camera, marks))
    assert angle_deg(near.pose, truth) < 1e-4
    assert near.alternative is not None
    far = fit_landmarks(registration(near.alternative.turned(yaw_deg=1.0), camera, marks))
    assert angle_deg(far.pose, near.alternative) < 1e-3
    assert angle_deg(far.alternative, truth) < 1e-3

    clicks = np.array([mark.image_px for mark in marks]) * 19.4
    clicks = clicks - clicks.mean(axis=0)
    tilts = np.arange(-40.0, 40.1, 0.5)
    errors = np.empty((len(tilts), len(tilts)))
    for (i, pitch), (j, roll) in itertools.product(enumerate(tilts), enumerate(tilts)):
        seen = Pose.dorsal(centre_um=points.mean(axis=0), pitch_deg=pitch, roll_deg=roll).to_plane(
            points
        )[:, :2]
        # The best turn in the plane: orthogonal Procrustes, without reflection.
        u, _, vt = np.linalg.svd(clicks.T @ seen)
        turn = u @ np.diag([1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
        errors[i, j] = np.abs(clicks - seen @ turn.T).max()
    wells = {
        (round(tilts[i]), round(tilts[j]))
        for i in range(1, len(tilts) - 1)
        for j in range(1, len(tilts) - 1)
        if errors[i, j] == errors[i - 1 : i + 2, j - 1 : j + 2].min() and errors[i, j] < 60.0
    }
    found = {
        tuple(round(angle) for angle in pose.angles_deg[1:]) for pose in (truth, near.alternative)
    }
    assert all(min(abs(a - c) + abs(b - d) for c, d in wells) <= 2 for a, b in found)
    assert all(min(abs(a - c) + abs(b - d) for a, b in found) <= 3 for c, d in wells)


def test_a_line_of_points_does_not_determine_the_tilt_about_it() -> None:
    """Points along the midline say nothing of roll: the brain may turn about that line."""
    points = np.array([[2000.0, 800.0, 5700.0], [5000.0, 800.0, 5700.0], [8000.0, 800.0, 5700.0]])
    start = START.turned(roll_deg=5.0)
    marks = clicked(start.turned(yaw_deg=4.0), OrthographicCamera(), points)
    fit = fit_landmarks(registration(start, OrthographicCamera(), marks))
    assert "roll_deg" in fit.undetermined
    assert fit.pose.angles_deg[2] == pytest.approx(5.0)
    assert fit.pose.angles_deg[0] == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        pytest.param([], "0 landmarks", id="none"),
        pytest.param([Landmark("a", (1.0, 2.0), (1.0, 2.0, 3.0))], "at least 2", id="one"),
        pytest.param(
            [Landmark("a", (1.0, 2.0), None), Landmark("b", None, (1.0, 2.0, 3.0))],
            "0 landmarks",
            id="known on one side only",
        ),
        pytest.param(
            [Landmark(n, (5.0, 5.0), (1.0, 2.0, 3.0)) for n in "abc"], "one point", id="coincident"
        ),
    ],
)
def test_too_little_is_refused_with_a_reason(marks, words) -> None:
    with pytest.raises(RegistrationError, match=words):
        fit_landmarks(registration(START, OrthographicCamera()), marks)


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_wrong_click_is_named_and_does_not_pull_the_others(camera) -> None:
    rng = np.random.default_rng(5)
    truth = random_pose(rng)
    marks = list(clicked(truth, camera, dome_points(rng, 10), rng, sd_um=20.0))
    row, column = marks[3].image_px
    marks[3] = Landmark("wrong", (row + 60.0, column - 45.0), marks[3].atlas_um)
    fit = fit_landmarks(registration(START, camera, marks), click_sd_um=20.0)
    assert fit.outliers == ("wrong",)
    assert angle_deg(fit.pose, truth) < 2.0
    assert fit.rms_um < 60.0
    without = fit_landmarks(
        registration(START, camera), [m for m in marks if m.name != "wrong"], click_sd_um=20.0
    )
    assert angle_deg(fit.pose, without.pose) < 1e-3


@pytest.mark.parametrize("camera", CAMERAS[:2])
def test_the_true_pose_lies_in_the_95_percent_region_as_often_as_promised(camera) -> None:
    """Jointly and parameter by parameter, in 90-98 % of 200 trials with 100 um of click noise."""
    rng = np.random.default_rng(7)
    joint: list[bool] = []
    single: list[np.ndarray] = []
    for _ in range(200):
        truth = random_pose(rng)
        # All of the dorsal surface, down to the temporal cortex: what tells tilt from shift.
        points = dome_points(rng, 8)
        marks = clicked(truth, camera, points, rng, sd_um=100.0)
        near = truth.turned(yaw_deg=3, pitch_deg=-3, roll_deg=3)
        fit = fit_landmarks(registration(near, camera, marks), click_sd_um=100.0)
        error = _errors(fit, truth)
        free = [i for i, name in enumerate(PARAMETERS) if name not in fit.undetermined]
        covariance = fit.covariance[np.ix_(free, free)]
        distance = error[free] @ np.linalg.solve(covariance, error[free])
        joint.append(distance < chi2.ppf(0.95, len(free)))
        single.append(np.abs(error[free]) < 1.96 * np.sqrt(np.diag(covariance)))
    assert 0.88 <= np.mean(joint) <= 0.985
    share = np.mean(single, axis=0)
    assert (share >= 0.90).all(), share
    assert (share <= 0.985).all(), share


def _errors(fit: LandmarkFit, truth: Pose) -> np.ndarray:
    """In the terms of the parameters: the plane's shift seen from the landmarks, and angles."""
    shift = fit.pose.to_plane(fit.pivot_um) - truth.to_plane(fit.pivot_um)
    return np.concatenate([shift, np.array(truth.angles_deg) - fit.pose.angles_deg])


def test_leave_one_out_is_what_a_fit_without_the_point_misses_it_by() -> None:
    rng = np.random.default_rng(8)
    camera = PinholeCamera(working_distance_mm=80.0)
    marks = clicked(random_pose(rng, 5.0), camera, dome_points(rng, 12), rng, sd_um=15.0)
    fit = fit_landmarks(registration(START, camera, marks), click_sd_um=15.0)
    for i in range(len(marks)):
        rest = [mark for j, mark in enumerate(marks) if j != i]
        without = fit_landmarks(registration(START, camera, rest), click_sd_um=15.0)
        seen = without.registration.view.atlas_to_pixels(marks[i].atlas_um)
        missed = np.linalg.norm((seen - marks[i].image_px) * 19.4)
        assert fit.leave_one_out_um[i] == pytest.approx(missed, rel=0.15, abs=1.0)


def test_a_free_pixel_size_is_recovered() -> None:
    rng = np.random.default_rng(9)
    truth = random_pose(rng)
    marks = clicked(truth, OrthographicCamera(), dome_points(rng, 8))
    wrong = registration(START, OrthographicCamera(), marks).replaced(pixel_size_um=(21.0, 21.0))
    fit = fit_landmarks(wrong, free_pixel_size=True)
    assert fit.registration.pixel_size_um == pytest.approx((19.4, 19.4), rel=1e-6)
    assert angle_deg(fit.pose, truth) < 1e-3
    assert "scale_percent" in fit.parameters


def test_what_is_to_be_kept_stays() -> None:
    rng = np.random.default_rng(10)
    camera = PinholeCamera(working_distance_mm=200.0)
    marks = clicked(random_pose(rng), camera, dome_points(rng, 8), rng, sd_um=50.0)
    fit = fit_landmarks(registration(START, camera, marks), keep=("depth_um",))
    assert fit.pose.to_plane(fit.pivot_um)[2] == pytest.approx(
        START.to_plane(fit.pivot_um)[2], abs=1e-6
    )
    assert "depth_um" not in fit.undetermined
    with pytest.raises(RegistrationError, match="height"):
        fit_landmarks(registration(START, camera, marks), keep=("height",))


def test_the_given_registration_is_not_changed() -> None:
    marks = clicked(START.turned(yaw_deg=9), OrthographicCamera(), dome_points(
        np.random.default_rng(11), 5))  # fmt: skip
    given = registration(START, OrthographicCamera(), marks)
    fit_landmarks(given)
    assert given == registration(START, OrthographicCamera(), marks)
