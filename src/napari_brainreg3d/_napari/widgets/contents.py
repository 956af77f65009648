"""What is in the docked widgets; importing this module imports all the libraries they need."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFrame, QScrollArea, QStyle, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.steps_left import SECTIONS
from napari_brainreg3d._napari.widgets.align_section import AlignSection
from napari_brainreg3d._napari.widgets.atlas_section import AtlasSection
from napari_brainreg3d._napari.widgets.controls import sure
from napari_brainreg3d._napari.widgets.image_section import ImageSection
from napari_brainreg3d._napari.widgets.offers import Offers
from napari_brainreg3d._napari.widgets.project_section import ProjectSection
from napari_brainreg3d._napari.widgets.save_section import SaveSection
from napari_brainreg3d._napari.widgets.section import Section
from napari_brainreg3d._napari.widgets.view_bar import ViewBar
from napari_brainreg3d._napari.words import section_words

_TITLES: Final = {
    "image": "1  Image",
    "atlas": "2  Atlas",
    "align": "3  Align",
    "project": "4  Project",
    "save": "5  Save",
}
#: Reading the list of atlases imports a large library: after the panel has been drawn, ms.
_LOOK_AFTER_MS: Final = 200


class Contents(QWidget):
    """The view bar, and under it a column of widgets that scrolls."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.bench = bench
        self.view_bar = ViewBar(bench, links)
        self._column = QWidget()
        self.column = QVBoxLayout(self._column)
        self.column.setContentsMargins(2, 2, 2, 2)
        self.column.setSpacing(4)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._column)
        self.top = QVBoxLayout(self)
        self.top.setContentsMargins(0, 0, 0, 0)
        self.top.setSpacing(2)
        self.top.addWidget(self.view_bar)
        self.top.addWidget(area, 1)
        self._bodies: tuple[QWidget, ...] = ()
        bench.images.choose_newest()

    def set_bodies(self, *bodies: QWidget) -> None:
        """Name the widgets that must fit into the width, folded or not."""
        self._bodies = bodies

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Take the width that all bodies need, now that napari's style is known."""
        super().showEvent(event)
        bar = sure(self.style()).pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        widest = max(body.minimumSizeHint().width() for body in self._bodies)
        self.setMinimumWidth(widest + bar + 6)


class RegisterContents(Contents):
    """Five sections, opened one after the other."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__(bench, links)
        self.offers = Offers(bench, links)
        self.top.insertWidget(0, self.offers)
        bodies = {
            "image": ImageSection(bench, links),
            "atlas": AtlasSection(bench, links),
            "align": AlignSection(bench, links),
            "project": ProjectSection(bench, links),
            "save": SaveSection(bench, links),
        }
        self.sections = {name: Section(name, _TITLES[name], bodies[name]) for name in SECTIONS}
        for section in self.sections.values():
            self.column.addWidget(section)
        self.column.addStretch(1)
        self.set_bodies(*bodies.values())
        self._done: frozenset[str] = frozenset()
        session = bench.session
        for signal in (
            session.status_changed,
            session.image_changed,
            session.scene_changed,
            session.projection_changed,
            session.aligner.changed,
        ):
            links.follow(signal, self.refresh)
        self.refresh()
        if not any(section.is_open for section in self.sections.values()):
            self._open_next()
        look = QTimer(self)
        look.setSingleShot(True)
        look.timeout.connect(bench.atlases.look_on_disk)
        look.start(_LOOK_AFTER_MS)
        links.at_end(look.stop)

    def refresh(self) -> None:
        """Say in each header what is missing; go on when the section that was open is done."""
        done = set()
        for name, section in self.sections.items():
            words, is_done = section_words(self.bench.session, name)
            section.show_status(words, is_done=is_done)
            if is_done:
                done.add(name)
        newly, self._done = done - self._done, frozenset(done)
        for name in newly:
            section = self.sections[name]
            if section.is_open and name != "project":  # a result is looked at where it was made
                section.set_open(False)
                self._open_next()

    def _open_next(self) -> None:
        waiting = [name for name in SECTIONS if name not in self._done]
        if waiting:
            self.sections[waiting[0]].set_open(True)


class AlignContents(Contents):
    """Only the placing of the image."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__(bench, links)
        self.align = AlignSection(bench, links)
        self.column.addWidget(self.align)
        self.column.addStretch(1)
        self.set_bodies(self.align)


class ProjectContents(Contents):
    """Only the projection."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__(bench, links)
        self.project = ProjectSection(bench, links)
        self.column.addWidget(self.project, 1)
        self.set_bodies(self.project)
