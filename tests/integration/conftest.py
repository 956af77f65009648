"""The fixtures of the plugin's tests, for the stories too, and windows to tell them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from npe2 import PluginManager

from napari_brainreg3d._napari.bench import Bench, bench_for
from tests._napari.conftest import known_plugin, own_data_folder, plugin, told
from tests.fixtures.gui import our_threads, wait_for_work

__all__ = ["known_plugin", "open_viewer", "own_data_folder", "plugin", "told"]


@pytest.fixture
def open_viewer(
    plugin: PluginManager, make_napari_viewer: Callable[..., Any], qtbot: Any
) -> Iterator[Callable[[], Any]]:
    """Open windows of the size of a small laptop; at the end nothing of ours still runs."""
    benches: list[Bench] = []

    def make() -> Any:
        viewer = make_napari_viewer(show=True, strict_qt="raise")
        viewer.window.resize(1366, 768)
        benches.append(bench_for(viewer))
        return viewer

    yield make
    for bench in benches:
        wait_for_work(qtbot, bench)
        bench.stage.close()
    assert our_threads() == []
