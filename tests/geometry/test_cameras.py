"""Cameras on their own: offsets in the image, crossings of the plane of focus, slopes of rays."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera

#: 100 mm from the plane of focus: 1 mm off the axis there is a slope of 1/100.
PINHOLE = PinholeCamera(working_distance_mm=100.0)
#: (down, right) in um.
OFFSET = np.array([1000.0, -2000.0])


class TestOrthographic:
    def test_rays_are_parallel_and_come_from_infinity(self):
        camera = OrthographicCamera()
        assert camera.eye_depth_um == -np.inf
        assert camera.crossings(OFFSET).tolist() == [1000.0, -2000.0]
        assert camera.slopes(OFFSET).tolist() == [0.0, 0.0]

    def test_depth_does_not_move_a_point_in_the_image(self):
        points = np.array([[1000.0, -2000.0, depth] for depth in (-1e9, 0.0, 1e9)])
        assert OrthographicCamera().offsets(points).tolist() == [[1000.0, -2000.0]] * 3

    def test_no_point_is_behind_it(self):
        assert np.isfinite(OrthographicCamera().offsets(np.array([0.0, 0.0, -1e12]))).all()


class TestPinhole:
    def test_rays_start_in_the_pinhole_a_working_distance_behind_the_plane(self):
        assert PINHOLE.eye_depth_um == -100_000.0
        crossings = PINHOLE.crossings(OFFSET)
        assert crossings.tolist() == [1000.0, -2000.0]
        slopes = PINHOLE.slopes(crossings)
        assert_allclose(slopes, [0.01, -0.02], rtol=1e-15)
        # Back at the pinhole every ray is on the axis.
        assert_allclose(crossings + slopes * PINHOLE.eye_depth_um, [0.0, 0.0], atol=1e-9)

    def test_what_is_nearer_looks_larger(self):
        # At half the distance twice as large, at twice the distance half as large.
        assert_allclose(PINHOLE.offsets(np.array([10.0, 20.0, -50_000.0])), [20.0, 40.0])
        assert_allclose(PINHOLE.offsets(np.array([10.0, 20.0, 0.0])), [10.0, 20.0])
        assert_allclose(PINHOLE.offsets(np.array([10.0, 20.0, 100_000.0])), [5.0, 10.0])

    def test_the_principal_point_is_where_the_axis_crosses_the_plane(self):
        camera = PinholeCamera(working_distance_mm=100.0, principal_point_um=(1000.0, -500.0))
        # On the axis depth does not matter, 1 mm beside it it does.
        assert_allclose(camera.offsets(np.array([1000.0, -500.0, 77_000.0])), [1000.0, -500.0])
        assert_allclose(camera.offsets(np.array([1000.0, 500.0, 100_000.0])), [1000.0, 0.0])
        assert_allclose(camera.slopes(np.array([1000.0, -500.0])), [0.0, 0.0], atol=0)
        assert_allclose(camera.slopes(np.array([0.0, 0.0])), [-0.01, 0.005], rtol=1e-15)

    def test_the_plane_of_focus_is_shown_as_it_is_wherever_the_axis_crosses_it(self):
        """Lens shift: moving the axis changes the perspective, not the scale in focus."""
        camera = PinholeCamera(working_distance_mm=50.0, principal_point_um=(3000.0, 4000.0))
        assert_allclose(camera.crossings(OFFSET), OFFSET, rtol=1e-14)
        assert_allclose(camera.offsets(np.array([*OFFSET, 0.0])), OFFSET, rtol=1e-14)

    def test_points_behind_or_in_the_pinhole_are_not_seen(self):
        points = np.array([[0.0, 0.0, -100_000.0], [5.0, 5.0, -100_001.0], [0.0, 0.0, -99_999.0]])
        for camera in (PINHOLE, PinholeCamera(working_distance_mm=100.0, k1=-0.1)):
            seen = camera.offsets(points)
            assert np.isnan(seen[:2]).all()
            assert_allclose(seen[2], [0.0, 0.0], atol=0)

    def test_points_that_are_nowhere_are_seen_nowhere(self):
        assert np.isnan(PINHOLE.offsets(np.array([np.nan, np.nan, np.nan]))).all()

    def test_barrel_distortion_by_hand(self):
        # At 10 mm off the axis, 100 mm away: r = 0.1, factor 1 - 2 * 0.01 = 0.98.
        camera = PinholeCamera(working_distance_mm=100.0, k1=-2.0)
        assert_allclose(camera.offsets(np.array([0.0, 10_000.0, 0.0])), [0.0, 9800.0], rtol=1e-14)
        assert_allclose(camera.crossings(np.array([0.0, 9800.0])), [0.0, 10_000.0], rtol=1e-13)

    def test_distortion_counts_from_the_principal_point(self):
        camera = PinholeCamera(working_distance_mm=100.0, k1=-2.0, principal_point_um=(0.0, 5000.0))
        assert_allclose(camera.offsets(np.array([0.0, 15_000.0, 0.0])), [0.0, 14_800.0])
        assert_allclose(camera.offsets(np.array([0.0, 5000.0, 0.0])), [0.0, 5000.0])

    def test_the_second_coefficient_by_hand(self):
        # r = 0.1: factor 1 + 300 * 1e-4 = 1.03.
        camera = PinholeCamera(working_distance_mm=100.0, k2=300.0)
        assert_allclose(camera.offsets(np.array([10_000.0, 0.0, 0.0])), [10_300.0, 0.0])

    def test_an_image_larger_than_the_lens_shows_is_refused(self):
        camera = PinholeCamera(working_distance_mm=10.0, k1=-1.0)
        # r (1 - r^2) is largest at r = 1/sqrt(3): 0.385 of 10 mm.
        assert np.isfinite(camera.crossings(np.array([3840.0, 0.0]))).all()
        with pytest.raises(ValueError, match=r"k1=-1.*longer working distance"):
            camera.crossings(np.array([3850.0, 0.0]))

    def test_points_further_out_than_the_lens_shows_are_not_seen(self):
        """Without this, they would fold back into the middle of the image."""
        camera = PinholeCamera(working_distance_mm=10.0, k1=-1.0)
        assert np.isnan(camera.offsets(np.array([9990.0, 0.0, 0.0]))).all()

    @pytest.mark.parametrize("distance", [0.0, -1.0, np.nan, np.inf])
    def test_distances_that_are_none_are_refused(self, distance):
        with pytest.raises(ValueError, match="working_distance_mm must be positive"):
            PinholeCamera(working_distance_mm=distance)

    @pytest.mark.parametrize("point", [(1.0,), (1.0, 2.0, 3.0), (np.nan, 0.0), (0.0, np.inf), 1.0])
    def test_principal_points_that_are_none_are_refused(self, point):
        with pytest.raises(ValueError, match="principal_point_um must be two finite numbers"):
            PinholeCamera(working_distance_mm=100.0, principal_point_um=point)

    @pytest.mark.parametrize("name", ["k1", "k2"])
    def test_coefficients_that_are_not_finite_are_refused(self, name):
        with pytest.raises(ValueError, match="finite"):
            PinholeCamera(working_distance_mm=100.0, **{name: np.nan})

    def test_a_missing_distance_is_refused(self):
        with pytest.raises(TypeError):
            PinholeCamera()


class TestMirrored:
    """Optics that show a mirror image flip the columns and nothing else."""

    CAMERAS = (
        (OrthographicCamera(), OrthographicCamera(mirrored=True)),
        (PINHOLE, PinholeCamera(working_distance_mm=100.0, mirrored=True)),
        (
            PinholeCamera(working_distance_mm=100.0, k1=-1.0, principal_point_um=(300.0, 700.0)),
            PinholeCamera(
                working_distance_mm=100.0,
                k1=-1.0,
                principal_point_um=(300.0, 700.0),
                mirrored=True,
            ),
        ),
    )

    @pytest.mark.parametrize(
        ("plain", "mirrored"), CAMERAS, ids=["orthographic", "pinhole", "lens"]
    )
    def test_a_point_is_seen_at_the_opposite_column_and_the_same_row(self, plain, mirrored):
        point = np.array([1000.0, 2000.0, 3000.0])
        down, right = plain.offsets(point)
        assert right > 1000.0  # neither is on the axis, where a flip would not show
        assert_allclose(mirrored.offsets(point), [down, -right], rtol=1e-15)

    @pytest.mark.parametrize(
        ("plain", "mirrored"), CAMERAS, ids=["orthographic", "pinhole", "lens"]
    )
    def test_the_ray_of_a_pixel_is_that_of_its_mirror_image(self, plain, mirrored):
        here, there = np.array([1000.0, 2000.0]), np.array([1000.0, -2000.0])
        crossing = mirrored.crossings(here)
        assert_allclose(crossing, plain.crossings(there), rtol=1e-15)
        assert_allclose(mirrored.slopes(crossing), plain.slopes(crossing), rtol=1e-15)
        assert mirrored.eye_depth_um == plain.eye_depth_um

    def test_nobody_is_mirrored_unless_asked(self):
        assert not OrthographicCamera().mirrored
        assert not PINHOLE.mirrored


class TestValue:
    def test_cameras_are_values(self):
        again = PinholeCamera(working_distance_mm=100, principal_point_um=[0, 0])
        assert again == PINHOLE
        assert hash(again) == hash(PINHOLE)
        assert PinholeCamera(working_distance_mm=100.0, k2=1e-9) != PINHOLE
        assert OrthographicCamera() != PINHOLE
        assert OrthographicCamera() == OrthographicCamera(mirrored=False)

    def test_cameras_cannot_be_changed(self):
        with pytest.raises(FrozenInstanceError):
            PINHOLE.k1 = 0.5
        with pytest.raises(FrozenInstanceError):
            OrthographicCamera().mirrored = True

    def test_a_camera_in_general_cannot_be_made(self):
        with pytest.raises(TypeError):
            Camera()

    def test_numbers_of_numpy_become_pythons(self):
        """So that they can be written into a file whatever they were."""
        camera = PinholeCamera(
            working_distance_mm=np.float32(100.0),
            k1=np.float32(0.5),
            k2=np.int64(2),
            principal_point_um=np.array([1, 2]),
        )
        assert type(camera.working_distance_mm) is float
        assert type(camera.k1) is float
        assert type(camera.k2) is float
        assert camera.principal_point_um == (1.0, 2.0)
        assert hash(camera) == hash(
            PinholeCamera(working_distance_mm=100.0, k1=0.5, k2=2.0, principal_point_um=(1.0, 2.0))
        )
