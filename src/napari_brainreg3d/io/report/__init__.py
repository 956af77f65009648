"""A report of how well an image was registered: one page of HTML with everything in it."""

from napari_brainreg3d.io.report.report import write_report
from napari_brainreg3d.io.report.session import ReportSession

__all__ = ["ReportSession", "write_report"]
