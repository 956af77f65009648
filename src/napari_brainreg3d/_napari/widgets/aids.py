"""Part of section 3: what helps with the alignment, each folded away until it is wanted."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.curves_section import CurvesSection
from napari_brainreg3d._napari.widgets.earlier_section import EarlierSection
from napari_brainreg3d._napari.widgets.landmarks_section import LandmarksSection
from napari_brainreg3d._napari.widgets.section import Section


class Aids(QWidget):
    """Landmarks, curves, an earlier session: one under the other."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("aids")
        self._bench = bench
        self.landmarks = Section("landmarks", "Landmarks", LandmarksSection(bench, links))
        self.landmarks.toggled.connect(bench.landmarks.set_editing)
        self.curves = Section("curves", "Curves", CurvesSection(bench, links))
        self.earlier = Section("earlier", "Earlier session", EarlierSection(bench, links))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.landmarks)
        layout.addWidget(self.curves)
        layout.addWidget(self.earlier)
        links.follow(bench.curves.changed, self.refresh)
        links.follow(bench.earlier.changed, self.refresh)
        links.follow(bench.landmarks.state.changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say in each header what there is."""
        marks = self._bench.landmarks.state
        count = len(marks.marks)
        words = f"{count}: {marks.summary}" if count else ""
        self.landmarks.show_status(words, is_done=count > 0 and marks.is_fitted)
        curves = self._bench.curves
        words = curves.words if curves.drawn else ""
        self.curves.show_status(words, is_done=curves.fit is not None)
        self.earlier.show_status(self._bench.earlier.words, is_done=False)
