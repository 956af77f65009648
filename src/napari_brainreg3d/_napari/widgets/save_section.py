"""Section 5: which results go where."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.saving import SAVING
from napari_brainreg3d._napari.widgets.controls import (
    button,
    check_box,
    form,
    in_row,
    labelled,
    note,
    silent,
)
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.registration.registration import default_bregma

#: Name of the result -> words, tip, whether it is ticked at first.
_RESULTS: Final = {
    "labels": ("Label image", "TIFF with pixel size, opens in ImageJ", True),
    "regions": ("Region table", "CSV", True),
    "masks": ("Masks", "ImageJ stack, one slice per region", True),
    "depth_um": ("Depth", "Map, float32 TIFF", False),
    "surface_depth_um": ("Depth in brain", "Map, float32 TIFF", False),
    "incidence_deg": ("Incidence", "Map, float32 TIFF", False),
    "atlas_um": ("Coordinates", "Three channels, float32 TIFF", False),
    "overview": ("Overview picture", "PNG: image with names, labels, depth, brain", False),
    "unresolved": ("Unresolved", "ImageJ stack; if it was projected", False),
    "wfield": ("wfield landmarks", "The best flat map of it, which wfield opens", False),
    "locanmf": ("locaNMF labels", "Array of left +i and right -i, with names", False),
}


class SaveSection(QWidget):
    """Folder, name, what to save. The registration is always saved."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("save_body")
        self._bench = bench
        self._is_own_place = False
        self.folder = QLineEdit()
        self.folder.setObjectName("save_folder")
        self.browse = button("save_browse", "\u2026", "Choose a folder")
        self.browse.setMaximumWidth(36)
        self.stem = QLineEdit()
        self.stem.setObjectName("save_name")
        self.stem.setToolTip("Beginning of all file names")
        self.what: dict[str, QCheckBox] = {
            name: check_box(f"save_{name}", words, tip, is_checked=is_checked)
            for name, (words, tip, is_checked) in _RESULTS.items()
        }
        self.save = button("save", "Save", "The registration, and the results ticked above")
        self.done = note("save_note")
        self._arrange()
        self.folder.textEdited.connect(self._on_place)
        self.stem.textEdited.connect(self._on_place)
        self.browse.clicked.connect(self._on_browse)
        self.save.clicked.connect(self._on_save)
        links.follow(bench.session.image_changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        links.follow(bench.session.projection_changed, self.refresh)
        links.follow(bench.saving.saved, self._on_saved)
        links.follow(bench.jobs.started, self._on_work)
        links.follow(bench.jobs.ended, self._on_work)
        self.refresh()

    def _arrange(self) -> None:
        grid = form()
        labelled(grid, "Folder", in_row(self.folder, self.browse, stretch=0))
        labelled(grid, "Name", self.stem)
        boxes = QGridLayout()
        boxes.setContentsMargins(0, 0, 0, 0)
        boxes.setVerticalSpacing(2)
        for i, box in enumerate(self.what.values()):
            boxes.addWidget(box, i // 2, i % 2)
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addLayout(boxes)
        layout.addWidget(self.save)
        layout.addWidget(self.done)

    def refresh(self) -> None:
        """Show what can be saved now, and where unless the user has said so."""
        bench = self._bench
        projection = bench.session.projection
        if not self._is_own_place:
            with silent(self.folder, self.stem):
                self.folder.setText(str(bench.saving.folder))
                self.stem.setText(bench.saving.stem)
        for name, box in self.what.items():
            is_there = projection is not None
            if name == "unresolved":
                is_there = projection is not None and projection.unresolved is not None
            if name == "wfield" and projection is not None:
                is_there = default_bregma(projection.scene.atlas.name) is not None
            box.setEnabled(is_there)
        is_ready = bench.session.registration is not None
        self.save.setEnabled(is_ready and not bench.jobs.is_running(SAVING))

    def _on_work(self, kind: str) -> None:
        if kind == SAVING:
            self.refresh()

    def _on_saved(self, paths: list[Path]) -> None:
        names = ", ".join(path.name for path in paths)
        self.done.setText(f"Saved in {paths[0].parent}: {names}")

    def _on_place(self) -> None:
        self._is_own_place = True

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Save results in", self.folder.text())
        if folder:
            self.folder.setText(folder)
            self._is_own_place = True

    def _on_save(self) -> None:
        chosen = [name for name, box in self.what.items() if box.isEnabled() and box.isChecked()]
        folder, stem = Path(self.folder.text()).expanduser(), self.stem.text().strip()
        with telling():
            there = self._bench.saving.would_replace(folder, stem, chosen)
            if there and not self._may_replace(there):
                return
            self._bench.saving.save(folder, stem, chosen, overwrite=bool(there))

    def _may_replace(self, there: list[Path]) -> bool:
        names = "\n".join(path.name for path in there)
        answer = QMessageBox.question(
            self, "Replace files?", f"In {there[0].parent} there are already\n{names}\nReplace?"
        )
        return answer == QMessageBox.StandardButton.Yes
