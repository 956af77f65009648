"""Images on surfaces whose shape is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.geometry.frames import AP, DV, ML, FloatArray
from napari_brainreg3d.projection import NothingSeenWarning
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.drape import drape, surface_data
from tests.fixtures.scenes import slab_scene, sphere_scene

CENTRE_UM = (5000.0, 3000.0, 4500.0)
RADIUS_UM = 2000.0


def placed(**changes: Any) -> Registration:
    """An image of 60 x 80 pixels of 20 um that looks straight down at the sphere."""
    given: dict[str, Any] = {
        "atlas": "test",
        "image_shape": (60, 80),
        "pixel_size_um": 20.0,
        "pose": Pose.dorsal(centre_um=(5300.0, 1000.0, 4000.0)),
        "camera": OrthographicCamera(),
    }
    return Registration(**{**given, **changes})


def edges_um(vertices: FloatArray, faces: np.ndarray) -> FloatArray:
    corners = vertices[faces]
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1)


def areas_um2(vertices: FloatArray, faces: np.ndarray) -> FloatArray:
    a, b, c = vertices[faces.T]
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def test_each_vertex_in_sight_has_the_value_of_the_image_above_it() -> None:
    image = np.random.default_rng(0).random((60, 80)).astype(np.float32)
    draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), image)
    rows = (draped.vertices_um[:, AP] - 5300.0) / 20.0 + 29.5
    columns = (4000.0 - draped.vertices_um[:, ML]) / 20.0 + 39.5
    inside = (np.abs(rows - 29.5) < 29) & (np.abs(columns - 39.5) < 39)
    above = draped.vertices_um[:, DV] < CENTRE_UM[DV] - 100.0
    np.testing.assert_array_equal(draped.seen[inside], above[inside])
    outside = (np.abs(rows - 29.5) > 30.1) | (np.abs(columns - 39.5) > 40.1)
    assert not draped.seen[outside].any()
    checked = inside & above
    assert checked.sum() > 4000
    expected = map_coordinates(image, [rows[checked], columns[checked]], order=1)
    np.testing.assert_allclose(draped.values[checked], expected, atol=1e-5)
    assert np.isnan(draped.values[~draped.seen]).all()


def test_the_back_of_the_brain_and_what_is_in_the_shadow_stay_unpainted() -> None:
    """From an eye at E the sphere is seen up to where the normal is at right angles to the ray."""
    eye = np.array([5000.0, -3000.0, 4500.0])
    source = placed(
        image_shape=(150, 150),
        pixel_size_um=40.0,
        pose=Pose.dorsal(centre_um=CENTRE_UM),
        camera=PinholeCamera(working_distance_mm=6.0),
    )
    draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), source, np.ones((150, 150)))
    normal = draped.vertices_um - CENTRE_UM
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    to_eye = eye - draped.vertices_um
    cosine = np.einsum("ij,ij->i", normal, to_eye) / np.linalg.norm(to_eye, axis=1)
    assert draped.seen[cosine > 0.25].all()
    assert not draped.seen[cosine < -0.1].any()
    assert min((cosine > 0.25).sum(), (cosine < -0.1).sum()) > 500


def test_faces_are_cut_finer_where_the_image_is_and_nowhere_else() -> None:
    scene = sphere_scene(RADIUS_UM, CENTRE_UM)
    before = scene.brain.vertices_um.copy()
    draped = drape(scene, placed(), np.zeros((60, 80)), spacing_um=30.0)
    np.testing.assert_array_equal(scene.brain.vertices_um, before)
    np.testing.assert_array_equal(draped.vertices_um[: len(before)], before)
    longest = edges_um(draped.vertices_um, draped.faces).max(axis=1)
    painted = draped.seen[draped.faces].all(axis=1)
    assert painted.sum() > 3000
    assert longest[painted].max() <= 1.75 * 30.0
    whole = edges_um(scene.brain.vertices_um, scene.brain.faces).max(axis=1)
    hidden = draped.vertices_um[draped.faces][..., DV].min(axis=1) > CENTRE_UM[DV]
    assert longest[hidden].min() > 0.6 * whole.min()
    # Cutting changes neither the surface nor which side is out.
    assert areas_um2(draped.vertices_um, draped.faces).sum() == pytest.approx(
        areas_um2(scene.brain.vertices_um, scene.brain.faces).sum(), rel=1e-9
    )
    a, b, c = draped.vertices_um[draped.faces.T]
    outwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a - CENTRE_UM)
    assert (outwards > 0).all()


def test_an_image_in_the_middle_of_one_large_face_is_painted() -> None:
    """The box's top is two triangles, no corner of which is in the image."""
    source = placed(pose=Pose.dorsal(centre_um=(4700.0, 900.0, 6500.0)))
    draped = drape(slab_scene((1000.0,) * 4), source, np.full((60, 80), 5.0))
    size = draped.vertices_um[draped.seen]
    assert np.ptp(size[:, AP]) == pytest.approx(1200.0, abs=40.0)
    assert np.ptp(size[:, ML]) == pytest.approx(1600.0, abs=40.0)
    np.testing.assert_allclose(size[:, DV], 1000.0)
    np.testing.assert_allclose(draped.values[draped.seen], 5.0)


