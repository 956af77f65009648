"""How many threads a process uses."""

from __future__ import annotations

import os

import pytest

from napari_brainreg3d.threads import thread_count


@pytest.mark.parametrize(("said", "expected"), [("1", 1), ("3", 3)])
def test_the_environment_decides(said: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert thread_count() == expected


@pytest.mark.parametrize("said", ["", "0", "-2", "4,2", "many"])
def test_otherwise_there_is_one_per_processor(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert thread_count() == os.cpu_count()
