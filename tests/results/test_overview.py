"""The overview picture: it may be beautiful, but here it only has to be right."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import NothingSeenWarning, Projection, project
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results import oblique_panel, overview
from napari_brainreg3d.results.colours import (
    BACKGROUND,
    depth_limits,
    depth_rgb,
    picture_rgb,
    round_number,
    round_steps,
)
from napari_brainreg3d.results.depth_panel import depth_panel
from napari_brainreg3d.results.image_panels import ImageRaster, image_panel, label_panel
from napari_brainreg3d.results.lettering import drawable, measure
from napari_brainreg3d.results.naming import NamePlace, place_names
from napari_brainreg3d.results.oblique import render_oblique
from napari_brainreg3d.results.orientation import direction_marks
from napari_brainreg3d.results.overview import SIZE_PX, overview_picture
from napari_brainreg3d.results.viewpoint import oblique_view
from tests.fixtures.scenes import letter_scene, nested_shells_scene, sphere_scene

DORSAL = Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0))
PANEL = (300, 400)


@pytest.fixture(scope="module")
def letter() -> Scene:
    return letter_scene()


def projected(scene: Scene, pose: Pose = DORSAL, **changes: Any) -> Projection:
    """60 x 80 pixels of 100 um: the whole letter from above, and some empty space around it."""
    values = {"image_shape": (60, 80), "pixel_size_um": 100.0, "image_name": "mouse.tif"} | changes
    return project(scene, Registration(atlas=scene.atlas.name, pose=pose, **values))


# --------------------------------------------------------------------------------- the whole


@pytest.fixture
def coarse(monkeypatch) -> None:
    """Cast the rays of the fourth panel only for every fourth pixel, to save time."""
    monkeypatch.setattr(oblique_panel, "_FINER", 0.25)


@pytest.mark.usefixtures("coarse")
class TestPicture:
    @pytest.mark.parametrize(
        ("shape", "image"),
        [
            pytest.param((16, 16), np.arange(256, dtype=np.uint8).reshape(16, 16), id="tiny"),
            pytest.param((60, 80), np.ones((60, 80, 3), np.uint8), id="RGB"),
            pytest.param((60, 80), np.ones((60, 80, 4), np.uint16), id="RGBA of 16 bits"),
            pytest.param((60, 80), np.full((60, 80), np.nan), id="nothing but NaN"),
            pytest.param((60, 80), np.full((60, 80), 7, np.int32), id="constant"),
            pytest.param((60, 80), np.eye(60, 80, dtype=bool), id="black and white"),
            pytest.param((60, 80), np.eye(60, 80) * 1e300, id="huge numbers"),
            pytest.param((60, 80), None, id="no image"),
            pytest.param((3, 900), np.eye(3, 900, dtype=np.float32), id="a strip"),
            pytest.param((900, 3), np.eye(900, 3, dtype=np.float16), id="an upright strip"),
            pytest.param((1, 1), np.ones((1, 1)), id="one pixel"),
        ],
    )
    def test_any_image_makes_one(self, letter, shape, image):
        projection = projected(letter, image_shape=shape, pixel_size_um=6000.0 / max(shape))
        picture = overview_picture(projection, image)
        assert picture.shape == (SIZE_PX[1], SIZE_PX[0], 3)
        assert picture.dtype == np.uint8

    def test_a_large_image_makes_one(self, letter):
        small = projected(letter, image_shape=(40, 40), pixel_size_um=150.0)
        whole = np.ones((100, 100), np.uint16)
        projection = dataclasses.replace(
            small,
            registration=small.registration.replaced(image_shape=(4000, 4000), pixel_size_um=1.5),
            **{
                name: np.kron(getattr(small, name), whole.astype(getattr(small, name).dtype))
                for name in ("finest", "depth_um", "surface_depth_um", "incidence_deg")
            },
        )
        image = np.zeros((4000, 4000), np.uint16)
        assert overview_picture(projection, image).shape == (SIZE_PX[1], SIZE_PX[0], 3)

    def test_neither_image_nor_projection_change(self, letter):
        image = np.random.default_rng(0).integers(0, 4000, (60, 80)).astype(np.uint16)
        projection = projected(letter)
        before = image.copy(), projection.labels.copy(), projection.depth_um.copy()
        overview_picture(projection, image)
        assert_array_equal(image, before[0])
        assert_array_equal(projection.labels, before[1])
        assert_array_equal(projection.depth_um, before[2])

    def test_the_same_question_has_the_same_answer(self, letter):
        projection = projected(letter)
        assert_array_equal(overview_picture(projection), overview_picture(projection))

    @pytest.mark.parametrize("shape", [(80, 60), (60, 80, 2, 2), (60,), (61, 80, 3)])
    def test_an_image_of_another_size_is_refused(self, letter, shape):
        with pytest.raises(
            ValueError, match=r"the image has the shape .* the projection \(60, 80\)"
        ):
            overview_picture(projected(letter), np.zeros(shape))

    def test_an_image_that_sees_nothing_makes_one(self, letter):
        with pytest.warns(NothingSeenWarning):
            projection = projected(letter, Pose.dorsal(centre_um=(4000.0, 500.0, 90_000.0)))
        assert overview_picture(projection, np.zeros((60, 80))).std() > 0

    def test_an_atlas_without_a_brain_surface_makes_one(self, letter):
        bare = dataclasses.replace(letter, brain=Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)))
        projection = projected(bare)
        assert overview_picture(projection, np.zeros((60, 80))).std() > 0

    @pytest.mark.parametrize(
        ("pose", "camera"),
        [
            (Pose.lateral(side="left", centre_um=(4000, 2000, 9000)), OrthographicCamera()),
            (
                Pose.lateral(side="right", centre_um=(4000, 2000, 4000), roll_deg=30),
                OrthographicCamera(mirrored=True),
            ),
            (
                Pose.frontal(centre_um=(1500, 2000, 6800), pitch_deg=-20),
                PinholeCamera(working_distance_mm=20.0, k1=-0.1, principal_point_um=(500.0, 0.0)),
            ),
            (
                Pose.from_view("ventral", centre_um=(4000, 3500, 6800), yaw_deg=45),
                PinholeCamera(working_distance_mm=5.0),
            ),
            (
                Pose.from_view("caudal", centre_um=(6500, 2000, 6800), yaw_deg=180),
                PinholeCamera(working_distance_mm=2000.0),
            ),
            # In the middle of the tissue, and looking along the line of sight of the fourth panel.
            (
                Pose.dorsal(centre_um=(2500, 1500, 8000), pitch_deg=55, roll_deg=-30),
                PinholeCamera(working_distance_mm=1.0),
            ),
        ],
        ids=["left", "right", "frontal", "ventral", "caudal", "inside"],
    )
    def test_any_pose_and_camera_make_one(self, letter, pose, camera):
        projection = projected(letter, pose, camera=camera)
        assert overview_picture(projection, np.zeros((60, 80))).std() > 0


@pytest.mark.usefixtures("coarse")
class TestWords:
    """What is written; by listening to the pen."""

    @pytest.fixture
    def words(self, monkeypatch) -> list[str]:
        heard: list[str] = []

        def listen(
            picture: Any, column: float, row: float, text: str, *args: Any, **kw: Any
        ) -> None:
            heard.append(text)

        monkeypatch.setattr(overview, "write", listen)
        return heard

    def test_title_atlas_pose_and_camera(self, letter, words):
        pose = Pose.dorsal(
            centre_um=(4100.0, 500.0, 6800.0), yaw_deg=-7.25, pitch_deg=4.04, roll_deg=-0.01
        )
        camera = PinholeCamera(working_distance_mm=230.0)
        overview_picture(projected(letter, pose, camera=camera))
        text = "\n".join(words)
        assert words[1] == "mouse.tif"
        assert "test_letter 1.0" in text
        assert "yaw -7.2°" in text or "yaw -7.3°" in text
        assert "pitch +4.0°" in text
        assert "roll +0.0°" in text  # not minus nothing
        assert "4.10 mm from the front, 0.50 from the top, 6.80 from the right" in text
        assert "pinhole camera at 230 mm" in text
        assert "60 x 80 pixels of 100 x 100 um" in text
        assert "3 of 3 regions in view" in text
        assert "not confirmed" in text
        assert "schematic" not in text

    def test_a_title_of_ones_own_and_a_confirmed_side(self, letter, words):
        overview_picture(projected(letter, side_confirmed=True), title="Tuesday")
        assert "Tuesday" in words
        assert "mouse.tif" not in words
        assert not any("not confirmed" in word for word in words)

    def test_a_schematic_atlas_is_called_one(self, letter, words):
        drawing = dataclasses.replace(
            letter, atlas=dataclasses.replace(letter.atlas, is_schematic=True)
        )
        overview_picture(projected(drawing))
        assert "schematic, not for science" in words

    def test_stereotaxic_coordinates_of_the_image_centre_by_hand(self, letter, words):
        scene = dataclasses.replace(
            letter, atlas=dataclasses.replace(letter.atlas, name="allen_mouse_50um")
        )
        overview_picture(projected(scene, Pose.dorsal(centre_um=(4900.0, 532.0, 3739.0))))
        # From bregma at 5400, 332, 5739: 0.5 mm in front, 2 mm to the right, 0.2 mm deeper.
        assert any("from bregma (ibl) AP +0.50  ML +2.00  DV -0.20" in word for word in words)

    def test_a_long_title_is_shortened_to_one_line(self, letter, words):
        overview_picture(projected(letter), title="a long\nstory " * 50)
        title = next(word for word in words if word.startswith("a long story"))
        assert "..." in title
        assert "\n" not in title
        assert title.endswith("long story")
        assert measure(title, 28)[1] < SIZE_PX[0]

    def test_letters_that_the_font_lacks_are_spelled_otherwise(self):
        assert drawable("Mäuse 5 µm 小鼠 ±") == "Mause 5 um ?? ?"
        assert drawable("MOp, 90° ~") == "MOp, 90° ~"


# --------------------------------------------------------------------------- which way is up


class TestDirections:
    """Letters of the animal's directions: where a person would put them."""

    @pytest.mark.parametrize(
        ("pose", "camera", "expected"),
        [
            pytest.param(
                Pose.dorsal(centre_um=(0, 0, 0)),
                OrthographicCamera(),
                {"A": "up", "P": "down", "L": "left", "R": "right"},
                id="from above, nose up",
            ),
            pytest.param(
                Pose.dorsal(centre_um=(0, 0, 0), yaw_deg=90),
                OrthographicCamera(),
                {"A": "right", "P": "left", "L": "up", "R": "down"},
                id="from above, nose to the right",
            ),
            pytest.param(
                Pose.dorsal(centre_um=(0, 0, 0)),
                PinholeCamera(working_distance_mm=50.0, mirrored=True),
                {"A": "up", "P": "down", "L": "right", "R": "left"},
                id="from above, mirrored",
            ),
            pytest.param(
                Pose.from_view("ventral", centre_um=(0, 0, 0)),
                OrthographicCamera(),
                {"A": "up", "P": "down", "L": "right", "R": "left"},
                id="from below",
            ),
            pytest.param(
                Pose.lateral(side="left", centre_um=(0, 0, 0)),
                OrthographicCamera(),
                {"A": "left", "P": "right", "D": "up", "V": "down"},
                id="from the left",
            ),
            pytest.param(
                Pose.lateral(side="right", centre_um=(0, 0, 0)),
                OrthographicCamera(),
                {"A": "right", "P": "left", "D": "up", "V": "down"},
                id="from the right",
            ),
            pytest.param(
                Pose.frontal(centre_um=(0, 0, 0)),
                OrthographicCamera(),
                {"R": "left", "L": "right", "D": "up", "V": "down"},
                id="face to face",
            ),
            pytest.param(
                Pose.dorsal(centre_um=(0, 0, 0), pitch_deg=30, roll_deg=10),
                OrthographicCamera(),
                {"A": "up", "P": "down", "L": "left", "R": "right"},
                id="from above, tilted",
            ),
        ],
    )
    def test_letters_are_at_the_right_edges(self, pose: Pose, camera: Camera, expected):
        ways = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
        marks = {mark.letter: mark for mark in direction_marks(pose, camera)}
        assert set(marks) == set(expected)
        for letter, way in expected.items():
            down, right = ways[way]
            mark = marks[letter]
            assert np.hypot(mark.down, mark.right) == pytest.approx(1.0)
            assert mark.down * down + mark.right * right > 0.98

    def test_a_turned_image_has_turned_letters(self):
        pose = Pose.dorsal(centre_um=(0, 0, 0), yaw_deg=30)
        nose = next(m for m in direction_marks(pose, OrthographicCamera()) if m.letter == "A")
        # 30 degrees clockwise from straight up.
        assert_allclose((nose.down, nose.right), (-np.sqrt(3) / 2, 0.5), atol=1e-12)


