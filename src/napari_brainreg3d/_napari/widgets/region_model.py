"""The regions of an atlas as a tree with check boxes, for Qt."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from qtpy.QtCore import QAbstractItemModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QFont, QIcon, QPixmap

from napari_brainreg3d._napari.region_choice import RegionChoice, Tick
from napari_brainreg3d.atlas.regions import Ontology

_NO_PARENT: Final = QModelIndex()
_CHECK: Final = {
    Tick.OFF: Qt.CheckState.Unchecked,
    Tick.PARTLY: Qt.CheckState.PartiallyChecked,
    Tick.ON: Qt.CheckState.Checked,
    Tick.WITHIN: Qt.CheckState.Checked,
}
#: What the search looks through.
SEARCH_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class RegionModel(QAbstractItemModel):
    """Shows a :class:`RegionChoice`; a click on a check box makes another one.

    Signals
    -------
    ticked(RegionChoice)
        The user has changed the choice.
    """

    ticked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._choice: RegionChoice | None = None
        self._rows: dict[int, int] = {}

    @property
    def choice(self) -> RegionChoice | None:
        """What is ticked; None before an atlas is there."""
        return self._choice

    def show_choice(self, choice: RegionChoice | None) -> None:
        """Show a choice that did not come from the user; another atlas makes another tree."""
        before, ontology = self._choice, choice.ontology if choice else None
        if before is None or before.ontology is not ontology:
            self.beginResetModel()
            self._choice = choice
            self._rows = _rows(ontology) if ontology else {}
            self.endResetModel()
        elif choice is not None and choice.ids != before.ids:
            self._choice = choice
            self._announce(before, choice)

    def region_id(self, index: QModelIndex) -> int:
        """Id of the region of an index."""
        return int(index.internalId())

    def index_of(self, region_id: int) -> QModelIndex:
        """The index of a region."""
        return self.createIndex(self._rows[region_id], 0, region_id)

    # ------------------------------------------------------------------------------- asked by Qt

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        """Index of the ``row``-th region inside another one."""
        if self._choice is None or column != 0:
            return QModelIndex()
        inside = self._inside(parent)
        if not 0 <= row < len(inside):
            return QModelIndex()
        return self.createIndex(row, 0, inside[row])

    def parent(self, index: QModelIndex | None = None) -> Any:
        """Index of the region that contains another one."""
        if index is None:
            return super().parent()
        if self._choice is None or not index.isValid():
            return QModelIndex()
        outer = self._choice.ontology[self.region_id(index)].parent_id
        return QModelIndex() if outer is None else self.index_of(outer)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802
        """How many regions lie directly inside another one."""
        return 0 if self._choice is None else len(self._inside(parent))

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802
        """One column: check box, colour, acronym and name."""
        return 1

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Regions can be selected and checked."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        usable = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usable | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What is shown of a region."""
        if self._choice is None or not index.isValid():
            return None
        region = self._choice.ontology[self.region_id(index)]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{region.acronym}  {region.name}"
            case Qt.ItemDataRole.ToolTipRole:
                return f"{region.acronym}: {region.name} (id {region.id})"
            case Qt.ItemDataRole.DecorationRole:
                return _swatch(region.rgb)
            case Qt.ItemDataRole.CheckStateRole:
                return _CHECK[self._choice.tick(region.id)]
            case Qt.ItemDataRole.FontRole if self._choice.tick(region.id) is Tick.WITHIN:
                slanted = QFont()
                slanted.setItalic(True)
                return slanted
            case _ if role == SEARCH_ROLE:
                return f"{region.acronym} {region.name}"
        return None

    def setData(  # noqa: N802
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tick or untick: what a click on a check box does."""
        if self._choice is None or role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.show_choice(self._choice.toggled(self.region_id(index)))
        self.ticked.emit(self._choice)
        return True

    def _inside(self, parent: QModelIndex) -> list[int]:
        if self._choice is None:
            return []
        ontology = self._choice.ontology
        if not parent.isValid():
            return [ontology.root.id]
        return [region.id for region in ontology.children(self.region_id(parent))]

    def _announce(self, before: RegionChoice, now: RegionChoice) -> None:
        """Tell Qt which check boxes look different."""
        ontology = now.ontology
        for changed in set(before.ids).symmetric_difference(now.ids):
            touched = {*ontology[changed].path, *(r.id for r in ontology.descendants(changed))}
            for region_id in touched:
                index = self.index_of(region_id)
                self.dataChanged.emit(index, index)


def _rows(ontology: Ontology) -> dict[int, int]:
    """Position of every region among its siblings."""
    rows = {ontology.root.id: 0}
    for region_id in ontology:
        for row, child in enumerate(ontology.children(region_id)):
            rows[child.id] = row
    return rows


@lru_cache(maxsize=2048)
def _swatch(rgb: tuple[int, int, int]) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(*rgb))
    return QIcon(pixmap)
