"""A camera in its place: pixels to rays to points and back, for any pose and camera."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from napari_brainreg3d.geometry import (
    VIEWS,
    Camera,
    OrthographicCamera,
    PinholeCamera,
    PixelGrid,
    Pose,
    View,
)

#: 2 mm high, 3 mm wide, looking straight down on a point of the right hemisphere.
GRID = PixelGrid((100, 150), (20.0, 20.0))
DORSAL = Pose.dorsal(centre_um=(5000.0, 500.0, 4000.0))


@st.composite
def grids(draw: st.DrawFn) -> PixelGrid:
    """From 1 x 1 to 4096 x 4096 pixels, fields of view from 0.1 to 50 mm."""
    rows, columns = draw(st.integers(1, 4096)), draw(st.integers(1, 4096))
    height, width = draw(st.floats(100.0, 50_000.0)), draw(st.floats(100.0, 50_000.0))
    return PixelGrid((rows, columns), (height / rows, width / columns))


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    """Any pose within and around a brain."""
    angle, place = st.floats(-180.0, 180.0), st.floats(-20_000.0, 20_000.0)
    return Pose.from_view(
        draw(st.sampled_from(sorted(VIEWS))),
        centre_um=(draw(place), draw(place), draw(place)),
        yaw_deg=draw(angle),
        pitch_deg=draw(angle),
        roll_deg=draw(angle),
    )


@st.composite
def cameras(draw: st.DrawFn, half_field_um: float, distorted: bool = False) -> Camera:
    """Any camera; ``distorted`` moves the corners of the field by up to 10 %."""
    mirrored = draw(st.booleans())
    if not distorted and draw(st.booleans()):
        return OrthographicCamera(mirrored=mirrored)
    shift = st.floats(-0.5 * half_field_um, 0.5 * half_field_um)
    distance_mm = draw(st.floats(20.0, 3000.0))
    edge = 2.0 * half_field_um / (1000.0 * distance_mm)
    return PinholeCamera(
        working_distance_mm=distance_mm,
        principal_point_um=(draw(shift), draw(shift)),
        mirrored=mirrored,
        k1=draw(st.floats(-0.08, 0.08)) / edge**2 if distorted else 0.0,
        k2=draw(st.floats(-0.02, 0.02)) / edge**4 if distorted else 0.0,
    )


@st.composite
def views(draw: st.DrawFn, distorted: bool = False) -> View:
    """Any raster, seen by any camera, from any pose."""
    grid = draw(grids())
    half_field_um = float(np.hypot(*grid.extent_um)) / 2.0
    return View(grid, draw(cameras(half_field_um, distorted)), draw(poses()))


def some_pixels(grid: PixelGrid, shares: list[tuple[float, float]]) -> np.ndarray:
    """Corners of the image's area, and points at shares of its height and width."""
    corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)]
    return np.array(corners + shares) * grid.shape - 0.5


share = st.floats(0.0, 1.0)
shares = st.lists(st.tuples(share, share), max_size=5)
#: Above the brain to past it, for a plane that may lie anywhere in it.
depth = st.floats(-15_000.0, 15_000.0)


@given(views(), shares, depth)
def test_pixel_to_ray_to_point_to_pixel_comes_back_to_a_millionth(view, where, depth_um):
    pixels = some_pixels(view.grid, where)
    points = view.pixels_to_atlas(pixels, depth_um)
    assert_allclose(view.atlas_to_pixels(points), pixels, rtol=0, atol=1e-6)


@given(views(distorted=True), shares, depth)
def test_with_distortion_it_comes_back_to_a_ten_thousandth(view, where, depth_um):
    pixels = some_pixels(view.grid, where)
    points = view.pixels_to_atlas(pixels, depth_um)
    assert_allclose(view.atlas_to_pixels(points), pixels, rtol=0, atol=1e-4)


@given(views(), shares, st.tuples(depth, depth))
def test_the_depth_of_a_point_on_a_ray_is_its_parameter(view, where, depths):
    """Depth counts along the viewing direction, also on slanting rays."""
    rays = view.pixel_rays(some_pixels(view.grid, where))
    for depth_um in depths:
        plane = view.pose.to_plane(rays.at_depth(depth_um))
        assert_allclose(plane[:, 2], depth_um, rtol=0, atol=1e-8)
    assert_allclose(rays.directions @ view.pose.viewing_direction, 1.0, rtol=0, atol=1e-12)
    assert_allclose(rays.viewing_direction, view.pose.viewing_direction, rtol=0, atol=0)


@given(views(distorted=True), shares)
def test_all_rays_of_a_pinhole_meet_in_it(view, where):
    rays = view.pixel_rays(some_pixels(view.grid, where))
    assert rays.eye_depth_um == -1000.0 * view.camera.working_distance_mm
    eye = view.pose.to_atlas([*view.camera.principal_point_um, rays.eye_depth_um])
    # Relative to 3 m: float64 has 1e-9 um left there.
    assert_allclose(rays.at_depth(rays.eye_depth_um), np.tile(eye, (len(rays), 1)), atol=1e-6)


