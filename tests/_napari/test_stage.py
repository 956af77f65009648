"""One session shown in one viewer: its layers in three modes, and what the user does to them."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d import project
from napari_brainreg3d._napari.layers.ownership import details_of, role_of
from napari_brainreg3d._napari.layers.results import projection_of
from napari_brainreg3d._napari.stage import Stage, stage_for
from napari_brainreg3d._napari.viewer_camera import read
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.projection.projection import ProjectionSettings
from tests.fixtures.canvas import FLAT_SHAPE, flat_image, put_on_stage
from tests.fixtures.gui import our_threads
from tests.fixtures.scenes import letter_scene, nested_shells_scene, slab_scene

TILTED = Pose.dorsal(
    centre_um=(4300.0, 900.0, 6300.0), yaw_deg=40.0, pitch_deg=25.0, roll_deg=-20.0
)
IN_3D = {"bounds", "regions", "brain", "plane", "marks"}


@pytest.fixture
def stage(qapp: Any) -> Iterator[Stage]:
    """The stage of a viewer without a window."""
    made = stage_for(ViewerModel())
    yield made
    made.close()


def roles(stage: Stage) -> set[str]:
    return {role for layer in stage.viewer.layers if (role := role_of(layer)) is not None}


def settled(stage: Stage) -> Stage:
    """After outlines and marks have come."""
    stage._live.outlines.flush()
    return stage


class TestOnePerViewer:
    def test_a_viewer_and_its_proxy_have_the_same_stage(
        self, make_napari_viewer_proxy: Callable[..., Any]
    ) -> None:
        proxy = make_napari_viewer_proxy()
        stage = stage_for(proxy)
        assert stage_for(proxy) is stage
        assert stage_for(proxy.__wrapped__) is stage
        layer = proxy.add_image(flat_image())
        stage.use_layer(layer)
        assert stage.image_layer is layer.__wrapped__
        stage.close()
        assert stage_for(proxy) is not stage
        stage_for(proxy).close()

    def test_two_viewers_have_two(self, stage: Stage) -> None:
        other = stage_for(ViewerModel())
        assert other is not stage
        assert other.session is not stage.session
        other.close()

    def test_it_lives_as_long_as_its_viewer(self, qapp: Any) -> None:
        viewer = ViewerModel()
        stage = weakref.ref(stage_for(viewer))
        gc.collect()
        assert stage() is not None
        put_on_stage(stage_for(viewer), letter_scene())
        stage_for(viewer)._live.outlines.flush()
        del viewer
        gc.collect()
        assert stage() is None


class TestImage:
    @pytest.mark.parametrize(
        ("data", "is_rgb", "frames", "plane"),
        [
            (flat_image(), False, 1, (1, *FLAT_SHAPE)),
            (flat_image()[None], False, 1, (1, *FLAT_SHAPE)),
            (np.stack([flat_image()] * 5), False, 5, (5, 1, *FLAT_SHAPE)),
            (np.dstack([flat_image() % 250] * 3).astype(np.uint8), True, 1, (1, *FLAT_SHAPE, 3)),
            (np.dstack([flat_image() % 250] * 4).astype(np.uint8), True, 1, (1, *FLAT_SHAPE, 3)),
            (
                np.stack([np.dstack([flat_image() % 250] * 3)] * 4).astype(np.uint8),
                True,
                4,
                (4, 1, *FLAT_SHAPE, 3),
            ),
        ],
        ids=["picture", "one frame", "movie", "colours", "with transparency", "colour movie"],
    )
    def test_every_kind_of_image_can_be_shown(
        self, stage: Stage, data: np.ndarray, is_rgb: bool, frames: int, plane: tuple[int, ...]
    ) -> None:
        layer = stage.viewer.add_image(data, rgb=is_rgb)
        stage.use_layer(layer)
        stage.session.set_pixel_size((100.0, 100.0))
        stage.session.set_scene(letter_scene())
        assert (stage.frames, stage.frame) == (frames, (frames - 1) // 2)  # where napari starts
        assert stage.session.image is not None
        assert stage.session.image.shape == FLAT_SHAPE
        assert stage.layers("plane")[0].data.shape == plane
        pixels = stage.image_pixels()
        assert pixels is not None
        assert pixels.shape == (*FLAT_SHAPE, 3) if is_rgb else FLAT_SHAPE
        for mode in ("look_through", "image", "brain"):
            stage.set_mode(mode)
            stage.session.aligner.set_pose(TILTED)

    @pytest.mark.parametrize(
        ("layer", "message"),
        [
            (Image(np.zeros((2, 3, 4, 5)), name="four"), r"'four' has 4 axes"),
            (Image(np.zeros((1, 5)), name="line"), r"'line' has 1 x 5 pixels"),
        ],
        ids=["too many axes", "a line"],
    )
    def test_what_is_no_image_is_refused_and_nothing_changes(
        self, stage: Stage, layer: Image, message: str
    ) -> None:
        put_on_stage(stage, letter_scene())
        before = stage.image_layer
        with pytest.raises(ImageError, match=message):
            stage.use_layer(layer)
        assert stage.image_layer is before
        assert roles(stage) >= IN_3D

    def test_a_layer_of_another_kind_is_refused(self, stage: Stage) -> None:
        points = stage.viewer.add_points(np.zeros((3, 2)), name="dots")
        with pytest.raises(ImageError, match="'dots' is no Image layer"):
            stage.use_layer(points)

    def test_the_pixel_size_of_a_layer_with_units_is_taken(self, stage: Stage) -> None:
        layer = stage.viewer.add_image(flat_image(), scale=(0.02, 0.03), units=("mm", "mm"))
        stage.use_layer(layer)
        assert stage.session.image is not None
        assert stage.session.image.pixel_size_um == pytest.approx((20.0, 30.0))

    def test_the_contrast_is_that_of_imagej_and_the_data_stay(self, stage: Stage) -> None:
        data = flat_image()
        data[0, 0] = 60_000  # one hot pixel
        layer = stage.viewer.add_image(data.copy())
        stage.use_layer(layer)
        stage.session.set_pixel_size((100.0, 100.0))
        stage.session.set_scene(letter_scene())
        shown = stage.layers("plane")[0]
        assert shown.contrast_limits[1] <= 60_000
        assert_array_equal(shown.data[0], data)
        assert_array_equal(layer.data, data)

    def test_a_movie_follows_the_slider(self, stage: Stage) -> None:
        movie = np.stack([flat_image() + 100 * n for n in range(6)])
        stage.use_layer(stage.viewer.add_image(movie))
        stage.set_frame(0)
        stage.session.set_pixel_size((100.0, 100.0))
        heard: list[int] = []
        stage.frame_changed.connect(heard.append)
        stage.viewer.dims.set_point(0, 2)  # still in 2D
        assert stage.frame == 2
        stage.session.set_scene(letter_scene())
        assert (stage.frame, stage.viewer.dims.point[0]) == (2, 2)
        stage.viewer.dims.set_point(0, 4)
        assert_array_equal(stage.image_pixels(), movie[4])
        stage.set_mode("image")
        assert (stage.frame, stage.viewer.dims.ndim, stage.viewer.dims.point[0]) == (4, 3, 4)
        stage.set_frame(5)
        assert (stage.frame, heard) == (5, [2, 4, 5])
        stage.set_mode("look_through")
        assert (stage.frame, stage.viewer.dims.point[0]) == (5, 5)

    def test_the_hash_is_that_of_the_frame_in_use(self, stage: Stage) -> None:
        movie = np.stack([flat_image() + n for n in range(3)])
        stage.use_layer(stage.viewer.add_image(movie))
        assert stage.session.image is not None
        assert stage.session.image.sha256 is None  # not before somebody asks
        assert stage.hash_image() == hash_pixels(movie[1])  # the middle one is shown first
        assert stage.session.image.sha256 == hash_pixels(movie[1])
        stage.set_frame(2)
        assert stage.session.image.sha256 is None
        assert stage.hash_image() == hash_pixels(movie[2])

    @pytest.mark.parametrize("taken", ["mean", "max"])
    def test_mean_and_maximum_of_a_movie_are_pictures(self, stage: Stage, taken: Any) -> None:
        movie = np.random.default_rng(0).integers(0, 60_000, (4, *FLAT_SHAPE)).astype(np.uint16)
        stage.use_layer(stage.viewer.add_image(movie))
        stage.session.set_pixel_size((100.0, 100.0))
        stage.session.set_scene(letter_scene())
        stage.set_taken(taken)
        expected = movie.mean(axis=0) if taken == "mean" else movie.max(axis=0)
        assert_allclose(stage.image_pixels(), expected, rtol=1e-6)
        assert stage.layers("plane")[0].data.shape == (1, *FLAT_SHAPE)
        stage.set_taken("frame")
        assert stage.layers("plane")[0].data.shape == (4, 1, *FLAT_SHAPE)

    def test_a_lazy_movie_is_not_read_as_a_whole(self, stage: Stage) -> None:
        class Movie:
            shape, dtype, ndim = (50, *FLAT_SHAPE), np.dtype(np.uint16), 3

            def __init__(self) -> None:
                self.read: set[int] = set()

            def __len__(self) -> int:
                return 50

            @property
            def size(self) -> int:
                return int(np.prod(self.shape))

            def __getitem__(self, key: Any) -> np.ndarray:
                first = key[0] if isinstance(key, tuple) else key
                rest = key[1:] if isinstance(key, tuple) else ()
                frames = np.arange(50)[first]
                self.read |= set(np.atleast_1d(frames).tolist())
                stack = np.broadcast_to(flat_image(), (50, *FLAT_SHAPE))
                return np.asarray(stack[first])[rest] if np.ndim(frames) == 0 else stack[key]

        movie = Movie()
        layer = stage.viewer.add_image(movie, contrast_limits=(0, 500))
        stage.use_layer(layer)
        movie.read.clear()
        pixels = stage.image_pixels()
        assert_array_equal(pixels, flat_image())
        assert len(movie.read) == 1

    def test_large_images_are_thinned_out_but_registered_whole(self, stage: Stage) -> None:
        data = np.arange(5000 * 8, dtype=np.float32).reshape(8, 5000)
        stage.use_layer(stage.viewer.add_image(data))
        stage.session.set_pixel_size((1.0, 1.0))
        stage.session.set_scene(letter_scene())
        plane = stage.layers("plane")[0]
        assert max(plane.data.shape) <= 2048
        registration = stage.session.registration
        assert registration is not None
        assert registration.image_shape == (8, 5000)
        first = plane.data[0, 0, 0]
        row, column = np.argwhere(data == first)[0]
        assert_allclose(
            plane.data_to_world((0, 0, 0)),
            registration.view.pixels_to_atlas([(row, column)])[0],
            atol=1e-6,
        )

    def test_the_layer_of_the_user_is_only_hidden(self, stage: Stage) -> None:
        layer = put_on_stage(stage, letter_scene())
        state = layer._get_state()
        assert not layer.visible
        stage.set_mode("image")
        assert layer.visible
        stage.set_mode("brain")
        stage.close()
        assert layer.visible
        del state["visible"]
        after = layer._get_state()
        for name, value in state.items():
            assert np.array_equal(value, after[name]), name

    def test_an_image_that_was_hidden_is_hidden_again(self, stage: Stage) -> None:
        layer = stage.viewer.add_image(flat_image(), visible=False)
        stage.use_layer(layer)
        stage.use_layer(None)
        assert not layer.visible
        assert stage.session.image is None


class TestLayers:
    def test_in_3d_there_are_one_surface_of_regions_one_brain_and_the_plane(
        self, stage: Stage
    ) -> None:
        put_on_stage(stage, letter_scene())
        assert stage.viewer.dims.ndisplay == 3
        assert roles(settled(stage)) == IN_3D | {"outlines"}
        for role in IN_3D:
            assert len(stage.layers(role)) == 1

    def test_the_plane_lies_where_the_registration_says(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        for camera in (OrthographicCamera(), PinholeCamera(working_distance_mm=9, mirrored=True)):
            stage.session.aligner.set_camera(camera)
            stage.session.aligner.set_pose(TILTED)
            registration = stage.session.registration
            assert registration is not None
            for pixel in ((0, 0), (47, 63), (10.0, 50.0)):
                world = stage.layers("plane")[0].data_to_world((0, *pixel))
                assert_allclose(world, registration.view.pixels_to_atlas([pixel])[0], atol=1e-6)

    def test_moving_the_image_slices_nothing_else(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        sliced: list[str] = []
        for role in ("regions", "brain", "bounds"):
            layer = stage.layers(role)[0]
            layer.events.set_data.connect(lambda event: sliced.append(event.source.name))
        for step in range(5):
            stage.session.aligner.set_pose(
                TILTED.moved(plane_um=(10.0 * step, 0.0, 0.0)).turned(pitch_deg=step)
            )
        assert sliced == []

    def test_the_world_grows_when_the_image_leaves_it(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        far = TILTED.moved(atlas_um=(20_000.0, 0.0, 0.0))
        stage.session.aligner.set_pose(far)
        low, high = stage.layers("bounds")[0].extent.world
        corners = stage.layers("plane")[0].extent.world
        assert (low <= corners[0]).all()
        assert (high >= corners[1]).all()
        assert not stage.layers("bounds")[0].visible

    def test_another_choice_of_regions_updates_the_layers_in_place(self, stage: Stage) -> None:
        put_on_stage(stage, nested_shells_scene())
        regions, brain = stage.layers("regions")[0], stage.layers("brain")[0]
        scene = nested_shells_scene(selected=(1, 3))
        stage.session.set_scene(scene)
        assert stage.layers("regions") == [regions]
        assert len(regions.faces) == len(scene.mesh.faces)
        assert len(regions.vertex_colors) == len(scene.mesh.vertices_um)
        assert brain in stage.viewer.layers or len(stage.layers("brain")) == 1

    def test_an_atlas_without_a_brain_surface_has_no_shell(self, stage: Stage) -> None:
        put_on_stage(stage, slab_scene(brain_top_um=None))
        stage.set_mode("look_through")
        assert roles(settled(stage)) >= {"regions", "plane", "outlines"}
        assert stage.layers("brain") == []

    def test_the_image_stays_the_active_layer_not_a_surface(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        assert role_of(stage.viewer.layers.selection.active) == "plane"
        stage.set_mode("image")
        assert stage.viewer.layers.selection.active is stage.image_layer
        stage.set_mode("brain")
        settled(stage)
        assert role_of(stage.viewer.layers.selection.active) == "plane"

    def test_units_follow_the_layers_of_the_user(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        assert stage.viewer.layers.units is not None
        assert {str(unit) for unit in stage.layers("plane")[0].units} == {"pixel"}
        stage.use_layer(None)
        stage.viewer.layers.remove("picture")
        layer = stage.viewer.add_image(flat_image(), units=("um", "um"), scale=(100, 100))
        stage.use_layer(layer)
        assert {str(unit) for unit in stage.layers("plane")[0].units} == {"micrometer"}
        assert stage.viewer.layers.units is not None

    def test_opacity_outlines_and_field_of_view_can_be_set(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.set_image_opacity(0.4)
        assert stage.layers("plane")[0].opacity == pytest.approx(0.4)
        settled(stage).set_outlines_visible(False)
        assert (stage.layers("outlines"), stage.outlines_visible) == ([], False)
        stage.session.aligner.set_pose(TILTED)
        assert settled(stage).layers("outlines") == []
        stage.set_outlines_visible(True)
        assert len(settled(stage).layers("outlines")) == 1
        assert stage.layers("frustum") == []
        stage.set_frustum_visible(True)
        (frustum,) = stage.layers("frustum")
        assert frustum.visible
        stage.set_mode("look_through")
        assert not frustum.visible  # one would look along its edges
        stage.set_mode("brain")
        assert frustum.visible
        stage.set_frustum_visible(False)
        assert not frustum.visible

    def test_the_opacity_holds_for_the_next_image_too(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.set_image_opacity(2.0)
        assert stage.image_opacity == 1.0
        stage.set_image_opacity(0.3)
        stage.use_layer(stage.viewer.add_image(flat_image() + 1))
        assert stage.layers("plane")[0].opacity == pytest.approx(0.3)

    def test_bregma_moves_with_its_preset(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.session.set_bregma(BREGMA_PRESETS["ibl"])
        stage.session.set_bregma(BREGMA_PRESETS["pinpoint_2024"])
        assert (5200.0, 440.0, 5700.0) in {
            tuple(point) for point in stage.layers("marks")[0].data.tolist()
        }

    def test_an_earlier_image_is_shown_in_its_place(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        registration = stage.session.registration
        assert registration is not None
        earlier = registration.replaced(pose=TILTED, image_shape=(10, 12), image_name="old")
        stage.set_template(flat_image((10, 12)), earlier)
        template = stage.layers("template")[0]
        expected = earlier.view.pixels_to_atlas([(3, 4)])[0]
        assert_allclose(template.data_to_world((0, 3, 4)), expected, atol=1e-6)
        stage.session.aligner.slide(500.0, 0.0)
        assert_allclose(template.data_to_world((0, 3, 4)), expected, atol=1e-6)
        stage.set_mode("image")
        assert stage.layers("template") == []
        stage.set_mode("brain")
        assert len(stage.layers("template")) == 1
        stage.set_template(None, None)
        assert stage.layers("template") == []


class TestModes:
    def test_the_image_view_has_the_users_image_and_no_layer_of_3d(self, stage: Stage) -> None:
        layer = put_on_stage(stage, letter_scene())
        settled(stage).set_mode("image")
        assert roles(settled(stage)) == {"outlines", "marks"}
        assert (stage.viewer.dims.ndisplay, stage.viewer.dims.ndim) == (2, 2)
        assert layer.visible

    def test_no_mode_loses_pose_camera_or_layers(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.session.aligner.set_camera(PinholeCamera(working_distance_mm=30.0))
        stage.session.aligner.set_pose(TILTED)
        before = {role: stage.layers(role)[0] for role in IN_3D - {"marks"}}
        alignment = stage.session.alignment
        camera = stage.viewer.scene.camera
        camera.angles, camera.center, camera.zoom = (12.0, -30.0, 50.0), (1.0, 2.0, 3.0), 0.05
        heard: list[str] = []
        stage.mode_changed.connect(heard.append)
        for mode in ("look_through", "image", "look_through", "brain", "image", "brain"):
            stage.set_mode(mode)
            settled(stage)
        assert heard == ["look_through", "image", "look_through", "brain", "image", "brain"]
        assert stage.session.alignment == alignment
        for role, layer in before.items():
            assert stage.layers(role)[-1 if role == "brain" else 0] is layer
            assert layer.visible == (role != "bounds")
        assert camera.angles == pytest.approx((12.0, -30.0, 50.0))
        assert camera.center == pytest.approx((1.0, 2.0, 3.0))
        assert camera.zoom == pytest.approx(0.05)
        assert camera.perspective == 0

    def test_the_image_view_keeps_its_own_camera(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.set_mode("image")
        camera = stage.viewer.scene.camera
        assert camera.center[1:] == pytest.approx((23.5, 31.5))  # the whole image
        camera.center, camera.zoom = (0.0, 10.0, 12.0), 33.0
        stage.set_mode("look_through")
        stage.set_mode("image")
        assert camera.center[1:] == pytest.approx((10.0, 12.0))
        assert camera.zoom == pytest.approx(33.0)
        assert [str(way) for way in camera.orientation] == ["towards", "down", "right"]

    def test_one_key_goes_there_and_back(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        for expected in ("look_through", "brain", "look_through"):
            stage.toggle_look_through()
            assert stage.mode == expected
        for expected in ("image", "look_through"):
            stage.toggle_image_view()
            assert stage.mode == expected
        stage.toggle_image_view()
        stage.toggle_look_through()
        assert stage.mode == "look_through"

    @pytest.mark.parametrize("mode", ["brain", "look_through"])
    def test_naparis_own_button_switches_too(self, stage: Stage, mode: Any, qtbot: Any) -> None:
        put_on_stage(stage, letter_scene())
        stage.session.aligner.set_pose(TILTED)
        settled(stage).set_mode(mode)
        before = read(stage.viewer)
        stage.viewer.dims.ndisplay = 2
        qtbot.wait(10)
        assert stage.mode == "image"
        assert stage.layers("plane") == []
        assert stage.viewer.scene.camera.center[1:] == pytest.approx((23.5, 31.5))
        stage.viewer.dims.ndisplay = 3
        qtbot.wait(10)
        assert stage.mode == mode
        assert stage.viewer.dims.ndisplay == 3
        assert stage.layers("plane")[0].visible
        after = read(stage.viewer)
        assert after.centre_um == pytest.approx(before.centre_um)
        assert after.view_direction == pytest.approx(before.view_direction)
        assert after.zoom == pytest.approx(before.zoom)

    def test_without_an_atlas_the_button_is_naparis(self, stage: Stage) -> None:
        stage.use_layer(stage.viewer.add_image(flat_image()))
        stage.viewer.dims.ndisplay = 3
        stage.viewer.dims.ndisplay = 2
        assert stage.mode == "brain"
        assert stage.image_layer.visible

    def test_moving_in_the_image_view_moves_the_outlines(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.set_mode("image")
        before = settled(stage).layers("outlines")[0].data.copy()
        stage.session.aligner.slide(800.0, 400.0)
        after = settled(stage).layers("outlines")[0].data
        assert (before != after).any()

    def test_an_atlas_that_comes_while_one_looks_at_the_image_waits(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        stage.set_mode("image")
        stage.session.set_scene(slab_scene())
        assert stage.viewer.dims.ndisplay == 2
        stage.set_mode("brain")
        assert "slabs" in stage.layers("regions")[0].name or len(
            stage.layers("regions")[0].faces
        ) == len(slab_scene().mesh.faces)


class TestOutlines:
    def test_they_are_where_the_labels_meet(self, stage: Stage) -> None:
        scene = letter_scene()
        put_on_stage(stage, scene)
        stage.session.aligner.set_pose(TILTED)
        outlines = settled(stage).layers("outlines")[0]
        registration = stage.session.registration
        assert registration is not None
        labels = project(scene, registration).labels.astype(int)
        expected = np.zeros(labels.shape, bool)
        expected[:, :-1] |= np.diff(labels, axis=1) != 0
        expected[:-1] |= np.diff(labels, axis=0) != 0
        assert_array_equal(outlines.data[0, ..., 3] > 0, expected)
        lifted = outlines.data_to_world((0, 5, 6)) - np.asarray(
            registration.view.pixels_to_atlas([(5, 6)])[0]
        )
        # On the image, a hair's breadth nearer to the camera.
        assert_allclose(lifted, -2.0 * registration.pose.viewing_direction, atol=1e-6)

    def test_they_follow_the_settings_of_the_projection(self, stage: Stage) -> None:
        put_on_stage(stage, nested_shells_scene(selected=(2,)))
        hidden = settled(stage).layers("outlines")[0].data.copy()
        stage.set_preview_settings(ProjectionSettings(occlusion="selected"))
        through = settled(stage).layers("outlines")[0].data
        assert not hidden.any()
        assert through.any()

    def test_only_the_newest_request_is_drawn(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        settled(stage)
        drawn: list[Any] = []
        stage._live.outlines.drawn.connect(lambda picture, registration: drawn.append(registration))
        for step in range(20):
            stage.session.aligner.set_pose(TILTED.moved(plane_um=(step, 0.0, 0.0)))
        settled(stage)
        settled(stage)
        assert len(drawn) == 1
        assert drawn[0].pose == TILTED.moved(plane_um=(19.0, 0.0, 0.0))

    def test_they_come_by_themselves_and_finer_when_the_pose_rests(
        self, stage: Stage, qtbot: Any
    ) -> None:
        put_on_stage(stage, letter_scene(), shape=(400, 500), pixel_um=15.0)
        stage._live.outlines._rays = 3000
        sizes: list[tuple[int, int]] = []
        stage._live.outlines.drawn.connect(lambda picture, _: sizes.append(picture.shape[:2]))
        qtbot.waitUntil(lambda: (400, 500) in sizes, timeout=20_000)
        assert sizes[0][0] * sizes[0][1] < 4000
        # Coarse or fine, they cover the image.
        plane, outlines = stage.layers("plane")[0], stage.layers("outlines")[0]
        for pixel in ((-0.5, -0.5), (399.5, 499.5)):
            apart = plane.data_to_world((0, *pixel)) - np.asarray(
                outlines.data_to_world((0, *pixel))
            )
            assert np.linalg.norm(apart) < 3.0


class TestResults:
    def test_projecting_again_updates_the_layers_in_place(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        for pose in (TILTED, TILTED.moved(plane_um=(500.0, 0.0, 0.0))):
            stage.session.aligner.set_pose(pose)
            registration = stage.session.registration
            assert registration is not None
            projection = project(letter_scene(), registration)
            stage.session.set_projection(projection)
            stage.show_projection(projection, masks=True, maps=("depth", "coordinates"))
            found = [*stage.layers("labels"), *stage.layers("mask"), *stage.layers("map")]
            if pose == TILTED:
                first = found
        assert found == first
        assert len(stage.layers("map")) == 4
        assert_array_equal(stage.layers("labels")[0].data, projection.labels)
        assert all(projection_of(layer) is projection for layer in found)
        stage.show_projection(projection, maps=("incidence",))
        assert (stage.layers("mask"), len(stage.layers("map"))) == ([], 1)

    def test_results_lie_on_the_users_image_whatever_its_transform(self, stage: Stage) -> None:
        layer = stage.viewer.add_image(
            flat_image(), scale=(0.5, 0.25), translate=(3.0, -2.0), rotate=30.0, units=("um", "um")
        )
        stage.use_layer(layer)
        stage.session.set_pixel_size((100.0, 100.0))
        stage.session.set_scene(letter_scene())
        registration = stage.session.registration
        assert registration is not None
        stage.show_projection(project(letter_scene(), registration), maps=("depth",))
        stage.set_mode("image")
        settled(stage)
        for found in (*stage.layers("labels"), *stage.layers("map"), *stage.layers("outlines")):
            assert_allclose(found.data_to_world((3, 5)), layer.data_to_world((3, 5)), atol=1e-9)
            assert found.units == layer.units

    def test_they_are_seen_in_the_image_view_only(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        registration = stage.session.registration
        assert registration is not None
        stage.show_projection(project(letter_scene(), registration), maps=("depth",))
        labels, depth = stage.layers("labels")[0], stage.layers("map")[0]
        assert (labels.visible, depth.visible) == (False, False)
        stage.set_mode("image")
        assert (labels.visible, depth.visible) == (True, False)
        depth.visible = True
        stage.set_mode("brain")
        assert (labels.visible, depth.visible) == (False, False)
        stage.set_mode("image")
        assert (labels.visible, depth.visible) == (True, True)

    def test_masks_over_a_movie_have_a_slider_of_their_own(self, stage: Stage) -> None:
        movie = np.stack([flat_image()] * 5)
        stage.use_layer(stage.viewer.add_image(movie))
        stage.session.set_pixel_size((150.0, 150.0))
        stage.session.set_scene(letter_scene())
        registration = stage.session.registration
        assert registration is not None
        projection = project(letter_scene(), registration, unresolved=True)
        stage.session.set_projection(projection)
        stage.show_projection(projection, masks=True, unresolved=True)
        stage.set_mode("image")
        stage.set_frame(3)
        assert stage.viewer.dims.nsteps[:2] == (3, 5)
        stage.select_region(2)
        assert stage.viewer.dims.current_step[:2] == (1, 3)
        assert stage.frame == 3

    def test_volumes_in_view_come_from_a_thread(self, stage: Stage, qtbot: Any) -> None:
        put_on_stage(stage, letter_scene(), shape=(10, 12))
        registration = stage.session.registration
        assert registration is not None
        projection = project(letter_scene(), registration)
        stage.show_projection(projection, volumes=True)
        qtbot.waitUntil(lambda: bool(stage.layers("volume")), timeout=10_000)
        volume = stage.layers("volume")[0]
        assert details_of(volume)["acronyms"]
        assert len(volume.faces) > 0
        stage.set_mode("image")
        assert stage.layers("volume") == []
        stage.show_projection(projection, volumes=True)
        qtbot.waitUntil(lambda: not our_threads(), timeout=10_000)
        qtbot.wait(60)
        assert stage.layers("volume") == []  # not in 2D
        stage.set_mode("brain")
        assert len(stage.layers("volume")) == 1
        stage.show_projection(projection)
        assert stage.layers("volume") == []

    def test_a_click_in_the_table_lets_a_region_stand_out(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        registration = stage.session.registration
        assert registration is not None
        projection = project(letter_scene(), registration)
        stage.session.set_projection(projection)
        stage.show_projection(projection)
        plain = stage.layers("regions")[0].vertex_colors.copy()
        before = settled(stage).layers("outlines")[0].data.copy()
        stage.select_region(2)
        assert (stage.layers("regions")[0].vertex_colors != plain).any()
        assert stage.layers("labels")[0].selected_label == 2
        assert (settled(stage).layers("outlines")[0].data != before).any()
        stage.select_region(None)
        assert_array_equal(stage.layers("regions")[0].vertex_colors, plain)
        assert_array_equal(settled(stage).layers("outlines")[0].data, before)


class TestRemovedByHand:
    @pytest.mark.parametrize(
        "role", ["plane", "regions", "brain", "outlines", "marks", "bounds", "frustum"]
    )
    def test_a_layer_of_ours_may_go_and_comes_back_when_asked_for(
        self, stage: Stage, role: Any
    ) -> None:
        put_on_stage(stage, letter_scene())
        stage.set_frustum_visible(True)
        settled(stage)
        stage.viewer.layers.remove(stage.layers(role)[0])
        stage.session.aligner.set_pose(TILTED)
        settled(stage)
        assert stage.layers(role) == []
        stage.set_image_opacity(0.5)
        stage.select_region(None)
        for mode in ("look_through", "image", "brain"):
            stage.set_mode(mode)
            settled(stage)
        if role not in ("regions", "brain", "bounds"):
            assert sum(layer.visible for layer in stage.layers(role)) == 1
        stage.session.set_scene(slab_scene())
        assert roles(settled(stage)) >= IN_3D

    def test_all_layers_may_go(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        settled(stage)
        stage.viewer.layers.clear()
        assert len(stage.viewer.layers) == 0
        stage._live.outlines.flush()
        assert len(stage.viewer.layers) == 0
        assert stage.session.image is None
        assert stage.session.alignment is not None

    def test_without_its_layer_the_image_is_gone_but_not_the_alignment(self, stage: Stage) -> None:
        layer = put_on_stage(stage, letter_scene())
        stage.session.aligner.set_pose(TILTED)
        stage.viewer.layers.remove(layer)
        assert (stage.image_layer, stage.image_pixels(), stage.session.image) == (None, None, None)
        assert stage.layers("plane") == []
        assert stage.session.alignment is not None
        assert stage.session.alignment.pose == TILTED
        stage.use_layer(stage.viewer.add_image(flat_image()))
        assert stage.session.alignment.pose == TILTED
        assert len(stage.layers("plane")) == 1

    def test_removed_results_are_made_again(self, stage: Stage) -> None:
        put_on_stage(stage, letter_scene())
        registration = stage.session.registration
        assert registration is not None
        projection = project(letter_scene(), registration)
        stage.show_projection(projection)
        stage.viewer.layers.remove(stage.layers("labels")[0])
        stage.select_region(1)
        stage.show_projection(projection)
        assert len(stage.layers("labels")) == 1


class TestClosing:
    def test_results_stay_and_nothing_else_of_ours(self, stage: Stage) -> None:
        layer = put_on_stage(stage, letter_scene())
        registration = stage.session.registration
        assert registration is not None
        stage.show_projection(project(letter_scene(), registration), masks=True)
        settled(stage).close()
        stage.close()
        assert roles(stage) == {"labels", "mask"}
        assert stage.viewer.dims.ndisplay == 2
        assert layer.visible
        assert [str(way) for way in stage.viewer.scene.camera.orientation] == [
            "towards", "down", "right",
        ]  # fmt: skip

    def test_no_callback_timer_or_thread_is_left(self, stage: Stage) -> None:
        viewer = stage.viewer
        emitters = {
            "inserted": viewer.layers.events.inserted,
            "removed": viewer.layers.events.removed,
            "current_step": viewer.dims.events.current_step,
            "ndisplay": viewer.dims.events.ndisplay,
            "size": viewer.canvas.events.size,
            "angles": viewer.scene.camera.events.angles,
            "center": viewer.scene.camera.events.center,
            "zoom": viewer.scene.camera.events.zoom,
            "mouse_over_canvas": viewer.events.mouse_over_canvas,
        }
        fresh = ViewerModel()
        mouse = ("mouse_drag_callbacks", "mouse_wheel_callbacks", "mouse_move_callbacks")
        put_on_stage(stage, letter_scene(), shape=(300, 300), pixel_um=20.0)
        stage._live.outlines._rays = 3000
        settled(stage)._live.outlines._begin_fine()
        stage.close()
        assert our_threads() == []
        for name in mouse:
            assert len(getattr(viewer, name)) == len(getattr(fresh, name)), name
        assert viewer.keymap == fresh.keymap
        ours = [
            name
            for name, emitter in emitters.items()
            if any("napari_brainreg3d" in type(ref()).__module__ for ref, _ in emitter.callbacks)
        ]
        assert ours == []
        count = threading.active_count()
        stage.session.aligner.set_pose(TILTED)
        stage.session.set_scene(slab_scene())
        assert threading.active_count() == count
        assert roles(stage) == set()

    @pytest.mark.parametrize("order", ["stage, layer, viewer", "layer, viewer", "viewer, stage"])
    @pytest.mark.parametrize("mode", ["brain", "look_through", "image"])
    def test_things_may_be_closed_in_any_order(
        self,
        make_napari_viewer: Callable[..., Any],
        qtbot: Any,
        order: str,
        mode: Any,
    ) -> None:
        viewer = make_napari_viewer(strict_qt="raise")
        stage = stage_for(viewer)
        layer = put_on_stage(stage, letter_scene())
        stage.set_mode(mode)
        stage._live.outlines.flush()
        for what in order.split(", "):
            if what == "layer":
                viewer.layers.remove(layer)
            else:
                (stage if what == "stage" else viewer).close()
        qtbot.wait(100)
        assert our_threads() == []