def test_colours_run_from_black_to_white_and_are_grey_where_nothing_was_seen() -> None:
    row = np.repeat(np.linspace(0.0, 10.0, 60)[:, None], 80, axis=1)
    draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), row, contrast=(2.0, 8.0))
    colours, values = draped.colours, draped.values
    assert (colours[~draped.seen] == (206, 204, 200, 255)).all()
    assert (colours[values < 2.0] == (0, 0, 0, 255)).all()
    assert (colours[values > 8.0] == (255, 255, 255, 255)).all()
    middle = np.flatnonzero(np.abs(values - 5.0) < 0.02)
    assert middle.size
    assert np.abs(colours[middle, :3].astype(int) - 127.5).max() <= 2
    automatic = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), row).contrast
    assert automatic == pytest.approx((0.0, 10.0), abs=0.4)


def test_colours_of_a_colour_image_are_kept() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:, :40] = (250, 20, 30)  # the left of the image, the animal's left
    picture[:, 40:] = (10, 40, 240)
    draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), picture)
    left = draped.seen & (draped.vertices_um[:, ML] > 4030.0)
    right = draped.seen & (draped.vertices_um[:, ML] < 3970.0)
    assert (draped.colours[left] == (250, 20, 30, 255)).all()
    assert (draped.colours[right] == (10, 40, 240, 255)).all()
    assert min(left.sum(), right.sum()) > 1000


def test_another_frame_is_painted_as_if_it_had_been_draped() -> None:
    first, second = np.random.default_rng(1).random((2, 60, 80))
    scene = sphere_scene(RADIUS_UM, CENTRE_UM)
    draped = drape(scene, placed(), first, spacing_um=60.0)
    again = draped.painted(second, contrast=(0.0, 2.0))
    np.testing.assert_array_equal(
        again.values, drape(scene, placed(), second, spacing_um=60.0).values
    )
    assert again.contrast == (0.0, 2.0)
    assert again.vertices_um is draped.vertices_um or np.shares_memory(
        again.vertices_um, draped.vertices_um
    )


def test_a_coarse_mesh_does_not_alias() -> None:
    """Stripes of two pixels on vertices four pixels apart."""
    stripes = np.tile(np.cos(np.pi * np.arange(80)), (60, 1))
    fine = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), stripes, spacing_um=20.0)
    coarse = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), stripes, spacing_um=80.0)
    assert np.nanstd(fine.values) > 0.3
    assert np.nanstd(coarse.values) < 0.05


def test_missing_and_masked_pixels_are_not_painted() -> None:
    image = np.ones((60, 80))
    image[:, :30] = np.nan
    mask = np.ones((60, 80), bool)
    mask[:, 50:] = False
    draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), image, mask=mask)
    columns = (4000.0 - draped.vertices_um[:, ML]) / 20.0 + 39.5
    known = np.isfinite(draped.values)
    assert not known[(columns < 28) | (columns > 51)].any()
    assert known[draped.seen & (columns > 31) & (columns < 48)].all()
    assert (draped.values[known] == 1.0).all()


def test_the_arrays_for_viewers_can_leave_out_what_was_not_seen() -> None:
    draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), placed(), np.ones((60, 80)))
    vertices, faces, values, colours = surface_data(draped, only_seen=True)
    assert np.isfinite(values).all()
    assert faces.max() == len(vertices) - 1 == len(values) - 1 == len(colours) - 1
    assert len(faces) == draped.seen[draped.faces].all(axis=1).sum()
    assert areas_um2(vertices, faces).sum() == pytest.approx(1.2 * 1.6 * 1e6, rel=0.15)
    whole = surface_data(draped)
    assert whole[0] is draped.vertices_um


def test_an_image_that_looks_past_the_brain_is_warned_of() -> None:
    past = placed(pose=Pose.dorsal(centre_um=(5300.0, 1000.0, 9000.0)))
    with pytest.warns(NothingSeenWarning, match="nothing is painted"):
        draped = drape(sphere_scene(RADIUS_UM, CENTRE_UM), past, np.ones((60, 80)))
    assert not draped.seen.any()
    assert (draped.colours == (206, 204, 200, 255)).all()


def test_wrong_values_are_refused() -> None:
    scene = sphere_scene(RADIUS_UM, CENTRE_UM)
    with pytest.raises(ImageError, match="60 x 80"):
        drape(scene, placed(), np.zeros((60, 81)))
    with pytest.raises(ImageError, match="spacing_um must be positive, got -1"):
        drape(scene, placed(), np.zeros((60, 80)), spacing_um=-1)
    with pytest.raises(ImageError, match="the smaller first"):
        drape(scene, placed(), np.zeros((60, 80)), contrast=(3, 3))
    with pytest.raises(ImageError, match="vertices; give a larger one"):
        drape(scene, placed(image_shape=(400, 400)), np.zeros((400, 400)), spacing_um=0.2)
