"""How the scene is looked at: mode, opacity of the image, outlines."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.persistence import Mode
from napari_brainreg3d._napari.widgets.controls import button, calm, check_box, note, silent
from napari_brainreg3d._napari.work import telling

_MODES: Final[tuple[tuple[Mode, str, str], ...]] = (
    ("brain", "Brain", "The brain and the image in space; turn it freely"),
    ("look_through", "Look through", "See what the camera of the microscope sees"),
    ("image", "Image", "The flat image with outlines and results"),
)


class ViewBar(QWidget):
    """Always at hand, whichever section is open."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("view_bar")
        self._bench = bench
        self.modes: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        top = QHBoxLayout()
        top.setSpacing(3)
        for mode, text, tip in _MODES:
            made = self.modes[mode] = button(f"mode_{mode}", text, tip)
            made.setCheckable(True)
            self._group.addButton(made)
            made.clicked.connect(lambda _, mode=mode: self._on_mode(mode))
            top.addWidget(made, 1)
        self.opacity = calm(QSlider(Qt.Orientation.Horizontal))
        self.opacity.setObjectName("image_opacity")
        self.opacity.setToolTip("How opaque the image is over the brain")
        self.opacity.setRange(0, 100)
        self.outlines = check_box("outlines", "Outlines", "Borders of the regions on the image")
        self.outlines.clicked.connect(bench.stage.set_outlines_visible)
        self.opacity.valueChanged.connect(lambda value: bench.stage.set_image_opacity(value / 100))
        below = QHBoxLayout()
        below.addWidget(QLabel("Image opacity"))
        below.addWidget(self.opacity, 1)
        below.addWidget(self.outlines)
        self.remark = note("camera_note")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addLayout(below)
        layout.addWidget(self.remark)
        links.follow(bench.stage.mode_changed, self.refresh)
        links.follow(bench.session.aligner.changed, self._show_remark)
        self.refresh()

    def refresh(self) -> None:
        """Show what the stage says."""
        stage = self._bench.stage
        with silent(self.opacity, self.outlines):
            self.modes[stage.mode].setChecked(True)
            self.opacity.setValue(round(100 * stage.image_opacity))
            self.outlines.setChecked(stage.outlines_visible)
        self._show_remark()

    def _show_remark(self) -> None:
        stage = self._bench.stage
        words = stage.camera_note if stage.mode == "look_through" else ""
        self.remark.setText(words)
        self.remark.setVisible(bool(words))

    def _on_mode(self, mode: Mode) -> None:
        with telling():
            self._bench.stage.set_mode(mode)
        self.refresh()
