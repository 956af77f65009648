"""Section 4: how the image is projected, and what came of it."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QProgressBar, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.options import MapName, ProjectOptions
from napari_brainreg3d._napari.projecting import PROJECTION
from napari_brainreg3d._napari.widgets.confidence_box import ConfidenceBox
from napari_brainreg3d._napari.widgets.controls import (
    button,
    check_box,
    combo,
    form,
    in_row,
    labelled,
    number,
    silent,
    whole_number,
)
from napari_brainreg3d._napari.widgets.results_table import ResultsTable
from napari_brainreg3d._napari.work import telling

_OCCLUSION: Final = (
    ("the whole brain hides", "brain"),
    ("only the regions shown hide", "selected"),
)
_REFINE: Final = (
    ("off", None),
    ("close gaps between regions", "gaps"),
    ("smooth borders", "boundary"),
    ("label every pixel (as brainreg3D)", "everywhere"),
)
_MAPS: Final[tuple[tuple[MapName, str, str], ...]] = (
    ("depth", "Depth", "Depth of the tissue under the plane of focus"),
    ("surface_depth", "Depth in brain", "Way from the brain's surface to the tissue"),
    ("incidence", "Incidence", "Angle at which the surface is seen"),
    ("coordinates", "Coordinates", "Atlas coordinates of each pixel"),
)


class ProjectSection(QWidget):
    """Options, the button, progress, the table."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("project_body")
        self._bench = bench
        self._make_options()
        self._make_results()
        self.confidence = ConfidenceBox(bench, links)
        self._arrange()
        links.follow(bench.projecting.options_changed, self._show_options)
        links.follow(bench.projecting.table_changed, self._on_table)
        links.follow(bench.confidence.changed, self._on_table)
        links.follow(bench.session.status_changed, self._refresh)
        links.follow(bench.session.scene_changed, self._refresh)
        links.follow(bench.session.image_changed, self._refresh)
        links.follow(bench.jobs.started, self._on_work)
        links.follow(bench.jobs.ended, self._on_work)
        links.follow(bench.jobs.progressed, self._on_progress)
        self._show_options(bench.projecting.options)
        self._on_table()
        self._on_work(PROJECTION)

    def _make_options(self) -> None:
        self.occlusion = combo("occlusion", "What hides regions that lie deeper", _OCCLUSION)
        self.is_deep = check_box("is_deep", "Read at depth", "Label what lies under the surface")
        self.sample_depth = number(
            "sample_depth",
            "Way along the ray under the brain's surface",
            low=0,
            high=10_000,
            step=50,
            decimals=0,
            suffix=" \u00b5m",
        )
        self.sample_depth.setValue(200)
        self.refine = combo("refine", "Relabel by the nearest labelled pixels", _REFINE)
        self.neighbours = whole_number(
            "neighbours", "How many labelled pixels vote", low=1, high=199, prefix="k "
        )
        self.neighbours.setFixedWidth(86)
        self.split = check_box("split", "Split left and right", "Each side gets its own rows")
        self.masks = check_box("masks", "Masks", "One mask layer per region")
        self.volumes = check_box("volumes", "Volumes", "The part of each region in view, in 3D")
        self.unresolved = check_box(
            "unresolved", "Unresolved", "What each region covers at any depth (brainreg3D)"
        )
        self.maps: dict[MapName, QCheckBox] = {
            name: check_box(f"map_{name}", text, tip) for name, text, tip in _MAPS
        }
        self._controls: tuple[QWidget, ...] = (
            self.occlusion,
            self.is_deep,
            self.sample_depth,
            self.refine,
            self.neighbours,
            self.split,
            self.masks,
            self.volumes,
            self.unresolved,
            *self.maps.values(),
        )
        for chooser in (self.occlusion, self.refine):
            chooser.activated.connect(self._on_options)
        for spin in (self.sample_depth, self.neighbours):
            spin.valueChanged.connect(self._on_options)
        for box in self._controls:
            if isinstance(box, QCheckBox):
                box.clicked.connect(self._on_options)

    def _make_results(self) -> None:
        self.run = button("project", "Project", "Label every pixel with the region that it shows")
        self.progress = QProgressBar()
        self.progress.setObjectName("project_progress")
        self.cancel = button("project_cancel", "Cancel", "Stop; the last result stays")
        self.table = ResultsTable()
        self.copy = button("copy_table", "Copy table", "Selected rows, or all, for a spreadsheet")
        self.export = button("export_table", "Save table \u2026", "As CSV")
        self.run.clicked.connect(self._on_run)
        self.cancel.clicked.connect(lambda: self._bench.jobs.cancel(PROJECTION))
        self.copy.clicked.connect(self.table.copy)
        self.export.clicked.connect(self._on_export)
        self.table.region_selected.connect(self._on_region)

    def _arrange(self) -> None:
        grid = form()
        labelled(grid, "Occlusion", self.occlusion)
        grid.addWidget(self.is_deep, grid.rowCount(), 0)
        grid.addWidget(self.sample_depth, grid.rowCount() - 1, 1)
        labelled(grid, "Refine", in_row(self.refine, self.neighbours, stretch=0))
        boxes = QGridLayout()
        boxes.setContentsMargins(0, 0, 0, 0)
        boxes.setVerticalSpacing(2)
        shown = (self.split, self.masks, self.volumes, self.unresolved, *self.maps.values())
        for i, box in enumerate(shown):
            boxes.addWidget(box, i // 2, i % 2)
        self.working = in_row(self.progress, self.cancel, stretch=0)
        self.results = QWidget()
        below = QVBoxLayout(self.results)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(3)
        below.addWidget(self.table, 1)
        below.addWidget(in_row(self.copy, self.export))
        below.addWidget(self.confidence)
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addLayout(boxes)
        layout.addWidget(self.run)
        layout.addWidget(self.working)
        layout.addWidget(self.results, 1)

    # --------------------------------------------------------------------------- what is shown

    def _show_options(self, options: ProjectOptions) -> None:
        with silent(*self._controls):
            self.occlusion.setCurrentIndex(self.occlusion.findData(options.occlusion))
            self.is_deep.setChecked(options.sample_depth_um is not None)
            if options.sample_depth_um is not None:
                self.sample_depth.setValue(options.sample_depth_um)
            self.refine.setCurrentIndex(self.refine.findData(options.refine_where))
            self.neighbours.setValue(options.refine_k)
            self.split.setChecked(options.split_hemispheres)
            self.masks.setChecked(options.masks)
            self.volumes.setChecked(options.volumes)
            self.unresolved.setChecked(options.unresolved)
            for name, box in self.maps.items():
                box.setChecked(name in options.maps)
        self.sample_depth.setEnabled(options.sample_depth_um is not None)
        self.occlusion.setEnabled(options.sample_depth_um is None)
        self.neighbours.setEnabled(options.refine_where is not None)

    def _on_table(self) -> None:
        table = self._bench.projecting.table
        self.results.setVisible(table is not None)
        if table is not None:
            self.table.show_table(self._bench.confidence.table_with(table))

    def _refresh(self) -> None:
        is_ready = self._bench.session.registration is not None
        self.run.setEnabled(is_ready and not self._bench.jobs.is_running(PROJECTION))

    def _on_work(self, kind: str) -> None:
        if kind == PROJECTION:
            self.working.setVisible(self._bench.jobs.is_running(PROJECTION))
            self.progress.setRange(0, 0)
            self._refresh()

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        if kind == PROJECTION and total > 0:
            self.progress.setRange(0, total)
            self.progress.setValue(done)

    # ---------------------------------------------------------------------------- what is done

    def _on_options(self, *_: Any) -> None:
        options = ProjectOptions(
            occlusion=self.occlusion.currentData(),
            tolerance_um=self._bench.projecting.options.tolerance_um,
            sample_depth_um=self.sample_depth.value() if self.is_deep.isChecked() else None,
            refine_where=self.refine.currentData(),
            refine_k=self.neighbours.value(),
            unresolved=self.unresolved.isChecked(),
            split_hemispheres=self.split.isChecked(),
            masks=self.masks.isChecked(),
            maps=tuple(name for name, box in self.maps.items() if box.isChecked()),
            volumes=self.volumes.isChecked(),
        )
        self._bench.projecting.set_options(options)

    def _on_run(self) -> None:
        with telling():
            self._bench.projecting.run(is_looked_at=True)

    def _on_region(self, label: int | None) -> None:
        self._bench.stage.select_region(label)

    def _on_export(self) -> None:
        start = str(self._bench.saving.folder / f"{self._bench.saving.stem}_regions.csv")
        # The dialog itself asks before a file is replaced.
        path, _ = QFileDialog.getSaveFileName(self, "Save the region table", start, "*.csv")
        if path:
            with telling():
                self._bench.saving.save_table(path)
