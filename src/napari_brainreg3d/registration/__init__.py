"""What ties an image to an atlas."""

from napari_brainreg3d.registration.landmarks import Landmark
from napari_brainreg3d.registration.registration import Registration

__all__ = ["Landmark", "Registration"]
