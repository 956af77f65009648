"""Places in the brain and their pixels: by hand, by brute force, and back again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d import BREGMA_PRESETS, PinholeCamera, Pose, Registration, project
from napari_brainreg3d.errors import Cancelled
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.results.locate import PointsError, locate, to_pixels
from tests.fixtures.scenes import (
    brute_force_first_hit,
    letter_scene,
    nested_shells_scene,
    slab_scene,
)

PLACES = ["atlas_ap_um", "atlas_dv_um", "atlas_ml_um"]
#: Tops at DV 1100 (ML 4200 to 5200) and 1500 (ML 5200 to 6200), under a brain from DV 1000.
SLABS = slab_scene((1100.0, 1500.0))


def above(**changes: object) -> Registration:
    """21 x 41 pixels of 50 x 100 um, 300 um over the slabs, centred on AP 5000 and ML 5300."""
    registration = Registration(
        atlas="allen_mouse_test",
        image_shape=(21, 41),
        pixel_size_um=(50.0, 100.0),
        pose=Pose.dorsal(centre_um=(5000.0, 700.0, 5300.0)),
    )
    return registration.replaced(**changes)


def test_places_are_where_hand_and_rule_put_them() -> None:
    camera = PinholeCamera(working_distance_mm=1.0)
    places = [
        (5100.0, 1000.0, 5000.0),  # on the surface, 300 um deep: a distance of 1300 um
        (5100.0, 1149.0, 5000.0),
        (5100.0, 1151.0, 5000.0),
        (5000.0, 200.0, 5800.0),  # above the plane of focus, in front of the brain
        (5000.0, -300.0, 5300.0),  # in the pinhole's plane
        (5000.0, -301.0, 5000.0),
        (5000.0, 700.0, 9000.0),
    ]
    table = to_pixels((SLABS, above(camera=camera)), atlas_um=places, names="abcdefg")
    assert table["name"].tolist() == list("abcdefg")
    assert table.loc[0, ["row", "col"]].tolist() == pytest.approx(
        [10 + 100 / 1.3 / 50, 20 + 300 / 1.3 / 100]
    )
    assert table.loc[3, ["row", "col"]].tolist() == pytest.approx([10, 20 - 500 / 0.5 / 100])
    assert table.loc[6, ["row", "col"]].tolist() == pytest.approx([10, 20 - 37])
    assert table.loc[4:5, ["row", "col"]].isna().all(axis=None)
    assert table["status"].tolist() == [
        "visible", "visible", "under the surface", "visible", "behind the camera",
        "behind the camera", "outside the image",
    ]  # fmt: skip
    assert table["visible"].tolist() == [True, True, False, True, False, False, False]
    assert table["inside"].tolist() == [True, True, True, True, False, False, False]
    assert table["depth_um"].tolist() == pytest.approx([300, 449, 451, -500, -1000, -1001, 0])
    along = 149 * np.sqrt(1 + (100 / 1449) ** 2 + (300 / 1449) ** 2)
    assert table["surface_depth_um"][1] == pytest.approx(along)


def test_past_the_limit_of_the_lens_there_is_no_pixel() -> None:
    """With k1 = -0.5 the image turns back at 0.82 times the distance."""
    camera = PinholeCamera(working_distance_mm=1.0, k1=-0.5)
    table = to_pixels((SLABS, above(camera=camera)), atlas_um=[(5000, 700, 6400), (5000, 700, 6)])
    assert table[["row", "col"]].isna().all(axis=None)
    assert table["status"].tolist() == ["outside the image"] * 2
    assert not table["visible"].any()


def test_depth_under_the_surface_counts_at_right_angles_to_it() -> None:
    """Seen at 60 degrees, 140 um under the surface are 280 um along the ray."""
    pose = Pose.dorsal(centre_um=(5000.0, 1000.0, 5000.0), pitch_deg=60.0)
    places = [(5000.0, 1140.0, 5000.0), (5000.0, 1160.0, 5000.0)]
    table = to_pixels((SLABS, above(pose=pose)), atlas_um=places)
    assert table["surface_depth_um"].tolist() == pytest.approx([280.0, 320.0])
    assert table["visible"].tolist() == [True, False]
    wider = ProjectionSettings(tolerance_um=170.0)
    assert to_pixels((SLABS, above(pose=pose)), atlas_um=places, settings=wider)["visible"].all()


def test_without_the_brain_only_chosen_regions_hide() -> None:
    """Under DV 1000 slab1 begins at 1500: what lies 400 um under the brain is then in front."""
    places = [(5000.0, 1400.0, 5700.0), (5000.0, 1700.0, 5700.0), (5000.0, 1400.0, 4900.0)]
    source = (SLABS, above())
    assert not to_pixels(source, atlas_um=places)["visible"].any()
    bare = to_pixels(source, atlas_um=places, settings=ProjectionSettings(occlusion="selected"))
    assert bare["visible"].tolist() == [True, False, False]
    assert bare["surface_depth_um"].tolist() == pytest.approx([-100.0, 200.0, 300.0])


def test_stereotaxic_places_are_the_same_places() -> None:
    """0.4 mm behind and 0.5 mm right of IBL's bregma (5400, 332, 5739), 0.668 mm under it."""
    (row,) = to_pixels((SLABS, above()), stereotaxic_mm=[(-0.4, 0.5, -0.668)]).to_dict("records")
    assert [row[name] for name in PLACES] == pytest.approx([5800.0, 1000.0, 5239.0])
    assert (row["row"], row["col"]) == pytest.approx((26.0, 20.61))
    assert row["status"] == "outside the image"
    tilted = to_pixels((SLABS, above()), stereotaxic_mm=[(0.0, 0.0, -1.0)], tilt_deg=5.0)
    # Nose up turns what lies under bregma forwards: straight under it is what was further back.
    expected = [5400 + 1000 * np.sin(np.radians(5.0)), 332 + 1000 * np.cos(np.radians(5.0)), 5739.0]
    assert tilted.loc[0, PLACES].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("how", [{}, {"occlusion": "selected"}, {"sample_depth_um": 400.0}])
