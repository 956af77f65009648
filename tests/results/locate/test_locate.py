"""Points of an image and their places: by hand, by brute force, and against the projection."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d import BregmaPreset, PinholeCamera, Pose, Registration, project, uncertainty
from napari_brainreg3d.errors import AtlasError, Cancelled
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.results.locate import PointsError, locate, to_pixels
from tests.fixtures.scenes import (
    LETTER_BOXES,
    brute_force_first_hit,
    letter_scene,
    slab_scene,
    sphere_scene,
)

SLABS = slab_scene()
PLACES = ["atlas_ap_um", "atlas_dv_um", "atlas_ml_um"]
STEREOTAXIC = ["stereotaxic_ap_mm", "stereotaxic_ml_mm", "stereotaxic_dv_mm"]


def over_slabs(**changes: object) -> Registration:
    """21 x 41 pixels of 100 um, 300 um over the slabs, centred on AP 5000 and ML 6200."""
    registration = Registration(
        atlas="allen_mouse_test",
        image_shape=(21, 41),
        pixel_size_um=100.0,
        pose=Pose.dorsal(centre_um=(5000.0, 700.0, 6200.0)),
    )
    return registration.replaced(**changes)


def tilted(scene_name: str = "test_letter") -> Registration:
    """A pinhole close to the letter F, tilted in all ways, with pixels that are not square."""
    return Registration(
        atlas=scene_name,
        image_shape=(50, 70),
        pixel_size_um=(97.0, 83.0),
        pose=Pose.dorsal(
            centre_um=(4100.0, 600.0, 7000.0), yaw_deg=17.0, pitch_deg=-9.0, roll_deg=12.0
        ),
        camera=PinholeCamera(working_distance_mm=14.0, principal_point_um=(150.0, -220.0)),
    )


class TestByHand:
    """Slabs from right (ML 4200) to left, tops at DV 1000, 1100, 1200 and 1600, brain at 1000."""

    def test_a_point_between_pixels_is_where_its_own_ray_ends(self) -> None:
        # Columns run to the animal's right: column 25.37 is 537 um right of the centre.
        (row,) = locate((SLABS, over_slabs()), [(12.25, 25.37)]).to_dict("records")
        assert (row["row"], row["col"]) == (12.25, 25.37)
        assert (row["region"], row["region_name"]) == ("slab1", "Region slab1")
        assert row["region_id"] == 614454278
        assert row["label"] == 2
        assert row["hemisphere"] == "right"  # ML 5663 is under the midline's 5700
        assert [row[name] for name in PLACES] == pytest.approx([5225.0, 1100.0, 5663.0])
        assert row["depth_um"] == pytest.approx(400.0)
        assert row["surface_depth_um"] == pytest.approx(100.0)
        assert row["incidence_deg"] == pytest.approx(0.0)
        assert row["status"] == "region"
        # IBL's bregma is at 5400, 332, 5739.
        assert [row[name] for name in STEREOTAXIC] == pytest.approx([0.175, 0.076, -0.768])

    def test_rays_of_a_pinhole_spread_under_the_plane_of_focus(self) -> None:
        registration = over_slabs(camera=PinholeCamera(working_distance_mm=2.0))
        (row,) = locate((SLABS, registration), [(7.5, 23.5)]).to_dict("records")
        # 350 um right and 250 um in front of the axis, 2 mm from the pinhole; the top of slab1 is
        # 400 um deeper: a fifth more.
        assert row["region"] == "slab1"
        assert [row[name] for name in PLACES] == pytest.approx([4700.0, 1100.0, 5780.0])
        assert row["hemisphere"] == "left"
        assert row["depth_um"] == pytest.approx(400.0)
        way = 100.0 * np.sqrt(2000.0**2 + 350.0**2 + 250.0**2) / 2000.0
        assert row["surface_depth_um"] == pytest.approx(way)

    def test_what_is_not_seen_keeps_its_row(self) -> None:
        points = [(10.0, 10.0), (12.0, 25.5), (-0.51, 3.0), (10.0, 40.51), (10.0, 40.5)]
        table = locate((SLABS, over_slabs()), points)
        assert table["status"].tolist() == [
            "no chosen region",  # slab3 is 600 um under the surface
            "region",
            "outside the image",
            "outside the image",
            "past the brain",  # on the edge of the image, at ML 4150, where slab0 has ended
        ]
        assert table["region"].tolist() == ["", "slab1", "", "", ""]
        assert table["region_id"].tolist() == [0, 614454278, 0, 0, 0]
        assert table["hemisphere"].tolist() == ["left", "right", "", "", ""]
        assert table.loc[0, PLACES].tolist() == pytest.approx([5000.0, 1000.0, 7200.0])
        assert table.loc[2:4, [*PLACES, *STEREOTAXIC, "depth_um"]].isna().all(axis=None)

    def test_order_and_duplicates_are_kept(self) -> None:
        points = [(12.0, 30.0), (3.0, 11.0), (12.0, 30.0), (0.0, 21.0)]
        table = locate((SLABS, over_slabs()), points, names=["d", "a", "c", "b"])
        assert table["name"].tolist() == ["d", "a", "c", "b"]
        assert table[["row", "col"]].to_numpy().tolist() == [list(point) for point in points]
        assert table.loc[0].drop("name").equals(table.loc[2].drop("name"))

    def test_no_points_give_an_empty_table(self) -> None:
        table = locate((SLABS, over_slabs()), np.empty((0, 2)))
        assert len(table) == 0
        assert "region" in table


class TestBregma:
    """A place 1 mm in front of bregma, 1.15 mm to its left and 1.5 mm under it."""

    BREGMA = BregmaPreset("here", (6000.0, -400.0, 4500.0))

    def at_the_place(self, **how: object) -> list[float]:
        registration = over_slabs(bregma=self.BREGMA)
        table = locate((SLABS, registration), [(10.0, 17.0 + 8.5)], **how)  # type: ignore[arg-type]
        assert table.loc[0, PLACES].tolist() == pytest.approx([5000.0, 1100.0, 5650.0])
        return [float(table.loc[0, name]) for name in STEREOTAXIC]  # type: ignore[arg-type]

    def test_signs_are_anterior_right_dorsal(self) -> None:
        assert self.at_the_place() == pytest.approx([1.0, -1.15, -1.5])

    def test_a_preset_in_its_place_is_named(self) -> None:
        assert self.at_the_place(bregma="pinpoint_2024") == pytest.approx([0.2, 0.05, -0.66])
        table = locate((SLABS, over_slabs()), [(1.0, 1.0)], bregma="pinpoint_2024")
        assert table.attrs["bregma"] == "pinpoint_2024: AP 5200 DV 440 ML 5700 um"

    def test_nose_up_lifts_what_is_in_front(self) -> None:
        cos, sin = np.cos(np.radians(5.0)), np.sin(np.radians(5.0))
        expected = [cos * 1.0 + sin * 1.5, -1.15, sin * 1.0 - cos * 1.5]
        assert self.at_the_place(tilt_deg=5.0) == pytest.approx(expected)

    def test_scale_comes_before_tilt_and_both_are_named(self) -> None:
        cos, sin = np.cos(np.radians(5.0)), np.sin(np.radians(5.0))
        ap, ml, dv = 1.031 * 1.0, 0.952 * -1.15, 0.885 * -1.5
        expected = [cos * ap - sin * dv, ml, sin * ap + cos * dv]
        how = {"tilt_deg": 5.0, "scale": (1.031, 0.952, 0.885)}
        assert self.at_the_place(**how) == pytest.approx(expected)
        table = locate((SLABS, over_slabs()), [(1.0, 1.0)], **how)  # type: ignore[arg-type]
        assert table.attrs["bregma"] == (
            "ibl: AP 5400 DV 332 ML 5739 um; tilt 5 deg nose up; scale AP 1.031 ML 0.952 DV 0.885"
        )

    def test_an_atlas_without_bregma_has_no_such_columns(self) -> None:
        table = locate((SLABS, over_slabs(atlas="fish_1um", bregma=None)), [(12.0, 25.5)])
        assert not set(STEREOTAXIC) & set(table)
        assert table.attrs["bregma"] is None
        with pytest.raises(PointsError, match="bregma is not known in fish_1um"):
            locate((SLABS, over_slabs(atlas="fish_1um", bregma=None)), [(12.0, 25.5)], tilt_deg=5.0)

    def test_an_unknown_preset_is_refused(self) -> None:
        with pytest.raises(AtlasError, match="unknown bregma preset 'lambda'"):
            locate((SLABS, over_slabs()), [(1.0, 1.0)], bregma="lambda")


class TestAgainstOthers:
    """The same answers as brute force, and as the projection of whole images."""

    def test_random_points_end_where_brute_force_says(self) -> None:
        scene, registration = (
            sphere_scene(subdivisions=3),
            tilted("test_sphere").replaced(
                pose=Pose.dorsal(centre_um=(5100.0, 900.0, 4300.0), yaw_deg=17.0, roll_deg=12.0)
            ),
        )
        points = np.random.default_rng(3).uniform(-0.5, (49.5, 69.5), (300, 2))
        rotation, centre = registration.pose.rotation, registration.pose.centre_um
        on_plane = (points - (24.5, 34.5)) * (97.0, 83.0)
        eye = centre + rotation @ (150.0, -220.0, -14000.0)
        ways = on_plane @ rotation[:, :2].T + centre - eye
        _, time = brute_force_first_hit(
            scene.brain.vertices_um, scene.brain.faces, np.tile(eye, (300, 1)), ways
        )
        expected = np.where(np.isfinite(time), time, np.nan)[:, None] * ways + eye
        table = locate((scene, registration), points)
        assert 0.2 < np.isnan(expected[:, 0]).mean() < 0.8
        assert_allclose(table[PLACES], expected, rtol=0, atol=1e-3)
        assert_array_equal(table["status"] == "region", np.isfinite(time))
        assert_array_equal(table["hemisphere"] == "left", expected[:, 2] >= 5700.0)

    @pytest.mark.parametrize(
        "how", [{}, {"occlusion": "selected"}, {"sample_depth_um": 333.0}, {"tolerance_um": 5.0}]
    )
    def test_at_pixel_centres_it_is_the_projection(self, how: dict[str, object]) -> None:
        """In any order, more than one piece of work, with every pixel more than once."""
        scene, registration = letter_scene(), tilted()
        projection = project(scene, registration, **how)  # type: ignore[arg-type]
        pixels = np.argwhere(np.ones((50, 70)))
        order = np.random.default_rng(1).permutation(np.tile(np.arange(3500), 12))
        settings = ProjectionSettings(**how)  # type: ignore[arg-type]
        for source in (projection, (scene, registration)):
            kept = None if source is projection else settings
            table = locate(source, pixels[order], settings=kept)
            assert_array_equal(table["label"], projection.labels.ravel()[order])
            for name in ("depth_um", "surface_depth_um", "incidence_deg"):
                expected = getattr(projection, name).ravel()[order]
                assert_array_equal(table[name].astype(np.float32), expected)
            places = projection.atlas_um.reshape(-1, 3)[order]
            assert_allclose(table[PLACES], places, rtol=0, atol=1e-3)

    def test_a_grouping_of_the_projection_holds(self) -> None:
        projection = project(letter_scene(), tilted(), split_hemispheres=True)
        pixels = np.argwhere(projection.labels > 0)
        table = locate(projection, pixels)
        assert_array_equal(table["label"], projection.labels[projection.labels > 0])
        rows = projection.table.set_index("label").loc[table["label"]]
        assert table["region"].tolist() == rows["acronym"].tolist()
        assert table["hemisphere"].tolist() == rows["hemisphere"].tolist()
        assert set(table["hemisphere"]) == {"left", "right"}

    def test_a_mirrored_camera_sees_the_other_side(self) -> None:
        """The arm of the letter is the only part that reaches over the midline, to the right."""
        (low, high) = LETTER_BOXES["arm"]
        centre = (np.array(low) + high) / 2.0 * (1, 0, 0) + (0.0, 500.0, 6800.0)
        for mirrored, col in ((False, 48.0), (True, 12.0)):
            registration = Registration(
                atlas="test_letter", image_shape=(21, 61), pixel_size_um=90.0,
                pose=Pose.dorsal(centre_um=centre),
                camera=PinholeCamera(working_distance_mm=1000.0, mirrored=mirrored),
            )  # fmt: skip
            (row,) = locate((letter_scene(), registration), [(10.0, col)]).to_dict("records")
            assert (row["region"], row["hemisphere"]) == ("arm", "right")
            assert row["atlas_ml_um"] == pytest.approx(6800.0 - 18 * 90.0, abs=2.0)


class TestConfidence:
    """Probabilities of an uncertainty, between its pixels."""

    def of_slabs(self) -> Uncertainty:
        moved = over_slabs(pose=Pose.dorsal(centre_um=(5000.0, 700.0, 6230.0)))
        return uncertainty(project(SLABS, moved), {"right_um": 150.0}, poses=20)

    def test_it_is_that_of_the_pixels_with_the_same_label(self) -> None:
        sure = self.of_slabs()
        share = sure.probability
        # Slab1 ends, and slab0 begins, at ML 5200: 0.3 pixels right of column 30.
        assert sure.projection.labels[4, 28:33].tolist() == [2, 2, 2, 1, 1]
        assert len(np.unique(share[4, 28:33])) > 2
        points = [(4.0, 13.0), (4.0, 28.75), (4.0, 30.0), (4.25, 32.0), (4.0, 99.0)]
        sureness = locate(sure.projection, points, uncertainty=sure)["confidence"].tolist()
        assert np.isnan(sureness[0])  # nothing to be sure of
        assert sureness[1] == pytest.approx(0.25 * share[4, 28] + 0.75 * share[4, 29])
        assert sureness[2] == pytest.approx(share[4, 30])
        assert sureness[3] == pytest.approx(0.75 * share[4, 32] + 0.25 * share[5, 32])
        assert np.isnan(sureness[4])

    def test_neighbours_with_another_label_do_not_count(self) -> None:
        sure = self.of_slabs()
        points = [(4.0, 30.25), (4.0, 30.35)]
        table = locate(sure.projection, points, uncertainty=sure)
        assert table["label"].tolist() == [2, 1]
        assert table["confidence"][0] == pytest.approx(sure.probability[4, 30])
        assert table["confidence"][1] == pytest.approx(sure.probability[4, 31])

    def test_that_of_another_pose_is_refused(self) -> None:
        sure = uncertainty(project(SLABS, over_slabs()), {"right_um": 150.0}, poses=2)
        moved = over_slabs(pose=Pose.dorsal(centre_um=(5000.0, 700.0, 6201.0)))
        with pytest.raises(PointsError, match="another registration"):
            locate((SLABS, moved), [(1.0, 1.0)], uncertainty=sure)


class TestErrors:
    """What is wrong is said with its value."""

    @pytest.mark.parametrize(
        ("points", "message"),
        [
            ([(1.0, 2.0), (3.0, np.nan)], "point 1 .* not finite"),
            ([1.0, 2.0], r"shape \(N, 2\), got \(2,\)"),
            ([(1.0, 2.0, 3.0)], r"shape \(N, 2\), got \(1, 3\)"),
            ([("a", "b")], "not numbers"),
        ],
    )
    def test_points(self, points: object, message: str) -> None:
        with pytest.raises(PointsError, match=message):
            locate((SLABS, over_slabs()), points)  # type: ignore[arg-type]

    def test_names(self) -> None:
        with pytest.raises(PointsError, match="the name 'a' occurs twice"):
            locate((SLABS, over_slabs()), [(1, 2), (3, 4), (5, 6)], names=["a", "b", "a"])
        with pytest.raises(PointsError, match="1 points but 2 names"):
            locate((SLABS, over_slabs()), [(1, 2)], names=["a", "b"])

    def test_rules(self) -> None:
        projection = project(SLABS, over_slabs())
        with pytest.raises(PointsError, match="was made with"):
            locate(projection, [(1, 2)], settings=ProjectionSettings(tolerance_um=3.0))
        wrong = ProjectionSettings(occlusion="none")  # type: ignore[arg-type]
        with pytest.raises(PointsError, match="occlusion must be"):
            locate((SLABS, over_slabs()), [(1, 2)], settings=wrong)
        with pytest.raises(PointsError, match="Projection, or"):
            locate(over_slabs(), [(1, 2)])  # type: ignore[arg-type]

    def test_cancelling_is_heard(self) -> None:
        with pytest.raises(Cancelled):
            locate((SLABS, over_slabs()), [(1, 2)], progress=lambda *_: False)


def test_an_atlas_without_brain_surface_will_do() -> None:
    bare = slab_scene(brain_top_um=None)
    table = locate((bare, over_slabs()), [(10.0, 10.0), (12.0, 25.5)])
    assert table["region"].tolist() == ["slab3", "slab1"]  # nothing lies over the deep one
    assert_allclose(table["depth_um"], (900.0, 400.0))
    with pytest.raises(AtlasError, match="no annotation or no brain surface"):
        locate((bare, over_slabs()), [(1, 2)], settings=ProjectionSettings(sample_depth_um=9.0))
    back = to_pixels((bare, over_slabs()), atlas_um=table[PLACES])
    assert back["visible"].all()
    assert_allclose(back["col"], (10.0, 25.5))


def test_the_table_names_its_conventions() -> None:
    about = locate((SLABS, over_slabs()), [(1, 2)]).attrs
    assert about["bregma"] == "ibl: AP 5400 DV 332 ML 5739 um"
    assert "small = right hemisphere" in about["conventions"]
    assert "AP anterior +, ML right +, DV dorsal +" in about["conventions"]
    assert (about["occlusion"], about["tolerance_um"]) == ("brain", 150.0)
    assert isinstance(locate((SLABS, over_slabs()), [(1, 2)]), pd.DataFrame)
