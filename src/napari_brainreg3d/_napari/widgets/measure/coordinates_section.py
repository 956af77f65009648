"""Measure: what points, shapes and labels lie on."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtWidgets import QFileDialog, QTableView, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.measure.locating import LOCATING
from napari_brainreg3d._napari.widgets.controls import (
    button,
    combo,
    form,
    in_row,
    labelled,
    note,
    silent,
    sure,
)
from napari_brainreg3d._napari.widgets.measure.frame_model import FrameModel
from napari_brainreg3d._napari.work import telling

_NO_LAYER: Final = "Add a Points, Shapes or Labels layer, or take a file."
_FILES: Final = "Points and regions of interest (*.csv *.npy *.tif *.tiff *.png);;All files (*)"


class CoordinatesSection(QWidget):
    """A layer or a file in, a table out."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("coordinates_body")
        self._bench, self._locating = bench, bench.measuring.locating
        self.layer = combo("coordinates_layer", "Points, Shapes or Labels layer on the image")
        self.run = button("coordinates_run", "Locate", "Region and place of each point or shape")
        self.file = button("coordinates_file", "File \u2026", "CSV, suite2p stat.npy, label image")
        self.remark = note("coordinates_note")
        self.model = FrameModel()
        self.table = QTableView()
        self.table.setObjectName("coordinates_table")
        self.table.setModel(self.model)
        self.table.setMinimumHeight(140)
        sure(self.table.verticalHeader()).setDefaultSectionSize(20)
        self.save = button("coordinates_save", "Save \u2026", "CSV, with a description beside it")
        grid = form()
        labelled(grid, "Layer", self.layer)
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(in_row(self.run, self.file))
        layout.addWidget(self.remark)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.save)
        self.run.clicked.connect(self._on_run)
        self.file.clicked.connect(self._on_file)
        self.save.clicked.connect(self._on_save)
        links.follow(self._locating.layers_changed, self._list_layers)
        links.follow(self._locating.table_changed, self._on_table)
        links.follow(bench.jobs.started, self._refresh)
        links.follow(bench.jobs.ended, self._refresh)
        links.follow(bench.session.status_changed, self._refresh)
        self._list_layers()
        self._on_table()

    def _list_layers(self) -> None:
        before = self._chosen()
        layers = self._locating.layers
        with silent(self.layer):
            self.layer.clear()
            for layer in layers:
                self.layer.addItem(layer.name, layer)
            if before in layers:
                self.layer.setCurrentIndex(layers.index(before))
        self._refresh()

    def _chosen(self) -> Any:
        return self.layer.currentData()

    def _refresh(self, *_: object) -> None:
        is_busy = self._bench.jobs.is_running(LOCATING)
        is_ready = self._bench.session.registration is not None and not is_busy
        self.run.setEnabled(is_ready and self.layer.count() > 0)
        self.file.setEnabled(is_ready)
        if self._locating.table is None:
            self.remark.setText(
                ""
                if self.layer.count()
                else "Add a Points, Shapes or Labels layer, or take a file."
            )

    def _on_table(self) -> None:
        table = self._locating.table
        self.table.setVisible(table is not None)
        self.save.setEnabled(table is not None)
        self.model.show_frame(table)
        if table is not None:
            seen = int((table["status"] == "region").sum())
            self.remark.setText(f"{self._locating.name}: {seen:,} of {len(table):,} in a region")

    def _on_run(self) -> None:
        layer = self._chosen()
        if layer is not None:
            with telling():
                self._locating.run_layer(layer)

    def _on_file(self) -> None:
        start = str(self._bench.saving.folder)
        path, _ = QFileDialog.getOpenFileName(self, "Choose points", start, _FILES)
        if path:
            with telling():
                self._locating.run_file(path)

    def _on_save(self) -> None:
        saving = self._bench.saving
        start = str(saving.folder / f"{saving.stem}_located.csv")
        # The dialog itself asks before a file is replaced.
        path, _ = QFileDialog.getSaveFileName(self, "Save the table", start, "*.csv")
        if path:
            with telling():
                self._locating.save(path)
