"""The demo image: what a camera at a known pose would see of the schematic brain."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from napari_brainreg3d.atlas.demo import DEMO_NAME
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo.truth import demo_registration
from napari_brainreg3d.demo.vessels import sample_map, vessel_map
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration

#: What the camera gives without any light.
OFFSET_COUNTS: Final = 420.0
_BRIGHTEST_COUNTS: Final = 26000.0
_SEED: Final = 20


@cache
def demo_image() -> npt.NDArray[np.uint16]:
    """The demo image, shape (448, 512), read-only; seen at the pose of :func:`demo_registration`.

    Nothing in it depends on the regions: brain surface, blood vessels, light, noise.
    """
    image = render_brain(demo_registration())
    image.flags.writeable = False
    return image


def render_brain(registration: Registration, *, seed: int = _SEED) -> npt.NDArray[np.uint16]:
    """Render the schematic brain as a wide-field microscope would see it.

    Parameters
    ----------
    registration
        Pose and camera; its atlas must be the demo atlas.
    seed
        Of the noise of the sensor.

    Returns
    -------
    ndarray, shape (H, W), uint16
        Counts: dark past the brain, brighter where the surface faces the camera, darker in vessels
        and towards the corners, with shot and read noise.
    """
    return _exposed(brain_light(registration), seed)


def brain_light(registration: Registration) -> FloatArray:
    """The light that reaches each pixel, before any noise.

    Parameters
    ----------
    registration
        Pose and camera; its atlas must be the demo atlas.

    Returns
    -------
    ndarray, shape (H, W)
        Counts, with the offset of the camera (:data:`OFFSET_COUNTS`).
    """
    brain = load_scene(DEMO_NAME, ["root"])
    seen = project(brain, registration.replaced(regions=("root",)), occlusion="selected")
    places = np.asarray(seen.atlas_um, np.float64)
    facing = np.nan_to_num(np.cos(np.radians(seen.incidence_deg.astype(np.float64))))
    tissue = 0.15 + 0.85 * facing**0.8
    light = np.exp(-1.1 * sample_map(vessel_map(), places)) * _mottling(places)
    # The soft edge of a real lens; it also takes the steps out of the surface's triangles.
    scene_light = gaussian_filter(np.where(np.isnan(seen.depth_um), 0.0, tissue * light), 0.7)
    return OFFSET_COUNTS + _BRIGHTEST_COUNTS * _vignette(registration) * scene_light


def _mottling(places_um: FloatArray) -> FloatArray:
    """Slow and fine changes of brightness of the tissue, about 1, fixed to the brain."""
    rng = np.random.default_rng(_SEED + 1)
    noise = rng.standard_normal((1320, 1140)).astype(np.float32)
    coarse, fine = gaussian_filter(noise, 40.0), gaussian_filter(noise, 4.0)
    texture = 0.08 * coarse / coarse.std() + 0.03 * fine / fine.std()
    return 1.0 + sample_map(texture, places_um)


def _vignette(registration: Registration) -> FloatArray:
    height, width = registration.image_shape
    row, column = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    return np.asarray(1.0 - 0.22 * (row**2 + column**2))


def _exposed(counts: FloatArray, seed: int) -> npt.NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    electrons_per_count = 0.5
    shot = rng.standard_normal(counts.shape) * np.sqrt(counts / electrons_per_count)
    read = 12.0 * rng.standard_normal(counts.shape)
    return np.clip(np.rint(counts + shot + read), 0, 65535).astype(np.uint16)
