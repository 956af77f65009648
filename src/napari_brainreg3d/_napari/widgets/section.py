"""A part of the panel that folds: number, title, what is missing or what was chosen."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget


class ElidedLabel(QLabel):
    """One line that ends in dots when there is no room for all of it."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    @property
    def whole_text(self) -> str:
        """The text with nothing left out."""
        return self._whole

    def show_text(self, text: str) -> None:
        """Show a text, as much as fits; all of it is in the tool tip."""
        self._whole = text
        self.setToolTip(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Fit the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        dots = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._whole, dots, self.width()))


class Section(QWidget):
    """A header that folds what is under it.

    Signals
    -------
    toggled(bool)
        The user has opened or folded it.
    """

    toggled = Signal(bool)

    def __init__(self, name: str, title: str, body: QWidget) -> None:
        super().__init__()
        self.setObjectName(f"{name}_section")
        self.name, self.body = name, body
        self.header = QToolButton()
        self.header.setObjectName(f"{name}_header")
        self.header.setText(title)
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setStyleSheet("QToolButton { border: none; font-weight: bold; padding: 3px; }")
        self.status = ElidedLabel()
        self.status.setObjectName(f"{name}_status")
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 4, 0)
        top.addWidget(self.header)
        top.addWidget(self.status, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(body)
        body.setContentsMargins(10, 0, 2, 6)
        self.header.toggled.connect(self._on_toggled)
        self._on_toggled(False)

    @property
    def is_open(self) -> bool:
        """Whether the body is shown."""
        return self.header.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or fold the body."""
        self.header.setChecked(is_open)

    def show_status(self, text: str, *, is_done: bool) -> None:
        """Say what is missing, or what was chosen."""
        mark = "\u2713 " if is_done else ""
        self.status.show_text(mark + text)
        self.status.setEnabled(not is_done)

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self.body.setVisible(is_open)
        self.toggled.emit(is_open)
