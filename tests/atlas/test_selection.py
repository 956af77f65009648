"""Which regions a request means, and which areas are visible from above."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Annotation
from napari_brainreg3d.atlas.selection import BRAINREG3D_REGIONS, dorsal_areas, select_regions
from napari_brainreg3d.errors import RegionError


def tree(*lines: tuple[int, str, str, tuple[int, ...]]) -> Ontology:
    return Ontology(
        tuple(
            Region(number, acronym, name, (0, 0, 0), path) for number, acronym, name, path in lines
        )
    )


@pytest.fixture
def ontology() -> Ontology:
    """Areas with and without layers, an acronym that is a number, names with slashes."""
    return tree(
        (997, "root", "root", (997,)),
        (1, "CTX", "Cortex", (997, 1)),
        (2, "A", "Area A", (997, 1, 2)),
        (700000001, "A1", "Area A, layer 1", (997, 1, 2, 700000001)),
        (700000002, "A2/3", "Area A, layer 2/3", (997, 1, 2, 700000002)),
        (3, "B", "Area B", (997, 1, 3)),
        (4, "17", "Brodmann area 17", (997, 4)),
        (17, "seventeen", "Another", (997, 17)),
        (5, "X/2", "Odd / name", (997, 5)),
        (6, "X", "Plain", (997, 6)),
        (7, "x1", "Part", (997, 6, 7)),
    )


def selected(ontology: Ontology, request: Any, annotation: Any = None) -> list[str]:
    return [region.acronym for region in select_regions(ontology, request, annotation)]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param("CTX", ["A", "B"], id="a single word means its areas"),
        pytest.param(["CTX"], ["CTX"], id="in a list it is the region itself"),
        pytest.param("CTX/areas", ["A", "B"], id="areas"),
        pytest.param("CTX/leaves", ["A1", "A2/3", "B"], id="leaves"),
        pytest.param("CTX/1", ["A", "B"], id="one level"),
        pytest.param("CTX/2", ["A1", "A2/3", "B"], id="two levels, or as far as it goes"),
        pytest.param(["A2/3"], ["A2/3"], id="an acronym with a slash"),
        pytest.param("A2/3", ["A2/3"], id="the same on its own"),
        pytest.param("X/2", ["X/2"], id="an acronym wins over a level"),
        pytest.param("X/1", ["x1"], id="a level where there is no such acronym"),
        pytest.param(["17"], ["17"], id="an acronym that is a number wins over the id"),
        pytest.param([17], ["17"], id="also given as a number"),
        pytest.param(["  A  "], ["A"], id="spaces around"),
        pytest.param(["B", "A"], ["B", "A"], id="in the order given"),
        pytest.param(("B", "area b"), ["B"], id="each once"),
        pytest.param(700000002, ["A2/3"], id="a large id"),
        pytest.param("Area A, layer 2/3", ["A2/3"], id="a full name with a slash"),
    ],
)
def test_requests_mean_what_the_documentation_says(
    ontology: Ontology, request_: Any, expected: list[str]
) -> None:
    assert selected(ontology, request_) == expected


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        pytest.param(["A", "A1"], "A1 is part of A", id="a layer and its area"),
        pytest.param(["CTX/areas", "CTX"], "A is part of CTX", id="a subtree and the whole"),
        pytest.param(["root", "X"], "X is part of root", id="the root and anything"),
        pytest.param([], "name at least one", id="nothing"),
        pytest.param("CTX/all", "'areas', 'leaves' or a number of levels, not 'all'", id="level"),
        pytest.param("CTX/", "after the slash", id="nothing after the slash"),
        pytest.param("CTX/-1", "after the slash", id="negative level"),
        pytest.param("Nowhere/areas", "no region 'Nowhere'", id="unknown before the slash"),
        pytest.param("Area C", "did you mean", id="near a name"),
        pytest.param("dorsal", "no annotation", id="dorsal without annotation"),
        pytest.param("brainreg3d", "no region 'MOp'", id="a preset of another nomenclature"),
    ],
)
def test_what_cannot_be_meant_is_refused(ontology: Ontology, request_: Any, message: str) -> None:
    with pytest.raises(RegionError, match=message):
        selected(ontology, request_)


def test_the_ten_regions_of_brainreg3d() -> None:
    assert " ".join(BRAINREG3D_REGIONS) == "MOp MOs SSp SSs PTLp VIS RSP ACA ORB OLF"


def volume(
    *columns: tuple[int, ...], step_um: tuple[float, float, float] = (100, 100, 100)
) -> Annotation:
    """One row of columns along axis 2, from top to bottom."""
    return Annotation(np.array(columns, np.uint32).T[None], step_um)


def test_dorsal_takes_the_first_labelled_voxel_of_each_column(ontology: Ontology) -> None:
    """0.01 mm^2 per column; 0.02 are needed."""
    annotation = volume(
        (0, 0, 3, 2), (0, 3, 2, 2), (3, 0, 2, 2),  # B, on top of A
        (0, 0, 0, 5), (0, 5, 0, 0),
        (0, 4, 3, 3),  # too little of 17
        (0, 0, 0, 0),
    )  # fmt: skip
    found = dorsal_areas(ontology, annotation)
    assert [area.acronym for area in found] == ["B", "X/2"]


def test_dorsal_counts_layers_as_their_area(ontology: Ontology) -> None:
    annotation = volume((700000001, 700000002), (700000001, 0), (0, 700000002), (3, 3), (3, 3))
    assert [area.acronym for area in dorsal_areas(ontology, annotation)] == ["A", "B"]


def test_dorsal_leaves_out_tissue_that_belongs_to_no_area(ontology: Ontology) -> None:
    """Voxels of a parent, of the root, and of ids that the atlas does not know."""
    annotation = volume((1, 2), (1, 2), (997, 2), (997, 2), (4_000_000_000, 2), (6, 7), (6, 7))
    assert dorsal_areas(ontology, annotation) == ()


def test_dorsal_goes_by_area_not_by_voxels(ontology: Ontology) -> None:
    columns = ((3,),) * 3
    fine = volume(*columns, step_um=(50, 1000, 100))  # 0.015 mm^2
    coarse = volume(*columns, step_um=(100, 10, 100))  # 0.03 mm^2
    assert dorsal_areas(ontology, fine) == ()
    assert [area.acronym for area in dorsal_areas(ontology, coarse)] == ["B"]


def test_dorsal_loads_the_annotation_and_can_be_one_of_several(ontology: Ontology) -> None:
    loaded = []

    def annotation() -> Annotation:
        loaded.append(1)
        return volume((2,), (2,))

    assert selected(ontology, ["dorsal", "B"], annotation) == ["A", "B"]
    assert loaded == [1]
    assert selected(ontology, ["B"], annotation) == ["B"]
    assert loaded == [1]  # not when it is not needed
