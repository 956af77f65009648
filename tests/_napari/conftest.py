"""Viewers with the plugin in them, and what it tells the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import Notification, notification_manager
from npe2 import PluginManager, PluginManifest

from napari_brainreg3d._napari.bench import Bench, bench_for
from napari_brainreg3d._napari.widgets.kinds import KINDS  # so that panels fill at once
from tests.fixtures.gui import make_ready, wait_for_work

assert KINDS
MANIFEST = Path(__file__).parents[2] / "napari.yaml"


@pytest.fixture(scope="session", autouse=True)
def known_plugin() -> PluginManager:
    """napari's plugin manager, which knows this plugin whether or not it is installed.

    Before the first viewer: each one that napari's fixture makes listens once more to plugins
    that come later, and the second listener refuses commands that the first has registered.
    """
    manager = PluginManager.instance()
    manager.discover()
    if "napari-brainreg3d" not in manager:
        manager.register(PluginManifest.from_file(MANIFEST))
    return manager


@pytest.fixture
def plugin(known_plugin: PluginManager) -> PluginManager:
    """The same, for tests that ask it something."""
    return known_plugin


@pytest.fixture(autouse=True)
def own_data_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep what is saved for a crash out of the user's own folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def told() -> Iterator[list[str]]:
    """Messages of all notifications, in their order."""
    messages: list[str] = []

    def note(notification: Notification) -> None:
        messages.append(str(notification.message))

    notification_manager.notification_ready.connect(note)
    yield messages
    notification_manager.notification_ready.disconnect(note)


@pytest.fixture
def viewer(plugin: PluginManager, make_napari_viewer: Callable[..., Any]) -> Any:
    """A viewer with its window, of which nothing may be left at the end of the test."""
    return make_napari_viewer(strict_qt="raise")


@pytest.fixture
def model() -> ViewerModel:
    """A viewer without a window: quick, and enough for all but docks, menus and the canvas."""
    return ViewerModel()


@pytest.fixture
def bench(model: ViewerModel, qtbot: Any) -> Iterator[Bench]:
    """A bench without a window."""
    yield from _bench(model, qtbot)


@pytest.fixture
def window_bench(viewer: Any, qtbot: Any) -> Iterator[Bench]:
    """The bench of a viewer with its window."""
    yield from _bench(viewer, qtbot)


def _bench(viewer: Any, qtbot: Any) -> Iterator[Bench]:
    made = bench_for(viewer)
    yield made
    made.jobs.cancel_all()
    wait_for_work(qtbot, made)
    made.stage.close()


@pytest.fixture
def picture() -> np.ndarray:
    """A small image, shape (24, 32), with no symmetry."""
    rows, columns = np.mgrid[:24, :32]
    return (100 + 10 * rows + columns).astype(np.uint16)


@pytest.fixture
def ready(bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
    """A bench with image, pixel size and scene: ready to align."""
    return make_ready(bench, picture, qtbot)


@pytest.fixture
def window_ready(window_bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
    """The same with a window."""
    return make_ready(window_bench, picture, qtbot)
