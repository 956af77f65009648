"""brainreg3D's unresolved view: per region every pixel whose ray meets it at any depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration
from tests.fixtures.pixel_oracle import all_pixels, first_points, neighbours, pixel_rays
from tests.fixtures.scenes import letter_scene, nested_shells_scene, slab_scene


@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=9.0)])
@pytest.mark.parametrize(
    "make", [slab_scene, letter_scene, lambda: nested_shells_scene(subdivisions=2)]
)
def test_each_region_covers_what_brute_force_finds_for_it_alone(make: Any, camera: Any) -> None:
    scene = make()
    at = Registration(
        atlas="test",
        image_shape=(21, 25),
        pixel_size_um=320.0,
        pose=Pose.dorsal(
            centre_um=scene.mesh.bounds_um.mean(axis=0),
            pitch_deg=35.0,
            roll_deg=-20.0,
            yaw_deg=12.0,
        ),
        camera=camera,
    )
    projection = project(scene, at, unresolved=True)
    covers = projection.unresolved
    assert covers is not None
    assert covers.shape == (len(scene.regions), 21, 25)
    assert covers.dtype == bool
    rays = pixel_rays(at, neighbours(all_pixels(at.image_shape)).reshape(-1, 2))
    for index in range(len(scene.regions)):
        face, _, _ = first_points(scene.region_mesh(index), *rays)
        met = (face >= 0).reshape(9, 21, 25)
        safe = (met == met[0]).all(axis=0)
        assert safe.mean() > 0.9
        assert 0 < met[0].sum() < met[0].size
        assert np.array_equal(covers[index][safe], met[0][safe])
    # What is seen is also covered, and hidden parts are covered besides.
    for index in range(len(scene.regions)):
        assert covers[index][projection.labels == index + 1].all()
    assert covers.sum() > (projection.labels > 0).sum()


def test_it_is_not_there_unless_asked_for() -> None:
    scene = slab_scene()
    at = Registration(
        atlas="test",
        image_shape=(4, 4),
        pixel_size_um=200.0,
        pose=Pose.dorsal(centre_um=(5000.0, 0.0, 6200.0)),
    )
    assert project(scene, at).unresolved is None


def test_it_does_not_depend_on_what_hides_what() -> None:
    scene = nested_shells_scene(subdivisions=2)
    at = Registration(
        atlas="test",
        image_shape=(40, 40),
        pixel_size_um=200.0,
        pose=Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0)),
    )
    views = [project(scene, at, occlusion=o, unresolved=True) for o in ("brain", "selected")]
    assert np.array_equal(views[0].unresolved, views[1].unresolved)
    counts = views[0].unresolved.sum(axis=(1, 2)).tolist()
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 4  # each shell covers less than the one around it
    assert views[0].table.pixels.tolist()[1:] == [0, 0, 0]  # and only the outermost is seen
