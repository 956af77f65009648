"""Real anatomy: the atlas ``allen_mouse_50um`` 0.1 (Allen CCFv3 meshes, no cortical layers)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.atlas.selection import BRAINREG3D_REGIONS
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.projection.refine import refine
from napari_brainreg3d.registration import Registration
from tests.fixtures.pixel_oracle import BORDER_PX, neighbours, pixel_rays
from tests.fixtures.scenes import brute_force_first_hit

ATLAS = "allen_mouse_50um"

#: Areas of the top view of the Allen annotation (wfield's projection), mm^2 of both hemispheres.
TOP_VIEW_MM2 = {
    "MOB": 5.61, "FRP": 0.29, "MOp": 6.85, "MOs": 12.82, "SSp-n": 1.72, "SSp-m": 2.54,
    "SSp-un": 0.97, "PL": 0.67, "ACAd": 0.65, "RSPv": 0.75, "RSPd": 5.02, "RSPagl": 3.12,
    "SSs": 2.54, "SSp-bfd": 5.08, "SSp-tr": 1.59, "SSp-ll": 2.09, "SSp-ul": 2.81, "TEa": 0.89,
    "AUDd": 0.82, "AUDp": 1.12, "AUDpo": 0.53, "AUDv": 0.37, "VISli": 0.44, "VISpor": 0.94,
    "VISpl": 0.43, "VISpm": 1.53, "VISl": 1.17, "VISal": 0.81, "VISrl": 1.20, "VISa": 1.81,
    "VISam": 1.00, "VISp": 8.75,
}  # fmt: skip
TOTAL_MM2 = 77.0
#: The meshes are not the annotation; SSs lies on the slope, where that counts most.
WITHIN = dict.fromkeys((a for a, mm2 in TOP_VIEW_MM2.items() if mm2 > 1.0), 0.09) | {"SSs": 0.10}


@pytest.fixture(scope="module")
def api_atlas(shared_atlas_dir: Path) -> Any:
    """The same atlas through BrainGlobe's own API."""
    from brainglobe_atlasapi import BrainGlobeAtlas

    return BrainGlobeAtlas(ATLAS, brainglobe_dir=shared_atlas_dir, check_latest=False)


@pytest.fixture(scope="module")
def ten(shared_atlas_dir: Path) -> Scene:
    return load_scene(ATLAS, brainglobe_dir=shared_atlas_dir)


@pytest.fixture(scope="module")
def cortex(shared_atlas_dir: Path) -> Scene:
    return load_scene(ATLAS, ["Isocortex/areas", "OLF"], brainglobe_dir=shared_atlas_dir)


def from_above(**changes: Any) -> Registration:
    given: dict[str, Any] = {
        "atlas": ATLAS,
        "image_shape": (1140, 1120),
        "pixel_size_um": 10.0,
        "pose": Pose.dorsal(centre_um=(5600.0, 0.0, 5700.0)),
    }
    return Registration(**{**given, **changes})


@pytest.fixture(scope="module")
def top_view(shared_atlas_dir: Path) -> Projection:
    scene = load_scene(ATLAS, list(TOP_VIEW_MM2), brainglobe_dir=shared_atlas_dir)
    return project(scene, from_above(), occlusion="selected")


def test_areas_of_the_top_view_are_those_of_the_allen_annotation(top_view: Projection) -> None:
    mm2 = dict(zip(top_view.table.acronym, top_view.table.pixels * 1e-4, strict=True))
    assert len(WITHIN) >= 16
    wrong = {
        acronym: f"{mm2[acronym]:.2f} instead of {TOP_VIEW_MM2[acronym]} mm^2"
        for acronym, share in WITHIN.items()
        if abs(mm2[acronym] / TOP_VIEW_MM2[acronym] - 1) > share
    }
    assert wrong == {}
    assert sum(mm2.values()) == pytest.approx(TOTAL_MM2, rel=0.03)


def test_both_hemispheres_show_the_same_areas(top_view: Projection) -> None:
    """The atlas is symmetric about a plane 12.5 um beside the annotation's middle."""
    split = top_view.regrouped(split_hemispheres=True).table
    left, right = (split[split.hemisphere == side].pixels.to_numpy() for side in ("left", "right"))
    large = left > 10_000
    assert large.sum() >= 10
    np.testing.assert_allclose(left[large], right[large], rtol=0.05)


def test_sides_are_those_of_brainglobe(ten: Scene, api_atlas: Any) -> None:
    points = np.random.default_rng(0).uniform(0, (13200, 8000, 11400), (400, 3))
    points[:4, 2] = (5699.9, 5700.0, 5700.1, 5650.0)
    theirs = [api_atlas.hemisphere_from_coords(p, microns=True, as_string=True) for p in points]
    assert np.array_equal(ten.is_left(points), np.array(theirs) == "left")
    assert {"left", "right"} == set(theirs)


