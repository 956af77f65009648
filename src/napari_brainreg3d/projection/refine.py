"""Optional smoothing of labels by the k nearest labelled pixels, after brainreg3D.

brainreg3D had labels only where a mesh vertex was projected and let a k-nearest-neighbour
classifier label everything else. Here every pixel has its own ray, so that this is never needed to
get labels; it closes hairline gaps between meshes and smooths borders.
"""

from __future__ import annotations

import dataclasses
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.projection import Projection

Where = Literal["gaps", "boundary", "everywhere"]

#: Pixels classified at a time: bounds the memory of their k neighbours.
_STEP: Final = 1 << 17


def refine(
    projection: Projection,
    k: int = 11,
    where: Where = "gaps",
    *,
    max_gap_um: float = 200.0,
    progress: Progress | None = None,
) -> Projection:
    """Relabel pixels by the majority of the k nearest labelled pixels.

    Parameters
    ----------
    projection
        What to refine; not changed.
    k
        How many labelled pixels vote, all with the same weight; brainreg3D's 11 by default.
    where
        ``"gaps"``: pixels inside the brain without a label, in gaps between labelled pixels no
        wider than ``max_gap_um``. ``"boundary"``: labelled pixels beside another label.
        ``"everywhere"``: all pixels, also those that look past the brain, as brainreg3D did;
        for comparison only.
    max_gap_um
        Widest gap that is closed, um in the plane of focus.
    progress
        Told ``(pixels done, pixels)``; cancels by returning False.

    Returns
    -------
    Projection
        With new labels; its ``refined`` says which pixels have changed. Depths and coordinates
        stay those of the rays.

    Raises
    ------
    RegistrationError
        When a parameter is not valid, or no pixel has a label to learn from.
    """
    if where not in get_args(Where):
        raise RegistrationError(f"where must be gaps, boundary or everywhere, got {where!r}")
    if k < 1 or not max_gap_um > 0:
        raise RegistrationError(f"k and max_gap_um must be positive, got {k!r} and {max_gap_um!r}")
    labelled = projection.finest > 0
    if not labelled.any():
        raise RegistrationError("no pixel has a label, so that there is nothing to refine from")
    chosen = _chosen(projection, labelled, where, max_gap_um)
    finest = projection.finest.copy()
    finest[chosen] = _vote(projection, labelled, chosen, k, progress)
    changed = finest != projection.finest
    if projection.refined is not None:
        changed |= projection.refined
    return dataclasses.replace(projection, finest=finest, refined=changed)


def _chosen(
    projection: Projection, labelled: npt.NDArray[np.bool_], where: Where, max_gap_um: float
) -> npt.NDArray[np.bool_]:
    if where == "everywhere":
        return np.ones_like(labelled)
    if where == "boundary":
        finest = projection.finest
        around = ndimage.generate_binary_structure(2, 1)
        highest = ndimage.maximum_filter(finest, footprint=around)
        # 0 must not count as a neighbour: the outer edge of the labels is not smoothed.
        ceiling = np.where(labelled, finest, np.iinfo(finest.dtype).max)
        lowest = ndimage.minimum_filter(ceiling, footprint=around)
        return np.asarray(labelled & (highest != lowest))
    # Morphological closing by a disc in um, with distance transforms instead of large footprints.
    size = projection.registration.pixel_size_um
    near = ndimage.distance_transform_edt(~labelled, sampling=size) <= max_gap_um / 2
    if near.all():
        closed = near
    else:
        closed = ndimage.distance_transform_edt(near, sampling=size) > max_gap_um / 2
    gaps = closed & ~labelled
    gaps[gaps] = _meets_brain(projection, np.argwhere(gaps))
    return np.asarray(gaps)


def _meets_brain(projection: Projection, pixels: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Whether the rays of pixels, shape (R, 2), meet the brain, shape (R,).

    The maps cannot say: with ``occlusion="selected"`` the brain is not there.
    """
    brain, view = caster_for(projection.scene.brain), projection.registration.view
    meets = np.zeros(len(pixels), bool)
    for first in range(0, len(pixels), _STEP):
        rays = view.pixel_rays(pixels[first : first + _STEP])
        meets[first : first + _STEP] = brain.first_hits(rays).face >= 0
    return meets


def _vote(
    projection: Projection,
    labelled: npt.NDArray[np.bool_],
    chosen: npt.NDArray[np.bool_],
    k: int,
    progress: Progress | None,
) -> npt.NDArray[np.uint16]:
    from sklearn.neighbors import KNeighborsClassifier  # a second of imports: only when used

    size = projection.registration.pixel_size_um
    known = np.argwhere(labelled) * size
    classifier = KNeighborsClassifier(min(k, len(known)), algorithm="kd_tree")
    classifier.fit(known, projection.finest[labelled])
    wanted = np.argwhere(chosen) * size
    votes = np.empty(len(wanted), projection.finest.dtype)
    for first in range(0, len(wanted), _STEP):
        report(progress, first, len(wanted))
        piece = wanted[first : first + _STEP]
        votes[first : first + _STEP] = classifier.predict(piece)
    report(progress, len(wanted), len(wanted))
    return votes
