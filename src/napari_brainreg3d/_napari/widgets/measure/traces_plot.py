"""One line per region over time, with a cursor that goes with napari's slider."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Linked
from napari_brainreg3d.results.traces import Traces

#: Lines in the legend; with more of them it would cover the plot.
_MOST_IN_LEGEND: Final = 16
#: Opacity of what is under the legend's words, of 255.
_LEGEND_ALPHA: Final = 190
#: Lines in a column of the legend.
_PER_COLUMN: Final = 3
#: Or else napari makes the dock so low that nothing can be seen.
_LOWEST_PX: Final = 98


class TracesPlot(Linked):
    """The chosen traces in the colours of the atlas; the right side is dashed."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.setObjectName("traces_plot")
        self._bench = bench
        self._tracing = bench.measuring.tracing
        self.plot = _plot_within(self)
        self.item: Any = self.plot.getPlotItem()
        self.item.showGrid(x=True, y=True, alpha=0.15)
        self.item.setDownsampling(auto=True, mode="peak")
        self.item.setClipToView(True)
        for side in ("left", "bottom"):
            self.item.getAxis(side).enableAutoSIPrefix(False)
        self.legend: Any = self.item.addLegend(offset=(-8, 4), labelTextSize="8pt", verSpacing=-6)
        self.plot.setMinimumHeight(_LOWEST_PX)
        self.marker = pg.InfiniteLine(angle=90, movable=True)
        self.item.addItem(self.marker, ignoreBounds=True)
        self.lines: dict[str, Any] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.addWidget(self.plot)
        self.marker.sigPositionChanged.connect(self._on_cursor)
        self.links.follow(self._tracing.traces_changed, self.refresh)
        self.links.follow(self._tracing.drawn_changed, self.refresh)
        self.links.follow(bench.stage.frame_changed, self._on_frame)
        events = bench.stage.viewer.events.theme
        events.connect(self._on_theme)
        self.links.at_end(lambda: events.disconnect(self._on_theme))
        self._on_theme()
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Low and wide: it is docked under the canvas."""
        return QSize(640, 220)

    def refresh(self) -> None:
        """Draw the chosen traces."""
        traces = self._tracing.traces
        for line in self.lines.values():
            self.item.removeItem(line)
        self.lines.clear()
        named = min(len(self._tracing.drawn), _MOST_IN_LEGEND)
        self.legend.setColumnCount(max(1, -(-named // _PER_COLUMN)))
        self.marker.setVisible(traces is not None and self._tracing.is_in_viewer)
        if traces is None:
            return
        times = self._times(traces)
        regions = traces.regions.set_index("column")
        for number, name in enumerate(self._tracing.drawn):
            region = regions.loc[name]
            pen = pg.mkPen(
                _readable(str(region["color"]), self._is_dark),
                width=1.5,
                style=_style(str(region["hemisphere"])),
            )
            self.lines[name] = self.item.plot(
                times,
                traces.table[name].to_numpy(),
                pen=pen,
                name=name if number < _MOST_IN_LEGEND else None,
                connect="finite",
            )
        words = {"mean": "mean", "sum": "sum"}.get(traces.settings["statistic"], "median of means")
        is_dff = traces.settings["dff_baseline"] is not None
        self.item.setLabel("left", "dF/F" if is_dff else f"{words} of pixels")
        self.item.setLabel("bottom", "frame" if traces.fps is None else "time, s")
        self._on_frame()

    def _times(self, traces: Traces) -> Any:
        seconds = traces.time_s
        return np.arange(len(traces.table), dtype=float) if seconds is None else seconds

    # ------------------------------------------------------------------------------- the cursor

    def _on_frame(self, *_: object) -> None:
        traces = self._tracing.traces
        if traces is not None and self._tracing.is_in_viewer:
            self.marker.blockSignals(True)
            self.marker.setValue(self._bench.stage.frame / (traces.fps or 1.0))
            self.marker.blockSignals(False)

    def _on_cursor(self) -> None:
        traces = self._tracing.traces
        if traces is not None and self._tracing.is_in_viewer:
            frame = round(float(self.marker.value()) * (traces.fps or 1.0))
            self._bench.stage.set_frame(int(np.clip(frame, 0, len(traces.table) - 1)))

    # ------------------------------------------------------------------------------- its colours

    def _on_theme(self, event: Any = None) -> None:
        theme = get_theme(self._bench.stage.viewer.theme)
        self._is_dark = sum(theme.background.as_rgb_tuple()[:3]) < 3 * 128
        text = theme.text.as_hex()
        self.plot.setBackground(theme.background.as_hex())
        for side in ("left", "bottom"):
            axis = self.item.getAxis(side)
            axis.setPen(text)
            axis.setTextPen(text)
        self.legend.setLabelTextColor(text)
        paper = pg.mkColor(theme.background.as_hex())
        paper.setAlpha(_LEGEND_ALPHA)
        self.legend.setBrush(pg.mkBrush(paper))
        self.marker.setPen(pg.mkPen(theme.current.as_hex(), width=1.5))
        self.refresh()


def _plot_within(owner: QWidget) -> Any:
    """An empty plot; the menus that it makes besides are destroyed with their owner."""
    before = set(QApplication.topLevelWidgets())
    made = pg.PlotWidget(parent=owner, enableMenu=False)
    for widget in set(QApplication.topLevelWidgets()) - before:
        if widget.parent() is None and widget is not owner:
            widget.setParent(owner, widget.windowFlags())
    return made


def _style(hemisphere: str) -> Qt.PenStyle:
    return Qt.PenStyle.DashLine if hemisphere == "right" else Qt.PenStyle.SolidLine


def _readable(color: str, is_dark: bool) -> Any:
    """The atlas's colour, darker on white paper where it is too pale to be seen."""
    made = pg.mkColor(color)
    if is_dark:
        return made.lighter(130) if made.lightness() < 90 else made
    return made.darker(160) if made.lightness() > 150 else made
