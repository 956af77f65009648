"""The landmarks as a table: which sides are known, how far off each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_brainreg3d._napari.landmarks.placed import Row, Waiting
from napari_brainreg3d._napari.widgets.controls import silent, sure

_TITLES: Final = ("Name", "Image", "Atlas", "Off", "Left out")
_TIPS: Final = (
    "Double-click to rename",
    "Click to place it on the image",
    "Click to place it on the brain",
    "Distance from the click to where the camera sees the point, \u00b5m",
    "By how much it would be missed had it not been used, \u00b5m",
)
NAME, IMAGE, ATLAS, OFF, LEFT_OUT = range(5)
_SIDES: Final = {IMAGE: "image", ATLAS: "atlas"}
_OUTLIER: Final = QColor("#ff5a52")
_WAITING: Final = QColor("#ff9f1c")
_ROW_PX: Final = 21
#: So many rows are seen without scrolling.
_FEWEST, _MOST = 2, 8


class LandmarkTable(QTableWidget):
    """One row for each landmark.

    Signals
    -------
    side_clicked(int, str)
        The user wants to place ``"image"`` or ``"atlas"`` of a row.
    renamed(int, str)
    """

    side_clicked = Signal(int, str)
    renamed = Signal(int, str)

    def __init__(self) -> None:
        super().__init__(0, len(_TITLES))
        self.setObjectName("landmark_table")
        self.setHorizontalHeaderLabels(_TITLES)
        for column, tip in enumerate(_TIPS):
            sure(self.horizontalHeaderItem(column)).setToolTip(tip)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows, header = sure(self.verticalHeader()), sure(self.horizontalHeader())
        rows.setVisible(False)
        rows.setDefaultSectionSize(_ROW_PX)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(30)
        self.cellClicked.connect(self._on_cell)
        self.itemChanged.connect(self._on_item)

    def show_rows(self, rows: Sequence[Row], waiting: Waiting | None) -> None:
        """Show landmarks; the side that the next click places is marked."""
        with silent(self):
            self.setRowCount(len(rows))
            for i, row in enumerate(rows):
                self._show_row(i, row, waiting if waiting and waiting.index == i else None)
        lines = min(max(len(rows), _FEWEST), _MOST)
        self.setFixedHeight(lines * _ROW_PX + sure(self.horizontalHeader()).sizeHint().height() + 4)

    def selected(self) -> list[int]:
        """Numbers of the rows that are selected."""
        return sorted(index.row() for index in sure(self.selectionModel()).selectedRows())

    def _show_row(self, i: int, row: Row, waiting: Waiting | None) -> None:
        self._put(i, NAME, row.name, _OUTLIER if row.is_outlier else None)
        for column, is_known in ((IMAGE, row.has_image), (ATLAS, row.has_atlas)):
            is_next = waiting is not None and waiting.side == _SIDES[column]
            words = "click" if is_next else "\u2713" if is_known else "\u2013"
            self._put(i, column, words, _WAITING if is_next else None)
        self._put(i, OFF, _micrometres(row.distance_um), _OUTLIER if row.is_outlier else None)
        self._put(i, LEFT_OUT, _micrometres(row.left_out_um), None)

    def _put(self, row: int, column: int, words: str, colour: QColor | None) -> None:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            if column == NAME:
                item.setToolTip(_TIPS[NAME])
            else:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                item.setToolTip(_TIPS[column])
                is_number = column in (OFF, LEFT_OUT)
                side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignHCenter
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, column, item)
        if item.text() != words:
            item.setText(words)
        item.setForeground(QBrush(colour) if colour else QBrush())

    def _on_cell(self, row: int, column: int) -> None:
        if column in _SIDES:
            self.side_clicked.emit(row, _SIDES[column])

    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() == NAME:
            self.renamed.emit(item.row(), item.text())


def _micrometres(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0f}"
