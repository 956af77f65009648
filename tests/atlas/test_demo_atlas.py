"""The schematic mouse brain: closed meshes, a matching annotation, regions where they belong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import trimesh
from scipy.spatial import cKDTree

from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.atlas.demo import DEMO_NAME, DemoAtlas
from napari_brainreg3d.atlas.regions import Region
from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.atlas.selection import BRAINREG3D_REGIONS, dorsal_areas

ATLAS = DemoAtlas()
MIDLINE_UM = 5700.0
VOXEL_UM = 100.0


def leaves(of: str = "root") -> list[Region]:
    ontology = ATLAS.ontology
    inside = ontology.descendants(ontology.find(of).id)
    return [region for region in inside if not ontology.children(region.id)]


def as_trimesh(mesh: Mesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices_um, mesh.faces, process=False)


def joined(regions: list[Region]) -> trimesh.Trimesh:
    return trimesh.util.concatenate([as_trimesh(ATLAS.mesh(region)) for region in regions])


def test_everything_says_that_it_is_a_drawing() -> None:
    info = ATLAS.info
    assert info.name == DEMO_NAME == "demo_mouse"
    assert info.is_schematic
    assert "schematic, not for science" in info.species
    assert "schematic, not for science" in info.citation
    assert all("schematic, not for science" in region.name for region in ATLAS.ontology.regions)


def test_it_has_the_size_of_the_allen_volume_so_that_its_bregma_presets_apply() -> None:
    assert ATLAS.info.size_um == pytest.approx((13200.0, 8000.0, 11400.0))
    assert ATLAS.annotation().ids.shape == ATLAS.info.shape
    assert ATLAS.annotation().resolution_um == ATLAS.info.resolution_um
    assert ATLAS.sides() is None


@pytest.mark.parametrize("region", ATLAS.ontology.regions, ids=lambda region: region.acronym)
def test_mesh_is_closed_and_its_normals_point_outwards(region: Region) -> None:
    mesh = ATLAS.mesh(region)
    solid = as_trimesh(mesh)
    assert mesh.vertices_um.dtype == np.float64
    assert solid.is_watertight
    assert solid.is_winding_consistent
    assert solid.volume > 1e8  # 0.1 mm^3
    assert solid.area_faces.min() > 0
    low, high = mesh.bounds_um
    assert (low > 0).all()
    assert (high < ATLAS.info.size_um).all()


def test_the_regions_of_brainreg3d_are_there() -> None:
    found = [ATLAS.ontology.find(acronym).acronym for acronym in BRAINREG3D_REGIONS]
    assert found == list(BRAINREG3D_REGIONS)


def test_parietal_cortex_contains_the_areas_that_it_does_in_the_allen_tree() -> None:
    assert {region.acronym for region in leaves("PTLp")} == {"VISa", "VISrl"}
    assert {"VISp", "VISl", "VISal", "VISpm", "VISam"} <= {r.acronym for r in leaves("VIS")}


def test_some_twenty_cortical_areas_are_visible_from_above() -> None:
    seen = dorsal_areas(ATLAS.ontology, ATLAS.annotation())
    cortex = ATLAS.ontology.find("Isocortex").id
    assert 20 <= sum(cortex in region.path for region in seen) <= 40


def test_areas_of_the_cortex_have_moderately_many_triangles() -> None:
    assert sum(len(ATLAS.mesh(region).faces) for region in leaves("Isocortex")) < 150_000


@pytest.mark.parametrize("side", [pytest.param(1.0, id="right"), pytest.param(-1.0, id="left")])
@pytest.mark.parametrize(
    ("acronym", "ap_mm", "ml_mm"),
    [
        ("VISp", -3.5, 2.6),
        ("SSp-bfd", -1.5, 3.5),
        ("SSp-ll", -0.3, 1.8),
        ("SSp-ul", 0.3, 2.6),
        ("SSp-m", 1.1, 3.6),
        ("MOs", 1.7, 1.0),
        ("MOp", 1.0, 1.8),
        ("RSPd", -2.2, 0.55),
        ("VISpm", -3.1, 1.6),
        ("VISrl", -2.3, 3.15),
        ("TEa", -3.6, 4.6),
        ("MOB", 4.0, 1.0),
        ("IC", -4.9, 1.0),
        ("VERM", -6.6, 0.3),
        ("HEM", -6.0, 3.0),
    ],
)
def test_regions_lie_in_their_stereotaxic_places(
    acronym: str, ap_mm: float, ml_mm: float, side: float
) -> None:
    """On both sides: the first tissue straight below a textbook coordinate (ML right +)."""
    bregma = BREGMA_PRESETS["allen_ccf_tools"]
    place = bregma.to_atlas_um([ap_mm, side * ml_mm, 0.0])
    column = np.tile(place, (80, 1))
    column[:, 1] = np.arange(80) * VOXEL_UM + VOXEL_UM / 2
    ids = ATLAS.annotation().at(column)
    assert ATLAS.ontology[int(ids[ids > 0][0])].acronym == acronym
    assert (place[2] < MIDLINE_UM) == (side > 0)
    # Its mesh is there too, on that side: the first that a ray from above meets.
    solid = as_trimesh(ATLAS.mesh(ATLAS.ontology.find(acronym)))
    assert solid.ray.intersects_any([[place[0], -1000.0, place[2]]], [[0.0, 1.0, 0.0]]).all()


def test_only_the_right_olfactory_bulb_is_longer() -> None:
    vertices = ATLAS.mesh(ATLAS.ontology.find("MOB")).vertices_um
    is_right = vertices[:, 2] < MIDLINE_UM
    longer_by = vertices[~is_right, 0].min() - vertices[is_right, 0].min()
    assert longer_by == pytest.approx(550.0, abs=20.0)
    ids = ATLAS.annotation().ids
    differs = np.argwhere(ids != ids[:, :, ::-1])
    assert len(differs) > 1000
    assert differs[:, 0].max() * VOXEL_UM < 2600  # nowhere behind the bulbs and their stalks


def test_annotation_agrees_with_the_meshes() -> None:
    """Points inside a mesh carry its id, all of those further from a wall than a voxel reaches."""
    rng = np.random.default_rng(3)
    annotation, agree, inner = ATLAS.annotation(), [], []
    for region in leaves():
        solid = as_trimesh(ATLAS.mesh(region))
        points = rng.uniform(*solid.bounds, (1500, 3))
        points = points[solid.contains(points)]
        assert len(points) > 20
        same = annotation.at(points) == region.id
        assert same.mean() > 0.85  # small and thin ones are mostly border
        # Edges are some 100 um long: the wall is at most half of that nearer than a corner.
        away = cKDTree(solid.vertices).query(points)[0] > 150.0
        agree.append(same)
        inner.append(same[away])
    assert np.concatenate(agree).mean() > 0.95
    assert len(np.concatenate(inner)) > 3000
    assert np.concatenate(inner).mean() > 0.999


def test_parents_carry_the_tissue_of_their_parts() -> None:
    for parent in ("VIS", "SSp", "MO", "RSP", "PTLp", "OLF", "CBX"):
        whole = as_trimesh(ATLAS.mesh(ATLAS.ontology.find(parent))).volume
        parts = sum(as_trimesh(ATLAS.mesh(region)).volume for region in leaves(parent))
        assert parts == pytest.approx(whole, rel=0.03)
        assert parts < whole * 1.001


def test_regions_fill_the_brain_without_overlap() -> None:
    brain = as_trimesh(ATLAS.mesh(ATLAS.ontology.root)).volume
    parts = sum(as_trimesh(ATLAS.mesh(region)).volume for region in leaves())
    assert 0.98 * brain < parts < brain
    ids = ATLAS.annotation().ids
    assert (ids == ATLAS.ontology.root.id).sum() < 1e-3 * (ids > 0).sum()


def test_neighbouring_meshes_meet_without_gaps_wider_than_a_voxel() -> None:
    """A ray from above that falls into a gap between regions has a region within a voxel of it."""
    rng = np.random.default_rng(4)
    origins = rng.uniform([2500, -500, 1500], [9000, -500, 9900], (20_000, 3))
    brain, regions = as_trimesh(ATLAS.mesh(ATLAS.ontology.root)), joined(leaves())
    surface, facing = first_hits(brain, origins)
    deeper = (first_hits(regions, origins)[0] - surface) * facing  # at right angles
    hit = np.isfinite(surface)
    assert hit.sum() > 15_000
    assert np.isfinite(deeper[hit]).all()
    assert deeper[hit].min() > -VOXEL_UM / 10
    in_gap = np.flatnonzero(hit & (deeper > VOXEL_UM))
    assert len(in_gap) < 0.01 * hit.sum()
    offsets = VOXEL_UM * np.array([(-1, 0, 0), (1, 0, 0), (0, 0, -1), (0, 0, 1)])
    around = (origins[in_gap, None] + offsets).reshape(-1, 3)
    surface, facing = first_hits(brain, around)
    deeper = (first_hits(regions, around)[0] - surface) * facing
    assert (deeper.reshape(-1, 4) < VOXEL_UM).any(axis=1).all()


def first_hits(
    solid: trimesh.Trimesh, origins: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Way straight down to the surface, NaN past it, and the cosine of its tilt."""
    down = np.tile([0.0, 1.0, 0.0], (len(origins), 1))
    face = solid.ray.intersects_first(origins, down)
    corner, normal = solid.triangles[face, 0], solid.face_normals[face]
    way = np.einsum("ij,ij->i", corner - origins, normal) / normal[:, 1]
    return np.where(face < 0, np.nan, way), -normal[:, 1]


def test_the_annotation_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ATLAS.annotation().ids[0, 0, 0] = 1
