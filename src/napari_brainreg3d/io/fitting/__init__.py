"""Files that go into a fit (landmarks, drawn curves) and that come of it."""

from napari_brainreg3d.io.fitting.confidence import write_uncertainty
from napari_brainreg3d.io.fitting.curve_files import read_curves
from napari_brainreg3d.io.fitting.landmark_files import read_landmarks
from napari_brainreg3d.io.fitting.residuals import residual_table, write_residuals

__all__ = [
    "read_curves",
    "read_landmarks",
    "residual_table",
    "write_residuals",
    "write_uncertainty",
]
