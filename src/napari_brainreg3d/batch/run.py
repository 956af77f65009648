"""A batch from beginning to end."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brainreg3d.atlas.brainglobe import atlases_on_disk
from napari_brainreg3d.atlas.loading import DEMO_ATLAS, load_scene
from napari_brainreg3d.batch.cluster import running_cluster
from napari_brainreg3d.batch.files import move_into_place, remove_leftovers
from napari_brainreg3d.batch.makers import check_installed
from napari_brainreg3d.batch.manifest import SessionRow
from napari_brainreg3d.batch.session import Outcome, RunOptions, atlas_of, run_session
from napari_brainreg3d.batch.summary import make_folder, write_summary
from napari_brainreg3d.errors import BrainregError, Cancelled
from napari_brainreg3d.progress import Progress

if TYPE_CHECKING:
    from distributed import Client, Future

OnOutcome = Callable[[Outcome, int, int], None]
"""Called as ``on_outcome(outcome, done, total)`` when a session has ended."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of all sessions.

    Attributes
    ----------
    outcomes
        In the order of the manifest.
    files
        The table and the contact sheets.
    """

    outcomes: tuple[Outcome, ...]
    files: tuple[Path, ...]

    def count(self, status: str) -> int:
        """How many sessions are ``"done"``, ``"unchanged"`` or ``"failed"``."""
        return sum(outcome.status == status for outcome in self.outcomes)


def run_batch(
    rows: Sequence[SessionRow],
    summary: str | os.PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    memory_limit: str = "auto",
    options: RunOptions | None = None,
    progress: Progress | None = None,
    on_outcome: OnOutcome | None = None,
) -> BatchResult:
    """Run the sessions of a manifest in parallel processes.

    Parameters
    ----------
    rows
        From :func:`napari_brainreg3d.batch.manifest.read_manifest`.
    summary
        Folder for ``summary.csv`` and ``contact_sheet.png``, which are written anew by every run;
        made if it is not there.
    workers
        Number of processes of one thread each; by default one per processor, no more than there
        are sessions. With a scheduler, how many sessions it is given at a time; by default all.
    scheduler
        Address of a Dask scheduler to use instead of this machine. Its workers must see the files
        under the same paths.
    memory_limit
        Of each process; see :func:`napari_brainreg3d.batch.cluster.running_cluster`.
    options
        How to run the sessions.
    progress
        Told ``(done, total)`` of downloads.
    on_outcome
        Told of every session that has ended.

    Returns
    -------
    BatchResult
        A session that fails does not end the others.

    Raises
    ------
    ClusterError
        When there is nothing to run the sessions on.
    OutputError
        When the summary cannot be written.
    Cancelled
        After Ctrl+C: what was done is kept, of the rest there is nothing.

    Notes
    -----
    Processes prepare the files of a session in a hidden folder; this process moves them into
    place, so that a process that is ended, or a session that is run twice because one was, never
    leaves a broken file. Scripts must start this under ``if __name__ == "__main__":``, since the
    processes import the script that started them.
    """
    options = options or RunOptions()
    make_folder(Path(summary))
    check_installed(name for row in rows for name in row.settings.make)
    default = len(rows) if scheduler is not None else os.cpu_count() or 1
    count = max(1, min(workers or default, len(rows)))
    remove_leftovers(rows)
    outcomes: dict[int, Outcome] = {}
    try:
        with running_cluster(count, scheduler=scheduler, memory_limit=memory_limit) as client:
            _download_atlases(rows, options, progress)
            for outcome in _outcomes(client, rows, options, count):
                ended = _moved(outcome, options)
                outcomes[ended.row.line] = ended
                if on_outcome is not None:
                    on_outcome(ended, len(outcomes), len(rows))
    except KeyboardInterrupt as error:
        raise Cancelled(f"cancelled after {len(outcomes)} of {len(rows)} sessions") from error
    finally:
        remove_leftovers(rows)
    in_order = tuple(outcomes[row.line] for row in rows)
    return BatchResult(in_order, tuple(write_summary(Path(summary), in_order)))


def _download_atlases(
    rows: Sequence[SessionRow], options: RunOptions, progress: Progress | None
) -> None:
    """Fetch what is not on disk, once, before all processes do so at the same time."""
    for name in {name for row in rows if (name := _atlas_if_known(row)) not in (None, DEMO_ATLAS)}:
        if name not in atlases_on_disk(options.brainglobe_dir):
            # A session that needs it says so itself when this fails.
            with contextlib.suppress(BrainregError):
                load_scene(name, brainglobe_dir=options.brainglobe_dir, progress=progress)


def _atlas_if_known(row: SessionRow) -> str | None:
    try:
        return atlas_of(row)
    except BrainregError:
        return None


def _outcomes(
    client: Client, rows: Sequence[SessionRow], options: RunOptions, at_once: int
) -> Iterator[Outcome]:
    """Run all sessions; gives what becomes of each as soon as it is known.

    No more than ``at_once`` are handed out at a time: Dask blames a process that dies on all that
    waits there, so that nothing should.
    """
    from distributed import as_completed

    batch, waiting = uuid.uuid4().hex, iter(rows)
    running: dict[Future[Outcome], SessionRow] = {}
    ended = as_completed(loop=client.loop)  # type: ignore[no-untyped-call]

    def submit_next() -> None:
        for row in itertools.islice(waiting, 1):
            key = f"session-{batch}-{row.line}"
            future = client.submit(run_session, row, options, key=key, pure=False)
            running[future] = row
            ended.add(future)  # type: ignore[no-untyped-call]

    try:
        for _ in range(at_once):
            submit_next()
        for future in ended:
            outcome = _outcome(future, running.pop(future))
            # What is going to be in place must not be done again when its process ends.
            future.release()
            submit_next()
            yield outcome
    finally:
        client.cancel(list(running))  # type: ignore[no-untyped-call]


def _outcome(future: Future[Outcome], row: SessionRow) -> Outcome:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        problem = (
            f"its process was ended {error.allowed_failures + 1} times from outside, "
            "perhaps for lack of memory: give fewer workers or a higher memory limit"
        )
        return Outcome(row, "failed", problem)
    except CancelledError:
        problem = "the connection to the cluster was lost; start the batch again"
        return Outcome(row, "failed", problem)
    except Exception as error:  # of the cluster: what a session meets is a part of its outcome
        text = " ".join(str(error).split())
        return Outcome(row, "failed", f"the cluster failed: {type(error).__name__}: {text}")


def _moved(outcome: Outcome, options: RunOptions) -> Outcome:
    """The outcome, with its files in place."""
    if outcome.staged is None or outcome.record is None:
        return outcome
    work: tuple[Any, ...] = (outcome.row, outcome.record, outcome.staged)
    try:
        # In a thread: Ctrl+C ends the waiting for it, but not the work, which is soon done.
        with ThreadPoolExecutor(1) as pool:
            task = pool.submit(move_into_place, *work, overwrite=options.overwrite)
            record = task.result()
    except BrainregError as error:
        problem = " ".join(str(error).split())
        return dataclasses.replace(
            outcome, status="failed", problem=problem, record=None, staged=None
        )
    return dataclasses.replace(outcome, record=record, staged=None)
