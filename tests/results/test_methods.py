"""The paragraph for a methods section has the numbers of the projection."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.results.methods import citations, methods_text
from tests.fixtures.scenes import letter_scene


@pytest.fixture(scope="module")
def projection() -> Projection:
    registration = Registration(
        atlas="allen_mouse_100um",
        image_shape=(20, 30),
        pixel_size_um=(300.0, 250.0),
        pose=Pose.dorsal(centre_um=(4000.0, 500.0, 6600.0), yaw_deg=-3.26, pitch_deg=5.0),
        camera=PinholeCamera(working_distance_mm=90.0, k1=-0.1),
        side_confirmed=True,
        landmarks=(
            Landmark("both", (1.0, 2.0), (3000.0, 1000.0, 8000.0)),
            Landmark("clicked", (1.0, 2.0)),
        ),
    )
    return project(letter_scene(), registration, tolerance_um=120.0)


def test_numbers_are_filled_in(projection: Projection) -> None:
    text = methods_text(projection)
    for words in (
        "20 x 30 pixels (rows x columns) of 300 x 250 um",
        "test_letter (version 1.0; closed form)",
        "a pinhole 90 mm from the plane of focus and radial distortion (k1 = -0.1, k2 = 0)",
        "In the dorsal view its yaw was -3.3, its pitch +5.0 and its roll +0.0 degrees",
        "4.00 mm from the front, 0.50 mm from the top and 6.60 mm from the animal's right",
        "1 landmarks were placed",
        "at most 120 um under the brain's surface",
        "A person confirmed left and right.",
        "bregma at 5400, 332, 5739 um (AP, DV, ML in the atlas; preset 'ibl').",
    ):
        assert words in text, words
    assert "-0.0" not in text
    assert "schematic" not in text


def test_what_must_not_be_kept_quiet_is_said(projection: Projection) -> None:
    info = dataclasses.replace(projection.scene.atlas, is_schematic=True)
    odd = dataclasses.replace(
        projection,
        scene=dataclasses.replace(projection.scene, atlas=info),
        registration=projection.registration.replaced(side_confirmed=False, landmarks=()),
        refined=np.eye(20, 30, dtype=bool),
    )
    text = methods_text(odd)
    assert "none of this is anatomy" in text
    assert "Left and right have not been confirmed." in text
    assert "20 pixels were relabelled" in text
    assert "landmarks" not in text


def test_ancestor_atlas_and_brainglobe_are_cited(projection: Projection) -> None:
    found = citations(projection)
    assert [citation.what for citation in found] == [
        "this program", "atlas", "BrainGlobe", "the program's ancestor",
    ]  # fmt: skip
    assert "closed form" in found[1].text
    assert all(citation.url.startswith("https://") for citation in found if citation.url)
