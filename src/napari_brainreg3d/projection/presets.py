"""Landmarks that need no click in the atlas: named points on its own surface, found by casting.

Which of them an atlas has depends on what is known of it: the points of wfield and bregma are
positions in the Allen CCF, the ends of bulbs and cortex are read from the annotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import AP, DV, INFERIOR, ML, FloatArray
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.registration.registration import default_bregma

#: wfield's bregma, ``atlas_um`` along AP and ML; it knows no depth.
WFIELD_BREGMA_UM: Final = (5400.0, 5700.0)
#: wfield's points: mm to the right of its bregma and *behind* it.
WFIELD_POINTS_MM: Final = {
    "OB_left": (-1.95, -3.45),
    "OB_center": (0.0, -3.45),
    "OB_right": (1.95, -3.45),
    "RSP_base": (0.0, 3.20),
}

#: Lambda lies so far behind bregma on average (Paxinos and Franklin 2001), um.
_BREGMA_TO_LAMBDA_UM: Final = 4210.0
#: So far from the middle the surface is out of the fissure, and the height of its lips is read, um.
LIPS_UM: Final = 300.0
#: A middle that lies so much deeper than its lips is in the fissure, um.
_CLEFT_UM: Final = 100.0
#: The annotation is read so far under the surface of the smoothed mesh, in um and in voxels.
_UNDER_UM: Final = 100.0
_UNDER_VOXELS: Final = 1.5
#: Raster on which ends of regions are looked for, um.
_STEP_UM: Final = 25.0
#: Larger annotations (10 um) would take gigabytes of memory for three points.
_MAX_VOXELS: Final = 300_000_000

#: Between these distances from the middle the bulbs end behind in a line across it, um.
_BULB_ENDS_UM: Final = (500.0, 750.0, 1000.0)

#: How full names of regions begin, in small letters; the first that there is counts.
_BULBS: Final = ("main olfactory bulb", "olfactory bulb")
_CORTEX: Final = ("isocortex", "neocortex", "cerebral cortex")


@dataclass(frozen=True, slots=True)
class LandmarkPreset:
    """A named point on the brain's surface.

    Attributes
    ----------
    name
        E.g. ``"OB_center"``.
    atlas_um
        Position in ``atlas_um``.
    description
        What it is and how its place was found, one sentence.
    """

    name: str
    atlas_um: tuple[float, float, float]
    description: str


def landmark_presets(scene: Scene) -> tuple[LandmarkPreset, ...]:
    """All presets that an atlas has.

    Parameters
    ----------
    scene
        Its brain surface and annotation count; the selected regions do not.

    Returns
    -------
    tuple of LandmarkPreset
        Empty for an atlas of which nothing of the kind is known.

    Raises
    ------
    AtlasError
        When the atlas has no surface of the whole brain.

    References
    ----------
    * Paxinos and Franklin, "The Mouse Brain in Stereotaxic Coordinates", 2nd ed.
      (2001): bregma to lambda 4.21 mm in the flat-skull position.
    """
    if not len(scene.brain.faces):
        raise AtlasError(
            f"{scene.atlas.name} has no surface of the whole brain on which landmarks could be put"
        )
    return (*_from_bregma(scene), *_from_annotation(scene))


def landmark_preset(scene: Scene, name: str) -> LandmarkPreset:
    """Look one preset up.

    Raises
    ------
    AtlasError
        As :func:`landmark_presets` does.
    RegistrationError
        When this atlas has no such preset; the message says which there are.
    """
    found = {preset.name: preset for preset in landmark_presets(scene)}
    if name in found:
        return found[name]
    there = f"it has {', '.join(found)}" if found else "it has none"
    needs_bregma = name in (*WFIELD_POINTS_MM, "bregma", "lambda")
    why = "no bregma is known in it" if needs_bregma and "bregma" not in found else there
    raise RegistrationError(f"{scene.atlas.name} has no landmark preset {name!r}: {why}")


def surface_from_above(scene: Scene, points_um: npt.ArrayLike) -> FloatArray:
    """Where the brain's surface lies under points, seen from straight above.

    Parameters
    ----------
    scene
        Its brain surface counts.
    points_um : array_like, shape (N, 2)
        AP and ML, ``atlas_um``.

    Returns
    -------
    ndarray, shape (N, 3)
        ``atlas_um``; NaN where there is no brain.
    """
    flat = np.asarray(points_um, np.float64).reshape(-1, 2)
    origins = np.zeros((len(flat), 3))
    origins[:, [AP, ML]] = flat
    down = np.array(INFERIOR)
    rays = RayBundle(origins, np.tile(down, (len(flat), 1)), down, -np.inf)
    origins[:, DV] = caster_for(scene.brain).first_hits(rays).depth_um
    return np.where(np.isfinite(origins[:, [DV]]), origins, np.nan)


def point_from_above(
    scene: Scene, ap_um: float, ml_um: float
) -> tuple[tuple[float, float, float] | None, str]:
    """The surface seen from straight above at one place; over the fissure the level of its lips.

    Returns
    -------
    tuple of float or None
        ``atlas_um``; None where there is no brain.
    str
        How it was found, for a description.
    """
    middle = scene.atlas.midline_um
    beside = [(ap_um, middle - LIPS_UM), (ap_um, ml_um), (ap_um, middle + LIPS_UM)]
    one, own, other = surface_from_above(scene, beside)[:, DV].tolist()
    lips = (one + other) / 2.0
    is_near_middle = abs(ml_um - middle) < LIPS_UM
    if is_near_middle and np.isfinite(lips) and not own < lips + _CLEFT_UM:
        return (ap_um, lips, ml_um), (
            f"between the lips of the fissure: as high as {LIPS_UM:.0f} um to either side of it"
        )
    if not np.isfinite(own):
        return None, "past the brain"
    return (ap_um, own, ml_um), "on the surface seen from straight above"


def _from_bregma(scene: Scene) -> Iterator[LandmarkPreset]:
    bregma = default_bregma(scene.atlas.name)
    if bregma is None:
        return
    ap, ml = bregma.atlas_um[AP], bregma.atlas_um[ML]
    places = {
        name: (WFIELD_BREGMA_UM[0] + 1000.0 * y, WFIELD_BREGMA_UM[1] - 1000.0 * x)
        for name, (x, y) in WFIELD_POINTS_MM.items()
    }
    what = dict.fromkeys(WFIELD_POINTS_MM, "wfield's landmark")
    places |= {"bregma": (ap, ml), "lambda": (ap + _BREGMA_TO_LAMBDA_UM, ml)}
    what["bregma"] = f"under bregma (preset {bregma.name}, an estimate)"
    what["lambda"] = (
        f"under lambda, {_BREGMA_TO_LAMBDA_UM / 1000:.2f} mm behind bregma as in the average mouse"
    )
    for name, (ap_um, ml_um) in places.items():
        point, how = point_from_above(scene, ap_um, ml_um)
        if point is not None:
            yield LandmarkPreset(name, point, f"{what[name]}; {how}")


def _from_annotation(scene: Scene) -> Iterator[LandmarkPreset]:
    voxels = int(np.prod(scene.atlas.shape, dtype=np.int64))
    if scene.load_annotation is None or voxels > _MAX_VOXELS:
        return
    middle = scene.atlas.midline_um
    bulbs, cortex = _named(scene.ontology, _BULBS), _named(scene.ontology, _CORTEX)
    if bulbs is not None:
        across = np.array([*_BULB_ENDS_UM, *np.negative(_BULB_ENDS_UM)])
        ends = _rear_ends(scene, bulbs, middle + across)
        if np.isfinite(ends).all():
            point, how = point_from_above(scene, float(ends[:, AP].mean()), middle)
            if point is not None:
                text = f"where the olfactory bulbs end behind, on the midline; {how}"
                yield LandmarkPreset("olfactory_bulb_midline", point, text)
    if cortex is None:
        return
    reach = np.arange(LIPS_UM, scene.atlas.size_um[ML] - middle, _STEP_UM)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ends = _rear_ends(scene, cortex, middle + sign * reach)
        if np.isfinite(ends).any():
            tip = ends[np.nanargmax(ends[:, AP])]
            yield LandmarkPreset(
                f"posterior_cortex_tip_{side}",
                (float(tip[AP]), float(tip[DV]), float(tip[ML])),
                f"rearmost point of the {side} cortex seen from straight above",
            )


def _named(ontology: Ontology, names: tuple[str, ...]) -> Region | None:
    for name in names:
        for region in ontology.regions:
            if region.name.lower().startswith(name):
                return region
    return None


def _rear_ends(scene: Scene, region: Region, ml_um: FloatArray) -> FloatArray:
    """Rearmost surface points of a region along lines of constant ML, shape (N, 3); NaN: none."""
    is_seen = _seen_from_above(scene, region)
    ap = np.arange(_STEP_UM / 2, scene.atlas.size_um[AP], _STEP_UM)
    grid = np.stack(np.meshgrid(ml_um, ap, indexing="ij"), axis=-1)[..., ::-1]
    surface = surface_from_above(scene, grid.reshape(-1, 2)).reshape(*grid.shape[:2], 3)
    seen = is_seen(surface.reshape(-1, 3)).reshape(grid.shape[:2])
    last = len(ap) - 1 - seen[:, ::-1].argmax(axis=1)
    ends = surface[np.arange(len(ml_um)), last]
    ends[~seen.any(axis=1)] = np.nan
    return np.asarray(ends)


def _seen_from_above(scene: Scene, region: Region) -> Callable[[FloatArray], npt.NDArray[np.bool_]]:
    if scene.load_annotation is None:
        raise AtlasError(f"{scene.atlas.name} has no annotation")
    annotation = scene.load_annotation()
    ids = [part.id for part in scene.ontology.descendants(region.id)]
    under = np.zeros(3)
    under[DV] = max(_UNDER_UM, _UNDER_VOXELS * annotation.resolution_um[DV])
    return lambda points_um: np.asarray(np.isin(annotation.at(points_um + under), ids))
