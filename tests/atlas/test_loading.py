"""From the name of an atlas to a scene: every region in its place, every fault told."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.loading import MeshFaultWarning, load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import AtlasError, Cancelled, RegionError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.projection import NothingSeenWarning, project
from napari_brainreg3d.registration import Registration
from tests.fixtures.mini_atlas import GRID, LAYERED, MiniAtlas, write_mini_atlas

TEN = ["MOp", "MOs", "SSp", "SSs", "PTLp", "VIS", "RSP", "ACA", "ORB", "OLF"]
CORTEX = ["FRP", "MOp", "MOs", "SSp", "SSs", "VISp", "VISl", "ACA", "ORB", "RSP", "PTLp"]


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> MiniAtlas:
    return write_mini_atlas(tmp_path_factory.mktemp("atlas"))


def load(atlas: MiniAtlas, regions: Any = None, **options: Any) -> Scene:
    return load_scene(atlas.name, regions, brainglobe_dir=atlas.folder, **options)


def acronyms(scene: Scene) -> list[str]:
    return [region.acronym for region in scene.regions]


def seen_from_above(scene: Scene, ap_um: float, ml_um: float, **options: Any) -> str:
    """Acronym of what one ray straight down meets, through the whole of project()."""
    at = Registration(
        atlas=scene.atlas.name,
        image_shape=(1, 1),
        pixel_size_um=1.0,
        pose=Pose.dorsal(centre_um=(ap_um, -50.0, ml_um)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingSeenWarning)
        projection = project(scene, at, **options)
    return ["", *projection.table.acronym][projection.labels.item()]


def cells() -> Any:
    """(acronym, AP um, lateral um from the midline) of the middle of every cell of the grid."""
    for i, row in enumerate(GRID):
        for j, acronym in enumerate(row):
            yield acronym, 200.0 + 400.0 * i + 201.0, 200.0 * j + 103.0


@pytest.mark.parametrize("layers", [True, False])
def test_a_ray_at_every_area_meets_that_area(layers: bool, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, layers=layers)
    scene = load(atlas, [*LAYERED, "OLF"])
    assert scene.faults == ()
    for acronym, ap, lateral in cells():
        for ml in (1000.0 + lateral, 1000.0 - lateral):
            assert seen_from_above(scene, ap, ml) == acronym


def test_info_comes_from_the_manifest(mini: MiniAtlas) -> None:
    info = load(mini).atlas
    assert (info.name, info.version, info.species) == ("mini_mouse_100um", "1.0", "Mus musculus")
    assert info.citation == "written by a test"
    assert info.resolution_um == (100.0, 100.0, 100.0)
    assert info.shape == (20, 16, 20)
    assert info.size_um == (2000.0, 1600.0, 2000.0)
    assert not info.is_schematic


def test_regions_carry_the_atlas_table(mini: MiniAtlas) -> None:
    scene = load(mini, ["VISp", "VISl2/3"])
    visp, layer = scene.regions
    assert (visp.id, visp.name, visp.rgb) == (385, "Primary visual area", (12, 243, 128))
    assert [scene.ontology[i].acronym for i in visp.path] == [
        "root", "grey", "CTX", "Isocortex", "VIS", "VISp",
    ]  # fmt: skip
    assert layer.id == mini.structures["VISl2/3"][0] > 600_000_000
    assert layer.name == "Lateral visual area, layer 2/3"
    assert len(scene.ontology) == len(mini.structures)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(["VISp", "MOp"], ["VISp", "MOp"], id="acronyms in the order asked for"),
        pytest.param(["Visual areas"], ["VIS"], id="a full name"),
        pytest.param([385, "993"], ["VISp", "MOs"], id="ids"),
        pytest.param(669, ["VIS"], id="one id is the region as a whole"),
        pytest.param([614454277 + 51], ["VISl2/3"], id="an id over 600 million"),
        pytest.param(["VISp2/3"], ["VISp2/3"], id="an acronym with a slash"),
        pytest.param(["visp"], ["VISp"], id="another case"),
        pytest.param("Isocortex", CORTEX, id="areas, not layers"),
        pytest.param(["Isocortex"], ["Isocortex"], id="in a list, a word is the whole region"),
        pytest.param(["Isocortex/areas", "CP"], [*CORTEX, "CP"], id="areas and another"),
        pytest.param("VISp", ["VISp"], id="an area is its own only area"),
        pytest.param(
            "VIS/leaves",
            [f"VIS{a}{n}" for a in "pl" for n in ("1", "2/3", "4", "5", "6a")],
            id="leaves are layers",
        ),
        pytest.param("VIS/1", ["VISp", "VISl"], id="one level below"),
        pytest.param("Isocortex/0", ["Isocortex"], id="no level below"),
        pytest.param(
            "Isocortex/1",
            ["FRP", "MO", "SS", "VIS", "ACA", "ORB", "RSP", "PTLp"],
            id="one level below a division",
        ),
        pytest.param(
            "VIS/9",
            [f"VIS{a}{n}" for a in "pl" for n in ("1", "2/3", "4", "5", "6a")],
            id="more levels than there are",
        ),
        pytest.param("brainreg3d", TEN, id="brainreg3D's ten"),
        pytest.param(["brainreg3d", "CP"], [*TEN, "CP"], id="a preset and another"),
        pytest.param(["MOp", "MOp", "985"], ["MOp"], id="each once"),
        pytest.param(None, TEN, id="nothing asked for"),
        pytest.param([], TEN, id="an empty list"),
    ],
)
def test_what_is_asked_for_is_what_is_there(
    mini: MiniAtlas, request_: Any, expected: list[str]
) -> None:
    assert acronyms(load(mini, request_)) == expected


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        pytest.param(["VISpp"], "VISpp.*did you mean.*VISp", id="near acronym"),
        pytest.param(["Primary visual aria"], "did you mean VISp", id="near name"),
        pytest.param("Isocortx", "did you mean.*Isocortex", id="near a subtree"),
        pytest.param([123456], "no region '123456'", id="unknown id"),
        pytest.param(["zzzzzz"], "no region 'zzzzzz'$", id="nothing near"),
        pytest.param(["VIS", "VISp"], "VISp is part of VIS", id="overlap, whole first"),
        pytest.param(["VISp", "VIS"], "VISp is part of VIS", id="overlap, part first"),
        pytest.param(["Isocortex/areas", "MO"], "MOp is part of MO", id="overlap with a subtree"),
        pytest.param(["VISp4", "brainreg3d"], "VISp4 is part of VIS", id="overlap with a preset"),
        pytest.param("VIS/layers", "'areas', 'leaves' or a number", id="unknown level"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_hint(
    mini: MiniAtlas, request_: Any, message: str
) -> None:
    with pytest.raises(RegionError, match=message):
        load(mini, request_)


@pytest.mark.parametrize("layers", [True, False])
def test_dorsal_is_what_the_first_voxel_of_each_column_says(layers: bool, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, layers=layers)
    area_of = {}
    for name, (number, parent, _) in atlas.structures.items():
        area_of[number] = parent if parent in LAYERED else name
    counts: dict[str, int] = {}
    for ap in range(atlas.annotation.shape[0]):
        for ml in range(atlas.annotation.shape[2]):
            column = atlas.annotation[ap, :, ml]
            labelled = column[column > 0]
            if len(labelled):
                area = area_of[int(labelled[0])]
                counts[area] = counts.get(area, 0) + 1
    assert counts["FRP"] == 1  # 0.01 mm^2
    del counts["FRP"]
    scene = load(atlas, "dorsal")
    assert set(acronyms(scene)) == set(counts)
    sizes = [counts[acronym] for acronym in acronyms(scene)]
    assert sizes == sorted(sizes, reverse=True)
    assert "CP" not in acronyms(scene)


def test_another_nomenclature_gets_what_is_visible_from_above_by_default(tmp_path: Path) -> None:
    atlas = write_mini_atlas(
        tmp_path,
        name="mini_rat_100um",
        species="Rattus norvegicus",
        renamed={"ORB": "OrbC", "MOp": "M1"},
    )
    scene = load(atlas)
    assert scene.atlas.species == "Rattus norvegicus"
    assert {"OrbC", "M1", "RSP"} <= set(acronyms(scene))
    assert "CP" not in acronyms(scene)
    with pytest.raises(RegionError, match="no region 'MOp'"):
        load(atlas, "brainreg3d")


def test_the_list_of_regions_is_not_shared_with_the_caller(mini: MiniAtlas) -> None:
    """brainreg3D's default list was one object for all, from which regions were deleted."""
    wanted = ["MOp", "VISp"]
    scene = load(mini, wanted)
    wanted.remove("MOp")
    assert acronyms(scene) == ["MOp", "VISp"]
    assert acronyms(load(mini, wanted)) == ["VISp"]
    first = load(mini)
    assert acronyms(first) == TEN
    assert isinstance(first.regions, tuple)
    assert acronyms(load(mini)) == TEN


