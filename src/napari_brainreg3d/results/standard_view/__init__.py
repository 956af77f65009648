"""Images and movies in the atlas's own view, and averages over sessions and animals."""

from napari_brainreg3d.results.standard_view.average import SessionAverage, average_sessions
from napari_brainreg3d.results.standard_view.raster import standard_registration
from napari_brainreg3d.results.standard_view.sampler import StandardSampler, standard_sampler
from napari_brainreg3d.results.standard_view.view import StandardView, to_standard_view

__all__ = [
    "SessionAverage",
    "StandardSampler",
    "StandardView",
    "average_sessions",
    "standard_registration",
    "standard_sampler",
    "to_standard_view",
]
