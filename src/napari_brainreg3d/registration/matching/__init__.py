"""One image of a brain found in an earlier one of the same brain."""

from napari_brainreg3d.registration.matching.carrying import MatchedRegistration, carry_over
from napari_brainreg3d.registration.matching.image_match import ImageMatch
from napari_brainreg3d.registration.matching.match import match_images
from napari_brainreg3d.registration.matching.registering import match_to

__all__ = ["ImageMatch", "MatchedRegistration", "carry_over", "match_images", "match_to"]
