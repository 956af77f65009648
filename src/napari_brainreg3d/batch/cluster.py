"""Where the sessions run: processes of this machine, or a Dask cluster that is there already."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Final

from napari_brainreg3d.batch.record import package_version
from napari_brainreg3d.errors import BrainregError

if TYPE_CHECKING:
    from distributed import Client

_WAIT_S: Final = 30
"""How long to wait for a scheduler, and for its first worker."""

CONFIGURATION: Final = {
    "distributed.scheduler.allowed-failures": 2,
    # Outcomes are small: memory that is full is full of a session's own work.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
}
"""What differs from Dask's own settings on this machine."""


class ClusterError(BrainregError):
    """A cluster that cannot be started, reached or used."""


@contextmanager
def running_cluster(
    workers: int, *, scheduler: str | None = None, memory_limit: str = "auto"
) -> Iterator[Client]:
    """Start processes on this machine, or go to a cluster, for as long as the block runs.

    Parameters
    ----------
    workers
        Number of processes, of one thread each.
    scheduler
        Address of a running scheduler, such as ``"tcp://10.0.0.5:8786"``; None: this machine.
    memory_limit
        Of each process, such as ``"4GB"``; one that uses more is ended and started again.
        ``"auto"`` shares the memory of the machine out.

    Yields
    ------
    distributed.Client
        To submit work with.

    Raises
    ------
    ClusterError
        When dask.distributed is not installed, the scheduler does not answer, or its workers have
        another version of this package.
    """
    dask, distributed = _engine()
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(CONFIGURATION))
        # What happens to a session is told by the batch.
        stack.enter_context(distributed.utils.silence_logging_cmgr(logging.CRITICAL))
        if scheduler is not None:
            yield stack.enter_context(_existing(distributed, scheduler))
            return
        try:
            with _interrupts_held_back():
                cluster = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=memory_limit,
                    dashboard_address="127.0.0.1:0",  # any free port, not open to the network
                    silence_logs=logging.CRITICAL,
                )
                stack.enter_context(cluster)
        except (ValueError, OSError, RuntimeError) as error:
            raise ClusterError(f"cannot start {workers} processes: {error}") from error
        yield stack.enter_context(distributed.Client(cluster, set_as_default=False))


def _engine() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ClusterError(
            'batches need dask.distributed: python -m pip install "napari-brainreg3d[batch]"'
        ) from error
    return dask, distributed


@contextmanager
def _existing(distributed: Any, address: str) -> Iterator[Client]:
    try:
        distributed.comm.get_address_host_port(address)
    except ValueError as error:
        raise ClusterError(
            f"{address!r} is not the address of a Dask scheduler, such as tcp://10.0.0.5:8786: "
            f"{error}"
        ) from error
    try:
        client = distributed.Client(address, timeout=_WAIT_S, set_as_default=False)
    except OSError as error:  # a time-out is one, too
        raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError as error:
            raise ClusterError(f"the Dask scheduler at {address} has no workers") from error
        _check_versions(client, address)
        yield client


def _check_versions(client: Client, address: str) -> None:
    try:
        versions: dict[str, str] = client.run(package_version)
    except Exception as error:  # whatever a worker meets where the package is not installed
        raise ClusterError(
            f"the workers of {address} cannot import napari-brainreg3d: install it there ({error})"
        ) from error
    here = package_version()
    for worker, there in versions.items():
        if there != here:
            raise ClusterError(
                f"worker {worker} has napari-brainreg3d {there}, here it is {here}: install the "
                "same version on both"
            )


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold Ctrl+C back while the block runs, and for good from the processes that it starts.

    It reaches all processes of a terminal, but this one closes the others in good order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    noted: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        with _interrupts_kept_from_children():
            yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if noted:
        raise KeyboardInterrupt


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """What a thread holds back is held back by the threads and processes that it starts.

    Windows has no such thing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Python starts this helper with the first process, and lets Ctrl+C through again afterwards.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
