"""One image of a brain found in an earlier one of the same brain."""

from napari_brainreg3d.registration.matching.image_match import ImageMatch
from napari_brainreg3d.registration.matching.match import match_images

__all__ = ["ImageMatch", "match_images"]
