"""An atlas arrives on the canvas layer by layer, and the window lives in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.loading import ATLAS
from napari_brainreg3d._napari.work import Jobs
from tests.fixtures.gui import make_ready, wait_for_work


def regions_shown(bench: Bench) -> np.ndarray:
    (layer,) = bench.stage.layers("regions")
    return np.asarray(layer.data[0])


class Turns:
    """Counts the turns of the event loop, and in which of them layers were added."""

    def __init__(self, bench: Bench) -> None:
        self.count = 0
        self.of_layers: list[int] = []
        self._timer = QTimer()
        self._timer.timeout.connect(self._on_turn)
        self._timer.start(0)
        bench.stage.viewer.layers.events.inserted.connect(self._on_inserted)

    def stop(self) -> None:
        self._timer.stop()

    def _on_turn(self) -> None:
        self.count += 1

    def _on_inserted(self, event: Any) -> None:
        self.of_layers.append(self.count)


def test_no_two_layers_are_added_in_one_turn_of_the_event_loop(
    bench: Bench, picture: np.ndarray, qtbot: Any
) -> None:
    bench.stage.viewer.add_image(picture)
    bench.images.choose_newest()
    bench.session.set_pixel_size((400.0, 400.0))
    turns, added_when_set = Turns(bench), []
    bench.session.scene_changed.connect(lambda _: added_when_set.append(len(turns.of_layers)))
    bench.atlases.load("demo_mouse", ["MOp", "VIS"])
    wait_for_work(qtbot, bench)
    turns.stop()
    assert len(turns.of_layers) >= 5  # extent, regions, brain, image, letters
    assert len(set(turns.of_layers)) == len(turns.of_layers)
    # All but the outlines were there before anything followed the new scene.
    assert len(turns.of_layers) - added_when_set[0] <= 1
    assert bench.stage.layers("plane")[0].visible


class TestComingBetween:
    @pytest.fixture
    def shown(self, bench: Bench, picture: np.ndarray, qtbot: Any) -> Bench:
        return make_ready(bench, picture, qtbot)

    def load_and(self, bench: Bench, act: Any) -> None:
        """Do something as soon as the first layer of the new scene is there."""
        before = regions_shown(bench)

        def look() -> None:
            if regions_shown(bench).shape != before.shape:
                act()
            else:
                QTimer.singleShot(0, look)

        bench.atlases.load("demo_mouse", ["MOp"])
        QTimer.singleShot(0, look)

    def test_cancelled_the_scene_before_is_shown_again(self, shown: Bench, qtbot: Any) -> None:
        scene = shown.session.scene
        assert scene is not None
        self.load_and(shown, lambda: shown.jobs.cancel(ATLAS))
        wait_for_work(qtbot, shown)
        assert shown.session.scene is scene
        np.testing.assert_array_equal(regions_shown(shown), scene.mesh.vertices_um)

    def test_another_view_does_no_harm(self, shown: Bench, qtbot: Any) -> None:
        self.load_and(shown, lambda: shown.stage.set_mode("image"))
        wait_for_work(qtbot, shown)
        scene = shown.session.scene
        assert scene is not None
        assert scene.atlas.name == "demo_mouse"
        assert shown.stage.viewer.dims.ndisplay == 2
        assert shown.stage.layers("regions") == []
        shown.stage.set_mode("brain")
        np.testing.assert_array_equal(regions_shown(shown), scene.mesh.vertices_um)

    def test_a_newer_request_wins(self, shown: Bench, qtbot: Any) -> None:
        self.load_and(shown, lambda: shown.atlases.load("demo_mouse", ["VIS", "MOs"]))
        wait_for_work(qtbot, shown)
        scene = shown.session.scene
        assert scene is not None
        assert [region.acronym for region in scene.regions] == ["VIS", "MOs"]
        np.testing.assert_array_equal(regions_shown(shown), scene.mesh.vertices_um)

    def test_a_closed_stage_does_no_harm(self, shown: Bench, qtbot: Any) -> None:
        self.load_and(shown, shown.stage.close)
        wait_for_work(qtbot, shown)
        assert shown.stage.layers("regions") == []


class TestSteps:
    def run(self, jobs: Jobs, steps: Any) -> None:
        jobs.start("work", lambda _: None, lambda _: steps)

    def test_the_work_is_under_way_until_the_last_step(self, qtbot: Any) -> None:
        jobs, seen = Jobs(), []

        def steps() -> Iterator[None]:
            for i in range(3):
                seen.append((i, jobs.is_running("work")))
                yield

        ended: list[int] = []
        jobs.ended.connect(lambda _: ended.append(len(seen)))
        self.run(jobs, steps())
        qtbot.waitUntil(lambda: bool(ended))
        assert seen == [(0, True), (1, True), (2, True)]
        assert ended == [3]
        assert not jobs.is_busy

    def test_an_error_in_a_step_is_told_and_ends_it(self, qtbot: Any, told: list[str]) -> None:
        jobs = Jobs()

        def steps() -> Iterator[None]:
            yield
            raise ZeroDivisionError("by a bug")

        self.run(jobs, steps())
        qtbot.waitUntil(lambda: not jobs.is_busy)
        assert told == ["by a bug"]

    def test_cancelled_it_is_closed_at_once(self, qtbot: Any) -> None:
        jobs, closed = Jobs(), []

        def steps() -> Iterator[None]:
            try:
                while True:
                    yield
            except GeneratorExit:
                closed.append(True)

        made = steps()
        self.run(jobs, made)
        qtbot.wait(100)
        assert jobs.is_busy
        jobs.cancel("work")
        assert closed == [True]
        assert not jobs.is_busy
