"""Part of section 3: draw lines of the brain on the image, and refine the pose on them."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.curves.desk import REFINING
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.controls import button, combo, in_row, note, silent
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.errors import RegistrationError

_KINDS: Final = (
    ("the midline", "midline"),
    ("the edge of the brain", "brain edge"),
    ("a border between \u2026", "border"),
)
_HELP: Final = "Click along the line; a double click ends it. Parts of lines are enough."


class CurvesSection(QWidget):
    """What to draw, the button to draw it, and Refine."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("curves_body")
        self._bench, self._curves = bench, bench.curves
        self.kind = combo("curve_kind", "Which line of the brain is drawn", _KINDS)
        self.first = combo("curve_first", "The region on one side of the border")
        self.second = combo("curve_second", "The region on its other side")
        self.draw = button("curve_draw", "Draw", _HELP)
        self.help = note("curve_help", _HELP)
        self.words = note("curve_words")
        self.refine = button(
            "curve_refine", "Refine", "Move the image so that the lines are seen where drawn"
        )
        self.clear = button("curve_clear", "Take all away", "Remove the lines")
        self.progress = QProgressBar()
        self.progress.setObjectName("curve_progress")
        self.cancel = button("curve_cancel", "Cancel", "Stop; the image stays where it is")
        self._arrange()
        self.kind.activated.connect(self.refresh)
        self.draw.clicked.connect(self._on_draw)
        self.refine.clicked.connect(self._on_refine)
        self.clear.clicked.connect(self._curves.clear)
        self.cancel.clicked.connect(lambda: bench.jobs.cancel(REFINING))
        links.follow(self._curves.changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        links.follow(bench.session.scene_changed, self._on_scene)
        links.follow(bench.jobs.started, self._on_work)
        links.follow(bench.jobs.ended, self._on_work)
        links.follow(bench.jobs.progressed, self._on_progress)
        self._on_scene()
        self._on_work(REFINING)

    def _arrange(self) -> None:
        self.regions = in_row(self.first, self.second)
        self.working = in_row(self.progress, self.cancel, stretch=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(in_row(self.kind, self.draw, stretch=0))
        layout.addWidget(self.regions)
        layout.addWidget(self.help)
        layout.addWidget(self.words)
        layout.addWidget(in_row(self.refine, self.clear, stretch=0))
        layout.addWidget(self.working)

    def refresh(self) -> None:
        """Show what is drawn."""
        has_alignment = self._bench.session.alignment is not None
        has_curves = bool(self._curves.drawn)
        is_busy = self._bench.jobs.is_running(REFINING)
        self.regions.setVisible(self.kind.currentData() == "border")
        self.draw.setEnabled(has_alignment)
        self.refine.setEnabled(has_alignment and has_curves and not is_busy)
        self.clear.setEnabled(has_curves)
        self.words.setText(self._curves.words)

    def _on_scene(self) -> None:
        scene = self._bench.session.scene
        names = sorted(region.acronym for region in scene.regions) if scene else []
        with silent(self.first, self.second):
            for place, chooser in enumerate((self.first, self.second)):
                before = chooser.currentText()
                chooser.clear()
                chooser.addItems(names)
                chooser.setCurrentIndex(names.index(before) if before in names else place)
        self.refresh()

    def _on_work(self, kind: str) -> None:
        if kind == REFINING:
            self.working.setVisible(self._bench.jobs.is_running(REFINING))
            self.progress.setRange(0, 0)
            self.refresh()

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        if kind == REFINING and total > 0:
            self.progress.setRange(0, total)
            self.progress.setValue(done)

    def _on_draw(self) -> None:
        word = str(self.kind.currentData())
        with telling():
            if word == "border":
                first, second = self.first.currentText(), self.second.currentText()
                if first == second:
                    raise RegistrationError("choose two different regions for the border")
                word = f"{first} | {second}"
            self._curves.draw(word)

    def _on_refine(self) -> None:
        with telling():
            self._curves.refine()
