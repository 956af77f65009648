"""How many threads share the work of one process."""

from __future__ import annotations

import os


def thread_count() -> int:
    """One per processor, or as many as ``OMP_NUM_THREADS`` says.

    That variable is understood by numerical libraries in general, and Dask sets it for the
    processes that it starts, so that they do not take processors from each other.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    return os.cpu_count() or 1
