"""Standard views, checked against scenes whose answers are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import binary_erosion, map_coordinates

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.errors import AtlasError, Cancelled, ImageError, RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.geometry.frames import AP, DV, ML, FloatArray
from napari_brainreg3d.projection import NothingSeenWarning, project
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view import (
    standard_registration,
    standard_sampler,
    to_standard_view,
)
from tests.fixtures.scenes import (
    LETTER_BOXES,
    joined,
    letter_scene,
    slab_scene,
    sphere_mesh,
    sphere_scene,
)
from tests.fixtures.texture import painted, worst_tile_shift_px

CENTRE_UM = (5000.0, 3000.0, 4500.0)
RADIUS_UM = 2000.0


def placed(**changes: Any) -> Registration:
    """An image of 120 x 90 pixels of 50 um, tilted and turned, from 30 mm away."""
    given: dict[str, Any] = {
        "atlas": "test",
        "image_shape": (120, 90),
        "pixel_size_um": (50.0, 48.0),
        "pose": Pose.dorsal(
            centre_um=(5000.0, 1100.0, 6000.0), yaw_deg=14.0, pitch_deg=9.0, roll_deg=-12.0
        ),
        "camera": PinholeCamera(working_distance_mm=30.0),
    }
    return Registration(**{**given, **changes})


def from_above(**changes: Any) -> Registration:
    """Parallel rays straight down, 10 um, 160 x 240 pixels within the top of the slabs."""
    given: dict[str, Any] = {
        "image_shape": (160, 240),
        "pixel_size_um": 10.0,
        "pose": Pose.dorsal(centre_um=(5000.0, 900.0, 6200.0)),
        "camera": OrthographicCamera(),
    }
    return placed(**{**given, **changes})


def flat_scene() -> Scene:
    """A box with a flat top at DV 1000; AP 3000 to 7000, ML 4200 to 8200."""
    return slab_scene((1000.0,) * 4)


def places_of(view: Registration) -> tuple[FloatArray, FloatArray]:
    """AP and ML of the pixels of a dorsal view, from its centre alone."""
    (height, width), (size, _) = view.image_shape, view.pixel_size_um
    ap = view.pose.centre_um[AP] + (np.arange(height) - (height - 1) / 2) * size
    ml = view.pose.centre_um[ML] - (np.arange(width) - (width - 1) / 2) * size
    return np.repeat(ap[:, None], width, 1), np.repeat(ml[None], height, 0)


def pinhole_pixels(registration: Registration, points_um: FloatArray) -> FloatArray:
    """Row and column of points by similar triangles; negative distances give NaN."""
    local = (points_um - registration.pose.centre_um) @ registration.pose.rotation
    assert isinstance(registration.camera, PinholeCamera)
    distance = 1000.0 * registration.camera.working_distance_mm
    from_eye = local[..., 2:] + distance
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(from_eye > 0, local[..., :2] * distance / from_eye, np.nan)
    if registration.camera.mirrored:
        seen = seen * (1.0, -1.0)
    middle = (np.array(registration.image_shape) - 1) / 2
    return np.asarray(seen / registration.pixel_size_um + middle)


class TestRaster:
    def test_the_dorsal_view_holds_the_brain_on_whole_multiples_of_its_pixels(self) -> None:
        view = standard_registration(sphere_scene(), "dorsal", 30.0)
        # From 3000 to 7000 um and from 2500 to 6500 um, made larger to multiples of 30 um.
        assert view.image_shape == ((7020 - 3000) // 30, (6510 - 2490) // 30)
        assert view.pose.centre_um.tolist() == pytest.approx([5010.0, 1000.0, 4500.0])
        assert view.camera == OrthographicCamera()

    @pytest.mark.parametrize(
        ("name", "rows", "columns"),
        [("left", DV, AP), ("right", DV, AP), ("frontal", DV, ML), ("ventral", AP, ML)],
    )
    def test_other_views_show_other_axes(self, name: str, rows: int, columns: int) -> None:
        scene = letter_scene()
        view = standard_registration(scene, name, 100.0)
        size = np.ptp(scene.brain.bounds_um, axis=0)
        assert view.grid.extent_um == (size[rows], size[columns])

    def test_left_shows_the_left_side_with_the_nose_at_the_left(self) -> None:
        view = standard_registration(letter_scene(), "left", 100.0)
        assert view.pose.centre_um[ML] == LETTER_BOXES["stem"][1][ML]
        first, last = view.view.pixels_to_atlas([[0, 0], [0, view.image_shape[1] - 1]])
        assert first[AP] < last[AP]

    def test_unknown_views_and_resolutions_are_refused(self) -> None:
        with pytest.raises(RegistrationError, match="no view 'top'"):
            standard_registration(sphere_scene(), "top")
        with pytest.raises(RegistrationError, match="positive, got 0"):
            standard_registration(sphere_scene(), "dorsal", 0.0)
        with pytest.raises(RegistrationError, match="in um"):
            standard_registration(sphere_scene(), "dorsal", 0.02)
        with pytest.raises(RegistrationError, match="leave resolution_um out"):
            standard_sampler(flat_scene(), placed(), view=from_above(), resolution_um=20.0)

    def test_a_scene_without_any_surface_is_refused(self) -> None:
        empty = slab_scene(brain_top_um=None)
        mesh, _ = joined([sphere_mesh(1.0, (0, 0, 0), 0)])
        nothing = type(mesh)(np.empty((0, 3)), np.empty((0, 3), np.int32))
        scene = Scene(empty.atlas, empty.ontology, (), nothing, np.empty(0, np.int32), nothing)
        with pytest.raises(AtlasError, match="no surface"):
            standard_registration(scene)


class TestGeometry:
    @pytest.mark.parametrize("mirrored", [False, True])
    def test_a_plane_is_resampled_where_similar_triangles_say(self, mirrored: bool) -> None:
        """A ramp is reproduced exactly by linear interpolation."""
        source = placed(camera=PinholeCamera(working_distance_mm=30.0, mirrored=mirrored))
        row, column = np.mgrid[:120, :90]
        view = to_standard_view(flat_scene(), source, 3.0 * row - 7.0 * column, resolution_um=25.0)
        ap, ml = places_of(view.registration)
        pixels = pinhole_pixels(source, np.stack([ap, np.full_like(ap, 1000.0), ml], -1))
        # At the edges of the box pixels look past it, and the rest alone is interpolated.
        on_top = (np.abs(ap - 5000.0) < 1900.0) & (np.abs(ml - 6200.0) < 1900.0)
        inside = ((pixels >= 0) & (pixels <= [119, 89])).all(-1) & on_top
        assert 0.2 < inside.mean() < 0.95
        assert view.seen[inside].all()
        np.testing.assert_allclose(
            view.pixels[inside], 3.0 * pixels[inside, 0] - 7.0 * pixels[inside, 1], atol=2e-3
        )
        outside = ((pixels < -0.6) | (pixels > [119.6, 89.6])).any(-1)
        assert outside.any()
        assert not view.seen[outside].any()
        assert np.isnan(view.pixels[~view.seen]).all()

    @pytest.mark.parametrize("view", ["dorsal", "right"])
    @pytest.mark.parametrize(
        "eye", [(4200.0, -9000.0, 900.0), (9000.0, -2500.0, 7000.0)], ids=["right", "behind left"]
    )
    def test_a_sphere_is_seen_up_to_its_horizon(
        self, view: str, eye: tuple[float, float, float]
    ) -> None:
        """From an eye at E a point P of the sphere is seen where (P - C) . (E - C) > R^2."""
        scene = sphere_scene(RADIUS_UM, CENTRE_UM, subdivisions=5)
        source = self._looking_from(eye)
        made = to_standard_view(scene, source, np.ones(source.image_shape), view=view,
                                resolution_um=40.0)  # fmt: skip
        rays = made.registration.view.row_rays(0, made.registration.image_shape[0])
        towards = np.asarray(CENTRE_UM) - rays.crossings_um
        along = towards @ rays.viewing_direction
        aside2 = np.square(towards).sum(1) - along**2
        with np.errstate(invalid="ignore"):
            depth = along - np.sqrt(RADIUS_UM**2 - aside2)
        point = rays.at_depth(depth)
        to_eye = np.asarray(eye) - point
        normal = (point - CENTRE_UM) / RADIUS_UM
        cosine = np.einsum("ij,ij->i", normal, to_eye) / np.linalg.norm(to_eye, axis=1)
        cosine = cosine.reshape(made.seen.shape)
        sure = (aside2 < (0.97 * RADIUS_UM) ** 2).reshape(made.seen.shape)
        # Nearer to the horizon lies less than a pixel of the image; facets are tilted.
        front, behind = sure & (cosine > 0.2), sure & (cosine < -0.06)
        assert front.sum() > 500
        assert behind.sum() > 100
        assert made.seen[front].all()
        assert not made.seen[behind].any()

    def _looking_from(self, eye: tuple[float, float, float]) -> Registration:
        way = np.asarray(CENTRE_UM) - eye
        distance = float(np.linalg.norm(way))
        into = way / distance
        down = -np.cross(into, np.cross(into, [1.0, 0.0, 0.0]))
        down /= np.linalg.norm(down)
        rotation = np.column_stack([down, np.cross(into, down), into])
        return placed(
            image_shape=(150, 150),
            pixel_size_um=45.0,
            pose=Pose(rotation, CENTRE_UM, "dorsal"),
            camera=PinholeCamera(working_distance_mm=distance / 1000.0),
        )

    @pytest.mark.parametrize("roll_deg", [-30.0, 30.0])
    def test_a_step_throws_a_shadow_of_the_height_times_the_tangent(self, roll_deg: float) -> None:
        """The right slab stands 600 um over the left one. It hides from the right side only."""
        scene = slab_scene((1000.0, 1600.0), brain_top_um=None)
        source = placed(
            image_shape=(200, 200),
            pixel_size_um=20.0,
            pose=Pose.dorsal(centre_um=(5000.0, 1300.0, 5200.0), roll_deg=roll_deg),
            camera=OrthographicCamera(),
        )
        view = to_standard_view(scene, source, np.ones((200, 200)), resolution_um=20.0)
        _, ml = places_of(view.registration)
        row = len(ml) // 2
        beyond = ml[row] - 5200.0  # to the left of the step
        # Right side down, the camera stands over the left side and looks at the step's face.
        shadow = 600.0 * np.tan(np.radians(30.0)) if roll_deg < 0 else 0.0
        hidden = (beyond > 15) & (beyond < shadow - 15)
        assert hidden.sum() == (16 if roll_deg < 0 else 0)  # of 20 um each
        assert not view.seen[row, hidden].any()
        assert view.seen[row, (beyond > shadow + 15) & (beyond < 900)].all()
        assert view.seen[row, (beyond < -15) & (beyond > -900)].all()

    @pytest.mark.parametrize("mirrored", [False, True])
    @pytest.mark.parametrize("name", ["dorsal", "left", "right", "frontal"])
    def test_front_and_back_left_and_right_stay_where_they_are(
        self, name: str, mirrored: bool
    ) -> None:
        """Each pixel of an image holds its place; the view must hold its own places."""
        scene = letter_scene()
        tilt = {"dorsal": (8.0, -6.0), "left": (-7.0, 9.0), "right": (5.0, 5.0)}
        pitch, roll = tilt.get(name, (6.0, 7.0))
        source = placed(
            image_shape=(260, 250),
            pixel_size_um=30.0,
            pose=Pose.from_view(
                name, centre_um=(4000.0, 1900.0, 6700.0), yaw_deg=15.0, pitch_deg=pitch,
                roll_deg=roll,
            ),
            camera=PinholeCamera(working_distance_mm=60.0, mirrored=mirrored),
        )  # fmt: skip
        places = project(scene, source).atlas_um
        view = to_standard_view(scene, source, places, view=name, resolution_um=60.0)
        rays = view.registration.view.row_rays(0, view.registration.image_shape[0])
        own = rays.crossings_um.reshape(*view.seen.shape, 3)
        across = np.abs(view.registration.pose.viewing_direction) < 0.5
        off = np.abs(view.pixels - own)[..., across].max(axis=-1)
        inner = binary_erosion(view.seen, iterations=2) & np.isfinite(off)
        assert inner.sum() > 500
        assert np.percentile(off[inner], 98) < 1.0
        # The letter has no symmetry: turned or mirrored it would not lie on itself.
        assert off[inner].mean() < 1.0

    def test_what_lies_behind_the_camera_is_not_seen(self) -> None:
        source = placed(
            pose=Pose.dorsal(centre_um=(5000.0, 1000.0, 6000.0), pitch_deg=75.0),
            pixel_size_um=60.0,
            camera=PinholeCamera(working_distance_mm=1.0),
        )
        view = to_standard_view(flat_scene(), source, np.ones((120, 90)), resolution_um=50.0)
        ap, ml = places_of(view.registration)
        pixels = pinhole_pixels(source, np.stack([ap, np.full_like(ap, 1000.0), ml], -1))
        behind = np.isnan(pixels[..., 0])
        assert 0.1 < behind.mean() < 0.9
        assert not view.seen[behind].any()
        inside = ((pixels >= 0) & (pixels <= [119, 89])).all(-1)
        inner = binary_erosion(inside, iterations=3) & (np.abs(ml - 6200.0) < 1700.0)
        assert inner.sum() > 500
        assert view.seen[inner].all()

    def test_the_view_of_the_image_itself_gives_the_image_back(self) -> None:
        scene, source = sphere_scene(), placed(pixel_size_um=30.0)
        source = source.replaced(pose=source.pose.moved(atlas_um=(0.0, 0.0, -1200.0)))
        image = np.random.default_rng(0).random((120, 90)).astype(np.float32)
        view = to_standard_view(scene, source, image, view=source)
        assert 0.5 < view.seen.mean() < 1.0
        inner = binary_erosion(view.seen, border_value=1)
        np.testing.assert_allclose(view.pixels[inner], image[inner], atol=1e-4)

    def test_labels_of_the_view_are_those_of_a_projection_made_there(self) -> None:
        scene = letter_scene()
        source = placed(
            image_shape=(240, 220),
            pixel_size_um=25.0,
            pose=Pose.dorsal(centre_um=(4000.0, 1000.0, 6800.0), yaw_deg=20.0, pitch_deg=5.0),
        )
        own = project(scene, source).labels
        share = np.stack([own == label for label in (1, 2, 3)], axis=-1).astype(np.float32)
        view = to_standard_view(scene, source, share, resolution_um=25.0)
        labels = project(scene, view.registration).labels
        ap, ml = places_of(view.registration)
        expected = np.zeros(labels.shape, int)
        for label, (low, high) in enumerate(LETTER_BOXES.values(), start=1):
            inside = (ap > low[AP]) & (ap < high[AP]) & (ml > low[ML]) & (ml < high[ML])
            expected[inside] = label
        np.testing.assert_array_equal(labels, expected)
        sure = view.seen & (np.nan_to_num(view.pixels).max(axis=-1) > 0.99) & (labels > 0)
        assert sure.sum() > 0.7 * (labels > 0).sum()
        assert (view.pixels[sure].argmax(axis=-1) + 1 == labels[sure]).mean() > 0.999


class TestSampling:
    def test_a_finer_view_is_linear_interpolation(self) -> None:
        image = np.random.default_rng(1).random((160, 240)).astype(np.float32)
        view = to_standard_view(flat_scene(), from_above(), image, resolution_um=7.0)
        ap, ml = places_of(view.registration)
        rows, columns = (ap - 5000.0) / 10.0 + 79.5, (6200.0 - ml) / 10.0 + 119.5
        expected = map_coordinates(image, [rows, columns], order=1, mode="nearest")
        inside = (np.abs(rows - 79.5) < 80) & (np.abs(columns - 119.5) < 120)
        np.testing.assert_array_equal(view.seen, inside)
        np.testing.assert_allclose(view.pixels[inside], expected[inside], atol=1e-5)

    @pytest.mark.parametrize("cycles", [(0.5, 0.5), (0.41, 0.0), (0.0, 0.3), (0.22, 0.35)])
    @pytest.mark.parametrize("yaw_deg", [0.0, 33.0])
    def test_patterns_finer_than_the_view_do_not_alias(
        self, cycles: tuple[float, float], yaw_deg: float
    ) -> None:
        """Cycles per pixel of the image; a pixel of the view covers four by four of them."""
        source = from_above(pose=from_above().pose.turned(yaw_deg=yaw_deg))
        row, column = np.mgrid[:160, :240]
        image = np.cos(2 * np.pi * (cycles[0] * row + cycles[1] * column) + 0.3)
        view = to_standard_view(flat_scene(), source, image, resolution_um=40.0)
        inner = binary_erosion(view.seen, iterations=2)
        assert inner.sum() > 300
        nearest = source.view.atlas_to_pixels(
            np.stack([*places_of(view.registration), np.zeros(view.seen.shape)], -1)[..., [0, 2, 1]]
        )
        naive = image[tuple(np.rint(nearest[inner]).astype(int).T)]
        assert np.sqrt(np.square(naive).mean()) > 0.5
        assert np.sqrt(np.square(view.pixels[inner]).mean()) < 0.05

    def test_coarse_patterns_keep_their_contrast(self) -> None:
        """A triangle of half-width w passes the share sinc(w f)^2 of the frequency f."""
        column = np.arange(240)
        image = np.tile(np.cos(2 * np.pi * column / 40), (160, 1))
        view = to_standard_view(flat_scene(), from_above(), image, resolution_um=40.0)
        inner = binary_erosion(view.seen, iterations=2)
        _, ml = places_of(view.registration)
        pattern = np.cos(2 * np.pi * ((6200.0 - ml) / 10.0 + 119.5) / 40)
        slope = np.polyfit(pattern[inner], view.pixels[inner], 1)[0]
        assert slope == pytest.approx(np.sinc(4 / 40) ** 2, abs=0.01)

    def test_a_uniform_image_stays_uniform_at_every_resolution(self) -> None:
        scene, source = sphere_scene(), placed(camera=PinholeCamera(working_distance_mm=25.0))
        source = source.replaced(pose=source.pose.moved(atlas_um=(0.0, 0.0, -1500.0)))
        for resolution in (15.0, 50.0, 90.0, 333.0):
            view = to_standard_view(
                scene, source, np.full((120, 90), 7, np.uint8), resolution_um=resolution
            )
            assert view.seen.any()
            np.testing.assert_allclose(view.pixels[view.seen], 7.0, rtol=1e-6)

    def test_the_background_does_not_bleed_into_the_edge_of_the_brain(self) -> None:
        """Pixels past the sphere hold a huge number; none of it may come through."""
        scene, source = sphere_scene(), placed(pixel_size_um=40.0)
        source = source.replaced(pose=source.pose.moved(atlas_um=(0.0, 0.0, -1300.0)))
        on_brain = np.isfinite(project(scene, source).depth_um)
        image = np.where(on_brain, 1.0, 1e6)
        assert 0.2 < on_brain.mean() < 0.9
        for resolution in (20.0, 80.0):
            view = to_standard_view(scene, source, image, resolution_um=resolution)
            np.testing.assert_allclose(view.pixels[view.seen], 1.0, rtol=1e-6)


class TestMissing:
    @pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
    def test_missing_pixels_are_filled_from_the_rest_or_missing(self, missing: float) -> None:
        image = np.tile(np.arange(240.0), (160, 1))
        image[40:80, 100:140] = missing
        image[120, 200] = missing
        view = to_standard_view(flat_scene(), from_above(), image, resolution_um=20.0)
        ap, ml = places_of(view.registration)
        rows, columns = (ap - 5000.0) / 10.0 + 79.5, (6200.0 - ml) / 10.0 + 119.5
        hole = (rows > 41) & (rows < 78) & (columns > 101) & (columns < 138)
        around = ~((rows > 38) & (rows < 81) & (columns > 98) & (columns < 141)) & view.seen
        assert hole.sum() > 100
        assert np.isnan(view.pixels[hole]).all()
        assert np.isfinite(view.pixels[around]).all()
        assert np.abs(view.pixels[around] - columns[around]).max() < 1.0
        assert view.seen[hole].all()  # the camera saw it; the value is missing

    def test_masked_pixels_are_not_seen(self) -> None:
        mask = np.ones((160, 240), bool)
        mask[:, :100] = False
        image = np.where(mask, 1.0, 99.0)
        view = to_standard_view(flat_scene(), from_above(), image, resolution_um=20.0, mask=mask)
        _, ml = places_of(view.registration)
        columns = (6200.0 - ml) / 10.0 + 119.5
        assert not view.seen[columns < 99].any()
        plain = to_standard_view(flat_scene(), from_above(), image, resolution_um=20.0)
        np.testing.assert_array_equal(view.seen[columns > 101], plain.seen[columns > 101])
        np.testing.assert_allclose(view.pixels[view.seen], 1.0, rtol=1e-6)

    def test_an_image_that_looks_past_the_brain_is_warned_of(self) -> None:
        past = from_above(pose=Pose.dorsal(centre_um=(5000.0, 900.0, 1500.0)))
        with pytest.warns(NothingSeenWarning, match="every pixel is NaN"):
            view = to_standard_view(flat_scene(), past, np.ones((160, 240)), resolution_um=50.0)
        assert not view.seen.any()
        assert np.isnan(view.pixels).all()

    @pytest.mark.parametrize("shape", [(1, 240), (160, 1), (1, 1)])
    def test_images_of_one_row_or_column_are_resampled_too(self, shape: tuple[int, int]) -> None:
        source = from_above(image_shape=shape)
        image = np.arange(float(np.prod(shape))).reshape(shape)
        view = to_standard_view(flat_scene(), source, image, view=source)
        np.testing.assert_allclose(view.pixels, image, atol=1e-3)

    def test_wrong_sizes_are_refused(self) -> None:
        with pytest.raises(ImageError, match=r"shape \(160, 241\)"):
            to_standard_view(flat_scene(), from_above(), np.zeros((160, 241)))
        with pytest.raises(ImageError, match=r"mask has the shape \(3, 3\)"):
            to_standard_view(
                flat_scene(), from_above(), np.zeros((160, 240)), mask=np.ones((3, 3), bool)
            )
        with pytest.raises(ImageError, match="real numbers"):
            to_standard_view(flat_scene(), from_above(), np.zeros((160, 240), complex))
        with pytest.raises(ImageError, match="shape"):
            standard_sampler(flat_scene(), from_above()).resampled(np.zeros((5, 5)))


class _Movie:
    """Frames in parts, as movie files give them."""

    def __init__(self, frames: npt.NDArray[Any]) -> None:
        self.frames = frames

    def chunks(self) -> Any:
        for first in range(0, len(self.frames), 2):
            yield first, self.frames[first : first + 2]


class TestMovies:
    def test_colours_and_frames_are_what_they_are_one_by_one(self) -> None:
        scene, source = flat_scene(), placed()
        pictures = np.random.default_rng(2).integers(0, 255, (3, 120, 90, 3), dtype=np.uint8)
        whole = to_standard_view(scene, source, pictures, resolution_um=80.0)
        assert whole.pixels.shape == (3, *whole.registration.image_shape, 3)
        for frame in range(3):
            colour = to_standard_view(scene, source, pictures[frame], resolution_um=80.0)
            np.testing.assert_array_equal(whole.pixels[frame], colour.pixels)
            grey = to_standard_view(scene, source, pictures[frame, ..., 1], resolution_um=80.0)
            np.testing.assert_allclose(whole.pixels[frame, ..., 1], grey.pixels, rtol=1e-6)

    def test_a_movie_that_comes_in_parts_gives_the_same_frames(self) -> None:
        frames = np.random.default_rng(3).integers(0, 4000, (5, 120, 90), dtype=np.uint16)
        sampler = standard_sampler(flat_scene(), placed(), resolution_um=80.0)
        streamed = np.stack(list(sampler.frames(_Movie(frames))))
        np.testing.assert_array_equal(streamed, np.stack(list(sampler.frames(frames))))
        assert len(streamed) == 5

    def test_results_and_arguments_are_not_shared(self) -> None:
        image = np.random.default_rng(4).random((120, 90))
        before = image.copy()
        view = to_standard_view(flat_scene(), placed(), image, resolution_um=80.0)
        np.testing.assert_array_equal(image, before)
        with pytest.raises(ValueError, match="read-only"):
            view.pixels[0, 0] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            view.seen[0, 0] = True

    def test_progress_is_told_and_can_cancel(self) -> None:
        steps: list[tuple[int, int]] = []
        standard_sampler(
            flat_scene(), placed(), resolution_um=20.0, progress=lambda *step: steps.append(step)
        )
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1]
        with pytest.raises(Cancelled):
            standard_sampler(flat_scene(), placed(), progress=lambda *_: False)


@pytest.fixture(scope="module")
def demo() -> Scene:
    return load_scene("demo_mouse", ["root"])


@pytest.fixture(scope="module")
def demo_picture() -> FloatArray:
    """The texture as the demo's camera sees it, black past the brain."""
    return np.nan_to_num(painted(demo_registration()))


