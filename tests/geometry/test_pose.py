"""Poses: every sign convention with numbers made by hand, then the laws of rigid transforms.

Directions in ``atlas_um``: (1, 0, 0) posterior, (0, 1, 0) inferior, (0, 0, 1) the animal's left.
"""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from napari_brainreg3d.geometry import VIEWS, Pose
from napari_brainreg3d.geometry.pose import angles_from_rotation, rotation_from_angles

POSTERIOR, INFERIOR, LEFT = np.eye(3)
ANTERIOR, SUPERIOR, RIGHT = -np.eye(3)
CENTRE = (4900.0, 300.0, 3900.0)
SIN_30, COS_30 = 0.5, np.sqrt(3.0) / 2.0

angle = st.floats(-360.0, 360.0)
coordinate = st.floats(-20_000.0, 20_000.0)
centres = st.tuples(coordinate, coordinate, coordinate)


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    """Any pose, of any view."""
    return Pose.from_view(
        draw(st.sampled_from(sorted(VIEWS))),
        centre_um=draw(centres),
        yaw_deg=draw(angle),
        pitch_deg=draw(angle),
        roll_deg=draw(angle),
    )


def axes(pose: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions in the atlas of: down the image, right in the image, into the brain."""
    return tuple(pose.moved(atlas_um=-pose.centre_um).to_atlas(np.eye(3)))


class TestViews:
    """Which way the image's axes run in the animal."""

    @pytest.mark.parametrize(
        ("pose", "down", "right", "into"),
        [
            pytest.param(
                Pose.dorsal(centre_um=CENTRE), POSTERIOR, RIGHT, INFERIOR, id="dorsal: nose up"
            ),
            pytest.param(
                Pose.from_view("ventral", centre_um=CENTRE),
                POSTERIOR,
                LEFT,
                SUPERIOR,
                id="ventral: nose up, the sides change places",
            ),
            pytest.param(
                Pose.lateral(side="left", centre_um=CENTRE),
                INFERIOR,
                POSTERIOR,
                RIGHT,
                id="from the left: the nose is at the left of the image",
            ),
            pytest.param(
                Pose.lateral(side="right", centre_um=CENTRE),
                INFERIOR,
                ANTERIOR,
                LEFT,
                id="from the right: the nose is at the right of the image",
            ),
            pytest.param(
                Pose.frontal(centre_um=CENTRE),
                INFERIOR,
                LEFT,
                POSTERIOR,
                id="face to face: the animal's left is at our right",
            ),
            pytest.param(
                Pose.from_view("caudal", centre_um=CENTRE),
                INFERIOR,
                RIGHT,
                ANTERIOR,
                id="from behind: the animal's right is at our right",
            ),
        ],
    )
    def test_image_axes_run_as_an_observer_would_see_the_animal(self, pose, down, right, into):
        assert_allclose(axes(pose), [down, right, into], rtol=0, atol=1e-15)
        assert_allclose(pose.viewing_direction, into, rtol=0, atol=1e-15)

    def test_there_are_exactly_six_views_and_each_is_a_proper_rotation(self):
        assert set(VIEWS) == {"dorsal", "ventral", "left", "right", "frontal", "caudal"}
        for rotation in VIEWS.values():
            # A picture seen by an eye is never a mirror image.
            assert np.linalg.det(rotation) == pytest.approx(1.0, abs=1e-15)

    def test_opposite_views_look_in_opposite_directions(self):
        for one, other in (("dorsal", "ventral"), ("left", "right"), ("frontal", "caudal")):
            assert_allclose(VIEWS[one][:, 2], -VIEWS[other][:, 2], rtol=0, atol=0)

    def test_the_table_of_views_cannot_be_changed(self):
        with pytest.raises(TypeError):
            VIEWS["dorsal"] = np.eye(3)
        with pytest.raises(ValueError, match="read-only"):
            VIEWS["dorsal"][0, 0] = 2.0

    def test_the_default_dorsal_pose_agrees_with_the_public_example(self):
        """A millimetre down is a millimetre posterior, a millimetre right is one to the right."""
        pose = Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7))
        assert_allclose(pose.to_atlas((1000.0, 0, 0)), (5900.3, 100.0, 3911.7), rtol=1e-15)
        # Small numbers on axis 2 are the right hemisphere.
        assert_allclose(pose.to_atlas((0, 1000.0, 0)), (4900.3, 100.0, 2911.7), rtol=1e-15)
        assert_allclose(pose.to_atlas((0, 0, 1000.0)), (4900.3, 1100.0, 3911.7), rtol=1e-15)


