"""The image on the brain's surface in 3D."""

from napari_brainreg3d.results.drape.painting import Drape, Rgba, drape, surface_data

__all__ = ["Drape", "Rgba", "drape", "surface_data"]
