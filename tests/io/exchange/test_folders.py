"""Folders that appear whole or not at all, and libraries that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.extras import import_extra
from napari_brainreg3d.io.exchange.folders import replacing_folder


def fill_and_fail(target: Path, *, overwrite: bool) -> None:
    with replacing_folder(target, overwrite=overwrite) as temporary:
        (temporary / "half").write_text("half")
        raise RuntimeError


def test_a_folder_is_there_when_the_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "new"
    with replacing_folder(target) as temporary:
        (temporary / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_after_a_failure_the_old_one_is_untouched(tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.mkdir()
    (target / "a.txt").write_text("old")
    with pytest.raises(RuntimeError):
        fill_and_fail(target, overwrite=True)
    assert (target / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_move_that_fails_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    target = tmp_path / "old"
    target.mkdir()
    (target / "a.txt").write_text("old")
    rename = os.rename

    def failing(source, destination):
        if Path(source).parent.name == "new":
            raise OSError(28, "No space left on device")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", failing)
    with (
        pytest.raises(OutputError, match="No space left"),
        replacing_folder(target, overwrite=True) as temporary,
    ):
        (temporary / "a.txt").write_text("new")
    assert (target / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("kind", ["folder", "file", "no parent"])
def test_what_is_there_is_refused(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "there" if kind != "no parent" else tmp_path / "absent" / "there"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    with pytest.raises(OutputError, match="there"), replacing_folder(target):
        pytest.fail("must not get here")


def test_a_library_that_is_missing_is_named_with_the_cure() -> None:
    with pytest.raises(OutputError) as caught:
        import_extra("no_such_library_at_all", "nwb", "an NWB file")
    assert "\n" not in str(caught.value)
    assert 'pip install "napari-brainreg3d[nwb]"' in str(caught.value)
    assert "no_such_library_at_all" in str(caught.value)
