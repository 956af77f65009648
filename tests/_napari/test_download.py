"""Downloading an atlas from the panel, over the whole way from a server to the canvas."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from brainglobe_atlasapi import config

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.loading import ATLAS
from napari_brainreg3d._napari.widgets.atlas_section import AtlasSection
from napari_brainreg3d.atlas import loading as atlas_loading
from napari_brainreg3d.atlas.brainglobe import atlases_on_disk
from tests.fixtures.gui import our_threads, wait_for_work
from tests.fixtures.local_s3 import Server, play_server
from tests.fixtures.mini_atlas import write_mini_atlas

NAME = "mini_mouse_100um"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where atlases are kept; empty, as in a new process."""
    monkeypatch.setattr(atlas_loading, "_sources", {})
    monkeypatch.setattr(atlas_loading, "_scenes", {})
    monkeypatch.setattr(config, "get_brainglobe_dir", lambda: tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def server(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    atlas = write_mini_atlas(tmp_path / "server")
    playing = play_server(monkeypatch, atlas.folder / "brainglobe-atlasapi")
    yield playing
    playing.gives = None  # whatever happens, nobody waits for it


@pytest.fixture
def section(bench: Bench, qtbot: Any) -> AtlasSection:
    made = AtlasSection(bench, Links())
    qtbot.addWidget(made)
    made.atlas.addItem(f"{NAME} (to download)", NAME)
    made.atlas.setCurrentIndex(made.atlas.findData(NAME))
    return made


def test_its_progress_is_shown_and_then_the_atlas(
    section: AtlasSection, bench: Bench, server: Server, folder: Path, qtbot: Any, told: list[str]
) -> None:
    server.gives = 4
    section.load.click()
    assert section.working.isVisibleTo(section)
    assert not section.load.isEnabled()
    qtbot.waitUntil(lambda: section.progress.value() > 0, timeout=20_000)
    assert section.progress.value() <= section.progress.maximum()
    assert bench.session.scene is None
    server.gives = None
    wait_for_work(qtbot, bench)
    assert bench.session.scene is not None
    assert bench.session.scene.atlas.name == NAME
    assert len(bench.stage.layers("regions")) == 1
    assert not section.working.isVisibleTo(section)
    assert section.load.isEnabled()
    assert section.regions.count.text() == "10 regions ticked"
    assert told == []
    shutil.rmtree(server.folder)
    assert list(atlases_on_disk(folder)) == [NAME]


def test_cancelled_it_leaves_nothing_and_can_be_tried_again(
    section: AtlasSection, bench: Bench, server: Server, folder: Path, qtbot: Any, told: list[str]
) -> None:
    bench.atlases.load("demo_mouse", ["MOp"])
    wait_for_work(qtbot, bench)
    before = bench.session.scene
    section.atlas.setCurrentIndex(section.atlas.findData(NAME))
    server.gives = 6
    section.load.click()
    qtbot.waitUntil(lambda: len(server.fetched) == 6, timeout=20_000)
    section.cancel.click()
    assert not bench.jobs.is_running(ATLAS)
    assert not section.working.isVisibleTo(section)
    assert section.load.isEnabled()
    server.gives = 7  # the next answer is the last that it hears
    wait_for_work(qtbot, bench)
    assert our_threads() == []
    assert bench.session.scene is before
    assert atlases_on_disk(folder) == {}
    assert not list(folder.rglob(".download-*"))
    server.gives = None
    section.atlas.setCurrentIndex(section.atlas.findData(NAME))
    section.load.click()
    wait_for_work(qtbot, bench)
    assert bench.session.scene is not None
    assert bench.session.scene.atlas.name == NAME
    assert told == []


def test_a_broken_connection_is_told_once_and_what_was_there_stays(
    section: AtlasSection, bench: Bench, server: Server, folder: Path, qtbot: Any, told: list[str]
) -> None:
    server.breaks_after = 5
    section.load.click()
    wait_for_work(qtbot, bench)
    assert len(told) == 1
    assert "connection reset" in told[0]
    assert bench.session.scene is None
    assert section.load.isEnabled()


def test_offline_the_user_hears_what_is_on_disk(
    section: AtlasSection, bench: Bench, server: Server, qtbot: Any, told: list[str]
) -> None:
    server.is_up = False
    section.load.click()
    wait_for_work(qtbot, bench)
    assert len(told) == 1
    assert "on disk are: demo_mouse" in told[0]
