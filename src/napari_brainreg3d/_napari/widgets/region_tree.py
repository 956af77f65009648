"""Choosing regions: presets, search, and a tree with check boxes."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QLineEdit, QTreeView, QVBoxLayout, QWidget

from napari_brainreg3d._napari.region_choice import (
    BRAINREG3D,
    CORTEX,
    DORSAL,
    LEVEL,
    RegionChoice,
    preset_ids,
)
from napari_brainreg3d._napari.widgets.controls import (
    button,
    combo,
    in_row,
    note,
    silent,
    whole_number,
)
from napari_brainreg3d._napari.widgets.region_model import SEARCH_ROLE, RegionModel
from napari_brainreg3d._napari.work import telling

#: In napari's dark theme an empty check box cannot be told from the background.
_EMPTY_BOX: Final = """
QTreeView::indicator:unchecked { border: 1px solid rgb(128, 128, 128); width: 11px; height: 11px; }
"""
_PRESETS: Final = (
    ("choose a preset \u2026", ""),
    ("ten dorsal regions (brainreg3D)", BRAINREG3D),
    ("all areas visible from above", DORSAL),
    ("all areas of the isocortex", CORTEX),
    ("everything, at one level", LEVEL),
)


class RegionTree(QWidget):
    """Which regions of the atlas are shown.

    Signals
    -------
    chosen(RegionChoice)
        The user has ticked, unticked, or taken a preset that follows from the tree.
    dorsal_asked()
        The user wants the areas visible from above, which only the atlas's volume tells.
    """

    chosen = Signal(object)
    dorsal_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("region_tree")
        self.model = RegionModel()
        self._filter = QSortFilterProxyModel()
        self._filter.setSourceModel(self.model)
        self._filter.setRecursiveFilteringEnabled(True)
        self._filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._filter.setFilterRole(SEARCH_ROLE)
        self._make_controls()
        self._arrange()
        self.show_choice(None)

    def show_choice(self, choice: RegionChoice | None) -> None:
        """Show what is ticked; nothing is told."""
        is_new = choice is not None and (
            self.model.choice is None or self.model.choice.ontology is not choice.ontology
        )
        self.model.show_choice(choice)
        self._count(choice)
        self.setEnabled(choice is not None)
        if is_new and choice is not None:
            self._unfold(choice)

    # ------------------------------------------------------------------------------------ inside

    def _make_controls(self) -> None:
        self.preset = combo("region_preset", "Tick a set of regions at once", _PRESETS)
        self.level = whole_number(
            "region_level", "How many steps below the whole brain", low=1, high=12, prefix="level "
        )
        self.level.setValue(5)
        self.level.setVisible(False)
        self.search = QLineEdit()
        self.search.setObjectName("region_search")
        self.search.setPlaceholderText("search acronym or name")
        self.search.setClearButtonEnabled(True)
        self.divide = button(
            "region_divide", "Divide", "Tick the parts of the selected region instead of the whole"
        )
        self.tree = QTreeView()
        self.tree.setObjectName("region_view")
        self.tree.setModel(self._filter)
        self.tree.setStyleSheet(_EMPTY_BOX)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(14)
        self.tree.setMinimumHeight(170)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.count = note("region_count")
        self.preset.activated.connect(self._on_preset)
        self.level.valueChanged.connect(self._on_preset)
        self.search.textChanged.connect(self._on_search)
        self.divide.clicked.connect(self._on_divide)
        self.model.ticked.connect(self._on_ticked)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(in_row(self.preset, self.level, stretch=0))
        layout.addWidget(in_row(self.search, self.divide, stretch=0))
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.count)

    def _on_preset(self) -> None:
        preset, choice = self.preset.currentData(), self.model.choice
        self.level.setVisible(preset == LEVEL)
        if choice is None or not preset:
            return
        if preset == DORSAL:
            self.dorsal_asked.emit()
            return
        with telling():
            ids = preset_ids(choice.ontology, preset, self.level.value())
            self._choose(RegionChoice(choice.ontology, ids))

    def _on_ticked(self, choice: RegionChoice) -> None:
        with silent(self.preset):
            self.preset.setCurrentIndex(0)
        self.level.setVisible(False)
        self._count(choice)
        self.chosen.emit(choice)

    def _on_divide(self) -> None:
        index, choice = self.tree.currentIndex(), self.model.choice
        if choice is not None and index.isValid():
            region_id = self.model.region_id(self._filter.mapToSource(index))
            self._choose(choice.divided(region_id))
            self.tree.expand(index)

    def _choose(self, choice: RegionChoice) -> None:
        self.show_choice(choice)
        self.chosen.emit(choice)

    def _on_search(self, text: str) -> None:
        self._filter.setFilterFixedString(text.strip())
        if text.strip():
            self.tree.expandAll()
        elif self.model.choice is not None:
            self.tree.collapseAll()
            self._unfold(self.model.choice)

    def _unfold(self, choice: RegionChoice) -> None:
        """Open the way to what is ticked, not further."""
        outer = {i for region_id in choice.ids for i in choice.ontology[region_id].path[:-1]}
        for region_id in outer or {choice.ontology.root.id}:
            self.tree.setExpanded(self._filter.mapFromSource(self.model.index_of(region_id)), True)
        first: QModelIndex = self._filter.index(0, 0)
        self.tree.scrollTo(first)

    def _count(self, choice: RegionChoice | None) -> None:
        if choice is None:
            self.count.setText("Load an atlas to see its regions.")
        elif not choice.ids:
            self.count.setText("No region is ticked: tick at least one.")
        else:
            plural = "s" if len(choice.ids) > 1 else ""
            self.count.setText(f"{len(choice.ids)} region{plural} ticked")