# ------------------------------------------------------------------------- the flat panels


class TestFlatPanels:
    def test_the_image_is_upright_and_in_proportion(self, letter):
        image = np.zeros((60, 80), np.uint16)
        image[:20, :20] = 1000  # upper left
        raster = ImageRaster(projected(letter), picture_rgb(image), PANEL)
        # 6 x 8 mm in 300 x 400 with 28 px around: 244 px for 6 mm.
        assert raster.shape == (244, 325)
        row, column = raster.corner
        panel = np.asarray(image_panel(raster))[row:, column:]
        assert panel.shape[2] == 3
        assert panel[10:60, 10:60].mean() > 200
        assert panel[100:230, 10:60].mean() < 60
        assert panel[10:60, 120:300].mean() < 110  # the outlines of the letter are there

    def test_pixels_need_not_be_square(self, letter):
        projection = projected(letter, image_shape=(60, 80), pixel_size_um=(100.0, 50.0))
        raster = ImageRaster(projection, picture_rgb(np.zeros((60, 80))), PANEL)
        # 6 mm high, 4 mm wide.
        assert raster.shape[0] / raster.shape[1] == pytest.approx(1.5, abs=0.01)

    def test_regions_have_the_colours_of_the_atlas_at_their_places(self, letter):
        projection = projected(letter)
        raster = ImageRaster(projection, picture_rgb(np.zeros((60, 80))), PANEL)
        row, column = raster.corner
        panel = np.asarray(label_panel(raster))
        scale = raster.scale
        rgb = {region.acronym: region.rgb for region in letter.regions}
        # (AP, ML) of points in the letter; up is anterior, right is the animal's right.
        for acronym, ap, ml in (("stem", 5800, 8450), ("arm", 2200, 7600), ("bar", 3750, 7600)):
            place = (
                row + round(raster.shape[0] / 2 + (ap - 4000) * scale),
                column + round(raster.shape[1] / 2 - (ml - 6800) * scale),
            )
            assert tuple(panel[place]) == rgb[acronym], acronym
        # Between arm and bar there is nothing.
        gap = (
            row + round(raster.shape[0] / 2 + (3200 - 4000) * scale),
            column + round(raster.shape[1] / 2 - (7000 - 6800) * scale),
        )
        assert tuple(panel[gap]) == BACKGROUND

    def test_depth_is_bright_above_and_dark_below(self):
        # A ball seen from above: shallow in the middle, deep at the edge, nothing beyond.
        projection = projected(sphere_scene(), Pose.dorsal(centre_um=(5000.0, 500.0, 4500.0)))
        raster = ImageRaster(projection, picture_rgb(np.zeros((60, 80))), PANEL)
        panel = np.asarray(depth_panel(raster)).astype(int)
        middle_row, middle_column = (n // 2 for n in PANEL)
        radius_px = 2000.0 * raster.scale
        in_the_middle = panel[middle_row + 3, middle_column + 3].sum()
        at_the_edge = panel[middle_row + 3, middle_column + round(0.93 * radius_px)].sum()
        assert in_the_middle > at_the_edge + 150
        assert tuple(panel[middle_row + 3, middle_column + round(1.2 * radius_px)]) == BACKGROUND


class TestColours:
    def test_depth_colours_grow_darker_evenly(self):
        colours = depth_rgb(np.linspace(0.0, 100.0, 50), 0.0, 100.0).astype(float)
        brightness = colours @ (0.2126, 0.7152, 0.0722)
        assert (np.diff(brightness) < 0.5).all()
        assert brightness[0] > 180
        assert brightness[-1] < 40

    def test_depths_past_the_limits_have_the_colours_at_the_limits(self):
        colours = depth_rgb(np.array([-5.0, 0.0, 10.0, 99.0]), 0.0, 10.0)
        assert_array_equal(colours[0], colours[1])
        assert_array_equal(colours[2], colours[3])
        assert tuple(depth_rgb(np.array([np.nan]), 0.0, 10.0)[0]) == BACKGROUND

    def test_depth_limits(self):
        assert depth_limits(np.full((3, 3), np.nan)) is None
        assert depth_limits(np.array([np.nan, 700.0])) == (695.0, 705.0)
        low, high = depth_limits(np.linspace(-100.0, 900.0, 10_001))
        assert_allclose((low, high), (-95.0, 895.0), atol=0.2)

    @pytest.mark.parametrize(
        ("most", "expected"),
        [(1.0, 1.0), (1.99, 1.0), (2.0, 2.0), (4.9, 2.0), (0.07, 0.05), (730, 500)],
    )
    def test_round_numbers(self, most, expected):
        assert round_number(most) == pytest.approx(expected)

    def test_round_steps(self):
        assert_allclose(
            round_steps(-130.0, 410.0, 6), [-100, -50, 0, 50, 100, 150, 200, 250, 300, 350, 400]
        )
        assert_allclose(round_steps(0.0, 1000.0, 5), [0, 200, 400, 600, 800, 1000])

    def test_colour_images_of_eight_bits_stay_as_they_are(self):
        image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
        assert_array_equal(picture_rgb(image), image)
        with_alpha = np.dstack([image, np.full((20, 30), 9, np.uint8)])
        assert_array_equal(picture_rgb(with_alpha), image)

    @pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
    def test_grey_images_are_stretched_and_keep_their_order(self, dtype):
        image = np.linspace(20, 120, 1000).astype(dtype).reshape(20, 50)
        shown = picture_rgb(image)
        assert (np.diff(shown[..., 0].ravel().astype(int)) >= 0).all()
        assert shown.min() <= 3
        assert shown.max() >= 252
        assert_array_equal(shown[..., 0], shown[..., 2])

    def test_what_is_no_number_is_black_and_a_constant_image_is_grey(self):
        image = np.array([[np.nan, np.inf, -np.inf, 0.0, 1.0, 2.0]])
        assert_array_equal(picture_rgb(image)[0, :3], np.zeros((3, 3)))
        assert set(picture_rgb(np.full((4, 4), 7.0)).ravel()) <= {127, 128}

    def test_large_images_are_averaged(self):
        image = np.zeros((3002, 10), np.float32)
        image[1::2] = 2.0  # rows of 0 and 2: on average 1 everywhere
        image[:, 5:] *= 2.0
        shown = picture_rgb(image)
        assert shown.shape == (1501, 10, 3)
        assert (shown[:, :5] == shown[0, 0]).all()
        assert (shown[:, 5:] == 255).all()


# ----------------------------------------------------------------------------------- names


def size_of(text: str, size_px: int) -> tuple[float, float]:
    """A simple font: letters 0.7 high and 0.6 wide."""
    return 0.7 * size_px, 0.6 * size_px * len(text)


def box_of(place: NamePlace) -> tuple[float, float, float, float]:
    height, width = size_of(place.text, place.size_px)
    return (
        place.row - height / 2,
        place.column - width / 2,
        place.row + height / 2,
        place.column + width / 2,
    )


class TestNames:
    def test_a_name_is_in_the_middle_of_a_simple_region(self):
        labels = np.zeros((100, 200), np.uint16)
        labels[20:61, 50:151] = 1
        (place,) = place_names(labels, ["VISp"], size_of)
        assert place.text == "VISp"
        assert (place.row, place.column) == pytest.approx((40, 100), abs=2)

    def test_a_name_is_inside_a_region_that_does_not_hold_its_own_centroid(self):
        rows, columns = np.mgrid[:200, :200]
        distance = np.hypot(rows - 100, columns - 100)
        labels = ((distance > 50) & (distance < 95) & (columns < 120)).astype(np.uint16)
        (place,) = place_names(labels, ["C"], size_of)
        assert labels[round(place.row), round(place.column)] == 1

    def test_each_hemisphere_gets_the_name(self):
        labels = np.zeros((100, 300), np.uint16)
        labels[20:80, 10:110] = labels[20:80, 190:290] = 2
        places = place_names(labels, ["unused", "MOs"], size_of)
        assert [place.text for place in places] == ["MOs", "MOs"]
        assert sorted(round(place.column) for place in places) == pytest.approx([60, 240], abs=3)

    def test_crumbs_of_a_region_get_no_name(self):
        labels = np.zeros((100, 300), np.uint16)
        labels[20:80, 10:110] = labels[40:60, 200:240] = 1
        assert len(place_names(labels, ["MOs"], size_of)) == 1

    def test_a_region_too_small_for_its_name_gets_none(self):
        labels = np.zeros((100, 100), np.uint16)
        labels[50:54, 50:54] = 1
        assert place_names(labels, ["SSp-bfd"], size_of) == []

    def test_small_regions_have_small_names(self):
        labels = np.zeros((100, 300), np.uint16)
        labels[10:90, 5:145] = 1
        labels[40:58, 200:226] = 2
        sizes = {p.text: p.size_px for p in place_names(labels, ["big", "few"], size_of)}
        assert sizes["big"] > sizes["few"]

    def test_nothing_is_written_where_it_is_forbidden(self):
        labels = np.ones((60, 200), np.uint16)
        (place,) = place_names(labels, ["MOs"], size_of, taken=[(0.0, 60.0, 60.0, 140.0)])
        _, left, _, right = box_of(place)
        assert right <= 60 or left >= 140
        assert place_names(labels, ["MOs"], size_of, taken=[(0.0, 0.0, 60.0, 200.0)]) == []

    def test_no_regions_have_no_names(self):
        assert place_names(np.zeros((10, 10), np.uint16), [], size_of) == []

    @given(st.integers(0, 10_000), st.integers(2, 30))
    @settings(max_examples=25)
    def test_names_are_whole_apart_and_in_their_regions(self, seed, count):
        """On a random mosaic."""
        rng = np.random.default_rng(seed)
        seeds = rng.uniform(0, [150, 220], (count, 2))
        rows, columns = np.mgrid[:150, :220]
        away = [np.hypot(rows - r, columns - c) for r, c in seeds]
        labels = (1 + np.argmin(away, axis=0)).astype(np.uint16)
        labels[:20] = 0
        names = [f"R{'x' * (i % 4)}{i}" for i in range(count)]
        places = place_names(labels, names, size_of)
        boxes = [box_of(place) for place in places]
        for place, (top, left, bottom, right) in zip(places, boxes, strict=True):
            assert names[labels[round(place.row), round(place.column)] - 1] == place.text
            assert top >= 0
            assert left >= 0
            assert bottom <= 150
            assert right <= 220
        for i, one in enumerate(boxes):
            for other in boxes[:i]:
                is_apart = (
                    one[2] <= other[0]
                    or other[2] <= one[0]
                    or one[3] <= other[1]
                    or other[3] <= one[1]
                )
                assert is_apart


# -------------------------------------------------------------------------------- aside view

RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)


