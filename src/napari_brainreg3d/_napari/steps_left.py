"""The steps of the work in their order, and what each one still waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_brainreg3d._napari.session_state import SessionState

#: Sections of the panel, in the order in which they are worked through.
SECTIONS: Final = ("image", "atlas", "align", "project", "save")


def missing(session: SessionState, section: str) -> list[str]:
    """What a section of the panel still waits for, in words for the user; empty when done."""
    wanting = {
        "image": [] if session.image else ["drop an image onto napari"],
        "atlas": [] if session.scene else ["load an atlas"],
        "align": [],
        "project": [] if session.projection else ["press Project"],
        "save": [],
    }
    if session.image and session.pixel_size_um is None:
        wanting["image"].append("state the pixel size or the field of view")
    if session.alignment and not session.is_side_confirmed:
        wanting["align"].append("confirm which side is the animal's left")
    if session.alignment and not session.is_accepted:
        wanting["align"].append("accept the alignment (Enter)")
    before = SECTIONS[: SECTIONS.index(section)]
    needed = [word for name in before if name in ("image", "atlas") for word in wanting[name]]
    return needed or wanting[section]
