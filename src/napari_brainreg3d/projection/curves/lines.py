"""The line of the brain that a drawn curve stands for, as the camera in its pose sees it."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import DEPTH, DV, ML, FloatArray
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.curves.contour import Contour
from napari_brainreg3d.projection.curves.curve import Curve
from napari_brainreg3d.projection.curves.tracing import (
    ELSEWHERE,
    INSIDE,
    OUTSIDE,
    SEAM,
    Field,
    Kind,
    traced,
)
from napari_brainreg3d.projection.grouping import finest_labels, group
from napari_brainreg3d.projection.presets import LIPS_UM
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.resolve import resolve_surface
from napari_brainreg3d.registration import Registration

#: How far from what was drawn the line is looked for first, and then, um.
_MARGINS_UM: Final = (2000.0, 6000.0)
#: Points of the midline are so far apart, um.
_STEP_UM: Final = 50.0
#: The midline is hidden where tissue lies so far in front of it, um: its lips are not flat.
_HIDDEN_UM: Final = 500.0
#: A middle that lies so much deeper than its lips is in the fissure, um.
_CLEFT_UM: Final = 100.0
#: A camera that looks so far from the side does not see the midline.
_FROM_THE_SIDE: Final = 0.85


def seen_line(scene: Scene, registration: Registration, curve: Curve) -> Contour:
    """The line of the brain that a curve stands for, near where it was drawn.

    Parameters
    ----------
    scene
        Its brain surface gives midline and edge, its selected regions the borders.
    registration
        Where the camera is.
    curve
        What was drawn.

    Raises
    ------
    AtlasError
        When the atlas has no surface of the whole brain.
    RegionError
        When a region is unknown, or the regions of a border contain one another.
    RegistrationError
        When the line is not in view.
    """
    if not len(scene.brain.faces) and curve.kind != "border":
        raise AtlasError(f"{scene.atlas.name} has no surface of the whole brain: no {curve.kind}")
    if curve.kind == "midline":
        return _midline(scene, registration, curve)
    kind = _edge_kind(scene) if curve.kind == "brain edge" else _border_kind(scene, curve)
    for margin_um in _MARGINS_UM:
        field = Field.around(curve.points_px, margin_um, registration.pixel_size_um)
        found = traced(registration.view, field, kind)
        if len(found.points_um):
            return found
    raise RegistrationError(_why_nothing(scene, registration, curve, field, kind))


def _edge_kind(scene: Scene) -> Kind:
    """Inside: the ray meets the brain."""
    brain = caster_for(scene.brain)

    def kind(rays: RayBundle) -> tuple[np.ndarray, FloatArray]:
        hits = brain.first_hits(rays)
        return np.where(hits.face >= 0, INSIDE, OUTSIDE).astype(np.int8), hits.depth_um

    return kind


def _border_kind(scene: Scene, curve: Curve) -> Kind:
    """Inside: the first of the two regions is seen; outside: the second."""
    settings = ProjectionSettings()
    brain, regions = caster_for(scene.brain), caster_for(scene.mesh)
    wanted = tuple(scene.ontology.find(word) for word in curve.regions or ())
    label_of = group(scene.regions, scene.ontology, into=wanted).label_of
    for number, region in enumerate(wanted, start=1):
        if not (label_of == number).any():
            whole = [part.acronym for part in scene.regions if part.id in region.path]
            why = f"part of {whole[0]}, which is selected as a whole" if whole else "not selected"
            raise RegistrationError(
                f"{curve.name}: {region.acronym} is {why}; select it or its parts"
            )
    kinds = np.full(label_of.shape, ELSEWHERE, np.int8)
    kinds[label_of == 1], kinds[label_of == 2], kinds[0] = INSIDE, OUTSIDE, ELSEWHERE

    def kind(rays: RayBundle) -> tuple[np.ndarray, FloatArray]:
        seen = resolve_surface(
            scene, rays, regions.first_hits(rays), brain.first_hits(rays), settings
        )
        left = scene.is_left(rays.at_depth(seen.depth_um))
        found = kinds[finest_labels(seen.region, left)]
        # Smoothed meshes leave seams between neighbours through which the brain is seen.
        found[(seen.region < 0) & np.isfinite(seen.depth_um)] = SEAM
        return found, seen.depth_um

    return kind


def _why_nothing(
    scene: Scene, registration: Registration, curve: Curve, field: Field, kind: Kind
) -> str:
    nearby = f"within {_MARGINS_UM[-1] / 1000:.0f} mm of what was drawn"
    if curve.kind == "brain edge":
        return f"{curve.name}: no edge of the brain is in view {nearby}; check the pose"
    kinds, _ = kind(registration.view.pixel_rays(field.pixels(field.places.reshape(-1, 2))))
    for region, code in zip(curve.regions or (), (INSIDE, OUTSIDE), strict=True):
        if not (kinds == code).any():
            acronym = scene.ontology.find(region).acronym
            return f"{curve.name}: {acronym} is not in view {nearby}; check the pose"
    return f"{curve.name}: these regions share no visible border {nearby}"


def _midline(scene: Scene, registration: Registration, curve: Curve) -> Contour:
    """Where the brain's surface meets the plane between the hemispheres; over it, its lips."""
    view = registration.view
    looks = np.array(view.pose.viewing_direction)
    if abs(looks[ML]) > _FROM_THE_SIDE:
        raise RegistrationError(f"{curve.name}: a camera at the side does not see the midline")
    looks[ML] = 0.0
    looks /= np.linalg.norm(looks)
    points = _surface_in_the_middle(scene, looks)
    points[~_is_open_to(scene, registration, points)] = np.nan
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    # Not joined across what is hidden, nor from the cortex down to what lies behind it.
    breaks = np.flatnonzero(~(gaps < 6.0 * _STEP_UM)) + 1
    pieces = [part[np.isfinite(part).all(axis=1)] for part in np.split(points, breaks)]
    field = Field.around(curve.points_px, _MARGINS_UM[-1], registration.pixel_size_um)
    low = np.array(field.first_px)
    high = field.pixels(np.array(field.shape) - 1.0)
    found = Contour.of(pieces)
    seen = view.atlas_to_pixels(found.points_um)
    if not ((seen >= low) & (seen <= high)).all(axis=1).any():
        raise RegistrationError(
            f"{curve.name}: no part of the midline is in view within {_MARGINS_UM[-1] / 1000:.0f} "
            "mm of what was drawn; check the pose"
        )
    return found


