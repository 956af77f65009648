"""The guided panel: it opens quickly, leads from step to step, and leaves nothing behind."""

from __future__ import annotations

import gc
import itertools
import weakref
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QPushButton, QWidget

from napari_brainreg3d._napari.bench import Bench, bench_for
from napari_brainreg3d._napari.widgets.panel import AlignWidget, ProjectWidget, RegisterPanel
from tests.fixtures.gui import our_threads, wait_for_work


def docked(viewer: Any, widget: str) -> Any:
    """The widget that the menu opens."""
    return viewer.window.add_plugin_dock_widget("napari-brainreg3d", widget)[1]


@pytest.fixture
def panel(window_bench: Bench, viewer: Any) -> RegisterPanel:
    return docked(viewer, "Register image to atlas")


def open_sections(panel: RegisterPanel) -> list[str]:
    return [name for name, section in panel.sections.items() if section.is_open]


def test_an_empty_viewer_asks_for_an_image_first(panel: RegisterPanel) -> None:
    assert open_sections(panel) == ["image"]
    assert panel.sections["image"].status.whole_text == "drop an image onto napari"


def test_the_first_panel_is_there_before_its_libraries(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_brainreg3d._napari.widgets.panel.is_warm", lambda: False)
    panel = docked(viewer, "Register image to atlas")
    asked: list[Bench] = []
    panel.when_ready(asked.append)
    assert asked == []
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [bench_for(viewer)]
    assert open_sections(panel) == ["image"]
    wait_for_work(qtbot, asked[0])


def test_a_panel_closed_before_it_was_ready_stays_empty(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_brainreg3d._napari.widgets.panel.is_warm", lambda: False)
    panel = docked(viewer, "Register image to atlas")
    asked: list[Bench] = []
    panel.when_ready(asked.append)
    closed_by_the_cross(panel)
    qtbot.waitUntil(lambda: not our_threads())
    qtbot.wait(20)
    assert asked == []


def test_sections_open_one_after_the_other(
    panel: RegisterPanel, viewer: Any, picture: np.ndarray, qtbot: Any
) -> None:
    bench = panel.bench
    viewer.add_image(picture)
    assert open_sections(panel) == ["image"]
    assert "pixel size" in panel.sections["image"].status.whole_text
    bench.session.set_pixel_size((400.0, 400.0))
    assert open_sections(panel) == ["atlas"]
    bench.atlases.load("demo_mouse")
    wait_for_work(qtbot, bench)
    assert open_sections(panel) == ["align"]
    bench.session.aligner.turn(pitch_deg=5.0)
    bench.session.confirm_side()
    bench.session.accept()
    assert open_sections(panel) == ["project"]
    bench.projecting.run()
    wait_for_work(qtbot, bench)
    assert open_sections(panel) == ["project"]  # where the table is
    assert panel.sections["save"].status.whole_text == "not saved yet"


def test_every_control_has_a_name(panel: RegisterPanel) -> None:
    kinds = (QPushButton, QComboBox)
    controls = [child for kind in kinds for child in panel.findChildren(kind)]
    assert controls
    assert all(control.objectName() for control in controls)


def test_all_widgets_of_a_viewer_share_one_session(viewer: Any, window_bench: Bench) -> None:
    panel = docked(viewer, "Register image to atlas")
    align, project = docked(viewer, "Align"), docked(viewer, "Project")
    assert isinstance(align, AlignWidget)
    assert isinstance(project, ProjectWidget)
    assert panel.bench is align.bench is project.bench is window_bench


def test_two_viewers_have_sessions_of_their_own(
    viewer: Any, make_napari_viewer: Any, picture: np.ndarray
) -> None:
    other = make_napari_viewer()
    viewer.add_image(picture)
    first, second = bench_for(viewer), bench_for(other)
    first.images.choose_newest()
    assert first.session.image is not None
    assert second.session.image is None


def test_the_proxy_that_widgets_get_leads_to_the_same_bench(
    make_napari_viewer_proxy: Any,
) -> None:
    proxy = make_napari_viewer_proxy()
    assert bench_for(proxy) is bench_for(proxy.__wrapped__)


def test_enter_in_a_field_does_not_accept_the_alignment(
    window_ready: Bench, viewer: Any, qtbot: Any, told: list[str]
) -> None:
    """Enter ends a number; without care it would go on to the viewer, where it accepts."""
    widget = docked(viewer, "Align")
    spin = widget.contents.align.rows["ap"].spin
    spin.setFocus()
    spin.lineEdit().selectAll()
    qtbot.keyClicks(spin.lineEdit(), "-2.5")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert not window_ready.session.is_accepted
    assert told == []  # nor was it refused


def closed_by_the_cross(widget: QWidget) -> None:
    """What napari does when the cross of a dock is clicked."""
    widget.parentWidget().destroyOnClose()


def test_a_closed_panel_follows_nothing_and_is_collected(
    window_ready: Bench, viewer: Any, qtbot: Any
) -> None:
    panel = docked(viewer, "Register image to atlas")
    body = weakref.ref(panel.sections["align"].body)
    panel_alive = weakref.ref(panel)
    closed_by_the_cross(panel)
    window_ready.session.aligner.slide(100.0, 0.0)  # would be a crash if it still listened
    del panel
    qtbot.wait(10)
    gc.collect()
    assert panel_alive() is None
    assert body() is None


def test_a_panel_opened_again_shows_the_session_that_was_left(
    window_ready: Bench, viewer: Any, qtbot: Any
) -> None:
    closed_by_the_cross(docked(viewer, "Register image to atlas"))
    window_ready.session.aligner.turn(roll_deg=7.0)
    panel = docked(viewer, "Register image to atlas")
    assert panel.sections["align"].body.rows["roll"].spin.value() == pytest.approx(7.0)


def test_a_panel_closed_while_an_atlas_loads_does_no_harm(
    window_bench: Bench, viewer: Any, qtbot: Any, told: list[str]
) -> None:
    panel = docked(viewer, "Register image to atlas")
    panel.sections["atlas"].body.load.click()
    closed_by_the_cross(panel)
    del panel
    gc.collect()
    wait_for_work(qtbot, window_bench)
    assert told == []
    assert our_threads() == []


def test_a_viewer_closed_while_an_atlas_loads_does_no_harm(
    viewer: Any, qtbot: Any, picture: np.ndarray
) -> None:
    panel = docked(viewer, "Register image to atlas")
    viewer.add_image(picture)
    panel.sections["atlas"].body.load.click()
    del panel
    viewer.close()
    qtbot.waitUntil(lambda: not our_threads(), timeout=60_000)
    qtbot.wait(20)


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["panel", "layer", "viewer"])), ids=" then ".join
)
def test_closing_in_any_order_while_projecting_leaves_nothing_behind(
    order: tuple[str, ...], window_ready: Bench, viewer: Any, qtbot: Any, told: list[str]
) -> None:
    panel = docked(viewer, "Register image to atlas")
    window_ready.autosave.save_now()
    kept = window_ready.autosave.path
    window_ready.projecting.run()
    for what in order:
        if what == "panel" and panel is not None:
            if "viewer" not in order[: order.index("panel")]:
                closed_by_the_cross(panel)
            panel = None
        elif what == "layer" and window_ready.stage.image_layer in viewer.layers:
            viewer.layers.remove(window_ready.stage.image_layer)
        elif what == "viewer":
            panel = None
            viewer.close()
    gc.collect()
    qtbot.waitUntil(lambda: not our_threads(), timeout=60_000)
    qtbot.wait(20)
    assert not window_ready.jobs.is_busy
    if order.index("viewer") < order.index("panel"):
        assert window_ready.stage.is_closed
        assert kept is not None
        assert not kept.exists()  # closed in good order: nothing to restore
    assert [words for words in told if "taken away" not in words] == []
