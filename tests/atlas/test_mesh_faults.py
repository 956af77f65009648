"""Broken meshes: what is mended, what is only told."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brainreg3d.atlas.mesh_faults import checked_mesh, scale_to_um
from napari_brainreg3d.atlas.scene import Mesh
from tests.fixtures.scenes import box_mesh, joined, sphere_mesh


def volume_of(mesh: Mesh) -> float:
    a, b, c = (mesh.vertices_um[mesh.faces[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def triangles(mesh: Mesh) -> set[tuple[tuple[float, ...], ...]]:
    """The triangles as sets of corners, whatever their numbers."""
    return {tuple(sorted(map(tuple, corners.tolist()))) for corners in mesh.vertices_um[mesh.faces]}


BOX = box_mesh((1000, 2000, 3000), (1400, 2600, 3200))


def test_a_sound_mesh_stays_as_it_is() -> None:
    for mesh in (BOX, sphere_mesh(500.0, (1000, 2000, 3000), 2)):
        checked, faults = checked_mesh("A", mesh)
        assert faults == []
        assert checked is not None
        assert triangles(checked) == triangles(mesh)
        assert volume_of(checked) == pytest.approx(volume_of(mesh))


def test_a_closed_mesh_whose_corners_are_not_shared_counts_as_closed() -> None:
    corners = BOX.vertices_um[BOX.faces].reshape(-1, 3)
    checked, faults = checked_mesh("A", Mesh(corners, np.arange(len(corners)).reshape(-1, 3)))
    assert faults == []
    assert checked is not None
    assert volume_of(checked) == pytest.approx(400 * 600 * 200)


def test_a_mesh_inside_out_is_turned_round() -> None:
    checked, faults = checked_mesh("A", Mesh(BOX.vertices_um, BOX.faces[:, ::-1]))
    assert checked is not None
    assert volume_of(checked) == pytest.approx(400 * 600 * 200)
    assert [str(fault) for fault in faults] == ["A: the surface is inside out; turned round"]


def test_an_open_mesh_is_kept_and_its_border_counted() -> None:
    """A box without one of its sides has a border of four edges."""
    corners = BOX.vertices_um[BOX.faces]
    side = (corners[..., 1] == 2600.0).all(axis=1)
    checked, faults = checked_mesh("A", Mesh(BOX.vertices_um, BOX.faces[~side]))
    assert checked is not None
    assert len(checked.faces) == 10
    (fault,) = faults
    assert fault.fault == "the surface is not closed (4 border edges)"
    assert "hole" in fault.remedy


@pytest.mark.parametrize("offset", [0.0, 1e5, -1e5])
def test_an_open_mesh_is_not_taken_for_inside_out_wherever_it_lies(offset: float) -> None:
    corners = BOX.vertices_um[BOX.faces]
    side = (corners[..., 1] == 2600.0).all(axis=1)
    opened = Mesh(BOX.vertices_um + offset, BOX.faces[~side])
    _, faults = checked_mesh("A", opened)
    assert [fault.remedy for fault in faults if "inside out" in fault.fault] == []
    _, faults = checked_mesh("A", Mesh(opened.vertices_um, opened.faces[:, ::-1]))
    assert [fault.remedy for fault in faults if "inside out" in fault.fault] == ["turned round"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_triangles_with_corners_that_are_no_numbers_are_left_out(value: float) -> None:
    vertices = BOX.vertices_um.copy()
    vertices[BOX.faces[0, 0], 1] = value
    broken = (BOX.faces == BOX.faces[0, 0]).any(axis=1)
    checked, faults = checked_mesh("A", Mesh(vertices, BOX.faces))
    assert checked is not None
    assert np.isfinite(checked.vertices_um).all()
    assert len(checked.faces) == (~broken).sum()
    assert f"{broken.sum()} triangles have corners that are not numbers" in faults[0].fault
    assert np.isfinite(checked.bounds_um).all()


def test_corners_that_are_no_numbers_but_belong_to_nothing_do_no_harm() -> None:
    checked, faults = checked_mesh(
        "A", Mesh(np.concatenate([BOX.vertices_um, np.full((3, 3), np.nan)]), BOX.faces)
    )
    assert faults == []
    assert checked is not None
    assert np.isfinite(checked.bounds_um).all()


@pytest.mark.parametrize("number", [8, -1, 10**6])
def test_triangles_whose_corners_do_not_exist_are_left_out(number: int) -> None:
    faces = np.concatenate([BOX.faces, [[0, 1, number]]])
    checked, faults = checked_mesh("A", Mesh(BOX.vertices_um, faces))
    assert checked is not None
    assert len(checked.faces) == 12
    assert [fault.fault for fault in faults] == ["1 triangles name corners that do not exist"]


@pytest.mark.parametrize(
    "mesh",
    [
        pytest.param(Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)), id="nothing at all"),
        pytest.param(Mesh(BOX.vertices_um, np.empty((0, 3), np.int32)), id="only corners"),
        pytest.param(Mesh(np.full((3, 3), np.nan), [[0, 1, 2]]), id="only NaN"),
        pytest.param(Mesh(np.ones((3, 3)), [[0, 1, 2]]), id="one point"),
        pytest.param(Mesh([(0, 0, 0), (1, 1, 1), (2, 2, 2)], [[0, 1, 2]]), id="one line"),
        pytest.param(Mesh([(0, 0, 0), (1, 1, 1), (2, 2, 5)], [[0, 1, 1]]), id="a repeated corner"),
        pytest.param(Mesh(BOX.vertices_um, [[0, 1, 99]]), id="only missing corners"),
    ],
)
def test_a_mesh_of_which_nothing_is_left_is_none(mesh: Mesh) -> None:
    checked, faults = checked_mesh("A", mesh)
    assert checked is None
    assert faults[-1].fault == "the mesh has no triangles"
    assert faults[-1].remedy == "region skipped"


def test_a_mesh_of_two_parts_is_sound() -> None:
    both, _ = joined([BOX, box_mesh((5000, 0, 0), (6000, 10, 10))])
    checked, faults = checked_mesh("A", both)
    assert faults == []
    assert checked is not None
    assert triangles(checked) == triangles(both)


def test_parts_that_touch_along_an_edge_are_closed_all_the_same() -> None:
    """At that edge four faces meet."""
    both, _ = joined(
        [box_mesh((0, 0, 0), (100, 100, 100)), box_mesh((100, 100, 0), (200, 200, 100))]
    )
    checked, faults = checked_mesh("A", both)
    assert faults == []
    assert checked is not None
    assert volume_of(checked) == pytest.approx(2e6)


@pytest.mark.parametrize(
    ("unit_um", "factor"), [(1.0, 1.0), (1e3, 1e3), (1e-3, 1e-3), (1e6, 1e6), (1e-6, 1e-6)]
)
@pytest.mark.parametrize("fill", [1.0, 0.6, 0.1])
def test_the_unit_shows_from_the_size_of_the_brain(
    unit_um: float, factor: float, fill: float
) -> None:
    """Whether the brain fills its volume or a tenth of it."""
    size = np.array((13200.0, 8000.0, 11400.0))
    brain = box_mesh((0, 0, 0), size * fill / unit_um)
    assert scale_to_um(brain, tuple(size)) == pytest.approx(factor)


def test_a_brain_without_numbers_says_nothing_about_units() -> None:
    assert scale_to_um(Mesh(np.full((3, 3), np.nan), [[0, 1, 2]]), (1e4, 1e4, 1e4)) == 1.0
    stray = Mesh(np.concatenate([BOX.vertices_um, np.full((1, 3), np.nan)]), BOX.faces)
    assert scale_to_um(stray, (1000.0, 1000.0, 1000.0)) == 1.0