def test_a_scene_is_loaded_once(mini: MiniAtlas) -> None:
    assert load(mini, ["MOp", "VISp"]) is load(mini, ("MOp", "Primary visual area"))
    assert load(mini, ["MOp", "VISp"]) is not load(mini, ["VISp", "MOp"])
    assert load(mini, ["MOp"]) is not load(mini, ["MOp"], hemisphere="left")
    relative = load_scene(
        mini.name, ["MOp"], brainglobe_dir=str(mini.folder) + "/../" + mini.folder.name
    )
    assert relative is load(mini, ["MOp"])
    assert load(mini).load_annotation().ids is load(mini, ["MOp"]).load_annotation().ids


def test_not_all_scenes_are_kept_for_ever(mini: MiniAtlas) -> None:
    first = load(mini, ["CP"])
    for acronym in CORTEX:
        load(mini, [acronym])
    assert load(mini, ["CP"]) is not first


@pytest.mark.parametrize("missing", ["MOp", "RSP", "OLF"])
def test_a_structure_without_mesh_is_told_and_shifts_no_name(missing: str, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, faults={missing: "missing"})
    with pytest.warns(MeshFaultWarning, match=f"{missing}: the atlas has no mesh"):
        scene = load(atlas)
    assert acronyms(scene) == [acronym for acronym in TEN if acronym != missing]
    assert [fault.acronym for fault in scene.faults] == [missing]
    parent = {"VISp": "VIS", "VISl": "VIS"}
    for acronym, ap, lateral in cells():
        expected = parent.get(acronym, acronym)
        found = seen_from_above(scene, ap, 1000.0 + lateral)
        assert found == ("" if expected == missing else expected)
    with pytest.warns(MeshFaultWarning):  # said again, although the scene is kept
        assert load(atlas) is scene