def test_what_was_located_is_found_and_visible(how: dict[str, object]) -> None:
    scene = letter_scene()
    registration = Registration(
        atlas="test_letter",
        image_shape=(50, 70),
        pixel_size_um=(97.0, 83.0),
        pose=Pose.dorsal(
            centre_um=(4100.0, 600.0, 7000.0), yaw_deg=17.0, pitch_deg=-9.0, roll_deg=12.0
        ),
        camera=PinholeCamera(working_distance_mm=14.0, k1=0.3, mirrored=True),
    )
    projection = project(scene, registration, **how)  # type: ignore[arg-type]
    points = np.random.default_rng(5).uniform(-0.5, (49.5, 69.5), (40_000, 2))
    there = locate(projection, points)
    met = np.isfinite(there["depth_um"])
    back = to_pixels(projection, atlas_um=there.loc[met, PLACES])
    assert met.mean() > 0.2
    assert_allclose(back[["row", "col"]], points[met], rtol=0, atol=1e-6)
    assert back["visible"].all()
    assert_allclose(back["depth_um"], there.loc[met, "depth_um"], rtol=0, atol=1e-6)


def test_what_is_hidden_is_what_brute_force_finds_hidden() -> None:
    """Random places in and around nested balls, of which only an inner one was chosen."""
    scene = nested_shells_scene(selected=[2], subdivisions=3)
    eye_mm, centre = 9.0, np.array([5600.0, 400.0, 6500.0])
    registration = Registration(
        atlas="test_shells",
        image_shape=(400, 500),
        pixel_size_um=20.0,
        pose=Pose.dorsal(centre_um=centre, roll_deg=20.0),
        camera=PinholeCamera(working_distance_mm=eye_mm),
    )
    places = np.random.default_rng(7).uniform((3000, 500, 3000), (9000, 5000, 9000), (800, 3))
    eye = centre - eye_mm * 1000.0 * registration.pose.viewing_direction
    face, time = brute_force_first_hit(
        scene.brain.vertices_um, scene.brain.faces, np.tile(eye, (800, 1)), places - eye
    )
    corners = scene.brain.vertices_um[scene.brain.faces[face]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # Distance from the plane of the face that is met: how far under the surface, at right angles.
    with np.errstate(invalid="ignore"):
        under = np.where(time < 1, -((places - corners[:, 0]) * normals).sum(axis=1), 0.0)
    clear = np.abs(under - 150.0) > 0.01
    table = to_pixels((scene, registration), atlas_um=places)
    hidden = (table["status"] == "under the surface").to_numpy()
    inside = table["inside"].to_numpy()
    assert 0.2 < hidden.mean() < 0.9
    assert (inside & ~hidden).mean() > 0.1
    assert_array_equal(hidden[clear & inside], (under > 150.0)[clear & inside])


class TestErrors:
    """What is wrong is said."""

    def test_exactly_one_kind_of_places(self) -> None:
        for given in ({}, {"atlas_um": [(1, 2, 3)], "stereotaxic_mm": [(1, 2, 3)]}):
            with pytest.raises(PointsError, match="either as atlas_um or as stereotaxic_mm"):
                to_pixels((SLABS, above()), **given)  # type: ignore[arg-type]

    def test_a_place_has_three_numbers(self) -> None:
        with pytest.raises(PointsError, match=r"shape \(N, 3\), got \(1, 2\)"):
            to_pixels((SLABS, above()), atlas_um=[(1, 2)])
        with pytest.raises(PointsError, match=r"point 0 .* not finite"):
            to_pixels((SLABS, above()), stereotaxic_mm=[(1, 2, np.inf)])

    def test_stereotaxic_places_need_a_bregma(self) -> None:
        fish = above(atlas="fish_1um", bregma=None)
        with pytest.raises(PointsError, match="bregma is not known in fish_1um"):
            to_pixels((SLABS, fish), stereotaxic_mm=[(1, 2, 3)])
        named = to_pixels((SLABS, fish), stereotaxic_mm=[(0, 0, 0)], bregma="ibl")
        assert tuple(named.loc[0, PLACES]) == pytest.approx(BREGMA_PRESETS["ibl"].atlas_um)

    def test_cancelling_is_heard(self) -> None:
        with pytest.raises(Cancelled):
            to_pixels((SLABS, above()), atlas_um=[(1, 2, 3)], progress=lambda *_: False)
