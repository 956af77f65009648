"""Long work in threads, with progress and cancelling, and telling the user what went wrong."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Final, TypeVar

from napari.utils.notifications import notification_manager, show_warning
from psygnal import Signal
from qtpy.QtCore import QObject, QTimer
from qtpy.QtCore import Signal as QtSignal

from napari_brainreg3d.errors import BrainregError, Cancelled
from napari_brainreg3d.progress import Progress

Result = TypeVar("Result")

#: Progress is told to the window at most this often, s.
_TELL_EVERY_S: Final = 0.04

#: Between two steps of showing a result, ms: with less, Qt may take two of them together.
_BREATH_MS: Final = 2

#: Work of one kind waits for its predecessor, also that of another viewer: scenes are shared.
_ONE_AT_A_TIME: Final[dict[str, threading.Lock]] = defaultdict(threading.Lock)


def tell(message: str | Exception) -> None:
    """Show the user one notification about something to mend."""
    show_warning(str(message))


@contextmanager
def telling() -> Iterator[None]:
    """Turn an error that the user can mend into a notification; the block ends there."""
    try:
        yield
    except BrainregError as error:
        tell(error)


class Jobs:
    """The work of one viewer that runs in threads: of each kind, only the newest counts.

    Signals
    -------
    started(str), ended(str)
        A kind of work has begun, or has come to its end in any way.
    progressed(str, int, int)
        Kind, steps done, steps planned.

    Attributes
    ----------
    is_gone
        Answers whether the window was closed meanwhile: results are then dropped.
    """

    started: ClassVar[Signal] = Signal(str)
    ended: ClassVar[Signal] = Signal(str)
    progressed: ClassVar[Signal] = Signal(str, int, int)

    def __init__(self) -> None:
        self._running: dict[str, _Job] = {}
        self.is_gone: Callable[[], bool] = lambda: False

    @property
    def is_busy(self) -> bool:
        """Whether work of any kind is under way."""
        return bool(self._running)

    def is_running(self, kind: str) -> bool:
        """Whether work of a kind is under way and still wanted."""
        return kind in self._running

    def start(
        self,
        kind: str,
        work: Callable[[Progress], Result],
        done: Callable[[Result], Iterator[None] | None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run ``work`` in a thread; work of the same kind that still runs is cancelled.

        Parameters
        ----------
        kind
            What sort of work it is, e.g. ``"atlas"``.
        work
            Is given a progress callback, which answers False when the work is cancelled.
        done
            Called with the result, in the main thread, unless cancelled. When it takes long it is a
            generator: between two of its steps the window lives, and the work still counts as
            under way; it is closed when it is cancelled meanwhile.
        failed
            Called in the main thread after the user was told of the error.
        """
        before = self._running.get(kind)
        if before is not None:
            before.cancel()
        job = self._running[kind] = _Job(kind, work)
        job.progressed.connect(lambda ready, total: self._on_progress(job, ready, total))

        def on_end(result: Any, error: Exception | None) -> None:
            self._on_end(job, result, error, done, failed)

        job.on_end = on_end
        self.started.emit(kind)
        job.begin()

    def cancel(self, kind: str) -> None:
        """Stop caring about work of a kind; its thread ends as soon as it hears of it."""
        job = self._running.pop(kind, None)
        if job is not None:
            job.cancel()
            self.ended.emit(kind)

    def cancel_all(self) -> None:
        """Cancel work of every kind."""
        for kind in list(self._running):
            self.cancel(kind)

    def _on_progress(self, job: _Job, ready: int, total: int) -> None:
        if self._running.get(job.kind) is job:
            self.progressed.emit(job.kind, ready, total)

    def _on_end(
        self,
        job: _Job,
        result: Any,
        error: Exception | None,
        done: Callable[[Any], Iterator[None] | None],
        failed: Callable[[Exception], None] | None,
    ) -> None:
        if not self._is_wanted(job):
            return
        del self._running[job.kind]
        try:
            if error is None:
                job.steps = done(result)
            else:
                self._tell(error)
                if failed is not None:
                    failed(error)
        finally:
            if job.steps is None:
                self.ended.emit(job.kind)
        if job.steps is not None:
            self._running[job.kind] = job
            self._step(job)

    def _is_wanted(self, job: _Job) -> bool:
        """Whether it was not cancelled or replaced by newer work, and somebody is left to see."""
        return self._running.get(job.kind) is job and not self.is_gone()

    def _step(self, job: _Job) -> None:
        """Do the next part of showing a result; the one after it when the window has lived."""
        if not self._is_wanted(job) or job.steps is None:
            return
        try:
            next(job.steps)
        except StopIteration:
            self._finish(job)
        except Exception as error:  # also of napari and of what follows the session
            self._finish(job)
            self._tell(error)
        else:
            QTimer.singleShot(_BREATH_MS, lambda: self._step(job))

    def _finish(self, job: _Job) -> None:
        if self._running.get(job.kind) is job:
            del self._running[job.kind]
        self.ended.emit(job.kind)

    @staticmethod
    def _tell(error: Exception) -> None:
        if isinstance(error, BrainregError):
            tell(error)
        elif not isinstance(error, Cancelled):
            notification_manager.receive_error(type(error), error, error.__traceback__)


class _Job(QObject):
    """One piece of work and its thread; lives in the main thread, where its signals arrive."""

    progressed = QtSignal(int, int)
    _ended = QtSignal(object, object)

    def __init__(self, kind: str, work: Callable[[Progress], Any]) -> None:
        super().__init__()
        self.kind = kind
        self.is_cancelled = False
        self.on_end: Callable[[Any, Exception | None], None] | None = None
        self.steps: Iterator[None] | None = None
        self._work = work
        self._told_s = 0.0
        # Emitted in the thread, received where this object lives.
        self._ended.connect(self._on_ended)

    def begin(self) -> None:
        """Start the thread."""
        # A daemon, so that a download that hangs does not keep napari from closing.
        threading.Thread(target=self._run, name=f"brainreg3d {self.kind}", daemon=True).start()

    def cancel(self) -> None:
        """Want the result no longer; what of it is shown already is taken back."""
        self.is_cancelled = True
        steps, self.steps = self.steps, None
        if isinstance(steps, Generator):
            steps.close()

    def _run(self) -> None:
        result, failure = None, None
        try:
            with _ONE_AT_A_TIME[self.kind]:
                if self.is_cancelled:
                    raise Cancelled(f"{self.kind} was cancelled")
                result = self._work(self._report)
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # napari was closed meanwhile: nobody is left to hear it
            self._ended.emit(result, failure)

    def _report(self, ready: int, total: int) -> bool:
        now = time.monotonic()
        if ready >= total or now - self._told_s >= _TELL_EVERY_S:
            self._told_s = now
            with suppress(RuntimeError):
                self.progressed.emit(ready, total)
        return not self.is_cancelled

    def _on_ended(self, result: Any, failure: Exception | None) -> None:
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end(result, failure)
        self.deleteLater()
