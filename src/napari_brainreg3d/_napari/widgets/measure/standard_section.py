"""Measure: the image in the atlas's own view, and on the brain's surface."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from qtpy.QtWidgets import QFileDialog, QProgressBar, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.measure.draping import DRAPING, SAVING_DRAPE
from napari_brainreg3d._napari.measure.standardising import STANDARD, StandardOptions
from napari_brainreg3d._napari.widgets.controls import (
    button,
    combo,
    form,
    in_row,
    labelled,
    note,
    number,
)
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.geometry import VIEWS

_KINDS: Final = (STANDARD, DRAPING, SAVING_DRAPE)


class StandardSection(QWidget):
    """Two ways to see the image where it belongs, both also as files."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("standard_body")
        self._bench, self._measuring = bench, bench.measuring
        self.view = combo(
            "standard_from", "From where the brain is looked at", [(name, name) for name in VIEWS]
        )
        self.view.setCurrentIndex(self.view.findData("dorsal"))
        self.resolution = number(
            "standard_resolution", "Size of a pixel", low=1, high=1000, step=5, decimals=1,
            suffix=" \u00b5m",
        )  # fmt: skip
        self.resolution.setValue(StandardOptions().resolution_um)
        self.show_view = button("standard_show", "Show", "The present frame, over the brain")
        self.clear_view = button("standard_clear", "Remove", "Take it away again")
        self.save_view = button("standard_save", "Save \u2026", "TIFF; of a movie all frames")
        self.show_drape = button("drape_show", "Show", "Paint the image onto the brain")
        self.clear_drape = button("drape_clear", "Remove", "Show image and regions again")
        self.save_drape = button("drape_save", "Save \u2026", "PLY or GLB, for other 3D viewers")
        self.progress = QProgressBar()
        self.cancel = button("standard_cancel", "Cancel", "Stop")
        self.working = in_row(self.progress, self.cancel, stretch=0)
        self.remark = note("standard_note")
        self._arrange()
        self._connect(links)
        self._refresh()

    def _arrange(self) -> None:
        grid = form()
        labelled(grid, "View", in_row(self.view, self.resolution, stretch=0))
        labelled(grid, "Standard view", in_row(self.show_view, self.clear_view, self.save_view))
        labelled(grid, "On the brain", in_row(self.show_drape, self.clear_drape, self.save_drape))
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(self.working)
        layout.addWidget(self.remark)

    def _connect(self, links: Links) -> None:
        standard, draping = self._measuring.standardising, self._measuring.draping
        self.show_view.clicked.connect(self._on_show_view)
        self.clear_view.clicked.connect(lambda: standard.clear())
        self.save_view.clicked.connect(self._on_save_view)
        self.show_drape.clicked.connect(self._on_show_drape)
        self.clear_drape.clicked.connect(lambda: draping.clear())
        self.save_drape.clicked.connect(self._on_save_drape)
        self.cancel.clicked.connect(self._on_cancel)
        links.follow(standard.changed, self._refresh)
        links.follow(draping.changed, self._refresh)
        links.follow(standard.saved, self._on_views_saved)
        links.follow(draping.saved, self._on_drape_saved)
        links.follow(self._bench.jobs.started, self._refresh)
        links.follow(self._bench.jobs.ended, self._refresh)
        links.follow(self._bench.jobs.progressed, self._on_progress)
        links.follow(self._bench.session.status_changed, self._refresh)
        links.follow(self._bench.session.aligner.changed, self._refresh)

    @property
    def options(self) -> StandardOptions:
        """The view that is asked for."""
        return StandardOptions(self.view.currentData(), self.resolution.value())

    def _refresh(self, *_: object) -> None:
        is_busy = any(self._bench.jobs.is_running(kind) for kind in _KINDS)
        is_ready = self._bench.session.registration is not None and not is_busy
        draping, standard = self._measuring.draping, self._measuring.standardising
        for control in (self.show_view, self.save_view, self.show_drape):
            control.setEnabled(is_ready)
        self.clear_view.setEnabled(standard.shown is not None)
        self.clear_drape.setEnabled(draping.drape is not None)
        self.save_drape.setEnabled(draping.drape is not None and not is_busy)
        if not is_busy:
            self.progress.setRange(0, 0)
        self.working.setVisible(is_busy)
        if draping.is_stale:
            self.remark.setText("The image was moved after it was painted: show it again.")

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        if kind in _KINDS and total > 0:
            self.progress.setRange(0, total)
            self.progress.setValue(done)

    def _on_cancel(self) -> None:
        for kind in _KINDS:
            self._bench.jobs.cancel(kind)

    def _on_show_view(self) -> None:
        self.remark.clear()
        with telling():
            self._measuring.standardising.show(self.options)

    def _on_show_drape(self) -> None:
        self.remark.clear()
        with telling():
            self._measuring.draping.run()

    def _on_save_view(self) -> None:
        path = self._ask("Save the standard view", f"_{self.options.view}.tif", "*.tif")
        if path:
            with telling():
                self._measuring.standardising.save(path, self.options)

    def _on_save_drape(self) -> None:
        path = self._ask("Save the painted brain", "_drape.ply", "*.ply *.glb")
        if path:
            with telling():
                self._measuring.draping.save(path)

    def _ask(self, title: str, ending: str, names: str) -> str:
        saving = self._bench.saving
        start = str(saving.folder / f"{saving.stem}{ending}")
        # The dialog itself asks before a file is replaced.
        return QFileDialog.getSaveFileName(self, title, start, names)[0]

    def _on_views_saved(self, paths: list[Path]) -> None:
        names = ", ".join(path.name for path in paths)
        self.remark.setText(f"Saved in {paths[0].parent}: {names}")

    def _on_drape_saved(self, path: Path) -> None:
        self.remark.setText(f"Saved in {path.parent}: {path.name}")
