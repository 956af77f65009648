"""How long-running work reports to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

from napari_brainreg3d.errors import Cancelled

Progress = Callable[[int, int], bool | None]
"""Called as ``progress(done, total)``; returning ``False`` cancels the work."""


def report(progress: Progress | None, done: int, total: int) -> None:
    """Tell ``progress`` how far the work is.

    Parameters
    ----------
    progress
        The listener, or None when nobody listens.
    done, total
        Finished and planned steps, in whatever the work counts.

    Raises
    ------
    Cancelled
        When the listener answered ``False``.
    """
    if progress is not None and progress(done, total) is False:
        raise Cancelled(f"cancelled after {done} of {total} steps")
