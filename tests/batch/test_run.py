"""Batches on a real cluster of processes: what is done, skipped, done again, and what fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

import napari_brainreg3d as br
from napari_brainreg3d.batch.manifest import SessionRow
from napari_brainreg3d.batch.record import read_record
from napari_brainreg3d.batch.run import BatchResult, run_batch
from napari_brainreg3d.batch.session import RunOptions
from napari_brainreg3d.batch.settings import settings_from
from napari_brainreg3d.errors import Cancelled
from napari_brainreg3d.io.label_tiff import read_labels
from tests.batch.conftest import small_registration

Run = Callable[..., BatchResult]
Sessions = Callable[..., list[SessionRow]]


@pytest.fixture
def run(cluster: Any, tmp_path: Path) -> Run:
    """Run rows on the cluster; keywords are those of the options."""

    def run_on(rows: list[SessionRow], **options: Any) -> BatchResult:
        folder = tmp_path / "summary"
        return run_batch(
            rows, folder, scheduler=cluster.scheduler_address, options=RunOptions(**options)
        )

    return run_on


def statuses(result: BatchResult) -> list[str]:
    return [outcome.status for outcome in result.outcomes]


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()
    }  # fmt: skip


def remade(row: SessionRow, **settings: Any) -> SessionRow:
    changed = settings_from(settings, row.settings)
    return SessionRow(row.line, row.name, row.output, changed, **row.inputs)


def test_each_session_gives_what_its_projection_gives(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    rows = sessions(3)
    result = run(rows)
    assert statuses(result) == ["done"] * 3
    scene = br.load_scene("demo_mouse", small_registration().regions)
    for seed, row in enumerate(rows):
        placed = small_registration().replaced(pixel_size_um=(176.0, 176.0 + seed))
        expected = br.project(scene, placed).labels
        assert_array_equal(read_labels(row.output / f"s{seed}_labels.tif").labels, expected)
        assert expected.any()
    names = {path.name for path in (tmp_path / "out").iterdir()}
    ends = ("_labels.tif", "_regions.csv", "_batch.png", "_batch.json")
    assert names == {f"s{i}{end}" for i in range(3) for end in ends}  # no hidden folder, either

    table = pd.read_csv(tmp_path / "summary" / "summary.csv")
    assert table["session"].tolist() == ["s0", "s1", "s2"]
    assert table["line"].tolist() == [2, 3, 4]
    assert (table["status"] == "done").all()
    assert table["conventions"].str.contains("right to left").all()
    sheet = np.asarray(Image.open(tmp_path / "summary" / "contact_sheet.png"))
    assert sheet.shape[0] > 3 * 210
    assert len(np.unique(sheet[:, 400:], axis=0)) > 100  # pictures, not empty boxes


def test_what_is_done_and_unchanged_is_left_alone(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    rows = sessions(2)
    run(rows)
    before = state(tmp_path / "out")
    assert statuses(run(rows)) == ["unchanged"] * 2
    assert state(tmp_path / "out") == before
    table = pd.read_csv(tmp_path / "summary" / "summary.csv")
    assert (table["status"] == "unchanged").all()
    assert table["regions_in_view"].notna().all()
    # Moved to another place, with other times: the content counts.
    for path in (tmp_path / "data").iterdir():
        os.utime(path, (1, 1))
    assert statuses(run(rows)) == ["unchanged"] * 2
    assert statuses(run(rows, redo=True)) == ["done"] * 2


@pytest.mark.parametrize("what", ["image", "registration", "setting", "result is gone", "version"])
def test_what_has_changed_is_done_again_and_nothing_else(
    run: Run, sessions: Sessions, tmp_path: Path, what: str
) -> None:
    rows = sessions(2)
    run(rows)
    before = state(tmp_path / "out")
    if what == "image":
        shutil.copy(rows[0].image, rows[1].image)
        placed = br.Registration.load(str(rows[1].registration))
        sha256 = br.read_image(rows[0].image).sha256
        placed.replaced(image_sha256=sha256).save(str(rows[1].registration), overwrite=True)
    elif what == "registration":
        placed = br.Registration.load(str(rows[1].registration))
        placed.replaced(pixel_size_um=150.0).save(str(rows[1].registration), overwrite=True)
    elif what == "setting":
        rows[1] = remade(rows[1], split_hemispheres="yes")
    elif what == "version":
        path = tmp_path / "out" / "s1_batch.json"
        old = path.read_text().replace('"package_version": "', '"package_version": "0.0.1 of ')
        path.write_text(old)
    else:
        (tmp_path / "out" / "s1_regions.csv").unlink()
    assert statuses(run(rows)) == ["unchanged", "done"]
    after = state(tmp_path / "out")
    assert {name for name in after if after[name] != before[name]} == {
        name for name in before if name.startswith("s1_")
    }
    assert statuses(run(rows)) == ["unchanged", "unchanged"]


def test_a_failing_session_does_not_stop_the_others_and_a_restart_does_only_that(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    rows = sessions(4)
    whole = rows[1].image.read_bytes()
    rows[1].image.write_bytes(whole[:1000])
    tifffile.imwrite(rows[2].image, np.zeros((9, 9), np.uint16))
    result = run(rows)
    assert statuses(result) == ["done", "failed", "failed", "done"]
    assert "cannot read" in result.outcomes[1].problem
    assert "9 x 9 pixels" in result.outcomes[2].problem
    assert not any("\n" in outcome.problem for outcome in result.outcomes)
    assert {path.name[:2] for path in (tmp_path / "out").iterdir()} == {"s0", "s3"}
    table = pd.read_csv(tmp_path / "summary" / "summary.csv", index_col="session")
    assert table["problem"].notna().tolist() == [False, True, True, False]

    rows[1].image.write_bytes(whole)
    assert statuses(run(rows)) == ["unchanged", "done", "failed", "unchanged"]


def test_a_registration_of_other_pixels_needs_force_every_time(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    rows = sessions(1)
    pixels = np.array(tifffile.imread(rows[0].image))
    pixels[0, 0] += 1
    tifffile.imwrite(rows[0].image, pixels)
    result = run(rows)
    assert statuses(result) == ["failed"]
    assert "--force" in result.outcomes[0].problem
    assert not (tmp_path / "out").exists()
    assert statuses(run(rows, force=True)) == ["done"]
    assert statuses(run(rows, force=True)) == ["unchanged"]
    assert statuses(run(rows)) == ["failed"]


def test_files_that_are_not_of_the_batch_stay_without_overwrite(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    rows = sessions(2)
    (tmp_path / "out").mkdir()
    foreign = tmp_path / "out" / "s0_regions.csv"
    foreign.write_text("mine")
    result = run(rows)
    assert statuses(result) == ["failed", "done"]
    assert "--overwrite" in result.outcomes[0].problem
    assert [path.name for path in (tmp_path / "out").glob("s0*")] == ["s0_regions.csv"]
    assert foreign.read_text() == "mine"
    assert statuses(run(rows, overwrite=True)) == ["done", "unchanged"]
    assert "VISp" in foreign.read_text()

    with foreign.open("a") as file:  # now one of ours, with a line added by hand
        file.write("mine")
    assert "was changed" in run(rows).outcomes[0].problem
    assert foreign.read_text().endswith("mine")
    assert statuses(run(rows, overwrite=True)) == ["done", "unchanged"]


def test_more_to_make_is_added_and_less_removes_nothing(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    (row,) = sessions(1)
    run([row])
    assert statuses(run([remade(row, make="masks maps")])) == ["done"]
    names = {path.name.removeprefix("s0") for path in (tmp_path / "out").iterdir()}
    assert {"_labels.tif", "_masks.tif", "_depth_um.tif", "_atlas_um.tif"} <= names
    for make in ("labels", "masks", "maps labels"):
        assert statuses(run([remade(row, make=make)])) == ["unchanged"]
    assert statuses(run([remade(row, make="labels", k="5")])) == ["done"]
    # What went with the other settings would be wrong now.
    names = {path.name.removeprefix("s0") for path in (tmp_path / "out").iterdir()}
    assert names == {"_labels.tif", "_regions.csv", "_batch.png", "_batch.json"}


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_files_of_a_run_that_was_ended_while_it_moved_them_are_replaced(
    run: Run, sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """The power fails after the record of what is to come, and some of the files."""
    (row,) = sessions(1)
    run([row])
    changed = remade(row, split_hemispheres="yes")
    real = os.replace
    done: list[str] = []

    def failing(source: Path, target: Path) -> None:
        if not str(target).endswith(".json"):
            if len(done) == moved:
                raise KeyboardInterrupt
            done.append(str(target))
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", failing)
        with pytest.raises(Cancelled):
            run([changed])
    record = read_record(row)
    assert record is not None
    assert record.state == "writing"
    assert not list((tmp_path / "out").glob(".*"))
    assert statuses(run([changed])) == ["done"]
    regions = pd.read_csv(tmp_path / "out" / "s0_regions.csv")
    assert set(regions["hemisphere"]) == {"left", "right"}
    assert statuses(run([changed])) == ["unchanged"]


def test_hidden_folders_of_an_ended_run_are_removed(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    rows = sessions(1)
    left = tmp_path / "out" / ".s0.brainreg3d-batch-abc"
    other = tmp_path / "out" / ".s00.brainreg3d-batch-abc"
    for folder in (left, other):
        folder.mkdir(parents=True)
        (folder / "half").write_text("")
    run(rows)
    assert not left.exists()
    assert other.exists()


def test_a_movie_is_hashed_again_only_when_its_time_or_size_has_changed(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    movie = tmp_path / "data" / "m.npy"
    rows = sessions(1)
    movie.write_bytes(b"frames")
    rows = [SessionRow(2, "s0", rows[0].output, rows[0].settings, **rows[0].inputs, movie=movie)]
    assert statuses(run(rows)) == ["done"]
    os.utime(movie, (1, 1))
    assert statuses(run(rows)) == ["unchanged"]
    movie.write_bytes(b"FRAMES")
    assert statuses(run(rows)) == ["done"]


def test_a_cluster_that_does_not_answer_is_one_line(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_brainreg3d.batch import cluster

    monkeypatch.setattr(cluster, "_WAIT_S", 0.5)
    with pytest.raises(cluster.ClusterError, match=r"tcp://127\.0\.0\.1:9"):
        run_batch(sessions(1), tmp_path, scheduler="tcp://127.0.0.1:9")


def test_an_address_that_is_none_is_one_line(sessions: Sessions, tmp_path: Path) -> None:
    with pytest.raises(br.BrainregError, match="'nonsense' is not the address"):
        run_batch(sessions(1), tmp_path, scheduler="nonsense")


def test_without_dask_one_line_says_what_to_install(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(br.BrainregError, match=r"napari-brainreg3d\[batch\]"):
        run_batch(sessions(1), tmp_path)


def test_workers_with_another_version_are_refused(
    run: Run, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_brainreg3d.batch import cluster

    # Asked in its own process, each gives another answer.
    monkeypatch.setattr(cluster, "package_version", lambda: f"9.{os.getpid()}")
    with pytest.raises(cluster.ClusterError, match=rf"here it is 9\.{os.getpid()}"):
        run(sessions(1))