@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=100.0)])
def test_pixels_lie_where_a_person_would_put_them(camera):
    """Looking down: up in the image is anterior, right in the image is the animal's right."""
    view = View(GRID, camera, DORSAL)
    assert_allclose(view.atlas_to_pixels((5000.0, 500.0, 4000.0)), (49.5, 74.5), atol=1e-12)
    # 200 um anterior are 10 pixels up; 200 um to the animal's right (smaller) 10 to the right.
    assert_allclose(view.atlas_to_pixels((4800.0, 500.0, 4000.0)), (39.5, 74.5), atol=1e-10)
    assert_allclose(view.atlas_to_pixels((5000.0, 500.0, 3800.0)), (49.5, 84.5), atol=1e-10)
    # The corner of the image's area: 1 mm anterior and 1.5 mm to the animal's left of the centre.
    corner = view.pixels_to_atlas([(-0.5, -0.5)])[0]
    assert_allclose(corner, (4000.0, 500.0, 5500.0), rtol=1e-14)


def test_a_pinhole_sees_deep_things_smaller():
    view = View(GRID, PinholeCamera(working_distance_mm=100.0), DORSAL)
    # 1 mm posterior of the centre, 25 mm deep: 100 / 125 of 50 pixels.
    assert_allclose(view.atlas_to_pixels((6000.0, 25_500.0, 4000.0)), (49.5 + 40.0, 74.5))


def test_tilted_by_hand():
    """Nose up by 30 degrees: at depth d the ray of the centre has gone d sin 30 posterior."""
    pose = Pose.dorsal(centre_um=(5000.0, 500.0, 4000.0), pitch_deg=30.0)
    view = View(GRID, OrthographicCamera(), pose)
    point = view.pixels_to_atlas([(49.5, 74.5)], 1000.0)[0]
    assert_allclose(point, (5500.0, 500.0 + 1000.0 * np.cos(np.pi / 6), 4000.0), rtol=1e-14)


def test_yawed_as_the_sample_image_is():
    """Anterior to the right and lateral down over the right hemisphere: a yaw near 90 degrees."""
    pose = Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7), yaw_deg=90.0)
    view = View(PixelGrid((251, 400), (15.9, 15.6)), OrthographicCamera(), pose)
    more_anterior = view.atlas_to_pixels((3900.3, 100.0, 3911.7))
    assert_allclose(more_anterior, (125.0, 199.5 + 1000.0 / 15.6), rtol=1e-12)
    # Lateral in the right hemisphere is towards small numbers of axis 2.
    more_lateral = view.atlas_to_pixels((4900.3, 100.0, 2911.7))
    assert_allclose(more_lateral, (125.0 + 1000.0 / 15.9, 199.5), rtol=1e-12)


@given(views(), shares, depth)
def test_a_mirrored_camera_flips_columns_and_leaves_rows(view, where, depth_um):
    plain = view.camera
    kinds = {"mirrored": not plain.mirrored}
    if isinstance(plain, PinholeCamera):
        kinds |= {
            "working_distance_mm": plain.working_distance_mm,
            "principal_point_um": plain.principal_point_um,
        }
    mirrored = View(view.grid, type(plain)(**kinds), view.pose)
    pixels = some_pixels(view.grid, where)
    flipped = np.column_stack([pixels[:, 0], view.grid.shape[1] - 1 - pixels[:, 1]])
    assert_allclose(
        mirrored.pixels_to_atlas(flipped, depth_um),
        view.pixels_to_atlas(pixels, depth_um),
        rtol=0,
        atol=1e-7,
    )


@given(views(), shares)
def test_points_behind_a_pinhole_are_seen_nowhere(view, where):
    pixels = some_pixels(view.grid, where)
    rays = view.pixel_rays(pixels)
    if isinstance(view.camera, OrthographicCamera):
        assert np.isfinite(view.atlas_to_pixels(rays.at_depth(-1e7))).all()
    else:
        behind = rays.at_depth(rays.eye_depth_um - 1.0)
        assert np.isnan(view.atlas_to_pixels(behind)).all()


@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=60.0)])
def test_row_rays_are_those_of_the_pixels_row_by_row(camera):
    view = View(PixelGrid((5, 3), (20.0, 30.0)), camera, DORSAL.turned(yaw_deg=20.0, roll_deg=9.0))
    pixels = [(row, column) for row in (1, 2, 3) for column in (0, 1, 2)]
    rows, expected = view.row_rays(1, 4), view.pixel_rays(pixels)
    assert_allclose(rows.crossings_um, expected.crossings_um, rtol=1e-15)
    assert_allclose(rows.directions, expected.directions, rtol=1e-15)
    assert rows.eye_depth_um == expected.eye_depth_um
    assert len(view.row_rays(2, 2)) == 0


