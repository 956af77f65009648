"""Any table of pandas for a view of Qt."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

_NO_PARENT: Final = QModelIndex()


class FrameModel(QAbstractTableModel):
    """Read only; a cell is written when it is looked at, so that a million rows cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._frame = pd.DataFrame()

    def show_frame(self, frame: pd.DataFrame | None) -> None:
        """Show another table, or none."""
        self.beginResetModel()
        self._frame = pd.DataFrame() if frame is None else frame
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802
        """Rows of the table."""
        return 0 if parent.isValid() else len(self._frame)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:  # noqa: N802
        """Columns of the table."""
        return 0 if parent.isValid() else self._frame.shape[1]

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns, numbers of the rows."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return str(self._frame.columns[section]).replace("_", " ")
        return str(self._frame.index[section])

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell as text."""
        if not index.isValid():
            return None
        value = self._frame.iat[index.row(), index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(value, str):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if isinstance(value, float):
            return "" if pd.isna(value) else f"{value:.3f}"
        return str(value)