@pytest.mark.parametrize("depth_um", [100.0, 400.0, 2500.0])
def test_sampled_labels_are_the_structures_that_brainglobe_names(
    depth_um: float, cortex: Scene, api_atlas: Any
) -> None:
    at = from_above(
        image_shape=(60, 56),
        pixel_size_um=190.0,
        pose=Pose.dorsal(centre_um=(5600.0, 0.0, 5700.0), pitch_deg=12.0, roll_deg=-7.0),
        camera=PinholeCamera(working_distance_mm=80.0),
    )
    projection = project(cortex, at, sample_depth_um=depth_um)
    acronym = np.array(["", *projection.table.acronym])[projection.labels]
    chosen = {region.id: region.acronym for region in cortex.regions}
    checked = 0
    for row, column in np.argwhere(np.isfinite(projection.depth_um)):
        place = projection.atlas_um[row, column].astype(float)
        if (np.abs(place / 50 - np.round(place / 50)) < 1e-3).any():
            continue  # on a wall between voxels, where a float32 may round to either side
        number = int(api_atlas.structure_from_coords(place, microns=True))
        path = api_atlas.structures[number]["structure_id_path"] if number else []
        expected = next((chosen[i] for i in reversed(path) if i in chosen), "")
        assert acronym[row, column] == expected
        checked += 1
    assert checked > 1500
    assert len(np.unique(acronym)) > 10


def test_meshes_and_annotation_agree_but_for_the_borders(cortex: Scene) -> None:
    """Meshes are smoothed: they differ from the annotation within about 40 um of a border."""
    at = from_above(image_shape=(285, 280), pixel_size_um=40.0)
    by_mesh = project(cortex, at)
    by_annotation = project(cortex, at, sample_depth_um=60.0)
    both = (by_mesh.labels > 0) & (by_annotation.labels > 0)
    assert both.sum() > 30_000
    assert (by_mesh.labels == by_annotation.labels)[both].mean() > 0.93


@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=40.0)])
def test_first_hits_on_real_meshes_are_those_of_brute_force(ten: Scene, camera: Any) -> None:
    """All triangles that a pixel could meet are found by projecting their corners by hand."""
    at = from_above(
        image_shape=(600, 600),
        pixel_size_um=18.0,
        pose=Pose.dorsal(centre_um=(5600, 500, 5700), yaw_deg=30, pitch_deg=-18, roll_deg=25),
        camera=camera,
    )
    projection = project(ten, at, occlusion="selected")
    mesh = ten.mesh
    plane = (mesh.vertices_um - at.pose.centre_um) @ at.pose.rotation
    if isinstance(camera, PinholeCamera):
        distance = camera.working_distance_mm * 1000
        plane[:, :2] *= distance / (plane[:, 2:] + distance)
    corners = (plane[:, :2] / 18.0 + 299.5)[mesh.faces]
    low, high = corners.min(axis=1) - 0.1, corners.max(axis=1) + 0.1
    random = np.random.default_rng(3)
    compared = labelled = 0
    for pixel in random.integers(0, 600, (400, 2)).astype(float):
        near = np.flatnonzero(((pixel >= low) & (pixel <= high)).all(axis=1))
        rays = pixel_rays(at, neighbours(pixel[None]).reshape(-1, 2))
        face, distance_um = brute_force_first_hit(mesh.vertices_um, mesh.faces[near], *rays)
        owner = np.where(face < 0, -1, ten.face_region[near[face]] if len(near) else -1)
        if (owner != owner[0]).any():
            continue  # nearer than 1e-3 px to a border
        row, column = pixel.astype(int)
        assert projection.labels[row, column] == owner[0] + 1
        if owner[0] >= 0:
            place = rays[0][0] + distance_um[0] * rays[1][0]
            depth = (place - at.pose.centre_um) @ at.pose.rotation[:, 2]
            assert projection.depth_um[row, column] == pytest.approx(depth, abs=2e-3)
            labelled += 1
        compared += 1
    assert BORDER_PX == 1e-3
    assert compared > 380
    assert labelled > 80


def test_every_label_lies_on_the_mesh_of_its_region(ten: Scene) -> None:
    """No name is shifted: each region's pixels are within the bounds of that region's mesh."""
    at = from_above(
        image_shape=(300, 300),
        pixel_size_um=40.0,
        pose=Pose.dorsal(centre_um=(5600.0, 0.0, 5700.0), roll_deg=40.0),
    )
    projection = project(ten, at, occlusion="selected")
    assert (projection.table.pixels > 0).sum() >= 8
    for index in range(len(ten.regions)):
        places = projection.atlas_um[projection.labels == index + 1]
        low, high = ten.region_mesh(index).bounds_um
        assert (places >= low - 0.01).all()
        assert (places <= high + 0.01).all()


def test_tilt_and_perspective_matter_as_much_as_published(cortex: Scene) -> None:
    """5 degrees of roll or a camera at 100 mm give many pixels another label than a flat map."""
    at = from_above(image_shape=(285, 280), pixel_size_um=40.0)
    flat = project(cortex, at).labels
    inside = flat > 0
    rolled = at.replaced(pose=Pose.dorsal(centre_um=(5600.0, 0.0, 5700.0), roll_deg=5.0))
    near = at.replaced(camera=PinholeCamera(working_distance_mm=100.0))
    far = at.replaced(camera=PinholeCamera(working_distance_mm=1e6))
    assert (project(cortex, rolled).labels != flat)[inside].mean() > 0.05
    assert (project(cortex, near).labels != flat)[inside].mean() > 0.02
    assert (project(cortex, far).labels != flat)[inside].mean() < 1e-3