class TestAngles:
    """Signs, by what a person at the microscope would see."""

    def test_yaw_90_puts_the_nose_at_the_right_of_the_image(self):
        # Turned clockwise by a quarter: what was at the top (the nose) is at the right, and what
        # was at the right (the animal's right) is at the bottom.
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=90.0)
        assert_allclose(axes(pose), [RIGHT, ANTERIOR, INFERIOR], rtol=0, atol=1e-15)

    def test_yaw_minus_90_puts_the_nose_at_the_left_of_the_image(self):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=-90.0)
        assert_allclose(axes(pose), [LEFT, POSTERIOR, INFERIOR], rtol=0, atol=1e-15)

    def test_a_small_yaw_moves_the_nose_from_the_top_towards_the_right(self):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=30.0)
        nose = pose.to_plane(pose.centre_um + 1000.0 * ANTERIOR)
        # 1 mm from the centre at 30 degrees clockwise from straight up.
        assert_allclose(nose, (-1000.0 * COS_30, 1000.0 * SIN_30, 0.0), rtol=0, atol=1e-9)

    def test_yaw_keeps_the_viewing_direction(self):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=77.0, pitch_deg=12.0, roll_deg=-8.0)
        plain = Pose.dorsal(centre_um=CENTRE, yaw_deg=0.0, pitch_deg=12.0, roll_deg=-8.0)
        assert_allclose(pose.viewing_direction, plain.viewing_direction, rtol=0, atol=1e-15)

    def test_nose_up_brings_the_nose_nearer_to_the_camera(self):
        pose = Pose.dorsal(centre_um=CENTRE, pitch_deg=30.0)
        nose = pose.to_plane(pose.centre_um + 1000.0 * ANTERIOR)
        tail = pose.to_plane(pose.centre_um + 1000.0 * POSTERIOR)
        # Depth counts away from the camera; the nose still points to the top of the image.
        assert_allclose(nose, (-1000.0 * COS_30, 0.0, -1000.0 * SIN_30), rtol=0, atol=1e-9)
        assert_allclose(tail, (1000.0 * COS_30, 0.0, 1000.0 * SIN_30), rtol=0, atol=1e-9)

    def test_nose_up_turns_the_viewing_direction_posterior(self):
        # The camera stays above; seen from the animal it now sits in front and looks backwards,
        # so that it sees more of the front.
        pose = Pose.dorsal(centre_um=CENTRE, pitch_deg=30.0)
        assert_allclose(
            pose.viewing_direction, SIN_30 * POSTERIOR + COS_30 * INFERIOR, rtol=0, atol=1e-15
        )

    def test_nose_up_by_90_is_the_view_of_the_face(self):
        """With the nose straight up the camera above looks the animal in the face."""
        pose = Pose.dorsal(centre_um=CENTRE, pitch_deg=90.0)
        assert_allclose(pose.viewing_direction, POSTERIOR, rtol=0, atol=1e-15)
        # The crown of the head then is at the bottom of the image: down the image is superior.
        assert_allclose(axes(pose)[0], SUPERIOR, rtol=0, atol=1e-15)
        assert_allclose(axes(pose)[1], RIGHT, rtol=0, atol=1e-15)

    def test_right_side_down_takes_the_right_side_away_from_the_camera(self):
        pose = Pose.dorsal(centre_um=CENTRE, roll_deg=30.0)
        right = pose.to_plane(pose.centre_um + 1000.0 * RIGHT)
        left = pose.to_plane(pose.centre_um + 1000.0 * LEFT)
        assert_allclose(right, (0.0, 1000.0 * COS_30, 1000.0 * SIN_30), rtol=0, atol=1e-9)
        assert_allclose(left, (0.0, -1000.0 * COS_30, -1000.0 * SIN_30), rtol=0, atol=1e-9)

    def test_right_side_down_turns_the_viewing_direction_to_the_right(self):
        # Seen from the animal the camera sits over its left flank and looks to the right.
        pose = Pose.dorsal(centre_um=CENTRE, roll_deg=30.0)
        assert_allclose(
            pose.viewing_direction, SIN_30 * RIGHT + COS_30 * INFERIOR, rtol=0, atol=1e-15
        )

    def test_right_side_down_by_90_is_the_view_from_the_left(self):
        pose = Pose.dorsal(centre_um=CENTRE, roll_deg=90.0)
        assert_allclose(axes(pose), [POSTERIOR, SUPERIOR, RIGHT], rtol=0, atol=1e-15)

    def test_order_of_composition_with_all_three_angles_made_by_hand(self):
        """Yaw 90, pitch 30, roll 0, then roll 90: products of the three matrices by hand.

        With roll as the outermost turn, pitch next and yaw innermost:
        yaw 90 makes (down, right) = (old right, old up); pitch 30 tilts; roll 90 tips over.
        """
        tilted = Pose.dorsal(centre_um=CENTRE, yaw_deg=90.0, pitch_deg=30.0)
        # Down the image is the animal's right, untouched by a pitch about that very axis. Right in
        # the image is anterior; since the nose rises out of the image plane, the plane cuts
        # ever deeper into the head there: it runs inferior too.
        forward = COS_30 * ANTERIOR + SIN_30 * INFERIOR
        into = SIN_30 * POSTERIOR + COS_30 * INFERIOR
        assert_allclose(axes(tilted), [RIGHT, forward, into], rtol=0, atol=1e-14)
        tipped = Pose.dorsal(centre_um=CENTRE, yaw_deg=90.0, pitch_deg=30.0, roll_deg=90.0)
        # Roll 90 (about the long axis of the animal) carries right -> superior and inferior ->
        # right, and keeps anterior.
        assert_allclose(
            axes(tipped),
            [SUPERIOR, COS_30 * ANTERIOR + SIN_30 * RIGHT, SIN_30 * POSTERIOR + COS_30 * RIGHT],
            rtol=0,
            atol=1e-14,
        )

    @given(angle, angle, angle)
    def test_the_order_agrees_with_scipys_intrinsic_angles(self, yaw, pitch, roll):
        # Intrinsic XYZ over (rows, columns, depth). Right side down turns the depth axis towards
        # the columns, against the mathematical sense about the rows: hence the minus.
        expected = Rotation.from_euler("XYZ", [-roll, pitch, yaw], degrees=True).as_matrix()
        assert_allclose(rotation_from_angles(yaw, pitch, roll), expected, rtol=0, atol=1e-13)

    def test_angles_in_a_view_count_from_that_view(self):
        # From the left the nose is at the left; yaw 90 turns the top (the crown) to the right.
        pose = Pose.lateral(side="left", centre_um=CENTRE, yaw_deg=90.0)
        assert_allclose(axes(pose), [POSTERIOR, SUPERIOR, RIGHT], rtol=0, atol=1e-15)
        assert pose.view == "left"
        assert_allclose(pose.angles_deg, (90.0, 0.0, 0.0), rtol=0, atol=1e-12)
        # Face to face, the top of the view towards us: looking down on the snout from the crown.
        assert_allclose(
            Pose.frontal(centre_um=CENTRE, pitch_deg=90.0).viewing_direction,
            INFERIOR,
            rtol=0,
            atol=1e-15,
        )

    @given(st.floats(-179.9, 179.9), st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
    def test_angles_can_be_read_back(self, yaw, pitch, roll):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
        # 0.1 degrees from the lock, yaw and roll lose a factor 600 in precision.
        assert_allclose(pose.angles_deg, (yaw, pitch, roll), rtol=0, atol=1e-10)

    @given(angle, angle, angle)
    def test_angles_that_are_read_make_the_same_rotation_again(self, yaw, pitch, roll):
        rotation = rotation_from_angles(yaw, pitch, roll)
        again = rotation_from_angles(*angles_from_rotation(rotation))
        assert_allclose(again, rotation, rtol=0, atol=5e-9)

    @pytest.mark.parametrize("sign", [1.0, -1.0], ids=["nose straight up", "nose straight down"])
    @pytest.mark.parametrize("from_lock_deg", [0.0, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-3])
    def test_angles_make_the_same_rotation_again_at_and_near_gimbal_lock(self, sign, from_lock_deg):
        rotation = rotation_from_angles(25.0, sign * (90.0 - from_lock_deg), 40.0)
        again = rotation_from_angles(*angles_from_rotation(rotation))
        # 2e-9 rad are 1e-5 um at the edge of a field of 10 mm: 1e-6 of a pixel of 10 um.
        assert_allclose(again, rotation, rtol=0, atol=2e-9)

    def test_at_gimbal_lock_all_of_the_turn_is_given_as_yaw(self):
        # Nose straight up, a roll of 40 undoes a yaw of 40; nose straight down it adds to it.
        up = angles_from_rotation(rotation_from_angles(25.0, 90.0, 40.0))
        assert_allclose(up, (25.0 - 40.0, 90.0, 0.0), rtol=0, atol=1e-6)
        down = angles_from_rotation(rotation_from_angles(25.0, -90.0, 40.0))
        assert_allclose(down, (25.0 + 40.0, -90.0, 0.0), rtol=0, atol=1e-6)

    @given(poses())
    def test_angles_stay_in_their_range(self, pose):
        yaw, pitch, roll = pose.angles_deg
        assert -180.0 < yaw <= 180.0
        assert -90.0 <= pitch <= 90.0
        assert -180.0 < roll <= 180.0

    @pytest.mark.parametrize("turn", [180.0, -180.0, 540.0, -540.0])
    def test_upside_down_is_180_degrees_whichever_way_it_was_turned(self, turn):
        yaw = Pose.dorsal(centre_um=CENTRE, yaw_deg=turn).angles_deg[0]
        roll = Pose.dorsal(centre_um=CENTRE, roll_deg=turn).angles_deg[2]
        for angle_deg in (yaw, roll):
            assert abs(angle_deg) == pytest.approx(180.0, abs=1e-9)
            assert angle_deg > -180.0


class TestChange:
    """``moved`` and ``turned`` give new poses."""

    def test_moved_adds_offsets_in_the_atlas_and_in_the_image(self):
        pose = Pose.dorsal(centre_um=(5000.0, 200.0, 4000.0), yaw_deg=90.0)
        assert_allclose(pose.moved(atlas_um=(10.0, 20.0, 30.0)).centre_um, (5010.0, 220.0, 4030.0))
        # At yaw 90 down the image is the animal's right, right in the image is anterior.
        moved = pose.moved(plane_um=(100.0, 200.0, 50.0))
        assert_allclose(moved.centre_um, (4800.0, 250.0, 3900.0), rtol=1e-15)
        both = pose.moved(atlas_um=(10.0, 20.0, 30.0), plane_um=(100.0, 200.0, 50.0))
        assert_allclose(both.centre_um, (4810.0, 270.0, 3930.0), rtol=1e-15)
        assert_allclose(both.rotation, pose.rotation, rtol=0, atol=0)

    def test_turned_adds_to_the_angles_and_keeps_centre_and_view(self):
        pose = Pose.lateral(side="right", centre_um=CENTRE, yaw_deg=10.0, pitch_deg=5.0)
        turned = pose.turned(yaw_deg=-30.0, pitch_deg=7.0, roll_deg=3.0)
        assert_allclose(turned.angles_deg, (-20.0, 12.0, 3.0), rtol=0, atol=1e-12)
        assert turned.view == "right"
        assert_allclose(turned.centre_um, CENTRE, rtol=0, atol=0)

    def test_the_old_pose_stays_as_it_was(self):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=10.0, pitch_deg=5.0, roll_deg=-4.0)
        rotation, centre = pose.rotation.copy(), pose.centre_um.copy()
        moved, turned = pose.moved(plane_um=(1.0, 2.0, 3.0)), pose.turned(roll_deg=45.0)
        assert_allclose(pose.rotation, rotation, rtol=0, atol=0)
        assert_allclose(pose.centre_um, centre, rtol=0, atol=0)
        assert moved is not pose
        assert turned is not pose
        assert moved != pose
        assert turned != pose

    @given(poses())
    def test_turning_by_nothing_changes_nothing(self, pose):
        assert_allclose(pose.turned().rotation, pose.rotation, rtol=0, atol=5e-9)

    @given(poses(), centres)
    def test_moving_there_and_back_is_where_one_was(self, pose, offset):
        back = pose.moved(plane_um=offset).moved(plane_um=-np.array(offset))
        assert_allclose(back.centre_um, pose.centre_um, rtol=0, atol=1e-10)

    @given(st.floats(-170, 170), st.floats(-40, 40), st.floats(-40, 40), st.floats(-40, 40))
    def test_turns_add_up(self, yaw, pitch, roll, more):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
        twice = pose.turned(pitch_deg=more / 2).turned(pitch_deg=more / 2)
        assert_allclose(twice.rotation, pose.turned(pitch_deg=more).rotation, rtol=0, atol=1e-12)


