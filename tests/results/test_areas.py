"""Areas against closed forms: plane, tilted plane, hemisphere, lens."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import AtlasInfo, Mesh, Scene
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import Projection, ProjectionSettings, project
from napari_brainreg3d.projection.grouping import group
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results import areas
from napari_brainreg3d.results.areas import region_table

ROOT = Region(997, "root", "root", (255, 255, 255), (997,))
REGIONS = tuple(
    Region(i, name, f"area {name}", (10, 20, 30), (997, i))
    for i, name in ((1, "A"), (2, "unseen"), (3, "B"))
)


def scene_of(mesh: Mesh | None = None) -> Scene:
    """The three regions; all triangles are those of the last one."""
    if mesh is None:
        mesh = Mesh(np.eye(3) * 100.0, np.array([[0, 1, 2]], np.int32))
    return Scene(
        AtlasInfo("test", "1", "Mus", "closed form", (100.0,) * 3, (132, 80, 114)),
        Ontology((ROOT, *REGIONS)),
        REGIONS,
        mesh,
        np.full(len(mesh.faces), 2, np.int32),
        mesh,
    )


def seen(
    region: np.ndarray,
    depth_um: np.ndarray | float,
    incidence_deg: np.ndarray | float,
    *,
    camera: Camera | None = None,
    size_um: tuple[float, float] = (20.0, 10.0),
) -> Projection:
    """A projection whose pixels show these regions (-1 none), depths and angles."""
    shape = region.shape
    registration = Registration(
        atlas="test",
        image_shape=shape,
        pixel_size_um=size_um,
        pose=Pose.dorsal(centre_um=(5000.0, 0.0, 5000.0)),
        camera=camera or OrthographicCamera(),
    )
    scene = scene_of()
    is_tissue = region >= 0

    def full(values: np.ndarray | float) -> np.ndarray:
        return np.where(is_tissue, values, np.nan).astype(np.float32)

    return Projection(
        scene=scene,
        registration=registration,
        settings=ProjectionSettings(),
        finest=np.where(is_tissue, 1 + 2 * region, 0).astype(np.uint16),
        depth_um=full(depth_um),
        surface_depth_um=full(0.0),
        incidence_deg=full(incidence_deg),
        grouping=group(REGIONS, scene.ontology),
    )


def everywhere(shape: tuple[int, int], region: int = 2) -> np.ndarray:
    return np.full(shape, region)


def radius_um(camera: PinholeCamera, projection: Projection) -> np.ndarray:
    """Distance of each ray's crossing from the optical axis, without a lens distortion."""
    height, width = projection.registration.image_shape
    rows, columns = np.indices((height, width))
    offsets = np.stack([rows - (height - 1) / 2, columns - (width - 1) / 2], axis=-1)
    offsets = offsets * projection.registration.pixel_size_um - camera.principal_point_um
    return np.hypot(offsets[..., 0], offsets[..., 1])


class TestOrthographic:
    def test_a_plane_face_on_has_the_area_of_its_pixels(self) -> None:
        region = np.array([[0, 0, -1, 2], [0, -1, -1, 2]])
        table = region_table(seen(region, 500.0, 0.0))
        assert table["acronym"].tolist() == ["A", "unseen", "B"]
        expected = np.array([3, 0, 2]) * 20.0 * 10.0 / 1e6
        assert_allclose(table["projected_mm2"], expected, rtol=1e-12)
        assert_allclose(table["surface_mm2"], expected, rtol=1e-12)

    @pytest.mark.parametrize("tilt_deg", [10.0, 45.0, 80.0])
    def test_a_tilted_plane_is_larger_by_the_cosine(self, tilt_deg: float) -> None:
        table = region_table(seen(everywhere((30, 40)), 500.0, tilt_deg))
        projected = 30 * 40 * 200.0 / 1e6
        assert table["projected_mm2"][2] == pytest.approx(projected)
        assert table["surface_mm2"][2] == pytest.approx(
            projected / np.cos(np.radians(tilt_deg)), rel=1e-6
        )

    def test_a_hemisphere_has_half_the_area_of_a_sphere(self) -> None:
        radius, step = 2000.0, 5.0
        axis = (np.arange(900) - 449.5) * step
        rho = np.hypot(axis[:, None], axis)
        inside = rho < radius
        height = np.sqrt(np.where(inside, radius**2 - rho**2, 0.0))
        angle = np.degrees(np.arcsin(np.where(inside, rho / radius, 0.0)))
        region = np.where(inside, 2, -1)
        table = region_table(seen(region, 3000.0 - height, angle, size_um=(step, step)))
        assert table["surface_mm2"][2] == pytest.approx(2 * np.pi * 4.0, rel=0.01)
        assert table["projected_mm2"][2] == pytest.approx(np.pi * 4.0, rel=0.001)

    def test_depth_does_not_matter(self) -> None:
        near = region_table(seen(everywhere((5, 6)), -4000.0, 30.0))
        far = region_table(seen(everywhere((5, 6)), 9000.0, 30.0))
        assert near["surface_mm2"].tolist() == far["surface_mm2"].tolist()


