"""Measure: files for other programs, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.measure.exchanging import EXCHANGING, FORMATS
from napari_brainreg3d._napari.widgets.controls import button, combo, form, in_row, labelled, note
from napari_brainreg3d._napari.work import telling

_REPORT: Final = ".html"


class ExchangeSection(QWidget):
    """Choose a format, choose a name."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("exchange_body")
        self._bench, self._exchanging = bench, bench.measuring.exchanging
        self._last: Path | None = None
        self.format = combo(
            "exchange_format",
            "Which program's file",
            [(made.words, name) for name, made in FORMATS.items()],
        )
        self.save = button("exchange_save", "Save \u2026", "Write the present result")
        self.look = button("exchange_open", "Open", "Open what was written last")
        self.remark = note("exchange_note")
        grid = form()
        labelled(grid, "Format", self.format)
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(in_row(self.save, self.look, stretch=0))
        layout.addWidget(self.remark)
        self.save.clicked.connect(self._on_save)
        self.look.clicked.connect(self._on_look)
        links.follow(self._exchanging.saved, self._on_saved)
        links.follow(bench.jobs.started, self._refresh)
        links.follow(bench.jobs.ended, self._refresh)
        links.follow(bench.session.projection_changed, self._refresh)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        is_busy = self._bench.jobs.is_running(EXCHANGING)
        self.save.setEnabled(self._bench.session.projection is not None and not is_busy)
        self.look.setEnabled(self._last is not None)
        if is_busy:
            self.remark.setText("Writing \u2026")
        elif self._last is None:
            self.remark.clear()

    def _on_save(self) -> None:
        name = self.format.currentData()
        start = self._exchanging.suggested(name)
        # The dialog itself asks before a file is replaced.
        path, _ = QFileDialog.getSaveFileName(
            self, f"Save as {FORMATS[name].words}", str(start), f"*{start.suffix}"
        )
        if path:
            with telling():
                self._exchanging.run(name, path)

    def _on_saved(self, path: Path) -> None:
        self._last = path
        self.remark.setText(f"Saved in {path.parent}: {path.name}")
        self.look.setEnabled(True)

    def _on_look(self) -> None:
        if self._last is not None:
            shown = self._last if self._last.suffix == _REPORT else self._last.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(shown)))
