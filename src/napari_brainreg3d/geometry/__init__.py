"""Frames, rigid transforms, cameras and rays: numpy only.

All matrices act on column vectors; all lengths are micrometres; see ``CONVENTIONS.md``.
"""

from napari_brainreg3d.geometry.cameras import Camera, OrthographicCamera, PinholeCamera
from napari_brainreg3d.geometry.pixels import PixelGrid
from napari_brainreg3d.geometry.pose import VIEWS, Pose
from napari_brainreg3d.geometry.rays import RayBundle
from napari_brainreg3d.geometry.view import View

__all__ = [
    "VIEWS",
    "Camera",
    "OrthographicCamera",
    "PinholeCamera",
    "PixelGrid",
    "Pose",
    "RayBundle",
    "View",
]
