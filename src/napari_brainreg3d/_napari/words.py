"""What the header of each section says: what is missing, or what was chosen."""

from __future__ import annotations

from napari_brainreg3d._napari.session import Session


def section_words(session: Session, section: str) -> tuple[str, bool]:
    """Words for the header of a section of the panel, and whether the section is done."""
    missing = session.missing(section)
    if missing:
        return missing[0], False
    match section:
        case "image":
            return _image_words(session), True
        case "atlas":
            return _atlas_words(session), True
        case "align":
            return "accepted", True
        case "project":
            return _result_words(session), session.is_projection_current
        case _:
            return "not saved yet" if session.alignment else "", False


def _image_words(session: Session) -> str:
    image, size = session.image, session.pixel_size_um
    if image is None or size is None:
        return ""
    height, width = image.shape
    return f"{width} \u00d7 {height} px, {sum(size) / 2:.4g} \u00b5m"


def _atlas_words(session: Session) -> str:
    if session.scene is None:
        return ""
    count = len(session.scene.regions)
    return f"{session.scene.atlas.name}, {count} region{'s' if count > 1 else ''}"


def _result_words(session: Session) -> str:
    projection = session.projection
    if projection is None:
        return ""
    if not session.is_projection_current:
        return "the alignment has changed since: project again"
    seen = int((projection.table["pixels"] > 0).sum())
    return f"{seen} region{'s' if seen != 1 else ''} seen"
