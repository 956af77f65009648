"""Other tables from the same rays: levels, sides, and never a second cast."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegionError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.projection import SurfaceCaster, project
from napari_brainreg3d.projection.grouping import finest_labels, group
from napari_brainreg3d.projection.refine import refine
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import FIRST_ID, ROOT_ID, letter_scene

AT = Registration(
    atlas="test",
    image_shape=(60, 50),
    pixel_size_um=200.0,
    pose=Pose.dorsal(centre_um=(4010.0, 500.0, 6710.0)),
)


def family() -> Scene:
    """The letter with stem and bar as parts of "wood", which is beside "arm" under the root."""
    scene = letter_scene()
    root, stem, arm, bar = scene.ontology.regions
    wood = Region(12, "wood", "all the wood", (9, 8, 7), (ROOT_ID, 12))
    twig = Region(13, "twig", "not in the scene", (1, 1, 1), (ROOT_ID, arm.id, 13))
    regions = (
        dataclasses.replace(stem, path=(ROOT_ID, 12, stem.id)),
        arm,
        dataclasses.replace(bar, path=(ROOT_ID, 12, bar.id)),
    )
    return dataclasses.replace(
        scene, ontology=Ontology((root, *regions, wood, twig)), regions=regions
    )


def test_regrouping_never_casts_a_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    projection = project(family(), AT)

    def cast(*_: Any) -> Any:
        raise AssertionError("a ray was cast")

    monkeypatch.setattr(SurfaceCaster, "first_hits", cast)
    monkeypatch.setattr(SurfaceCaster, "blocked_before", cast)
    monkeypatch.setattr(SurfaceCaster, "__init__", cast)
    for into in (None, ["wood", "arm"], ["root"]):
        for split in (False, True):
            again = projection.regrouped(into, split_hemispheres=split)
            assert again.table.pixels.sum() == projection.table.pixels.sum()
            assert again.labels.max() > 0


def test_coarser_rows_are_the_union_of_their_parts() -> None:
    fine = project(family(), AT)
    coarse = fine.regrouped(["wood", "arm"])
    assert coarse.table.acronym.tolist() == ["wood", "arm"]
    assert coarse.table.label.tolist() == [1, 2]
    assert coarse.table.id.tolist() == [12, FIRST_ID + 1]
    assert coarse.table.color.tolist()[0] == "#090807"
    assert coarse.table.parents.tolist() == ["root", "root"]
    stem, arm, bar = (fine.mask(label) for label in (1, 2, 3))
    assert np.array_equal(coarse.mask(1), stem | bar)
    assert np.array_equal(coarse.mask(2), arm)
    assert fine.table.acronym.tolist() == ["stem", "arm", "bar"]  # the original is as it was


def test_regrouping_gives_what_a_projection_at_that_level_gives() -> None:
    """A scene that had the coarser region's faces under one name from the start."""
    scene = family()
    into = tuple(scene.ontology.find(name) for name in ("arm", "wood"))
    coarse_scene = dataclasses.replace(
        scene, regions=into, face_region=np.array([1, 0, 1], np.int32)[scene.face_region]
    )
    for split in (False, True):
        again = project(scene, AT).regrouped(["arm", "wood"], split_hemispheres=split)
        direct = project(coarse_scene, AT, split_hemispheres=split)
        assert np.array_equal(again.labels, direct.labels)
        assert again.table.equals(direct.table)
        assert np.array_equal(again.depth_um, direct.depth_um, equal_nan=True)


def test_what_is_in_none_of_the_groups_gets_no_label() -> None:
    fine = project(family(), AT)
    only = fine.regrouped(["wood"])
    assert np.array_equal(only.labels > 0, fine.mask(1) | fine.mask(3))
    below = fine.regrouped(
        ["twig", "stem"]
    )  # a part of arm: arm's pixels are not known to be in it
    assert below.table.pixels.tolist() == [0, int(fine.mask(1).sum())]


def test_one_name_is_one_region_not_a_list_of_letters() -> None:
    fine = project(family(), AT)
    assert np.array_equal(fine.regrouped("wood").labels, fine.regrouped(["wood"]).labels)
    assert fine.regrouped("wood").table.acronym.tolist() == ["wood"]


def test_splitting_and_joining_sides_is_a_round_trip() -> None:
    whole = project(family(), AT)
    split = whole.regrouped(split_hemispheres=True)
    assert np.array_equal(split.labels, project(family(), AT, split_hemispheres=True).labels)
    table = split.table
    assert table.hemisphere.tolist() == ["left"] * 3 + ["right"] * 3
    assert table.acronym.tolist() == ["stem", "arm", "bar"] * 2
    back = split.regrouped()
    assert np.array_equal(back.labels, whole.labels)
    assert back.table.equals(whole.table)
    both = split.labels.astype(int)
    both[both > 3] -= 3
    assert np.array_equal(both, whole.labels)
    assert np.array_equal(split.labels > 3, (whole.labels > 0) & (whole.atlas_um[..., 2] < 5700.0))


def test_a_scene_of_one_side_is_not_split() -> None:
    scene = dataclasses.replace(family(), hemisphere="left")
    table = project(scene, AT, split_hemispheres=True).table
    assert table.hemisphere.tolist() == ["left"] * 3


def test_groups_that_hold_each_other_and_unknown_ones_are_refused() -> None:
    projection = project(family(), AT)
    with pytest.raises(RegionError, match="stem is part of wood"):
        projection.regrouped(["wood", "stem"])
    with pytest.raises(RegionError, match="did you mean stem"):
        projection.regrouped(["stemm"])


def test_refined_labels_are_regrouped_as_refined() -> None:
    refined = refine(project(family(), AT), where="everywhere")
    coarse = refined.regrouped(["wood", "arm"])
    assert (refined.labels > 0).all()
    assert np.array_equal(coarse.mask(1), refined.mask(1) | refined.mask(3))
    assert np.array_equal(coarse.refined, refined.refined)


def test_the_finest_label_codes_region_and_side() -> None:
    coded = finest_labels(np.array([-1, 0, 0, 5, 5]), np.array([True, False, True, False, True]))
    assert coded.tolist() == [0, 1, 2, 11, 12]
    scene = family()
    plain = group(scene.regions, scene.ontology)
    assert plain.label_of.tolist() == [0, 1, 1, 2, 2, 3, 3]
    sides = group(scene.regions, scene.ontology, split_hemispheres=True)
    assert sides.label_of.tolist() == [0, 4, 1, 5, 2, 6, 3]
    assert [(row.region.acronym, row.hemisphere) for row in sides.rows][2:4] == [
        ("bar", "left"), ("stem", "right"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="read-only"):
        sides.label_of[0] = 1
