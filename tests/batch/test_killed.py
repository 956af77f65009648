"""Processes that are killed while a batch runs, and Ctrl+C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from napari_brainreg3d.batch import makers
from napari_brainreg3d.batch.manifest import SessionRow, read_manifest
from napari_brainreg3d.batch.record import read_record
from napari_brainreg3d.batch.run import run_batch
from napari_brainreg3d.batch.session import Outcome
from tests.batch.conftest import write_manifest, write_session

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="skipped: no SIGKILL on Windows"),
]


@pytest.fixture
def slow(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What ``make=slow`` does, here and in the processes of the cluster."""
    from tests.batch.slow_maker import SLOW, SlowMaker

    monkeypatch.setitem(makers.MAKERS, "slow", SLOW)  # type: ignore[arg-type]
    with distributed.Client(cluster, set_as_default=False) as client:
        client.register_plugin(SlowMaker())
        yield
        client.unregister_worker_plugin("slow-maker")


def slow_rows(tmp_path: Path, names: list[str]) -> list[SessionRow]:
    data = tmp_path / "data"
    data.mkdir()
    rows = [
        {**write_session(data, name, i), "make": "slow", "output": "../out"}
        for i, name in enumerate(names)
    ]
    return read_manifest(write_manifest(data, rows))


def wait_until(is_so: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*_slow.txt")}


@pytest.mark.usefixtures("slow")
def test_a_session_whose_process_is_killed_is_done_by_another(cluster: Any, tmp_path: Path) -> None:
    """Killed with a file half written; the others go on, and none is done twice."""
    from tests.batch.slow_maker import attempts

    rows = slow_rows(tmp_path, ["a", "hangs", "b", "c", "d"])
    out = tmp_path / "out"
    seen: list[bool] = []

    def kill() -> None:
        wait_until(lambda: bool(attempts(out, "hangs")))
        hidden = list(out.glob(".hangs.*/hangs_slow.txt"))
        seen.append(bool(hidden) and not list(out.glob("hangs*")))
        os.kill(attempts(out, "hangs")[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    result = run_batch(rows, tmp_path / "summary", scheduler=cluster.scheduler_address)
    killer.join()
    assert seen == [True]
    assert [outcome.status for outcome in result.outcomes] == ["done"] * 5
    assert contents(out) == {f"{row.name}_slow.txt": "half of the whole" for row in rows}
    assert [len(attempts(out, row.name)) for row in rows] == [1, 2, 1, 1, 1]
    assert attempts(out, "hangs")[0] != attempts(out, "hangs")[1]
    assert not list(out.glob(".*"))
    again = run_batch(rows, tmp_path / "summary", scheduler=cluster.scheduler_address)
    assert [outcome.status for outcome in again.outcomes] == ["unchanged"] * 5


@pytest.mark.usefixtures("slow")
def test_finished_results_that_are_lost_with_their_process_are_done_again(
    cluster: Any, tmp_path: Path
) -> None:
    """They die while the batch is busy with the first session; that one stays as it is."""
    from tests.batch.slow_maker import attempts

    rows = slow_rows(tmp_path, ["a", "b", "c"])
    out = tmp_path / "out"
    first: list[Any] = []

    def kill_holder(outcome: Outcome, done: int, total: int) -> None:
        if done > 1:
            return
        first.append(outcome.row.name)
        tasks = cluster.scheduler.tasks
        wait_until(lambda: [task.state for task in list(tasks.values())] == ["memory"] * 2)
        (holder,) = next(iter(tasks.values())).who_has
        lost = [task.key for task in tasks.values() if holder in task.who_has]
        first.append(len(lost))
        (worker,) = (w for w in cluster.workers.values() if w.worker_address == holder.address)
        os.kill(worker.pid, signal.SIGKILL)

    result = run_batch(
        rows, tmp_path / "summary", scheduler=cluster.scheduler_address, on_outcome=kill_holder
    )
    assert [outcome.status for outcome in result.outcomes] == ["done"] * 3
    tried = {row.name: len(attempts(out, row.name)) for row in rows}
    assert tried.pop(first[0]) == 1
    assert sum(tried.values()) == 2 + first[1]  # each lost one once more
    assert first[1] >= 1
    assert contents(out) == {f"{row.name}_slow.txt": "half of the whole" for row in rows}
    assert not list(out.glob(".*"))


@pytest.mark.usefixtures("slow")
def test_a_session_that_kills_its_process_every_time_fails_alone(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process that an earlier test has ended is on its way back; alone, one would have all
    # sessions, and be blamed for all of them.
    wait_until(lambda: len(cluster.scheduler.workers) == 2)
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)  # once is enough here
    rows = slow_rows(tmp_path, ["a", "dies", "b"])
    result = run_batch(rows, tmp_path / "summary", workers=2, scheduler=cluster.scheduler_address)
    assert [outcome.status for outcome in result.outcomes] == ["done", "failed", "done"]
    assert "its process was ended" in result.outcomes[1].problem
    assert "\n" not in result.outcomes[1].problem
    out = tmp_path / "out"
    assert contents(out).keys() == {"a_slow.txt", "b_slow.txt"}
    assert not list(out.glob(".*"))
    assert not list(out.glob("dies_*"))


def test_ctrl_c_leaves_whole_sessions_and_a_restart_does_the_rest(
    cluster: Any, tmp_path: Path
) -> None:
    """The command as a user types it; Ctrl+C reaches every process of the terminal."""
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    rows = [{**write_session(data, f"s{i}", i), "make": "labels"} for i in range(25)]
    manifest = write_manifest(data, rows)
    command = [
        *(sys.executable, "-m", "napari_brainreg3d", "batch", str(manifest)),
        *("--output", str(out)),
    ]
    batch = subprocess.Popen(
        [*command, "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(list(out.glob("*_batch.json"))) >= 2 or batch.poll() is not None)
    family = psutil.Process(batch.pid).children(recursive=True)
    os.killpg(batch.pid, signal.SIGINT)
    said, complained = batch.communicate(timeout=240)
    assert batch.returncode == 130, complained
    assert complained == "cancelled; nothing half done was left behind\n"
    assert "s0: done" in said
    assert not psutil.wait_procs(family, timeout=60)[1]  # nobody is left
    assert not list(out.glob(".*"))
    planned = read_manifest(manifest, output=out)
    records = [record for row in planned if (record := read_record(row)) is not None]
    assert 2 <= len(records) < 25
    assert all(record.is_whole(out) for record in records)
    owned = {name for record in records for name in record.files}
    assert {path.name for path in out.iterdir()} == owned | {
        f"{record.session}_batch.json" for record in records
    }

    again = [*command, "--scheduler", cluster.scheduler_address]
    answer = subprocess.run(again, capture_output=True, text=True, timeout=240)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    done, unchanged = 25 - len(records), len(records)
    assert f"25 sessions: {done} done, {unchanged} unchanged, 0 failed" in answer.stdout
