"""Measure: the activity of regions in a movie."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.measure.tracing import TRACING, TraceOptions
from napari_brainreg3d._napari.widgets.controls import (
    button,
    calm,
    check_box,
    combo,
    form,
    in_row,
    labelled,
    note,
    number,
    silent,
)
from napari_brainreg3d._napari.work import telling

_STATISTICS: Final = (
    ("mean", "mean"),
    ("median of means", "median of means"),
    ("sum", "sum"),
)
_BASELINES: Final = (
    "percentile 10",
    "median",
    "mean",
    "mean frames 0:100",
    "percentile 10 window 60 s",
)
_FILES: Final = "Movies (*.tif *.tiff *.btf *.npy *.dat *.zarr *.npz);;All files (*)"
_NAME: Final = Qt.ItemDataRole.UserRole


class TracesSection(QWidget):
    """Movie, options, the button, and which regions are drawn."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("traces_body")
        self._bench, self._tracing = bench, bench.measuring.tracing
        self._make_options()
        self._make_results()
        self._arrange()
        links.follow(bench.session.projection_changed, self._refresh)
        links.follow(bench.session.image_changed, self._refresh)
        links.follow(bench.jobs.started, self._on_work)
        links.follow(bench.jobs.ended, self._on_work)
        links.follow(bench.jobs.progressed, self._on_progress)
        links.follow(self._tracing.source_changed, self._refresh)
        links.follow(self._tracing.traces_changed, self._on_traces)
        self._show_options(self._tracing.options)
        self._on_traces()
        self._on_work(TRACING)

    def _make_options(self) -> None:
        self.source = note("traces_source")
        self.choose = button("traces_file", "File \u2026", "Measure a movie that is not open here")
        self.own = button("traces_viewer", "Viewer", "Measure the movie in the viewer")
        self.statistic = combo("traces_statistic", "What is taken of a region", _STATISTICS)
        self.is_dff = check_box("traces_dff", "dF/F, baseline", "Relative change of fluorescence")
        self.baseline = calm(QComboBox())
        self.baseline.setObjectName("traces_baseline")
        self.baseline.setToolTip("F0: mean, median or percentile, of all frames, some, or a window")
        self.baseline.setEditable(True)
        self.baseline.addItems(_BASELINES)
        self.baseline.setMinimumContentsLength(6)
        self.fps = number(
            "traces_fps", "Frames per second", low=0, high=10_000, step=1, decimals=3, suffix=" /s"
        )
        self.fps.setSpecialValueText("as the file says")
        self.split = check_box("traces_split", "Left and right", "Each side gets its own trace")
        self.weighted = check_box(
            "traces_weighted", "Weight by confidence", "Ask 'How sure?' in the panel Project first"
        )
        self.is_steep = check_box(
            "traces_steep", "Angle below", "Leave pixels out that see tissue at a grazing angle"
        )
        self.angle = number(
            "traces_angle", "Largest angle", low=1, high=90, step=5, decimals=0, suffix="\u00b0"
        )
        self.angle.setValue(60)
        for chooser in (self.statistic, self.baseline):
            chooser.activated.connect(self._on_options)
        for edit in (self.baseline.lineEdit(),):
            if edit is not None:
                edit.editingFinished.connect(self._on_options)
        for spin in (self.fps, self.angle):
            spin.valueChanged.connect(self._on_options)
        for box in (self.is_dff, self.split, self.is_steep, self.weighted):
            box.clicked.connect(self._on_options)
        self.choose.clicked.connect(self._on_choose)
        self.own.clicked.connect(lambda: self._tracing.set_file(None))

    def _make_results(self) -> None:
        self.run = button("traces_run", "Make traces", "One line per region")
        self.progress = QProgressBar()
        self.cancel = button("traces_cancel", "Cancel", "Stop; the last traces stay")
        self.regions = QListWidget()
        self.regions.setObjectName("traces_regions")
        self.regions.setMinimumHeight(140)
        self.every = button("traces_all", "All", "Draw all traces")
        self.none = button("traces_none", "None", "Draw none")
        self.save = button("traces_save", "Save \u2026", "CSV or parquet, with a file of settings")
        self.remark = note("traces_note")
        self.run.clicked.connect(self._on_run)
        self.cancel.clicked.connect(lambda: self._bench.jobs.cancel(TRACING))
        self.regions.itemChanged.connect(self._on_ticked)
        self.every.clicked.connect(lambda: self._draw_all(True))
        self.none.clicked.connect(lambda: self._draw_all(False))
        self.save.clicked.connect(self._on_save)

    def _arrange(self) -> None:
        grid = form()
        labelled(grid, "Movie", in_row(self.source, self.choose, self.own, stretch=0))
        labelled(grid, "Value", self.statistic)
        grid.addWidget(self.is_dff, grid.rowCount(), 0)
        grid.addWidget(self.baseline, grid.rowCount() - 1, 1)
        labelled(grid, "Frame rate", self.fps)
        grid.addWidget(self.is_steep, grid.rowCount(), 0)
        grid.addWidget(in_row(self.angle, self.split, stretch=0), grid.rowCount() - 1, 1)
        self.working = in_row(self.progress, self.cancel, stretch=0)
        self.results = QWidget()
        below = QVBoxLayout(self.results)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(3)
        below.addWidget(self.remark)
        below.addWidget(self.regions, 1)
        below.addWidget(in_row(self.every, self.none, self.save, stretch=2))
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(self.weighted)
        layout.addWidget(self.run)
        layout.addWidget(self.working)
        layout.addWidget(self.results, 1)

    # --------------------------------------------------------------------------- what is shown

    def _show_options(self, options: TraceOptions) -> None:
        boxes = (self.statistic, self.baseline, self.fps, self.angle)
        with silent(*boxes, self.is_dff, self.split, self.is_steep, self.weighted):
            self.statistic.setCurrentIndex(self.statistic.findData(options.statistic))
            self.is_dff.setChecked(options.dff is not None)
            if options.dff is not None:
                self.baseline.setEditText(options.dff)
            self.fps.setValue(options.fps or 0.0)
            self.split.setChecked(options.split_hemispheres)
            self.is_steep.setChecked(options.max_incidence_deg is not None)
            self.weighted.setChecked(options.is_weighted)
        self._enable()

    def _enable(self) -> None:
        self.baseline.setEnabled(self.is_dff.isChecked())
        self.angle.setEnabled(self.is_steep.isChecked())

    def _refresh(self, *_: object) -> None:
        tracing = self._tracing
        self.source.setText(tracing.source_words)
        self.own.setEnabled(tracing.file is not None)
        is_ready = self._bench.session.projection is not None
        self.run.setEnabled(is_ready and not self._bench.jobs.is_running(TRACING))
        self.weighted.setEnabled(tracing.confidence is not None)
        self.run.setToolTip("One line per region" if is_ready else "Project the image first")
        self._say()

    def _say(self) -> None:
        traces = self._tracing.traces
        if traces is None:
            return
        regions = traces.regions
        said = [f"{len(traces.table):,} frames, {int((regions['used_pixels'] > 0).sum())} traces."]
        for column, words in (
            ("nan_values", "values are missing (NaN)"),
            ("saturated_values", "values are saturated"),
        ):
            count = int(regions[column].sum())
            if count:
                said.append(f"{count:,} {words}.")
        if self._tracing.is_stale:
            said.append("The result has changed since: make them again.")
        self.remark.setText(" ".join(said))

    def _on_traces(self) -> None:
        tracing = self._tracing
        traces = tracing.traces
        self.results.setVisible(traces is not None)
        with silent(self.regions):
            self.regions.clear()
            if traces is not None:
                for region in traces.regions.to_dict("records"):
                    if region["used_pixels"] > 0:
                        self.regions.addItem(_item(region, region["column"] in tracing.drawn))
        self._refresh()

    def _on_work(self, kind: str) -> None:
        if kind == TRACING:
            self.working.setVisible(self._bench.jobs.is_running(TRACING))
            self.progress.setRange(0, 0)
            self._refresh()

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        if kind == TRACING and total > 0:
            self.progress.setRange(0, total)
            self.progress.setValue(done)

    # ---------------------------------------------------------------------------- what is done

    def _on_options(self, *_: Any) -> None:
        self._enable()
        baseline = self.baseline.currentText().strip() or _BASELINES[0]
        self._tracing.set_options(
            TraceOptions(
                statistic=self.statistic.currentData(),
                dff=baseline if self.is_dff.isChecked() else None,
                split_hemispheres=self.split.isChecked(),
                max_incidence_deg=self.angle.value() if self.is_steep.isChecked() else None,
                is_weighted=self.weighted.isChecked(),
                fps=self.fps.value() or None,
            )
        )

    def _on_choose(self) -> None:
        start = str(self._bench.saving.folder)
        path, _ = QFileDialog.getOpenFileName(self, "Choose the movie", start, _FILES)
        if path:
            self._tracing.set_file(path)

    def _on_run(self) -> None:
        with telling():
            self._tracing.run()

    def _on_ticked(self, *_: object) -> None:
        self._tracing.set_drawn(
            [
                item.data(_NAME)
                for i in range(self.regions.count())
                if (item := self.regions.item(i)) is not None
                and item.checkState() == Qt.CheckState.Checked
            ]
        )

    def _draw_all(self, is_drawn: bool) -> None:
        state = Qt.CheckState.Checked if is_drawn else Qt.CheckState.Unchecked
        with silent(self.regions):
            for i in range(self.regions.count()):
                item = self.regions.item(i)
                if item is not None:
                    item.setCheckState(state)
        self._on_ticked()

    def _on_save(self) -> None:
        saving = self._bench.saving
        start = str(Path(saving.folder) / f"{saving.stem}_traces.csv")
        # The dialog itself asks before a file is replaced.
        path, _ = QFileDialog.getSaveFileName(self, "Save the traces", start, "*.csv *.parquet")
        if path:
            with telling():
                self._tracing.save(path)


def _item(region: dict[Any, Any], is_drawn: bool) -> QListWidgetItem:
    words = f"{region['column']}  \u00b7  {region['used_pixels']:,} pixels"
    item = QListWidgetItem(words)
    item.setData(_NAME, region["column"])
    item.setData(Qt.ItemDataRole.DecorationRole, QColor(region["color"]))
    item.setToolTip(str(region["name"]))
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if is_drawn else Qt.CheckState.Unchecked)
    return item
