"""What a flat 2D map gets wrong, held against closed forms and independently computed figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.flat_map import flat_map_error
from napari_brainreg3d.registration import Landmark, Registration
from tests.fixtures.scenes import letter_scene

#: On the letter F's top, which is flat: four points that span its plane.
ON_TOP = tuple(
    Landmark(name, atlas_um=point)
    for name, point in {
        "heel": (6000.0, 1000.0, 8600.0),
        "corner": (2000.0, 1000.0, 8600.0),
        "tip": (2000.0, 1000.0, 5000.0),
        "bar": (4400.0, 1000.0, 6400.0),
    }.items()
)


def registration(**changes: Any) -> Registration:
    values: dict[str, Any] = {
        "atlas": "letter",
        "image_shape": (150, 160),
        "pixel_size_um": 40.0,
        "pose": Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0), yaw_deg=20.0),
    }
    return Registration(**(values | changes))


@pytest.mark.parametrize("transform", ["similarity", "affine"])
@pytest.mark.parametrize(
    "camera",
    [
        pytest.param(OrthographicCamera(), id="orthographic"),
        # All that is seen lies in one plane across the view: perspective only scales it.
        pytest.param(PinholeCamera(working_distance_mm=40.0), id="pinhole"),
        pytest.param(OrthographicCamera(mirrored=True), id="mirrored"),
    ],
)
def test_a_flat_scene_seen_straight_loses_nothing_but_to_mirrors(camera, transform) -> None:
    projection = project(letter_scene(), registration(camera=camera), occlusion="selected")
    error = flat_map_error(projection, ON_TOP, transform)
    if camera.mirrored and transform == "similarity":
        # A similarity cannot mirror: a flat tool's user would have to flip the image first.
        assert error.residual_um > 500.0
        return
    # A pinhole sees a sliver of the flanks as well, one pixel wide at the most.
    assert error.mislabelled < (0.05 if isinstance(camera, PinholeCamera) else 0.001)
    assert error.residual_um < 1e-6


def test_a_tilted_plane_is_right_for_an_affine_map_and_wrong_for_a_similarity() -> None:
    """Tilt by 30 degrees shortens one direction by cos 30: affine, but no similarity."""
    tilted = registration(
        pose=Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0), pitch_deg=30.0),
        camera=OrthographicCamera(),
    )
    projection = project(letter_scene(), tilted, occlusion="selected")
    similar = flat_map_error(projection, ON_TOP, "similarity")
    affine = flat_map_error(projection, ON_TOP, "affine")
    assert affine.residual_um < 1e-6
    assert similar.residual_um > 100.0
    assert similar.border_mean_um > affine.border_mean_um
    assert "similarity" in str(similar)


@pytest.mark.parametrize(
    ("marks", "transform", "words"),
    [
        pytest.param(ON_TOP[:1], "similarity", "needs 2", id="one landmark"),
        pytest.param(ON_TOP[:2], "affine", "needs 3", id="two for an affine"),
        pytest.param(
            [Landmark(str(i), atlas_um=(2000.0 + i, 1000.0, 8600.0)) for i in range(3)],
            "affine",
            "line",
            id="on a line",
        ),
        pytest.param(ON_TOP, "rigid", "'rigid'", id="an unknown transform"),
    ],
)
def test_what_cannot_be_fitted_is_refused(marks, transform, words) -> None:
    projection = project(letter_scene(), registration(), occlusion="selected")
    with pytest.raises(RegistrationError, match=words):
        flat_map_error(projection, marks, transform)


WFIELD_AREAS = [
    "MOB", "FRP", "MOp", "MOs", "SSp-n", "SSp-m", "SSp-un", "PL", "ACAd", "RSPv", "RSPd",
    "RSPagl", "SSs", "SSp-bfd", "SSp-tr", "SSp-ll", "SSp-ul", "TEa", "AUDd", "AUDp", "AUDpo",
    "AUDv", "VISli", "VISpor", "VISpl", "VISpm", "VISl", "VISal", "VISrl", "VISa", "VISam",
    "VISp",
]  # fmt: skip
#: wfield's four landmarks on the surface, ``atlas_um``: from bregma at AP 5400, ML 5700.
WFIELD_LANDMARKS = (
    Landmark("OB_left", atlas_um=(1950.0, 2976.0, 7650.0)),
    Landmark("OB_center", atlas_um=(1950.0, 2963.0, 5700.0)),
    Landmark("OB_right", atlas_um=(1950.0, 2950.0, 3750.0)),
    Landmark("RSP_base", atlas_um=(8600.0, 733.0, 5700.0)),
)


@pytest.mark.parametrize(
    ("tilt", "camera", "transform", "mislabelled", "residual_um"),
    [
        pytest.param({"pitch_deg": 5}, None, "similarity", 0.114, 32, id="pitch, similarity"),
        pytest.param({"pitch_deg": 5}, None, "affine", 0.085, 0, id="pitch, affine"),
        pytest.param({"roll_deg": 5}, None, "similarity", 0.155, 37, id="roll, similarity"),
        pytest.param({}, 100.0, "similarity", 0.059, 11, id="pinhole at 100 mm"),
        pytest.param({}, 50.0, "similarity", 0.108, 21, id="pinhole at 50 mm"),
    ],
)
def test_the_cost_of_tilt_is_what_was_found_by_other_means(
    shared_atlas_dir: Path, tilt, camera, transform, mislabelled, residual_um
) -> None:
    """Figures from a z-buffer simulation with 20 um pixels, within a quarter."""
    scene = load_scene("allen_mouse_50um", WFIELD_AREAS, brainglobe_dir=shared_atlas_dir)
    truth = registration(
        image_shape=(600, 600),
        pixel_size_um=20.0,
        pose=Pose.dorsal(centre_um=(5400.0, 0.0, 5700.0), **tilt),
        camera=PinholeCamera(working_distance_mm=camera) if camera else OrthographicCamera(),
    )
    projection = project(scene, truth, occlusion="selected")
    error = flat_map_error(projection, WFIELD_LANDMARKS, transform)
    assert error.mislabelled == pytest.approx(mislabelled, rel=0.25)
    assert error.residual_um == pytest.approx(residual_um, rel=0.25, abs=0.5)
