"""The widgets that napari opens: the guided panel, and two of its parts on their own.

This module is light. What is in the widgets needs libraries that take a second to import: they are
imported in a thread the first time, while the widget is on the screen already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QKeyEvent, QShowEvent
from qtpy.QtWidgets import QAbstractSpinBox, QLabel, QLineEdit, QSizePolicy, QVBoxLayout

from napari_brainreg3d._napari.links import Linked, WindowWatch
from napari_brainreg3d._napari.widgets.warming import is_warm, warm_up

if TYPE_CHECKING:
    import napari

    from napari_brainreg3d._napari.bench import Bench
    from napari_brainreg3d._napari.widgets.section import Section

TITLE: Final = "Register image to atlas"
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Docked(Linked):
    """What napari docks: the contents of one kind, over one viewer's bench."""

    kind: ClassVar[str]

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._contents: Any = None
        self._waiting: list[Callable[[Bench], None]] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        # Or else napari puts empty space under what is not there yet.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._words: QLabel | None = None
        if is_warm():
            self._fill()
        else:
            self._words = QLabel("Getting ready \u2026")
            self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._layout.addWidget(self._words)
            warm_up(self._fill)
        # A window that is never shown is closed all the same.
        QTimer.singleShot(0, self._on_docked)

    @property
    def contents(self) -> Any:
        """What is shown; raises while it is still on its way."""
        if self._contents is None:
            raise RuntimeError("the widget is not ready yet: use when_ready")
        return self._contents

    @property
    def bench(self) -> Bench:
        """What all widgets of the viewer share."""
        bench: Bench = self.contents.bench
        return bench

    def when_ready(self, act: Callable[[Bench], None]) -> None:
        """Do something with the bench, now or as soon as the contents are there."""
        if self._contents is not None:
            act(self.bench)
        else:
            self._waiting.append(act)

    def _fill(self) -> None:
        if self.links.is_cut:
            return  # closed while it was getting ready
        from napari_brainreg3d._napari.bench import bench_for
        from napari_brainreg3d._napari.widgets.kinds import KINDS

        bench = bench_for(self._viewer)
        self._contents = KINDS[self.kind](bench, self.links)
        if self._words is not None:
            self._layout.removeWidget(self._words)
            self._words.deleteLater()
            self._words = None
        self._layout.addWidget(self._contents)
        self.end_with_window(bench.stage.close)  # and with it the bench
        self._watch_window()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act(bench)

    def _on_docked(self) -> None:
        """Take the place of an older widget of the same kind, and notice when the window closes.

        napari finds a widget again by the name of its dock, which is another one from its menu than
        from a script. All that matters is in the session, which both would share.
        """
        self._watch_window()
        if self.links.is_cut or self.parent() is None:
            return
        for docked in list(self._viewer.window.dock_widgets.values()):
            if type(docked) is type(self) and docked is not self:
                with suppress(LookupError, RuntimeError):  # it is on its way out already
                    self._viewer.window.remove_dock_widget(docked)

    def _watch_window(self) -> None:
        """Have work in threads know when the window closes."""
        window = self.parentWidget()
        while window is not None and window.parentWidget() is not None:
            window = window.parentWidget()
        if window is None or self._contents is None or window.findChild(WindowWatch) is not None:
            return
        watch = WindowWatch(window)
        self.bench.jobs.is_gone = lambda: watch.is_gone

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Note the window, which is known by now."""
        super().showEvent(event)
        self._watch_window()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for all controls, as high as the window allows."""
        return QSize(max(340, self.minimumSizeHint().width()), 640)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Keep Enter in a field from going on to the viewer, where it accepts the alignment."""
        is_field = isinstance(self.focusWidget(), QAbstractSpinBox | QLineEdit)
        if event is not None and is_field and event.key() in _ENTER:
            event.accept()
        else:
            super().keyPressEvent(event)


class RegisterPanel(Docked):
    """`Register image to atlas`: everything, step by step."""

    kind = "register"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.setObjectName("register_panel")

    @property
    def sections(self) -> dict[str, Section]:
        """The five sections by name."""
        sections: dict[str, Section] = self.contents.sections
        return sections


class AlignWidget(Docked):
    """`Align`: only the placing of the image, for the viewer's session."""

    kind = "align"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.setObjectName("align_widget")


class ProjectWidget(Docked):
    """`Project`: only the projection, for the viewer's session."""

    kind = "project"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.setObjectName("project_widget")


class MeasureWidget(Docked):
    """`Measure`: traces, standard view, coordinates, files for other programs."""

    kind = "measure"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.setObjectName("measure_widget")
