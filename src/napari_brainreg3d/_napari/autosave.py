"""The session in the user's data folder while it is worked on, so that a crash loses little.

A file is there as long as its napari runs: one whose process is gone was left by a crash.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final

import platformdirs
import psutil  # type: ignore[import-untyped]
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.persistence import SavedSession, save_session
from napari_brainreg3d._napari.work import tell
from napari_brainreg3d.atomic import TEMPORARY
from napari_brainreg3d.errors import BrainregError, OutputError
from napari_brainreg3d.registration.registration import SUFFIX

#: A change is on disk this much later, at the latest, ms.
DELAY_MS: Final = 500

#: A kill may leave a file half written; after so long, s, nobody is writing it any more.
_UNFINISHED_FOR_S: Final = 24 * 3600

_numbers = itertools.count(1)


def autosave_folder() -> Path:
    """Where sessions are kept while they are worked on; made if need be."""
    folder = platformdirs.user_data_path("napari-brainreg3d") / "autosave"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Autosave:
    """Keeps one session's file up to date.

    Parameters
    ----------
    snapshot
        What to save now; None when there is nothing worth it.
    """

    def __init__(self, snapshot: Callable[[], SavedSession | None]) -> None:
        self._snapshot = snapshot
        self._path: Path | None = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.save_now)
        self._removals: list[weakref.finalize[[Path], Autosave]] = []
        self._is_closed = False
        self._has_failed = False

    @property
    def path(self) -> Path | None:
        """The file, None before the first save."""
        return self._path

    def touch(self) -> None:
        """Note a change. The clock is not started anew, or a long drag would never be saved."""
        if not self._is_closed and not self._timer.isActive():
            self._timer.start()

    def save_now(self) -> None:
        """Write the file, whole or not at all; a full disk is told once."""
        self._timer.stop()
        saved = None if self._is_closed else self._snapshot()
        if saved is None:
            return
        try:
            if self._path is None:
                self._path = autosave_folder() / _own_name()
                # Runs when napari ends in any orderly way, not when it is killed.
                self._removals.append(weakref.finalize(self, discard, self._path))
            save_session(self._path, saved, overwrite=True)
        except (OSError, OutputError) as error:
            if not self._has_failed:
                tell(f"The session cannot be kept for a crash: {error}")
            self._has_failed = True

    def set_aside(self) -> None:
        """Bring the file up to date and leave it as it is; from now on another one is written."""
        self.save_now()
        self._path = None

    def close(self) -> None:
        """Stop, and take the files away: the session has ended in good order."""
        self._is_closed = True
        self._timer.stop()
        for remove in self._removals:
            remove()


def left_behind() -> list[Path]:
    """Sessions that a crash left, newest first; what was left unfinished long ago goes."""
    folder = autosave_folder()
    for unfinished in folder.glob(f"{TEMPORARY}*"):
        if unfinished.stat().st_mtime < time.time() - _UNFINISHED_FOR_S:
            shutil.rmtree(unfinished, ignore_errors=True)
    files = [path for path in folder.glob(f"*{SUFFIX}") if not _is_in_use(path)]
    return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)


def discard(path: Path) -> None:
    """Take a file away; one that is gone is fine."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BrainregError(f"cannot remove {path}: {error.strerror}") from error


def _own_name() -> str:
    process = psutil.Process()
    return f"{process.pid}-{_started_ms(process)}-{next(_numbers)}{SUFFIX}"


def _is_in_use(path: Path) -> bool:
    """Whether the napari that writes the file still runs."""
    digits = path.name.removesuffix(SUFFIX).split("-")
    if len(digits) != 3 or not all(part.isdecimal() for part in digits):
        return False
    pid, started_ms, _ = map(int, digits)
    if pid == os.getpid():
        return started_ms == _started_ms(psutil.Process())
    try:
        # Numbers of processes are used again; their time of birth tells them apart.
        return started_ms == _started_ms(psutil.Process(pid))
    except psutil.Error:
        return False


def _started_ms(process: psutil.Process) -> int:
    created_s: float = process.create_time()
    return round(created_s * 1000)
