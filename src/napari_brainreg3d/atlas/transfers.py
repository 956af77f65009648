"""Downloads that report how far they are, can be stopped, and leave nothing half done behind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fsspec.callbacks import Callback

Listener = Callable[[int, int], None]
"""Called as ``listener(done, total)`` files; stops the transfer by raising."""


class ReportingFileSystem:
    """A remote file system whose downloads report.

    Parameters
    ----------
    remote
        What really fetches, in the ways of ``fsspec``.
    listen
        Told the files fetched and the files known of, over all transfers.
    is_reachable
        Whether it is worth a try: without this check a server that is not there costs 10 s.
    """

    def __init__(self, remote: Any, listen: Listener, is_reachable: Callable[[], bool]) -> None:
        self._remote, self._is_reachable = remote, is_reachable
        self._callback = _Counting(listen)

    def get(self, remote: str, local: Any, *args: Any, callback: Any = None, **options: Any) -> Any:
        """Fetch files as ``fsspec`` does; ``callback`` is not called, the listener is."""
        if not self._is_reachable():
            raise ConnectionError("the server cannot be reached")
        local = Path(local)
        options["callback"] = self._callback
        if not (options.get("recursive") and local.is_dir()):
            return self._remote.get(remote, local, *args, **options)
        # The chunks of a volume: part of them would be taken for a volume that is empty in places.
        with whole_or_not_at_all(local) as staging:
            return self._remote.get(remote, staging, *args, **options)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._remote, attribute)


class _Counting(Callback):  # type: ignore[misc]
    """Counts files over all the transfers of a download."""

    def __init__(self, listen: Listener) -> None:
        super().__init__()
        self._listen, self._files, self._known = listen, 0, 0

    def set_size(self, size: int) -> None:
        self._known += size

    def relative_update(self, inc: int = 1) -> None:
        self._files += inc
        self._listen(self._files, max(self._known, self._files))


@contextmanager
def whole_or_not_at_all(folder: Path, last: str = "") -> Iterator[Path]:
    """A temporary folder whose content is moved into ``folder`` when all went well.

    Parameters
    ----------
    folder
        Where the files are to be; those that are there already stay.
    last
        Name of a folder whose files are moved after all others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Beside its destination, so that moving is renaming. A transfer that was stopped may write on
    # for a moment: that must not turn its error into another one.
    with tempfile.TemporaryDirectory(
        prefix=".download-", dir=folder, ignore_cleanup_errors=True
    ) as name:
        staging = Path(name)
        yield staging
        found = [path.relative_to(staging) for path in staging.rglob("*")]
        for path in sorted(found, key=lambda path: (last in path.parts, path)):
            place = folder / path
            if (staging / path).is_dir():
                place.mkdir(exist_ok=True)
            elif not place.exists():
                (staging / path).rename(place)
