"""Small controls that all sections use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from qtpy.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

Control = TypeVar("Control", bound=QWidget)
Found = TypeVar("Found")


class _WheelGuard(QObject):
    """Turning the wheel over a control scrolls the panel, unless it has been clicked on."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Take wheel turns away from controls without the focus."""
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        if not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()
        return True


def calm(control: Control) -> Control:
    """Let the wheel turn a control only after it was clicked on, and return it."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(_WheelGuard(control))
    return control


def sure(found: Found | None) -> Found:
    """What Qt surely has, although its types say that it may not."""
    if found is None:
        raise RuntimeError("Qt has no such part")
    return found


@contextmanager
def silent(*widgets: QWidget) -> Iterator[None]:
    """Change controls from the program without their telling that the user did."""
    blockers = [QSignalBlocker(widget) for widget in widgets]
    try:
        yield
    finally:
        for blocker in blockers:
            blocker.unblock()


def button(name: str, text: str, tip: str) -> QPushButton:
    """A push button."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setToolTip(tip)
    return made


def check_box(name: str, text: str, tip: str, *, is_checked: bool = False) -> QCheckBox:
    """A check box."""
    made = QCheckBox(text)
    made.setObjectName(name)
    made.setToolTip(tip)
    made.setChecked(is_checked)
    return made


def combo(name: str, tip: str, items: Iterable[tuple[str, Any]] = ()) -> QComboBox:
    """A drop-down list of (text, value)."""
    made = calm(QComboBox())
    made.setObjectName(name)
    made.setToolTip(tip)
    # Long names must not make the whole panel wide.
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(6)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    for text, value in items:
        made.addItem(text, value)
    return made


def number(
    name: str, tip: str, *, low: float, high: float, step: float, decimals: int, suffix: str = ""
) -> QDoubleSpinBox:
    """A spin box whose typed number counts when it is finished, not digit by digit."""
    made = calm(QDoubleSpinBox())
    made.setObjectName(name)
    made.setToolTip(tip)
    made.setDecimals(decimals)
    made.setRange(low, high)
    made.setSingleStep(step)
    made.setSuffix(suffix)
    made.setKeyboardTracking(False)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setStepType(QAbstractSpinBox.StepType.DefaultStepType)
    return made


def whole_number(name: str, tip: str, *, low: int, high: int, prefix: str) -> QSpinBox:
    """A spin box for a whole number; a typed one counts when it is finished."""
    made = calm(QSpinBox())
    made.setObjectName(name)
    made.setToolTip(tip)
    made.setRange(low, high)
    made.setPrefix(prefix)
    made.setKeyboardTracking(False)
    return made


def note(name: str, text: str = "") -> QLabel:
    """Words that wrap."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def in_row(*widgets: QWidget, stretch: int | None = None) -> QWidget:
    """Widgets side by side; the one of number ``stretch`` takes the space that is left."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for i, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if i == stretch else 0)
    return row


def labelled(grid: QGridLayout, text: str, widget: QWidget) -> None:
    """Add a line to a grid of two columns: words, and a control."""
    row = grid.rowCount()
    label = QLabel(text)
    label.setBuddy(widget)
    grid.addWidget(label, row, 0)
    grid.addWidget(widget, row, 1)


def form() -> QGridLayout:
    """A grid of two columns, the second taking the space."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(6)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(1, 1)
    return grid


class NumberRow(QWidget):
    """One number as a slider and a spin box.

    Signals
    -------
    edited(float)
        The user has changed it.
    settled()
        The user has let go of it.
    """

    edited = Signal(float)
    settled = Signal()

    def __init__(
        self, name: str, tip: str, *, unit: str, low: float, high: float, step: float, decimals: int
    ) -> None:
        super().__init__()
        self._per_unit = 10**decimals
        self.slider = calm(QSlider(Qt.Orientation.Horizontal))
        self.slider.setObjectName(f"{name}_slider")
        self.slider.setToolTip(tip)
        self.slider.setMinimumWidth(60)
        self.spin = number(
            name, tip, low=low, high=high, step=step, decimals=decimals, suffix=f" {unit}"
        )
        self.spin.setFixedWidth(132)
        self.set_limits(low, high)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.spin)
        self.slider.valueChanged.connect(self._on_slide)
        self.slider.sliderReleased.connect(self.settled)
        self.spin.valueChanged.connect(self._on_spin)
        self.spin.editingFinished.connect(self.settled)

    def show_value(self, value: float) -> None:
        """Show a number that did not come from the user; nothing is told."""
        with silent(self.slider, self.spin):
            # A value past the limits is shown all the same: it is where the image is.
            if not self.spin.minimum() <= value <= self.spin.maximum():
                self.spin.setRange(min(self.spin.minimum(), value), max(self.spin.maximum(), value))
            self.spin.setValue(value)
            self.slider.setValue(round(value * self._per_unit))

    def set_limits(self, low: float, high: float) -> None:
        """Set the range of both controls."""
        with silent(self.slider, self.spin):
            self.spin.setRange(low, high)
            self.slider.setRange(round(low * self._per_unit), round(high * self._per_unit))

    def set_step(self, step: float) -> None:
        """Set what one press of an arrow changes."""
        self.spin.setSingleStep(step)
        self.slider.setSingleStep(max(1, round(step * self._per_unit)))
        self.slider.setPageStep(max(1, round(10 * step * self._per_unit)))

    def _on_slide(self, position: int) -> None:
        value = position / self._per_unit
        with silent(self.spin):
            self.spin.setValue(value)
        self.edited.emit(value)

    def _on_spin(self, value: float) -> None:
        with silent(self.slider):
            self.slider.setValue(round(value * self._per_unit))
        self.edited.emit(value)
