"""The annotated region at a chosen depth under the brain's surface."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Annotation
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import NothingSeenWarning, project
from napari_brainreg3d.registration import Registration
from tests.fixtures.pixel_oracle import all_pixels, depth_of, first_points, pixel_rays
from tests.fixtures.scenes import FIRST_ID, ROOT_ID, letter_scene, nested_shells_scene


def over_shells(**changes: Any) -> Registration:
    given: dict[str, Any] = {
        "atlas": "test",
        "image_shape": (21, 31),
        "pixel_size_um": 230.0,
        "pose": Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0), pitch_deg=15.0, yaw_deg=40.0),
    }
    return Registration(**{**given, **changes})


@pytest.mark.parametrize("depth_um", [0.0, 50.0, 250.0, 700.0, 1500.0, 5200.0])
@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=15.0)])
def test_the_label_is_the_voxel_at_that_way_along_the_ray(depth_um: float, camera: Any) -> None:
    scene = nested_shells_scene(subdivisions=3)
    at = over_shells(camera=camera)
    projection = project(scene, at, sample_depth_um=depth_um)

    origins, directions = pixel_rays(at, all_pixels(at.image_shape))
    face, _, entries = first_points(scene.brain, origins, directions)
    met = face >= 0
    points = entries + depth_um * directions
    voxel = points[met] / 100.0
    volume = np.pad(scene.load_annotation().ids, 20)  # rays may leave the volume
    ids = np.array([volume[tuple(v)] for v in np.floor(voxel).astype(int) + 20])
    expected = np.where(ids == 0, 0, ids.astype(np.int64) - FIRST_ID + 1)
    # A point on a wall between voxels could be either's.
    clear = (np.abs(voxel - np.round(voxel)) > 1e-4).all(axis=1)
    labels = projection.labels.ravel()
    assert clear.sum() > 200
    assert len(np.unique(expected)) > 1
    assert np.array_equal(labels[met][clear], expected[clear])
    assert not labels[~met].any()
    np.testing.assert_allclose(
        projection.depth_um.ravel()[met], depth_of(at, points[met]), atol=2e-3
    )
    assert (projection.surface_depth_um.ravel()[met] == depth_um).all()
    for values in (projection.depth_um, projection.surface_depth_um, projection.incidence_deg):
        assert np.isnan(values.ravel()[~met]).all()
    np.testing.assert_allclose(projection.atlas_um.reshape(-1, 3)[met], points[met], atol=5e-3)


def family() -> Any:
    """The shells with another tree: shell 1 and 2 are parts of "deep", and shell 2 of shell 1."""
    scene = nested_shells_scene(subdivisions=3)
    root, *shells = scene.ontology.regions
    deep = Region(7, "deep", "all but the outermost", (1, 2, 3), (ROOT_ID, 7))
    one = dataclasses.replace(shells[1], path=(ROOT_ID, 7, shells[1].id))
    two = dataclasses.replace(shells[2], path=(ROOT_ID, 7, shells[1].id, shells[2].id))
    ontology = Ontology((root, two, deep, one, shells[3], shells[0]))
    return scene, ontology, {"deep": deep, "one": one, "two": two, "three": shells[3]}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [  # at the pole of the shells, radii 3000, 2900, 2600, 1800: their regions at these depths
        pytest.param(["deep"], {50: 0, 150: 1, 700: 1, 1300: 0}, id="a parent has all its parts"),
        pytest.param(["one"], {50: 0, 150: 1, 700: 1, 1300: 0}, id="a part with a part of its own"),
        pytest.param(["two"], {50: 0, 150: 0, 700: 1, 1300: 0}, id="only the innermost part"),
        pytest.param(["three", "two"], {50: 0, 150: 0, 700: 2, 1300: 1}, id="in the order chosen"),
    ],
)
def test_finer_annotated_regions_belong_to_the_chosen_region_that_contains_them(
    chosen: list[str], expected: dict[int, int]
) -> None:
    scene, ontology, regions = family()
    scene = dataclasses.replace(
        scene,
        ontology=ontology,
        regions=tuple(regions[name] for name in chosen),
        mesh=scene.brain,  # meshes do not matter here
        face_region=np.zeros(len(scene.brain.faces), np.int32),
    )
    at = over_shells(
        image_shape=(1, 1), pose=Pose.dorsal(centre_um=(6050.0, 0.0, 6150.0)), pixel_size_um=1.0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingSeenWarning)
        found = {
            depth: project(scene, at, sample_depth_um=float(depth)).labels.item()
            for depth in expected
        }
    assert found == expected


def test_ids_that_the_atlas_does_not_know_and_points_outside_the_volume_are_nothing() -> None:
    scene = nested_shells_scene(subdivisions=3)
    ids = scene.load_annotation().ids.copy()
    ids[ids == FIRST_ID + 1] = 4_000_000_000  # larger than any id, and larger than int32
    ids[ids == FIRST_ID + 2] = 5  # smaller than any id
    strange = Annotation(ids[:, :40], (100.0,) * 3)  # and the volume ends in the middle
    scene = dataclasses.replace(scene, load_annotation=lambda: strange)
    at = over_shells(image_shape=(1, 1), pose=Pose.dorsal(centre_um=(6050.0, 0.0, 6150.0)))

    def label_at(depth_um: float) -> int:
        return int(project(scene, at, sample_depth_um=depth_um).labels.item())

    assert label_at(50.0) == 1
    assert label_at(1300.0) == 4
    for depth in (150.0, 700.0, 3600.0):  # 3600: at 4100 um of 4000
        with pytest.warns(NothingSeenWarning):
            assert label_at(depth) == 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_scene_of_one_side_is_sampled_on_that_side_only(side: Any) -> None:
    """The annotation has both sides even where the meshes were cut at the midline."""
    scene = letter_scene()
    at = Registration(
        atlas="test",
        image_shape=(60, 50),
        pixel_size_um=200.0,
        pose=Pose.dorsal(centre_um=(4010.0, 500.0, 6810.0)),
    )
    whole = project(scene, at, sample_depth_um=100.0)
    half = project(dataclasses.replace(scene, hemisphere=side), at, sample_depth_um=100.0)
    is_left = whole.atlas_um[..., 2] >= 5700.0
    mine = is_left if side == "left" else ~is_left
    assert (whole.labels[mine] > 0).any()
    assert (whole.labels[~mine] > 0).any()
    assert np.array_equal(half.labels, np.where(mine, whole.labels, 0))
    assert half.table.hemisphere.tolist() == [side] * 3


def test_asymmetric_atlases_say_themselves_which_side_a_point_is_on() -> None:
    """Here the left hemisphere begins at 6500 um, 800 um off the middle of the volume."""
    scene = letter_scene()
    sides = np.full((132, 80, 114), 2, np.uint8)
    sides[:, :, 65:] = 1
    scene = dataclasses.replace(scene, load_sides=lambda: Annotation(sides, (100.0,) * 3))
    at = Registration(
        atlas="test",
        image_shape=(60, 50),
        pixel_size_um=200.0,
        pose=Pose.dorsal(centre_um=(4010.0, 500.0, 6810.0)),
    )
    for options in ({}, {"sample_depth_um": 100.0}):
        split = project(scene, at, split_hemispheres=True, **options)
        seen = split.labels > 0
        side = np.array(["", *split.table.hemisphere])[split.labels]
        truth = np.where(split.atlas_um[..., 2] >= 6500.0, "left", "right")
        assert np.array_equal(side[seen], truth[seen])
        assert {"left", "right"} == set(side[seen])
