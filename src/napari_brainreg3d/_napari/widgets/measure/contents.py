"""What is in the panel `Measure`."""

from __future__ import annotations

from typing import Any, Final

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.contents import Contents
from napari_brainreg3d._napari.widgets.measure.coordinates_section import CoordinatesSection
from napari_brainreg3d._napari.widgets.measure.exchange_section import ExchangeSection
from napari_brainreg3d._napari.widgets.measure.standard_section import StandardSection
from napari_brainreg3d._napari.widgets.measure.traces_plot import TracesPlot
from napari_brainreg3d._napari.widgets.measure.traces_section import TracesSection
from napari_brainreg3d._napari.widgets.section import Section

_TITLES: Final = {
    "traces": "Traces",
    "standard": "Standard view and drape",
    "coordinates": "Coordinates",
    "exchange": "Other programs, report",
}


class MeasureContents(Contents):
    """Sections that fold; the first is open. The plot of traces is docked when there are some."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__(bench, links)
        bodies = {
            "traces": TracesSection(bench, links),
            "standard": StandardSection(bench, links),
            "coordinates": CoordinatesSection(bench, links),
            "exchange": ExchangeSection(bench, links),
        }
        self.sections = {name: Section(name, _TITLES[name], body) for name, body in bodies.items()}
        for section in self.sections.values():
            self.column.addWidget(section)
        self.column.addStretch(1)
        self.set_bodies(*bodies.values())
        self.sections["traces"].set_open(True)
        self.plot: TracesPlot | None = None
        self._dock: Any = None
        links.follow(bench.measuring.tracing.traces_changed, self._dock_plot)
        links.follow(bench.session.projection_changed, self._say_what_is_missing)
        links.follow(bench.session.status_changed, self._say_what_is_missing)
        self._say_what_is_missing()

    def _say_what_is_missing(self, *_: object) -> None:
        session = self.bench.session
        is_aligned, is_projected = session.registration is not None, session.projection is not None
        for name, section in self.sections.items():
            is_ready = is_projected if name in ("traces", "exchange") else is_aligned
            words = "" if is_ready else "project first" if is_aligned else "align first"
            section.show_status(words, is_done=False)

    def _dock_plot(self) -> None:
        """Dock the plot under the canvas, or show it again if the user has closed it."""
        window = getattr(self.bench.stage.viewer, "window", None)
        if window is None or self.bench.measuring.tracing.traces is None:
            return
        if self.plot is None or self.plot.links.is_cut:
            self.plot = TracesPlot(self.bench)
            self._dock = window.add_dock_widget(self.plot, name="Traces", area="bottom")
        else:
            self._dock.show()
