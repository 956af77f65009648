"""What every result file says about itself: atlas, image, conventions, how it was made."""

from __future__ import annotations

from typing import Any, Final

from napari_brainreg3d.projection.grouping import Grouping
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.registration.schema import CONVENTIONS, software_versions

SCHEMATIC_NOTE: Final = "schematic, not for science"


def metadata_of(projection: Projection, content: str, **more: Any) -> dict[str, Any]:
    """Describe a result, ready for JSON.

    Parameters
    ----------
    projection
        Where the result comes from.
    content
        What the file holds, in words, with its unit.
    more
        Further entries, after ``content``.
    """
    registration, settings = projection.registration, projection.settings
    atlas, bregma = projection.scene.atlas, registration.bregma
    refined = projection.refined
    return {
        "content": content,
        **more,
        "atlas": {
            "name": atlas.name,
            "version": atlas.version,
            "citation": atlas.citation,
            "is_schematic": atlas.is_schematic,
            **({"note": SCHEMATIC_NOTE} if atlas.is_schematic else {}),
        },
        "conventions": CONVENTIONS,
        "side_confirmed": registration.side_confirmed,
        "hemisphere": projection.scene.hemisphere,
        "bregma": None
        if bregma is None
        else {
            "name": bregma.name,
            "atlas_um": bregma.atlas_um,
            "tilt_deg": bregma.tilt_deg,
            "scale": bregma.scale,
        },
        "image": {
            "name": registration.image_name,
            "sha256": registration.image_sha256,
            "shape": registration.image_shape,
            "pixel_size_um": registration.pixel_size_um,
        },
        "projection": {
            "occlusion": settings.occlusion,
            "tolerance_um": settings.tolerance_um,
            "sample_depth_um": settings.sample_depth_um,
            "refined_pixels": 0 if refined is None else int(refined.sum()),
        },
        "software": software_versions(),
    }


def row_names(grouping: Grouping) -> list[str]:
    """Acronyms of the table's rows, in order; with ``left`` or ``right`` when sides are split."""
    is_split = len({row.hemisphere for row in grouping.rows}) > 1
    return [
        f"{row.region.acronym} {row.hemisphere}" if is_split else row.region.acronym
        for row in grouping.rows
    ]