def _surface_in_the_middle(scene: Scene, looks: FloatArray) -> FloatArray:
    """First points of the brain along parallel rays in the middle plane, shape (K, 3); NaN: none.

    ``looks``, shape (3,), lies in that plane.
    """
    middle = scene.atlas.midline_um
    along = np.cross(looks, np.eye(3)[ML])
    bounds = scene.brain.bounds_um
    corners = np.stack(np.meshgrid(*bounds.T, indexing="ij"), axis=-1).reshape(-1, 3) @ along
    steps = np.arange(corners.min(), corners.max() + _STEP_UM, _STEP_UM)
    caster = caster_for(scene.brain)
    depths = []
    for beside_um in (-LIPS_UM, 0.0, LIPS_UM):
        starts = steps[:, None] * along
        starts[:, ML] = middle + beside_um
        rays = RayBundle(starts, np.tile(looks, (len(starts), 1)), looks, -np.inf)
        depths.append(caster.first_hits(rays).depth_um)
    one, own, other = depths
    lips = (one + other) / 2.0
    in_cleft = np.isfinite(lips) & ~(own < lips + _CLEFT_UM)
    points = steps[:, None] * along + np.where(in_cleft, lips, own)[:, None] * looks
    points[:, ML] = np.where(np.isfinite(points[:, DV]), middle, np.nan)
    return np.asarray(points)


def _is_open_to(scene: Scene, registration: Registration, points_um: FloatArray) -> np.ndarray:
    """Whether no tissue stands far in front of points, shape (K,)."""
    view = registration.view
    pixels = view.atlas_to_pixels(points_um)
    is_there = np.isfinite(pixels).all(axis=1)
    rays = view.pixel_rays(np.nan_to_num(pixels))
    ahead = caster_for(scene.brain).first_hits(rays).depth_um
    own = view.pose.to_plane(points_um)[:, DEPTH]
    return is_there & ~(ahead < own - _HIDDEN_UM)