def sample_registration() -> Registration:
    """The sample image as its README places it: anterior to the right, lateral down."""
    return Registration(
        atlas=ATLAS,
        image_shape=(251, 400),
        pixel_size_um=(4000 / 251, 6250 / 400),
        pose=Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7), yaw_deg=90.0 - 1.8),
        camera=PinholeCamera(working_distance_mm=230.0),
    )


def test_the_sample_image_shows_the_right_hemisphere_the_right_way_round(ten: Scene) -> None:
    projection = project(ten, sample_registration())
    split = projection.regrouped(split_hemispheres=True)
    side = np.array(["", *split.table.hemisphere])[split.labels]
    # The midline runs through the upper edge: 2 mm above the centre, which is 1.79 mm beside it.
    assert (side[40:] != "left").all()
    assert (side[40:] == "right").mean() > 0.6
    assert (side[:3, 150:250] == "left").any()

    rows, columns = np.indices((251, 400))
    seen = {
        acronym: (rows[mask].mean(), columns[mask].mean())
        for acronym, mask in (
            (a, projection.mask(label))
            for a, label in zip(projection.table.acronym, projection.table.label, strict=True)
        )
        if mask.sum() > 300
    }
    assert {"MOp", "MOs", "SSp", "VIS", "RSP", "PTLp"} <= set(seen)
    # Anterior is to the right: from visual over somatosensory to motor cortex.
    assert seen["VIS"][1] < seen["PTLp"][1] < seen["SSp"][1] < seen["MOp"][1] < seen["MOs"][1]
    # Lateral is down: from retrosplenial over posterior parietal to somatosensory cortex.
    assert seen["RSP"][0] < seen["PTLp"][0] < seen["SSp"][0]
    assert projection.table.acronym.tolist() == list(BRAINREG3D_REGIONS)


def test_a_scene_of_the_right_hemisphere_labels_no_pixel_on_the_left(
    shared_atlas_dir: Path,
) -> None:
    right = load_scene(ATLAS, hemisphere="right", brainglobe_dir=shared_atlas_dir)
    for options in ({"occlusion": "selected"}, {"sample_depth_um": 200.0}):
        projection = project(
            right, from_above(image_shape=(114, 112), pixel_size_um=100.0), **options
        )
        seen = projection.labels > 0
        assert seen.sum() > 1500
        assert (projection.atlas_um[seen][:, 2] <= 5700.0).all()
        assert (projection.table.hemisphere == "right").all()


def test_gaps_between_real_meshes_are_closed_inside_the_brain_only(cortex: Scene) -> None:
    at = from_above(image_shape=(285, 280), pixel_size_um=40.0)
    projection = project(cortex, at)
    closed = refine(projection, where="gaps", max_gap_um=160.0)
    assert closed.refined is not None
    changed = closed.refined
    assert changed.any()
    assert (projection.labels[changed] == 0).all()
    assert np.isfinite(projection.depth_um[changed]).all()
    assert np.array_equal(closed.labels[~changed], projection.labels[~changed])


@pytest.mark.parametrize(
    ("preset", "count"), [("brainreg3d", 10), ("dorsal", 30), ("Isocortex", 40), (None, 10)]
)
def test_every_preset_loads(preset: str | None, count: int, shared_atlas_dir: Path) -> None:
    scene = load_scene(ATLAS, preset, brainglobe_dir=shared_atlas_dir)
    assert len(scene.regions) >= count
    assert not [fault for fault in scene.faults if "skipped" in fault.remedy]
    assert scene.atlas.version == "0.1"
    if preset == "dorsal":
        acronyms = {region.acronym for region in scene.regions}
        assert {"MOs", "VISp", "SSp-bfd", "MOB", "RSPd"} <= acronyms
        assert "CP" not in acronyms  # deep
        assert "TH" not in acronyms


def test_what_dorsal_shows_is_what_the_first_voxels_of_the_annotation_show(
    shared_atlas_dir: Path, api_atlas: Any
) -> None:
    """Counted with BrainGlobe's tree and another way of finding the first voxel."""
    volume = api_atlas.annotation
    top = np.zeros((volume.shape[0], volume.shape[2]), volume.dtype)
    for layer in range(volume.shape[1] - 1, -1, -1):
        top = np.where(volume[:, layer] > 0, volume[:, layer], top)
    parents = {
        path[-2]
        for path in (s["structure_id_path"] for s in api_atlas.structures_list)
        if len(path) > 1
    }
    numbers, counts = np.unique(top[top > 0], return_counts=True)
    # Without layers, areas are the leaves of the tree.
    visible = {
        int(n): c * 0.05**2 for n, c in zip(numbers, counts, strict=True) if int(n) not in parents
    }
    expected = {n for n, mm2 in visible.items() if mm2 >= 0.02}
    scene = load_scene(ATLAS, "dorsal", brainglobe_dir=shared_atlas_dir)
    assert {region.id for region in scene.regions} == expected
