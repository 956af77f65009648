"""The numbers by which a person places an image: millimetres from bregma, and degrees."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose

Coordinate = Literal["ap", "ml", "dv"]
Angle = Literal["yaw", "pitch", "roll"]
COORDINATES: Final[tuple[Coordinate, ...]] = ("ap", "ml", "dv")
ANGLES: Final[tuple[Angle, ...]] = ("yaw", "pitch", "roll")

#: For atlases without a bregma: the corner from which ``atlas_um`` is counted.
ATLAS_CORNER: Final = BregmaPreset("corner of the atlas", (0.0, 0.0, 0.0))

DEFAULT_WORKING_DISTANCE_MM: Final = 100.0


def position_mm(pose: Pose, bregma: BregmaPreset | None) -> dict[Coordinate, float]:
    """Where the image centre lies: AP (anterior +), ML (right +), DV (dorsal +), mm."""
    values = (bregma or ATLAS_CORNER).to_stereotaxic_mm(pose.centre_um).tolist()
    return dict(zip(COORDINATES, values, strict=True))


def moved_to(
    pose: Pose, bregma: BregmaPreset | None, coordinate: Coordinate, value_mm: float
) -> Pose:
    """Return the pose with one coordinate of its centre changed."""
    reference = bregma or ATLAS_CORNER
    place = {**position_mm(pose, bregma), coordinate: value_mm}
    centre = reference.to_atlas_um([place[name] for name in COORDINATES])
    return Pose(pose.rotation, centre, pose.view)


def turned_to(pose: Pose, angle: Angle, value_deg: float) -> Pose:
    """Return the pose with one of its angles changed; the image centre stays."""
    now = dict(zip(ANGLES, pose.angles_deg, strict=True))
    return pose.turned(**{f"{angle}_deg": value_deg - now[angle]})


def limits_mm(
    size_um: tuple[float, float, float], bregma: BregmaPreset | None
) -> dict[Coordinate, tuple[float, float]]:
    """Lowest and highest coordinate of an atlas of this size, half of it more on either side."""
    low, high = -0.5 * np.array(size_um), 1.5 * np.array(size_um)
    corners = np.array([[low[0], low[1], low[2]], [high[0], high[1], high[2]]])
    ends = np.sort((bregma or ATLAS_CORNER).to_stereotaxic_mm(corners), axis=0)
    return {name: (ends[0, i], ends[1, i]) for i, name in enumerate(COORDINATES)}


def with_distance(camera: Camera, working_distance_mm: float | None) -> Camera:
    """Return a camera at a working distance, or one with parallel rays (None).

    What else is known of the camera stays: mirroring always, lens and principal point if it had
    them.
    """
    if working_distance_mm is None:
        return OrthographicCamera(mirrored=camera.mirrored)
    if isinstance(camera, PinholeCamera):
        return replace(camera, working_distance_mm=working_distance_mm)
    return PinholeCamera(working_distance_mm=working_distance_mm, mirrored=camera.mirrored)


def scaled_to(size_um: tuple[float, float], mean_um: float) -> tuple[float, float]:
    """Return a pixel size with this mean of height and width, and the same shape of a pixel."""
    factor = mean_um / (sum(size_um) / 2)
    return size_um[0] * factor, size_um[1] * factor
