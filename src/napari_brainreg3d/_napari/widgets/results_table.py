"""The regions that the image shows, with counts and areas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QColor, QGuiApplication, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_brainreg3d._napari.widgets.controls import sure

#: Column of the region table -> header, how a value is written.
_COLUMNS: Final[dict[str, tuple[str, Callable[[Any], str]]]] = {
    "acronym": ("Region", str),
    "hemisphere": ("Side", str),
    "pixels": ("Pixels", lambda count: f"{count:,}"),
    "certain_share": ("Certain", lambda share: "" if share != share else f"{share:.0%}"),
    "projected_mm2": ("mm\u00b2 in image", lambda area: f"{area:.3f}"),
    "surface_mm2": ("mm\u00b2 of surface", lambda area: f"{area:.3f}"),
    "expected_mm2": ("mm\u00b2 expected", lambda area: f"{area:.3f}"),
    "sd_mm2": ("\u00b1 mm\u00b2", lambda area: f"{area:.3f}"),
    "name": ("Name", str),
}
_NAMES: Final = tuple(_COLUMNS)
#: Columns that are only there when somebody has asked how sure the labels are.
_OPTIONAL: Final = ("expected_mm2", "sd_mm2", "certain_share")
_NO_PARENT: Final = QModelIndex()
_SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class TableModel(QAbstractTableModel):
    """A region table for Qt."""

    def __init__(self) -> None:
        super().__init__()
        self._table = pd.DataFrame()
        self._names = tuple(name for name in _NAMES if name not in _OPTIONAL)

    def show_table(self, table: pd.DataFrame) -> None:
        """Show another table."""
        self.beginResetModel()
        self._table = table
        self._names = tuple(n for n in _NAMES if n not in _OPTIONAL or n in table.columns)
        self.endResetModel()

    def label(self, row: int) -> int:
        """Label of the region in a row."""
        return int(self._table["label"].to_numpy()[row])

    def text(self, rows: list[int]) -> str:
        """Rows as text that spreadsheets understand, all columns of the table."""
        return str(self._table.iloc[rows].to_csv(sep="\t", index=False, lineterminator="\n"))

    # ------------------------------------------------------------------------------- asked by Qt

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802
        """One row per region."""
        return 0 if parent.isValid() else len(self._table)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802
        """Columns shown."""
        return 0 if parent.isValid() else len(self._names)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[self._names[section]][0]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, and what it is sorted by."""
        if not index.isValid():
            return None
        column = self._names[index.column()]
        value: Any = self._table[column].iat[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _COLUMNS[column][1](value)
            case Qt.ItemDataRole.ToolTipRole:
                return str(self._table["name"].iat[index.row()])
            case Qt.ItemDataRole.DecorationRole if column == "acronym":
                return QColor(self._table["color"].iat[index.row()])
            case Qt.ItemDataRole.TextAlignmentRole if not isinstance(value, str):
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _ if role == _SORT_ROLE:
                return value if isinstance(value, str) else float(value)
        return None


class ResultsTable(QTableView):
    """Sortable; a click selects the region in the view, Ctrl+C copies.

    Signals
    -------
    region_selected(object)
        Label of the region, None when nothing is selected any more.
    """

    region_selected = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("results_table")
        self.source = TableModel()
        self._sorted = QSortFilterProxyModel()
        self._sorted.setSourceModel(self.source)
        self._sorted.setSortRole(_SORT_ROLE)
        self._sorted.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(_NAMES.index("pixels"), Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(False)
        rows = sure(self.verticalHeader())
        rows.setVisible(False)
        rows.setDefaultSectionSize(20)
        header = sure(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.setMinimumHeight(150)
        sure(self.selectionModel()).selectionChanged.connect(self._on_selection)

    def show_table(self, table: pd.DataFrame) -> None:
        """Show another table, sorted as before."""
        self.source.show_table(table)

    def copy(self) -> None:
        """Copy the selected rows, or all, to the clipboard."""
        rows = self._rows() or [
            self._sorted.mapToSource(self._sorted.index(i, 0)).row()
            for i in range(self._sorted.rowCount())
        ]
        sure(QGuiApplication.clipboard()).setText(self.source.text(rows))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Ctrl+C copies all columns, where Qt would copy one cell."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def _rows(self) -> list[int]:
        chosen = sure(self.selectionModel()).selectedRows()
        return [self._sorted.mapToSource(index).row() for index in chosen]

    def _on_selection(self) -> None:
        rows = self._rows()
        self.region_selected.emit(self.source.label(rows[0]) if rows else None)
