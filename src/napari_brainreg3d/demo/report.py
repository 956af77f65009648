"""How well a projection of the demo image recovers what its camera really saw.

The truth is worked out without any mesh or ray engine, on the functions that the schematic brain is
made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, minimum_filter

from napari_brainreg3d.atlas.demo.partition import regions_at
from napari_brainreg3d.demo.tracing import inward, trace_surface
from napari_brainreg3d.demo.truth import demo_registration
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration import Registration

#: How far under the surface, at right angles, the region is read.
_UNDER_UM: Final = 30.0
#: Pixels nearer than this to a true border do not count as inside a region.
BORDER_UM: Final = 100.0


@dataclass(frozen=True, slots=True)
class DemoReport:
    """A projection compared with the truth; shares are between 0 and 1.

    Attributes
    ----------
    pixels
        How many pixels truly show one of the regions.
    right
        Share of them that carry the right label.
    right_inside
        The same, of those further than 100 um from a border.
    missed
        Share of the pixels that carry no label although they show a region.
    invented
        Share of the pixels that show none of the regions and yet carry a label.
    depth_error_um, depth_error_95_um
        How far off the tissue is along the true viewing direction: median and 95th percentile.
    lateral_error_um, lateral_error_95_um
        The same at right angles to it.
    """

    pixels: int
    right: float
    right_inside: float
    missed: float
    invented: float
    depth_error_um: float
    depth_error_95_um: float
    lateral_error_um: float
    lateral_error_95_um: float

    def __str__(self) -> str:
        return (
            f"{self.right:.1%} of {self.pixels} pixels have the right region "
            f"({self.right_inside:.1%} away from borders), {self.missed:.1%} have none, "
            f"{self.invented:.1%} of the other pixels have one; the tissue is off by "
            f"{self.depth_error_um:.0f} um in depth and {self.lateral_error_um:.0f} um sideways"
        )


def demo_report(projection: Projection, truth: Registration | None = None) -> DemoReport:
    """Compare a projection of the demo image with the truth.

    Parameters
    ----------
    projection
        Of a scene of the demo atlas, grouped in any way.
    truth
        The true registration, of an image of the same shape; None for that of the demo image.

    Returns
    -------
    DemoReport
        Shares are NaN where there is nothing to count.

    Raises
    ------
    RegistrationError
        When the projection is of another atlas, or its image has another shape.
    """
    truth = truth or demo_registration()
    if projection.registration.image_shape != truth.image_shape:
        raise RegistrationError(
            f"the projection has the shape {projection.registration.image_shape}, "
            f"the demo image {truth.image_shape}"
        )
    if projection.scene.atlas.name != truth.atlas:
        raise RegistrationError(
            f"the projection is of {projection.scene.atlas.name!r}, the truth of {truth.atlas!r}"
        )
    places, ids = true_surface(truth)
    labels = _as_labels(projection, places, ids)
    found = np.asarray(projection.labels)
    shown, inside = labels > 0, ~_near_border(labels, truth)
    off = np.asarray(projection.atlas_um, np.float64) - places
    off = off[np.isfinite(off).all(axis=-1)] @ truth.pose.rotation
    depth, lateral = np.abs(off[:, 2]), np.hypot(off[:, 0], off[:, 1])
    return DemoReport(
        pixels=int(shown.sum()),
        right=_share(found == labels, shown),
        right_inside=_share(found == labels, shown & inside),
        missed=_share(found == 0, shown),
        invented=_share(found > 0, ~shown),
        depth_error_um=_percentile(depth, 50),
        depth_error_95_um=_percentile(depth, 95),
        lateral_error_um=_percentile(lateral, 50),
        lateral_error_95_um=_percentile(lateral, 95),
    )


@lru_cache(maxsize=2)
def true_surface(truth: Registration) -> tuple[FloatArray, npt.NDArray[np.uint16]]:
    """What a camera sees of the schematic brain.

    Parameters
    ----------
    truth
        Pose and camera.

    Returns
    -------
    places : ndarray, shape (H, W, 3)
        Points of the brain's surface, ``atlas_um``; NaN past the brain.
    ids : ndarray, shape (H, W)
        The finest region there; 0 past the brain. Both arrays are read-only.
    """
    height, width = truth.image_shape
    places = trace_surface(truth.view.row_rays(0, height))
    ids = np.zeros(len(places), np.uint16)
    hit = np.isfinite(places).all(axis=1)
    ids[hit] = regions_at(places[hit] + _UNDER_UM * inward(places[hit]))
    shape = (height, width)
    return read_only(places.reshape(*shape, 3)), read_only(ids.reshape(shape))


def _as_labels(
    projection: Projection, places: FloatArray, ids: npt.NDArray[np.uint16]
) -> npt.NDArray[np.intp]:
    """The labels that a projection should have, shape (H, W), from true places and regions."""
    scene = projection.scene
    chosen = {region.id for region in scene.regions}
    is_left = scene.is_left(places.reshape(-1, 3)).reshape(ids.shape)
    labels = np.zeros(ids.shape, np.intp)
    for region_id in np.unique(ids[ids > 0]).tolist():
        path = scene.ontology[region_id].path
        if chosen.isdisjoint(path):
            continue
        for label, row in enumerate(projection.grouping.rows, 1):
            if row.region.id in path:
                there = ids == region_id
                if row.hemisphere != "both":
                    there &= is_left == (row.hemisphere == "left")
                labels[there] = label
    return labels


def _near_border(labels: npt.NDArray[np.intp], truth: Registration) -> npt.NDArray[np.bool_]:
    size = [2 * int(np.ceil(BORDER_UM / pixel)) + 1 for pixel in truth.pixel_size_um]
    return np.asarray(maximum_filter(labels, size) != minimum_filter(labels, size))


def _share(of: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float:
    return float(of[among].mean()) if among.any() else float("nan")


def _percentile(values: FloatArray, percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) else float("nan")
