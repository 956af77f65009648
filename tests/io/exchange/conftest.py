"""A real scene in the volume of the Allen CCF, seen so that every number is known by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import letter_scene

SHAPE = (41, 50)
PIXEL_UM = (150.0, 200.0)
#: AP, DV, ML of the image centre.
CENTRE_UM = (4000.0, 500.0, 6800.0)
TOP_UM = 1000.0


def places_by_hand() -> tuple[np.ndarray, np.ndarray]:
    """AP and ML (from the right) of every pixel: rows run to the back, columns to the right."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ap = CENTRE_UM[0] + (rows - (SHAPE[0] - 1) / 2) * PIXEL_UM[0]
    ml = CENTRE_UM[2] - (columns - (SHAPE[1] - 1) / 2) * PIXEL_UM[1]
    return ap, ml


def letter_by_hand() -> np.ndarray:
    """Which box of the letter each pixel shows, from above; -1 none."""
    ap, ml = places_by_hand()
    shown = np.full(SHAPE, -1)
    shown[(ap > 2000) & (ap < 6000) & (ml > 7800) & (ml < 8600)] = 0  # stem
    shown[(ap > 2000) & (ap < 2800) & (ml > 5000) & (ml < 7800)] = 1  # arm, over the midline
    shown[(ap > 3600) & (ap < 4400) & (ml > 6400) & (ml < 7800)] = 2  # bar
    return shown


def letter_projection(atlas: str = "allen_mouse_100um", **registration: Any) -> Projection:
    """The letter F seen from straight above by parallel rays, in an atlas of some name."""
    scene = letter_scene()
    info = dataclasses.replace(scene.atlas, name=atlas, species="Mus musculus")
    named = dataclasses.replace(scene, atlas=info)
    placed = Registration(
        **{
            "atlas": atlas,
            "image_shape": SHAPE,
            "pixel_size_um": PIXEL_UM,
            "pose": Pose.dorsal(centre_um=CENTRE_UM),
            "image_name": "letter.tif",
            **registration,
        }
    )
    return project(named, placed)


@pytest.fixture(scope="session")
def letter() -> Projection:
    """The letter in an atlas with Allen's name."""
    return letter_projection()


@pytest.fixture(scope="session")
def letter_in() -> Callable[..., Projection]:
    """Makes the letter in another atlas, or with another registration."""
    return letter_projection


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """A picture that no flip leaves as it is, uint16."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return (rows * 1000 + columns).astype(np.uint16)


@pytest.fixture(scope="session")
def by_hand() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """AP, ML (from the right) and the number of the box of every pixel (-1 none)."""
    return *places_by_hand(), letter_by_hand()
