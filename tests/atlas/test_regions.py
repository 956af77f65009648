"""The tree of regions: an excerpt of the Allen ontology with its layers, and its traps."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_brainreg3d.atlas.regions import Ontology, Region, outermost
from napari_brainreg3d.errors import AtlasError, RegionError

#: id, acronym, parent id, name, as in the Allen ontology of 2017 (an excerpt).
ALLEN = (
    (997, "root", None, "root"),
    (315, "Isocortex", 997, "Isocortex"),
    (453, "SS", 315, "Somatosensory areas"),
    (322, "SSp", 453, "Primary somatosensory area"),
    (329, "SSp-bfd", 322, "Primary somatosensory area, barrel field"),
    (981, "SSp-bfd1", 329, "Primary somatosensory area, barrel field, layer 1"),
    (201, "SSp-bfd2/3", 329, "Primary somatosensory area, barrel field, layer 2/3"),
    (1062, "SSp-bfd6b", 329, "Primary somatosensory area, barrel field, layer 6b"),
    (669, "VIS", 315, "Visual areas"),
    (385, "VISp", 669, "Primary visual area"),
    (593, "VISp1", 385, "Primary visual area, layer 1"),
    (821, "VISp2/3", 385, "Primary visual area, layer 2/3"),
    (312782598, "VISa1", 312782546, "Anterior area, layer 1"),
    (312782546, "VISa", 669, "Anterior area"),
    (1080, "HPF", 997, "Hippocampal formation"),
    (382, "CA1", 1080, "Field CA1"),
    (302, "SCs", 997, "Superior colliculus, sensory related"),
    (851, "SCop", 302, "Superior colliculus, optic layer"),
    (842, "SCsg", 302, "Superior colliculus, superficial gray layer"),
    (528, "CBX", 997, "Cerebellar cortex"),
    (1144, "CBXmo", 528, "Cerebellar cortex, molecular layer"),
    (1143, "CBXgr", 528, "Cerebellar cortex, granular layer"),
    (645, "VERM", 528, "Vermal regions"),
    (1073, "HEM", 528, "Hemispheric regions"),
)

#: In some ontologies three dorsal areas have another area among their layers.
STRAY_AREA = (
    (480149202, "VISrll", 329, "Rostrolateral lateral visual area"),
    (480149206, "VISrll1", 480149202, "Rostrolateral lateral visual area, layer 1"),
)


def region(number: int, acronym: str, *path: int, name: str = "") -> Region:
    """A region of little interest."""
    return Region(number, acronym, name or f"Region {acronym}", (1, 2, 3), path or (number,))


def tree(*rows: tuple[int, str, int | None, str]) -> Ontology:
    """An ontology from rows that name only their parents."""
    parents = {number: parent for number, _, parent, _ in rows}

    def path(number: int | None) -> tuple[int, ...]:
        return () if number is None else (*path(parents[number]), number)

    return Ontology(
        tuple(
            Region(number, acronym, name, (number % 256, 100, 50), path(number))
            for number, acronym, _, name in rows
        )
    )


def acronyms(regions: tuple[Region, ...]) -> list[str]:
    return [r.acronym for r in regions]


@pytest.fixture(scope="module")
def allen() -> Ontology:
    return tree(*ALLEN)


class TestTree:
    def test_it_is_a_mapping_from_id_to_region(self, allen):
        assert len(allen) == len(ALLEN)
        assert list(allen) == [number for number, *_ in ALLEN]
        assert allen[385].name == "Primary visual area"
        assert 385 in allen
        assert 1 not in allen
        with pytest.raises(KeyError):
            allen[1]

    def test_root_parent_and_level(self, allen):
        assert allen.root.acronym == "root"
        assert allen.root.parent_id is None
        assert (allen.root.level, allen[315].level, allen[593].level) == (0, 1, 4)
        assert allen[593].parent_id == 385
        assert allen[593].path == (997, 315, 669, 385, 593)

    def test_children_come_in_the_order_of_the_atlas(self, allen):
        assert acronyms(allen.children(669)) == ["VISp", "VISa"]
        assert acronyms(allen.children(997)) == ["Isocortex", "HPF", "SCs", "CBX"]
        assert allen.children(593) == ()

    def test_a_child_may_stand_before_its_parent(self, allen):
        assert acronyms(allen.children(312782546)) == ["VISa1"]

    def test_descendants_come_depth_first_and_start_with_the_region_itself(self, allen):
        assert acronyms(allen.descendants(669)) == [
            "VIS",
            "VISp",
            "VISp1",
            "VISp2/3",
            "VISa",
            "VISa1",
        ]
        assert len(allen.descendants(997)) == len(ALLEN)
        assert acronyms(allen.descendants(382)) == ["CA1"]

    def test_an_id_that_is_not_there_is_a_key_error(self, allen):
        for ask in (allen.children, allen.descendants, allen.areas):
            with pytest.raises(KeyError):
                ask(1)

    def test_regions_cannot_be_changed(self, allen):
        with pytest.raises(FrozenInstanceError):
            allen[385].name = "Something else"
        with pytest.raises(FrozenInstanceError):
            allen.regions = ()

    def test_it_survives_pickling(self, allen):
        again = pickle.loads(pickle.dumps(allen))
        assert again.regions == allen.regions
        assert again.find("VISp") == allen[385]


class TestLayersAndAreas:
    @pytest.mark.parametrize(
        ("name", "is_layer"),
        [
            ("Primary visual area, layer 2/3", True),
            ("Superior colliculus, superficial gray layer", True),
            ("Layers of nothing in particular", True),
            ("Primary visual area", False),
            ("Player of games", False),
            ("Multilayered thing", False),
        ],
    )
    def test_a_layer_is_known_by_its_name(self, name, is_layer):
        assert region(1, "a", name=name).is_layer is is_layer

    def test_areas_of_the_cortex_are_areas_although_layers_are_finer(self, allen):
        assert acronyms(allen.areas(315)) == ["SSp-bfd", "VISp", "VISa"]

    def test_areas_are_the_same_in_an_atlas_without_layers(self, allen):
        rows = [row for row in ALLEN if "layer" not in row[3]]
        assert acronyms(tree(*rows).areas(315)) == acronyms(allen.areas(315))

    def test_areas_of_everything_leave_no_part_of_the_brain_out(self, allen):
        areas = acronyms(allen.areas(997))
        assert areas == ["SSp-bfd", "VISp", "VISa", "CA1", "SCs", "VERM", "HEM"]

    def test_an_area_is_its_own_only_area(self, allen):
        assert acronyms(allen.areas(385)) == ["VISp"]
        assert acronyms(allen.areas(382)) == ["CA1"]

    def test_a_layer_that_is_asked_for_is_given(self, allen):
        assert acronyms(allen.areas(593)) == ["VISp1"]

    def test_an_area_with_a_stray_area_among_its_layers_stays_an_area(self):
        """The barrel field must not give way to the sliver VISrll.

        Likewise AUDd to VISlla and RSPagl to VISmma and VISmmp in ontologies that list them.
        """
        stray = tree(*ALLEN, *STRAY_AREA)
        assert acronyms(stray.areas(315)) == ["SSp-bfd", "VISp", "VISa"]
        assert acronyms(stray.areas(329)) == ["SSp-bfd"]

    def test_a_lamina_beside_true_parts_does_not_hide_the_parts(self, allen):
        """The cerebellar cortex has laminae and lobules as children; its areas are lobules."""
        assert acronyms(allen.areas(528)) == ["VERM", "HEM"]

    def test_levels_are_counted_from_the_region(self, allen):
        assert acronyms(allen.at_level(315, 0)) == ["Isocortex"]
        assert acronyms(allen.at_level(315, 1)) == ["SS", "VIS"]
        assert acronyms(allen.at_level(315, 2)) == ["SSp", "VISp", "VISa"]

    def test_branches_that_end_early_stand_for_themselves(self, allen):
        # CA1 is two steps below the root, VIS too; three steps down CA1 still is CA1.
        assert "CA1" in acronyms(allen.at_level(997, 3))
        assert "HPF" not in acronyms(allen.at_level(997, 3))

    @given(st.integers(0, 8))
    def test_every_level_covers_every_leaf_once(self, levels):
        allen = tree(*ALLEN)
        chosen = allen.at_level(997, levels)
        leaves = [r for r in allen.descendants(997) if not allen.children(r.id)]
        for leaf in leaves:
            owners = [r for r in chosen if r.id in leaf.path]
            assert len(owners) == 1

    def test_areas_never_contain_one_another(self, allen):
        for ontology in (allen, tree(*ALLEN, *STRAY_AREA)):
            areas = ontology.areas(997)
            assert outermost(areas) == areas


class TestFind:
    @pytest.mark.parametrize(
        "word",
        [
            "VISp",
            "visp",
            "VISP",
            " VISp ",
            "Primary visual area",
            "primary VISUAL area",
            385,
            "385",
        ],
        ids=repr,
    )
    def test_by_acronym_name_or_id_in_any_case(self, allen, word):
        assert allen.find(word).id == 385

    def test_by_an_id_beyond_600_million_and_an_acronym_with_signs(self, allen):
        assert allen.find(312782546).acronym == "VISa"
        assert allen.find("VISp2/3").id == 821
        assert allen.find("ssp-BFD").id == 329

    def test_exact_case_goes_before_any_case(self):
        two = tree((1, "root", None, "root"), (2, "SUB", 1, "Subiculum"), (3, "sub", 1, "Sublime"))
        assert two.find("SUB").id == 2
        assert two.find("sub").id == 3
        assert two.find("Sub").id in (2, 3)

    def test_an_acronym_goes_before_a_name(self):
        both = tree((1, "root", None, "root"), (2, "AOB", 1, "MOB"), (3, "MOB", 1, "Other"))
        assert both.find("MOB").id == 3

    def test_an_acronym_that_is_used_twice_means_the_first_region(self):
        twice = tree((1, "root", None, "root"), (2, "X", 1, "First"), (3, "X", 1, "Second"))
        assert twice.find("X").id == 2
        assert twice.find("Second").id == 3
        assert twice.find(3).id == 3
        assert len(twice) == 3

    def test_acronyms_that_are_numbers_go_before_ids(self):
        """Brodmann's areas: area "17" has the id 4, and the id 17 belongs to another.

        Also as a number: a registration keeps its regions as text, and must mean the same.
        """
        brodmann = tree((1, "root", None, "root"), (4, "17", 1, "Area 17"), (17, "V", 1, "Other"))
        assert brodmann.find("17").id == 4
        assert brodmann.find(17).id == 4
        assert brodmann.find("4").id == 4
        assert brodmann.find("V").id == 17

    @pytest.mark.parametrize(
        ("wrong", "meant"),
        [
            ("VISpp", "VISp"),
            ("visq", "VISp"),
            ("Isocortx", "Isocortex"),
            ("Primary visual are", "VISp"),
        ],
    )
    def test_what_is_not_there_is_refused_with_what_looks_alike(self, allen, wrong, meant):
        with pytest.raises(RegionError) as caught:
            allen.find(wrong)
        assert repr(wrong) in str(caught.value)
        suggestions = str(caught.value).split("did you mean")[1].strip(" ?").split(", ")
        assert meant in suggestions
        # No acronym twice: an acronym and a name of one region can both look alike.
        assert len(set(suggestions)) == len(suggestions) <= 6

    def test_what_looks_like_nothing_is_refused_without_advice(self, allen):
        with pytest.raises(RegionError, match=r"^the atlas has no region 'qqqqqqqq'$"):
            allen.find("qqqqqqqq")

    @pytest.mark.parametrize(
        "word", ["", "   ", "-385", "385.0", 1, "²", "\x00", "VISp\nVISa"], ids=repr
    )
    def test_odd_words_are_no_regions_and_nothing_worse(self, allen, word):
        with pytest.raises(RegionError):
            allen.find(word)

    @given(st.one_of(st.text(max_size=20), st.integers()))
    def test_any_word_at_all_is_found_or_refused(self, word):
        allen = tree(*ALLEN)
        try:
            found = allen.find(word)
        except RegionError:
            known = {str(text).lower() for row in ALLEN for text in (row[0], row[1], row[3])}
            assert str(word).strip().lower() not in known
        else:
            assert found in allen.values()


class TestDamagedTrees:
    @pytest.mark.parametrize(
        "regions",
        [
            pytest.param((), id="no regions"),
            pytest.param((region(1, "a"), region(2, "b")), id="two roots"),
            pytest.param((region(2, "b", 1, 2),), id="the root is missing"),
            pytest.param((region(1, "a"), region(3, "c", 1, 2, 3)), id="a parent is missing"),
            pytest.param((region(1, "a"), region(2, "b", 1, 3)), id="a path that ends elsewhere"),
            pytest.param((region(1, "a"), Region(2, "b", "b", (0, 0, 0), ())), id="an empty path"),
            pytest.param(
                (region(1, "a"), region(2, "b", 1, 3, 2), region(3, "c", 1, 2, 3)),
                id="a circle: each is the other's parent",
            ),
            pytest.param((region(1, "a"), region(2, "b", 1, 2, 2)), id="its own parent"),
            pytest.param(
                (region(1, "a"), region(2, "b", 1, 2), region(3, "c", 2, 3)),
                id="a path that does not start at the root",
            ),
            pytest.param(
                (
                    region(1, "a"),
                    region(2, "b", 1, 2),
                    region(4, "d", 1, 4),
                    region(3, "c", 1, 4, 2, 3),
                ),
                id="a path that contradicts the parent's",
            ),
            pytest.param(
                (region(1, "a"), region(2, "b", 1, 2), region(2, "c", 1, 2)), id="id twice"
            ),
        ],
    )
    def test_they_are_refused_as_damaged(self, regions):
        with pytest.raises(AtlasError, match="the atlas is damaged"):
            Ontology(regions)

    def test_a_root_alone_is_a_tree(self):
        one = Ontology((region(1, "root"),))
        assert one.areas(1) == (one.root,)
        assert one.at_level(1, 5) == (one.root,)


class TestOutermost:
    def test_regions_inside_others_are_dropped_and_the_order_kept(self, allen):
        chosen = [allen.find(word) for word in ("VISp", "CA1", "Isocortex", "HPF", "SCs")]
        assert acronyms(outermost(chosen)) == ["Isocortex", "HPF", "SCs"]

    def test_a_region_given_twice_is_given_once(self, allen):
        assert acronyms(outermost([allen[385], allen[382], allen[385]])) == ["VISp", "CA1"]

    def test_of_none_there_is_none(self):
        assert outermost(iter(())) == ()
