"""Register brain images seen through a window to a 3D atlas, and label every pixel.

The public API. Importing it loads no Qt, no napari and no atlas.
"""

from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS, BregmaPreset
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.io.images import Image, read_image
from napari_brainreg3d.io.writing import write_results
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.projection.refine import refine
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.results.areas import region_table

__all__ = [
    "BREGMA_PRESETS",
    "BrainregError",
    "BregmaPreset",
    "Image",
    "Landmark",
    "OrthographicCamera",
    "PinholeCamera",
    "Pose",
    "Projection",
    "Registration",
    "Scene",
    "load_scene",
    "project",
    "read_image",
    "refine",
    "region_table",
    "write_results",
]
