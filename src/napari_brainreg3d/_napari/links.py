"""Connections of a widget to what it shows, which end with the widget."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakMethod

from psygnal import SignalInstance
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget


class Links:
    """What has to be undone when a widget goes."""

    def __init__(self) -> None:
        self._ends: list[Callable[[], None]] = []
        self._is_cut = False

    @property
    def is_cut(self) -> bool:
        """Whether :meth:`cut` was called: the widget is gone, or about to."""
        return self._is_cut

    def follow(self, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        """Connect a bound method, without keeping its owner alive."""
        signal.connect(slot)
        method = WeakMethod(slot)

        def end() -> None:
            alive = method()
            if alive is not None:
                signal.disconnect(alive, missing_ok=True)

        self._ends.append(end)

    def at_end(self, end: Callable[[], None]) -> None:
        """Call ``end`` when the widget goes."""
        self._ends.append(end)

    def cut(self) -> None:
        """Undo everything, last first; doing it twice does no harm."""
        self._is_cut = True
        while self._ends:
            with suppress(RuntimeError):  # what would be undone is destroyed already
                self._ends.pop()()


class WindowWatch(QObject):
    """Knows when a window has been closed, which napari's viewers do not tell."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._is_asked = False
        window.installEventFilter(self)

    @property
    def is_gone(self) -> bool:
        """Whether the window has been closed, and did not refuse."""
        try:
            window = self.parent()  # not kept: that would keep the window
        except RuntimeError:  # destroyed, and this with it
            return True
        return self._is_asked and isinstance(window, QWidget) and not window.isVisible()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Note that somebody closes the window."""
        if event is not None and event.type() == QEvent.Type.Close:
            self._is_asked = True
        return False


class Linked(QWidget):
    """A widget with links, which are cut when it is taken out of its window or destroyed.

    Closing a dock of napari only takes the widget out of it; Python may keep it for a while.
    """

    def __init__(self) -> None:
        super().__init__()
        links = self.links = Links()
        with_window = self._with_window = Links()
        self._had_parent = False

        def on_destroyed() -> None:
            # No method: there is no widget any more when this is called.
            if not links.is_cut:
                with_window.cut()
            links.cut()

        self.destroyed.connect(on_destroyed)

    def end_with_window(self, end: Callable[[], None]) -> None:
        """Call ``end`` when the widget is destroyed while it is docked: with its window."""
        self._with_window.at_end(end)

    def event(self, event: QEvent | None) -> bool:
        """Notice that the widget was taken out of its dock."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            if self.parent() is not None:
                self._had_parent = True
            elif self._had_parent:
                self.links.cut()
        return bool(super().event(event))
