"""Undo and redo for values that do not change once made."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

#: How many steps can be undone.
DEPTH: Final = 500


class History(Generic[Value]):
    """A line of values with a present one.

    Parameters
    ----------
    present
        The value to start from.
    """

    def __init__(self, present: Value) -> None:
        self._past: list[Value] = []
        self._future: list[Value] = []
        self._present = present
        self._merging: str | None = None

    @property
    def present(self) -> Value:
        """The value that holds now."""
        return self._present

    @property
    def can_undo(self) -> bool:
        """Whether there is a value to go back to."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone value to return to."""
        return bool(self._future)

    def push(self, value: Value, *, merge: str | None = None) -> None:
        """Make ``value`` the present one.

        Parameters
        ----------
        value
            The new present.
        merge
            Name of a gesture (a drag, a slider). Values of the same gesture, one after the other,
            are one step to undo, until :meth:`close` ends the gesture.
        """
        if value == self._present:
            return
        if merge is None or merge != self._merging:
            self._past.append(self._present)
            del self._past[:-DEPTH]
        self._merging = merge
        self._future.clear()
        self._present = value

    def close(self) -> None:
        """End the gesture: the next value is a step of its own."""
        self._merging = None

    def undo(self) -> Value:
        """Go one step back and return what holds then; stay when there is none."""
        self.close()
        if self._past:
            self._future.append(self._present)
            self._present = self._past.pop()
        return self._present

    def redo(self) -> Value:
        """Take the last undo back and return what holds then; stay when there is none."""
        self.close()
        if self._future:
            self._past.append(self._present)
            self._present = self._future.pop()
        return self._present
