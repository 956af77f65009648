"""Which region each point of the schematic brain belongs to, as functions positive inside.

The brain is cut into compartments (cortex, core, bulbs, colliculi, ...), each compartment into its
regions. All regions are thresholds of continuous functions on the same grid, so that neighbours
share their wall and the annotation, read off at the grid points, agrees with the meshes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from napari_brainreg3d.atlas.demo import areas, shapes
from napari_brainreg3d.atlas.demo.regions import ONTOLOGY
from napari_brainreg3d.atlas.demo.shapes import Field
from napari_brainreg3d.geometry.frames import FloatArray

VOLUME_UM: Final = (13200.0, 8000.0, 11400.0)
"""Extent of the atlas along the axes of ``atlas_um``."""

Box = tuple[slice, slice, slice]

#: How much the surfaces of the parts flow into one another where they meet, mm.
_BLEND_MM: Final = 0.06
#: Beyond this distance outside a compartment its regions are not worked out, mm.
_REACH_MM: Final = 0.3


@dataclass(frozen=True, eq=False)
class Compartment:
    """A part of the brain and the seeds that divide it.

    Attributes
    ----------
    field : ndarray, shape (A, B, C)
        Positive inside, mm.
    seeds
        Acronym -> points, shape (K, 3), (ap, dv, ml) in mm.
    """

    field: Field
    seeds: Mapping[str, Field]

    @cached_property
    def _column(self) -> npt.NDArray[np.int32]:
        """For each voxel near the compartment its column in ``_scores``, else -1."""
        near = self.field > -_REACH_MM
        half = near.shape[2] // 2
        left = near[:, :, half:] | near[:, :, half - 1 :: -1]  # seeds are the same on both sides
        column = np.full(left.shape, -1, np.int32)
        column[left] = np.arange(np.count_nonzero(left))
        return np.concatenate([column[:, :, ::-1], column], axis=2)

    @cached_property
    def _scores(self) -> Field:
        """``scores`` of the voxels near the compartment, shape (regions, columns)."""
        half = self.field.shape[2] // 2
        near = self._column[:, :, half:] >= 0
        places = [np.broadcast_to(c, near.shape)[near] for c in shapes.half_axes()]
        return self.scores(np.stack(places, axis=1))

    @cached_property
    def _best(self) -> tuple[Field, npt.NDArray[np.intp]]:
        """The highest score of each column, and whose it is."""
        return self._scores.max(axis=0), self._scores.argmax(axis=0)

    def scores(self, points_mm: Field) -> Field:
        """How near the seeds of each region are to points, shape (N, 3): (regions, N), mm^2."""
        # Half the squared distance, up to what is the same for all seeds: the difference of two
        # such scores is linear in space, so that its zero, a wall, is found exactly on the grid.
        return np.stack(
            [
                (seeds @ points_mm.T - 0.5 * (seeds**2).sum(axis=1)[:, None]).max(axis=0)
                for seeds in self.seeds.values()
            ]
        )

    def share(self, acronyms: Collection[str], box: Box) -> Field | None:
        """Where some of the regions are within a box of voxels: positive inside; None: nowhere."""
        wanted = np.array([acronym in acronyms for acronym in self.seeds])
        if not wanted.any():
            return None
        field = self.field[box]
        if wanted.all():
            return field
        near = field > -_REACH_MM
        shared = field.copy()
        shared[near] = np.minimum(field[near], self._lead(wanted, self._column[box][near]))
        return shared

    def _lead(self, wanted: npt.NDArray[np.bool_], columns: npt.NDArray[np.int32]) -> Field:
        """By how much some regions are nearer than all others, shape of ``columns``."""
        best, owner = self._best
        ours = wanted[owner[columns]]
        # The nearest region of all is known: look only for the nearest of the other party.
        rivals = self._scores[np.ix_(~wanted, columns[ours])].max(axis=0)
        own = self._scores[np.ix_(wanted, columns[~ours])].max(axis=0)
        lead = np.empty(columns.shape, np.float32)
        lead[ours] = best[columns[ours]] - rivals
        lead[~ours] = own - best[columns[~ours]]
        return lead

    @property
    def ids(self) -> npt.NDArray[np.uint16]:
        """Ids of the regions, in the order of ``seeds``."""
        return np.array([ONTOLOGY.find(acronym).id for acronym in self.seeds], np.uint16)

    def owners(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint16]]:
        """Voxels inside, shape (A, B, C), and the ids of the regions that they belong to."""
        inside = self.field > 0
        return inside, self.ids[self._best[1][self._column[inside]]]


@cache
def compartments() -> tuple[Field, tuple[Compartment, ...]]:
    """The whole brain, shape (A, B, C), positive inside, and its compartments."""
    ap, dv, left = shapes.axes()
    ml = np.abs(left)
    depth = shapes.cerebrum_depth(ap, dv, ml)
    # In order of precedence: the first of two overlapping parts keeps the tissue.
    parts = [
        depth - shapes.fissure(dv, ml),
        shapes.olfactory_bulbs(ap, dv, left),
        shapes.olfactory_stalks(ap, dv, ml),
        shapes.inferior_colliculi(ap, dv, ml),
        shapes.superior_colliculi(ap, dv, ml),
        shapes.cerebellum(ap, dv, ml),
        shapes.brain_stem(ap, dv, ml),
    ]
    parts = [np.clip(part, -1.0, 1.5) for part in parts]
    whole = _BLEND_MM * np.log(sum(np.exp(part / _BLEND_MM) for part in parts))
    cerebrum, bulbs, stalks, inferior, superior, cerebellum, stem = (
        np.minimum(whole, owned) for owned in _divided(parts)
    )
    under = depth - shapes.cortex_thickness(dv, ml)
    return whole, (
        Compartment(np.minimum(cerebrum, -under), areas.cortex_seeds()),
        Compartment(np.minimum(cerebrum, under), areas.core_seeds()),
        Compartment(bulbs, {"MOB": np.zeros((1, 3), np.float32)}),
        Compartment(stalks, {"AON": np.zeros((1, 3), np.float32)}),
        Compartment(inferior, {"IC": np.zeros((1, 3), np.float32)}),
        Compartment(superior, {"SCs": np.zeros((1, 3), np.float32)}),
        Compartment(cerebellum, areas.cerebellum_seeds()),
        Compartment(stem, areas.stem_seeds()),
    )


def _divided(parts: list[Field]) -> list[Field]:
    """For each part, a function that is positive where no other part has a better claim."""
    claims = [np.full(shapes.SHAPE, np.inf, np.float32) for _ in parts]
    for i, first in enumerate(parts):
        for j, second in enumerate(parts[i + 1 :], i + 1):
            # Inside the first part it wins; outside both (in the fillet) the nearer one does.
            claim = np.maximum(first, first - second)
            np.minimum(claims[i], claim, out=claims[i])
            np.minimum(claims[j], -claim, out=claims[j])
    return claims


def depth_um(points_um: FloatArray) -> FloatArray:
    """Depth of points, shape (N, 3) in ``atlas_um``, under the brain's surface, about, um.

    Negative outside; exactly 0 on the surface of the brain's mesh where that crosses the grid.
    """
    return 1000.0 * _interpolated(compartments()[0], points_um)


def regions_at(points_um: FloatArray) -> npt.NDArray[np.uint16]:
    """Ids of the finest regions that hold points, shape (N, 3) in ``atlas_um``; 0 outside.

    Like the annotation volume, but without its voxels.
    """
    _, parts = compartments()
    levels = np.stack([_interpolated(part.field, points_um) for part in parts])
    holder = np.where(depth_um(points_um) > 0, levels.argmax(axis=0), -1)
    points_mm = (points_um / 1000.0).astype(np.float32)
    points_mm[:, 2] = np.abs(points_mm[:, 2] - VOLUME_UM[2] / 2000.0)
    ids = np.zeros(len(points_um), np.uint16)
    for i, part in enumerate(parts):
        here = holder == i
        ids[here] = part.ids[part.scores(points_mm[here]).argmax(axis=0)]
    return ids


def _interpolated(field: Field, points_um: FloatArray) -> FloatArray:
    places = points_um.T / (1000.0 * shapes.STEP_MM) - 0.5
    values = map_coordinates(field, places, order=1, mode="nearest", output=np.float64)
    return np.asarray(values, np.float64)
