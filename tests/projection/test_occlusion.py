"""What the brain hides, and how far under its surface a region may lie."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import NothingSeenWarning, project
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import nested_shells_scene, slab_scene

#: Slabs side by side along axis 2, 1000 um each from 4200; tops 0, 100, 200 and 600 um under the
#: brain's, which is at 1000.
CENTRE = (5000.0, 1000.0, 6200.0)


def over_slabs(**changes: Any) -> Registration:
    given: dict[str, Any] = {
        "atlas": "test",
        "image_shape": (20, 60),
        "pixel_size_um": 100.0,
        "pose": Pose.dorsal(centre_um=CENTRE),
    }
    return Registration(**{**given, **changes})


@pytest.mark.parametrize("pitch_deg", [0.0, 20.0, -45.0, 70.0])
@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=40.0)])
def test_the_tolerance_counts_at_right_angles_to_the_surface(pitch_deg: float, camera: Any) -> None:
    """However oblique the ray: 100 um under the surface are seen, 200 um are hidden.

    Under 70 degrees the way along the ray to the second slab is 292 um, more than the tolerance.
    """
    scene = slab_scene()
    at = over_slabs(
        image_shape=(8, 60),  # so that all rays enter through the top of the brain
        pose=Pose.dorsal(centre_um=CENTRE, pitch_deg=pitch_deg),
        camera=camera,
    )
    table = project(scene, at).table.set_index("acronym")
    assert table.pixels["slab0"] > 20
    assert table.pixels["slab1"] > 20
    assert table.pixels["slab2"] == table.pixels["slab3"] == 0
    wider = project(scene, at, tolerance_um=201.0).table.set_index("acronym")
    assert wider.pixels["slab2"] > 20
    assert wider.pixels["slab3"] == 0
    narrow = project(scene, at, tolerance_um=99.0).table.set_index("acronym")
    assert narrow.pixels["slab0"] > 20
    assert narrow.pixels["slab1"] == 0
    everything = project(scene, at, tolerance_um=np.inf)
    alone = project(scene, at, occlusion="selected")
    assert np.array_equal(everything.labels, alone.labels)
    assert alone.table.pixels.min() > 20


def test_a_ball_under_a_ball_is_hidden_where_the_closed_form_says() -> None:
    """Concentric balls: in the middle of the image the inner one is 400 um under the surface.

    A parallel ray at the distance b from the axis meets the outer ball under the angle with the
    cosine c = sqrt(1 - b^2 / R^2) and runs on for R c - sqrt(r^2 - b^2) before it meets the inner
    one; times c, that is 400 um for b = 0 and R c^2 = 747 um at the inner ball's limb.
    """
    outer, inner = 3000.0, 2600.0
    scene = nested_shells_scene((outer, inner), subdivisions=5, selected=(1,))
    at = over_slabs(image_shape=(61, 61), pose=Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0)))
    projection = project(scene, at, tolerance_um=450.0)
    b = 100.0 * np.linalg.norm(np.argwhere(np.ones((61, 61))) - 30, axis=1).reshape(61, 61)
    inside = b < inner - 10
    cosine = np.sqrt(1 - (b[inside] / outer) ** 2)
    below = (outer * cosine - np.sqrt(inner**2 - b[inside] ** 2)) * cosine
    labels = projection.labels[inside]
    # The angle of a facet differs by up to a degree from that of the ball.
    seen, hidden = below < 450.0 - 15.0, below > 450.0 + 15.0
    assert seen.sum() > 300
    assert hidden.sum() > 300
    assert (labels[seen] == 1).all()
    assert (labels[hidden] == 0).all()
    assert np.isfinite(projection.depth_um[inside]).all()


def test_where_the_brain_hides_a_region_its_surface_is_what_the_pixel_shows() -> None:
    scene = slab_scene()
    at = over_slabs(pose=Pose.dorsal(centre_um=CENTRE, pitch_deg=60.0))
    projection = project(scene, at)
    # Rows right of slab 3's middle, in the middle of the image: only the brain's top is in front.
    row, column = 10, 14  # ML = 6200 + 15.5 * 100
    assert projection.labels[row, column] == 0
    place = projection.atlas_um[row, column]
    assert place[1] == pytest.approx(1000.0, abs=1e-2)
    assert projection.surface_depth_um[row, column] == 0
    assert projection.incidence_deg[row, column] == pytest.approx(60.0, abs=1e-3)
    alone = project(scene, at, occlusion="selected")
    assert alone.labels[row, column] == 4
    assert alone.atlas_um[row, column][1] == pytest.approx(1600.0, abs=1e-2)
    # 600 um under the brain's top are 1200 along a ray that leans by 60 degrees.
    assert alone.surface_depth_um[row, column] == pytest.approx(1200.0, abs=1e-2)
    assert alone.incidence_deg[row, column] == pytest.approx(60.0, abs=1e-3)


def test_depth_under_the_surface_is_a_way_along_the_ray_for_a_pinhole_too() -> None:
    scene = slab_scene()
    at = over_slabs(
        pose=Pose.dorsal(centre_um=(5000.0, 400.0, 6200.0)),
        camera=PinholeCamera(working_distance_mm=5.0),
    )
    projection = project(scene, at, occlusion="selected")
    slab = projection.labels == 4
    assert slab.sum() > 50
    places = projection.atlas_um[slab]
    eye = np.array((5000.0, 400.0 - 5000.0, 6200.0))
    along = np.linalg.norm(places - eye, axis=1)
    entry = along * (1000.0 - eye[1]) / (places[:, 1] - eye[1])
    np.testing.assert_allclose(projection.surface_depth_um[slab], along - entry, atol=1e-2)


def test_tissue_that_was_not_selected_hides_what_lies_under_it_only_with_the_brain() -> None:
    scene = nested_shells_scene(subdivisions=3, selected=(3,))  # 1200 um under the surface
    at = over_slabs(image_shape=(61, 61), pose=Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0)))
    alone = project(scene, at, occlusion="selected")
    assert alone.table.pixels.item() > 800
    with pytest.warns(NothingSeenWarning):
        hidden = project(scene, at, occlusion="brain")
    assert not hidden.labels.any()
    assert np.isfinite(hidden.depth_um).sum() > np.isfinite(alone.depth_um).sum()


def test_a_region_whose_mesh_bulges_over_the_brain_is_at_its_surface() -> None:
    scene = nested_shells_scene(subdivisions=3)
    # The second ball as the brain: the first region lies 100 um above it.
    scene = dataclasses.replace(scene, brain=nested_shells_scene((2900.0,), subdivisions=3).brain)
    at = over_slabs(image_shape=(61, 61), pose=Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0)))
    projection = project(scene, at)
    assert projection.labels[30, 30] == 1
    assert projection.surface_depth_um[30, 30] == 0
    # Past the brain, but on the region: no way from the brain's surface can be given.
    limb = (projection.labels == 1) & np.isnan(projection.surface_depth_um)
    assert limb.any()
    assert np.isfinite(projection.depth_um[limb]).all()


def test_an_atlas_without_a_brain_surface_hides_nothing() -> None:
    scene = slab_scene(brain_top_um=None)
    at = over_slabs()
    projection = project(scene, at)
    assert projection.table.pixels.min() > 0
    assert np.array_equal(projection.labels, project(scene, at, occlusion="selected").labels)
    assert np.isnan(projection.surface_depth_um).all()
    assert np.isfinite(projection.depth_um[projection.labels > 0]).all()


def test_nearer_tissue_hides_what_lies_behind_it_across_a_gap() -> None:
    """Seen from the front, a small lobe of the brain without a region stands before a region."""
    scene = slab_scene((1000.0,), brain_top_um=1000.0)
    lobe = slab_scene((1500.0,), start_um=(1000.0, 4200.0), length_um=500.0).mesh
    brain = Mesh(
        np.concatenate([scene.brain.vertices_um, lobe.vertices_um]),
        np.concatenate([scene.brain.faces, lobe.faces + len(scene.brain.vertices_um)]),
    )
    scene = dataclasses.replace(scene, brain=brain)
    at = over_slabs(
        image_shape=(20, 8), pose=Pose.frontal(centre_um=(0.0, 2000.0, 4700.0))
    )  # rows from 1050 to 2950 um
    projection = project(scene, at)
    height = 1050.0 + 100.0 * np.arange(20)
    assert (projection.labels[height < 1500] == 1).all()
    assert (projection.labels[height > 1500] == 0).all()
    np.testing.assert_allclose(projection.depth_um[height > 1500], 1000.0)
    assert (project(scene, at, occlusion="selected").labels == 1).all()
