"""Which regions the light of each pixel comes from, when tissue shines through from below.

Widefield fluorescence is no light of the surface: tissue at many depths contributes, less the
deeper it lies. Here the contribution falls off exponentially along the ray, with a stated length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.grouping import Grouping, group
from napari_brainreg3d.projection.projection import Float32Array
from napari_brainreg3d.projection.ray_light import Mixed, RayLight
from napari_brainreg3d.projection.seeing import check_annotated, run_pieces
from napari_brainreg3d.registration import Registration

#: Light from deeper than this many attenuation lengths is left out: 0.1 % of that of endless
#: tissue.
_LENGTHS: Final = float(np.log(1000.0))


@dataclass(frozen=True, eq=False)
class DepthMixture:
    """Where the light of each pixel comes from. Made by :func:`depth_mixture`; read-only arrays.

    Attributes
    ----------
    scene, registration, grouping
        What was looked at; labels are rows of the grouping, counted from 1.
    attenuation_um, max_depth_um
        Length after which the light is down to 1/e, and the way along the ray to which it counts.
    brightness
        Relative brightness of regions that do not shine like the others.
    labels : ndarray, shape (K, H, W), uint16
        The K labels that contribute most, the first one most; 0 where there are fewer.
    fractions : ndarray, shape (K, H, W), float32
        The share of each in the light of the pixel; NaN where the ray meets no bright tissue.
    other : ndarray, shape (H, W), float32
        The share of tissue that is in none of the chosen regions.
    remainder : ndarray, shape (H, W), float32
        The share of chosen regions beyond the K first. Fractions, other and remainder add up to 1.
    entropy_bits : ndarray, shape (H, W), float32
        Entropy of all shares, other tissue included: 0 where all light is of one region, 1 where
        two contribute alike.
    mean_depth_um : ndarray, shape (H, W), float32
        Mean way along the ray from the brain's surface to where the light comes from.
    """

    scene: Scene
    registration: Registration
    grouping: Grouping
    attenuation_um: float
    max_depth_um: float
    brightness: Mapping[str, float]
    labels: npt.NDArray[np.uint16]
    fractions: Float32Array
    other: Float32Array
    remainder: Float32Array
    entropy_bits: Float32Array
    mean_depth_um: Float32Array

    def __post_init__(self) -> None:
        for name in (
            "labels",
            "fractions",
            "other",
            "remainder",
            "entropy_bits",
            "mean_depth_um",
        ):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @cached_property
    def dominant(self) -> npt.NDArray[np.uint16]:
        """Label with the largest share, shape (H, W); 0 where other tissue has more, or none."""
        with np.errstate(invalid="ignore"):
            leads = self.fractions[0] >= self.other
        return read_only(np.where(leads, self.labels[0], 0).astype(np.uint16))

    def fraction_of(self, label: int) -> Float32Array:
        """Share of one label in the light of each pixel, shape (H, W); NaN without tissue.

        0 also where the label is beyond the K first; :attr:`remainder` says how much that can be.
        """
        shares = np.where(self.labels == label, self.fractions, 0.0).sum(axis=0)
        return np.where(np.isnan(self.other), np.nan, shares).astype(np.float32)

    @property
    def table(self) -> pd.DataFrame:
        """One row per label.

        Columns: ``label``, ``id``, ``acronym``, ``name``, ``hemisphere``; ``pixels`` where it is
        dominant; ``light_mm2``, its share summed over all pixels, in mm2 of the plane of focus;
        ``own_share``, the mean share of a region in the light of its own pixels; ``next_region``
        and ``next_share``, the other region that contributes most to them. NaN and empty for a
        region that is nowhere dominant.
        """
        rows = self.grouping.rows
        size = len(rows) + 1
        received = self._received(size)
        pixels = np.bincount(self.dominant.ravel(), minlength=size)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = received / pixels[:, None]
        own = np.diagonal(mean)[1:]
        rest = np.nan_to_num(mean[1:, 1:])
        np.fill_diagonal(rest, 0.0)
        second = rest.argmax(axis=1)
        share = rest[np.arange(len(rows)), second] if len(rows) else np.zeros(0)
        acronyms = np.array([row.region.acronym for row in rows], object)
        height_um, width_um = self.registration.pixel_size_um
        columns: dict[str, Any] = {
            "label": np.arange(1, size),
            "id": [row.region.id for row in rows],
            "acronym": acronyms,
            "name": [row.region.name for row in rows],
            "hemisphere": [row.hemisphere for row in rows],
            "pixels": pixels[1:],
            "light_mm2": received.sum(axis=0)[1:] * height_um * width_um / 1e6,
            "own_share": own,
            "next_region": np.where(share > 0, acronyms[second] if len(rows) else acronyms, ""),
            "next_share": np.where(pixels[1:] > 0, share, np.nan),
        }
        return pd.DataFrame(columns)

    def _received(self, size: int) -> npt.NDArray[np.float64]:
        """Light in pixels of each dominant label (axis 0) from each label (axis 1)."""
        light = np.zeros(size * size)
        own = self.dominant.astype(np.intp) * size
        for labels, shares in zip(self.labels, self.fractions, strict=True):
            weights = np.nan_to_num(shares).ravel()
            light += np.bincount((own + labels).ravel(), weights, minlength=size * size)
        received = light.reshape(size, size)
        received[:, 0] = 0.0
        return received


def depth_mixture(
    scene: Scene,
    registration: Registration,
    *,
    attenuation_um: float,
    max_depth_um: float | None = None,
    top: int = 8,
    brightness: Mapping[str, float] | None = None,
    split_hemispheres: bool = False,
    progress: Progress | None = None,
) -> DepthMixture:
    """Tell from which regions the light of each pixel comes.

    Parameters
    ----------
    scene
        Its chosen regions share the light; must have an annotation and a brain surface. For layers
        choose them as regions.
    registration
        Where the image lies and how its camera looks.
    attenuation_um
        Way under the brain's surface after which tissue contributes 1/e, um: the effect of light
        going in *and* coming out.
    max_depth_um
        Way along the ray up to which tissue counts, um; None: 6.9 attenuation lengths, beyond
        which 0.1 % would come from endless tissue.
    top
        How many regions are kept for each pixel.
    brightness
        Acronym -> brightness relative to 1 of everything within that region, the innermost named
        region deciding: ``{"fiber tracts": 0}`` where white matter does not shine.
    split_hemispheres
        Whether left and right get rows of their own.
    progress
        Told ``(rows done, rows)`` now and then; cancels by returning False.

    Returns
    -------
    DepthMixture
        Shares, dominant labels, entropy, mean depth.

    Raises
    ------
    RegistrationError
        When a parameter is not valid.
    RegionError
        When ``brightness`` names an unknown region.
    AtlasError
        When the atlas has no annotation or no brain surface.
    Cancelled
        When ``progress`` said so.

    Notes
    -----
    What is assumed: all tissue shines alike (see ``brightness``), the light falls off as
    ``exp(-s / attenuation_um)`` with the way ``s`` along the ray from the brain's surface, the same
    in all tissue and in gaps within it, and it comes straight up, without spreading sideways. Along
    each ray the integral over the annotation's voxels is exact: it is taken from voxel face to
    voxel face. Simulations (Tian et al. 2011) put 97 % of the signal into the top 500 um, which
    an exponential does with 143 um. With scattering (Waters 2020) the light going in is brightest
    300 to 400 um deep, contributions come from all of the cortex in many mouse lines and spread
    over millimetres: then this mixture is too shallow and too sharp. See also Ma et al. (2016). Try
    several lengths.

    References
    ----------
    * Tian et al., "Monte Carlo simulation of the spatial resolution and depth
      sensitivity of two-dimensional optical imaging of the brain", J. Biomed. Opt. 16, 2011
      (PMC3041814).
    * Waters, "Sources of widefield fluorescence from the brain", eLife 9, 2020,
      doi:10.7554/eLife.59841.
    * Ma et al., "Wide-field optical mapping of neural activity and brain haemodynamics:
      considerations and novel approaches", Phil. Trans. R. Soc. B 371, 2016,
      doi:10.1098/rstb.2015.0360.
    """
    limit_um = _checked(attenuation_um, max_depth_um, top)
    check_annotated(scene)
    grouping = group(
        scene.regions,
        scene.ontology,
        hemisphere=scene.hemisphere,
        split_hemispheres=split_hemispheres,
    )
    light = RayLight(scene, grouping, attenuation_um, limit_um, dict(brightness or {}))
    height, width = registration.image_shape
    kept = min(top, max(1, len(grouping.rows)))
    mixed = Mixed.empty(kept, height * width)
    caster, view = caster_for(scene.brain), registration.view

    def work(first: int, stop: int) -> None:
        for start in range(first * width, stop * width, light.rays_at_once):
            pixels = np.arange(start, min(start + light.rays_at_once, stop * width))
            rays = view.pixel_rays(np.stack(np.divmod(pixels, width), axis=1))
            mixed.put(pixels, light.along(rays, caster.first_hits(rays).depth_um))

    run_pieces(work, height, max(1, light.rays_at_once // width), progress)
    return DepthMixture(
        scene=scene,
        registration=registration,
        grouping=grouping,
        attenuation_um=float(attenuation_um),
        max_depth_um=limit_um,
        brightness=dict(brightness or {}),
        **mixed.maps(height, width),
    )


def _checked(attenuation_um: float, max_depth_um: float | None, top: int) -> float:
    if not (np.isfinite(attenuation_um) and attenuation_um > 0):
        raise RegistrationError(f"attenuation_um must be a positive number, got {attenuation_um!r}")
    if top < 1 or top != int(top):
        raise RegistrationError(f"top must be a whole number from 1 up, got {top!r}")
    if max_depth_um is None:
        return _LENGTHS * float(attenuation_um)
    if not (np.isfinite(max_depth_um) and max_depth_um > 0):
        raise RegistrationError(f"max_depth_um must be a positive number, got {max_depth_um!r}")
    return float(max_depth_um)