class TestRigidity:
    """The laws of a rigid transform."""

    @given(poses(), st.lists(centres, min_size=1, max_size=5))
    def test_to_plane_undoes_to_atlas(self, pose, points):
        there = pose.to_atlas(points)
        assert_allclose(pose.to_plane(there), points, rtol=0, atol=1e-9)
        assert_allclose(pose.to_atlas(pose.to_plane(points)), points, rtol=0, atol=1e-9)

    @given(poses(), centres, centres)
    def test_distances_are_kept(self, pose, a, b):
        apart = np.linalg.norm(np.subtract(a, b))
        assert np.linalg.norm(pose.to_atlas(a) - pose.to_atlas(b)) == pytest.approx(apart, abs=1e-9)

    @given(poses())
    def test_no_pose_mirrors(self, pose):
        assert np.linalg.det(pose.rotation) == pytest.approx(1.0, abs=1e-12)

    def test_points_keep_their_shape(self):
        pose = Pose.dorsal(centre_um=CENTRE)
        for shape in [(3,), (1, 3), (0, 3), (4, 5, 3)]:
            assert pose.to_atlas(np.zeros(shape)).shape == shape
            assert pose.to_plane(np.zeros(shape)).shape == shape

    def test_points_are_not_changed_in_place(self):
        points = np.ones((2, 3))
        Pose.dorsal(centre_um=CENTRE).to_atlas(points)
        Pose.dorsal(centre_um=CENTRE).to_plane(points)
        assert (points == 1.0).all()

    def test_a_rotation_of_seven_digits_becomes_exactly_rigid(self):
        """Someone types a matrix in; what is accepted must still go there and back."""
        typed = np.round(rotation_from_angles(33.0, 7.0, -12.0), 7)
        pose = Pose(typed, np.array(CENTRE))
        point = np.array([4000.0, 5000.0, -3000.0])
        assert_allclose(pose.to_plane(pose.to_atlas(point)), point, rtol=0, atol=1e-8)
        assert_allclose(pose.rotation, typed, rtol=0, atol=1e-6)


