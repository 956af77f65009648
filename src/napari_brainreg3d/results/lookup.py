"""What one pixel or ray sees: region, side, place in the atlas, depth; in numbers and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.regions import Region
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.projection.seeing import seer
from napari_brainreg3d.registration import Registration

_DEFAULT: Final = ProjectionSettings()
NOTHING_TEXT: Final = "no brain here"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one ray sees.

    Attributes
    ----------
    region
        The selected region; None where the ray meets none of them.
    hemisphere
        Side of the animal on which the tissue lies; None where there is no tissue.
    atlas_um
        Where the tissue is, ``atlas_um``; None where the ray meets no tissue.
    stereotaxic_mm
        The same place as (AP, ML, DV), mm from :attr:`bregma`; None without tissue or preset.
    bregma
        Name of the preset.
    depth_um
        Way along the viewing direction from the plane of focus to the tissue; None where unknown.
    surface_depth_um
        Way along the ray from the brain's surface to the tissue; None where unknown.
    incidence_deg
        Angle between the ray and the normal of the surface it meets.
    """

    region: Region | None = None
    hemisphere: Literal["left", "right"] | None = None
    atlas_um: tuple[float, float, float] | None = None
    stereotaxic_mm: tuple[float, float, float] | None = None
    bregma: str | None = None
    depth_um: float | None = None
    surface_depth_um: float | None = None
    incidence_deg: float | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything in words: what it is, where it is, how it is seen."""
        if self.atlas_um is None:
            return (NOTHING_TEXT,)
        where = "atlas {:.0f}, {:.0f}, {:.0f} µm".format(*self.atlas_um)
        if self.stereotaxic_mm is not None:
            ap, ml, dv = self.stereotaxic_mm
            where = f"AP {ap:+.2f}  ML {ml:+.2f}  DV {dv:+.2f} mm ({self.bregma})  |  {where}"
        how = []
        if self.depth_um is not None:
            side = "above" if self.depth_um < 0 else "below"
            how.append(f"{abs(self.depth_um):.0f} µm {side} focus")
        if self.incidence_deg is not None:
            how.append(f"seen at {self.incidence_deg:.0f}°")
        return (self._who, where, "  |  ".join(how)) if how else (self._who, where)

    @property
    def text(self) -> str:
        """Everything in one line."""
        return "  |  ".join(self.parts)

    @property
    def _who(self) -> str:
        if self.region is None:
            return f"brain surface, no selected region, {self.hemisphere}"
        return f"{self.region.acronym}  {self.region.name}, {self.hemisphere}"


def look_along(
    scene: Scene,
    rays: RayBundle,
    *,
    settings: ProjectionSettings = _DEFAULT,
    bregma: BregmaPreset | None = None,
) -> tuple[Sight, ...]:
    """Tell what rays see.

    Parameters
    ----------
    scene
        What stands in front of the camera.
    rays
        R rays.
    settings
        How a projection would decide what is seen.
    bregma
        Where stereotaxic positions are counted from; None gives none.

    Returns
    -------
    tuple of Sight
        One for each ray, the same as :func:`napari_brainreg3d.project` finds for its pixel.
    """
    seen = seer(scene, settings)(rays)
    points = rays.at_depth(seen.depth_um)
    is_left = scene.is_left(points)
    angles = np.degrees(np.arccos(seen.cos_incidence))
    sights = []
    for i, point in enumerate(points):
        if np.isnan(point).any():
            sights.append(Sight())
            continue
        index = int(seen.region[i])
        sights.append(
            Sight(
                region=scene.regions[index] if index >= 0 else None,
                hemisphere="left" if is_left[i] else "right",
                atlas_um=_triple(point),
                stereotaxic_mm=_triple(bregma.to_stereotaxic_mm(point)) if bregma else None,
                bregma=bregma.name if bregma else None,
                depth_um=_number(seen.depth_um[i]),
                surface_depth_um=_number(seen.surface_depth_um[i]),
                incidence_deg=_number(angles[i]),
            )
        )
    return tuple(sights)


def look_at_pixel(
    scene: Scene,
    registration: Registration,
    pixel: tuple[float, float],
    *,
    settings: ProjectionSettings = _DEFAULT,
) -> Sight:
    """Tell what a point of the image sees.

    Parameters
    ----------
    scene
        What stands in front of the camera.
    registration
        Where the image lies; its bregma is used.
    pixel
        (row, column); whole numbers are pixel centres.
    settings
        How a projection would decide what is seen.
    """
    rays = registration.view.pixel_rays([pixel])
    return look_along(scene, rays, settings=settings, bregma=registration.bregma)[0]


def _triple(point: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    ap, dv, ml = (float(value) for value in point)
    return ap, dv, ml


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
