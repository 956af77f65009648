"""Places in the brain to points of the image: where they would be, and whether they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.geometry.frames import DEPTH, FloatArray
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.seeing import RAYS_PER_PIECE, run_pieces
from napari_brainreg3d.results.locate.points import PointsError, checked_names, checked_points
from napari_brainreg3d.results.locate.seen_points import inside_image
from napari_brainreg3d.results.locate.source import (
    Place,
    Source,
    attributes,
    chosen_bregma,
    place_of,
)
from napari_brainreg3d.results.locate.table import OUTSIDE, place_columns

#: What became of a place, in the column ``status``.
VISIBLE: Final = "visible"
HIDDEN: Final = "under the surface"
BEHIND: Final = "behind the camera"

#: Slack when a place is held against the depth that is sampled, um: it may have gone through a
#: file with six digits.
_SLACK_UM: Final = 0.5


def to_pixels(
    source: Source,
    *,
    atlas_um: npt.ArrayLike | None = None,
    stereotaxic_mm: npt.ArrayLike | None = None,
    names: Sequence[object] | None = None,
    settings: ProjectionSettings | None = None,
    bregma: str | BregmaPreset | None = None,
    tilt_deg: float | None = None,
    scale: tuple[float, float, float] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tell where places in the brain are in an image; the inverse of :func:`locate`.

    Parameters
    ----------
    source
        A projection, whose rules then hold, or ``(scene, registration)``.
    atlas_um : array_like, shape (N, 3)
        Places in ``atlas_um``. Either this,
    stereotaxic_mm : array_like, shape (N, 3)
        or places as (AP, ML, DV), mm from bregma.
    names
        One for each place, all different; they become the first column.
    settings
        Occlusion, tolerance and depth with ``(scene, registration)``.
    bregma, tilt_deg, scale
        What stereotaxic coordinates are counted from; by default the registration's bregma.
    progress
        Told ``(points done, points)`` now and then; cancels by returning False.

    Returns
    -------
    DataFrame
        One row per place, in the given order. Columns: ``name`` (only with ``names``); ``row`` and
        ``col``, also outside the image, NaN behind the camera and past the limit of its lens;
        ``inside``, whether that is within the image; ``visible``; ``depth_um`` under the plane of
        focus; ``surface_depth_um``, the way along the ray from the surface to the place, negative
        in front of it, NaN where the ray misses the surface; the place itself as ``atlas_..._um``
        and ``stereotaxic_..._mm``; and ``status``: ``"visible"``, ``"under the surface"``,
        ``"outside the image"`` or ``"behind the camera"``. ``attrs`` names atlas, bregma and
        conventions.

    Raises
    ------
    PointsError
        When not exactly one kind of places is given, or they or the names are not valid.
    AtlasError
        When there is no such bregma.
    Cancelled
        When ``progress`` said so.

    Notes
    -----
    A place is hidden by the same rule as a region in :func:`napari_brainreg3d.project`: when it
    lies more than ``tolerance_um``, at right angles, under the surface that its ray meets first.
    With ``occlusion="brain"`` that is the brain's, with ``"selected"`` that of the chosen regions.
    Where a projection samples a depth, places down to that depth along the ray are visible too.
    """
    place = place_of(source, settings)
    preset = chosen_bregma(place.registration, bregma, tilt_deg=tilt_deg, scale=scale)
    points = _atlas_points(atlas_um, stereotaxic_mm, preset, place)
    texts = checked_names(names, len(points))
    view = place.registration.view
    pixels = view.atlas_to_pixels(points)
    depth = np.asarray(view.pose.to_plane(points)[:, DEPTH])
    inside = inside_image(pixels, place.registration.image_shape)
    below, hidden = _under_surface(place, pixels, depth, progress)
    columns: dict[str, Any] = {"name": list(texts)} if texts else {}
    columns |= {"row": pixels[:, 0], "col": pixels[:, 1], "inside": inside}
    columns["visible"] = inside & ~hidden
    columns |= {"depth_um": depth, "surface_depth_um": below}
    columns |= place_columns(points, preset)
    words = np.where(~inside, OUTSIDE, np.where(hidden, HIDDEN, VISIBLE)).astype(object)
    behind = depth <= place.registration.camera.eye_depth_um
    columns["status"] = np.where(behind, BEHIND, words)
    table = pd.DataFrame(columns, copy=False)
    table.attrs.update(attributes(place, preset))
    return table


def _atlas_points(
    atlas_um: npt.ArrayLike | None,
    stereotaxic_mm: npt.ArrayLike | None,
    bregma: BregmaPreset | None,
    place: Place,
) -> FloatArray:
    if (atlas_um is None) == (stereotaxic_mm is None):
        raise PointsError("give places either as atlas_um or as stereotaxic_mm")
    if stereotaxic_mm is None:
        assert atlas_um is not None
        return checked_points(atlas_um, 3, "atlas_um")
    if bregma is None:
        raise PointsError(
            f"bregma is not known in {place.registration.atlas}: name the preset that the "
            "stereotaxic coordinates are counted from, or give atlas_um"
        )
    return bregma.to_atlas_um(checked_points(stereotaxic_mm, 3, "AP, ML, DV in mm"))


def _under_surface(
    place: Place, pixels: FloatArray, depth_um: FloatArray, progress: Progress | None
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """How far along its ray each place lies under the surface, um, and whether that hides it."""
    settings = place.settings
    scene, view = place.scene, place.registration.view
    caster = caster_for(scene.brain if settings.occlusion == "brain" else scene.mesh)
    below, hidden = np.full(len(pixels), np.nan), np.zeros(len(pixels), bool)
    before_camera = np.flatnonzero(np.isfinite(pixels).all(axis=1))

    def work(first: int, stop: int) -> None:
        which = before_camera[first:stop]
        rays = view.pixel_rays(pixels[which])
        surface = caster.first_hits(rays)
        per_depth = np.sqrt(np.einsum("ij,ij->i", rays.directions, rays.directions))
        way = (depth_um[which] - surface.depth_um) * per_depth
        below[which] = way
        with np.errstate(invalid="ignore"):
            too_deep = way * surface.cos_incidence > settings.tolerance_um
            if settings.sample_depth_um is not None:
                too_deep &= way > settings.sample_depth_um + _SLACK_UM
        hidden[which] = too_deep

    run_pieces(work, len(before_camera), RAYS_PER_PIECE, progress)
    return below, hidden
