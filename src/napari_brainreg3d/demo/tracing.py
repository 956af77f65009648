"""Where rays really meet the schematic brain: found on its functions, without any mesh."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.demo.partition import VOLUME_UM, depth_um
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import FloatArray

#: Steps along a ray: at least, at most, um, and as a part of the distance that is left.
_SHORTEST_UM: Final = 10.0
_LONGEST_UM: Final = 700.0
_CAUTION: Final = 0.7
_HALVINGS: Final = 12


def trace_surface(rays: RayBundle) -> FloatArray:
    """Where rays first meet the schematic brain.

    Parameters
    ----------
    rays
        R rays that begin outside the brain.

    Returns
    -------
    ndarray, shape (R, 3)
        Points in ``atlas_um``, to a fraction of a um; NaN for rays that miss the brain.

    Notes
    -----
    Each ray steps forward by a part of its distance to the surface until it is inside, then the
    last step is halved again and again.

    References
    ----------
    .. [1] J. C. Hart, "Sphere tracing", The Visual Computer 12, 1996, doi:10.1007/s003710050084.
    """
    per_depth = np.linalg.norm(rays.directions, axis=1)
    depth, last = _crossed_volume(rays)
    outside = depth.copy()
    hit = np.zeros(len(rays), bool)
    active = np.flatnonzero(depth < last)
    while len(active):
        level = depth_um(_points(rays, depth, active))
        hit[active[level >= 0]] = True
        active, level = active[level < 0], level[level < 0]
        outside[active] = depth[active]
        step = np.clip(-_CAUTION * level, _SHORTEST_UM, _LONGEST_UM)
        depth[active] += step / per_depth[active]
        active = active[depth[active] < last[active]]
    found = np.flatnonzero(hit)
    for _ in range(_HALVINGS):
        middle = (outside + depth) / 2
        inside = depth_um(_points(rays, middle, found)) >= 0
        depth[found[inside]] = middle[found[inside]]
        outside[found[~inside]] = middle[found[~inside]]
    return np.where(hit[:, None], rays.at_depth(depth), np.nan)


def inward(points_um: FloatArray) -> FloatArray:
    """Unit vectors into the brain at right angles to its surface, shape (N, 3)."""
    offsets = 100.0 * np.eye(3)
    slope = np.stack(
        [depth_um(points_um + offset) - depth_um(points_um - offset) for offset in offsets], axis=1
    )
    return np.asarray(slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-9))


def _points(rays: RayBundle, depth: FloatArray, chosen: npt.NDArray[np.intp]) -> FloatArray:
    return rays.crossings_um[chosen] + rays.directions[chosen] * depth[chosen, None]


def _crossed_volume(rays: RayBundle) -> tuple[FloatArray, FloatArray]:
    """Depths where rays enter and leave the volume of the atlas; equal where they miss it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low = -rays.crossings_um / rays.directions
        high = (np.array(VOLUME_UM) - rays.crossings_um) / rays.directions
    # A ray in the plane of a face gives 0 / 0, which says nothing: fmin and fmax pass over it.
    enter = np.maximum(np.fmin(low, high).max(axis=1), rays.eye_depth_um)
    return enter, np.maximum(np.fmax(low, high).min(axis=1), enter)
