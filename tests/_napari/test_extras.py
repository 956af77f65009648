"""Layers that other parts of the plugin show in the scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d._napari.layers.updating import update_layer
from napari_brainreg3d._napari.stage import Stage

IN_ATLAS = np.array([(4000.0, 100.0, 5000.0), (5000.0, 200.0, 6000.0)])
IN_IMAGE = np.array([(3.0, 4.0), (10.0, 20.0), (23.0, 31.0)])


def points(places: np.ndarray, size: float = 3.0) -> LayerTuple:
    options = {"name": "dots", "size": size, "metadata": owned("landmarks")}
    return places, options, "points"


def on_plane(pixels: np.ndarray) -> np.ndarray:
    return np.column_stack([np.zeros(len(pixels)), pixels])


@pytest.fixture
def stage(ready: Bench) -> Stage:
    return ready.stage


BOTH = Extra(atlas=points(IN_ATLAS), image=points(IN_IMAGE))


def shown(stage: Stage) -> list[Any]:
    return [layer for layer in stage.layers("landmarks") if layer.visible]


@pytest.mark.parametrize("start", ["brain", "look_through", "image"])
def test_each_view_shows_its_own_layer(stage: Stage, start: Any) -> None:
    stage.set_mode(start)
    stage.show_extra("dots", BOTH)
    for mode in ("image", "look_through", "image", "brain"):
        stage.set_mode(mode)
        (layer,) = shown(stage)
        assert layer is stage.extra_layer("dots")
        np.testing.assert_array_equal(layer.data, IN_IMAGE if mode == "image" else IN_ATLAS)


def test_it_is_shown_in_the_modes_it_is_for_only(stage: Stage) -> None:
    stage.show_extra("dots", Extra(atlas=points(IN_ATLAS), modes=("look_through",)))
    assert shown(stage) == []
    stage.set_mode("look_through")
    assert len(shown(stage)) == 1
    stage.set_mode("brain")
    assert shown(stage) == []


def test_what_lies_on_the_image_goes_with_it(stage: Stage) -> None:
    stage.show_extra("dots", Extra(plane=points(on_plane(IN_IMAGE)), lift_um=0.0))
    aligner, layer = stage.session.aligner, stage.extra_layer("dots")
    for change in (
        lambda: aligner.slide(300.0, -200.0, 100.0),
        lambda: aligner.turn(yaw_deg=20.0, roll_deg=-30.0),
        lambda: aligner.set_pixel_size((300.0, 500.0)),
    ):
        change()
        registration = stage.session.registration
        assert registration is not None
        expected = registration.view.pixels_to_atlas(IN_IMAGE)
        world = [layer.data_to_world(point) for point in layer.data]
        np.testing.assert_allclose(world, expected, atol=1e-3)


def test_in_the_image_view_it_lies_on_the_pixels_of_a_shifted_image(stage: Stage) -> None:
    stage.image_layer.translate = (7.0, -3.0)
    stage.set_mode("image")
    stage.show_extra("dots", BOTH)
    layer = stage.extra_layer("dots")
    world = np.array([layer.data_to_world(point) for point in layer.data])
    np.testing.assert_allclose(world, IN_IMAGE + (7.0, -3.0))


def test_shown_again_it_is_updated_in_place(stage: Stage) -> None:
    made: list[Any] = []
    stage.show_extra("dots", Extra(atlas=points(IN_ATLAS), on_made=made.append))
    layer = stage.extra_layer("dots")
    layer.opacity = 0.4  # the user's wish
    stage.viewer.layers.selection.active = layer
    stage.show_extra("dots", Extra(atlas=points(IN_ATLAS[:1], 9.0), on_made=made.append))
    assert stage.extra_layer("dots") is layer
    assert made == [layer]
    assert stage.viewer.layers.selection.active is layer
    assert len(layer.data) == 1
    assert layer.size == pytest.approx(9.0)
    assert layer.opacity == pytest.approx(0.4)


def test_another_kind_of_layer_takes_its_place(stage: Stage) -> None:
    stage.show_extra("dots", BOTH)
    arrows = np.stack([IN_ATLAS, np.ones_like(IN_ATLAS)], axis=1)
    options = {"name": "arrows", "metadata": owned("residuals")}
    stage.show_extra("dots", Extra(atlas=(arrows, options, "vectors")))
    assert stage.layers("landmarks") == []
    assert len(stage.layers("residuals")) == 1


def test_nothing_is_left_of_it(stage: Stage) -> None:
    stage.show_extra("dots", BOTH)
    stage.set_mode("image")
    stage.set_mode("brain")
    stage.show_extra("dots", None)
    stage.set_mode("image")
    assert stage.layers("landmarks") == []
    stage.show_extra("dots", BOTH)
    stage.close()
    assert stage.layers("landmarks") == []


def test_removed_by_hand_it_stays_away_until_it_is_wanted(stage: Stage) -> None:
    told: list[str] = []
    stage.extra_removed.connect(told.append)
    stage.show_extra("dots", BOTH)
    stage.viewer.layers.remove(stage.extra_layer("dots"))
    assert told == ["dots"]
    stage.session.aligner.slide(10.0, 0.0)
    stage.show_extra("dots", BOTH)
    assert stage.extra_layer("dots") is None
    stage.show_extra("dots", BOTH, want=True)
    assert stage.extra_layer("dots") is not None
    assert told == ["dots"]


def test_it_stays_hidden_when_the_user_has_hidden_it(stage: Stage) -> None:
    stage.show_extra("dots", BOTH)
    stage.extra_layer("dots").visible = False
    stage.set_mode("image")
    stage.set_mode("brain")
    assert not stage.extra_layer("dots").visible


def test_the_order_of_drawing_is_that_of_the_places(stage: Stage) -> None:
    for name in ("unknown", "landmarks", "curves"):
        stage.show_extra(name, Extra(atlas=(IN_ATLAS, {"name": name}, "points")))
    names = [layer.name for layer in stage.viewer.layers]
    assert names.index("curves") < names.index("landmarks") < names.index("unknown")
    assert names.index("unknown") < names.index("sides of the brain")
    assert stage.layers("plane")[0].name in names[: names.index("curves")]


def test_in_3d_it_stands_in_one_place_only() -> None:
    with pytest.raises(ValueError, match="not both"):
        Extra(atlas=points(IN_ATLAS), plane=points(on_plane(IN_IMAGE)))


def test_a_surface_may_change_the_number_of_its_vertices(stage: Stage) -> None:
    def surface(count: int) -> LayerTuple:
        corners = np.random.default_rng(count).random((count, 3)) * 1000
        faces = np.arange(count).reshape(-1, 3)
        colours = np.full((count, 4), count / 12, np.float32)
        return (corners, faces), {"name": "s", "vertex_colors": colours}, "surface"

    stage.show_extra("piece", Extra(atlas=surface(3)))
    layer = stage.extra_layer("piece")
    stage.show_extra("piece", Extra(atlas=surface(9)))
    assert stage.extra_layer("piece") is layer
    assert layer.vertex_colors.shape == (9, 4)
    assert layer.vertex_colors[0, 0] == pytest.approx(0.75)


def test_what_cannot_be_updated_is_left_alone() -> None:
    class Frozen:
        def __setattr__(self, name: str, value: object) -> None:
            raise AssertionError(name)

    before = points(IN_ATLAS)
    renamed = (IN_ATLAS, {**before[1], "name": "other"}, "points")
    assert not update_layer(Frozen(), before, renamed)
    assert not update_layer(Frozen(), before, (IN_ATLAS, {"size": 1.0}, "points"))
    assert update_layer(Frozen(), before, points(IN_ATLAS.copy()))