@pytest.mark.parametrize("fault", ["empty", "garbage", "truncated", "point cloud"])
def test_a_mesh_that_cannot_be_read_is_told_and_skipped(fault: str, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, faults={"SSp": fault})
    with pytest.warns(MeshFaultWarning, match="SSp"):
        scene = load(atlas)
    assert "SSp" not in acronyms(scene)
    assert seen_from_above(scene, 1203.0, 1703.0) == "SSs"


def test_a_selection_without_any_mesh_is_an_error(tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, faults={"SSp": "missing"})
    with pytest.raises(AtlasError, match=r"none of the selected regions.*has a mesh"):
        load(atlas, ["SSp"])
    with pytest.raises(AtlasError, match="none of the selected regions"):
        load(atlas, ["VL"])


def test_a_mesh_inside_out_is_turned_and_told(tmp_path: Path) -> None:
    good = load(write_mini_atlas(tmp_path / "a"), ["MOs", "VISp"])
    bad = load(write_mini_atlas(tmp_path / "b", faults={"VISp": "inverted"}), ["MOs", "VISp"])
    assert good.faults == ()
    assert [(f.acronym, f.fault, f.remedy) for f in bad.faults] == [
        ("VISp", "the surface is inside out", "turned round")
    ]
    for scene in (good, bad):
        mesh = scene.region_mesh(1)
        a, b, c = (mesh.vertices_um[mesh.faces[:, i]] for i in range(3))
        volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
        assert volume == pytest.approx(2 * 400 * 600 * 200, rel=1e-4)  # um^3, both sides


