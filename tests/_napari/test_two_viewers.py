"""The panel from code and from the menu, in one viewer and in two: one panel, one session each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d._napari.bench import bench_for
from napari_brainreg3d._napari.widgets.docking import open_panel
from napari_brainreg3d._napari.widgets.panel import RegisterPanel

NAME = "napari-brainreg3d"


def panels(viewer: Any) -> list[RegisterPanel]:
    return [w for w in viewer.window.dock_widgets.values() if isinstance(w, RegisterPanel)]


def from_code(viewer: Any) -> None:
    open_panel(viewer)


def as_plugin(viewer: Any) -> None:
    """As ``viewer.window.add_plugin_dock_widget`` in a script, and napari's menu of plugins."""
    viewer.window.add_plugin_dock_widget(NAME, "Register image to atlas")


def from_menu(viewer: Any) -> None:
    """The menu entry while the viewer is the current one."""
    from napari._app_model import get_app_model

    get_app_model().commands.execute_command(f"{NAME}.register").result()


WAYS = {"code": from_code, "plugin": as_plugin, "menu": from_menu}


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_a_viewer_has_one_panel(viewer: Any, qtbot: Any, first: str, second: str) -> None:
    """napari knows it by two names; the newer one takes the place of the older one then."""
    WAYS[first](viewer)
    bench = bench_for(viewer)
    qtbot.wait(10)
    WAYS[second](viewer)
    qtbot.wait(10)
    (panel,) = panels(viewer)
    assert panel.bench is bench
    assert panel.parent() is not None
    bench.session.set_mirrored(True)  # what has gone no longer listens


@pytest.mark.parametrize("way", WAYS)
def test_two_viewers_have_a_panel_and_a_session_each(
    viewer: Any,
    make_napari_viewer: Callable[..., Any],
    picture: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    other = make_napari_viewer(strict_qt="raise")
    for one in (viewer, other, viewer, other):
        monkeypatch.setattr(
            type(one.window._qt_window), "current", lambda w=one: w.window._qt_window
        )
        WAYS[way](one)
    (panel,), (other_panel,) = panels(viewer), panels(other)
    assert panel is not other_panel
    assert panel.bench is bench_for(viewer)
    assert other_panel.bench is bench_for(other)
    other.add_image(picture, name="second")
    assert other_panel.bench.session.image is not None
    assert panel.bench.session.image is None