class TestPinhole:
    @pytest.mark.parametrize("depth_um", [0.0, 1500.0, -1500.0])
    def test_a_plane_parallel_to_the_image_is_magnified_by_its_distance(
        self, depth_um: float
    ) -> None:
        """The angle of each ray to the plane is that to the viewing direction."""
        camera = PinholeCamera(working_distance_mm=10.0, principal_point_um=(300.0, -200.0))
        region = everywhere((60, 90))
        flat = seen(region, depth_um, 0.0, camera=camera, size_um=(40.0, 30.0))
        angle = np.degrees(np.arctan(radius_um(camera, flat) / 10_000.0))
        assert angle.max() > 9.0
        table = region_table(seen(region, depth_um, angle, camera=camera, size_um=(40.0, 30.0)))
        image_mm2 = 60 * 0.040 * 90 * 0.030
        assert table["projected_mm2"][2] == pytest.approx(image_mm2)
        expected = image_mm2 * ((10_000.0 + depth_um) / 10_000.0) ** 2
        assert table["surface_mm2"][2] == pytest.approx(expected, rel=1e-6)

    def test_a_sphere_around_the_pinhole_subtends_its_solid_angle(self) -> None:
        """Every ray meets it face on, at the distance of its radius."""
        camera = PinholeCamera(working_distance_mm=5.0)
        region = everywhere((400, 300))
        flat = seen(region, 0.0, 0.0, camera=camera, size_um=(20.0, 20.0))
        way = np.sqrt(1.0 + (radius_um(camera, flat) / 5000.0) ** 2)
        depth = 8000.0 / way - 5000.0
        table = region_table(seen(region, depth, 0.0, camera=camera, size_um=(20.0, 20.0)))
        a, b = 400 * 20.0 / 2 / 5000.0, 300 * 20.0 / 2 / 5000.0
        solid_angle = 4 * np.arctan(a * b / np.sqrt(1 + a * a + b * b))
        assert table["surface_mm2"][2] == pytest.approx(solid_angle * 64.0, rel=1e-4)

    @pytest.mark.parametrize("mirrored", [False, True])
    @pytest.mark.parametrize("k1", [-0.2, 0.3])
    def test_a_lens_changes_the_area_that_pixels_cover(self, k1: float, mirrored: bool) -> None:
        """The outline of the image, carried to the plane, encloses the area of all pixels."""
        camera = PinholeCamera(
            working_distance_mm=10.0,
            k1=k1,
            k2=0.05,
            principal_point_um=(400.0, 900.0),
            mirrored=mirrored,
        )
        region = everywhere((150, 200))
        projection = seen(region, 0.0, 0.0, camera=camera, size_um=(40.0, 40.0))
        outline = _outline_um(3000.0, 4000.0)
        row, column = camera.crossings(outline).T
        enclosed = abs(np.sum(row * np.roll(column, -1) - column * np.roll(row, -1))) / 2e6
        assert abs(enclosed / (6.0 * 8.0) - 1.0) > 0.03
        table = region_table(projection)
        assert table["projected_mm2"][2] == pytest.approx(enclosed, rel=1e-4)


def _outline_um(half_height: float, half_width: float) -> np.ndarray:
    """Points around a rectangle, (down, right) from its centre."""
    t = np.linspace(-1, 1, 4001)[:-1]
    one = np.ones_like(t)
    around = [(-one, t), (t, one), (one, -t), (-t, -one)]
    corners = np.concatenate([np.stack(side, axis=-1) for side in around])
    return corners * (half_height, half_width)


