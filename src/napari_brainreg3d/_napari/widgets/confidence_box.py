"""Part of section 4: how sure is it? Where the error comes from, the button, the answer."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QDoubleSpinBox, QProgressBar, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.confidence.errors import SOURCES, TypedError
from napari_brainreg3d._napari.confidence.judging import CONFIDENCE
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.controls import (
    button,
    combo,
    form,
    in_row,
    labelled,
    note,
    number,
    silent,
)
from napari_brainreg3d._napari.work import telling

_LEGEND: Final = "In the layer: clear is certain, yellow to red is doubtful."


class ConfidenceBox(QWidget):
    """Asks how sure the labels are, and says it."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("confidence_box")
        self._bench, self._confidence = bench, bench.confidence
        self.source = combo(
            "error_source", "Where the error of the alignment is taken from", SOURCES
        )
        self.shift = number(
            "sd_shift",
            "Standard deviation of the position, along rows and columns",
            low=0.0,
            high=5000.0,
            step=10.0,
            decimals=0,
            suffix=" \u00b5m",
        )
        self.yaw = self._degrees("sd_yaw", "Standard deviation of the yaw")
        self.tilt = self._degrees("sd_tilt", "Standard deviation of pitch and of roll")
        self.run = button(
            "how_sure",
            "How sure?",
            "Project fifty poses within the error of the alignment, and count how often each pixel "
            "keeps its label",
        )
        self.progress = QProgressBar()
        self.progress.setObjectName("confidence_progress")
        self.cancel = button("confidence_cancel", "Cancel", "Stop")
        self.words = note("confidence_words")
        self._arrange()
        self.source.activated.connect(self._on_source)
        for spin in (self.shift, self.yaw, self.tilt):
            spin.valueChanged.connect(self._on_typed)
        self.run.clicked.connect(self._on_run)
        self.cancel.clicked.connect(lambda: bench.jobs.cancel(CONFIDENCE))
        links.follow(self._confidence.changed, self.refresh)
        links.follow(bench.session.projection_changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        links.follow(bench.jobs.started, self._on_work)
        links.follow(bench.jobs.ended, self._on_work)
        links.follow(bench.jobs.progressed, self._on_progress)
        self._on_work(CONFIDENCE)

    @staticmethod
    def _degrees(name: str, tip: str) -> QDoubleSpinBox:
        return number(name, tip, low=0.0, high=45.0, step=0.5, decimals=1, suffix=" \u00b0")

    def _arrange(self) -> None:
        self.typed = QWidget()
        grid = form()
        labelled(grid, "Shift \u00b1", self.shift)
        labelled(grid, "Yaw \u00b1", self.yaw)
        labelled(grid, "Tilt \u00b1", self.tilt)
        self.typed.setLayout(grid)
        self.working = in_row(self.progress, self.cancel, stretch=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(in_row(self.run, self.source, stretch=1))
        layout.addWidget(self.typed)
        layout.addWidget(self.working)
        layout.addWidget(self.words)

    def refresh(self) -> None:
        """Show question and answer as they are now."""
        confidence, typed = self._confidence, self._confidence.typed
        with silent(self.source, self.shift, self.yaw, self.tilt):
            self.source.setCurrentIndex(self.source.findData(confidence.source))
            self.shift.setValue(typed.shift_um)
            self.yaw.setValue(typed.yaw_deg)
            self.tilt.setValue(typed.tilt_deg)
        self.typed.setVisible(confidence.source == "typed")
        is_there = self._bench.session.projection is not None
        self.run.setEnabled(is_there and not self._bench.jobs.is_running(CONFIDENCE))
        words = confidence.words
        self.words.setText(f"{words} {_LEGEND}" if words else "")
        self.words.setVisible(bool(words))

    def _on_work(self, kind: str) -> None:
        if kind == CONFIDENCE:
            self.working.setVisible(self._bench.jobs.is_running(CONFIDENCE))
            self.progress.setRange(0, 0)
            self.refresh()

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        if kind == CONFIDENCE and total > 0:
            self.progress.setRange(0, total)
            self.progress.setValue(done)

    def _on_source(self) -> None:
        self._confidence.set_source(self.source.currentData())

    def _on_typed(self) -> None:
        self._confidence.set_typed(
            TypedError(self.shift.value(), self.yaw.value(), self.tilt.value())
        )

    def _on_run(self) -> None:
        with telling():
            self._confidence.run()