def test_an_open_mesh_is_kept_and_told(tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, faults={"SSs": "open"})
    scene = load(atlas, ["SSs", "SSp"])
    assert acronyms(scene) == ["SSs", "SSp"]
    (fault,) = scene.faults
    assert fault.acronym == "SSs"
    assert "not closed" in fault.fault
    assert seen_from_above(scene, 1203.0, 1703.0) == "SSs"


def test_without_a_surface_of_the_brain_nothing_hides_anything(tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path, faults={"root": "missing"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeshFaultWarning)  # of a missing brain either may be said
        scene = load(atlas, ["CP", "MOs"])
    assert [fault.acronym for fault in scene.faults] == ["root"]
    assert len(scene.brain.faces) == 0
    assert seen_from_above(scene, 803.0, 1303.0) == "MOs"
    assert seen_from_above(scene, 1603.0, 1703.0) == "CP"
    whole = load(write_mini_atlas(tmp_path / "whole"), ["CP", "MOs"])
    assert seen_from_above(whole, 1603.0, 1703.0) == ""
    assert seen_from_above(whole, 1603.0, 1703.0, occlusion="selected") == "CP"


@pytest.mark.parametrize(
    "um_per_unit",
    [pytest.param(1.0, id="um"), pytest.param(1e3, id="mm"), pytest.param(1e-6, id="pm")],
)
def test_meshes_in_another_unit_are_brought_to_micrometres(
    um_per_unit: float, tmp_path: Path
) -> None:
    atlas = write_mini_atlas(tmp_path, mesh_um_per_unit=um_per_unit)
    scene = load(atlas)
    np.testing.assert_allclose(
        scene.brain.bounds_um, [(200, 200, 200), (1800, 1400, 1800)], atol=0.1
    )
    np.testing.assert_allclose(scene.mesh.bounds_um, [(200, 200, 200), (1800, 800, 1800)], atol=0.1)
    assert any("not in um" in fault.fault for fault in scene.faults)
    assert seen_from_above(scene, 803.0, 1303.0) == "MOs"


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_hemisphere_of_a_symmetric_atlas_ends_at_the_midline(
    mini: MiniAtlas, side: Any
) -> None:
    scene = load(mini, hemisphere=side)
    assert scene.hemisphere == side
    low, high = scene.mesh.bounds_um[:, 2]
    expected = (1000.0, 1800.0) if side == "left" else (200.0, 1000.0)
    np.testing.assert_allclose((low, high), expected, atol=0.1)
    for acronym, ap, lateral in cells():
        whole = {"VISp": "VIS", "VISl": "VIS"}.get(acronym, acronym)
        here, there = (1000.0 + lateral, 1000.0 - lateral)
        if side == "right":
            here, there = there, here
        assert seen_from_above(scene, ap, here) == whole
        assert seen_from_above(scene, ap, there) == ""
        assert seen_from_above(scene, ap, there, occlusion="selected") == ""
    # The brain stays whole: the other side hides what it hid before.
    np.testing.assert_allclose(scene.brain.bounds_um, load(mini).brain.bounds_um)


def test_an_unknown_hemisphere_is_refused(mini: MiniAtlas) -> None:
    with pytest.raises(
        RegionError, match="hemisphere must be both, left or right, got 'both sides'"
    ):
        load(mini, hemisphere="both sides")


@pytest.mark.parametrize(
    "outside", [True, False], ids=["sides everywhere", "sides in the brain only"]
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_one_hemisphere_of_an_asymmetric_atlas_is_what_the_atlas_says(
    side: Any, outside: bool, tmp_path: Path
) -> None:
    """Here the left hemisphere begins at voxel 12, 200 um to the left of the middle."""
    atlas = write_mini_atlas(
        tmp_path, symmetric=False, left_from_voxel=12, sides_outside_brain=outside
    )
    scene = load(atlas, hemisphere=side)
    for acronym, ap, lateral in cells():
        whole = {"VISp": "VIS", "VISl": "VIS"}.get(acronym, acronym)
        for ml in (1000.0 + lateral, 1000.0 - lateral):
            mine = (ml > 1200.0) == (side == "left")
            assert seen_from_above(scene, ap, ml) == (whole if mine else "")


@pytest.mark.parametrize(
    "outside", [True, False], ids=["sides everywhere", "sides in the brain only"]
)
def test_sides_of_an_asymmetric_atlas_hold_on_the_very_surface(
    outside: bool, tmp_path: Path
) -> None:
    """Points where rays meet the brain lie half the time in voxels outside it."""
    atlas = write_mini_atlas(
        tmp_path, symmetric=False, left_from_voxel=12, sides_outside_brain=outside
    )
    scene = load(atlas)
    for height in (199.0, 200.0, 201.0):
        points = np.array([(903.0, height, ml) for ml in (303.0, 1303.0, 1753.0)])
        assert scene.is_left(points).tolist() == [False, True, True]


@pytest.mark.parametrize("across", [20, 21])
def test_the_midline_is_where_brainglobe_puts_it(across: int, tmp_path: Path) -> None:
    """With an odd number of voxels the middle one counts as left (half of 21 rounds to 10)."""
    scene = load(write_mini_atlas(tmp_path, voxels_across=across))
    assert scene.atlas.midline_um == 1000.0
    points = np.array([(500.0, 500.0, ml) for ml in (999.0, 1000.0, 1001.0, 1050.0, np.nan)])
    assert scene.is_left(points).tolist() == [False, True, True, True, False]


def test_the_annotation_is_the_atlas_own(mini: MiniAtlas) -> None:
    annotation = load(mini).load_annotation()  # type: ignore[misc]
    assert np.array_equal(annotation.ids, mini.annotation)
    assert annotation.resolution_um == (100.0, 100.0, 100.0)
    scene = load(mini)
    for acronym, ap, lateral in cells():
        whole = {"VISp": "VIS", "VISl": "VIS"}.get(acronym, acronym)
        assert seen_from_above(scene, ap, 1000 + lateral, sample_depth_um=350.0) == whole
    layers = load(mini, ["VISp/leaves"])
    depths = {50.0: "VISp1", 150.0: "VISp2/3", 350.0: "VISp4", 450.0: "VISp5", 550.0: "VISp6a"}
    for depth, expected in depths.items():
        assert seen_from_above(layers, 1603.0, 1503.0, sample_depth_um=depth) == expected


def test_progress_tells_the_meshes_and_can_stop_the_loading(tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path)
    with pytest.raises(Cancelled):
        load(atlas, progress=lambda done, total: done < 3)
    told: list[tuple[int, int]] = []
    scene = load(atlas, progress=lambda *step: told.append(step))
    assert told == [(i, 10) for i in range(11)]
    assert acronyms(scene) == TEN


def test_scenes_are_not_changed_by_what_is_done_with_them(mini: MiniAtlas) -> None:
    scene = load(mini)
    for array in (scene.mesh.vertices_um, scene.mesh.faces, scene.brain.faces, scene.face_region):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        scene.regions = ()  # type: ignore[misc]