class TestRoundTrip:
    def test_the_demo_brain_through_its_camera_and_back_is_itself(
        self, demo: Scene, demo_picture: FloatArray
    ) -> None:
        """Both pictures are made by casting rays, nothing is resampled but once."""
        source = demo_registration()
        sampler = standard_sampler(demo, source, resolution_um=22.0)
        truth = painted(sampler.registration)
        found = sampler.resampled(demo_picture)
        seen = sampler.seen & np.isfinite(truth)
        assert seen.sum() > 150_000
        assert np.corrcoef(found[seen], truth[seen])[0, 1] > 0.99
        assert worst_tile_shift_px(found, truth, seen) < 0.25

    def test_another_camera_can_be_the_view(self, demo: Scene, demo_picture: FloatArray) -> None:
        """From the demo's camera to one that looks from the left, tilted, nearer, mirrored."""
        source = demo_registration()
        other = source.replaced(
            image_shape=(300, 400),
            pixel_size_um=25.0,
            pose=Pose.dorsal(centre_um=(5600.0, 900.0, 6900.0), yaw_deg=-20.0, roll_deg=22.0),
            camera=PinholeCamera(working_distance_mm=50.0, mirrored=True, k1=0.05),
        )
        sampler = standard_sampler(demo, source, view=other)
        truth = painted(other)
        found = sampler.resampled(demo_picture)
        seen = sampler.seen & np.isfinite(truth)
        assert 0.3 < seen.mean() < 0.99
        assert np.corrcoef(found[seen], truth[seen])[0, 1] > 0.98
        assert worst_tile_shift_px(found, truth, seen) < 0.25