def test_asking_about_no_or_many_points_keeps_the_shape():
    view = View(GRID, PinholeCamera(working_distance_mm=100.0), DORSAL)
    assert view.atlas_to_pixels(np.zeros((0, 3))).shape == (0, 2)
    assert view.atlas_to_pixels(np.zeros((4, 5, 3))).shape == (4, 5, 2)
    assert view.pixels_to_atlas(np.zeros((0, 2))).shape == (0, 3)
    assert_allclose(
        view.pixels_to_atlas([(0.0, 0.0), (0.0, 0.0)], [0.0, 100.0]),
        [view.pixels_to_atlas([(0.0, 0.0)])[0], view.pixels_to_atlas([(0.0, 0.0)], 100.0)[0]],
        rtol=1e-15,
    )


@pytest.mark.parametrize("distance_mm", [20.0, 230.0, 2000.0])
@pytest.mark.parametrize("pixel_um", [5.0, 20.0])
def test_rays_survive_float32_at_any_working_distance(distance_mm, pixel_um):
    """Cast as a ray engine of float32 does it: the scene centred, rays begun near it.

    Begun in a pinhole 2 m away, a float32 is off by 0.1 um already at the start.
    """
    grid = PixelGrid((400, 500), (pixel_um, pixel_um))
    pose = Pose.dorsal(
        centre_um=(5000.0, 500.0, 4000.0), yaw_deg=33.0, pitch_deg=8.0, roll_deg=-5.0
    )
    view = View(grid, PinholeCamera(working_distance_mm=distance_mm, k1=-1.0), pose)
    pixels = np.random.default_rng(3).uniform(-0.5, [399.5, 499.5], (2000, 2))
    rays = view.pixel_rays(pixels)
    scene_centre = np.array([6600.0, 4000.0, 5700.0])

    def error_px(start_depth_um: float) -> float:
        origins = (rays.at_depth(start_depth_um) - scene_centre).astype(np.float32)
        directions = rays.directions.astype(np.float32)
        # What the engine means by its answer is exact arithmetic on what it was given.
        reach = 4000.0 - start_depth_um
        points = origins.astype(np.float64) + reach * directions.astype(np.float64) + scene_centre
        return float(np.abs(view.atlas_to_pixels(points) - pixels).max())

    assert error_px(-3000.0) < 1e-3
    if distance_mm == 2000.0:
        assert error_px(rays.eye_depth_um) > 1e-3  # the test would notice


@pytest.mark.parametrize(
    ("k1", "k2"), [(0.0, 0.0), (-0.9, 0.0), (1.7, -0.6), (-12.0, 90.0)], ids=str
)
def test_it_agrees_with_opencv(k1, k2):
    """OpenCV's camera looks along +z, x to the right, y down, in a right-handed world.

    The atlas frame (posterior, inferior, left) is left-handed: for OpenCV its last axis is
    turned round, and its frame (right, down, into) is ours in another order.
    """
    cv2 = pytest.importorskip("cv2")
    grid = PixelGrid((251, 400), (15.9, 15.6))
    camera = PinholeCamera(
        working_distance_mm=30.0, principal_point_um=(210.0, -340.0), k1=k1, k2=k2
    )
    pose = Pose.dorsal(
        centre_um=(4900.3, 100.0, 3911.7), yaw_deg=88.0, pitch_deg=7.0, roll_deg=-9.0
    )
    points = np.random.default_rng(4).uniform([3000, 0, 2000], [7000, 3000, 6000], (500, 3))

    handed = np.diag([1.0, 1.0, -1.0])
    order = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    rotation = order @ pose.rotation.T @ handed
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    # World -> camera: the eye is 30 mm behind the plane of focus, on the optical axis.
    eye = pose.centre_um + pose.rotation @ np.array([210.0, -340.0, -30_000.0])
    matrix = np.array(
        [
            [30_000.0 / 15.6, 0.0, 199.5 - 340.0 / 15.6],
            [0.0, 30_000.0 / 15.9, 125.0 + 210.0 / 15.9],
            [0.0, 0.0, 1.0],
        ]
    )
    expected, _ = cv2.projectPoints(
        points @ handed,
        cv2.Rodrigues(rotation)[0],
        -rotation @ (handed @ eye),
        matrix,
        np.array([k1, k2, 0.0, 0.0]),
    )
    found = View(grid, camera, pose).atlas_to_pixels(points)
    assert_allclose(found, expected[:, 0, ::-1], rtol=0, atol=1e-8)


def test_a_view_is_a_value():
    one = View(GRID, OrthographicCamera(), DORSAL)
    other = View(PixelGrid((100, 150), (20, 20)), OrthographicCamera(), DORSAL.moved())
    assert one == other
    assert hash(one) == hash(other)
    assert one != View(GRID, OrthographicCamera(mirrored=True), DORSAL)
    with pytest.raises(FrozenInstanceError):
        one.grid = None


def test_rays_cannot_be_written():
    rays = View(GRID, PinholeCamera(working_distance_mm=100.0), DORSAL).pixel_rays([(0, 0)])
    for array in (rays.crossings_um, rays.directions, rays.viewing_direction):
        with pytest.raises(ValueError, match="read-only"):
            array[..., 0] = 1.0
