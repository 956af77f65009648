"""The demo movie: the schematic brain with activity in each region that is known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.demo.image import OFFSET_COUNTS, brain_light
from napari_brainreg3d.demo.report import true_surface
from napari_brainreg3d.demo.truth import demo_registration
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.projection.grouping import Grouping, finest_labels, group
from napari_brainreg3d.registration import Registration

DEMO_MOVIE_NAME: Final = "demo_movie.tif"

_FRAMES: Final = 200
_FPS: Final = 20.0
_SHAPE: Final = (168, 192)
_SEED: Final = 31
#: Rise and decay of the indicator, s; events of each region, and their size (dF/F).
_RISE_S: Final = 0.08
_DECAY_S: Final = 0.5
_EVENTS: Final = 4
_EVENT: Final = 0.12
#: How much of the light bleaches away over the movie.
_BLEACHED: Final = 0.02
#: Variance of the shot noise per count, and read noise.
_SHOT_COUNTS: Final = 2.0
_READ_COUNTS: Final = 12.0
#: Frames that are made at a time.
_STEP: Final = 25


@dataclass(frozen=True, slots=True, eq=False)
class DemoMovie:
    """A movie whose traces are known. Made by :func:`demo_movie`.

    Attributes
    ----------
    frames : ndarray, shape (T, H, W), uint16
        Counts of the camera; read-only.
    truth
        dF/F of each region and side: one row per frame (index ``frame``), columns such as
        ``VISp_left``, in the order of the region table with the hemispheres split.
    fps
        Frames per second.
    bleaching : ndarray, shape (T,)
        Part of the light that is left in each frame.
    dark
        Counts of a pixel without light.
    registration
        Where the camera was.
    """

    frames: npt.NDArray[np.uint16]
    truth: pd.DataFrame
    fps: float
    bleaching: FloatArray
    dark: float
    registration: Registration


def movie_registration() -> Registration:
    """The true pose of :func:`demo_movie`: that of the demo image, with larger pixels."""
    truth = demo_registration()
    height, width = truth.grid.extent_um
    return truth.replaced(
        image_shape=_SHAPE,
        pixel_size_um=(height / _SHAPE[0], width / _SHAPE[1]),
        image_name=DEMO_MOVIE_NAME,
    )


@cache
def demo_movie() -> DemoMovie:
    """Film the schematic brain while its regions are active, each in its own way.

    Returns
    -------
    DemoMovie
        200 frames of 168 x 192 pixels at 20 Hz. A pixel of region ``r`` shows ``dark + light *
        bleaching(t) * (1 + truth_r(t))`` and the noise of the sensor; the same every time.
    """
    registration = movie_registration()
    scene = load_scene(registration.atlas, registration.regions)
    grouping = group(scene.regions, scene.ontology, split_hemispheres=True)
    labels = _true_labels(scene, grouping, registration)
    activity = _activity(len(grouping.rows))
    bleaching = 1.0 - _BLEACHED * np.arange(_FRAMES) / (_FRAMES - 1)
    light = np.asarray(brain_light(registration) - OFFSET_COUNTS, np.float32)
    rng = np.random.default_rng(_SEED)
    # Label 0, that is no region, is never active.
    relative = bleaching[:, None] * (1.0 + np.pad(activity, ((0, 0), (1, 0))))
    factors = np.asarray(relative, np.float32)
    frames = np.empty((_FRAMES, *_SHAPE), np.uint16)
    for first in range(0, _FRAMES, _STEP):
        part = slice(first, first + _STEP)
        frames[part] = _exposed(light * factors[part][:, labels], rng)
    names = [f"{row.region.acronym}_{row.hemisphere}" for row in grouping.rows]
    truth = pd.DataFrame(activity, columns=names)
    truth.index.name = "frame"
    return DemoMovie(
        read_only(frames), truth, _FPS, read_only(bleaching), OFFSET_COUNTS, registration
    )


def _true_labels(
    scene: Scene, grouping: Grouping, registration: Registration
) -> npt.NDArray[np.uint16]:
    """The label that each pixel should have, from the functions of the schematic brain."""
    places, ids = true_surface(registration)
    position = {region.id: i for i, region in enumerate(scene.regions)}
    region = np.full(ids.shape, -1)
    for leaf in np.unique(ids[ids > 0]).tolist():
        path = scene.ontology[leaf].path
        region[ids == leaf] = next((position[i] for i in path if i in position), -1)
    is_left = scene.is_left(places.reshape(-1, 3)).reshape(ids.shape)
    return np.asarray(grouping.label_of[finest_labels(region, is_left)])


def _exposed(counts: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Counts of light as the camera gives them: over its offset, with shot and read noise."""
    noise = rng.standard_normal(counts.shape, np.float32)
    noise *= np.sqrt(counts * np.float32(_SHOT_COUNTS) + np.float32(_READ_COUNTS**2))
    counts = counts + noise + np.float32(OFFSET_COUNTS)
    return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)


def _activity(regions: int) -> FloatArray:
    """Events at random times, each rising and decaying as the indicator does, (T, regions)."""
    rng = np.random.default_rng(_SEED + 1)
    time = np.arange(_FRAMES) / _FPS
    shape = np.exp(-time / _DECAY_S) - np.exp(-time / _RISE_S)
    shape /= shape.max()
    sizes = np.zeros((_FRAMES, regions))
    for column in sizes.T:
        column[rng.choice(_FRAMES, _EVENTS, replace=False)] = rng.uniform(0.5, 1.5, _EVENTS)
    sizes *= _EVENT
    return np.stack([np.convolve(column, shape)[:_FRAMES] for column in sizes.T], axis=1)
