"""Scenes, meshes and annotation volumes as the rest of the package sees them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_brainreg3d.atlas.scene import Annotation, AtlasInfo, Mesh
from tests.fixtures.scenes import box_mesh, letter_scene, slab_scene


def test_a_point_lies_in_the_voxel_that_holds_it() -> None:
    ids = np.arange(24, dtype=np.uint32).reshape(2, 3, 4) + 1
    annotation = Annotation(ids, (10.0, 20.0, 30.0))
    points = [
        ((0.0, 0.0, 0.0), ids[0, 0, 0]),
        ((9.99, 19.99, 29.99), ids[0, 0, 0]),
        ((10.0, 20.0, 30.0), ids[1, 1, 1]),
        ((19.99, 59.99, 119.99), ids[1, 2, 3]),
        ((20.0, 0.0, 0.0), 0),
        ((0.0, 60.0, 0.0), 0),
        ((0.0, 0.0, 120.0), 0),
        ((-0.01, 5.0, 5.0), 0),
        ((np.nan, 5.0, 5.0), 0),
        ((5.0, np.inf, 5.0), 0),
        ((1e300, 5.0, -1e300), 0),
    ]
    found = annotation.at(np.array([point for point, _ in points]))
    assert found.tolist() == [expected for _, expected in points]
    assert found.dtype == ids.dtype
    assert annotation.at(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(("across", "middle"), [(20, 10), (21, 10), (22, 11), (23, 12), (1, 0)])
def test_the_midline_rounds_as_brainglobe_does(across: int, middle: int) -> None:
    """``round`` takes halves to the even number: 21 voxels are split 10 to 11, 23 are 12 to 11."""
    info = AtlasInfo("a", "1", "none", "none", (10.0, 10.0, 25.0), (4, 4, across))
    assert info.midline_um == middle * 25.0
    assert info.size_um == (40.0, 40.0, across * 25.0)


def test_small_indices_are_the_right_hemisphere() -> None:
    scene = letter_scene()
    points = np.array([(0, 0, 5699.99), (0, 0, 5700.0), (0, 0, -1e9), (np.nan,) * 3])
    assert scene.is_left(points).tolist() == [False, True, False, False]
    sides = np.full((2, 2, 4), 2, np.uint8)
    sides[1, :, 1:] = 1
    own = dataclasses.replace(scene, load_sides=lambda: Annotation(sides, (100.0,) * 3))
    points = np.array([(50, 50, 350), (150, 50, 150), (150, 50, 50), (np.nan, 0, 0)])
    assert own.is_left(points).tolist() == [False, True, False, False]


def test_each_region_gives_back_its_own_mesh() -> None:
    scene = slab_scene((1000.0, 1300.0))
    for i, top in enumerate((1000.0, 1300.0)):
        mesh = scene.region_mesh(i)
        assert len(mesh.vertices_um) == 8
        assert len(mesh.faces) == 12
        low, high = mesh.bounds_um
        assert low.tolist() == [3000.0, top, 4200.0 + 1000 * i]
        assert high.tolist() == [7000.0, 3000.0, 5200.0 + 1000 * i]
    cut = dataclasses.replace(scene, mesh=scene.region_mesh(1), face_region=np.ones(12, np.int32))
    assert cut.region_mesh(0).faces.shape == (0, 3)  # a region of which nothing is left
    assert np.isnan(cut.region_mesh(0).bounds_um).all()


def test_a_scene_must_say_whose_every_face_is() -> None:
    scene = slab_scene((1000.0, 1300.0))
    for wrong in (scene.face_region[:-1], scene.face_region + 1, scene.face_region - 1):
        with pytest.raises(ValueError, match=r"region indices|past the regions"):
            dataclasses.replace(scene, face_region=wrong)


def test_meshes_cannot_be_changed_and_have_plain_types() -> None:
    mesh = Mesh(np.arange(9, dtype=np.float32), np.array([[0, 1, 2]], np.int64))
    assert mesh.vertices_um.dtype == np.float64
    assert mesh.vertices_um.shape == (3, 3)
    assert mesh.faces.dtype == np.int32
    for array in (mesh.vertices_um, mesh.faces):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert box_mesh((0, 0, 0), (1, 2, 3)).bounds_um.tolist() == [[0, 0, 0], [1, 2, 3]]
