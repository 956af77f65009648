"""Solids cut in halves by a plane are closed again, whatever the shape of the cut."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from trimesh.intersections import slice_faces_plane

from napari_brainreg3d.projection.caps import ON_PLANE_UM, cap, merged


def halved(solid: trimesh.Trimesh, origin: np.ndarray, normal: np.ndarray) -> trimesh.Trimesh:
    """The part on the side of the normal, with its cap; vertices at one place are one."""
    vertices, faces, _ = slice_faces_plane(solid.vertices, solid.faces, normal, origin)
    is_cut = np.abs((vertices - origin) @ normal) < ON_PLANE_UM
    vertices, faces = merged(vertices, faces, is_cut)
    faces = np.concatenate([faces, cap(vertices, faces, origin, normal)])
    return trimesh.Trimesh(vertices, faces, process=False)


def star() -> trimesh.Trimesh:
    """A prism over a star with 9 points, much of which is not convex."""
    angles = np.arange(18) * np.pi / 9
    radii = np.where(np.arange(18) % 2, 400.0, 1000.0)
    rim = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    bottom = np.column_stack([rim, np.full(18, -500.0)])
    vertices = np.concatenate(
        [bottom, bottom + np.array([0, 0, 1000]), [(0, 0, -500), (0, 0, 500)]]
    )
    faces = []
    for i in range(18):
        j = (i + 1) % 18
        faces += [(i, j, j + 18), (i, j + 18, i + 18), (36, j, i), (37, i + 18, j + 18)]
    return trimesh.Trimesh(vertices, faces, process=False)


def hollow() -> trimesh.Trimesh:
    """A ball with two round holes in it, and a smaller ball in one of them."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=1000.0)
    parts = [ball]
    for centre, radius in (((-450.0, 0.0, 0.0), 300.0), ((400.0, 100.0, 0.0), 350.0)):
        hole = trimesh.creation.icosphere(subdivisions=2, radius=radius)
        hole.apply_translation(centre)
        hole.invert()
        parts.append(hole)
    core = trimesh.creation.icosphere(subdivisions=2, radius=150.0)
    core.apply_translation((400.0, 100.0, 0.0))
    return trimesh.util.concatenate([*parts, core])


SOLIDS = {
    "a star": star(),
    "a torus": trimesh.creation.torus(major_radius=1000.0, minor_radius=300.0),
    "a ball with holes": hollow(),
}


@pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS.keys())
@pytest.mark.parametrize("seed", range(6))
def test_both_halves_are_closed_and_make_the_whole(solid: trimesh.Trimesh, seed: int) -> None:
    random = np.random.default_rng(seed)
    normal = random.normal(size=3)
    normal /= np.linalg.norm(normal)
    origin = random.uniform(-200, 200, 3)
    one, other = halved(solid, origin, normal), halved(solid, origin, -normal)
    assert solid.is_watertight
    for half in (one, other):
        assert half.is_watertight
        assert half.is_winding_consistent
        assert half.volume > 0
    assert one.volume + other.volume == pytest.approx(solid.volume, rel=1e-9)


def test_the_cap_is_as_large_as_the_cut() -> None:
    """A ring cut along its middle: what is between two circles."""
    ring = trimesh.creation.torus(
        major_radius=1000.0, minor_radius=300.0, major_sections=128, minor_sections=64
    )
    half = halved(ring, np.array([0.0, 0.0, 0.1]), np.array([0.0, 0.0, 1.0]))
    lid = np.isclose(half.triangles[..., 2], 0.1).all(axis=1)
    circles = np.pi * (1300.0**2 - 700.0**2)
    assert half.area_faces[lid].sum() == pytest.approx(circles, rel=2e-3)


def test_a_mesh_that_was_open_stays_open() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2, radius=1000.0)
    opened = trimesh.Trimesh(ball.vertices, ball.faces[1:], process=False)
    origin, normal = np.zeros(3), np.array([0.0, 0.0, 1.0])
    vertices, faces, _ = slice_faces_plane(opened.vertices, opened.faces, normal, origin)
    if opened.triangles_center[0][2] < 0:
        pytest.fail("the missing face must be in the half that is kept")
    vertices, faces = merged(vertices, faces, np.abs(vertices[:, 2]) < ON_PLANE_UM)
    assert cap(vertices, faces, origin, normal).shape == (0, 3)
