"""Where points are looked up: a projection, or a scene and a registration with the same rules."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, get_args

from napari_brainreg3d.atlas.bregma import BregmaPreset, bregma_preset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.projection.grouping import Grouping, group
from napari_brainreg3d.projection.projection import Occlusion, Projection, ProjectionSettings
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.schema import CONVENTIONS
from napari_brainreg3d.results.locate.points import PointsError

Source = Projection | tuple[Scene, Registration]
"""A projection (its settings and its grouping then hold), or what it would be made from."""


@dataclass(frozen=True, slots=True)
class Place:
    """A :data:`Source` taken apart."""

    scene: Scene
    registration: Registration
    settings: ProjectionSettings
    grouping: Grouping


def place_of(source: Source, settings: ProjectionSettings | None) -> Place:
    """Take a source apart.

    Raises
    ------
    PointsError
        When it is neither of the two, or settings are given beside a projection.
    """
    if isinstance(source, Projection):
        if settings is not None and settings != source.settings:
            raise PointsError(
                f"the projection was made with {source.settings}: leave settings={settings} out, "
                "or give the scene and the registration instead"
            )
        return Place(source.scene, source.registration, source.settings, source.grouping)
    try:
        scene, registration = source
    except (TypeError, ValueError):
        scene, registration = None, None
    if not (isinstance(scene, Scene) and isinstance(registration, Registration)):
        raise PointsError(
            f"give a Projection, or (Scene, Registration), not a {type(source).__name__}"
        )
    grouping = group(scene.regions, scene.ontology, hemisphere=scene.hemisphere)
    return Place(scene, registration, _checked(settings or ProjectionSettings()), grouping)


def _checked(settings: ProjectionSettings) -> ProjectionSettings:
    if settings.occlusion not in get_args(Occlusion):
        raise PointsError(f"occlusion must be 'brain' or 'selected', got {settings.occlusion!r}")
    if not settings.tolerance_um >= 0:
        raise PointsError(f"tolerance_um must not be negative, got {settings.tolerance_um!r}")
    depth = settings.sample_depth_um
    if depth is not None and not (math.isfinite(depth) and depth >= 0):
        raise PointsError(f"sample_depth_um must be a number from 0 up, got {depth!r}")
    return settings


def chosen_bregma(
    registration: Registration,
    bregma: str | BregmaPreset | None,
    *,
    tilt_deg: float | None = None,
    scale: tuple[float, float, float] | None = None,
) -> BregmaPreset | None:
    """The bregma to count stereotaxic coordinates from.

    Parameters
    ----------
    registration
        Whose bregma is the default.
    bregma
        A preset, or its name; None for the default.
    tilt_deg, scale
        In place of the preset's own; see :class:`~napari_brainreg3d.BregmaPreset`.

    Raises
    ------
    AtlasError
        When there is no such preset.
    PointsError
        When tilt or scale are not valid, or there is no bregma that they could belong to.
    """
    preset = bregma_preset(bregma) if isinstance(bregma, str) else bregma or registration.bregma
    if tilt_deg is None and scale is None:
        return preset
    if preset is None:
        raise PointsError(
            f"bregma is not known in {registration.atlas}: name the preset that tilt and scale "
            "belong to"
        )
    changes: dict[str, Any] = {"tilt_deg": tilt_deg, "scale": scale}
    try:
        given = {name: value for name, value in changes.items() if value is not None}
        return dataclasses.replace(preset, **given)
    except (TypeError, ValueError) as error:
        raise PointsError(str(error)) from error


def bregma_text(bregma: BregmaPreset) -> str:
    """A preset with all its numbers, in a form that fits into a cell of a table."""
    ap, dv, ml = bregma.atlas_um
    text = f"{bregma.name}: AP {ap:g} DV {dv:g} ML {ml:g} um"
    if bregma.tilt_deg:
        text += f"; tilt {bregma.tilt_deg:g} deg nose up"
    if bregma.scale != (1.0, 1.0, 1.0):
        text += "; scale AP {:g} ML {:g} DV {:g}".format(*bregma.scale)
    return text


def attributes(place: Place, bregma: BregmaPreset | None) -> dict[str, Any]:
    """What a table says about itself (``DataFrame.attrs``); plain values, ready for JSON."""
    atlas, settings = place.scene.atlas, place.settings
    return {
        "atlas": f"{atlas.name} {atlas.version}",
        "atlas_is_schematic": atlas.is_schematic,
        "bregma": None if bregma is None else bregma_text(bregma),
        "conventions": f"{CONVENTIONS} stereotaxic_mm: AP anterior +, ML right +, DV dorsal +, "
        "from the named bregma. left, right: the animal's own.",
        "side_confirmed": place.registration.side_confirmed,
        "image": place.registration.image_name,
        "occlusion": settings.occlusion,
        "tolerance_um": settings.tolerance_um,
        "sample_depth_um": settings.sample_depth_um,
    }
