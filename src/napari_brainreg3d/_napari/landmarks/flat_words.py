"""One sentence on what a flat map on the same landmarks would have got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from napari_brainreg3d._napari.landmarks.live_fit import is_complete
from napari_brainreg3d._napari.options import ProjectOptions, run_projection
from napari_brainreg3d._napari.preview import reduced
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.projection.flat_map import FlatTransform, flat_map_error
from napari_brainreg3d.registration import Landmark, Registration

#: Enough pixels for a figure without decimals.
_PIXELS: Final = 60_000
_KINDS: Final[tuple[FlatTransform, ...]] = ("similarity", "affine")


def flat_map_words(scene: Scene, registration: Registration, marks: Sequence[Landmark]) -> str:
    """What a flat map would have got wrong, in words.

    Parameters
    ----------
    scene
        The atlas.
    registration
        Taken for the truth.
    marks
        Landmarks; those known on both sides count.

    Returns
    -------
    str
        Empty when it cannot be said: too few landmarks, none of the regions in view, or not seen
        from above.
    """
    if registration.pose.view != "dorsal":
        return ""
    known = [mark for mark in marks if is_complete(mark)]
    small = reduced(registration, _PIXELS)
    projection = run_projection(scene, small, ProjectOptions(occlusion="selected"))
    if not projection.finest.any():
        return ""
    shares: list[str] = []
    for kind in _KINDS:
        try:
            error = flat_map_error(projection, known, kind)
        except RegistrationError:  # too few points for it, or on a line
            continue
        shares.append(f"{100 * error.mislabelled:.0f} % ({kind})")
    if not shares:
        return ""
    return (
        f"A flat map on these landmarks would mislabel {shares[0]} of the pixels"
        + "".join(f", {share}" for share in shares[1:])
        + "."
    )
