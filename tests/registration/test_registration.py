"""What a registration holds, and what it refuses."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS, BregmaPreset
from napari_brainreg3d.errors import BrainregError, RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.registration import default_bregma

SAMPLE = {
    "atlas": "allen_mouse_50um",
    "image_shape": (251, 400),
    "pixel_size_um": (15.9, 15.6),
    "pose": Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7)),
}


def registration(**changes) -> Registration:
    """The example of the documentation, with some fields changed."""
    return Registration(**SAMPLE | changes)


def test_only_atlas_raster_and_pose_are_needed():
    plain = registration()
    assert plain.camera == OrthographicCamera()
    assert plain.hemisphere == "both"
    assert plain.regions == ()
    assert plain.landmarks == ()
    assert plain.atlas_version is None
    assert plain.side_confirmed is False  # nobody has looked yet


def test_its_view_puts_the_image_centre_at_the_centre_of_the_pose():
    view = registration(camera=PinholeCamera(working_distance_mm=230.0)).view
    # (251 - 1) / 2 and (400 - 1) / 2.
    assert_allclose(view.atlas_to_pixels((4900.3, 100.0, 3911.7)), (125.0, 199.5), atol=1e-10)
    # Rows of 15.9 um run posterior, columns of 15.6 um to the animal's right.
    assert_allclose(view.atlas_to_pixels((4916.2, 100.0, 3911.7)), (126.0, 199.5), atol=1e-10)
    assert_allclose(view.atlas_to_pixels((4900.3, 100.0, 3896.1)), (125.0, 200.5), atol=1e-10)


def test_one_number_means_square_pixels():
    assert registration(pixel_size_um=19.4).pixel_size_um == (19.4, 19.4)
    assert registration(pixel_size_um=np.float32(0.5)).pixel_size_um == (0.5, 0.5)
    assert registration(pixel_size_um=20).pixel_size_um == (20.0, 20.0)


def test_what_numpy_gives_becomes_what_python_compares():
    made = registration(
        image_shape=np.zeros((251, 400)).shape,
        pixel_size_um=np.array([15.9, 15.6]),
        side_confirmed=np.bool_(True),
    )
    assert made == registration(side_confirmed=True)
    assert hash(made) == hash(registration(side_confirmed=True))
    assert made.side_confirmed is True


def test_one_region_may_be_given_without_a_list_and_ids_as_numbers():
    assert registration(regions="VIS").regions == ("VIS",)
    assert registration(regions=["MOp", 385]).regions == ("MOp", "385")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"image_shape": (0, 400)}, id="no rows"),
        pytest.param({"image_shape": (251,)}, id="one axis"),
        pytest.param({"image_shape": (251, 400, 3)}, id="an RGB image's shape"),
        pytest.param({"image_shape": (10, 512, 512)}, id="a movie's shape"),
        pytest.param({"image_shape": 251}, id="a number as shape"),
        pytest.param({"image_shape": None}, id="no shape"),
        pytest.param({"image_shape": (251.5, 400)}, id="half a row"),
        pytest.param({"image_shape": (np.inf, 400)}, id="infinitely many rows"),
        pytest.param({"image_shape": (np.nan, 400)}, id="NaN rows"),
        pytest.param({"pixel_size_um": 0.0}, id="pixels without size"),
        pytest.param({"pixel_size_um": -1.0}, id="negative pixels"),
        pytest.param({"pixel_size_um": (1.0, np.nan)}, id="NaN pixels"),
        pytest.param({"pixel_size_um": (1.0, np.inf)}, id="infinite pixels"),
        pytest.param({"pixel_size_um": (1.0, 2.0, 3.0)}, id="pixels in three axes"),
        pytest.param({"pixel_size_um": (1.0,)}, id="pixels in one axis"),
        pytest.param({"pixel_size_um": "15.9"}, id="pixels as text"),
        pytest.param({"pixel_size_um": None}, id="no pixels"),
        pytest.param({"atlas": ""}, id="no atlas"),
        pytest.param({"atlas": None}, id="None as atlas"),
        pytest.param({"atlas": 5}, id="a number as atlas"),
        pytest.param({"hemisphere": "Left"}, id="a wrong side"),
        pytest.param({"hemisphere": None}, id="no side"),
        pytest.param({"pose": None}, id="no pose"),
        pytest.param({"pose": np.eye(4)}, id="a matrix as pose"),
        pytest.param({"camera": None}, id="no camera"),
        pytest.param({"camera": "pinhole"}, id="a word as camera"),
        pytest.param({"image_sha256": "abc"}, id="a hash that is none"),
        pytest.param({"image_sha256": "A" * 64}, id="a hash in capitals"),
        pytest.param({"bregma": "ibl"}, id="a word as bregma"),
        pytest.param({"landmarks": [(1.0, 2.0)]}, id="numbers as landmarks"),
        pytest.param({"atlas_version": 1.2}, id="a number as version"),
    ],
)
def test_what_makes_no_registration_is_refused(changes):
    """At once, and not only when the file that it was saved in is read back."""
    with pytest.raises(RegistrationError):
        registration(**changes)


def test_refusals_say_what_was_wrong():
    with pytest.raises(RegistrationError, match=r"image shape.*\(0, 400\)"):
        registration(image_shape=(0, 400))
    with pytest.raises(RegistrationError, match=r"pixel size.*\(15\.9, -1\.0\)"):
        registration(pixel_size_um=(15.9, -1.0))
    with pytest.raises(RegistrationError, match=r"both, left or right, got 'Left'"):
        registration(hemisphere="Left")
    assert issubclass(RegistrationError, BrainregError)


def test_nothing_can_be_given_by_position():
    with pytest.raises(TypeError):
        Registration(*SAMPLE.values())


def test_it_cannot_be_changed_but_replaced():
    old = registration()
    with pytest.raises(FrozenInstanceError):
        old.atlas = "demo_mouse"
    new = old.replaced(pose=old.pose.turned(yaw_deg=5.0), side_confirmed=True)
    assert new.pose.angles_deg[0] == pytest.approx(5.0)
    assert new.side_confirmed
    assert old == registration()
    assert new != old
    with pytest.raises(RegistrationError):
        old.replaced(hemisphere="neither")
    with pytest.raises(TypeError):
        old.replaced(no_such_field=1)


def test_lists_given_can_be_changed_afterwards_without_effect():
    regions, landmarks = ["VIS"], [Landmark("bregma")]
    made = registration(regions=regions, landmarks=landmarks)
    regions.append("MOp")
    landmarks.clear()
    assert made.regions == ("VIS",)
    assert made.landmarks == (Landmark("bregma"),)


@pytest.mark.parametrize(
    ("atlas", "has_one"),
    [
        ("allen_mouse_25um", True),
        ("demo_mouse", True),
        ("kim_mouse_10um", True),
        ("whs_sd_rat_39um", False),
        ("mpin_zfish_1um", False),
        ("princeton_mouse_20um", False),
        ("allen_human_500um", False),
        ("my_allen_mouse", False),
    ],
)
def test_only_atlases_in_the_allen_space_have_a_bregma_by_default(atlas, has_one):
    """A rat has no bregma at the mouse's numbers."""
    expected = BREGMA_PRESETS["ibl"] if has_one else None
    assert default_bregma(atlas) == expected
    assert registration(atlas=atlas).bregma == expected


