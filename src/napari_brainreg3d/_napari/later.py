"""Work in a thread whose result is taken up between two events; only the newest counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from qtpy.QtCore import QTimer

_POLL_MS: Final = 25

IsCancelled = Callable[[], bool]


class Later:
    """One piece of work at a time; a new one takes the place of the one before.

    Parameters
    ----------
    name
        Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self._job: _Job | None = None

    def start(self, work: Callable[[IsCancelled], Any], then: Callable[[Any], None]) -> None:
        """Do ``work`` in a thread, then ``then`` with its result where this was called.

        Parameters
        ----------
        work
            Is given a function that tells whether its result is still wanted.
        then
            Called unless the work was cancelled or has raised a ValueError.
        """
        self.cancel()
        self._job = _Job(self._name, work, then)
        self._timer.start(_POLL_MS)

    def cancel(self) -> None:
        """Want the result no longer."""
        self._timer.stop()
        if self._job is not None:
            self._job.is_cancelled = True
            self._job = None

    def close(self) -> None:
        """Cancel, and wait for the thread."""
        job = self._job
        self.cancel()
        self._timer.timeout.disconnect(self._look)
        if job is not None:
            job.thread.join()

    def _look(self) -> None:
        job = self._job
        if job is None:
            return
        if job.thread.is_alive():
            self._timer.start(_POLL_MS)
            return
        self._job = None
        if job.is_done:
            job.then(job.result)


class _Job:
    def __init__(
        self, name: str, work: Callable[[IsCancelled], Any], then: Callable[[Any], None]
    ) -> None:
        self.then = then
        self.result: Any = None
        self.is_cancelled = self.is_done = False

        def run() -> None:
            try:
                self.result = work(lambda: self.is_cancelled)
                self.is_done = True
            except ValueError:
                # What the user can mend is told where it is done in earnest.
                return

        self.thread = threading.Thread(target=run, name=name, daemon=True)
        self.thread.start()
