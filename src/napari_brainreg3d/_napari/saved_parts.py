"""What other parts of the plugin save with a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class SavedParts:
    """Parts of a session's file by name; each is written and read by who has registered it.

    What nobody here knows, a file of a later version say, is kept and written again.
    """

    def __init__(self) -> None:
        self._save: dict[str, Callable[[], Any]] = {}
        self._restore: dict[str, Callable[[Any], None]] = {}
        self._others: dict[str, Any] = {}

    def register(self, name: str, save: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        """Have a part of the file.

        Parameters
        ----------
        name
            Of the part.
        save
            Returns what JSON can hold, or None for nothing to save.
        restore
            Takes what ``save`` has returned up again; None when a file has no such part.
        """
        self._save[name], self._restore[name] = save, restore

    def snapshot(self) -> dict[str, Any]:
        """All parts that have something to save."""
        own = {name: save() for name, save in self._save.items()}
        return self._others | {name: part for name, part in own.items() if part is not None}

    def restore(self, parts: Mapping[str, Any]) -> None:
        """Give everybody their part back."""
        self._others = {name: part for name, part in parts.items() if name not in self._restore}
        for name, restore in self._restore.items():
            restore(parts.get(name))
