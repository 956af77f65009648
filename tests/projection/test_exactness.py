"""Labels and depths against brute force and closed forms."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import casting, project
from napari_brainreg3d.projection.engines import EmbreeEngine, FirstHitEngine, TrimeshEngine
from napari_brainreg3d.registration import Registration
from tests.fixtures.pixel_oracle import (
    all_pixels,
    depth_of,
    expected_labels,
    first_points,
    normals_of,
    pixel_rays,
)
from tests.fixtures.scenes import (
    joined,
    letter_scene,
    nested_shells_scene,
    ontology_of,
    slab_scene,
    sphere_mesh,
    sphere_sag_um,
    sphere_scene,
)

CAMERAS = [
    pytest.param(OrthographicCamera(), id="orthographic"),
    pytest.param(OrthographicCamera(mirrored=True), id="orthographic, mirrored"),
    pytest.param(PinholeCamera(working_distance_mm=230.0), id="230 mm"),
    pytest.param(
        PinholeCamera(working_distance_mm=25.0, principal_point_um=(700.0, -400.0)),
        id="25 mm, off centre",
    ),
    pytest.param(
        PinholeCamera(working_distance_mm=6.0, mirrored=True), id="6 mm, almost touching, mirrored"
    ),
]
SCENES = {
    "ball": sphere_scene(subdivisions=2),
    "shells": nested_shells_scene(subdivisions=2, selected=(1, 2, 3)),
    "slabs": slab_scene(),
    "letter": letter_scene(),
}


def looking_at(
    scene: Scene, camera: Camera, seed: int, *, shape: tuple[int, int] = (17, 23), fill: float = 1.1
) -> Registration:
    """A camera that looks at the middle of a scene from a random side, roughly filling its view."""
    random = np.random.default_rng(seed)
    low, high = scene.mesh.bounds_um
    yaw, pitch, roll = random.uniform((-180, -80, -180), (180, 80, 180))
    size = fill * np.linalg.norm(high - low) / max(shape)
    return Registration(
        atlas=scene.atlas.name,
        image_shape=shape,
        pixel_size_um=(size * 1.07, size),
        pose=Pose.dorsal(
            centre_um=(low + high) / 2 + random.uniform(-200, 200, 3),
            yaw_deg=yaw,
            pitch_deg=pitch,
            roll_deg=roll,
        ),
        camera=camera,
    )


def assert_agrees(
    scene: Scene, registration: Registration, *, brain_tolerance_um: float | None = None
) -> None:
    """All pixels away from borders carry the label that brute force finds."""
    expected, safe = expected_labels(scene, registration, brain_tolerance_um=brain_tolerance_um)
    options: dict[str, Any] = {"occlusion": "selected"}
    if brain_tolerance_um is not None:
        options = {"occlusion": "brain", "tolerance_um": brain_tolerance_um}
    labels = project(scene, registration, **options).labels
    assert safe.mean() > 0.9  # nearly all pixels are tested
    assert np.array_equal(labels[safe], expected[safe])


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("name", SCENES)
def test_every_ray_away_from_borders_meets_what_brute_force_finds(
    name: str, camera: Camera
) -> None:
    scene = SCENES[name]
    for seed in range(2):
        registration = looking_at(scene, camera, seed)
        assert project(scene, registration, occlusion="selected").labels.any()
        assert_agrees(scene, registration)


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("name", ["shells", "slabs"])
def test_every_ray_away_from_borders_agrees_where_the_brain_hides_regions(
    name: str, camera: Camera
) -> None:
    scene = SCENES[name]
    assert_agrees(scene, looking_at(scene, camera, 7), brain_tolerance_um=150.0)


def triangle_soup(seed: int, regions: int = 4, triangles: int = 40) -> Scene:
    """Regions of loose triangles that cut through each other: none is closed, some are slivers."""
    random = np.random.default_rng(seed)
    meshes = []
    for _ in range(regions):
        corners = random.uniform(3000, 7000, (triangles, 1, 3)) + random.normal(
            scale=random.choice([30.0, 300.0, 1500.0], (triangles, 1, 1)), size=(triangles, 3, 3)
        )
        # Slivers: half a micrometre wide, and without any width.
        corners[:4, 2] = corners[:4, 1] + 0.01 * (corners[:4, 0] - corners[:4, 1])
        corners[:2, 2] += 0.5
        meshes.append(Mesh(corners.reshape(-1, 3), np.arange(3 * triangles).reshape(-1, 3)))
    mesh, owner = joined(meshes)
    template = nested_shells_scene(selected=range(regions), subdivisions=1)
    return dataclasses.replace(template, mesh=mesh, face_region=owner)


@settings(max_examples=25)
@given(
    st.integers(0, 10**6),
    st.sampled_from([OrthographicCamera(), PinholeCamera(working_distance_mm=12.0)]),
)
def test_soups_of_triangles_look_as_brute_force_finds(seed: int, camera: Camera) -> None:
    scene = triangle_soup(seed)
    registration = looking_at(scene, camera, seed, shape=(17, 19))
    expected, safe = expected_labels(scene, registration)
    labels = project(scene, registration, occlusion="selected").labels
    assert np.array_equal(labels[safe], expected[safe])


@pytest.mark.parametrize("engine", [EmbreeEngine, TrimeshEngine])
def test_either_engine_agrees_with_brute_force(
    engine: type[FirstHitEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine is TrimeshEngine:
        pytest.importorskip("rtree", reason="trimesh's own engine needs rtree")
    monkeypatch.setattr(casting, "default_engine", engine)
    for seed in range(2):
        scene = nested_shells_scene(subdivisions=2)
        assert_agrees(scene, looking_at(scene, PinholeCamera(working_distance_mm=20.0), seed))
        soup = triangle_soup(seed)
        assert_agrees(soup, looking_at(soup, OrthographicCamera(), seed, shape=(17, 19)))


@pytest.mark.parametrize("pixel_size_um", [2.0, 10.0])
def test_a_working_distance_of_two_metres_costs_no_precision(pixel_size_um: float) -> None:
    """1e-3 px are 2 nm here, a billionth of the working distance."""
    scene = nested_shells_scene(subdivisions=4, selected=(1, 2, 3))
    low, high = scene.mesh.bounds_um
    registration = Registration(
        atlas="test",
        image_shape=(9, 14),
        pixel_size_um=pixel_size_um,
        pose=Pose.dorsal(
            centre_um=((low + high) / 2 + (0, -1500, 1900)), pitch_deg=31.0, roll_deg=-17.0
        ),
        camera=PinholeCamera(working_distance_mm=2000.0),
    )
    # Each facet is a region of its own: there are borders everywhere.
    facets = np.arange(len(scene.mesh.faces), dtype=np.int32)
    ontology = ontology_of([f"facet {i}" for i in facets])
    by_facet = dataclasses.replace(
        scene, ontology=ontology, regions=ontology.regions[1:], face_region=facets
    )
    expected, safe = expected_labels(by_facet, registration)
    labels = project(by_facet, registration, occlusion="selected").labels
    assert safe.mean() > 0.9
    assert np.array_equal(labels[safe], expected[safe])


@pytest.mark.parametrize("power", [-10, 7])
def test_tiny_and_huge_scenes_look_the_same(power: int) -> None:
    """A power of two changes no digit: labels stay, depths grow with the scene."""
    scale = 2.0**power
    scene = slab_scene()
    other = dataclasses.replace(
        scene,
        mesh=Mesh(scene.mesh.vertices_um * scale, scene.mesh.faces),
        brain=Mesh(scene.brain.vertices_um * scale, scene.brain.faces),
    )
    registration = looking_at(scene, PinholeCamera(working_distance_mm=64.0), 1)
    pose = Pose(registration.pose.rotation, registration.pose.centre_um * scale)
    small, large = registration.pixel_size_um
    scaled = registration.replaced(
        pose=pose,
        pixel_size_um=(small * scale, large * scale),
        camera=PinholeCamera(working_distance_mm=64.0 * scale),
    )
    here = project(scene, registration, tolerance_um=150.0)
    there = project(other, scaled, tolerance_um=150.0 * scale)
    assert np.array_equal(here.labels, there.labels)
    assert set(np.unique(here.labels)) >= {0, 1, 2}
    np.testing.assert_allclose(there.depth_um, here.depth_um * scale, rtol=1e-6)


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("subdivisions", [2, 4])
def test_depth_on_a_ball_is_that_of_its_facets(camera: Camera, subdivisions: int) -> None:
    """Within 0.1 % of the sag, that is of how far facets lie inside the sphere they approximate.

    The sag itself is a property of the mesh: the facets, and so the depths, must lie between the
    sphere and the concentric sphere that is smaller by the sag.
    """
    radius, centre = 2000.0, np.array([5000.0, 3000.0, 4500.0])
    scene = sphere_scene(radius, tuple(centre), subdivisions)
    sag = sphere_sag_um(scene.mesh, radius, centre)
    registration = looking_at(scene, camera, 5, fill=0.7)
    projection = project(scene, registration)
    origins, directions = pixel_rays(registration, all_pixels(registration.image_shape))
    face, _, places = first_points(scene.mesh, origins, directions)
    exact = depth_of(registration, places)
    # Away from the facets' edges both name the same facet, also for rays 1e-3 px away.
    met = face >= 0
    depth = projection.depth_um.ravel()
    assert np.array_equal(np.isfinite(depth)[met], met[met])
    error = np.abs(depth[met] - exact[met])
    assert met.sum() > 50
    assert error.max() < 1e-3 * sag

    to_centre = centre - origins
    nearest = (to_centre * directions).sum(axis=1)
    miss = np.linalg.norm(to_centre - nearest[:, None] * directions, axis=1)
    entry = [nearest - np.sqrt(np.maximum(r**2 - miss**2, 0)) for r in (radius, radius - sag)]
    outer, inner = (depth_of(registration, origins + t[:, None] * directions) for t in entry)
    deep = miss < radius - sag
    assert deep.sum() > 50
    assert (depth[deep] >= outer[deep] - 1e-3 * sag).all()
    assert (depth[deep] <= inner[deep] + 1e-3 * sag).all()


@pytest.mark.parametrize("camera", CAMERAS)
def test_coordinates_and_angles_are_those_of_the_facet(camera: Camera) -> None:
    scene = nested_shells_scene(subdivisions=3)
    registration = looking_at(scene, camera, 8)
    projection = project(scene, registration)
    origins, directions = pixel_rays(registration, all_pixels(registration.image_shape))
    face, _, places = first_points(scene.mesh, origins, directions)
    met = face >= 0
    assert met.sum() > 50
    found = projection.atlas_um.reshape(-1, 3)
    np.testing.assert_allclose(found[met], places[met], atol=5e-3)
    assert np.isnan(found[~met]).all()
    cosine = np.abs((normals_of(scene.mesh, face[met]) * directions[met]).sum(axis=1))
    angle = projection.incidence_deg.ravel()
    np.testing.assert_allclose(angle[met], np.degrees(np.arccos(cosine)), atol=0.01)
    assert np.isnan(angle[~met]).all()


def test_what_a_distorting_lens_shows_lies_where_its_lens_model_puts_it() -> None:
    """The forward model (Brown, as in OpenCV) needs no inverse and is written out here."""
    scene = nested_shells_scene(subdivisions=4)
    k1, k2, distance = -0.15, 0.03, 12_000.0
    camera = PinholeCamera(
        working_distance_mm=distance / 1000, k1=k1, k2=k2, principal_point_um=(300.0, -200.0)
    )
    registration = looking_at(scene, camera, 3, fill=1.4)
    projection = project(scene, registration)
    seen = projection.labels > 0
    assert 50 < seen.sum() < seen.size
    plane = (projection.atlas_um[seen] - registration.pose.centre_um) @ registration.pose.rotation
    ideal = (plane[:, :2] - (300.0, -200.0)) / (plane[:, 2:] + distance)
    squared = (ideal**2).sum(axis=1, keepdims=True)
    offsets = ideal * (1 + k1 * squared + k2 * squared**2) * distance + (300.0, -200.0)
    middle = (np.array(registration.image_shape) - 1) / 2
    pixels = offsets / registration.pixel_size_um + middle
    np.testing.assert_allclose(pixels, np.argwhere(seen), atol=1e-3)


def test_meshes_with_holes_show_what_lies_behind_the_hole() -> None:
    """Without its top, a box shows its inside: the bottom, and the walls from within."""
    scene = slab_scene((1000.0,), brain_top_um=None)
    corners = scene.mesh.vertices_um[scene.mesh.faces]
    is_top = (corners[..., 1] == 1000.0).all(axis=1)
    assert is_top.sum() == 2
    opened = Mesh(scene.mesh.vertices_um, scene.mesh.faces[~is_top])
    scene = dataclasses.replace(scene, mesh=opened, face_region=scene.face_region[~is_top])
    registration = Registration(
        atlas="test",
        image_shape=(9, 9),
        pixel_size_um=100.0,
        pose=Pose.dorsal(centre_um=(5000.0, 500.0, 4700.0)),
    )
    projection = project(scene, registration)
    assert (projection.labels == 1).all()
    assert np.allclose(projection.depth_um, 2500.0)  # the inside of the bottom, at 3000
    # Tilted by 45 degrees about the image's rows: to the left of the middle of the hole the inside
    # of the wall is seen.
    tilted = registration.replaced(
        pose=Pose.dorsal(centre_um=(5000.0, 1000.0, 4700.0), roll_deg=45.0)
    )
    assert_agrees(scene, tilted)
    depth = project(scene, tilted).depth_um[4, 4]
    # From the middle of the hole the wall is 500 um away sideways, and as deep again.
    assert depth == pytest.approx(500.0 * np.sqrt(2), abs=1e-3)


def test_a_ball_seen_from_its_centre_surrounds_the_camera() -> None:
    radius, centre = 2000.0, (5000.0, 3000.0, 4500.0)
    scene = sphere_scene(radius, centre, 4)
    distance = 1000.0
    pose = Pose.dorsal(centre_um=centre, yaw_deg=20.0, pitch_deg=50.0)
    registration = Registration(
        atlas="test",
        image_shape=(31, 41),
        pixel_size_um=60.0,
        pose=pose.moved(plane_um=(0, 0, distance)),
        camera=PinholeCamera(working_distance_mm=distance / 1000),
    )
    projection = project(scene, registration)
    assert (projection.labels == 1).all()
    sag = sphere_sag_um(scene.mesh, radius, centre)
    reach = np.linalg.norm(projection.atlas_um - np.array(centre), axis=2)
    assert reach.max() <= radius + 1e-2
    assert reach.min() >= radius - sag - 1e-2
    # The same from within both engines' worlds: the nearest wall in front, never the one behind.
    ahead = (projection.atlas_um - np.array(centre)) @ pose.rotation[:, 2]
    assert (ahead > 0).all()


def test_two_balls_before_and_behind_the_camera_show_only_the_one_before() -> None:
    above, below = (5000.0, 1500.0, 5000.0), (5000.0, 6000.0, 5000.0)
    mesh, owner = joined([sphere_mesh(800.0, above, 2), sphere_mesh(800.0, below, 2)])
    template = nested_shells_scene(selected=(0, 1), subdivisions=1)
    scene = dataclasses.replace(template, mesh=mesh, face_region=owner)
    registration = Registration(
        atlas="test",
        image_shape=(21, 21),
        pixel_size_um=50.0,
        pose=Pose.dorsal(centre_um=(5000.0, 5000.0, 5000.0)),
        camera=PinholeCamera(working_distance_mm=1.5),  # the eye is between the balls
    )
    down = project(scene, registration, occlusion="selected")
    assert down.table.pixels.tolist()[0] == 0
    assert down.table.pixels.tolist()[1] > 100
    up = registration.replaced(
        pose=Pose.from_view("ventral", centre_um=(5000.0, 2500.0, 5000.0)),
    )
    seen = project(scene, up, occlusion="selected").table.pixels.tolist()
    assert seen[0] > 100
    assert seen[1] == 0


@pytest.mark.parametrize("depth", [-6000.0, 0.0, 900.0, 2600.0, 9000.0])
@pytest.mark.parametrize("occlusion", ["brain", "selected"])
def test_the_plane_of_focus_may_lie_above_inside_or_under_the_brain(
    depth: float, occlusion: Any
) -> None:
    """Same rays, another plane: same labels, and depths that differ by the way between."""
    scene = nested_shells_scene(subdivisions=3, selected=(1, 3))
    registration = looking_at(scene, OrthographicCamera(), 2)
    moved = registration.replaced(pose=registration.pose.moved(plane_um=(0.0, 0.0, depth)))
    here, there = (project(scene, r, occlusion=occlusion) for r in (registration, moved))
    assert here.labels.any()
    assert np.array_equal(here.labels, there.labels)
    np.testing.assert_allclose(there.depth_um + depth, here.depth_um, atol=2e-3)

    near = 20_000.0  # of a pinhole camera; further away, the same rays cross at larger distances
    pinhole = registration.replaced(camera=PinholeCamera(working_distance_mm=near / 1000))
    zoom = (near + depth) / near
    height, width = registration.pixel_size_um
    other = moved.replaced(
        camera=PinholeCamera(working_distance_mm=(near + depth) / 1000),
        pixel_size_um=(height * zoom, width * zoom),
    )
    here, there = (project(scene, r, occlusion=occlusion) for r in (pinhole, other))
    assert here.labels.any()
    assert np.array_equal(here.labels, there.labels)
    np.testing.assert_allclose(there.depth_um + depth, here.depth_um, atol=2e-3)
