"""A registration carried over to a new image: the same camera, moved in its own image plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_allclose

from napari_brainreg3d.demo import demo_image, demo_registration, render_brain
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.matching import (
    ImageMatch,
    carry_over,
    match_images,
    match_to,
)
from napari_brainreg3d.registration.matching.carrying import GOOD_QUALITY

MARK = Landmark("vein", image_px=(30.0, 70.0), atlas_um=(5000.0, 800.0, 4000.0))


def registration(**changes: Any) -> Registration:
    values: dict[str, Any] = {
        "atlas": "demo_mouse",
        "image_shape": (100, 140),
        "pixel_size_um": (20.0, 20.0),
        "pose": Pose.dorsal(centre_um=(5000.0, 500.0, 5700.0)),
        "image_name": "day1.tif",
        "image_sha256": "a" * 64,
        "side_confirmed": True,
        "landmarks": (MARK, Landmark("bregma", atlas_um=(5400.0, 332.0, 5739.0))),
    }
    return Registration(**(values | changes))


def match_of(matrix_px: npt.ArrayLike, *, scale: float = 1.0, quality: float = 0.9) -> ImageMatch:
    """A match with a given matrix; what else it says is not read from the matrix."""
    return ImageMatch(
        matrix_px=np.asarray(matrix_px, float),
        shift_um=(0.0, 0.0),
        shift_px=(0.0, 0.0),
        rotation_deg=0.0,
        scale=scale,
        quality=quality,
        features=100,
        overlap=1.0,
        residual_um=1.0,
        shift_sd_um=1.0,
        rotation_sd_deg=0.01,
        scale_sd=1e-4,
        method="by hand",
    )


def seen_by_both(old: Registration, new: Registration) -> npt.NDArray[np.float64]:
    """The matrix that takes pixels of ``new`` to where ``old`` sees the same, at depth 0."""
    pixels = np.array([[0.0, 0.0], [90.0, 20.0], [30.0, 110.0]])
    before = old.view.atlas_to_pixels(new.view.pixels_to_atlas(pixels))
    from_pixels = np.linalg.inv(np.column_stack([pixels, np.ones(3)]).T)
    return np.column_stack([before, np.ones(3)]).T @ from_pixels


class TestByHand:
    """Numbers that anybody can check."""

    def test_a_shift_to_the_right_moves_the_plane_to_the_animals_right(self) -> None:
        """The new image's pixels lie 50 columns further right in the old one: 1 mm of 20 um.

        In a dorsal view the right of the image is the animal's, and axis 2 runs to its left.
        """
        matrix = [[1, 0, 0], [0, 1, 50], [0, 0, 1]]
        new = carry_over(registration(), match_of(matrix), (100, 140)).registration
        assert_allclose(new.pose.centre_um, (5000.0, 500.0, 4700.0), atol=1e-9)
        assert_allclose(new.pose.angles_deg, (0.0, 0.0, 0.0), atol=1e-9)

    def test_a_shift_down_moves_the_plane_backwards(self) -> None:
        matrix = [[1, 0, 25], [0, 1, 0], [0, 0, 1]]
        new = carry_over(registration(), match_of(matrix), (100, 140)).registration
        assert_allclose(new.pose.centre_um, (5500.0, 500.0, 5700.0), atol=1e-9)

    def test_a_quarter_turn_is_a_yaw_of_90_degrees(self) -> None:
        """The new image's rows run along the old one's columns, about the common centre.

        (49.5, 69.5) is the centre: q = centre + (r, c) goes to centre + (-c, r).
        """
        matrix = [[0, -1, 49.5 + 69.5], [1, 0, 69.5 - 49.5], [0, 0, 1]]
        new = carry_over(registration(), match_of(matrix), (100, 140)).registration
        assert_allclose(new.pose.centre_um, (5000.0, 500.0, 5700.0), atol=1e-9)
        assert_allclose(new.pose.angles_deg, (90.0, 0.0, 0.0), atol=1e-9)

    def test_mirrored_optics_turn_the_other_way(self) -> None:
        """The same matrix, but columns run against the plane: both its yaw and its shift."""
        old = registration(camera=OrthographicCamera(mirrored=True))
        matrix = [[0, -1, 49.5 + 69.5], [1, 0, 69.5 - 49.5 + 50], [0, 0, 1]]
        new = carry_over(old, match_of(matrix), (100, 140)).registration
        assert_allclose(new.pose.centre_um, (5000.0, 500.0, 6700.0), atol=1e-9)
        assert_allclose(new.pose.angles_deg, (-90.0, 0.0, 0.0), atol=1e-9)
        assert new.camera == old.camera

    def test_an_image_of_another_size_is_placed_by_its_own_centre(self) -> None:
        """The upper left 50 x 70 pixels: their centre is 25 rows and 35 columns up and left."""
        new = carry_over(registration(), match_of(np.eye(3)), (50, 70)).registration
        assert new.image_shape == (50, 70)
        assert_allclose(new.pose.centre_um, (5000 - 25 * 20, 500, 5700 + 35 * 20), atol=1e-9)


CAMERAS = [
    pytest.param(OrthographicCamera(), id="orthographic"),
    pytest.param(OrthographicCamera(mirrored=True), id="orthographic, mirrored"),
    pytest.param(PinholeCamera(working_distance_mm=40.0), id="pinhole"),
    pytest.param(
        PinholeCamera(working_distance_mm=40.0, mirrored=True, principal_point_um=(300.0, -200.0)),
        id="pinhole off the axis, mirrored",
    ),
]


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("size", [(20.0, 20.0), (20.0, 31.0)], ids=["square", "tall pixels"])
def test_a_known_motion_of_a_tilted_camera_is_recovered(
    camera: Camera, size: tuple[float, float]
) -> None:
    """The matrix is that of two cameras, worked out through the rays of both."""
    pose = Pose.dorsal(centre_um=(5000, 500, 5700), yaw_deg=20, pitch_deg=-15, roll_deg=25)
    old = registration(pose=pose, camera=camera, pixel_size_um=size)
    truth = old.replaced(pose=pose.moved(plane_um=(310.0, -270.0, 0.0)).turned(yaw_deg=11.0))
    match = match_of(seen_by_both(old, truth))
    found = carry_over(old, match, old.image_shape).registration
    assert_allclose(found.pose.rotation, truth.pose.rotation, atol=1e-9)
    assert_allclose(found.pose.centre_um, truth.pose.centre_um, atol=1e-6)


def test_lens_distortion_is_taken_into_account() -> None:
    """A match is a similarity, a distorted image is not: what is left is a fraction of a pixel."""
    camera = PinholeCamera(working_distance_mm=20.0, k1=-0.6)
    old = registration(camera=camera)
    truth = old.replaced(pose=old.pose.moved(plane_um=(200.0, -150.0, 0.0)).turned(yaw_deg=4.0))
    # The similarity that fits best over the image, as a match would find it.
    rows, columns = np.meshgrid(np.arange(100.0), np.arange(140.0), indexing="ij")
    pixels = np.column_stack([rows.ravel(), columns.ravel()])
    before = old.view.atlas_to_pixels(truth.view.pixels_to_atlas(pixels))
    z, w = pixels @ (1, 1j), before @ (1, 1j)
    factor = np.vdot(z - z.mean(), w - w.mean()) / np.sum(np.abs(z - z.mean()) ** 2)
    shift = w.mean() - factor * z.mean()
    matrix = [
        [factor.real, -factor.imag, shift.real],
        [factor.imag, factor.real, shift.imag],
        [0, 0, 1],
    ]
    found = carry_over(old, match_of(matrix), old.image_shape).registration
    assert_allclose(found.pose.centre_um, truth.pose.centre_um, atol=0.3 * 20.0)
    assert found.pose.angles_deg[0] == pytest.approx(4.0, abs=0.1)


class TestScale:
    MATRIX = np.array([[1.1, 0, -4.95], [0, 1.1, -6.95], [0, 0, 1]])
    """Ten per cent larger pixels about the common centre (49.5, 69.5)."""

    def test_too_large_a_scale_is_refused_with_what_it_implies(self) -> None:
        with pytest.raises(RegistrationError, match=r"22 x 22 um instead of 20 x 20.*--take-scale"):
            carry_over(registration(), match_of(self.MATRIX, scale=1.1), (100, 140))

    def test_a_small_scale_is_reported_and_left_alone(self) -> None:
        matrix = np.array([[1.02, 0, -0.99], [0, 1.02, -1.39], [0, 0, 1]])
        found = carry_over(registration(), match_of(matrix, scale=1.02), (100, 140))
        assert found.registration.pixel_size_um == (20.0, 20.0)
        assert_allclose(found.implied_pixel_size_um, (20.4, 20.4))
        # The middle of the image stays where it is.
        assert_allclose(found.registration.pose.centre_um, (5000, 500, 5700), atol=1e-9)

    def test_the_scale_goes_into_the_pixel_size_when_asked(self) -> None:
        old = registration()
        found = carry_over(old, match_of(self.MATRIX, scale=1.1), (100, 140), take_scale=True)
        assert_allclose(found.registration.pixel_size_um, (22.0, 22.0))
        pixels = np.array([[0.0, 0.0], [99.0, 20.0], [50.0, 139.0]])
        before = pixels @ self.MATRIX[:2, :2].T + self.MATRIX[:2, 2]
        assert_allclose(
            found.registration.view.pixels_to_atlas(pixels),
            old.view.pixels_to_atlas(before),
            atol=1e-6,
        )

    def test_the_new_pixel_size_is_that_of_the_new_image(self) -> None:
        """Binned by two; nothing has moved: all corners see what they saw."""
        old = registration()
        matrix = [[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]]
        found = carry_over(old, match_of(matrix), (50, 70), new_pixel_size_um=40.0)
        assert found.registration.pixel_size_um == (40.0, 40.0)
        assert_allclose(found.registration.pose.centre_um, old.pose.centre_um, atol=1e-9)


class TestRest:
    """What else goes into the new registration."""

    def test_the_new_image_is_named_and_the_old_ones_hash_does_not_stay(self) -> None:
        old = registration()
        new = carry_over(old, match_of(np.eye(3)), (100, 140)).registration
        assert (new.image_name, new.image_sha256) == (None, None)
        new = carry_over(
            old, match_of(np.eye(3)), (100, 140), image_name="day2.tif", image_sha256="b" * 64
        ).registration
        assert (new.image_name, new.image_sha256) == ("day2.tif", "b" * 64)
        assert (old.image_name, old.image_sha256) == ("day1.tif", "a" * 64)

    @pytest.mark.parametrize(
        ("was", "quality", "stays"),
        [
            pytest.param(True, GOOD_QUALITY, True, id="good"),
            pytest.param(True, GOOD_QUALITY - 0.01, False, id="weak"),
            pytest.param(False, 1.0, False, id="never confirmed by a person"),
        ],
    )
    def test_sides_stay_confirmed_by_a_good_match_only(
        self, was: bool, quality: float, stays: bool
    ) -> None:
        old = registration(side_confirmed=was)
        match = match_of(np.eye(3), quality=quality)
        assert carry_over(old, match, (100, 140)).registration.side_confirmed is stays

    def test_landmarks_stay_on_the_same_tissue(self) -> None:
        old = registration(pose=Pose.dorsal(centre_um=(5000, 500, 5700), pitch_deg=12.0))
        truth = old.replaced(pose=old.pose.moved(plane_um=(100.0, 60.0, 0.0)).turned(yaw_deg=-30))
        new = carry_over(old, match_of(seen_by_both(old, truth)), (100, 140)).registration
        moved, bregma = new.landmarks
        assert (moved.name, moved.atlas_um) == (MARK.name, MARK.atlas_um)
        assert_allclose(
            new.view.pixels_to_atlas([moved.image_px]),
            old.view.pixels_to_atlas([MARK.image_px]),
            atol=1e-6,
        )
        assert bregma == old.landmarks[1]

    def test_images_side_by_side_are_refused(self) -> None:
        matrix = [[1, 0, 0], [0, 1, 400], [0, 0, 1]]
        with pytest.raises(RegistrationError, match="does not overlap"):
            carry_over(registration(), match_of(matrix), (100, 140))

    def test_everything_else_stays(self) -> None:
        old = registration(regions=("MOp", "VIS"), hemisphere="left", atlas_version="1.2")
        new = carry_over(old, match_of(np.eye(3)), (100, 140)).registration
        for name in ("atlas", "atlas_version", "regions", "hemisphere", "bregma", "camera"):
            assert getattr(new, name) == getattr(old, name)


@pytest.fixture(scope="module")
def truth() -> Registration:
    """Of the demo image, after the head has moved and turned in the image plane."""
    old = demo_registration()
    return old.replaced(pose=old.pose.moved(plane_um=(420.0, -610.0, 0.0)).turned(yaw_deg=9.0))


@pytest.fixture(scope="module")
def second(truth: Registration) -> npt.NDArray[Any]:
    return render_brain(truth, seed=77)


class TestRendered:
    """The demo brain, rendered again from where the camera has gone."""

    @pytest.mark.parametrize("is_mirrored", [False, True], ids=["plain", "mirrored"])
    def test_the_new_pose_is_right_within_a_pixel(
        self, truth: Registration, second: npt.NDArray[Any], is_mirrored: bool
    ) -> None:
        """With perspective and depth, as they really are; mirrored optics flip both images."""
        old, first = demo_registration(), demo_image()
        if is_mirrored:
            camera = PinholeCamera(working_distance_mm=90.0, mirrored=True)
            old, first, second = old.replaced(camera=camera), first[:, ::-1], second[:, ::-1]
        found = match_to(old, first, second, image_name="second.tif")
        pose, size = found.registration.pose, old.pixel_size_um[0]
        assert np.linalg.norm(pose.centre_um - truth.pose.centre_um) < size
        assert_allclose(pose.angles_deg, truth.pose.angles_deg, atol=0.1)
        assert found.registration.image_name == "second.tif"
        assert found.registration.side_confirmed
        assert found.match.quality > 0.5

    def test_it_is_the_match_carried_over(
        self, truth: Registration, second: npt.NDArray[Any]
    ) -> None:
        old, first = demo_registration(), demo_image()
        found = match_to(old, first, second)
        match = match_images(first, second, previous_pixel_size_um=old.pixel_size_um)
        expected = carry_over(old, match, second.shape).registration
        assert found.registration == expected

    def test_an_image_of_another_shape_than_the_registration_is_refused(self) -> None:
        with pytest.raises(RegistrationError, match=r"448 x 400 pixels.*448 x 512"):
            match_to(demo_registration(), demo_image()[:, :400], demo_image())
