"""Where the camera of the demo image really was, and what a flat map makes of it."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_brainreg3d.atlas.demo import DEMO_NAME
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.geometry.frames import AP, ML, FloatArray
from napari_brainreg3d.registration import Landmark, Registration

DEMO_REGIONS: Final = ("Isocortex/areas", "MOB", "SCs", "IC", "VERM", "HEM")
"""What the demo selects: the areas of the cortex and what else is seen from above."""

DEMO_IMAGE_NAME: Final = "demo_mouse.tif"

#: Points that a person finds on the brain, ``atlas_um``: those by which dorsal maps are usually
#: aligned. On the midline they lie between the lips of the fissure.
_LANDMARKS: Final = (
    ("OB_left", (2350.0, 2300.0, 7200.0)),
    ("OB_center", (2350.0, 2340.0, 5700.0)),
    ("OB_right", (2350.0, 2300.0, 4200.0)),
    ("RSP_base", (8650.0, 600.0, 5700.0)),
)


def demo_registration() -> Registration:
    """The true pose of :func:`demo_image`: tilted, turned and off the centre, a camera at 90 mm."""
    return Registration(
        atlas=DEMO_NAME,
        image_shape=(448, 512),
        pixel_size_um=(22.0, 22.0),
        pose=Pose.dorsal(
            centre_um=(5000.0, 600.0, 5450.0), yaw_deg=7.0, pitch_deg=5.0, roll_deg=-6.0
        ),
        camera=PinholeCamera(working_distance_mm=90.0),
        regions=DEMO_REGIONS,
        image_name=DEMO_IMAGE_NAME,
        side_confirmed=True,
    )


def demo_landmarks(truth: Registration | None = None) -> tuple[Landmark, ...]:
    """Landmarks without any error: where the true camera sees four points of the brain."""
    view = (truth or demo_registration()).view
    found = []
    for name, point in _LANDMARKS:
        row, column = view.atlas_to_pixels(point).tolist()
        found.append(Landmark(name=name, image_px=(row, column), atlas_um=point))
    return tuple(found)


def flat_registration(truth: Registration | None = None) -> Registration:
    """The best that a flat, untilted map can do with perfect landmarks, for comparison.

    Parameters
    ----------
    truth
        The true registration; None for that of the demo image.

    Returns
    -------
    Registration
        Without pitch, roll or perspective; turned, moved and scaled so that the landmarks fit as
        well as they can: the 2D similarity transform of the usual tools.
    """
    truth = truth or demo_registration()
    marks = demo_landmarks(truth)
    pixels = np.array([mark.image_px for mark in marks])
    points = np.array([mark.atlas_um for mark in marks])
    factor, shift = _similarity(pixels - truth.grid.centre_px, points[:, [AP, ML]] * (1.0, -1.0))
    return truth.replaced(
        pose=Pose.dorsal(
            centre_um=(shift.real, float(truth.pose.centre_um[1]), -shift.imag),
            yaw_deg=float(np.degrees(np.angle(factor))),
        ),
        pixel_size_um=(abs(factor), abs(factor)),
        camera=OrthographicCamera(),
        landmarks=marks,
        side_confirmed=False,
    )


def _similarity(source: FloatArray, target: FloatArray) -> tuple[complex, complex]:
    """Least-squares turn and scale, and shift, from (N, 2) to (N, 2) points.

    In complex numbers a similarity transform is ``target = factor * source + shift``; with rows
    along the real and columns along the imaginary axis the argument of the factor is the yaw.
    """
    z, w = source @ (1.0, 1.0j), target @ (1.0, 1.0j)
    matrix = np.stack([z, np.ones_like(z)], axis=1)
    factor, shift = np.linalg.lstsq(matrix, w, rcond=None)[0].tolist()
    return complex(factor), complex(shift)
