"""Points of an image to a table: region, side, place in the atlas, depth, angle, confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.geometry.frames import AP, DV, ML, FloatArray
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.results.locate.confidence import confidence_at
from napari_brainreg3d.results.locate.points import checked_names, checked_points
from napari_brainreg3d.results.locate.seen_points import SeenPoints, see_points
from napari_brainreg3d.results.locate.source import (
    Place,
    Source,
    attributes,
    chosen_bregma,
    place_of,
)

#: What became of a point, in the column ``status``.
SEEN: Final = "region"
NO_REGION: Final = "no chosen region"
NO_BRAIN: Final = "past the brain"
OUTSIDE: Final = "outside the image"


def locate(
    source: Source,
    points_px: npt.ArrayLike,
    *,
    names: Sequence[object] | None = None,
    settings: ProjectionSettings | None = None,
    uncertainty: Uncertainty | None = None,
    bregma: str | BregmaPreset | None = None,
    tilt_deg: float | None = None,
    scale: tuple[float, float, float] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tell where in the brain points of an image are.

    Parameters
    ----------
    source
        A projection, whose rules and grouping then hold, or ``(scene, registration)``. The rays
        are cast again, at exactly these points; what :func:`~napari_brainreg3d.refine` has changed
        is not looked up.
    points_px : array_like, shape (N, 2)
        (row, column); whole numbers are pixel centres. Any order, duplicates are kept.
    names
        One for each point, all different; they become the first column.
    settings
        Occlusion, tolerance and depth with ``(scene, registration)``.
    uncertainty
        Of a projection with this registration: gives the column ``confidence``.
    bregma, tilt_deg, scale
        Where stereotaxic coordinates are counted from; by default the registration's bregma.
        Labels and ``atlas`` columns never depend on it.
    progress
        Told ``(points done, points)`` now and then; cancels by returning False.

    Returns
    -------
    DataFrame
        One row per point, in the given order. Columns:

        ``name``
            only with ``names``;
        ``row``, ``col``
            the point, pixels;
        ``region``, ``region_name``, ``region_id``, ``label``
            acronym, name, id and label (row of the region table) of what it sees; empty and 0
            where it sees no chosen region;
        ``hemisphere``
            ``"left"`` or ``"right"`` of the animal, empty without tissue;
        ``atlas_ap_um``, ``atlas_dv_um``, ``atlas_ml_um``
            place in ``atlas_um``: from the front, from the top, from the animal's right;
        ``stereotaxic_ap_mm``, ``stereotaxic_ml_mm``, ``stereotaxic_dv_mm``
            anterior +, right +, dorsal + of bregma; absent where the atlas has none;
        ``depth_um``, ``surface_depth_um``, ``incidence_deg``
            as in the projection: under the plane of focus, under the brain's surface along the
            ray, and the angle at which the surface is seen;
        ``confidence``
            only with ``uncertainty``: share of the sampled poses with the same label;
        ``status``
            ``"region"``, ``"no chosen region"``, ``"past the brain"``, ``"outside the image"``.

        Numbers are NaN where there is none. ``attrs`` names atlas, bregma and conventions.

    Raises
    ------
    PointsError
        When points or names are not valid, or the uncertainty belongs to something else.
    AtlasError
        When there is no such bregma.
    Cancelled
        When ``progress`` said so.
    """
    place = place_of(source, settings)
    pixels = checked_points(points_px, 2, "row, column")
    texts = checked_names(names, len(pixels))
    preset = chosen_bregma(place.registration, bregma, tilt_deg=tilt_deg, scale=scale)
    seen = see_points(place, pixels, progress)
    columns: dict[str, Any] = {"name": list(texts)} if texts else {}
    columns |= {"row": pixels[:, 0], "col": pixels[:, 1]}
    columns |= region_columns(place, seen.finest)
    sides = np.array(["", "right", "left"], object)
    columns["hemisphere"] = sides[np.where(seen.is_tissue, 1 + seen.is_left, 0)]
    columns |= place_columns(seen.atlas_um, preset)
    for name in ("depth_um", "surface_depth_um", "incidence_deg"):
        columns[name] = getattr(seen, name)
    if uncertainty is not None:
        columns["confidence"] = confidence_at(uncertainty, place, pixels, seen.finest)
    columns["status"] = _status(seen, columns["label"])
    table = pd.DataFrame(columns, copy=False)
    table.attrs.update(attributes(place, preset))
    return table


def region_columns(place: Place, finest: npt.NDArray[np.uint16]) -> dict[str, Any]:
    """Acronym, name, id and label of finest labels, shape (N,)."""
    rows = place.grouping.rows
    label = place.grouping.label_of[finest]
    acronyms = np.array(["", *(row.region.acronym for row in rows)], object)
    names = np.array(["", *(row.region.name for row in rows)], object)
    ids = np.array([0, *(row.region.id for row in rows)], np.int64)
    return {
        "region": acronyms[label],
        "region_name": names[label],
        "region_id": ids[label],
        "label": label,
    }


def place_columns(atlas_um: FloatArray, bregma: BregmaPreset | None) -> dict[str, FloatArray]:
    """Columns of places, shape (N, 3): in the atlas, and from bregma where there is one."""
    columns = {
        "atlas_ap_um": atlas_um[:, AP],
        "atlas_dv_um": atlas_um[:, DV],
        "atlas_ml_um": atlas_um[:, ML],
    }
    if bregma is not None:
        ap, ml, dv = bregma.to_stereotaxic_mm(atlas_um).T
        columns |= {"stereotaxic_ap_mm": ap, "stereotaxic_ml_mm": ml, "stereotaxic_dv_mm": dv}
    return columns


def _status(seen: SeenPoints, label: npt.NDArray[np.uint16]) -> npt.NDArray[Any]:
    words = np.array([OUTSIDE, NO_BRAIN, NO_REGION, SEEN], object)
    return np.asarray(words[seen.inside.astype(int) + seen.is_tissue + (label > 0)])
