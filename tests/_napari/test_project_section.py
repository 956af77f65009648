"""Projecting in a thread, the options, and the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_brainreg3d._napari import projecting
from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.options import ProjectOptions, remarks, run_projection
from napari_brainreg3d._napari.widgets.project_section import ProjectSection
from napari_brainreg3d._napari.widgets.results_table import ResultsTable
from napari_brainreg3d.errors import Cancelled
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.progress import report
from napari_brainreg3d.projection import project
from tests.fixtures.gui import our_threads, wait_for_work
from tests.fixtures.scenes import letter_scene

#: Over the letter F, which begins 1 mm under the top of the volume.
OVER_THE_LETTER = Pose.dorsal(centre_um=(4500.0, 900.0, 6800.0))


@pytest.fixture
def section(ready: Bench, qtbot: Any) -> ProjectSection:
    ready.session.aligner.set_pose(OVER_THE_LETTER)
    made = ProjectSection(ready, Links())
    qtbot.addWidget(made)
    return made


class TestRunning:
    def test_the_result_is_that_of_the_library(
        self, section: ProjectSection, ready: Bench, qtbot: Any
    ) -> None:
        section.run.click()
        assert not section.run.isEnabled()
        wait_for_work(qtbot, ready)
        registration = ready.session.registration
        assert registration is not None
        expected = project(letter_scene(), registration)
        assert ready.session.projection is not None
        np.testing.assert_array_equal(ready.session.projection.labels, expected.labels)
        assert expected.labels.any()
        (layer,) = ready.stage.layers("labels")
        np.testing.assert_array_equal(layer.data, expected.labels)
        assert section.run.isEnabled()
        assert ready.stage.mode == "image"  # where the labels lie over the image

    def test_running_again_updates_the_layers_in_place(
        self, section: ProjectSection, ready: Bench, qtbot: Any
    ) -> None:
        section.run.click()
        wait_for_work(qtbot, ready)
        (before,) = ready.stage.layers("labels")
        ready.session.aligner.slide(1000.0, 0.0)
        section.run.click()
        wait_for_work(qtbot, ready)
        (after,) = ready.stage.layers("labels")
        assert after is before
        np.testing.assert_array_equal(after.data, ready.session.projection.labels)  # type: ignore[union-attr]

    def test_without_an_image_it_says_what_is_missing(
        self, bench: Bench, qtbot: Any, told: list[str]
    ) -> None:
        made = ProjectSection(bench, Links())
        qtbot.addWidget(made)
        assert not made.run.isEnabled()
        made._on_run()  # by a key, say
        assert len(told) == 1
        assert "drop an image" in told[0]
        assert "load an atlas" in told[0]

    def test_it_can_be_cancelled_and_the_last_result_stays(
        self, section: ProjectSection, ready: Bench, qtbot: Any, told: list[str], monkeypatch: Any
    ) -> None:
        section.run.click()
        wait_for_work(qtbot, ready)
        before = ready.session.projection
        heard = []

        def endless(*arguments: Any) -> None:
            try:
                while True:
                    report(arguments[-1], 1, 1000)
            except Cancelled:
                heard.append(True)
                raise

        monkeypatch.setattr(projecting, "run_projection", endless)
        section.run.click()
        qtbot.waitUntil(lambda: section.progress.maximum() == 1000)
        section.cancel.click()
        wait_for_work(qtbot, ready)
        assert heard == [True]
        assert told == []
        assert ready.session.projection is before
        assert section.run.isEnabled()

    def test_an_image_removed_meanwhile_drops_the_result_in_words(
        self,
        section: ProjectSection,
        ready: Bench,
        model: ViewerModel,
        qtbot: Any,
        told: list[str],
    ) -> None:
        section.run.click()
        model.layers.remove(ready.stage.image_layer)
        alignment = ready.session.alignment
        wait_for_work(qtbot, ready)
        assert len(told) == 1
        assert "taken away" in told[0]
        assert ready.session.projection is None
        assert ready.session.alignment == alignment
        assert ready.stage.layers("labels") == []
        assert our_threads() == []

    def test_other_regions_meanwhile_drop_the_result_in_words(
        self, section: ProjectSection, ready: Bench, qtbot: Any, told: list[str]
    ) -> None:
        section.run.click()
        ready.session.set_scene(letter_scene())
        wait_for_work(qtbot, ready)
        assert len(told) == 1
        assert "regions were changed" in told[0]


class TestRemarks:
    """What the user should know of a result."""

    def run(self, ready: Bench, qtbot: Any, pose: Pose) -> None:
        ready.session.aligner.set_pose(pose)
        ready.projecting.run()
        wait_for_work(qtbot, ready)

    def test_a_pose_that_looks_away_from_the_brain_is_told_once(
        self, ready: Bench, qtbot: Any, told: list[str]
    ) -> None:
        away = Pose.from_view("ventral", centre_um=(4500.0, 900.0, 30_000.0))
        self.run(ready, qtbot, away)
        assert len(told) == 1
        assert "sees none of the chosen regions" in told[0]
        assert ready.session.alignment is not None
        assert ready.session.alignment.pose == away

    def test_a_plane_inside_the_brain_is_told_once_and_labelled_all_the_same(
        self, ready: Bench, qtbot: Any, told: list[str]
    ) -> None:
        self.run(ready, qtbot, OVER_THE_LETTER)
        outside = ready.session.projection
        assert told == []
        # 2 mm further down, inside the stem of the letter.
        self.run(ready, qtbot, OVER_THE_LETTER.moved(plane_um=(0.0, 0.0, 2100.0)))
        assert len(told) == 1
        assert "inside the brain" in told[0]
        assert "2.0 mm" in told[0]
        assert outside is not None
        assert ready.session.projection is not None
        np.testing.assert_array_equal(ready.session.projection.labels, outside.labels)

    def test_a_good_result_has_none(self, ready: Bench, qtbot: Any) -> None:
        self.run(ready, qtbot, OVER_THE_LETTER)
        assert ready.session.projection is not None
        assert remarks(ready.session.projection) == []


class TestOptions:
    def test_every_control_reaches_the_options(self, section: ProjectSection, ready: Bench) -> None:
        section.occlusion.setCurrentIndex(section.occlusion.findData("selected"))
        section.occlusion.activated.emit(section.occlusion.currentIndex())
        section.refine.setCurrentIndex(section.refine.findData("boundary"))
        section.refine.activated.emit(section.refine.currentIndex())
        section.neighbours.setValue(7)
        for box in (section.split, section.masks, section.unresolved, section.maps["depth"]):
            box.click()
        section.is_deep.click()
        section.sample_depth.setValue(300)
        assert ready.projecting.options == ProjectOptions(
            occlusion="selected",
            sample_depth_um=300.0,
            refine_where="boundary",
            refine_k=7,
            unresolved=True,
            split_hemispheres=True,
            masks=True,
            maps=("depth",),
        )

    def test_options_that_come_from_elsewhere_are_shown(
        self, section: ProjectSection, ready: Bench
    ) -> None:
        options = ProjectOptions(sample_depth_um=150.0, refine_where="gaps", maps=("incidence",))
        ready.projecting.set_options(options)
        assert section.is_deep.isChecked()
        assert section.sample_depth.value() == 150.0
        assert section.refine.currentData() == "gaps"
        assert section.maps["incidence"].isChecked()
        assert ready.projecting.options == options  # showing them changed nothing

    def test_they_are_what_is_computed(self, ready: Bench) -> None:
        ready.session.aligner.set_pose(OVER_THE_LETTER)
        registration = ready.session.registration
        assert registration is not None
        options = ProjectOptions(occlusion="selected", unresolved=True, split_hemispheres=True)
        made = run_projection(letter_scene(), registration, options)
        assert made.settings.occlusion == "selected"
        assert made.unresolved is not None
        assert set(made.table["hemisphere"]) == {"left", "right"}

    def test_the_layers_asked_for_are_made(
        self, section: ProjectSection, ready: Bench, qtbot: Any
    ) -> None:
        section.masks.click()
        section.maps["depth"].click()
        section.maps["coordinates"].click()
        section.run.click()
        wait_for_work(qtbot, ready)
        assert len(ready.stage.layers("mask")) == 1
        assert len(ready.stage.layers("map")) == 1 + 3


class TestTable:
    TABLE = pd.DataFrame(
        {
            "label": [1, 2, 3],
            "id": [10, 20, 30],
            "acronym": ["B", "a", "C"],
            "name": ["Region B", "Region a", "Region C"],
            "hemisphere": ["both"] * 3,
            "pixels": [9, 100, 20],
            "color": ["#ff0000", "#00ff00", "#0000ff"],
            "parents": [""] * 3,
            "projected_mm2": [0.9, 10.0, 2.0],
            "surface_mm2": [1.0, 11.0, 3.0],
        }
    )

    @pytest.fixture
    def table(self, qtbot: Any) -> ResultsTable:
        made = ResultsTable()
        qtbot.addWidget(made)
        made.show_table(self.TABLE)
        return made

    def column(self, table: ResultsTable, number: int) -> list[str]:
        model = table.model()
        assert model is not None
        return [model.data(model.index(row, number)) for row in range(model.rowCount())]

    def test_the_largest_region_comes_first(self, table: ResultsTable) -> None:
        assert self.column(table, 0) == ["a", "C", "B"]
        assert self.column(table, 2) == ["100", "20", "9"]

    def test_numbers_are_sorted_as_numbers_and_names_without_their_case(
        self, table: ResultsTable
    ) -> None:
        table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
        assert self.column(table, 0) == ["B", "C", "a"]
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        assert self.column(table, 0) == ["a", "B", "C"]

    def test_a_click_tells_the_label_of_the_region(self, table: ResultsTable) -> None:
        chosen: list[Any] = []
        table.region_selected.connect(chosen.append)
        table.selectRow(1)
        table.clearSelection()
        assert chosen == [3, None]

    def test_rows_are_copied_for_a_spreadsheet(self, table: ResultsTable) -> None:
        table.selectRow(0)
        table.copy()
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        header, row = clipboard.text().splitlines()
        cells = dict(zip(header.split("\t"), row.split("\t"), strict=True))
        assert (cells["acronym"], cells["pixels"]) == ("a", "100")
        table.clearSelection()
        table.copy()
        assert len(clipboard.text().splitlines()) == 1 + 3

    def test_a_result_fills_it_and_the_region_is_selected_in_the_view(
        self, section: ProjectSection, ready: Bench, qtbot: Any
    ) -> None:
        section.run.click()
        wait_for_work(qtbot, ready)
        shown = self.column(section.table, 0)
        assert shown[0] == "stem"  # the largest part of the letter
        row = shown.index("bar")
        section.table.selectRow(row)
        (labels,) = ready.stage.layers("labels")
        assert labels.selected_label == list(ready.projecting.table["acronym"]).index("bar") + 1  # type: ignore[index]

    def test_it_goes_with_the_result(
        self, section: ProjectSection, ready: Bench, qtbot: Any
    ) -> None:
        section.run.click()
        wait_for_work(qtbot, ready)
        assert section.results.isVisibleTo(section)
        ready.session.set_scene(letter_scene())
        assert not section.results.isVisibleTo(section)

    def test_it_is_written_as_csv(
        self, section: ProjectSection, ready: Bench, qtbot: Any, tmp_path: Path
    ) -> None:
        section.run.click()
        wait_for_work(qtbot, ready)
        ready.saving.save_table(tmp_path / "table")
        written = pd.read_csv(tmp_path / "table.csv")
        assert list(written["acronym"]) == ["stem", "arm", "bar"]
        assert list(written["pixels"]) == list(ready.projecting.table["pixels"])  # type: ignore[index]
