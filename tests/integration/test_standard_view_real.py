"""Standard views of real anatomy: the atlas ``allen_mouse_50um`` 0.1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.drape import drape
from napari_brainreg3d.results.standard_view import standard_sampler
from tests.fixtures.scenes import brute_force_first_hit


@pytest.fixture(scope="module")
def cortex(shared_atlas_dir: Path) -> Scene:
    return load_scene(
        "allen_mouse_50um", ["Isocortex/areas", "OLF"], brainglobe_dir=shared_atlas_dir
    )


@pytest.fixture(scope="module")
def source() -> Registration:
    """A tilted camera over the left hemisphere, near enough to look past its flank."""
    return Registration(
        atlas="allen_mouse_50um",
        image_shape=(220, 200),
        pixel_size_um=40.0,
        pose=Pose.dorsal(
            centre_um=(5500.0, 600.0, 7600.0), yaw_deg=12.0, pitch_deg=8.0, roll_deg=18.0
        ),
        camera=PinholeCamera(working_distance_mm=25.0),
    )


def test_what_is_seen_is_what_a_brute_force_ray_caster_sees(
    cortex: Scene, source: Registration
) -> None:
    """From the pinhole to the point, through all triangles of the brain, in float64."""
    sampler = standard_sampler(cortex, source, resolution_um=100.0)
    view, mesh = sampler.registration, cortex.brain
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, view.image_shape, (120, 2))
    rays = view.view.pixel_rays(pixels)
    start = rays.at_depth(-500.0)
    face, way = brute_force_first_hit(mesh.vertices_um, mesh.faces, start, rays.directions)
    point = start + np.where(face >= 0, way, np.nan)[:, None] * rays.directions
    eye = source.pose.centre_um - 25000.0 * source.pose.viewing_direction
    local = (point - eye) @ source.pose.rotation
    seen_at = local[:, :2] / local[:, 2:] * 25000.0 / 40.0 + np.array([109.5, 99.5])
    margin = np.minimum(seen_at, [219.0, 199.0] - seen_at).min(axis=1)
    asked = np.flatnonzero((face >= 0) & (margin > 2))
    _, way = brute_force_first_hit(
        mesh.vertices_um, mesh.faces, np.tile(eye, (len(asked), 1)), point[asked] - eye
    )
    found = sampler.seen[tuple(pixels[asked].T)]
    free = way > 1 - 1e-4  # of about 25 mm
    assert len(asked) > 30
    # A pixel of the view is 100 um: at the edge of what is seen its middle does not say all.
    assert (found == free).mean() > 0.97
    assert not sampler.seen[tuple(pixels[face < 0].T)].any()


def test_labels_carried_over_are_those_of_the_view(cortex: Scene, source: Registration) -> None:
    """Pixels that see a region in the image see it from above too, but near its border."""
    own = project(cortex, source)
    sampler = standard_sampler(cortex, source, resolution_um=40.0)
    there = project(cortex, sampler.registration)
    largest = own.table.sort_values("pixels", ascending=False).label.head(12).tolist()
    share = [sampler.resampled((own.labels == label).astype(np.float32)) for label in largest]
    pure = [np.nan_to_num(part) > 0.99 for part in share]
    assert sum(part.sum() for part in pure) > 5000
    for label, part in zip(largest, pure, strict=True):
        assert (there.labels[part] == label).mean() > 0.93, label


def test_a_drape_lies_on_the_cortex_that_the_camera_sees(
    cortex: Scene, source: Registration
) -> None:
    """Each pixel holds its own AP coordinate: so must the vertices."""
    own = project(load_scene_of_brain(cortex), source, occlusion="selected")
    draped = drape(cortex, source, np.nan_to_num(own.atlas_um[..., 0]), spacing_um=80.0)
    seen = draped.seen
    assert 5000 < seen.sum() < len(seen)
    off = np.abs(draped.values[seen] - draped.vertices_um[seen, 0])
    assert np.percentile(off, 95) < 20.0  # half a pixel


def load_scene_of_brain(scene: Scene) -> Scene:
    """The same scene with the whole brain as its only region."""
    owner = np.zeros(len(scene.brain.faces), np.int32)
    root = (scene.ontology.root,)
    return Scene(scene.atlas, scene.ontology, root, scene.brain, owner, scene.brain)
