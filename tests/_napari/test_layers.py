"""Our values as layers and back: no viewer, no window."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d import OrthographicCamera, PinholeCamera, Pose, Registration, project
from napari_brainreg3d._napari.flat_view import scaled_pixels
from napari_brainreg3d._napari.layers.frame_lines import (
    bounds_layer,
    frustum_layer,
    frustum_lines,
)
from napari_brainreg3d._napari.layers.marks import brain_marks, image_marks, letter_for, marks_layer
from napari_brainreg3d._napari.layers.outlines import (
    borders,
    outline_picture,
    outlines_layer,
    rims,
)
from napari_brainreg3d._napari.layers.ownership import KEY, details_of, owned, role_of
from napari_brainreg3d._napari.layers.plane import (
    Reduction,
    plane_affine,
    plane_layer,
    plane_pixels,
    reduced_affine,
    reduction_for,
    with_time_axis,
)
from napari_brainreg3d._napari.layers.results import (
    MaskStack,
    label_features,
    labels_layer,
    map_layers,
    masks_layer,
    projection_of,
    unresolved_layer,
)
from napari_brainreg3d._napari.layers.surfaces import (
    ShadedRegions,
    brain_layer,
    brightness,
    core_layer,
    regions_layer,
    vertex_normals,
    volumes_layer,
)
from napari_brainreg3d._napari.preview import reduced, seen_regions
from napari_brainreg3d._napari.units import matching_units
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.geometry import PixelGrid, View
from napari_brainreg3d.projection.projection import ProjectionSettings
from tests.fixtures.scenes import letter_scene, sphere_mesh

POSE = Pose.dorsal(centre_um=(4000.0, 900.0, 6500.0), yaw_deg=20.0, pitch_deg=10.0, roll_deg=-15.0)
GRID = PixelGrid((11, 17), (300.0, 250.0))
LETTER = letter_scene()
REGISTRATION = Registration(
    atlas="test_letter",
    image_shape=GRID.shape,
    pixel_size_um=GRID.size_um,
    pose=POSE,
    image_name="brain.tif",
)


def applied(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ affine[:-1, :-1].T + affine[:-1, -1]


class TestOwnership:
    def test_a_layer_is_ours_by_its_metadata_not_by_its_name(self) -> None:
        ours = Image(np.zeros((3, 3)), name="anything", metadata=owned("plane", of="x"))
        theirs = Image(np.zeros((3, 3)), name="plane", metadata={"role": "plane"})
        assert (role_of(ours), role_of(theirs)) == ("plane", None)
        assert details_of(ours)["of"] == "x"
        assert details_of(theirs) == {}

    def test_metadata_of_others_under_our_key_do_no_harm(self) -> None:
        assert role_of(Image(np.zeros((3, 3)), metadata={KEY: "something else"})) is None
        assert role_of(object()) is None


class TestPlane:
    @pytest.mark.parametrize("mirrored", [False, True])
    def test_pixel_centres_lie_where_their_rays_cross_the_plane_of_focus(
        self, mirrored: bool
    ) -> None:
        affine = plane_affine(POSE, GRID, mirrored=mirrored)
        pixels = np.array([(0, 0), (10, 16), (3.25, 8.5)])
        view = View(GRID, OrthographicCamera(mirrored=mirrored), POSE)
        found = applied(affine, np.column_stack([np.zeros(3), pixels]))
        assert_allclose(found, view.pixels_to_atlas(pixels), atol=1e-9)
        assert np.linalg.det(affine[:3, :3]) > 0

    def test_it_can_be_lifted_towards_the_camera(self) -> None:
        shift = plane_affine(POSE, GRID, lift_um=5.0)[:3, 3] - plane_affine(POSE, GRID)[:3, 3]
        assert_allclose(shift, -5.0 * POSE.viewing_direction, atol=1e-12)

    @pytest.mark.parametrize(("shape", "step"), [((2048, 2048), 1), ((2049, 5), 2), ((9, 6200), 4)])
    def test_large_images_are_thinned_out(self, shape: tuple[int, int], step: int) -> None:
        assert reduction_for(shape) == Reduction(step)

    def test_a_thinned_image_stays_in_its_place(self) -> None:
        grid, reduction = PixelGrid((40, 50), (10.0, 12.0)), Reduction(4)
        pixels = np.arange(2000.0).reshape(40, 50)
        shown = plane_pixels(pixels, is_rgb=False, reduction=reduction)
        affine = reduced_affine(plane_affine(POSE, grid), reduction)
        view = View(grid, OrthographicCamera(), POSE)
        for row, column in ((0, 0), (9, 11), (5, 3)):
            original = np.argwhere(pixels == shown[0, row, column])
            place = applied(affine, np.array([[0.0, row, column]]))
            assert_allclose(place, view.pixels_to_atlas(original), atol=1e-9)

    @pytest.mark.parametrize(
        ("shape", "is_rgb", "expected"),
        [
            ((4, 6), False, (1, 4, 6)),
            ((1, 4, 6), False, (1, 4, 6)),
            ((5, 4, 6), False, (5, 1, 4, 6)),
            ((4, 6, 3), True, (1, 4, 6, 3)),
            ((1, 4, 6, 3), True, (1, 4, 6, 3)),
            ((5, 4, 6, 3), True, (5, 1, 4, 6, 3)),
        ],
    )
    def test_every_kind_of_image_gets_a_thickness(
        self, shape: tuple[int, ...], is_rgb: bool, expected: tuple[int, ...]
    ) -> None:
        data = np.arange(np.prod(shape)).reshape(shape)
        shown = plane_pixels(data, is_rgb=is_rgb, reduction=Reduction(1))
        assert shown.shape == expected
        assert_array_equal(np.ravel(shown), np.ravel(data))

    def test_frames_do_not_move_the_plane(self) -> None:
        affine = plane_affine(POSE, GRID)
        full = with_time_axis(affine, 4)
        points = np.array([[7.0, 0.0, 2.0, 3.0]])
        assert_allclose(applied(full, points)[0, 0], 7.0)
        assert_allclose(applied(full, points)[:, 1:], applied(affine, points[:, 1:]))

    def test_it_makes_a_layer_that_keeps_black_pixels(self) -> None:
        data, options, kind = plane_layer(
            np.zeros((1, 4, 6)), name="brain", is_rgb=False, contrast_limits=(0.0, 1.0)
        )
        layer = Layer.create(data, options, kind)
        assert role_of(layer) == "plane"
        assert layer.rendering == "translucent"
        assert tuple(layer.contrast_limits) == (0.0, 1.0)


class TestSurfaces:
    def test_normals_of_a_ball_point_outwards(self) -> None:
        centre = np.array([5000.0, 3000.0, 4500.0])
        ball = sphere_mesh(1000.0, centre, 4)
        outwards = (ball.vertices_um - centre) / 1000.0
        cosines = (vertex_normals(ball) * outwards).sum(axis=1)
        assert cosines.min() > np.cos(np.radians(2.0))

    def test_the_top_is_lit_and_nothing_is_black(self) -> None:
        centre = np.array([5000.0, 3000.0, 4500.0])
        ball = sphere_mesh(1000.0, centre, 3)
        light = brightness(ball)
        top, bottom = ball.vertices_um[:, 1].argmin(), ball.vertices_um[:, 1].argmax()
        assert light[top] > 1.5 * light[bottom]
        assert light.min() > 0.3

    def test_each_region_has_its_colour(self) -> None:
        shaded = ShadedRegions.of(LETTER)
        flat = shaded.colours(is_lit=False)
        for index, region in enumerate(LETTER.regions):
            vertices = np.unique(LETTER.mesh.faces[LETTER.face_region == index])
            expected = [*(value / 255 for value in region.rgb), 1.0]
            assert_allclose(flat[vertices], [expected] * len(vertices), atol=1e-6)

    def test_a_highlighted_region_stands_out(self) -> None:
        shaded = ShadedRegions.of(LETTER)
        plain, picked = shaded.colours(), shaded.colours(highlighted=[1])
        is_arm = shaded.region == 1
        assert_array_equal(picked[is_arm], plain[is_arm])
        assert (picked[~is_arm, :3].max(axis=1) < 0.6 * plain[~is_arm, :3].max(axis=1)).all()

    def test_all_regions_are_one_layer_and_the_brain_another(self) -> None:
        regions = Layer.create(*regions_layer(LETTER, ShadedRegions.of(LETTER).colours()))
        brain = Layer.create(*brain_layer(LETTER))
        assert (role_of(regions), role_of(brain)) == ("regions", "brain")
        assert len(regions.faces) == len(LETTER.mesh.faces)
        assert (regions.shading, brain.shading) == ("none", "none")
        assert 0 < brain.opacity < 0.3

    def test_the_inside_of_the_brain_lies_under_its_surface(self) -> None:
        centre = np.array([5000.0, 3000.0, 4500.0])
        ball = dataclasses.replace(LETTER, brain=sphere_mesh(1000.0, centre, 4))
        (vertices, _), _, _ = core_layer(ball, 150.0)
        assert_allclose(np.linalg.norm(vertices - centre, axis=1), 850.0, atol=0.5)

    def test_volumes_are_one_surface_of_what_there_is(self) -> None:
        empty = LETTER.region_mesh(0)
        empty = dataclasses.replace(empty, faces=np.empty((0, 3), np.int32))
        made = volumes_layer(LETTER, [LETTER.region_mesh(0), empty, LETTER.region_mesh(2)])
        assert made is not None
        (vertices, faces), options, _ = made
        assert faces.max() == len(vertices) - 1
        assert len(faces) == 24  # two boxes
        assert options["metadata"][KEY]["acronyms"] == ["stem", "bar"]
        assert volumes_layer(LETTER, [empty] * 3) is None


class TestOutlines:
    LABELS = np.array([[0, 0, 0, 0], [0, 1, 1, 2], [0, 1, 1, 2], [0, 0, 0, 0]])

    def test_borders_are_between_labels(self) -> None:
        expected = np.array([[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
        assert_array_equal(borders(self.LABELS), expected)

    def test_an_image_of_one_label_has_none(self) -> None:
        assert not borders(np.ones((5, 5), int)).any()

    def test_rims_are_the_outermost_pixels_of_a_mask(self) -> None:
        mask = np.zeros((6, 6), bool)
        mask[1:5, 1:5] = True
        expected = mask.copy()
        expected[2:4, 2:4] = False
        assert_array_equal(rims(mask), expected)

    def test_the_picture_is_see_through_but_for_the_lines(self) -> None:
        picture = outline_picture(self.LABELS)
        assert_array_equal(picture[..., 3] > 0, borders(self.LABELS))
        marked = outline_picture(self.LABELS, self.LABELS == 1)
        assert (marked[1, 1] != picture[1, 1]).any()
        layer = Layer.create(*outlines_layer(picture[None], space="atlas"))
        assert layer.rgb
        assert details_of(layer)["space"] == "atlas"


class TestMarks:
    def test_letters_name_the_sides_of_the_animal(self) -> None:
        named = {letter: letter_for(way) for letter, way in {
            "A": (-1, 0, 0), "P": (1, 0, 0), "D": (0, -1, 0),
            "V": (0, 1, 0), "L": (0, 0, 1), "R": (0, 0, -1),
        }.items()}  # fmt: skip
        assert all(letter == found for letter, found in named.items())

    def test_marks_stand_around_the_brain_and_1_mm_from_bregma(self) -> None:
        low, high = np.array([1000.0, 500.0, 2000.0]), np.array([9000.0, 6500.0, 9400.0])
        points, words = brain_marks(low, high, BREGMA_PRESETS["ibl"])
        place = dict(zip(words, points, strict=False))
        assert place["A"][0] < low[0]
        assert place["P"][0] > high[0]
        assert place["R"][2] < low[2]  # small coordinates are right
        assert place["L"][2] > high[2]
        crosses = points[[word == "" for word in words]]
        assert_allclose(crosses - (5400, 332, 5739), [(0, 0, 0), (-1000, 0, 0), (0, 0, -1000)])
        assert "bregma" not in brain_marks(low, high, None)[1]

    def test_edges_of_a_dorsal_image_are_a_r_p_l(self) -> None:
        pixels, letters = image_marks(Pose.dorsal(centre_um=(0, 0, 0)), GRID, mirrored=False)
        assert letters == ["A", "R", "P", "L"]  # top, right, bottom, left
        top, right, bottom, left = pixels
        assert 0 <= top[0] < 2 < 8 < bottom[0] <= 10
        assert 0 <= left[1] < 2 < 14 < right[1] <= 16

    def test_turned_and_mirrored_images_have_other_edges(self) -> None:
        turned = Pose.dorsal(centre_um=(0, 0, 0), yaw_deg=90.0)  # the nose at the right
        assert image_marks(turned, GRID, mirrored=False)[1] == ["L", "A", "R", "P"]
        straight = Pose.dorsal(centre_um=(0, 0, 0))
        assert image_marks(straight, GRID, mirrored=True)[1] == ["A", "L", "P", "R"]

    def test_only_letters_stand_on_a_disc(self) -> None:
        points = np.zeros((3, 3))
        words = ["L", "", "bregma"]
        made = marks_layer(points, words, name="sides", size=100.0, space="atlas")
        layer = Layer.create(*made)
        assert [str(symbol) for symbol in layer.symbol] == ["disc", "cross", "cross"]
        assert_allclose(layer.size, [100.0, 50.0, 0.1])


class TestFrame:
    def test_lines_run_along_the_corner_rays_and_around_the_image(self) -> None:
        camera = PinholeCamera(working_distance_mm=3.0)
        view = View(GRID, camera, POSE)
        lines = frustum_lines(view)
        assert lines.shape == (8, 2, 3)
        eye = POSE.to_atlas([0.0, 0.0, -3000.0])
        assert_allclose(lines[:4, 0], [eye] * 4, atol=1e-6)  # nearer than the lines would reach
        ends = lines[:4].sum(axis=1)
        corners = [(-0.5, -0.5), (-0.5, 16.5), (10.5, 16.5), (10.5, -0.5)]
        assert_allclose(view.atlas_to_pixels(ends), corners, atol=1e-6)
        assert_allclose(view.atlas_to_pixels(lines[4:, 0]), corners, atol=1e-6)
        assert role_of(Layer.create(*frustum_layer(view))) == "frustum"

    def test_the_hidden_box_has_the_extent_it_is_given(self) -> None:
        corners = np.array([(-1000.0, -2000.0, -3000.0), (9000.0, 8000.0, 7000.0)])
        layer = Layer.create(*bounds_layer(corners))
        assert_allclose(layer.extent.world, corners)
        assert not layer.visible


class TestResults:
    PROJECTION = project(LETTER, REGISTRATION, unresolved=True)
    TO_WORLD = np.array([[2.0, 0.0, 5.0], [0.0, 3.0, 7.0], [0.0, 0.0, 1.0]])

    def test_labels_lie_on_the_image_and_carry_the_projection(self) -> None:
        layer = Layer.create(*labels_layer(self.PROJECTION, self.TO_WORLD))
        assert isinstance(layer, Labels)
        assert_array_equal(layer.data, self.PROJECTION.labels)
        assert_allclose(layer.data_to_world((1, 1)), (7.0, 10.0))
        assert projection_of(layer) is self.PROJECTION
        assert projection_of(Labels(np.zeros((2, 2), int))) is None

    def test_labels_have_the_colours_of_the_atlas(self) -> None:
        layer = Layer.create(*labels_layer(self.PROJECTION, self.TO_WORLD))
        for label, region in enumerate(LETTER.regions, start=1):
            assert_allclose(layer.get_color(label)[:3], np.array(region.rgb) / 255, atol=1e-6)
        assert layer.get_color(0) is None  # see-through

    def test_hovering_tells_what_the_table_says(self) -> None:
        features = label_features(self.PROJECTION.table)
        assert features["index"].tolist() == [1, 2, 3]
        assert features["acronym"].tolist() == ["stem", "arm", "bar"]
        layer = Layer.create(*labels_layer(self.PROJECTION, self.TO_WORLD))
        row, column = np.argwhere(self.PROJECTION.labels == 2)[0]
        status = layer.get_status((2.0 * row + 5.0, 3.0 * column + 7.0), world=True)
        assert "acronym: arm" in status["value"]
        assert "hemisphere: both" in status["value"]

    def test_masks_are_the_labels_one_by_one(self) -> None:
        data, options, _ = masks_layer(self.PROJECTION, self.TO_WORLD)
        expected = np.stack([self.PROJECTION.labels == n for n in (1, 2, 3)])
        assert data.shape == expected.shape
        assert_array_equal(np.asarray(data), expected)
        assert_array_equal(data[1], expected[1])
        assert_array_equal(data[1, 2:5, ::2], expected[1, 2:5, ::2])
        assert_array_equal(data[np.array([0, 2])], expected[[0, 2]])
        assert options["axis_labels"][0] == "region"

    def test_masks_over_a_movie_are_the_same_for_every_frame(self) -> None:
        stack = MaskStack(self.PROJECTION.labels, 3, frames=5)
        assert stack.shape == (3, 5, 11, 17)
        assert (stack.ndim, len(stack), stack.size) == (4, 3, 3 * 5 * 11 * 17)
        for frame in (0, 4):
            assert_array_equal(stack[2, frame], self.PROJECTION.labels == 3)
        with pytest.raises(IndexError):
            stack[2, 5]

    def test_the_unresolved_view_is_a_stack_if_it_was_made(self) -> None:
        made = unresolved_layer(self.PROJECTION, self.TO_WORLD, frames=2)
        assert made is not None
        assert self.PROJECTION.unresolved is not None
        assert_array_equal(made[0][:, 1], self.PROJECTION.unresolved)
        without = dataclasses.replace(self.PROJECTION, unresolved=None)
        assert unresolved_layer(without, self.TO_WORLD) is None

    def test_maps_show_their_own_range(self) -> None:
        made = map_layers(self.PROJECTION, ("depth", "incidence", "coordinates"), self.TO_WORLD)
        assert list(made) == [
            "depth",
            "incidence",
            "coordinates 0",
            "coordinates 1",
            "coordinates 2",
        ]
        depth = Layer.create(*made["depth"])
        assert_array_equal(depth.data, self.PROJECTION.depth_um)
        assert depth.contrast_limits[0] == pytest.approx(np.nanmin(self.PROJECTION.depth_um))
        assert_array_equal(made["coordinates 2"][0], self.PROJECTION.atlas_um[..., 2])

    def test_a_map_of_nothing_is_no_error(self) -> None:
        away = REGISTRATION.replaced(pose=POSE.moved(atlas_um=(90_000.0, 0.0, 0.0)))
        with pytest.warns(UserWarning, match="sees none"):
            nothing = project(LETTER, away)
        made = map_layers(nothing, ("depth",), self.TO_WORLD)
        assert tuple(Layer.create(*made["depth"]).contrast_limits) == (0.0, 1.0)


class TestSmaller:
    @pytest.mark.parametrize("rays", [10, 50, 187, 10_000])
    def test_fewer_pixels_cover_the_same_field(self, rays: int) -> None:
        small = reduced(REGISTRATION, rays)
        height, width = small.image_shape
        assert height * width <= 1.3 * rays
        assert small.grid.extent_um == pytest.approx(REGISTRATION.grid.extent_um)
        corners = [(-0.5, -0.5), (height - 0.5, width - 0.5)]
        assert_allclose(
            small.view.pixels_to_atlas(corners),
            REGISTRATION.view.pixels_to_atlas([(-0.5, -0.5), (10.5, 16.5)]),
            atol=1e-6,
        )
        mapped = applied(scaled_pixels(small.image_shape, GRID.shape), np.array(corners))
        assert_allclose(mapped, [(-0.5, -0.5), (10.5, 16.5)], atol=1e-9)

    @pytest.mark.parametrize(
        "settings",
        [
            ProjectionSettings(),
            ProjectionSettings(occlusion="selected"),
            ProjectionSettings(sample_depth_um=400.0),
        ],
        ids=["brain", "selected", "at a depth"],
    )
    def test_the_preview_is_the_projection(self, settings: ProjectionSettings) -> None:
        full = project(LETTER, REGISTRATION, **dataclasses.asdict(settings))
        found = seen_regions(LETTER, REGISTRATION, settings)
        assert found is not None
        assert_array_equal(found + 1, full.labels)

    def test_a_preview_can_be_cancelled(self) -> None:
        assert seen_regions(LETTER, REGISTRATION, ProjectionSettings(), lambda: True) is None


class TestUnits:
    def layer(self, *units: str, **options: Any) -> Image:
        return Image(np.zeros((4,) * len(units)), units=units, **options)

    def test_without_other_layers_they_are_um(self) -> None:
        assert matching_units([]) == ("um", "um", "um")
        ours = self.layer("pixel", "pixel", metadata=owned("labels"))
        assert matching_units([ours]) == ("um", "um", "um")

    @pytest.mark.parametrize(
        ("units", "expected"),
        [
            (("pixel", "pixel"), ("pixel",) * 3),
            (("um", "um"), ("um",) * 3),
            (("mm", "mm"), ("um",) * 3),
            (("nm", "nm"), ("pixel",) * 3),
            (("second", "um", "um"), ("second", "um", "um")),
            (("pixel", "mm", "mm"), ("pixel", "um", "um")),
        ],
    )
    def test_they_follow_the_layers_of_the_user(
        self, units: tuple[str, ...], expected: tuple[str, ...]
    ) -> None:
        assert matching_units([self.layer(*units)]) == expected