class TestEdges:
    def test_grazing_surfaces_are_clamped(self) -> None:
        table = region_table(seen(everywhere((2, 2)), 0.0, 90.0))
        assert table["surface_mm2"][2] == pytest.approx(100 * table["projected_mm2"][2], rel=1e-5)

    def test_labelled_pixels_without_tissue_have_no_surface(self) -> None:
        """Only a refinement makes such pixels."""
        projection = seen(everywhere((1, 4)), 0.0, 0.0)
        depth = projection.depth_um.copy()
        depth[0, 0] = np.nan
        table = region_table(dataclasses.replace(projection, depth_um=depth))
        assert table["projected_mm2"][2] == pytest.approx(4 * 200.0 / 1e6)
        assert table["surface_mm2"][2] == pytest.approx(3 * 200.0 / 1e6)

    def test_of_a_sample_under_the_surface_the_surface_counts(self) -> None:
        """A surface at depth 0 sampled 2 mm deep; the rays of the centre run straight down."""
        camera = PinholeCamera(working_distance_mm=10.0)
        projection = seen(everywhere((1, 1)), 2000.0, 0.0, camera=camera)
        sampled = dataclasses.replace(
            projection,
            settings=ProjectionSettings(sample_depth_um=2000.0),
            surface_depth_um=np.full((1, 1), 2000.0, np.float32),
        )
        assert region_table(sampled)["surface_mm2"][2] == pytest.approx(200.0 / 1e6)
        assert region_table(projection)["surface_mm2"][2] == pytest.approx(200.0 * 1.44 / 1e6)

    def test_split_hemispheres_share_the_area(self) -> None:
        region = np.array([[2, 2, 2, -1]])
        projection = seen(region, 0.0, 60.0)
        finest = projection.finest.copy()
        finest[0, 0] += 1  # on the left
        table = region_table(
            dataclasses.replace(projection, finest=finest).regrouped(split_hemispheres=True)
        )
        assert table["hemisphere"].tolist() == ["left"] * 3 + ["right"] * 3
        assert_allclose(table["projected_mm2"] * 1e6 / 200.0, [0, 0, 1, 0, 0, 2])
        assert_allclose(table["surface_mm2"] * 1e6 / 400.0, [0, 0, 1, 0, 0, 2], rtol=1e-6)

    def test_pieces_add_up_to_the_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        camera = PinholeCamera(working_distance_mm=10.0, k1=0.2)
        rng = np.random.default_rng(8)
        region = rng.integers(-1, 3, (53, 31))
        angle = rng.uniform(0, 85, region.shape)
        projection = seen(region, rng.normal(0, 900, region.shape), angle, camera=camera)
        whole = region_table(projection)
        monkeypatch.setattr(areas, "_STEP", 100)
        pieces = region_table(projection)
        assert_allclose(pieces["surface_mm2"], whole["surface_mm2"], rtol=1e-12)
        assert_allclose(pieces["projected_mm2"], whole["projected_mm2"], rtol=1e-12)

    def test_the_columns_of_the_projection_are_kept(self) -> None:
        projection = seen(everywhere((3, 4)), 0.0, 0.0)
        table = region_table(projection)
        assert list(table.columns[:-2]) == list(projection.table.columns)
        assert list(table.columns[-2:]) == ["projected_mm2", "surface_mm2"]


@pytest.mark.parametrize("working_distance_mm", [None, 30.0])
def test_a_ball_that_is_cast_has_the_area_that_faces_the_camera(
    working_distance_mm: float | None,
) -> None:
    """From a pinhole at a distance d from its centre one sees the cap 2 pi r^2 (1 - r / d)."""
    ball = trimesh.creation.icosphere(subdivisions=5, radius=2000.0)
    ball.apply_translation([5000.0, 3000.0, 4000.0])
    mesh = Mesh(np.asarray(ball.vertices), np.asarray(ball.faces, np.int32))
    camera: Camera = OrthographicCamera()
    expected = 2 * np.pi * 4.0
    if working_distance_mm is not None:
        camera = PinholeCamera(working_distance_mm=working_distance_mm)
        expected *= 1.0 - 2.0 / (working_distance_mm + 2.0)
    registration = Registration(
        atlas="test",
        image_shape=(450, 460),
        pixel_size_um=10.0,
        pose=Pose.dorsal(centre_um=(5050.0, 1000.0, 4060.0), yaw_deg=20.0),
        camera=camera,
    )
    table = region_table(project(scene_of(mesh), registration))
    assert table["surface_mm2"][2] == pytest.approx(expected, rel=0.01)
    assert table["surface_mm2"][:2].tolist() == [0.0, 0.0]
