"""``napari-brainreg3d batch`` as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from napari_brainreg3d.cli.app import app
from tests.batch.conftest import write_manifest, write_session


def test_a_bad_manifest_is_one_line_and_exit_code_2_and_nothing_is_made(tmp_path: Path) -> None:
    row = write_session(tmp_path, "a", 0)
    manifest = write_manifest(tmp_path, [row, {**row, "image": "none.tif"}])
    before = set(tmp_path.iterdir())
    command = [sys.executable, "-m", "napari_brainreg3d", "batch", str(manifest)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"error: {manifest}, line 3: there is no file ")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""
    assert set(tmp_path.iterdir()) == before


def test_a_failed_session_is_told_at_the_end_and_ends_with_1(cluster: Any, tmp_path: Path) -> None:
    rows = [write_session(tmp_path, name, seed) for seed, name in enumerate("abc")]
    manifest = write_manifest(tmp_path, [{**row, "make": "masks"} for row in rows])
    (tmp_path / "b.tif").write_bytes(b"")
    command = ["batch", str(manifest), "--scheduler", cluster.scheduler_address]
    command += ["--output", str(tmp_path / "out"), "--split-hemispheres", "--workers", "1"]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 1, answer.output
    assert "1/3 a: done\n2/3 b: failed\n3/3 c: done\n" in answer.stdout
    assert answer.stdout.endswith("3 sessions: 2 done, 0 unchanged, 1 failed\n")
    assert answer.stderr.startswith("b (line 3): cannot read")
    assert answer.stderr.count("\n") == 1
    assert {path.name for path in (tmp_path / "manifest_batch").iterdir()} == {
        "summary.csv",
        "contact_sheet.png",
    }
    assert (tmp_path / "out" / "a_masks.tif").is_file()
    assert '"split_hemispheres": true' in (tmp_path / "out" / "a_batch.json").read_text()
