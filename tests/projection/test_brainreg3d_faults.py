"""The faults of brainreg3D, each with the closed form that it got wrong.

A region out of view, the background class, an image upside down and sides by the point of impact
are in ``test_project``; labels by mesh vertices instead of rays in ``test_exactness``.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import box_mesh, joined, letter_scene, nested_shells_scene, slab_scene

MIDDLE = (5000.0, 1000.0, 6200.0)


def box_under(depth_um: float, *, reach_um: float = 4004.0) -> Any:
    """A plate ``depth_um`` under the plane that ends at ``reach_um`` from the axis on all sides."""
    ap, dv, ml = MIDDLE
    low = (ap - reach_um, dv + depth_um, ml - reach_um)
    high = (ap + reach_um, dv + depth_um + 100.0, ml + reach_um)
    scene = nested_shells_scene(subdivisions=1, selected=(1,))
    mesh = box_mesh(low, high)
    return dataclasses.replace(
        scene, mesh=mesh, brain=mesh, face_region=np.zeros(len(mesh.faces), np.int32)
    )


def row_of_pixels(**changes: Any) -> Registration:
    given: dict[str, Any] = {
        "atlas": "test",
        "image_shape": (1, 1001),
        "pixel_size_um": 10.0,
        "pose": Pose.dorsal(centre_um=MIDDLE),
    }
    return Registration(**{**given, **changes})


@pytest.mark.parametrize("depth_um", [-1500.0, 0.0, 2000.0])
def test_the_focal_point_is_at_230_mm_not_a_hundred_times_further(depth_um: float) -> None:
    """A plate of half-width w at the depth z is seen w * 230 mm / (230 mm + z) wide.

    At 2 mm under the plane 4 mm shrink by 34.5 um: 3 pixels of 10 um on either side. From 23 m
    (brainreg3D) or in parallel rays they shrink by less than half a micrometre.
    """
    scene = box_under(depth_um)
    columns = np.abs(np.arange(1001) - 500) * 10.0

    def width_in_pixels(camera: Any) -> int:
        labels = project(scene, row_of_pixels(camera=camera)).labels[0]
        return int((labels == 1).sum())

    def expected(distance_um: float) -> int:
        top = 4004.0 * distance_um / (distance_um + depth_um)
        bottom = 4004.0 * distance_um / (distance_um + depth_um + 100.0)
        return int((columns < max(top, bottom)).sum())

    near = width_in_pixels(PinholeCamera(working_distance_mm=230.0))
    far = width_in_pixels(PinholeCamera(working_distance_mm=23_000.0))
    parallel = width_in_pixels(OrthographicCamera())
    assert near == expected(230e3)
    assert far == expected(23e6)
    assert far == parallel
    if depth_um:
        assert abs(near - parallel) > 3


@pytest.mark.parametrize("tilt_deg", [-40.0, -15.0, 15.0, 40.0])
@pytest.mark.parametrize("camera", [OrthographicCamera(), PinholeCamera(working_distance_mm=230.0)])
def test_rays_run_along_the_normal_of_a_tilted_image_not_straight_down(
    tilt_deg: float, camera: Any
) -> None:
    """A plate 2 mm under the centre of the image, which is tilted about its rows.

    With t the tilt, u along the image's columns and s(u) the lean of the ray (0, or u / 230 mm), a
    ray is at u * (cos t, -sin t) + z * ((sin t, cos t) + s (cos t, -sin t)) in the tilt's plane.
    Straight down (brainreg3D), the plate would stay centred; really it is shifted by 2 mm * tan t.
    """
    scene = box_under(2000.0, reach_um=1500.0)
    labels = project(
        scene,
        row_of_pixels(
            pose=Pose.dorsal(centre_um=MIDDLE, roll_deg=tilt_deg), camera=camera, pixel_size_um=9.7
        ),
    ).labels[0]
    tilt = np.radians(tilt_deg)
    u = (np.arange(1001) - 500) * 9.7
    lean = u / 230e3 if isinstance(camera, PinholeCamera) else 0 * u
    # Coordinates: right of the animal (the columns of the untilted image), and down. Right side
    # down: the right of the image lies deeper, and the camera looks from the left.
    right = np.cos(tilt) + 0 * u, np.sin(tilt) + lean * np.cos(tilt)
    down = -np.sin(tilt) + 0 * u, np.cos(tilt) - lean * np.sin(tilt)
    # Slab method: where the ray is inside right in -1500..1500 and down in 2000..2100.
    with np.errstate(divide="ignore"):
        across = [np.sort([(end - u * right[0]) / right[1] for end in (-1500.0, 1500.0)], axis=0)]
        across.append(np.sort([(end - u * down[0]) / down[1] for end in (2000.0, 2100.0)], axis=0))
    enters, leaves = (np.array([a[i] for a in across]) for i in (0, 1))
    expected = enters.max(axis=0) < leaves.min(axis=0)
    assert 200 < expected.sum() < 700
    assert np.array_equal(labels == 1, expected)
    # The plate is where the tilt takes it, far from the middle.
    middle = u[labels == 1].mean()
    assert abs(middle) > 300
    assert np.sign(middle) == -np.sign(tilt_deg)


def test_labels_do_not_depend_on_the_number_of_pixels() -> None:
    """40 x 25 pixels are every ninth of 360 x 225, and cover the same areas."""
    scene = nested_shells_scene(subdivisions=3, selected=(1, 2, 3))
    pose = Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0), pitch_deg=25.0, yaw_deg=10.0)
    camera = PinholeCamera(working_distance_mm=50.0)

    def seen(scene: Any, pose: Pose, shape: tuple[int, int], size: float) -> Any:
        at = Registration(
            atlas="test", image_shape=shape, pixel_size_um=size, pose=pose, camera=camera
        )
        return project(scene, at, occlusion="selected")

    letter, above = letter_scene(), Pose.dorsal(centre_um=(4000.0, 0.0, 6800.0), roll_deg=20.0)
    for view in ((scene, pose), (letter, above)):
        coarse = seen(*view, (25, 40), 270.0)
        fine = seen(*view, (225, 360), 30.0)
        assert np.array_equal(coarse.labels, fine.labels[4::9, 4::9])
        assert np.array_equal(coarse.depth_um, fine.depth_um[4::9, 4::9], equal_nan=True)
        area_coarse = coarse.table.pixels * 270.0**2
        area_fine = fine.table.pixels * 30.0**2
        shown = area_fine > 4e6
        assert shown.any()
        np.testing.assert_allclose(area_coarse[shown], area_fine[shown], rtol=0.1)


def test_thin_regions_are_seen_whole_however_few_corners_their_mesh_has() -> None:
    """A strip of four visible corners, 40 um wide; brainreg3D had labels only at corners."""
    scene = nested_shells_scene(subdivisions=1, selected=(1, 2))
    strip = box_mesh((3000, 1000, 6180), (7000, 1100, 6220))
    rest = box_mesh((3000, 1050, 5000), (7000, 1150, 7400))
    mesh, owner = joined([strip, rest])
    scene = dataclasses.replace(scene, mesh=mesh, brain=mesh, face_region=owner)
    at = row_of_pixels(image_shape=(200, 100), pixel_size_um=20.0)
    labels = project(scene, at).labels
    expected = np.full((200, 100), 2)
    expected[:, 49:51] = 1  # columns at -10 and +10 um of the middle
    assert np.array_equal(labels, expected)


@pytest.mark.parametrize("shift_um", [0.0, 3.0, 5.0, 7.0, 10.0])
def test_borders_are_not_off_by_half_a_pixel(shift_um: float) -> None:
    """The centre of the first pixel is 0: a border between slabs falls where its pixels say."""
    scene = slab_scene()
    at = row_of_pixels(
        image_shape=(1, 101), pose=Pose.dorsal(centre_um=(5000.0, 0.0, 5200.0 + shift_um - 0.01))
    )
    labels = project(scene, at, occlusion="selected").labels[0]
    # Pixel j is at 5200 + shift - 10 (j - 50): slab 1 begins at 5200.
    place = 5200.0 + shift_um - 0.01 - 10.0 * (np.arange(101) - 50)
    assert np.array_equal(labels, np.where(place > 5200.0, 2, 1))


def test_a_scene_of_one_hemisphere_has_labels_of_that_hemisphere_only() -> None:
    """brainreg3D cut only the picture on the screen, not what it projected."""
    scene = letter_scene()
    corners = scene.mesh.vertices_um[scene.mesh.faces]
    keep = corners[..., 2].mean(axis=1) > 5700.0
    cut = dataclasses.replace(
        scene,
        mesh=dataclasses.replace(scene.mesh, faces=scene.mesh.faces[keep]),
        face_region=scene.face_region[keep],
        hemisphere="left",
    )
    at = Registration(
        atlas="test",
        image_shape=(60, 50),
        pixel_size_um=200.0,
        pose=Pose.dorsal(centre_um=(4010.0, 500.0, 6810.0)),
    )
    projection = project(cut, at, occlusion="selected")
    assert projection.table.hemisphere.tolist() == ["left"] * 3
    assert projection.table.pixels.sum() == (projection.labels > 0).sum() > 0
