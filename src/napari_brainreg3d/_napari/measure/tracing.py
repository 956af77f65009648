"""Traces of the regions of the present result: where the movie is, how, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from psygnal import Signal

from napari_brainreg3d.errors import ImageError, OutputError, RegistrationError
from napari_brainreg3d.io.movies import open_movie
from napari_brainreg3d.io.traces import write_traces
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.results.traces import Statistic, Traces, region_traces

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

#: The kind of work.
TRACING: Final = "traces"
#: Regions drawn at first: more lines than this cannot be told apart.
_DRAWN_AT_FIRST: Final = 8


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """How traces are made (see :func:`napari_brainreg3d.results.traces.region_traces`).

    ``is_weighted``: each pixel counts by how sure its label is, if that was worked out.
    """

    statistic: Statistic = "mean"
    dff: str | None = "percentile 10"
    split_hemispheres: bool = True
    max_incidence_deg: float | None = None
    is_weighted: bool = False
    fps: float | None = None


class Tracing:
    """The movie, the options, and the traces of one viewer.

    Signals
    -------
    source_changed(), traces_changed(), drawn_changed()
    options_changed(TraceOptions)
    """

    source_changed: ClassVar[Signal] = Signal()
    options_changed: ClassVar[Signal] = Signal(object)
    traces_changed: ClassVar[Signal] = Signal()
    drawn_changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._options = TraceOptions()
        self._file: Path | None = None
        self._traces: Traces | None = None
        self._made_from: Projection | None = None
        self._drawn: tuple[str, ...] = ()

    # ------------------------------------------------------------------------------- the movie

    @property
    def file(self) -> Path | None:
        """Movie file that is measured instead of the image in the viewer."""
        return self._file

    def set_file(self, path: str | Path | None) -> None:
        """Take the movie from a file; None: the image in the viewer."""
        self._file = None if path is None else Path(path)
        self.source_changed.emit()

    @property
    def source_words(self) -> str:
        """Where the movie comes from, in words."""
        if self._file is not None:
            return self._file.name
        frames = self._bench.stage.frames
        if self._bench.stage.image_layer is None:
            return "no image yet"
        if frames < 2:
            return "no movie: choose a file"
        return f"viewer: {frames:,} frames"

    @property
    def is_in_viewer(self) -> bool:
        """Whether the frames that are measured are those of the viewer's slider."""
        return self._file is None

    # --------------------------------------------------------------------------------- options

    @property
    def options(self) -> TraceOptions:
        """How traces are made next."""
        return self._options

    def set_options(self, options: TraceOptions) -> None:
        """Choose how traces are made."""
        if options != self._options:
            self._options = options
            self.options_changed.emit(options)

    @property
    def confidence(self) -> Uncertainty | None:
        """How sure the labels of the present result are, None when nobody asked."""
        answer = self._bench.confidence.answer
        present = self._bench.session.projection
        return answer if answer is not None and answer.projection is present else None

    # --------------------------------------------------------------------------------- results

    @property
    def traces(self) -> Traces | None:
        """The newest traces."""
        return self._traces

    @property
    def is_stale(self) -> bool:
        """Whether the result that the traces were made from is not the present one."""
        return self._traces is not None and self._made_from is not self._bench.session.projection

    @property
    def drawn(self) -> tuple[str, ...]:
        """Columns of the traces that are drawn."""
        return self._drawn

    def set_drawn(self, columns: Sequence[str]) -> None:
        """Choose the traces that are drawn; unknown ones are left out."""
        known = () if self._traces is None else tuple(self._traces.table.columns)
        drawn = tuple(name for name in known if name in set(columns))
        if drawn != self._drawn:
            self._drawn = drawn
            self.drawn_changed.emit()

    def run(self) -> None:
        """Make the traces in a thread.

        Raises
        ------
        RegistrationError
            When nothing was projected yet.
        ImageError
            When there is no movie.
        """
        projection = self._bench.session.projection
        if projection is None:
            raise RegistrationError("there are no regions to follow: project first")
        source, options = self._source(), self._options
        weights = self.confidence if options.is_weighted else None

        def work(progress: Progress) -> Traces:
            with open_movie(source) as movie:
                return region_traces(
                    movie,
                    projection,
                    statistic=options.statistic,
                    dff=options.dff,
                    split_hemispheres=options.split_hemispheres,
                    max_incidence_deg=options.max_incidence_deg,
                    weights=weights,
                    fps=options.fps,
                    progress=progress,
                )

        self._bench.jobs.start(TRACING, work, partial(self._take, projection))

    def _source(self) -> Any:
        if self._file is not None:
            return self._file
        layer = self._bench.stage.image_layer
        if layer is None or self._bench.stage.frames < 2:
            raise ImageError("the image is no movie; choose the movie's file")
        if layer.rgb:
            raise ImageError("a movie in colours has no traces; choose a movie of one channel")
        return layer.data[0] if layer.multiscale else layer.data

    def _take(self, projection: Projection, traces: Traces) -> None:
        before = set(self._drawn)
        self._traces, self._made_from = traces, projection
        seen = traces.regions[traces.regions["used_pixels"] > 0]
        kept = [name for name in seen["column"] if name in before]
        largest = seen.sort_values("used_pixels", ascending=False)["column"][:_DRAWN_AT_FIRST]
        wanted = set(kept or largest)
        self._drawn = tuple(name for name in traces.table.columns if name in wanted)
        self.traces_changed.emit()

    def save(self, path: str | Path) -> list[Path]:
        """Write the traces as CSV or Parquet; what is there is replaced, the user was asked.

        Raises
        ------
        OutputError
            When they cannot be written, or there are none.
        """
        if self._traces is None:
            raise OutputError("there are no traces yet: make them first")
        target = Path(path)
        target = target if target.suffix else target.with_suffix(".csv")
        return write_traces(target, self._traces, overwrite=True)
