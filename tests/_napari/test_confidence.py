"""How sure the labels are: asked in the panel, answered by a thread, shown as layer and columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.confidence.errors import TypedError
from napari_brainreg3d._napari.confidence.judging import CONFIDENCE
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.project_section import ProjectSection
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.io.tables import read_table
from napari_brainreg3d.projection.uncertainty import uncertainty
from tests.fixtures.gui import wait_for_work
from tests.fixtures.scenes import slab_scene


@pytest.fixture
def projected(bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
    """Four slabs side by side, projected."""
    bench.stage.viewer.add_image(picture, name="picture")
    bench.images.choose_newest()
    bench.session.set_pixel_size((150.0, 150.0))
    bench.session.set_scene(slab_scene())
    bench.projecting.run()
    wait_for_work(qtbot, bench)
    return bench


def ask(bench: Bench, qtbot: Any, typed: TypedError | None = None) -> None:
    if typed is not None:
        bench.confidence.set_source("typed")
        bench.confidence.set_typed(typed)
    bench.confidence.run()
    wait_for_work(qtbot, bench)


def test_doubt_lies_along_borders_and_grows_with_the_error(projected: Bench, qtbot: Any) -> None:
    ask(projected, qtbot, TypedError(shift_um=100.0, yaw_deg=0.0, tilt_deg=0.0))
    answer = projected.confidence.answer
    labels = projected.session.projection.labels
    # Borders between slabs run along the rows: columns far from them keep their label.
    inside = np.zeros(labels.shape, bool)
    inside[:, 2:-2] = (labels[:, 2:-2] == labels[:, :-4]) & (labels[:, 2:-2] == labels[:, 4:])
    inside[2:-2] &= (labels[2:-2] == labels[:-4]) & (labels[2:-2] == labels[4:])
    inside[:2] = inside[-2:] = False
    assert (answer.probability[inside] > 0.95).mean() > 0.95
    narrow = answer.border_um
    ask(projected, qtbot, TypedError(shift_um=300.0, yaw_deg=0.0, tilt_deg=0.0))
    assert projected.confidence.answer.border_um > 2 * narrow
    assert "certain" in projected.confidence.words
    assert "Borders are known to ±" in projected.confidence.words


def test_the_layer_shows_the_probability_where_there_is_a_label(
    projected: Bench, qtbot: Any
) -> None:
    projected.stage.set_mode("image")
    ask(projected, qtbot, TypedError())
    layer = projected.stage.extra_layer(CONFIDENCE)
    labels = projected.session.projection.labels
    np.testing.assert_array_equal(np.isnan(layer.data), labels == 0)
    expected = uncertainty(
        projected.session.projection, TypedError().standard_deviations, poses=50
    ).probability
    np.testing.assert_array_equal(layer.data[labels > 0], expected[labels > 0])
    own = projected.stage.image_layer
    np.testing.assert_allclose(np.asarray(layer.affine)[:2, :2], np.diag(own.scale))
    certain, doubtful = layer.colormap.map(np.array([1.0, 0.0]))
    assert certain[3] == 0.0
    assert doubtful[3] > 0.9
    projected.stage.set_mode("brain")
    assert projected.stage.extra_layer(CONFIDENCE).data.shape == (1, *labels.shape)


def test_the_table_gets_three_columns_more(projected: Bench, qtbot: Any, tmp_path: Path) -> None:
    section = ProjectSection(projected, Links())
    qtbot.addWidget(section)
    model = section.table.source
    before = model.columnCount()
    ask(projected, qtbot, TypedError())
    assert model.columnCount() == before + 3
    table = projected.confidence.table_with(projected.projecting.table)
    seen = table[table["pixels"] > 0]
    assert (seen["expected_mm2"] > 0).all()
    assert (seen["sd_mm2"] > 0).all()
    assert seen["certain_share"].between(0, 1).all()
    assert "certain_share" in model.text([0])
    file = tmp_path / "regions.csv"
    projected.saving.save_table(file)
    written = pd.read_csv(file)
    np.testing.assert_allclose(written["sd_mm2"], table["sd_mm2"])
    assert read_table(file).columns.tolist() == written.columns.tolist()
    projected.confidence.hide()
    assert model.columnCount() == before


def test_another_result_takes_the_answer_away(projected: Bench, qtbot: Any) -> None:
    ask(projected, qtbot, TypedError())
    assert projected.confidence.answer is not None
    projected.projecting.run()
    wait_for_work(qtbot, projected)
    assert projected.confidence.answer is None
    assert projected.confidence.words == ""
    assert projected.stage.extra_layer(CONFIDENCE) is None


def test_the_landmarks_error_counts_while_the_image_lies_where_they_put_it(
    projected: Bench, qtbot: Any
) -> None:
    with pytest.raises(RegistrationError, match="no fit to landmarks"):
        projected.confidence.run()
    state, view = projected.landmarks.state, projected.session.registration.view
    places = {"a": (3200.0, 1000.0, 4500.0), "b": (6800.0, 1500.0, 5000.0)}
    places |= {"c": (5000.0, 1100.0, 8000.0), "d": (4000.0, 2500.0, 6400.0)}
    state.add_all(places)
    for place in places.values():
        state.place(tuple(view.atlas_to_pixels(place) + 0.4))
    with pytest.raises(RegistrationError, match="project again"):
        projected.confidence.run()
    projected.projecting.run()
    wait_for_work(qtbot, projected)
    ask(projected, qtbot)
    expected = uncertainty(projected.session.projection, state.fit, poses=50).probability
    np.testing.assert_array_equal(projected.confidence.answer.probability, expected)
    projected.session.aligner.slide(0.0, 400.0)
    projected.projecting.run()
    wait_for_work(qtbot, projected)
    with pytest.raises(RegistrationError, match="was moved since it was fitted"):
        projected.confidence.run()


def test_what_landmarks_leave_open_is_said(projected: Bench, qtbot: Any) -> None:
    state, view = projected.landmarks.state, projected.session.registration.view
    places = {"a": (3200.0, 1000.0, 4500.0), "b": (6800.0, 1500.0, 5000.0)}
    state.add_all(places)
    for place in places.values():
        state.place(tuple(view.atlas_to_pixels(place)))
    projected.projecting.run()
    wait_for_work(qtbot, projected)
    ask(projected, qtbot)
    assert "Taken for certain: tilt" in projected.confidence.words


def test_without_a_result_there_is_nothing_to_judge(ready: Bench) -> None:
    with pytest.raises(RegistrationError, match="project first"):
        ready.confidence.run()


def test_the_box_asks_and_can_be_cancelled(projected: Bench, qtbot: Any, told: list[str]) -> None:
    section = ProjectSection(projected, Links())
    qtbot.addWidget(section)
    box = section.confidence
    box.run.click()
    assert len(told) == 1
    assert "place some" in told[0]
    box.source.setCurrentIndex(box.source.findData("typed"))
    box.source.activated.emit(box.source.currentIndex())
    assert box.typed.isVisibleTo(box)
    box.shift.setValue(150.0)
    assert projected.confidence.typed.shift_um == 150.0
    box.run.click()
    assert not box.run.isEnabled()
    box.cancel.click()
    assert box.run.isEnabled()
    wait_for_work(qtbot, projected)
    assert projected.confidence.answer is None
    box.run.click()
    wait_for_work(qtbot, projected)
    assert "certain" in box.words.text()
    assert "clear is certain" in box.words.text()
    assert len(told) == 1