class TestRefusals:
    """What is no pose says why."""

    def test_a_reflection_is_refused_and_the_mirror_flag_named(self):
        with pytest.raises(ValueError, match=r"reflection.*mirrored"):
            Pose(np.diag([1.0, 1.0, -1.0]), CENTRE)

    @pytest.mark.parametrize(
        "rotation",
        [
            pytest.param(np.diag([1.0, 1.0, 1.01]), id="stretched"),
            pytest.param(np.zeros((3, 3)), id="zero"),
            pytest.param(np.full((3, 3), np.nan), id="NaN"),
            pytest.param(np.full((3, 3), np.inf), id="infinite"),
            pytest.param(np.eye(2), id="two by two"),
            pytest.param(np.eye(4), id="four by four"),
            pytest.param([[1.0, 0.001, 0], [0, 1, 0], [0, 0, 1]], id="sheared"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
    def test_what_is_no_rotation_is_refused(self, rotation):
        with pytest.raises(ValueError, match="orthonormal 3 x 3"):
            Pose(rotation, CENTRE)

    @pytest.mark.parametrize(
        "centre", [(1.0, 2.0), (1.0, 2.0, np.nan), (np.inf, 0, 0), 5.0, ((1, 2, 3),)]
    )
    def test_a_centre_that_is_no_point_is_refused(self, centre):
        with pytest.raises(ValueError, match="centre_um must be three finite numbers"):
            Pose.dorsal(centre_um=centre)

    @pytest.mark.parametrize("name", ["yaw_deg", "pitch_deg", "roll_deg"])
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_angles_that_are_not_finite_are_refused(self, name, value):
        with pytest.raises(ValueError, match="finite degrees"):
            Pose.dorsal(centre_um=CENTRE, **{name: value})

    def test_an_unknown_view_is_refused_and_the_known_ones_named(self):
        with pytest.raises(ValueError, match=r"'top'.*dorsal"):
            Pose.from_view("top", centre_um=CENTRE)
        with pytest.raises(ValueError, match=r"'top'.*dorsal"):
            Pose(np.eye(3), CENTRE, "top")
        with pytest.raises(ValueError, match="'left' or 'right'"):
            Pose.lateral(side="Left", centre_um=CENTRE)


class TestValue:
    """A pose is a value: it cannot change, and equal ones are interchangeable."""

    def test_its_fields_and_arrays_cannot_be_written(self):
        pose = Pose.dorsal(centre_um=CENTRE)
        with pytest.raises(FrozenInstanceError):
            pose.view = "ventral"
        for array in (pose.rotation, pose.centre_um, pose.viewing_direction):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1.0

    def test_it_does_not_change_when_the_arrays_it_was_made_of_do(self):
        rotation, centre = np.eye(3), np.array(CENTRE)
        pose = Pose(rotation, centre)
        rotation[:] = 0.0
        centre[:] = 0.0
        assert_allclose(pose.rotation, np.eye(3), rtol=0, atol=0)
        assert_allclose(pose.centre_um, CENTRE, rtol=0, atol=0)

    def test_equal_poses_have_equal_hashes(self):
        one, other = (Pose.dorsal(centre_um=CENTRE, yaw_deg=3.0) for _ in range(2))
        assert one == other
        assert hash(one) == hash(other)
        assert len({one, other}) == 1

    def test_zero_and_minus_zero_are_the_same_pose(self):
        one = Pose(np.eye(3), (0.0, 0.0, 0.0))
        other = Pose(np.where(np.eye(3) == 0, -0.0, 1.0), (-0.0, 0.0, -0.0))
        assert one == other
        assert hash(one) == hash(other)

    def test_another_centre_rotation_or_view_is_another_pose(self):
        pose = Pose.dorsal(centre_um=CENTRE)
        assert pose != Pose.dorsal(centre_um=(4900.0, 300.0, 3900.1))
        assert pose != Pose.dorsal(centre_um=CENTRE, yaw_deg=1e-6)
        # The same rotation, but its angles are counted from elsewhere.
        assert pose != Pose(pose.rotation, pose.centre_um, "ventral")
        assert pose != "dorsal"

    def test_it_survives_copying_and_pickling(self):
        pose = Pose.dorsal(centre_um=CENTRE, yaw_deg=3.0, roll_deg=-1.0)
        assert copy.deepcopy(pose) == pose
        assert pickle.loads(pickle.dumps(pose)) == pose
