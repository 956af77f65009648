"""What one ray sees, against numbers made by hand, and against the projection of all pixels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brainreg3d import OrthographicCamera, PinholeCamera, Pose, Registration, project
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.results.lookup import NOTHING_TEXT, look_along, look_at_pixel
from tests.fixtures.scenes import letter_scene, slab_scene

#: Slabs side by side from right (axis 2 at 4200) to left; the last one lies 600 um deep.
SLABS = slab_scene()


def over_slabs(**changes: object) -> Registration:
    """21 x 41 pixels of 100 um, centred over the border of the second and third slab."""
    registration = Registration(
        atlas="test_slabs",
        image_shape=(21, 41),
        pixel_size_um=100.0,
        pose=Pose.dorsal(centre_um=(5000.0, 700.0, 6200.0)),
        bregma=BREGMA_PRESETS["ibl"],
    )
    return registration.replaced(**changes)


def test_a_pixel_tells_region_side_and_place() -> None:
    # Columns run to the animal's right, against axis 2: column 20 + 5 is at 6200 - 500 + ...
    sight = look_at_pixel(SLABS, over_slabs(), (12.0, 25.5))
    assert sight.region is not None
    assert sight.region.acronym == "slab1"  # 5200 to 6200 on axis 2, its top at 1100
    assert sight.atlas_um == pytest.approx((5200.0, 1100.0, 5650.0))
    assert sight.hemisphere == "right"  # the midline is at 5700
    assert sight.depth_um == pytest.approx(400.0)
    assert sight.surface_depth_um == pytest.approx(100.0)
    assert sight.incidence_deg == pytest.approx(0.0)
    # Bregma at 5400, 332, 5739: 0.2 mm in front of the point, 0.089 mm to its left, above it.
    assert sight.stereotaxic_mm == pytest.approx((0.2, 0.089, -0.768))
    assert sight.bregma == "ibl"


def test_everything_is_said_in_one_line() -> None:
    sight = look_at_pixel(SLABS, over_slabs(), (12.0, 25.5))
    assert sight.text == (
        "slab1  Region slab1, right  |  AP +0.20  ML +0.09  DV -0.77 mm (ibl)  |  "
        "atlas 5200, 1100, 5650 µm  |  400 µm below focus  |  seen at 0°"
    )
    assert "\n" not in sight.text


def test_tissue_above_the_plane_of_focus_is_said_to_be_above() -> None:
    deeper = over_slabs(pose=Pose.dorsal(centre_um=(5000.0, 1250.0, 6200.0)))
    sight = look_at_pixel(SLABS, deeper, (12.0, 25.5))
    assert sight.depth_um == pytest.approx(-150.0)
    assert "150 µm above focus" in sight.text


def test_the_other_side_of_the_midline_is_left() -> None:
    sight = look_at_pixel(SLABS, over_slabs(), (12.0, 24.0))
    assert sight.atlas_um is not None
    assert sight.atlas_um[2] == pytest.approx(5800.0)
    assert sight.hemisphere == "left"


def test_tissue_hides_what_lies_deep_under_it() -> None:
    """The last slab lies 600 um under the surface: one sees the surface, not the slab."""
    pixel = (10.0, 10.0)  # 7200 on axis 2
    surface = look_at_pixel(SLABS, over_slabs(), pixel)
    assert surface.region is None
    assert surface.atlas_um == pytest.approx((5000.0, 1000.0, 7200.0))
    assert surface.text.startswith("brain surface, no selected region, left  |  ")
    through = look_at_pixel(
        SLABS, over_slabs(), pixel, settings=ProjectionSettings(occlusion="selected")
    )
    assert through.region is not None
    assert through.region.acronym == "slab3"
    assert through.depth_um == pytest.approx(900.0)


def test_the_annotation_can_be_asked_at_a_depth() -> None:
    sight = look_at_pixel(
        SLABS, over_slabs(), (10.0, 10.0), settings=ProjectionSettings(sample_depth_um=750.0)
    )
    assert sight.region is not None
    assert sight.region.acronym == "slab3"
    assert sight.atlas_um == pytest.approx((5000.0, 1750.0, 7200.0))


def test_a_ray_past_the_brain_sees_nothing() -> None:
    sight = look_at_pixel(SLABS, over_slabs(), (-500.0, 0.0))
    assert (sight.region, sight.hemisphere, sight.atlas_um) == (None, None, None)
    assert sight.text == NOTHING_TEXT


def test_an_atlas_without_bregma_has_no_stereotaxic_coordinates() -> None:
    rays = RayBundle(
        np.array([[5000.0, 0.0, 5650.0]]), np.array([[0.0, 1.0, 0.0]]), np.array([0.0, 1.0, 0.0]),
        -np.inf,
    )  # fmt: skip
    (sight,) = look_along(SLABS, rays)
    assert sight.stereotaxic_mm is None
    assert sight.text.split("  |  ")[1] == "atlas 5000, 1100, 5650 µm"


def test_rays_of_any_direction_are_answered_in_their_order() -> None:
    """One from below, one past the brain, one through the side: a free camera's rays."""
    direction = np.array([0.0, -1.0, 0.0])
    crossings = np.array([[5000.0, 9000.0, 5650.0], [0.0, 9000.0, 0.0], [5000.0, 9000.0, 4700.0]])
    rays = RayBundle(crossings, np.tile(direction, (3, 1)), direction, -np.inf)
    below, past, other = look_along(SLABS, rays)
    assert below.atlas_um == pytest.approx((5000.0, 3000.0, 5650.0))
    assert below.region is not None
    assert other.region is not None
    assert (below.region.acronym, other.region.acronym) == ("slab1", "slab0")
    assert past.atlas_um is None


@pytest.mark.parametrize(
    "camera",
    [
        OrthographicCamera(mirrored=True),
        PinholeCamera(working_distance_mm=12.0, principal_point_um=(300.0, -200.0), k1=0.05),
    ],
    ids=["mirrored", "with a lens"],
)
@pytest.mark.parametrize("occlusion", ["brain", "selected"])
def test_every_pixel_sees_what_the_projection_says(camera: object, occlusion: str) -> None:
    scene = letter_scene()
    registration = Registration(
        atlas="test_letter",
        image_shape=(9, 12),
        pixel_size_um=(500.0, 450.0),
        pose=Pose.dorsal(centre_um=(4000.0, 900.0, 6500.0), yaw_deg=20.0, roll_deg=25.0),
        camera=camera,
    )
    settings = ProjectionSettings(occlusion=occlusion)
    projection = project(scene, registration, occlusion=occlusion)
    for row, column in np.ndindex(9, 12):
        sight = look_at_pixel(scene, registration, (row, column), settings=settings)
        label = 0 if sight.region is None else scene.regions.index(sight.region) + 1
        assert label == projection.labels[row, column]
        if sight.atlas_um is None:
            assert np.isnan(projection.depth_um[row, column])
        else:
            assert sight.depth_um == pytest.approx(projection.depth_um[row, column], abs=0.01)
            assert sight.atlas_um == pytest.approx(projection.atlas_um[row, column], abs=0.01)
