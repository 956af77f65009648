"""Importing what the widgets need in a thread, the first time."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, Signal

_MODULE: Final = "napari_brainreg3d._napari.widgets.kinds"
#: Keeps what waits for its thread alive.
_warming: Final[set[Any]] = set()


def is_warm() -> bool:
    """Whether everything has been imported."""
    # The last name that the module defines: it may be half imported.
    return hasattr(sys.modules.get(_MODULE), "KINDS")


def warm_up(done: Callable[[], None]) -> None:
    """Import everything in a thread, then call ``done`` in the main thread."""
    warmer = _Warmer(done)
    _warming.add(warmer)
    threading.Thread(target=warmer.work, name="brainreg3d imports", daemon=True).start()


class _Warmer(QObject):
    """Lives in the main thread, where its signal arrives."""

    _ended = Signal(object)

    def __init__(self, done: Callable[[], None]) -> None:
        super().__init__()
        self._done = done
        self._ended.connect(self._on_ended)

    def work(self) -> None:
        """Import; what goes wrong is told where the user can see it."""
        failure = None
        try:
            importlib.import_module(_MODULE)
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # napari was closed meanwhile
            self._ended.emit(failure)

    def _on_ended(self, failure: Exception | None) -> None:
        _warming.discard(self)
        if failure is not None:
            notification_manager.receive_error(type(failure), failure, failure.__traceback__)
        else:
            with suppress(RuntimeError):  # the widget was destroyed meanwhile
                self._done()