class TestObliqueView:
    @pytest.mark.parametrize(
        "pose",
        [
            Pose.dorsal(centre_um=(4000, 500, 6800), yaw_deg=120),
            Pose.from_view("ventral", centre_um=(4000, 3500, 6800)),
            Pose.lateral(side="left", centre_um=(4000, 2000, 9000)),
            Pose.lateral(side="right", centre_um=(4000, 2000, 4000), yaw_deg=-50),
            Pose.frontal(centre_um=(1500, 2000, 6800)),
            Pose.from_view("caudal", centre_um=(6500, 2000, 5200), roll_deg=15),
        ],
        ids=lambda pose: pose.view,
    )
    def test_it_shows_the_imaged_side_with_superior_upwards_and_everything_in_it(
        self, letter, pose
    ):
        projection = projected(letter, pose)
        view = oblique_view(projection, (200, 300))
        # The observer is on the camera's side of the image plane, well off its axis.
        facing = view.pose.viewing_direction @ pose.viewing_direction
        assert 0.5 < facing < 0.9
        # Up in the picture is superior: one step up is a step against axis 1.
        centre = view.pose.centre_um
        here, above = view.atlas_to_pixels([centre, centre - (0.0, 1000.0, 0.0)])
        assert above[1] == pytest.approx(here[1])
        assert above[0] < here[0]
        corners = projection.registration.view.pixels_to_atlas(
            [(-0.5, -0.5), (-0.5, 79.5), (59.5, 79.5), (59.5, -0.5)]
        )
        seen = view.atlas_to_pixels(np.concatenate([letter.brain.vertices_um, corners]))
        assert (seen > 0).all()
        assert (seen < (199, 299)).all()

    @pytest.mark.parametrize(("ml", "sign"), [(3000.0, -1.0), (8000.0, 1.0)], ids=["right", "left"])
    def test_an_image_from_above_is_shown_from_its_own_side(self, letter, ml, sign):
        projection = projected(letter, Pose.dorsal(centre_um=(4000.0, 500.0, ml)))
        towards_observer = -oblique_view(projection, (200, 300)).pose.viewing_direction
        assert towards_observer[2] * sign > 0.2

    def test_a_ball_is_a_disk_of_the_right_size(self):
        scene = sphere_scene(subdivisions=5)
        # The plane is small and far inside, so that only the ball counts.
        projection = projected(
            scene, Pose.dorsal(centre_um=(5000.0, 3000.0, 4500.0)), pixel_size_um=1.0
        )
        view = oblique_view(projection, (200, 300))
        backdrop = np.zeros((200, 300, 3), np.uint8)
        picture = render_oblique(projection, np.zeros((60, 80, 3), np.uint8), view, backdrop)
        is_ball = np.isfinite(picture.depth_um)
        pixel_um = view.grid.size_um[0]
        assert is_ball.sum() * pixel_um**2 == pytest.approx(np.pi * 2000.0**2, rel=0.01)
        # Nearest in the middle, by the radius.
        middle = view.atlas_to_pixels((5000.0, 3000.0, 4500.0)).round().astype(int)
        depth = view.pose.to_plane((5000.0, 3000.0, 4500.0))[2]
        assert picture.depth_um[tuple(middle)] == pytest.approx(depth - 2000.0, abs=5.0)

    def test_a_ball_is_lit_from_the_upper_left(self):
        projection = projected(
            sphere_scene(subdivisions=5),
            Pose.dorsal(centre_um=(5000.0, 3000.0, 4500.0)),
            pixel_size_um=1.0,
        )
        view = oblique_view(projection, (200, 300))
        picture = render_oblique(
            projection, np.zeros((60, 80, 3), np.uint8), view, np.zeros((200, 300, 3), np.uint8)
        )
        row, column = view.atlas_to_pixels((5000.0, 3000.0, 4500.0)).round().astype(int)
        reach = round(1300.0 / view.grid.size_um[0])
        grey = picture.rgb.astype(int).sum(axis=2)
        assert grey[row - reach, column - reach] > 1.4 * grey[row + reach, column + reach]

    @pytest.mark.parametrize("mirrored", [False, True])
    def test_the_image_lies_in_its_place_and_the_right_way_round(self, letter, mirrored):
        """Four colours in four corners; each must be seen where its corner is in the atlas."""
        camera = PinholeCamera(working_distance_mm=40.0, mirrored=mirrored)
        # 1 mm above the letter, so that nothing hides the plane.
        pose = Pose.dorsal(centre_um=(4000.0, 0.0, 6800.0), yaw_deg=20.0, roll_deg=4.0)
        projection = projected(letter, pose, camera=camera)
        image = np.zeros((60, 80, 3), np.uint8)
        image[:30, :40], image[:30, 40:] = RED, GREEN
        image[30:, :40], image[30:, 40:] = BLUE, GREY
        view = oblique_view(projection, (400, 600))
        picture = render_oblique(projection, image, view, np.zeros((400, 600, 3), np.uint8))
        for pixel, channel in (((8, 8), 0), ((8, 71), 1), ((51, 8), 2)):
            place = projection.registration.view.pixels_to_atlas([pixel])[0]
            row, column = view.atlas_to_pixels(place).round().astype(int)
            around = picture.rgb[row - 3 : row + 4, column - 3 : column + 4].astype(int)
            colour = around.mean(axis=(0, 1))
            assert colour.argmax() == channel
            assert colour.max() > colour.sum() - colour.max()

    def test_an_image_in_the_tissue_only_shines_through(self):
        """The same plane over the ball and in its middle."""
        white = np.full((60, 80, 3), 255, np.uint8)
        black = np.zeros((60, 80, 3), np.uint8)
        seen = []
        for dv in (900.0, 3000.0):  # the ball spans 1000 .. 5000
            projection = projected(
                sphere_scene(), Pose.dorsal(centre_um=(5000.0, dv, 4500.0)), pixel_size_um=25.0
            )
            view = oblique_view(projection, (200, 300))
            row, column = view.atlas_to_pixels((5000.0, dv, 4500.0)).round().astype(int)
            pictures = [
                render_oblique(projection, p, view, np.zeros((200, 300, 3), np.uint8)).rgb
                for p in (white, black)
            ]
            bright, dark = (int(picture[row, column].sum()) for picture in pictures)
            seen.append(bright - dark)
        assert seen[0] > 2 * seen[1] > 0

    def test_a_covered_region_shines_through_faintly(self):
        """Seen from aside, a region deep in the brain changes its colour only a little."""
        pose = Pose.dorsal(centre_um=(6000.0, 400.0, 6100.0))
        shades = []
        for selected in ([0], [3]):
            scene = nested_shells_scene(selected=selected)
            with pytest.warns(NothingSeenWarning) if selected == [3] else nullcontext():
                projection = projected(scene, pose, image_shape=(6, 8))
            view = oblique_view(projection, (100, 150))
            black = np.zeros((6, 8, 3), np.uint8)
            picture = render_oblique(projection, black, view, np.zeros((100, 150, 3), np.uint8))
            place = view.atlas_to_pixels((6000.0, 3500.0, 6100.0)).round().astype(int)
            shades.append(picture.rgb[tuple(place)].astype(int))
        outermost, innermost = shades
        # The colour of region shell0 is a strong red, that of shell3 a purple.
        assert outermost[0] > 2 * outermost[1]
        assert innermost[0] < 2 * innermost[1]
        assert np.ptp(innermost) > 10
