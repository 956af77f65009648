"""The session on disk while it is worked on: what a crash costs, and what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tifffile
from napari.components import ViewerModel
from npe2 import PluginManager

from napari_brainreg3d._napari import autosave
from napari_brainreg3d._napari.autosave import Autosave, autosave_folder, discard, left_behind
from napari_brainreg3d._napari.bench import Bench, bench_for
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.persistence import load_session
from napari_brainreg3d._napari.settings import Settings
from napari_brainreg3d._napari.widgets.offers import Offers
from napari_brainreg3d.registration import Registration
from tests.fixtures.gui import wait_for_work

#: At most this much work may be lost, s.
MOST_LOST_S = 2.0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder, empty."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return autosave_folder()


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


#: Opens an image and the demo atlas, then turns the image by a tenth of a degree every 20 ms and
#: says so, until it is killed.
WORK = """
import sys, time
import tifffile
from napari.components import ViewerModel
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
from napari_brainreg3d._napari.bench import bench_for

app = QApplication([])
viewer = ViewerModel()
bench = bench_for(viewer)
viewer.add_image(tifffile.imread(sys.argv[1]), name="brain")
bench.images.choose_newest()
bench.session.set_pixel_size((400.0, 400.0))
bench.atlases.load("demo_mouse")

def turn():
    if bench.session.alignment is not None:
        bench.session.aligner.turn(yaw_deg=0.1)
        yaw = bench.session.alignment.pose.angles_deg[0]
        print(time.monotonic(), yaw, flush=True)

