"""Activity over time: one trace per region and hemisphere from a movie and a label image."""

from napari_brainreg3d.results.traces.baseline import Baseline, BaselineWarning
from napari_brainreg3d.results.traces.movie import DecomposedMovie, Movie
from napari_brainreg3d.results.traces.statistics import Statistic
from napari_brainreg3d.results.traces.traces import Traces, region_traces

__all__ = [
    "Baseline",
    "BaselineWarning",
    "DecomposedMovie",
    "Movie",
    "Statistic",
    "Traces",
    "region_traces",
]
