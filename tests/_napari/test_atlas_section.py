"""Choosing an atlas, loading it in a thread, ticking its regions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_brainreg3d._napari import loading
from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.catalogue import entries
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.loading import ATLAS
from napari_brainreg3d._napari.region_choice import DORSAL
from napari_brainreg3d._napari.widgets.atlas_section import AtlasSection
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.selection import BRAINREG3D_REGIONS
from napari_brainreg3d.errors import AtlasError, Cancelled
from napari_brainreg3d.progress import report
from tests.fixtures.gui import our_threads, wait_for_work


@pytest.fixture
def section(bench: Bench, qtbot: Any) -> AtlasSection:
    made = AtlasSection(bench, Links())
    qtbot.addWidget(made)
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What scenes were asked for, (atlas, regions, hemisphere)."""
    calls: list[tuple[Any, ...]] = []

    def noting(atlas: str, regions: Any, *, hemisphere: Any, progress: Any) -> Any:
        calls.append((atlas, regions, hemisphere))
        return load_scene(atlas, regions, hemisphere=hemisphere, progress=progress)

    monkeypatch.setattr(loading, "load_scene", noting)
    return calls


def names(section: AtlasSection) -> list[str]:
    return [section.atlas.itemData(i) for i in range(section.atlas.count())]


def acronyms(bench: Bench) -> list[str]:
    assert bench.session.scene is not None
    return [region.acronym for region in bench.session.scene.regions]


class TestList:
    def test_the_built_in_atlas_comes_first_then_those_on_disk(self) -> None:
        listed = entries({"b": "1.0", "a": "2.0"}, {"c": "1.0", "a": "2.1"})
        assert [entry.name for entry in listed] == ["demo_mouse", "a", "b", "c"]
        assert [entry.is_here for entry in listed] == [True, True, True, False]
        assert "to download" in listed[-1].words

    def test_the_built_in_atlas_is_there_at_once(self, section: AtlasSection) -> None:
        assert names(section) == ["demo_mouse"]
        assert section.atlas.currentData() == "demo_mouse"

    def test_those_on_disk_are_found_and_the_choice_stays(
        self,
        section: AtlasSection,
        bench: Bench,
        qtbot: Any,
        shared_atlas_dir: Path,
        monkeypatch: Any,
    ) -> None:
        from brainglobe_atlasapi import config

        monkeypatch.setattr(config, "get_brainglobe_dir", lambda: shared_atlas_dir)
        bench.atlases.look_on_disk()
        wait_for_work(qtbot, bench)
        assert names(section) == ["demo_mouse", "allen_mouse_50um"]
        assert section.atlas.currentData() == "demo_mouse"

    def test_offline_it_says_so_and_keeps_the_list(
        self, section: AtlasSection, bench: Bench, qtbot: Any, told: list[str]
    ) -> None:
        """The test run has no network."""
        section.more.click()
        assert not section.more.isEnabled()
        wait_for_work(qtbot, bench)
        assert len(told) == 1
        assert "cannot be reached" in told[0]
        assert names(section) == ["demo_mouse"]
        assert section.more.isEnabled()


class TestLoading:
    def test_the_regions_of_the_atlas_are_shown(
        self, section: AtlasSection, bench: Bench, qtbot: Any
    ) -> None:
        section.load.click()
        assert section.working.isVisibleTo(section)
        assert not section.load.isEnabled()
        wait_for_work(qtbot, bench)
        assert not section.working.isVisibleTo(section)
        assert acronyms(bench) == list(BRAINREG3D_REGIONS)
        assert section.regions.count.text() == "10 regions ticked"
        assert "schematic" in section.about.text()
        assert bench.session.registration is None  # no image yet

    def test_an_atlas_that_cannot_be_loaded_leaves_all_as_it_was(
        self, section: AtlasSection, bench: Bench, qtbot: Any, told: list[str], monkeypatch: Any
    ) -> None:
        section.load.click()
        wait_for_work(qtbot, bench)
        before = bench.session.scene

        def broken(*_: Any, **__: Any) -> None:
            raise AtlasError("the atlas on disk is damaged: annotation.json is missing")

        monkeypatch.setattr(loading, "load_scene", broken)
        section.load.click()
        wait_for_work(qtbot, bench)
        assert told == ["the atlas on disk is damaged: annotation.json is missing"]
        assert bench.session.scene is before
        assert section.regions.count.text() == "10 regions ticked"
        assert section.load.isEnabled()

    def test_loading_can_be_cancelled_and_shows_how_far_it_is(
        self, section: AtlasSection, bench: Bench, qtbot: Any, told: list[str], monkeypatch: Any
    ) -> None:
        has_heard = threading.Event()

        def endless(*_: Any, progress: Callable[..., Any], **__: Any) -> None:
            done = 0
            try:
                while True:
                    done += 1
                    report(progress, done, 10_000_000)
            except Cancelled:
                has_heard.set()
                raise

        monkeypatch.setattr(loading, "load_scene", endless)
        section.load.click()
        qtbot.waitUntil(lambda: section.progress.value() > 0)
        assert section.progress.maximum() == 10_000_000
        section.cancel.click()
        assert not bench.jobs.is_running(ATLAS)
        qtbot.waitUntil(has_heard.is_set)
        wait_for_work(qtbot, bench)
        assert told == []
        assert bench.session.scene is None
        assert our_threads() == []

    def test_loading_the_same_atlas_again_keeps_what_is_ticked(
        self, section: AtlasSection, bench: Bench, qtbot: Any
    ) -> None:
        bench.atlases.load("demo_mouse", ["MOp", "FRP"])
        wait_for_work(qtbot, bench)
        section.load.click()
        wait_for_work(qtbot, bench)
        assert acronyms(bench) == ["MOp", "FRP"]

    def test_a_newer_request_takes_the_place_of_an_older_one(
        self, bench: Bench, qtbot: Any, asked: list[tuple[Any, ...]]
    ) -> None:
        shown = []
        bench.session.scene_changed.connect(shown.append)
        for regions in (["MOp"], ["MOs"], ["VIS"]):
            bench.atlases.load("demo_mouse", regions)
        wait_for_work(qtbot, bench)
        assert [[r.acronym for r in scene.regions] for scene in shown] == [["VIS"]]

    def test_an_unexpected_failure_is_told_too(
        self, section: AtlasSection, bench: Bench, qtbot: Any, told: list[str], monkeypatch: Any
    ) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError("by a bug")

        monkeypatch.setattr(loading, "load_scene", broken)
        section.load.click()
        wait_for_work(qtbot, bench)
        assert told == ["by a bug"]