timer = QTimer()
timer.timeout.connect(turn)
timer.start(20)
app.exec()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_kill_minus_nine_while_aligning_loses_less_than_two_seconds(
    tmp_path: Path, folder: Path, picture: np.ndarray
) -> None:
    image = tmp_path / "brain.tif"
    tifffile.imwrite(image, picture)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done: list[tuple[float, float]] = []
    with subprocess.Popen(
        [sys.executable, "-c", WORK, str(image)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            at_s, yaw_deg = map(float, line.split())
            done.append((at_s, yaw_deg))
            if at_s - done[0][0] > 1.5 * MOST_LOST_S:
                break
        process.send_signal(signal.SIGKILL)
        killed_s = time.monotonic()
    (left,) = left_behind()
    saved_deg = load_session(left).registration.pose.angles_deg[0]
    when_s = next(at_s for at_s, yaw_deg in done if abs(yaw_deg - saved_deg) < 1e-6)
    assert killed_s - when_s < MOST_LOST_S
    # Killed while it wrote, the unfinished file lies in a folder of its own, not beside it.
    assert [path.suffix for path in files(folder) if path.is_file()] == [".json"]


def test_what_a_kill_left_unfinished_is_taken_away_some_day(folder: Path) -> None:
    old, new = folder / ".brainreg3d-old", folder / ".brainreg3d-new"
    for unfinished in (old, new):
        unfinished.mkdir()
        unfinished.joinpath("1-2-3.brainreg3d.json").write_text("{")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    assert left_behind() == []
    assert not old.exists()
    assert new.exists()  # it may be written just now


class TestSaving:
    def test_a_change_is_written_although_more_follow(
        self, ready: Bench, folder: Path, qtbot: Any
    ) -> None:
        """A clock that each change starts anew would never ring while the user drags."""
        ready.autosave.save_now()
        before = files(folder)[0].read_text()

        def is_written() -> bool:
            ready.session.aligner.turn(yaw_deg=0.1)
            return files(folder)[0].read_text() != before

        qtbot.waitUntil(is_written, timeout=10 * autosave.DELAY_MS)

    def test_a_session_has_one_file_that_is_a_registration(
        self, ready: Bench, folder: Path
    ) -> None:
        ready.autosave.save_now()
        ready.session.aligner.turn(roll_deg=3.0)
        ready.autosave.save_now()
        (path,) = files(folder)
        saved = Registration.load(path)
        assert saved.pose.angles_deg == pytest.approx((0.0, 0.0, 3.0), abs=1e-9)

    def test_two_sessions_of_one_process_do_not_share_a_file(
        self, ready: Bench, folder: Path
    ) -> None:
        other = Autosave(ready.snapshot)
        other.save_now()
        ready.autosave.save_now()
        assert len(files(folder)) == 2
        other.close()
        assert len(files(folder)) == 1

    def test_nothing_is_written_before_there_is_an_alignment(
        self, bench: Bench, model: ViewerModel, picture: np.ndarray, folder: Path
    ) -> None:
        model.add_image(picture)
        bench.autosave.save_now()
        assert files(folder) == []

    def test_a_session_that_ends_in_good_order_leaves_nothing(
        self, ready: Bench, folder: Path
    ) -> None:
        ready.autosave.save_now()
        ready.close()
        ready.session.aligner.turn(yaw_deg=1.0)
        ready.autosave.save_now()
        assert files(folder) == []

    def test_it_can_be_switched_off(
        self, ready: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "napari_brainreg3d._napari.bench.current_settings",
            lambda: Settings(is_autosaving=False),
        )
        ready.autosave.close()
        off = Autosave(ready._to_autosave)
        off.save_now()
        assert files(folder) == []

    def test_a_full_disk_is_told_once(
        self, ready: Bench, told: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(autosave, "save_session", refuse)
        ready.autosave.save_now()
        ready.autosave.save_now()
        assert len(told) == 1
        assert "No space left" in told[0]


class TestLeftBehind:
    def leave(self, ready: Bench, folder: Path, name: str) -> Path:
        """A file as a process that is gone would have left it."""
        path = folder / name
        ready.save_session(path)
        return path

    def test_the_file_of_a_running_napari_is_no_left_behind_one(
        self, ready: Bench, folder: Path
    ) -> None:
        ready.autosave.save_now()
        assert left_behind() == []
        parent = psutil.Process(os.getppid())
        started_ms = round(parent.create_time() * 1000)
        self.leave(ready, folder, f"{parent.pid}-{started_ms}-1.brainreg3d.json")
        assert left_behind() == []

    def test_a_number_that_another_process_has_got_since_does_not_hide_it(
        self, ready: Bench, folder: Path
    ) -> None:
        path = self.leave(ready, folder, f"{os.getppid()}-12345-1.brainreg3d.json")
        assert left_behind() == [path]

    def test_the_newest_comes_first(self, ready: Bench, folder: Path) -> None:
        older = self.leave(ready, folder, "1-1-1.brainreg3d.json")
        newer = self.leave(ready, folder, "1-1-2.brainreg3d.json")
        os.utime(older, (1, 1))
        assert left_behind() == [newer, older]

    def test_the_panel_offers_it_and_brings_it_back(
        self,
        plugin: PluginManager,
        ready: Bench,
        folder: Path,
        tmp_path: Path,
        picture: np.ndarray,
        qtbot: Any,
    ) -> None:
        image = tmp_path / "brain.tif"
        tifffile.imwrite(image, picture)
        first = bench_for(ViewerModel())
        first.stage.viewer.open(image, plugin="napari")
        first.session.set_pixel_size((400.0, 400.0))
        first.atlases.load("demo_mouse")
        wait_for_work(qtbot, first)
        first.session.aligner.turn(yaw_deg=12.0)
        path = folder / "1-1-1.brainreg3d.json"
        first.save_session(path)

        second = bench_for(ViewerModel())
        offers = Offers(second, Links())
        qtbot.addWidget(offers)
        assert offers.isVisibleTo(None)
        assert offers.yes.text() == "Restore"
        offers.yes.click()
        wait_for_work(qtbot, second)
        assert second.session.alignment == first.session.alignment
        assert second.session.image is not None
        assert second.session.image.path == str(image)
        assert not path.exists()
        assert second.autosave.path is not None
        assert second.autosave.path.exists()  # from now on this one keeps it
        assert not offers.isVisibleTo(None)
        for bench in (first, second):
            bench.stage.close()

    def test_it_can_be_discarded(
        self, ready: Bench, folder: Path, model: ViewerModel, qtbot: Any
    ) -> None:
        path = self.leave(ready, folder, "1-1-1.brainreg3d.json")
        fresh = bench_for(ViewerModel())
        offers = Offers(fresh, Links())
        qtbot.addWidget(offers)
        offers.no.click()
        assert not path.exists()
        assert not offers.isVisibleTo(None)
        fresh.stage.close()

    def test_a_damaged_one_is_told_and_stays(
        self, bench: Bench, folder: Path, told: list[str], qtbot: Any
    ) -> None:
        path = folder / "1-1-1.brainreg3d.json"
        path.write_text(json.dumps({"format": "something else"}))
        fresh = bench_for(ViewerModel())
        fresh.restore_left_behind()
        assert len(told) == 1
        assert "not a registration" in told[0]
        assert path.exists()
        assert fresh.session.alignment is None
        fresh.stage.close()

    def test_discarding_what_is_gone_is_fine(self, folder: Path) -> None:
        discard(folder / "nothing.json")