def test_a_bregma_of_ones_own_is_kept():
    mine = BregmaPreset("mine", (5000.0, 300.0, 5700.0), tilt_deg=5.0)
    assert registration(bregma=mine).bregma == mine


class TestLandmark:
    def test_it_may_be_known_here_there_or_nowhere_yet(self):
        assert Landmark("lambda").image_px is None
        assert Landmark("lambda", image_px=(3, 4)).image_px == (3.0, 4.0)
        assert Landmark("lambda", atlas_um=(1, 2, 3)).atlas_um == (1.0, 2.0, 3.0)

    def test_it_is_a_value(self):
        one = Landmark("a", np.array([1.0, 2.0]), [1, 2, 3])
        other = Landmark("a", (1.0, 2.0), (1.0, 2.0, 3.0))
        assert one == other
        assert hash(one) == hash(other)
        with pytest.raises(FrozenInstanceError):
            one.name = "b"

    @pytest.mark.parametrize(
        "places",
        [
            {"image_px": (1.0,)},
            {"image_px": (1.0, 2.0, 3.0)},
            {"image_px": (np.nan, 2.0)},
            {"atlas_um": (1.0, 2.0)},
            {"atlas_um": (1.0, 2.0, np.inf)},
        ],
        ids=str,
    )
    def test_places_that_are_none_are_refused_with_the_landmarks_name(self, places):
        with pytest.raises(ValueError, match="landmark 'here'"):
            Landmark("here", **places)
