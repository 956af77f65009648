"""The light along single rays: exact integrals of an exponential over an annotation's voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.grouping import Grouping, finest_labels
from napari_brainreg3d.projection.resolve import IdLookup

#: Pieces of rays within voxels, and sums of rays and labels, that are worked on at a time in one
#: thread: some 50 MB.
_AT_ONCE: Final = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """What P pixels show, of each the K labels with the most light; filled piece by piece.

    Attributes
    ----------
    labels : ndarray, shape (K, P), uint16
        The labels, most light first.
    fractions : ndarray, shape (K, P), float32
        Their shares.
    others : ndarray, shape (4, P), float32
        Share of other tissue, share beyond K, entropy in bits, mean depth in um.
    """

    labels: npt.NDArray[np.uint16]
    fractions: npt.NDArray[np.float32]
    others: npt.NDArray[np.float32]

    @classmethod
    def empty(cls, kept: int, pixels: int) -> Self:
        """Nothing yet: labels 0, all else NaN."""
        return cls(
            np.zeros((kept, pixels), np.uint16),
            np.full((kept, pixels), np.nan, np.float32),
            np.full((4, pixels), np.nan, np.float32),
        )

    def put(self, pixels: npt.NDArray[np.intp], light: Light) -> None:
        """Fill in what the rays of ``pixels``, shape (R,), show."""
        which = pixels[light.rays]
        shares = light.sums / light.sums.sum(axis=1, keepdims=True)
        kept = len(self.labels)
        own = shares[:, 1:]
        if own.shape[1]:
            # Sorted by share; of equal ones the lower label first.
            best = np.argsort(-own, axis=1, kind="stable")[:, :kept]
            top = np.take_along_axis(own, best, axis=1)
            self.labels[:, which] = np.where(top > 0, best + 1, 0).T
        else:
            top = np.zeros((len(which), kept))
        self.fractions[:, which] = top.T
        self.others[0, which] = shares[:, 0]
        self.others[1, which] = np.maximum(own.sum(axis=1) - top.sum(axis=1), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.others[2, which] = -np.nansum(shares * np.log2(shares), axis=1) + 0.0
        self.others[3, which] = light.mean_depth_um

    def maps(self, rows: int, columns: int) -> dict[str, Any]:
        """Everything as maps, by the names of the fields of a ``DepthMixture``."""
        names = ("other", "remainder", "entropy_bits", "mean_depth_um")
        others = zip(names, self.others.reshape(4, rows, columns), strict=True)
        shape = (-1, rows, columns)
        return {
            "labels": self.labels.reshape(shape),
            "fractions": self.fractions.reshape(shape),
            **dict(others),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """The light along those of some rays that meet bright tissue.

    Attributes
    ----------
    rays : ndarray, shape (B,), integer
        Which rays these are.
    sums : ndarray, shape (B, N + 1)
        Light from each label; 0 is tissue outside all chosen regions. Not all are 0.
    mean_depth_um : ndarray, shape (B,)
        Mean way under the surface where it comes from, um.
    """

    rays: npt.NDArray[np.intp]
    sums: FloatArray
    mean_depth_um: FloatArray


class RayLight:
    """Integrates light along rays under the brain's surface; safe to use from several threads.

    Parameters
    ----------
    scene
        Its annotation and chosen regions.
    grouping
        From regions to labels.
    attenuation_um, max_depth_um
        Decay length, and the way under the surface at which everything ends, um.
    brightness
        Acronym -> relative brightness.
    """

    def __init__(
        self,
        scene: Scene,
        grouping: Grouping,
        attenuation_um: float,
        max_depth_um: float,
        brightness: Mapping[str, float],
    ) -> None:
        assert scene.load_annotation is not None
        self._scene, self._grouping = scene, grouping
        self._length, self._end = attenuation_um, max_depth_um
        self._annotation = scene.load_annotation()
        self._owner_of = IdLookup(scene)
        self._brightness = _Brightness(scene, brightness) if brightness else None
        self._size = len(grouping.rows) + 1
        # A ray in no direction crosses more voxel faces than this.
        crossings = sum(max_depth_um / step + 2 for step in self._annotation.resolution_um)
        self.rays_at_once = max(64, int(_AT_ONCE / (crossings + self._size)))

    def along(self, rays: RayBundle, surface_depth_um: FloatArray) -> Light:
        """Sum up the light along R rays.

        Parameters
        ----------
        rays
            R rays.
        surface_depth_um : ndarray, shape (R,)
            Depth under the plane of focus where each meets the brain; NaN where it does not.
        """
        met = np.flatnonzero(np.isfinite(surface_depth_um))
        starts = rays.at_depth(surface_depth_um)[met]
        units = rays.directions[met]
        units = units / np.linalg.norm(units, axis=1, keepdims=True)
        edges = self._faces(starts, units)
        ray, piece = np.nonzero(np.diff(edges, axis=1) > 0)
        near, far = edges[ray, piece], edges[ray, piece + 1]
        points = starts[ray] + units[ray] * ((near + far) / 2.0)[:, None]
        label, bright = self._label_at(points)
        light, moment = self._integrals(near, far)
        light, moment = light * bright, moment * bright
        size = len(met) * self._size
        sums = np.bincount(ray * self._size + label, light, minlength=size)
        moments = np.bincount(ray, moment, minlength=len(met))
        sums = sums.reshape(len(met), self._size)
        total = sums.sum(axis=1)
        lit = total > 0
        return Light(met[lit], sums[lit], moments[lit] / total[lit])

    def _faces(self, starts: FloatArray, units: FloatArray) -> FloatArray:
        """Ways along rays to the voxel faces they cross, sorted, from 0 to the end, (B, E)."""
        ways = [np.zeros((len(starts), 1)), np.full((len(starts), 1), self._end)]
        for axis, step in enumerate(self._annotation.resolution_um):
            along = units[:, axis]
            count = int(np.ceil(self._end * np.abs(along).max(initial=0.0) / step)) + 1
            voxel = starts[:, axis] / step
            forward = along > 0
            first = np.where(forward, np.floor(voxel) + 1.0, np.ceil(voxel) - 1.0)
            face = first[:, None] + np.where(forward, 1.0, -1.0)[:, None] * np.arange(count)
            with np.errstate(divide="ignore", invalid="ignore"):
                way = (face * step - starts[:, axis, None]) / along[:, None]
            # A ray along the faces crosses none of them.
            ways.append(np.where(np.isfinite(way), way, self._end))
        edges: FloatArray = np.clip(np.concatenate(ways, axis=1), 0.0, self._end)
        return np.sort(edges, axis=1)

    def _label_at(self, points: FloatArray) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Label (0: other tissue) and brightness (0: no tissue) at points, shape (M,) each."""
        ids = self._annotation.at(points)
        region, left = self._owner_of(ids), self._scene.is_left(points)
        if self._scene.hemisphere != "both":
            region[left != (self._scene.hemisphere == "left")] = -1
        label = self._grouping.label_of[finest_labels(region, left)]
        if self._brightness is None:
            return label, ids != 0
        return label, self._brightness(ids)

    def _integrals(self, near: FloatArray, far: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Integrals of exp(-s / L) / L, and of s times that, between two ways, in closed form."""
        length = self._length
        at_near, at_far = np.exp(-near / length), np.exp(-far / length)
        return at_near - at_far, (near + length) * at_near - (far + length) * at_far


class _Brightness:
    """Relative brightness of annotated ids: that of the innermost named region, else 1."""

    def __init__(self, scene: Scene, brightness: Mapping[str, float]) -> None:
        named: dict[int, float] = {}
        for acronym, value in brightness.items():
            if not (np.isfinite(value) and value >= 0):
                raise RegistrationError(
                    f"the brightness of {acronym} must be a number from 0 up, got {value!r}"
                )
            named[scene.ontology.find(acronym).id] = float(value)
        value_of = {
            region.id: next((named[i] for i in reversed(region.path) if i in named), 1.0)
            for region in scene.ontology.regions
        }
        self._ids = np.array(sorted(value_of), np.int64)
        self._values = np.array([value_of[i] for i in self._ids.tolist()])

    def __call__(self, ids: npt.NDArray[Any]) -> FloatArray:
        wanted = ids.astype(np.int64)
        place = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        known = np.where(self._ids[place] == wanted, self._values[place], 1.0)
        return np.asarray(np.where(wanted == 0, 0.0, known))
