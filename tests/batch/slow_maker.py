"""Something to make that takes as long as a test wants, or that ends its process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin

from napari_brainreg3d.batch import makers
from napari_brainreg3d.batch.makers import Maker
from napari_brainreg3d.batch.products import SessionWork


def attempts(output: Path, name: str) -> list[int]:
    """The processes that have begun with a session, in order."""
    file = output.with_name(f"{name}.attempts")
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def write_slowly(work: SessionWork, folder: Path) -> None:
    """Note the process; the first one of ``hangs`` stops half way, each of ``dies`` ends."""
    name = work.row.name
    with work.row.output.with_name(f"{name}.attempts").open("a") as file:
        file.write(f"{os.getpid()}\n")
    target = folder / f"{name}_slow.txt"
    with target.open("w") as result:
        result.write("half of ")
        result.flush()
        if name == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "hangs" and len(attempts(work.row.output, name)) == 1:
            time.sleep(120)
        result.write("the whole")


SLOW = Maker(write_slowly, "for tests")


class SlowMaker(WorkerPlugin):  # type: ignore[misc]
    """Adds it to the table of every process, also of those that are started again."""

    name = "slow-maker"

    def setup(self, worker: Any) -> None:
        makers.MAKERS["slow"] = SLOW  # type: ignore[index]
