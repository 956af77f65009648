"""Part of section 3: an earlier session of the same animal, and matching the new image with it."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QFileDialog, QProgressBar, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.earlier.desk import EARLIER, MATCH
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.controls import (
    button,
    check_box,
    combo,
    form,
    in_row,
    labelled,
    note,
    silent,
)
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.registration.registration import SUFFIX

_LOOKS: Final = (
    ("laid over it", "overlay"),
    ("blinking", "blink"),
    ("checkerboard", "checkerboard"),
    ("difference (grey where alike)", "difference"),
)


class EarlierSection(QWidget):
    """Open, compare, match."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("earlier_body")
        self._bench, self._earlier = bench, bench.earlier
        self.open = button(
            "earlier_open",
            "Open an earlier session \u2026",
            "Its image is shown where it was registered",
        )
        self.forget = button("earlier_forget", "Take away", "Show the earlier image no longer")
        self.words = note("earlier_words")
        self.look = combo("earlier_look", "How both images are compared", _LOOKS)
        self.pose = button("earlier_pose", "Take its pose", "Put the new image in the same place")
        self.match = button(
            "earlier_match",
            "Match automatically",
            "Find the vessels of the earlier image in the new one; can be undone",
        )
        self.take_scale = check_box(
            "earlier_scale",
            "Pixel size from the match",
            "When the magnification was another one",
        )
        self.progress = QProgressBar()
        self.progress.setObjectName("earlier_progress")
        self.progress.setRange(0, 0)
        self._arrange()
        self.open.clicked.connect(self._on_open)
        self.forget.clicked.connect(self._earlier.forget)
        self.look.activated.connect(lambda: self._earlier.set_look(self.look.currentData()))
        self.pose.clicked.connect(self._on_pose)
        self.match.clicked.connect(self._on_match)
        links.follow(self._earlier.changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        links.follow(bench.jobs.started, self.refresh)
        links.follow(bench.jobs.ended, self.refresh)
        self.refresh()

    def _arrange(self) -> None:
        self.tools = QWidget()
        grid = form()
        labelled(grid, "Compare", self.look)
        tools = QVBoxLayout(self.tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(4)
        tools.addLayout(grid)
        tools.addWidget(in_row(self.match, self.pose))
        tools.addWidget(self.take_scale)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(in_row(self.open, self.forget, stretch=0))
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.tools)

    def refresh(self) -> None:
        """Show what is open."""
        earlier, jobs = self._earlier, self._bench.jobs
        is_busy = jobs.is_running(MATCH) or jobs.is_running(EARLIER)
        is_there = earlier.session is not None
        self.open.setText(
            "Find its image \u2026" if earlier.lacks_image else "Open an earlier session \u2026"
        )
        self.forget.setEnabled(is_there)
        self.words.setText(earlier.words)
        self.words.setVisible(bool(earlier.words))
        self.progress.setVisible(is_busy)
        self.tools.setVisible(is_there and not earlier.lacks_image)
        is_free = self._bench.session.alignment is not None
        for control in (self.match, self.pose):
            control.setEnabled(is_free and not is_busy)
        with silent(self.look):
            self.look.setCurrentIndex(self.look.findData(earlier.look))

    def _on_open(self) -> None:
        folder = str(self._bench.saving.folder)
        if self._earlier.lacks_image:
            path, _ = QFileDialog.getOpenFileName(self, "The image of the earlier session", folder)
            if path:
                self._earlier.give_image(path)
            return
        path, _ = QFileDialog.getOpenFileName(self, "Earlier session", folder, f"*{SUFFIX}")
        if path:
            self._earlier.open_file(path)

    def _on_pose(self) -> None:
        with telling():
            self._earlier.take_pose()

    def _on_match(self) -> None:
        with telling():
            self._earlier.match(take_scale=self.take_scale.isChecked())
