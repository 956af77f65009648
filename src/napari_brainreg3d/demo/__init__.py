"""The demo: an image of the schematic brain from a known pose, and how well that is recovered."""

from napari_brainreg3d.demo.image import demo_image, render_brain
from napari_brainreg3d.demo.movie import DemoMovie, demo_movie
from napari_brainreg3d.demo.report import DemoReport, demo_report
from napari_brainreg3d.demo.truth import (
    DEMO_IMAGE_NAME,
    DEMO_REGIONS,
    demo_landmarks,
    demo_registration,
    flat_registration,
)

__all__ = [
    "DEMO_IMAGE_NAME",
    "DEMO_REGIONS",
    "DemoMovie",
    "DemoReport",
    "demo_image",
    "demo_landmarks",
    "demo_movie",
    "demo_registration",
    "demo_report",
    "flat_registration",
    "render_brain",
]
