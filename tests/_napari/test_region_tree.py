"""Which regions are ticked, as a set without overlaps and as a tree for Qt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtTest import QAbstractItemModelTester

from napari_brainreg3d._napari.region_choice import (
    BRAINREG3D,
    CORTEX,
    LEVEL,
    RegionChoice,
    Tick,
    preset_ids,
)
from napari_brainreg3d._napari.widgets.region_model import RegionModel
from napari_brainreg3d._napari.widgets.region_tree import RegionTree
from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.selection import BRAINREG3D_REGIONS, select_regions
from napari_brainreg3d.errors import RegionError

#: id -> acronym, parent. Two levels of parts under A; D is a layer.
TREE = {
    1: ("root", None),
    2: ("A", 1),
    3: ("B", 1),
    4: ("A1", 2),
    5: ("A2", 2),
    6: ("A3", 2),
    7: ("A1a", 4),
    8: ("A1b", 4),
    9: ("B1", 3),
    10: ("dorsal", 3),
}


def tree() -> Ontology:
    paths: dict[int, tuple[int, ...]] = {}
    regions = []
    for region_id, (acronym, parent) in TREE.items():
        paths[region_id] = (*paths.get(parent or 0, ()), region_id)
        name = f"{acronym}, layer 1" if acronym == "A1b" else f"region {acronym}"
        regions.append(Region(region_id, acronym, name, (region_id, 0, 0), paths[region_id]))
    return Ontology(tuple(regions))


def acronyms(choice: RegionChoice) -> set[str]:
    return {choice.ontology[i].acronym for i in choice.ids}


class TestChoice:
    """Ticks follow one rule: no chosen region inside another one."""

    def test_a_region_is_chosen_and_taken_out_again(self) -> None:
        once = RegionChoice(tree()).toggled(4)
        assert acronyms(once) == {"A1"}
        assert once.toggled(4).ids == ()

    def test_choosing_the_whole_takes_the_place_of_its_parts(self) -> None:
        parts = RegionChoice(tree(), [4, 5, 9])
        assert parts.tick(2) is Tick.PARTLY
        assert acronyms(parts.toggled(2)) == {"A", "B1"}

    def test_taking_a_part_out_of_a_whole_leaves_its_other_parts(self) -> None:
        whole = RegionChoice(tree(), [2, 9])
        assert whole.tick(7) is Tick.WITHIN
        assert acronyms(whole.toggled(7)) == {"A1b", "A2", "A3", "B1"}

    def test_dividing_gives_the_parts_but_not_the_layers(self) -> None:
        assert acronyms(RegionChoice(tree(), [2]).divided(2)) == {"A1", "A2", "A3"}
        assert acronyms(RegionChoice(tree(), [4]).divided(4)) == {"A1a"}
        assert acronyms(RegionChoice(tree(), [9]).divided(9)) == {"B1"}  # has none

    def test_dividing_what_is_not_ticked_ticks_its_parts(self) -> None:
        assert acronyms(RegionChoice(tree(), [9]).divided(2)) == {"A1", "A2", "A3", "B1"}

    def test_the_order_of_ticking_is_kept(self) -> None:
        choice = RegionChoice(tree()).toggled(9).toggled(5).toggled(7)
        assert [choice.ontology[i].acronym for i in choice.ids] == ["B1", "A2", "A1a"]

    def test_a_region_that_is_named_like_a_preset_is_told_by_its_number(self) -> None:
        choice = RegionChoice(tree(), [10])
        assert choice.words() == ("10",)
        assert select_regions(choice.ontology, choice.words(), None)[0].id == 10

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from(sorted(TREE))), max_size=12))
    def test_any_clicks_leave_a_choice_that_the_atlas_accepts(
        self, clicks: list[tuple[bool, int]]
    ) -> None:
        choice = RegionChoice(tree())
        for is_division, region_id in clicks:
            choice = choice.divided(region_id) if is_division else choice.toggled(region_id)
            # Independent of the counting inside: by the paths alone.
            for other in TREE:
                path = choice.ontology[other].path
                inside = any(other in choice.ontology[i].path[:-1] for i in choice.ids)
                expected = (
                    Tick.ON
                    if other in choice.ids
                    else Tick.WITHIN
                    if set(path) & set(choice.ids)
                    else Tick.PARTLY
                    if inside
                    else Tick.OFF
                )
                assert choice.tick(other) is expected
        if choice.ids:
            chosen = select_regions(choice.ontology, choice.words(), None)
            assert tuple(region.id for region in chosen) == choice.ids


class TestPresets:
    def test_the_presets_of_the_demo_atlas(self) -> None:
        from napari_brainreg3d.atlas.demo import DemoAtlas

        ontology = DemoAtlas().ontology
        ten = [ontology[i].acronym for i in preset_ids(ontology, BRAINREG3D)]
        assert ten == list(BRAINREG3D_REGIONS)
        level = [ontology[i] for i in preset_ids(ontology, LEVEL, 2)]
        assert level
        assert all(r.level == 2 or not ontology.children(r.id) for r in level)
        cortex = [ontology[i] for i in preset_ids(ontology, CORTEX)]
        isocortex = ontology.find("Isocortex").id
        assert len(cortex) > 10
        assert all(isocortex in region.path for region in cortex)

    def test_an_atlas_without_these_regions_says_so(self) -> None:
        with pytest.raises(RegionError, match="MOp"):
            preset_ids(tree(), BRAINREG3D)


class TestModel:
    """What Qt sees of it."""

    @pytest.fixture
    def model(self, qapp: Any) -> RegionModel:
        made = RegionModel()
        made.show_choice(RegionChoice(tree(), [4]))
        return made

    def test_qt_finds_no_fault_with_the_tree(self, model: RegionModel) -> None:
        tester = QAbstractItemModelTester(
            model, QAbstractItemModelTester.FailureReportingMode.Warning
        )
        model.show_choice(RegionChoice(tree(), [5]))  # another tree: reset
        assert tester.model() is model

    def test_it_has_every_region_once_in_its_place(self, model: RegionModel) -> None:
        def walk(parent: QModelIndex) -> dict[str, list[str]]:
            found = {}
            rows = [model.index(row, 0, parent) for row in range(model.rowCount(parent))]
            name = model.data(parent).split()[0] if parent.isValid() else ""
            found[name] = [model.data(index).split()[0] for index in rows]
            for index in rows:
                assert model.parent(index) == parent
                found |= walk(index)
            return found

        inside = {name: below for name, below in walk(QModelIndex()).items() if below}
        assert inside == {
            "": ["root"],
            "root": ["A", "B"],
            "A": ["A1", "A2", "A3"],
            "A1": ["A1a", "A1b"],
            "B": ["B1", "dorsal"],
        }

    def check(self, model: RegionModel, region_id: int) -> Any:
        return model.data(model.index_of(region_id), Qt.ItemDataRole.CheckStateRole)

    def test_check_boxes_show_whole_part_and_nothing(self, model: RegionModel) -> None:
        assert self.check(model, 4) == Qt.CheckState.Checked
        assert self.check(model, 7) == Qt.CheckState.Checked  # within
        assert self.check(model, 2) == Qt.CheckState.PartiallyChecked
        assert self.check(model, 3) == Qt.CheckState.Unchecked

    def test_a_click_tells_the_new_choice_and_what_looks_different(
        self, model: RegionModel, qtbot: Any
    ) -> None:
        told: list[RegionChoice] = []
        changed: set[str] = set()
        model.ticked.connect(told.append)
        model.dataChanged.connect(lambda first, last: changed.add(model.data(first).split()[0]))
        model.setData(model.index_of(2), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
        assert [acronyms(choice) for choice in told] == [{"A"}]
        assert changed >= {"A", "A1", "A2", "A3", "A1a", "root"}
        assert "B1" not in changed

    def test_what_comes_from_the_program_is_not_told(self, model: RegionModel) -> None:
        told: list[RegionChoice] = []
        model.ticked.connect(told.append)
        model.show_choice(RegionChoice(model.choice.ontology, [9]))  # type: ignore[union-attr]
        assert told == []


class TestWidget:
    @pytest.fixture
    def widget(self, qtbot: Any) -> RegionTree:
        made = RegionTree()
        qtbot.addWidget(made)
        made.show_choice(RegionChoice(tree(), [4, 9]))
        return made

    def rows(self, widget: RegionTree) -> list[str]:
        """Acronyms of all rows that the search leaves."""
        model = widget.tree.model()
        found, waiting = [], [model.index(0, 0)] if model.rowCount() else []
        while waiting:
            index = waiting.pop(0)
            found.append(model.data(index).split()[0])
            waiting += [model.index(i, 0, index) for i in range(model.rowCount(index))]
        return found

    def test_searching_leaves_what_matches_and_the_way_to_it(self, widget: RegionTree) -> None:
        widget.search.setText("a1A")
        assert self.rows(widget) == ["root", "A", "A1", "A1a"]
        widget.search.setText("")
        assert len(self.rows(widget)) == len(TREE)

    def test_it_counts(self, widget: RegionTree) -> None:
        assert widget.count.text() == "2 regions ticked"
        widget.show_choice(RegionChoice(widget.model.choice.ontology))  # type: ignore[union-attr]
        assert "tick at least one" in widget.count.text()

    def test_a_preset_that_the_atlas_has_not_changes_nothing(
        self, widget: RegionTree, told: list[str]
    ) -> None:
        chosen: list[RegionChoice] = []
        widget.chosen.connect(chosen.append)
        widget.preset.setCurrentIndex(widget.preset.findData(BRAINREG3D))
        widget.preset.activated.emit(widget.preset.currentIndex())
        assert chosen == []
        assert len(told) == 1
        assert "MOp" in told[0]
        assert widget.count.text() == "2 regions ticked"

    def test_a_level_is_ticked_in_one_go(self, widget: RegionTree) -> None:
        chosen: list[RegionChoice] = []
        widget.chosen.connect(chosen.append)
        widget.level.setValue(1)
        widget.preset.setCurrentIndex(widget.preset.findData(LEVEL))
        widget.preset.activated.emit(widget.preset.currentIndex())
        assert [acronyms(choice) for choice in chosen] == [{"A", "B"}]

    def test_the_selected_region_is_divided(self, widget: RegionTree) -> None:
        chosen: list[RegionChoice] = []
        widget.chosen.connect(chosen.append)
        proxy = widget.tree.model()
        widget.tree.setCurrentIndex(proxy.mapFromSource(widget.model.index_of(4)))
        widget.divide.click()
        assert [acronyms(choice) for choice in chosen] == [{"A1a", "B1"}]
