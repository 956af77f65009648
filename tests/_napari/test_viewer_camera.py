"""The registration's camera as napari's: the numbers, without a window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from numpy.testing import assert_allclose

from napari_brainreg3d._napari.viewer_camera import (
    AS_SEEN,
    MIRRORED,
    ViewerCamera,
    apply,
    largest_distortion_px,
    look_through,
    mouse_ray,
    overview,
    read,
)
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, PixelGrid, Pose, View
from tests.fixtures.canvas import canvas_position

POSE = Pose.dorsal(centre_um=(4000.0, 900.0, 6500.0), yaw_deg=20.0, pitch_deg=10.0, roll_deg=-15.0)
GRID = PixelGrid((100, 200), (30.0, 20.0))  # 3000 um high, 4000 um wide


CAMERAS = {
    "parallel": OrthographicCamera(),
    "pinhole": PinholeCamera(working_distance_mm=12.0),
    "mirrored": OrthographicCamera(mirrored=True),
    "off its axis": PinholeCamera(working_distance_mm=12.0, principal_point_um=(300.0, -500.0)),
    "off its axis, mirrored": PinholeCamera(
        working_distance_mm=12.0, principal_point_um=(300.0, -500.0), mirrored=True
    ),
}


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())
@pytest.mark.parametrize("canvas", [(600, 900), (900, 300)])
def test_points_are_seen_where_the_registration_sees_them(camera, canvas) -> None:
    """At any depth; up to the size of a pixel and the place of the image's middle."""
    view = View(GRID, camera, POSE)
    through = look_through(view, canvas)
    random = np.random.default_rng(0)
    points = POSE.to_atlas(random.uniform((-1500, -2000, -500), (1500, 2000, 4000), (50, 3)))
    pixels = view.atlas_to_pixels(points)
    middle = canvas_position(through, POSE.centre_um, canvas)
    for point, pixel in zip(points, pixels, strict=True):
        seen_um = (canvas_position(through, point, canvas) - middle) / through.zoom
        assert_allclose(seen_um, GRID.to_offsets(pixel), atol=1e-6)


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())
@pytest.mark.parametrize("canvas", [(600, 900), (900, 300)])
def test_the_whole_image_fits_the_canvas(camera, canvas) -> None:
    view = View(GRID, camera, POSE)
    through = look_through(view, canvas)
    corners = view.pixels_to_atlas([(-0.5, -0.5), (-0.5, 199.5), (99.5, -0.5), (99.5, 199.5)])
    places = np.array([canvas_position(through, corner, canvas) for corner in corners])
    reach = np.abs(places).max(axis=0) / (np.array(canvas) / 2)
    assert reach.max() == pytest.approx(0.94)


def test_a_magnified_look_keeps_the_eye_in_its_place() -> None:
    view = View(GRID, CAMERAS["pinhole"], POSE)
    for magnification in (0.5, 1.0, 3.0):
        through = look_through(view, (600, 900), magnification)
        half = 600 / through.zoom / 2
        eye_um = half / np.tan(np.radians(through.perspective_deg) / 2)
        assert eye_um == pytest.approx(12_000.0)


def test_rays_from_very_far_count_as_parallel() -> None:
    far = View(GRID, PinholeCamera(working_distance_mm=1e6), POSE)
    assert look_through(far, (600, 900)).perspective_deg == 0.0


def test_the_overview_has_the_nose_at_the_top_and_right_at_the_right() -> None:
    low, high = np.array([0.0, 0.0, 0.0]), np.array([13_200.0, 8000.0, 11_400.0])
    camera = overview(low, high, (600, 900))
    canvas = (600, 900)
    middle = (low + high) / 2
    nose = canvas_position(camera, np.add(middle, (-3000.0, 0.0, 0.0)), canvas)
    right = canvas_position(camera, np.add(middle, (0.0, 0.0, -3000.0)), canvas)
    assert nose[0] < 0
    assert abs(nose[1]) < abs(nose[0])
    assert right[1] > 0
    assert abs(right[0]) < abs(right[1])
    assert np.dot(camera.view_direction, (0.0, 1.0, 0.0)) > 0.5  # from above
    for corner in np.ndindex(2, 2, 2):
        place = canvas_position(camera, np.where(corner, high, low), canvas)
        assert (np.abs(place) <= (300, 450)).all()


def test_distortion_is_measured_where_it_is_largest() -> None:
    assert largest_distortion_px(View(GRID, OrthographicCamera(mirrored=True), POSE)) == 0.0
    lens = PinholeCamera(working_distance_mm=10.0, k1=0.01, mirrored=True)
    # The corner is seen at 2500 um, r = 0.25: about k1 r^3 times the distance, 1.56 um, is undone.
    # Of that 0.6 lies along the rows of 30 um, 0.8 along the columns of 20 um.
    expected = 0.01 * 0.25**3 * 10_000 * np.hypot(0.6 / 30, 0.8 / 20)
    assert largest_distortion_px(View(GRID, lens, POSE)) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("orientation", [AS_SEEN, MIRRORED])
def test_what_is_set_can_be_read(orientation) -> None:
    viewer = ViewerModel(ndisplay=3)
    view = np.array([0.3, 0.9, -0.2]) / np.linalg.norm([0.3, 0.9, -0.2])
    up = np.cross(view, [0.0, 0.0, 1.0])
    up /= np.linalg.norm(up)
    camera = ViewerCamera((1.0, 2.0, 3.0), tuple(view), tuple(up), 0.07, 12.0, orientation)
    apply(viewer, camera)
    found = read(viewer)
    for name in ("centre_um", "view_direction", "up_direction", "zoom", "perspective_deg"):
        assert_allclose(getattr(found, name), getattr(camera, name), atol=1e-9)
    assert found.orientation == orientation


def test_the_mouse_has_a_ray_in_3d_only() -> None:
    event = SimpleNamespace(
        position=(5.0, 1.0, 2.0, 3.0), view_direction=np.array([0.0, 0.0, 0.0, 2.0]),
        dims_displayed=[1, 2, 3],
    )  # fmt: skip
    ray = mouse_ray(event)
    assert ray is not None
    assert_allclose(ray[0], (1.0, 2.0, 3.0))
    assert_allclose(ray[1], (0.0, 0.0, 1.0))
    event.dims_displayed = [2, 3]
    assert mouse_ray(event) is None
    event.dims_displayed, event.view_direction = [1, 2, 3], None
    assert mouse_ray(event) is None
