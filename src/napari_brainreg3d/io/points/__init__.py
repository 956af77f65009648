"""Points and regions of interest from files of other programs, and located points into files."""

from napari_brainreg3d.io.points.any_file import read_points
from napari_brainreg3d.io.points.label_rois import read_label_rois
from napari_brainreg3d.io.points.located import write_located
from napari_brainreg3d.io.points.points_csv import read_points_csv
from napari_brainreg3d.io.points.shapes_csv import read_shapes_csv
from napari_brainreg3d.io.points.suite2p import read_suite2p

__all__ = [
    "read_label_rois",
    "read_points",
    "read_points_csv",
    "read_shapes_csv",
    "read_suite2p",
    "write_located",
]
