"""Points in, coordinates out: what single points and regions of interest of an image see."""

from napari_brainreg3d.results.locate.outlines import Outline, rois_of_outlines
from napari_brainreg3d.results.locate.points import Points, PointsError
from napari_brainreg3d.results.locate.reverse import to_pixels
from napari_brainreg3d.results.locate.rois import Rois, locate_rois, rois_of_labels
from napari_brainreg3d.results.locate.table import locate

__all__ = [
    "Outline",
    "Points",
    "PointsError",
    "Rois",
    "locate",
    "locate_rois",
    "rois_of_labels",
    "rois_of_outlines",
    "to_pixels",
]
