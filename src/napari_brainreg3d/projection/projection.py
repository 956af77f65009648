"""The result of casting an image into a scene: a label and a place in the atlas for every pixel."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.projection.grouping import Grouping, group
from napari_brainreg3d.registration import Registration

Occlusion = Literal["brain", "selected"]
Float32Array = npt.NDArray[np.float32]

#: Pixels per step when a map is computed from others: bounds the memory of the float64 in between.
_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """How a projection was made (the parameters of :func:`project`)."""

    occlusion: Occlusion = "brain"
    tolerance_um: float = 150.0
    sample_depth_um: float | None = None


@dataclass(frozen=True, eq=False)
class Projection:
    """What every pixel of an image sees. Made by :func:`project`; all arrays are read-only.

    Attributes
    ----------
    scene, registration, settings
        What was cast into what, and how.
    finest : ndarray, shape (H, W), uint16
        Finest label of each pixel (see :mod:`napari_brainreg3d.projection.grouping`).
    depth_um : ndarray, shape (H, W), float32
        Depth of the tissue under the plane of focus, along the viewing direction; NaN where the
        ray meets no tissue.
    surface_depth_um : ndarray, shape (H, W), float32
        Way along the ray from the brain's surface to the tissue, um; NaN where the ray misses the
        brain.
    incidence_deg : ndarray, shape (H, W), float32
        Angle between the ray and the normal of the surface it meets: 0 is face on, 90 grazing.
    grouping
        How finest labels become the labels and rows of :attr:`table`.
    unresolved : ndarray, shape (N, H, W), bool, or None
        Per region of the scene, whether the ray meets it at any depth.
    refined : ndarray, shape (H, W), bool, or None
        Which pixels :func:`refine` has changed.
    """

    scene: Scene
    registration: Registration
    settings: ProjectionSettings
    finest: npt.NDArray[np.uint16]
    depth_um: Float32Array
    surface_depth_um: Float32Array
    incidence_deg: Float32Array
    grouping: Grouping
    unresolved: npt.NDArray[np.bool_] | None = None
    refined: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        for name in ("finest", "depth_um", "surface_depth_um", "incidence_deg"):
            array = getattr(self, name)
            if array.shape != self.registration.image_shape:
                raise ValueError(
                    f"{name} has the shape {array.shape}, the image {self.registration.image_shape}"
                )
            object.__setattr__(self, name, read_only(array))
        for name in ("unresolved", "refined"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, read_only(getattr(self, name)))

    @cached_property
    def labels(self) -> npt.NDArray[np.uint16]:
        """Label of each pixel, shape (H, W): 0 nothing, otherwise the row of :attr:`table`."""
        return read_only(self.grouping.label_of[self.finest])

    @cached_property
    def atlas_um(self) -> Float32Array:
        """Where in the atlas the tissue is, shape (H, W, 3), um; NaN where there is none."""
        height, width = self.registration.image_shape
        view = self.registration.view
        places = np.empty((height, width, 3), np.float32)
        rows = max(1, _STEP // width)
        for first in range(0, height, rows):
            stop = min(height, first + rows)
            depth = self.depth_um[first:stop].astype(np.float64)
            points = view.row_rays(first, stop).at_depth(depth.ravel())
            places[first:stop] = points.reshape(-1, width, 3)
        return read_only(places)

    @property
    def table(self) -> pd.DataFrame:
        """The region table: one row per label, also for regions out of view (0 pixels).

        Columns: ``label``, ``id``, ``acronym``, ``name``, ``hemisphere``, ``pixels``, ``color``
        (``#rrggbb``), ``parents`` (acronyms from the root, joined by ``/``).
        """
        rows = self.grouping.rows
        counts = self._counts()
        ontology = self.scene.ontology
        columns: dict[str, Any] = {
            "label": np.arange(1, len(rows) + 1),
            "id": [row.region.id for row in rows],
            "acronym": [row.region.acronym for row in rows],
            "name": [row.region.name for row in rows],
            "hemisphere": [row.hemisphere for row in rows],
            "pixels": counts[1:],
            "color": ["#{:02x}{:02x}{:02x}".format(*row.region.rgb) for row in rows],
            "parents": [
                "/".join(ontology[i].acronym for i in row.region.path[:-1]) for row in rows
            ],
        }
        return pd.DataFrame(columns)

    def _counts(self) -> npt.NDArray[np.int64]:
        """Pixels of each label, shape (1 + rows,)."""
        finest = np.zeros(len(self.grouping.label_of), np.int64)
        flat = self.finest.reshape(-1)
        for first in range(0, flat.size, _STEP):  # bincount makes int64 of all that it is given
            finest += np.bincount(flat[first : first + _STEP], minlength=finest.size)
        counts = np.zeros(1 + len(self.grouping.rows), np.int64)
        np.add.at(counts, self.grouping.label_of, finest)
        return counts

    def mask(self, label: int) -> npt.NDArray[np.bool_]:
        """Pixels, shape (H, W), that carry ``label``."""
        return np.asarray(self.labels == label)

    def regrouped(
        self,
        into: str | Sequence[str | int] | None = None,
        *,
        split_hemispheres: bool = False,
    ) -> Projection:
        """Return the same projection with another table; no ray is cast again.

        Parameters
        ----------
        into
            Regions (acronym, name or id) to collect the finest ones in; None: the finest.
        split_hemispheres
            Whether left and right get rows of their own.

        Raises
        ------
        RegionError
            When a region is unknown or lies inside another one.
        """
        ontology = self.scene.ontology
        words = (into,) if isinstance(into, str) else into
        targets = None if words is None else tuple(ontology.find(word) for word in words)
        grouping = group(
            self.scene.regions,
            ontology,
            into=targets,
            hemisphere=self.scene.hemisphere,
            split_hemispheres=split_hemispheres,
        )
        return dataclasses.replace(self, grouping=grouping)