class TestRegions:
    @pytest.fixture(autouse=True)
    def _loaded(self, section: AtlasSection, bench: Bench, qtbot: Any) -> None:
        bench.atlases.load("demo_mouse")
        wait_for_work(qtbot, bench)

    def tick(self, section: AtlasSection, *words: str) -> None:
        model = section.regions.model
        assert model.choice is not None
        for word in words:
            region = model.choice.ontology.find(word)
            role = Qt.ItemDataRole.CheckStateRole
            model.setData(model.index_of(region.id), Qt.CheckState.Checked, role)

    def test_many_ticks_are_applied_in_one_go(
        self, section: AtlasSection, bench: Bench, qtbot: Any, asked: list[tuple[Any, ...]]
    ) -> None:
        changes = []
        bench.session.scene_changed.connect(changes.append)
        ontology = section.regions.model.choice.ontology  # type: ignore[union-attr]
        areas = [area.acronym for area in ontology.areas(ontology.find("Isocortex").id)]
        # SSp and VIS are ticked as wholes: untick, then tick every area.
        self.tick(section, *BRAINREG3D_REGIONS)
        self.tick(section, *areas)
        qtbot.waitUntil(lambda: bool(asked))
        wait_for_work(qtbot, bench)
        assert len(asked) == 1
        assert len(changes) == 1
        assert sorted(acronyms(bench)) == sorted(areas)
        assert bench.session.registration is None or bench.session.registration.regions

    def test_ticks_made_while_loading_are_not_lost(
        self, section: AtlasSection, bench: Bench, qtbot: Any
    ) -> None:
        bench.atlases.load("demo_mouse", ["MOp"])
        self.tick(section, "FRP")
        wait_for_work(qtbot, bench)  # MOp has come, FRP is about to be asked for
        qtbot.waitUntil(lambda: "FRP" in acronyms(bench))
        wait_for_work(qtbot, bench)
        assert "MOs" in acronyms(bench)  # what was ticked with FRP when it was clicked

    def test_no_region_at_all_is_refused_once_and_the_scene_stays(
        self, section: AtlasSection, bench: Bench, qtbot: Any, told: list[str]
    ) -> None:
        before = bench.session.scene
        self.tick(section, *BRAINREG3D_REGIONS)
        qtbot.waitUntil(lambda: bool(told))
        wait_for_work(qtbot, bench)
        assert len(told) == 1
        assert "tick at least one" in told[0]
        assert bench.session.scene is before

    def test_one_side_may_be_shown_alone(
        self, section: AtlasSection, bench: Bench, qtbot: Any, asked: list[tuple[Any, ...]]
    ) -> None:
        section.side.setCurrentIndex(section.side.findData("right"))
        section.side.activated.emit(section.side.currentIndex())
        qtbot.waitUntil(lambda: bool(asked))
        wait_for_work(qtbot, bench)
        scene = bench.session.scene
        assert scene is not None
        assert scene.hemisphere == "right"
        assert scene.mesh.vertices_um[:, 2].max() <= scene.atlas.midline_um + 1e-6

    def test_what_is_seen_from_above_is_found_by_the_atlas(
        self, section: AtlasSection, bench: Bench, qtbot: Any
    ) -> None:
        preset = section.regions.preset
        preset.setCurrentIndex(preset.findData(DORSAL))
        preset.activated.emit(preset.currentIndex())
        wait_for_work(qtbot, bench)
        assert {"MOp", "VISp", "MOB"} <= set(acronyms(bench))
        assert "TH" not in acronyms(bench)
        assert section.regions.count.text() == f"{len(acronyms(bench))} regions ticked"
