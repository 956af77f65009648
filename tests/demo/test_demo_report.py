"""The report of the demo: right when all is right, and wrong by the right amount when it is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from napari_brainreg3d.atlas.demo import DemoAtlas
from napari_brainreg3d.atlas.demo.partition import regions_at
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_registration, demo_report, flat_registration
from napari_brainreg3d.demo.tracing import inward, trace_surface
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.projection import Projection, project
from tests.fixtures.scenes import brute_force_first_hit, sphere_scene


@pytest.fixture(scope="module")
def projection() -> Projection:
    truth = demo_registration()
    return project(load_scene("demo_mouse", truth.regions), truth)


def test_the_true_pose_is_recovered(projection: Projection) -> None:
    report = demo_report(projection)
    assert report.pixels > 100_000
    assert report.right > 0.95
    assert report.right_inside > 0.999
    assert report.missed < 0.01
    assert report.invented < 0.01
    assert report.depth_error_um < 5
    assert report.lateral_error_um < 5
    assert f"{report.right:.1%} of {report.pixels} pixels" in str(report)


def test_a_flat_map_costs_a_tenth_of_the_pixels(projection: Projection) -> None:
    flat = demo_report(project(projection.scene, flat_registration()))
    assert flat.right < demo_report(projection).right - 0.08
    assert flat.lateral_error_um > 40


def test_a_shift_of_the_pose_is_reported_in_um(projection: Projection) -> None:
    """What is placed 60 um to one side is 60 um off, whatever else was moved."""
    truth = demo_registration()
    moved = truth.replaced(pose=truth.pose.moved(plane_um=(0.0, 60.0, 35.0)))
    report = demo_report(project(projection.scene, moved))
    assert report.lateral_error_um == pytest.approx(60.0, abs=3.0)
    assert report.right < demo_report(projection).right


def test_swapped_sides_are_reported(projection: Projection) -> None:
    """With rows of their own for both sides, swapping all labels leaves none right."""
    split = projection.regrouped(None, split_hemispheres=True)
    assert demo_report(split).right > 0.95
    finest = projection.finest.astype(int)
    other_side = np.where(finest > 0, ((finest - 1) ^ 1) + 1, 0).astype(np.uint16)
    swapped = dataclasses.replace(split, finest=other_side)
    assert demo_report(swapped).right < 0.02


def test_a_projection_without_labels_misses_everything(projection: Projection) -> None:
    empty = dataclasses.replace(projection, finest=np.zeros_like(projection.finest))
    report = demo_report(empty)
    assert (report.right, report.missed, report.invented) == (0.0, 1.0, 0.0)


def test_coarser_groups_are_compared_with_coarser_truth(projection: Projection) -> None:
    coarse = demo_report(projection.regrouped(["MO", "SS", "VIS"]))
    assert coarse.right > demo_report(projection).right
    assert coarse.pixels < demo_report(projection).pixels


def test_another_atlas_or_shape_is_refused(projection: Projection) -> None:
    truth = demo_registration()
    with pytest.raises(RegistrationError, match="shape"):
        demo_report(projection, truth.replaced(image_shape=(10, 10)))
    other = project(sphere_scene(), truth.replaced(atlas="test_sphere"))
    with pytest.raises(RegistrationError, match="test_sphere"):
        demo_report(other)


def test_the_traced_surface_is_where_brute_force_meets_the_mesh() -> None:
    """Two ways to the same points: steps through the functions, and all triangles one by one."""
    brain = DemoAtlas().mesh(DemoAtlas().ontology.root)
    view = demo_registration().view
    rng = np.random.default_rng(0)
    rays = view.pixel_rays(rng.uniform((20, 20), (430, 490), (150, 2)))
    face, way = brute_force_first_hit(
        brain.vertices_um, brain.faces, rays.at_depth(-20_000.0), rays.directions
    )
    traced = trace_surface(rays)
    hit = np.isfinite(traced).all(axis=1)
    assert 90 < hit.sum() < 145
    assert (hit == (face >= 0)).mean() > 0.98
    both = hit & (face >= 0)
    met = rays.at_depth(-20_000.0 + np.where(both, way, 0.0))[both]
    # Between grid points the mesh is flat and the functions are not: compare at right angles.
    off = np.abs(np.einsum("ij,ij->i", met - traced[both], inward(traced[both])))
    assert np.median(off) < 1.0
    assert np.percentile(off, 95) < 15.0


def test_regions_of_points_agree_with_the_annotation_away_from_its_borders() -> None:
    annotation = DemoAtlas().annotation()
    is_inside = minimum_filter(annotation.ids, 3) == maximum_filter(annotation.ids, 3)
    rng = np.random.default_rng(1)
    points = rng.uniform((0, 0, 0), DemoAtlas().info.size_um, (40_000, 3))
    points = points[is_inside[tuple((points // 100.0).astype(int).T)]]
    found, expected = regions_at(points), annotation.at(points)
    assert (expected > 0).sum() > 5_000
    assert (found == expected).mean() > 0.999
