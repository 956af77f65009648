"""Casting the rays of every pixel into the scene, and what comes of it."""

from napari_brainreg3d.projection.casting import Hits, SurfaceCaster, caster_for
from napari_brainreg3d.projection.project import NothingSeenWarning, project
from napari_brainreg3d.projection.projection import Projection, ProjectionSettings

__all__ = [
    "Hits",
    "NothingSeenWarning",
    "Projection",
    "ProjectionSettings",
    "SurfaceCaster",
    "caster_for",
    "project",
]
