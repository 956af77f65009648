"""Section 2: which atlas, which of its regions, which side."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_brainreg3d._napari.atlases import CATALOGUE
from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.catalogue import AtlasEntry
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.loading import ATLAS
from napari_brainreg3d._napari.region_choice import DORSAL, RegionChoice
from napari_brainreg3d._napari.settings import current_settings
from napari_brainreg3d._napari.widgets.controls import (
    button,
    combo,
    form,
    in_row,
    labelled,
    note,
    silent,
)
from napari_brainreg3d._napari.widgets.region_tree import RegionTree
from napari_brainreg3d._napari.work import tell
from napari_brainreg3d.atlas.scene import Scene

_SIDES: Final = (("both hemispheres", "both"), ("left only", "left"), ("right only", "right"))
#: Ticks that follow each other this closely are applied in one go, ms.
_APPLY_AFTER_MS: Final = 300


class AtlasSection(QWidget):
    """List of atlases, loading with progress, tree of regions."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("atlas_body")
        self._bench = bench
        self._make_controls()
        self._arrange()
        self._apply = QTimer(self)
        self._apply.setSingleShot(True)
        self._apply.setInterval(_APPLY_AFTER_MS)
        self._apply.timeout.connect(self._apply_choice)
        links.at_end(self._apply.stop)
        links.follow(bench.session.scene_changed, self._on_scene)
        links.follow(bench.atlases.changed, self._on_atlases)
        links.follow(bench.jobs.started, self._on_work)
        links.follow(bench.jobs.ended, self._on_work)
        links.follow(bench.jobs.progressed, self._on_progress)
        self._on_atlases(bench.atlases.entries)
        self._on_scene(bench.session.scene)
        self._on_work(ATLAS)

    def _make_controls(self) -> None:
        self.atlas = combo("atlas_name", "The atlas to register to")
        self.load = button("atlas_load", "Load", "Load the atlas; it is downloaded if need be")
        self.more = button(
            "atlas_more", "More atlases \u2026", "Ask BrainGlobe's server which atlases there are"
        )
        self.progress = QProgressBar()
        self.progress.setObjectName("atlas_progress")
        self.cancel = button("atlas_cancel", "Cancel", "Stop loading; what was there stays")
        self.about = note("atlas_about")
        self.side = combo("hemisphere", "Show the regions of one side only", _SIDES)
        self.regions = RegionTree()
        self.load.clicked.connect(self._on_load)
        self.more.clicked.connect(lambda: self._bench.atlases.look_online())
        self.cancel.clicked.connect(lambda: self._bench.jobs.cancel(ATLAS))
        self.side.activated.connect(self._later)
        self.regions.chosen.connect(self._later)
        self.regions.dorsal_asked.connect(self._on_dorsal)

    def _arrange(self) -> None:
        self.working = in_row(self.progress, self.cancel, stretch=0)
        grid = form()
        labelled(grid, "Regions of", self.side)
        layout = QVBoxLayout(self)
        layout.setSpacing(3)
        layout.addWidget(self.atlas)
        layout.addWidget(in_row(self.load, self.more, stretch=0))
        layout.addWidget(self.working)
        layout.addWidget(self.about)
        layout.addLayout(grid)
        layout.addWidget(self.regions, 1)

    # --------------------------------------------------------------------------- what is shown

    def _on_atlases(self, entries: tuple[AtlasEntry, ...]) -> None:
        scene = self._bench.session.scene
        wanted = self.atlas.currentData() or (
            scene.atlas.name if scene else current_settings().default_atlas
        )
        with silent(self.atlas):
            self.atlas.clear()
            for entry in entries:
                self.atlas.addItem(entry.words, entry.name)
            if self.atlas.findData(wanted) < 0:
                self.atlas.addItem(wanted, wanted)
            self.atlas.setCurrentIndex(self.atlas.findData(wanted))

    def _on_scene(self, scene: Scene | None) -> None:
        self.side.setEnabled(scene is not None)
        if scene is None:
            self.about.setText("")
            self.about.setVisible(False)
            self.regions.show_choice(None)
            return
        atlas = scene.atlas
        with silent(self.side, self.atlas):
            self.side.setCurrentIndex(self.side.findData(scene.hemisphere))
            self.atlas.setCurrentIndex(self.atlas.findData(atlas.name))
        step = " \u00d7 ".join(f"{size:g}" for size in sorted(set(atlas.resolution_um)))
        words = f"{atlas.species}, {step} \u00b5m, version {atlas.version}"
        self.about.setText(words)
        self.about.setToolTip(atlas.citation)
        self.about.setVisible(True)
        self._show_regions(scene)

    def _show_regions(self, scene: Scene) -> None:
        shown = self.regions.model.choice
        if self._apply.isActive() and shown is not None and shown.ontology is scene.ontology:
            return  # ticked meanwhile, and about to be applied
        ids = [region.id for region in scene.regions]
        self.regions.show_choice(RegionChoice(scene.ontology, ids))

    def _on_work(self, kind: str) -> None:
        if kind == ATLAS:
            is_busy = self._bench.jobs.is_running(ATLAS)
            self.working.setVisible(is_busy)
            self.load.setEnabled(not is_busy)
            self.progress.setRange(0, 0)  # moves to and fro until the first progress
            scene = self._bench.session.scene
            if not is_busy and scene is not None:
                self._show_regions(scene)  # after a failure: what is still there
        elif kind == CATALOGUE:
            self.more.setEnabled(not self._bench.jobs.is_running(kind))

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        if kind == ATLAS and total > 0:
            self.progress.setRange(0, total)
            self.progress.setValue(done)

    # ---------------------------------------------------------------------------- what is done

    def _on_load(self) -> None:
        name, scene, choice = (
            self.atlas.currentData(),
            self._bench.session.scene,
            self.regions.model.choice,
        )
        if scene is not None and scene.atlas.name == name and choice is not None and choice.ids:
            # The same atlas again: what is ticked stays.
            self._bench.atlases.load(name, choice.words(), self.side.currentData())
        else:
            self._bench.atlases.load(name)

    def _on_dorsal(self) -> None:
        scene = self._bench.session.scene
        if scene is not None:
            self._bench.atlases.load(scene.atlas.name, DORSAL, self.side.currentData())

    def _later(self) -> None:
        self._apply.start()

    def _apply_choice(self) -> None:
        scene, choice = self._bench.session.scene, self.regions.model.choice
        if scene is None or choice is None:
            return
        if not choice.ids:
            tell("No region is ticked: tick at least one. The last ones stay until then.")
            return
        self._bench.atlases.load(scene.atlas.name, choice.words(), self.side.currentData())
