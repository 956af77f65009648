"""Lines drawn on the image (midline, edge of the brain, borders of regions) refine the pose."""

from napari_brainreg3d.projection.curves.contour import Contour
from napari_brainreg3d.projection.curves.curve import Curve
from napari_brainreg3d.projection.curves.fit import CurveFit
from napari_brainreg3d.projection.curves.lines import seen_line
from napari_brainreg3d.projection.curves.refining import refine_on_curves

__all__ = ["Contour", "Curve", "CurveFit", "refine_on_curves", "seen_line"]
