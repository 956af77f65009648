"""What the camera has in view of each region, against boxes and pyramids of known size."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_brainreg3d import OrthographicCamera, PinholeCamera, Pose, Registration
from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.geometry import Camera
from napari_brainreg3d.projection.frustum import (
    frustum_planes,
    image_corners_px,
    volumes_in_view,
)
from tests.fixtures.scenes import LETTER_BOXES, letter_scene

LETTER = letter_scene()
STEM, ARM, BAR = range(3)


def over_letter(camera: Camera | None = None, **changes: object) -> Registration:
    """30 x 20 pixels of 100 um over the upper half of the letter's stem."""
    registration = Registration(
        atlas="test_letter",
        image_shape=(30, 20),
        pixel_size_um=100.0,
        pose=Pose.dorsal(centre_um=(3200.0, 500.0, 8000.0)),
        camera=camera or OrthographicCamera(),
    )
    return registration.replaced(**changes)


def volume_um3(mesh: Mesh) -> float:
    """Of a closed mesh, by the divergence theorem; positive when its faces point outwards."""
    a, b, c = mesh.vertices_um[mesh.faces.T]
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def has_holes(mesh: Mesh) -> bool:
    """Whether some edge has no face on its other side; vertices at the same place are one."""
    _, number = np.unique(np.round(mesh.vertices_um, 4), axis=0, return_inverse=True)
    faces = number.ravel()[mesh.faces]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    there = {tuple(edge) for edge in edges.tolist()}
    return any((b, a) not in there for a, b in there)


def test_parallel_rays_cut_a_box_to_a_box() -> None:
    # The image covers 1700 to 4700 on axis 0 and 7000 to 9000 on axis 2.
    stem, arm, bar = volumes_in_view(LETTER, over_letter())
    assert_allclose(stem.bounds_um, [(2000, 1000, 7800), (4700, 3000, 8600)], atol=1e-6)
    assert_allclose(arm.bounds_um, [(2000, 1000, 7000), (2800, 2400, 7800)], atol=1e-6)
    assert_allclose(bar.bounds_um, [(3600, 1000, 7000), (4400, 1800, 7800)], atol=1e-6)


def test_what_is_cut_is_closed_again_and_has_the_right_volume() -> None:
    stem, arm, bar = volumes_in_view(LETTER, over_letter())
    for mesh, sides in (
        (stem, (2700, 2000, 800)),
        (arm, (800, 1400, 800)),
        (bar, (800, 800, 800)),
    ):
        assert not has_holes(mesh)
        assert volume_um3(mesh) == pytest.approx(np.prod(sides), rel=1e-9)


def test_a_pinhole_cuts_a_pyramid() -> None:
    """The eye 10 mm over the plane of focus: the field of view grows by a tenth per mm."""
    camera = PinholeCamera(working_distance_mm=10.0)
    # The stem only; the image's lower edge, 1500 um from the middle, cuts it.
    stem = volumes_in_view(LETTER, over_letter(camera))[STEM]
    top_edge, bottom_edge = (3200 + 1500 * (10_000 + depth) / 10_000 for depth in (500, 2500))
    top = stem.vertices_um[np.isclose(stem.vertices_um[:, 1], 1000)]
    bottom = stem.vertices_um[np.isclose(stem.vertices_um[:, 1], 3000)]
    assert top[:, 0].max() == pytest.approx(top_edge)
    assert bottom[:, 0].max() == pytest.approx(bottom_edge)
    length = (top_edge + bottom_edge) / 2 - 2000
    assert volume_um3(stem) == pytest.approx(length * 2000 * 800)
    assert not has_holes(stem)


def test_a_region_out_of_view_is_empty_and_one_in_view_is_whole() -> None:
    high_up = over_letter(image_shape=(8, 20))  # 2800 to 3600 on axis 0: between arm and bar
    stem, arm, bar = volumes_in_view(LETTER, high_up)
    assert len(stem.faces) > 0
    assert (len(arm.faces), len(bar.faces)) == (0, 0)
    everything = volumes_in_view(LETTER, over_letter(image_shape=(300, 300)))
    for index, mesh in enumerate(everything):
        whole = LETTER.region_mesh(index)
        assert_allclose(mesh.vertices_um, whole.vertices_um)
        assert np.array_equal(mesh.faces, whole.faces)


@pytest.mark.parametrize(
    "camera",
    [
        OrthographicCamera(),
        OrthographicCamera(mirrored=True),
        PinholeCamera(working_distance_mm=8.0, principal_point_um=(400.0, -300.0)),
        PinholeCamera(working_distance_mm=8.0, principal_point_um=(400.0, -300.0), mirrored=True),
    ],
    ids=["parallel", "mirrored", "off its axis", "off its axis and mirrored"],
)
def test_everything_in_view_is_seen_inside_the_image_and_nothing_else(camera: Camera) -> None:
    registration = over_letter(
        camera, pose=Pose.dorsal(centre_um=(3500.0, 500.0, 7500.0), yaw_deg=30.0, pitch_deg=20.0)
    )
    height, width = registration.image_shape
    volumes = volumes_in_view(LETTER, registration)
    for index, mesh in enumerate(volumes):
        seen = registration.view.atlas_to_pixels(mesh.vertices_um)
        assert (seen > -0.5 - 1e-6).all()
        assert (seen[:, 0] < height - 0.5 + 1e-6).all()
        assert (seen[:, 1] < width - 0.5 + 1e-6).all()
        # Points inside the box are in view exactly if they lie inside the cut box's bounds.
        low, high = LETTER_BOXES[LETTER.regions[index].acronym]
        points = np.random.default_rng(1).uniform(low, high, (500, 3))
        pixels = registration.view.atlas_to_pixels(points)
        inside = ((pixels > -0.5) & (pixels < (height - 0.5, width - 0.5))).all(axis=1)
        box = np.prod(np.subtract(high, low))
        if len(mesh.faces):
            # Shares of random points are binomial: 5 standard deviations.
            share = volume_um3(mesh) / box
            error = 5 * np.sqrt(share * (1 - share) / 500) + 1e-9
            assert inside.mean() == pytest.approx(share, abs=error)
        else:
            assert not inside.any()


def test_a_lens_bends_the_corners() -> None:
    """The planes go through the undistorted rays of the corners."""
    registration = over_letter(PinholeCamera(working_distance_mm=10.0, k1=0.5))
    origins, normals = frustum_planes(registration.view)
    rays = registration.view.pixel_rays(image_corners_px(registration.image_shape))
    for i in range(4):
        for corner in (i, (i + 1) % 4):
            for depth in (0.0, 3000.0):
                point = rays.at_depth(depth)[corner]
                assert (point - origins[i]) @ normals[i] == pytest.approx(0.0, abs=1e-6)


def test_an_open_mesh_is_cut_all_the_same() -> None:
    """Without its lid the stem cannot be closed again."""
    faces, owner = LETTER.mesh.faces, LETTER.face_region
    lid = np.isclose(LETTER.mesh.vertices_um[faces][..., 1], 1000.0).all(axis=1)
    import dataclasses

    scene = dataclasses.replace(
        LETTER,
        mesh=Mesh(LETTER.mesh.vertices_um, faces[~(lid & (owner == STEM))]),
        face_region=owner[~(lid & (owner == STEM))],
    )
    stem = volumes_in_view(scene, over_letter())[STEM]
    assert has_holes(stem)
    assert_allclose(stem.bounds_um, [(2000, 1000, 7800), (4700, 3000, 8600)], atol=1e-6)
