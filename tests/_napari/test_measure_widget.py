"""The panel `Measure` in a window: what a user clicks, and the plot under the canvas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.widgets.panel import MeasureWidget
from tests._napari.test_measure import FRAMES, OVER_THE_LETTER
from tests.fixtures.gui import make_ready, wait_for_work

pytestmark = pytest.mark.gui


@pytest.fixture
def measure(viewer: Any, window_bench: Bench, picture: np.ndarray, qtbot: Any) -> MeasureWidget:
    movie = np.stack([picture + 10 * i for i in range(FRAMES)])
    make_ready(window_bench, movie, qtbot)
    window_bench.session.aligner.set_pose(OVER_THE_LETTER)
    made = MeasureWidget(viewer)
    viewer.window.add_dock_widget(made, name="Measure")
    return made


def test_sections_say_what_is_missing(
    measure: MeasureWidget, window_bench: Bench, qtbot: Any
) -> None:
    sections = measure.contents.sections
    assert sections["traces"].status.whole_text == "project first"
    assert sections["standard"].status.whole_text == ""
    assert not sections["traces"].body.run.isEnabled()
    window_bench.projecting.run()
    wait_for_work(qtbot, window_bench)
    assert sections["traces"].status.whole_text == ""
    assert sections["traces"].body.run.isEnabled()


def test_traces_are_drawn_and_their_cursor_goes_with_the_slider(
    measure: MeasureWidget, viewer: Any, window_bench: Bench, qtbot: Any
) -> None:
    window_bench.projecting.run()
    wait_for_work(qtbot, window_bench)
    body = measure.contents.sections["traces"].body
    body.is_dff.click()
    body.fps.setValue(2.0)
    body.run.click()
    wait_for_work(qtbot, window_bench)
    plot = measure.contents.plot
    assert "Traces" in viewer.window.dock_widgets
    traces = window_bench.measuring.tracing.traces
    assert traces is not None
    assert set(plot.lines) == set(window_bench.measuring.tracing.drawn)
    name = next(iter(plot.lines))
    times, values = plot.lines[name].getOriginalDataset()
    np.testing.assert_allclose(times, np.arange(FRAMES) / 2.0)
    np.testing.assert_allclose(values, traces.table[name])
    window_bench.stage.set_frame(3)
    assert plot.marker.value() == pytest.approx(1.5)
    plot.marker.setValue(2.4)  # as by dragging it
    assert window_bench.stage.frame == 5
    plot.marker.setValue(-3.0)
    assert window_bench.stage.frame == 0


def test_ticking_a_region_draws_it(measure: MeasureWidget, window_bench: Bench, qtbot: Any) -> None:
    window_bench.projecting.run()
    wait_for_work(qtbot, window_bench)
    body = measure.contents.sections["traces"].body
    body.run.click()
    wait_for_work(qtbot, window_bench)
    body.none.click()
    assert measure.contents.plot.lines == {}
    body.regions.item(1).setCheckState(Qt.CheckState.Checked)
    assert list(measure.contents.plot.lines) == [
        body.regions.item(1).data(Qt.ItemDataRole.UserRole)
    ]
    body.every.click()
    assert len(measure.contents.plot.lines) == body.regions.count()


def test_a_plot_that_was_closed_comes_back_with_the_next_traces(
    measure: MeasureWidget, viewer: Any, window_bench: Bench, qtbot: Any
) -> None:
    window_bench.projecting.run()
    wait_for_work(qtbot, window_bench)
    body = measure.contents.sections["traces"].body
    body.run.click()
    wait_for_work(qtbot, window_bench)
    viewer.window.remove_dock_widget(measure.contents.plot)
    body.run.click()
    wait_for_work(qtbot, window_bench)
    assert "Traces" in viewer.window.dock_widgets
    assert measure.contents.plot.lines


def test_files_are_saved_where_the_dialog_says(
    measure: MeasureWidget,
    window_bench: Bench,
    qtbot: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window_bench.projecting.run()
    wait_for_work(qtbot, window_bench)
    asked: list[str] = []

    def answer(parent: Any, title: str, start: str, names: str) -> tuple[str, str]:
        asked.append(Path(start).name)
        return str(tmp_path / Path(start).name), names

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    sections = measure.contents.sections
    sections["traces"].body.run.click()
    wait_for_work(qtbot, window_bench)
    sections["traces"].body.save.click()
    sections["standard"].body.resolution.setValue(200.0)
    sections["standard"].body.save_view.click()
    wait_for_work(qtbot, window_bench)
    sections["exchange"].body.format.setCurrentIndex(
        sections["exchange"].body.format.findData("geojson")
    )
    sections["exchange"].body.save.click()
    wait_for_work(qtbot, window_bench)
    assert asked == ["picture_traces.csv", "picture_dorsal.tif", "picture_regions.geojson"]
    assert {name for name in asked if (tmp_path / name).exists()} == set(asked)
    assert "picture_regions.geojson" in sections["exchange"].body.remark.text()


def test_points_are_listed_located_and_shown(
    measure: MeasureWidget, viewer: Any, window_bench: Bench, qtbot: Any
) -> None:
    body = measure.contents.sections["coordinates"].body
    assert not body.run.isEnabled()
    viewer.add_points(np.array([[5.0, 6.0], [1000.0, 6.0]]), name="cells")
    assert body.layer.currentText() == "cells"
    body.run.click()
    wait_for_work(qtbot, window_bench)
    assert body.model.rowCount() == 2
    assert "cells" in body.remark.text()
    columns = [body.model.headerData(i, Qt.Orientation.Horizontal) for i in range(5)]
    assert columns[:2] == ["row", "col"]
    assert body.model.data(body.model.index(1, 0)) == "1000.000"
