"""Part of section 3: landmarks that put the image in its place, and how well they fit."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.landmarks.placed import Side
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.controls import (
    button,
    check_box,
    combo,
    form,
    in_row,
    labelled,
    note,
    number,
    silent,
)
from napari_brainreg3d._napari.widgets.landmark_table import LandmarkTable
from napari_brainreg3d._napari.work import telling

#: While a point is dragged the table follows so often, ms.
_FOLLOW_MS: Final = 80
_ADD: Final = "add a point \u2026"
_OWN: Final = "a point of my own"


class LandmarksSection(QWidget):
    """The table, what to add, how well it fits, and another pose that fits as well."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("landmarks_body")
        self._bench, self._landmarks = bench, bench.landmarks.state
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_FOLLOW_MS)
        self._soon.timeout.connect(self.refresh)
        links.at_end(self._soon.stop)
        self._make()
        self._arrange()
        links.follow(self._landmarks.changed, self._on_changed)
        links.follow(self._landmarks.waiting_changed, self.refresh)
        links.follow(bench.session.aligner.lock_changed, self.refresh)
        links.follow(bench.landmarks.presets_changed, self._show_presets)
        links.follow(bench.landmarks.flat_map_changed, self._show_flat_map)
        self._show_presets()
        self._show_flat_map()
        self.refresh()

    def _make(self) -> None:
        self.add = combo("landmark_add", "A point that is known in the atlas, or one of your own")
        self.remove = button("landmark_remove", "Remove", "Take the selected landmarks away")
        self.table = LandmarkTable()
        self.words = note("landmark_words")
        self.words.setMinimumHeight(self.words.fontMetrics().height())
        self.other = button("landmark_other", "Use it", "Take the other tilt that fits as well")
        self.other_words = note("landmark_other_words")
        self.click_sd = number(
            "click_sd",
            "Standard deviation of a click: scales the error bars, decides what an outlier is",
            low=1.0,
            high=5000.0,
            step=10.0,
            decimals=0,
            suffix=" \u00b5m",
        )
        self.free_size = check_box(
            "free_pixel_size", "Fit the pixel size too", "Needs three landmarks or more"
        )
        self.fit = button("landmark_fit", "Fit", "Put the image back where the landmarks say")
        self.wfield = button(
            "wfield_open",
            "From wfield \u2026",
            "Open a dorsal_cortex_landmarks.json and start there",
        )
        self.flat_map = note("flat_map_words")
        self.add.activated.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.table.side_clicked.connect(self._on_side)
        self.table.renamed.connect(self._on_renamed)
        self.other.clicked.connect(self._on_other)
        self.click_sd.valueChanged.connect(self._on_options)
        self.free_size.clicked.connect(self._on_options)
        self.fit.clicked.connect(self._on_fit)
        self.wfield.clicked.connect(self._on_wfield)

    def _arrange(self) -> None:
        self.alternative = in_row(self.other_words, self.other, stretch=0)
        grid = form()
        labelled(grid, "Click error", in_row(self.click_sd, self.fit, stretch=0))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(in_row(self.add, self.remove, stretch=0))
        layout.addWidget(self.table)
        layout.addWidget(self.words)
        layout.addWidget(self.alternative)
        layout.addLayout(grid)
        layout.addWidget(in_row(self.free_size, self.wfield, stretch=0))
        layout.addWidget(self.flat_map)

    # --------------------------------------------------------------------------- what is shown

    def _on_changed(self) -> None:
        if not self._landmarks.is_dragged:
            self.refresh()
        elif not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Show the landmarks as they are now."""
        landmarks = self._landmarks
        self._soon.stop()
        is_free = landmarks.registration is not None and not self._bench.session.aligner.is_locked
        for control in (self.add, self.remove, self.click_sd, self.free_size):
            control.setEnabled(is_free)
        self.fit.setEnabled(is_free and landmarks.fit is not None and not landmarks.is_fitted)
        self.table.show_rows(landmarks.rows, landmarks.waiting)
        self.words.setText(self._words())
        other = landmarks.alternative_words
        self.alternative.setVisible(bool(other))
        self.other_words.setText(other)
        with silent(self.click_sd, self.free_size):
            self.click_sd.setValue(landmarks.options.click_sd_um)
            self.free_size.setChecked(landmarks.options.free_pixel_size)

    def _words(self) -> str:
        waiting, marks = self._landmarks.waiting, self._landmarks.marks
        if waiting is None or waiting.index >= len(marks):
            return self._landmarks.summary
        where = "on the image" if waiting.side == "image" else "on the surface of the brain"
        return f"<b>Click {where} where {marks[waiting.index].name} is</b> (Esc: leave it)"

    def _show_presets(self) -> None:
        items: list[tuple[str, Any]] = [(_ADD, None), (_OWN, "")]
        items += [(words, names) for words, names in self._bench.landmarks.preset_choices]
        with silent(self.add):
            self.add.clear()
            for words, value in items:
                self.add.addItem(words, value)

    def _show_flat_map(self) -> None:
        words = self._bench.landmarks.flat_map_words
        self.flat_map.setText(words)
        self.flat_map.setVisible(bool(words))

    # ---------------------------------------------------------------------------- what is done

    def _on_add(self) -> None:
        value = self.add.currentData()
        with silent(self.add):
            self.add.setCurrentIndex(0)
        with telling():
            if value == "":
                self._landmarks.add()
            elif value:
                self._bench.landmarks.add_presets(value)

    def _on_remove(self) -> None:
        with telling():
            for index in reversed(self.table.selected()):
                self._landmarks.remove(index)

    def _on_side(self, index: int, side: Side) -> None:
        with telling():
            self._bench.landmarks.wait_for(index, side)

    def _on_renamed(self, index: int, name: str) -> None:
        with telling():
            self._landmarks.rename(index, name)
        self.refresh()

    def _on_other(self) -> None:
        with telling():
            self._landmarks.use_alternative()

    def _on_options(self) -> None:
        options = dataclasses.replace(
            self._landmarks.options,
            click_sd_um=self.click_sd.value(),
            free_pixel_size=self.free_size.isChecked(),
        )
        with telling():
            self._landmarks.set_options(options)
        self.refresh()

    def _on_fit(self) -> None:
        with telling():
            self._landmarks.fit_now()

    def _on_wfield(self) -> None:
        folder = str(self._bench.saving.folder)
        path, _ = QFileDialog.getOpenFileName(self, "Landmarks of wfield", folder, "*.json")
        if path:
            self._bench.landmarks.open_wfield(path)
