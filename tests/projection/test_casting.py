"""Rays against one mesh: hits, grazes, misses, edge-on faces, and both engines."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, PixelGrid, Pose, View
from napari_brainreg3d.geometry.rays import RayBundle
from napari_brainreg3d.projection import SurfaceCaster, caster_for
from napari_brainreg3d.projection.engines import (
    HAS_EMBREE,
    EmbreeEngine,
    FirstHitEngine,
    NothingEngine,
    TrimeshEngine,
    default_engine,
)
from tests.fixtures.scenes import box_mesh, brute_force_first_hit, sphere_mesh

EMPTY = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
DOWN = np.array([0.0, 1.0, 0.0])


@pytest.fixture(params=["embree", "trimesh"])
def engine(request: pytest.FixtureRequest) -> type[FirstHitEngine]:
    if request.param == "embree":
        pytest.importorskip("embreex", reason="no wheel of embreex for this platform")
        return EmbreeEngine
    pytest.importorskip("rtree", reason="trimesh's own engine needs rtree")
    return TrimeshEngine


def rays_down(
    points_um: np.ndarray, *, eye_depth_um: float = -np.inf, direction: np.ndarray = DOWN
) -> RayBundle:
    """Parallel rays along axis 1 (or ``direction``), whose plane of focus is axis 1 = 0."""
    directions = np.tile(direction / direction[1], (len(points_um), 1))
    return RayBundle(np.asarray(points_um, np.float64), directions, DOWN, eye_depth_um)


def test_hit_graze_miss_parallel_and_behind_are_told_apart(engine: type[FirstHitEngine]) -> None:
    caster = SurfaceCaster(box_mesh((1000, 500, 1000), (3000, 2500, 2000)), engine)
    inside, beside, just_in, just_out = (
        (2000, 0, 1500),
        (500, 0, 1500),
        (1000.01, 0, 1500),
        (999.99, 0, 1500),
    )
    rays = rays_down(np.array([inside, beside, just_in, just_out], float))
    hits = caster.first_hits(rays)
    assert (hits.face >= 0).tolist() == [True, False, True, False]
    np.testing.assert_allclose(hits.depth_um, [500.0, np.nan, 500.0, np.nan])
    np.testing.assert_allclose(hits.cos_incidence, [1.0, np.nan, 1.0, np.nan])
    # Parallel to four of the faces; only the top and the bottom are met.
    assert caster.blocked_before(rays, np.full(4, 1e9)).tolist() == [True, False, True, False]
    # From an eye inside, the bottom is met; from one below, nothing.
    within = caster.first_hits(rays_down(np.array([inside], float), eye_depth_um=1000.0))
    assert within.depth_um.tolist() == [2500.0]
    below = caster.first_hits(rays_down(np.array([inside], float), eye_depth_um=2501.0))
    assert below.face.tolist() == [-1]


def test_blocked_before_knows_how_far_the_ray_has_to_get(engine: type[FirstHitEngine]) -> None:
    caster = SurfaceCaster(box_mesh((1000, 500, 1000), (3000, 2500, 2000)), engine)
    rays = rays_down(np.tile((2000.0, 0.0, 1500.0), (6, 1)))
    to = np.array([-1e7, 499.0, 501.0, 1e7, np.inf, np.nan])
    assert caster.blocked_before(rays, to).tolist() == [False, False, True, True, True, False]


def test_depth_counts_along_the_viewing_direction_however_the_ray_leans(
    engine: type[FirstHitEngine],
) -> None:
    caster = SurfaceCaster(box_mesh((-9000, 500, -9000), (9000, 2500, 9000)), engine)
    leaning = rays_down(np.zeros((1, 3)), direction=np.array([3.0, 1.0, -2.0]))
    hits = caster.first_hits(leaning)
    np.testing.assert_allclose(hits.depth_um, [500.0])
    np.testing.assert_allclose(hits.cos_incidence, [1 / np.sqrt(14)])
    np.testing.assert_allclose(leaning.at_depth(hits.depth_um), [[1500.0, 500.0, -1000.0]])


def test_both_sides_of_a_face_are_met(engine: type[FirstHitEngine]) -> None:
    mesh = sphere_mesh(1000.0, (0.0, 2000.0, 0.0), 2)
    turned = Mesh(mesh.vertices_um, mesh.faces[:, ::-1].copy())
    rays = rays_down(np.random.default_rng(0).uniform(-900, 900, (50, 3)) * (1, 0, 1))
    here, there = (SurfaceCaster(m, engine).first_hits(rays) for m in (mesh, turned))
    assert (here.face >= 0).sum() > 30
    assert np.array_equal(here.face, there.face)
    np.testing.assert_allclose(there.depth_um, here.depth_um)
    np.testing.assert_allclose(there.cos_incidence, here.cos_incidence)


def test_no_ray_slips_through_edges_and_corners(engine: type[FirstHitEngine]) -> None:
    """Rays aimed exactly at the corners and at the middles of the edges of a closed surface."""
    mesh = sphere_mesh(1000.0, (0.0, 2000.0, 0.0), 3)
    corners = mesh.vertices_um[mesh.faces]
    targets = np.concatenate(
        [mesh.vertices_um, (corners + np.roll(corners, 1, axis=1)).reshape(-1, 3) / 2]
    )
    facing = targets[targets[:, 1] < 1900.0][::3]
    hits = SurfaceCaster(mesh, engine).first_hits(rays_down(facing * (1, 0, 1)))
    assert (hits.face >= 0).all()
    np.testing.assert_allclose(hits.depth_um, facing[:, 1], atol=0.5)


@pytest.mark.parametrize("seed", range(4))
def test_a_face_seen_edge_on_is_met_within_its_own_extent(
    seed: int, engine: type[FirstHitEngine]
) -> None:
    """Rays in the very plane of a face: where they meet that plane is anywhere, NaN or infinite."""
    box = box_mesh((-2000, -1000, -500), (2000, 1000, 500))
    turn = Rotation.random(random_state=seed).as_matrix()
    mesh = Mesh(box.vertices_um @ turn.T, box.faces)
    view = View(
        PixelGrid((41, 81), (50.0, 50.0)),
        OrthographicCamera(),
        Pose(turn @ Pose.dorsal(centre_um=(0, 0, 0)).rotation, (0, 0, 0)),
    )
    rays = view.row_rays(0, 41)  # some run exactly along the four side walls
    hits = SurfaceCaster(mesh, engine).first_hits(rays)
    met = hits.face >= 0
    assert met.sum() > 500
    assert np.isfinite(hits.depth_um[met]).all()
    assert np.abs(hits.depth_um[met]).max() < 1000.0 + 1e-6
    assert np.isnan(hits.depth_um[~met]).all()


def test_rays_that_all_miss_and_no_rays_at_all_meet_nothing(engine: type[FirstHitEngine]) -> None:
    caster = SurfaceCaster(sphere_mesh(1000.0, (0.0, 2000.0, 0.0), 1), engine)
    hits = caster.first_hits(rays_down(np.full((3, 3), 1e5)))
    assert hits.face.tolist() == [-1, -1, -1]
    assert np.isnan(hits.depth_um).all()
    assert not caster.blocked_before(rays_down(np.full((3, 3), 1e5)), np.full(3, np.inf)).any()
    none = caster.first_hits(rays_down(np.empty((0, 3))))
    assert none.face.shape == none.depth_um.shape == none.cos_incidence.shape == (0,)


def test_triangles_without_area_are_never_met(engine: type[FirstHitEngine]) -> None:
    line = Mesh(
        [(0, 500, 0), (100, 500, 70), (50, 500, 35), (-9, 900, -9), (9, 900, -9), (0, 900, 9)],
        [[0, 1, 2], [3, 4, 5]],
    )
    hits = SurfaceCaster(line, engine).first_hits(rays_down(np.zeros((1, 3))))
    assert hits.face.tolist() == [1]
    assert SurfaceCaster(Mesh(line.vertices_um, line.faces[:1]), engine).first_hits(
        rays_down(np.array([[60.0, 0.0, 0.0]]))
    ).face.tolist() == [-1]


def test_a_mesh_without_faces_is_never_met() -> None:
    assert isinstance(default_engine(EMPTY), NothingEngine)
    caster = SurfaceCaster(EMPTY)
    rays = rays_down(np.zeros((2, 3)))
    hits = caster.first_hits(rays)
    assert hits.face.tolist() == [-1, -1]
    assert np.isnan(hits.depth_um).all()
    assert np.isnan(hits.cos_incidence).all()
    assert not caster.blocked_before(rays, np.full(2, np.inf)).any()


def test_rays_start_before_the_mesh_but_not_behind_the_camera() -> None:
    caster = SurfaceCaster(box_mesh((1000, 500, 1000), (3000, 2500, 2000)))
    far = rays_down(np.zeros((1, 3)))
    assert 490 < caster.start_depth(far) < 500
    assert caster.start_depth(rays_down(np.zeros((1, 3)), eye_depth_um=-1e6)) > 490
    assert caster.start_depth(rays_down(np.zeros((1, 3)), eye_depth_um=1234.5)) == 1234.5


@pytest.mark.skipif(not HAS_EMBREE, reason="no wheel of embreex for this platform")
def test_embree_keeps_its_precision_far_from_the_origin() -> None:
    """A mesh 10 m from the origin; float32 alone would round its corners to whole micrometres."""
    offset = np.array([1e7, 1e7, -1e7])
    mesh = sphere_mesh(1000.0, (0.0, 2000.0, 0.0), 4)
    rays = rays_down(np.random.default_rng(1).uniform(-600, 600, (300, 3)) * (1, 0, 1))
    moved = RayBundle(rays.crossings_um + offset, rays.directions, DOWN, -np.inf)
    here = SurfaceCaster(mesh).first_hits(rays)
    there = SurfaceCaster(Mesh(mesh.vertices_um + offset, mesh.faces)).first_hits(moved)
    face, distance = brute_force_first_hit(
        mesh.vertices_um, mesh.faces, rays.crossings_um, rays.directions
    )
    assert np.array_equal(here.face, face)
    assert (there.face == face).mean() > 0.99  # the offset itself rounds by 2 nm
    np.testing.assert_allclose(here.depth_um, distance, atol=1e-9)
    np.testing.assert_allclose(there.depth_um, distance, atol=1e-3)


def test_both_engines_agree_on_random_rays() -> None:
    pytest.importorskip("embreex", reason="no wheel of embreex for this platform")
    pytest.importorskip("rtree", reason="trimesh's own engine needs rtree")
    mesh = sphere_mesh(1000.0, (0.0, 2000.0, 0.0), 2)
    view = View(
        PixelGrid((13, 17), (210.0, 190.0)),
        PinholeCamera(working_distance_mm=4.0),
        Pose.dorsal(centre_um=(100.0, 1300.0, -70.0), pitch_deg=20.0, yaw_deg=33.0),
    )
    rays = view.row_rays(0, 13)
    here, there = (SurfaceCaster(mesh, e) for e in (EmbreeEngine, TrimeshEngine))
    a, b = here.first_hits(rays), there.first_hits(rays)
    assert 50 < (a.face >= 0).sum() < len(rays)
    assert np.array_equal(a.face, b.face)
    assert np.array_equal(a.depth_um, b.depth_um, equal_nan=True)
    limits = np.random.default_rng(2).uniform(-500, 2500, len(rays))
    assert np.array_equal(here.blocked_before(rays, limits), there.blocked_before(rays, limits))


def test_a_caster_is_built_once_and_goes_with_its_mesh() -> None:
    mesh = sphere_mesh(1000.0, (0.0, 2000.0, 0.0), 1)
    assert caster_for(mesh) is caster_for(mesh)
    gone = weakref.ref(caster_for(mesh))
    del mesh
    gc.collect()
    assert gone() is None


def test_an_engine_made_in_a_thread_finds_the_same_faces() -> None:
    """There it copies the mesh in another way, which lets other threads run meanwhile."""
    pytest.importorskip("embreex", reason="no wheel of embreex for this platform")
    mesh = sphere_mesh(1000.0, (4000.0, 3000.0, 5000.0), 3)
    random = np.random.default_rng(3)
    origins, directions = random.normal(0.0, 50.0, (500, 3)), random.normal(0.0, 1.0, (500, 3))
    origins += mesh.bounds_um.mean(axis=0)
    made: list[EmbreeEngine] = []
    thread = threading.Thread(target=lambda: made.append(EmbreeEngine(mesh)))
    thread.start()
    thread.join()
    faces = made[0].first_faces(origins, directions)
    np.testing.assert_array_equal(faces, EmbreeEngine(mesh).first_faces(origins, directions))
    assert len(np.unique(faces)) > 50
