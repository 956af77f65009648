"""Landmark presets: numbers by hand, heights by brute force, ends of regions from the volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.demo.tracing import trace_surface
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.projection.presets import (
    LandmarkPreset,
    landmark_preset,
    landmark_presets,
    surface_from_above,
)
from tests.fixtures.scenes import brute_force_first_hit, letter_scene, slab_scene

#: AP and ML by hand: 5400 + 1000 y and 5700 - 1000 x, IBL's bregma, and 4.21 mm behind it.
PLACES = {
    "OB_left": (1950.0, 7650.0),
    "OB_center": (1950.0, 5700.0),
    "OB_right": (1950.0, 3750.0),
    "RSP_base": (8600.0, 5700.0),
    "bregma": (5400.0, 5739.0),
    "lambda": (9610.0, 5739.0),
}
ENDS = ("olfactory_bulb_midline", "posterior_cortex_tip_left", "posterior_cortex_tip_right")


@pytest.fixture(params=["demo_mouse", "allen_mouse_50um"])
def scene(request: pytest.FixtureRequest) -> Scene:
    if request.param == "demo_mouse":
        return load_scene("demo_mouse", ["MOB"])
    folder: Path = request.getfixturevalue("shared_atlas_dir")
    return load_scene(request.param, ["VISp"], brainglobe_dir=folder)


def by_name(scene: Scene) -> dict[str, LandmarkPreset]:
    return {preset.name: preset for preset in landmark_presets(scene)}


def height(scene: Scene, ap: float, ml: float) -> float:
    """By trying all triangles."""
    _, depth = brute_force_first_hit(
        scene.brain.vertices_um, scene.brain.faces,
        np.array([[ap, -1000.0, ml]]), np.array([[0.0, 1.0, 0.0]]),
    )  # fmt: skip
    return float(depth[0]) - 1000.0


def test_points_in_the_allen_space_lie_on_the_surface_or_between_its_lips(scene: Scene) -> None:
    presets = by_name(scene)
    assert list(presets) == [*PLACES, *ENDS]
    for name, (ap, ml) in PLACES.items():
        found = presets[name].atlas_um
        assert (found[0], found[2]) == (ap, ml)
        own = height(scene, ap, ml)
        if "lips" in presets[name].description:
            lips = (height(scene, ap, 5400.0) + height(scene, ap, 6000.0)) / 2
            assert own > lips + 100.0
            assert found[1] == pytest.approx(lips, abs=0.1)
        else:
            assert found[1] == pytest.approx(own, abs=0.1)
    assert "lips" in presets["OB_center"].description
    assert "lips" not in presets["OB_left"].description


def test_ends_of_bulbs_and_cortex_are_those_of_the_annotation(scene: Scene) -> None:
    """The first labelled voxel of each column, not the mesh, says where a region ends."""
    presets = by_name(scene)
    annotation = scene.load_annotation()
    step = annotation.resolution_um[0]
    labelled = annotation.ids != 0
    top = np.take_along_axis(annotation.ids, labelled.argmax(axis=1)[:, None], axis=1)[:, 0]

    def last_row(acronym: str, columns: slice) -> np.ndarray:
        ids = [r.id for r in scene.ontology.descendants(scene.ontology.find(acronym).id)]
        seen = np.isin(top[:, columns], ids)
        last = len(seen) - 1 - seen[::-1].argmax(axis=0)
        return last[seen.any(axis=0)] * step

    middle = annotation.ids.shape[2] // 2
    far = round(900 / step)
    for side, columns in (
        ("left", slice(middle + 3, None)), ("right", slice(0, middle - 3))
    ):  # fmt: skip
        tip = presets[f"posterior_cortex_tip_{side}"].atlas_um
        assert tip[0] == pytest.approx(last_row("Isocortex", columns).max(), abs=150.0)
        assert (tip[2] > 5700.0) == (side == "left")
        assert tip[1] == pytest.approx(height(scene, tip[0], tip[2]), abs=0.1)
    bulbs = presets["olfactory_bulb_midline"].atlas_um
    near = slice(middle + far - 2, middle + far)
    assert bulbs[0] == pytest.approx(last_row("MOB", near).mean(), abs=200.0)
    assert bulbs[2] == 5700.0


def test_heights_on_the_demo_brain_are_those_of_its_functions() -> None:
    scene = load_scene("demo_mouse", ["MOB"])
    rng = np.random.default_rng(3)
    places = rng.uniform((4000.0, 6500.0), (8000.0, 8500.0), (30, 2))
    origins = np.stack([places[:, 0], np.zeros(30), places[:, 1]], axis=1)
    down = np.array([0.0, 1.0, 0.0])
    traced = trace_surface(RayBundle(origins, np.tile(down, (30, 1)), down, -np.inf))
    np.testing.assert_allclose(surface_from_above(scene, places), traced, atol=15.0)


def test_past_the_brain_there_is_no_surface() -> None:
    scene = load_scene("demo_mouse", ["MOB"])
    assert np.isnan(surface_from_above(scene, [(5000.0, 100.0)])).all()


def test_an_atlas_without_bregma_says_so() -> None:
    scene = letter_scene()
    assert landmark_presets(scene) == ()
    with pytest.raises(RegistrationError, match="'bregma': no bregma is known in it"):
        landmark_preset(scene, "bregma")
    with pytest.raises(RegistrationError, match="it has none"):
        landmark_preset(scene, "inion")


def test_an_unknown_name_lists_what_there_is() -> None:
    scene = load_scene("demo_mouse", ["MOB"])
    with pytest.raises(RegistrationError, match="it has OB_left, OB_center"):
        landmark_preset(scene, "inion")
    assert landmark_preset(scene, "RSP_base").name == "RSP_base"


def test_without_a_brain_surface_there_are_no_presets() -> None:
    with pytest.raises(AtlasError, match="no surface of the whole brain"):
        landmark_presets(slab_scene(brain_top_um=None))
