"""Light from under the surface, against integrals in closed form and by brute force."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d import PinholeCamera, Pose, Registration
from napari_brainreg3d.atlas.scene import Annotation, AtlasInfo, Mesh, Scene
from napari_brainreg3d.errors import AtlasError, Cancelled, RegionError, RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.depth_mixture import DepthMixture, depth_mixture
from tests.fixtures.scenes import FIRST_ID, box_mesh, ontology_of, slab_scene

STEP_UM = 50.0
SHAPE = (40, 40, 60)  # 2000 x 2000 x 3000 um, the midline at ML 1500
TOP_UM = 200.0
LENGTH_UM = 143.0
REGIONS = ("upper", "lower", "side", "deep")


def scene_of(
    label: Callable[[FloatArray], np.ndarray], regions: tuple[str, ...] = REGIONS
) -> Scene:
    """A box of tissue from DV 200 down, whose voxels are labelled 0 (root), 1, 2, ... or -1."""
    axes = [(np.arange(n) + 0.5) * STEP_UM for n in SHAPE]
    centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    ids = np.array([997, *(FIRST_ID + i for i in range(len(regions))), 0], np.uint32)
    volume = ids[np.where(centres[..., 1] < TOP_UM, -1, label(centres))]
    ontology = ontology_of(regions)
    chosen = tuple(ontology[FIRST_ID + i] for i in range(len(regions)))
    size = np.multiply(SHAPE, STEP_UM)
    nothing = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
    return Scene(
        AtlasInfo("layers", "1.0", "none", "closed form", (STEP_UM,) * 3, SHAPE),
        ontology,
        chosen,
        nothing,
        np.empty(0, np.int32),
        box_mesh((0.0, TOP_UM, 0.0), size),
        load_annotation=lambda: Annotation(volume, (STEP_UM,) * 3),
    )


def layers(points: FloatArray) -> np.ndarray:
    """Right of ML 1000: ``side``, 250 um thick; else ``upper`` 100 and ``lower`` 200 um. ``deep``
    under all of it for 300 um, then tissue of no region.
    """
    under = points[..., 1] - TOP_UM
    left = np.where(under < 100.0, 1, np.where(under < 300.0, 2, 4))
    label = np.where(points[..., 2] < 1000.0, np.where(under < 250.0, 3, 4), left)
    return np.where(under < 600.0, label, 0)


LAYERS = scene_of(layers)


def above(**changes: object) -> Registration:
    """3 x 10 pixels of 200 um over the middle: columns from ML 2400 (left) down to ML 600."""
    registration = Registration(
        atlas="layers",
        image_shape=(3, 10),
        pixel_size_um=200.0,
        pose=Pose.dorsal(centre_um=(1000.0, 0.0, 1525.0)),
    )
    return registration.replaced(**changes)


def share(near_um: float, far_um: float, end_um: float, length_um: float = LENGTH_UM) -> float:
    """Exponential integral from one way to another, over that from 0 to the end."""
    part = np.exp(-near_um / length_um) - np.exp(-far_um / length_um)
    return float(part / (1.0 - np.exp(-end_um / length_um)))


def fractions(mixture: DepthMixture, row: int, col: int) -> dict[str, float]:
    """Shares of one pixel by acronym, those of 0 left out."""
    found = {
        REGIONS[label - 1]: float(part)
        for label, part in zip(
            mixture.labels[:, row, col], mixture.fractions[:, row, col], strict=True
        )
        if label
    }
    return {**found, "other": float(mixture.other[row, col])}


class TestFlatLayers:
    """Layers under a flat surface, seen straight and obliquely."""

    def test_shares_are_the_exponential_integrals(self) -> None:
        mixture = depth_mixture(LAYERS, above(), attenuation_um=LENGTH_UM, max_depth_um=1500.0)
        left, right = fractions(mixture, 1, 2), fractions(mixture, 1, 9)
        assert left == pytest.approx(
            {
                "upper": share(0, 100, 1500), "lower": share(100, 300, 1500),
                "deep": share(300, 600, 1500), "other": share(600, 1500, 1500),
            }, abs=1e-6,
        )  # fmt: skip
        assert right == pytest.approx(
            {
                "side": share(0, 250, 1500), "deep": share(250, 600, 1500),
                "other": share(600, 1500, 1500),
            }, abs=1e-6,
        )  # fmt: skip

    def test_the_end_is_by_default_where_a_thousandth_is_left(self) -> None:
        mixture = depth_mixture(LAYERS, above(), attenuation_um=80.0)
        assert mixture.max_depth_um == pytest.approx(80.0 * np.log(1000.0))
        expected = share(0, 100, mixture.max_depth_um, 80.0)
        assert fractions(mixture, 0, 0)["upper"] == pytest.approx(expected, abs=1e-6)
        assert 1.0 - share(0, mixture.max_depth_um, 1e9, 80.0) == pytest.approx(0.001)

    def test_oblique_rays_have_a_longer_way(self) -> None:
        """At 50 degrees the layers are 1 / cos 50 as thick along the ray."""
        pose = Pose.dorsal(centre_um=(1000.0, 200.0, 1525.0), pitch_deg=50.0)
        mixture = depth_mixture(
            LAYERS, above(pose=pose), attenuation_um=LENGTH_UM, max_depth_um=700.0
        )
        longer = 1.0 / np.cos(np.radians(50.0))
        expected = {
            "upper": share(0, 100 * longer, 700), "lower": share(100 * longer, 300 * longer, 700),
            "deep": share(300 * longer, 700, 700), "other": 0.0,
        }  # fmt: skip
        assert fractions(mixture, 1, 2) == pytest.approx(expected, abs=1e-6)

    def test_a_ray_that_crosses_from_side_to_side(self) -> None:
        """Tilted by 45 degrees; the border of ``side`` comes after a known way."""
        for roll_deg, start, below in ((45.0, 1130.0, "side"), (-45.0, 870.0, "lower")):
            pose = Pose.dorsal(centre_um=(1000.0, 200.0, start), roll_deg=roll_deg)
            registration = above(pose=pose, image_shape=(3, 3))
            to_right = registration.pose.viewing_direction[2] < 0
            assert to_right == (below == "side")
            mixture = depth_mixture(
                LAYERS, registration, attenuation_um=LENGTH_UM, max_depth_um=400.0
            )
            crossing, root2 = 130.0 * np.sqrt(2.0), np.sqrt(2.0)
            if below == "side":  # upper to 100 um deep, lower to the border, side, deep
                expected = {
                    "upper": share(0, 100 * root2, 400), "lower": share(100 * root2, crossing, 400),
                    "side": share(crossing, 250 * root2, 400),
                    "deep": share(250 * root2, 400, 400), "other": 0.0,
                }  # fmt: skip
            else:
                expected = {
                    "side": share(0, crossing, 400), "lower": share(crossing, 400, 400),
                    "other": 0.0,
                }  # fmt: skip
            assert fractions(mixture, 1, 1) == pytest.approx(expected, abs=1e-6)

    def test_mean_depth_and_entropy_have_closed_forms(self) -> None:
        mixture = depth_mixture(LAYERS, above(), attenuation_um=LENGTH_UM, max_depth_um=250.0)
        rest = np.exp(-250.0 / LENGTH_UM)
        mean = LENGTH_UM - 250.0 * rest / (1.0 - rest)
        assert_allclose(mixture.mean_depth_um[1], mean, rtol=1e-6)
        p = share(0, 100, 250)
        assert mixture.entropy_bits[1, 2] == pytest.approx(
            -p * np.log2(p) - (1 - p) * np.log2(1 - p), abs=1e-6
        )
        assert mixture.entropy_bits[1, 9] == 0.0  # nothing but side

    def test_the_dominant_label_is_that_of_the_longest_light(self) -> None:
        shallow = depth_mixture(LAYERS, above(), attenuation_um=60.0)
        broad = depth_mixture(LAYERS, above(), attenuation_um=400.0)
        endless = depth_mixture(LAYERS, above(), attenuation_um=5000.0)
        assert [int(m.dominant[1, 2]) for m in (shallow, broad, endless)] == [1, 2, 0]
        assert [int(m.dominant[1, 9]) for m in (shallow, broad, endless)] == [3, 3, 0]

    def test_a_gap_gives_no_light_but_takes_its_way(self) -> None:
        """Between 100 and 300 um nothing shines; the rest is shared out by its own light."""
        gap = scene_of(lambda points: np.where(layers(points) == 2, -1, layers(points)))
        mixture = depth_mixture(gap, above(), attenuation_um=LENGTH_UM, max_depth_um=600.0)
        upper, deep = share(0, 100, 600), share(300, 600, 600)
        found = fractions(mixture, 1, 2)
        assert found["upper"] == pytest.approx(upper / (upper + deep), abs=1e-6)
        assert found["deep"] == pytest.approx(deep / (upper + deep), abs=1e-6)

    def test_past_the_brain_there_is_nothing(self) -> None:
        pose = Pose.dorsal(centre_um=(1000.0, 0.0, 2875.0))
        mixture = depth_mixture(LAYERS, above(pose=pose), attenuation_um=LENGTH_UM)
        past = np.arange(10) < 4  # columns at ML 3775 to 3175; the tissue ends at 3000
        for values in (mixture.other, mixture.entropy_bits, mixture.mean_depth_um):
            assert_array_equal(np.isnan(values[1]), past)
        assert_array_equal(mixture.dominant[1] == 0, past)
        assert_array_equal(np.isnan(mixture.fraction_of(1)[1]), past)


class TestBrightness:
    """Regions that do not shine like the others."""

    def test_shares_are_weighted_with_it(self) -> None:
        mixture = depth_mixture(
            LAYERS, above(), attenuation_um=LENGTH_UM, max_depth_um=300.0,
            brightness={"upper": 0.25, "side": 0.0},
        )  # fmt: skip
        dim, full = 0.25 * share(0, 100, 300), share(100, 300, 300)
        assert fractions(mixture, 1, 2) == pytest.approx(
            {"upper": dim / (dim + full), "lower": full / (dim + full), "other": 0.0}, abs=1e-6
        )
        assert fractions(mixture, 1, 9) == pytest.approx({"deep": 1.0, "other": 0.0})

    def test_the_innermost_named_region_decides(self) -> None:
        mixture = depth_mixture(
            LAYERS, above(), attenuation_um=LENGTH_UM, brightness={"root": 0.0, "lower": 2.0}
        )
        assert fractions(mixture, 1, 2) == pytest.approx({"lower": 1.0, "other": 0.0})
        assert np.isnan(mixture.other[1, 9])  # no light at all

    def test_wrong_ones_are_refused(self) -> None:
        with pytest.raises(RegionError, match="nowhere"):
            depth_mixture(LAYERS, above(), attenuation_um=1.0, brightness={"nowhere": 1.0})
        with pytest.raises(RegistrationError, match=r"brightness of upper .* -1"):
            depth_mixture(LAYERS, above(), attenuation_um=1.0, brightness={"upper": -1.0})


class TestRandomVolume:
    """Voxels of random regions, through a tilted pinhole: nothing is flat or regular."""

    SCENE = scene_of(
        lambda points: np.random.default_rng(8).integers(-1, 13, points.shape[:-1]),
        tuple(f"r{i}" for i in range(12)),
    )
    OVER = Registration(
        atlas="layers",
        image_shape=(7, 9),
        pixel_size_um=(100.0, 90.0),
        pose=Pose.dorsal(
            centre_um=(950.0, 150.0, 1600.0), yaw_deg=20.0, pitch_deg=-25.0, roll_deg=31.0
        ),
        camera=PinholeCamera(working_distance_mm=3.0, mirrored=True),
    )

    def test_small_steps_along_rays_give_the_same(self) -> None:
        mixture = depth_mixture(
            self.SCENE, self.OVER, attenuation_um=250.0, max_depth_um=800.0, top=12
        )
        assert np.nanmax(mixture.remainder) < 1e-6
        step = 0.05
        ways = np.arange(step / 2, 800.0, step)
        volume = self.SCENE.load_annotation().ids  # type: ignore[misc]
        for row, col in ((0, 0), (3, 4), (6, 8), (1, 7)):
            rays = self.OVER.view.pixel_rays([(row, col)])
            start = rays.at_depth((TOP_UM - rays.crossings_um[:, 1]) / rays.directions[:, 1])[0]
            unit = rays.directions[0] / np.linalg.norm(rays.directions[0])
            voxels = np.floor((start + ways[:, None] * unit) / STEP_UM).astype(int)
            within = ((voxels >= 0) & (voxels < SHAPE)).all(axis=1)
            inner = np.clip(voxels, 0, np.subtract(SHAPE, 1))
            ids = np.where(within, volume[tuple(inner.T)], 0).astype(int)
            assert within.all() == ((row, col) != (0, 0))  # that one leaves the volume
            light = np.exp(-ways / 250.0) * (ids != 0)
            for label in range(1, 13):
                expected = light[ids == FIRST_ID + label - 1].sum() / light.sum()
                found = mixture.fraction_of(label)[row, col]
                assert found == pytest.approx(expected, abs=3e-4)
            assert mixture.other[row, col] == pytest.approx(
                light[ids == 997].sum() / light.sum(), abs=3e-4
            )

    def test_everything_adds_up_to_one_however_few_are_kept(self) -> None:
        whole = depth_mixture(self.SCENE, self.OVER, attenuation_um=250.0, top=12)
        few = depth_mixture(self.SCENE, self.OVER, attenuation_um=250.0, top=3)
        assert few.labels.shape == (3, 7, 9)
        assert_allclose(few.fractions.sum(axis=0) + few.other + few.remainder, 1.0, atol=1e-6)
        assert_array_equal(few.labels, whole.labels[:3])
        assert_allclose(few.remainder, whole.fractions[3:].sum(axis=0), atol=1e-6)
        assert_allclose(few.entropy_bits, whole.entropy_bits)
        assert (np.diff(whole.fractions, axis=0) <= 0).all()

    def test_sides_are_told_apart(self) -> None:
        both = depth_mixture(self.SCENE, self.OVER, attenuation_um=250.0, top=24)
        split = depth_mixture(
            self.SCENE, self.OVER, attenuation_um=250.0, top=24, split_hemispheres=True
        )
        for label in (1, 12):
            left, right = split.fraction_of(label), split.fraction_of(label + 12)
            assert_allclose(left + right, both.fraction_of(label), atol=1e-6)
            assert left.max() > 0.01
            assert right.max() > 0.01


def test_the_table_tells_own_light_from_that_of_others() -> None:
    mixture = depth_mixture(LAYERS, above(), attenuation_um=LENGTH_UM, max_depth_um=600.0)
    table = mixture.table.set_index("acronym")
    # Columns 0 to 7 (ML 2425 to 1025) see the left layers, 8 and 9 (ML 825, 625) see side.
    upper, lower, side = share(0, 100, 600), share(100, 300, 600), share(0, 250, 600)
    assert upper > lower
    assert table["pixels"].to_dict() == {"upper": 24, "lower": 0, "side": 6, "deep": 0}
    assert table.loc["upper", "own_share"] == pytest.approx(upper, abs=1e-6)
    assert table.loc["upper", "next_region"] == "lower"
    assert table.loc["upper", "next_share"] == pytest.approx(lower, abs=1e-6)
    assert table.loc["side", "next_region"] == "deep"
    assert table.loc["side", "next_share"] == pytest.approx(1.0 - side, abs=1e-6)
    assert table.loc["lower", "next_region"] == ""
    assert np.isnan(table.loc["lower", "own_share"])
    assert table.loc["lower", "light_mm2"] == pytest.approx(24 * lower * 0.04, abs=1e-6)


def test_a_hemisphere_alone_gives_light_of_its_own_only() -> None:
    from dataclasses import replace

    right = replace(LAYERS, hemisphere="right")  # ML 0 to 1500
    mixture = depth_mixture(right, above(), attenuation_um=LENGTH_UM, max_depth_um=300.0)
    assert_allclose(mixture.other[1, :5], 1.0)  # ML 2425 to 1625
    assert_allclose(mixture.other[1, 5:], 0.0, atol=1e-6)


def test_memory_does_not_grow_with_the_image() -> None:
    """Beside the maps themselves: pieces of rays of all pixels at once would be 400 MB."""

    def peak(columns: int) -> float:
        registration = above(image_shape=(200, columns), pixel_size_um=(9.0, 2700.0 / columns))
        tracemalloc.start()
        mixture = depth_mixture(LAYERS, registration, attenuation_um=LENGTH_UM, top=2)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        maps = (mixture.labels, mixture.fractions, mixture.other)
        return float(most - sum(2 * array.nbytes for array in maps))

    few, many = peak(150), peak(600)
    assert many < 1.5 * few
    assert many < 250e6


def test_progress_is_told_and_cancels() -> None:
    told: list[tuple[int, int]] = []

    def listen(done: int, total: int) -> bool:
        told.append((done, total))
        return True

    depth_mixture(LAYERS, above(), attenuation_um=100.0, progress=listen)
    assert told[0] == (0, 3)
    assert told[-1] == (3, 3)
    with pytest.raises(Cancelled):
        depth_mixture(LAYERS, above(), attenuation_um=100.0, progress=lambda *_: False)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"attenuation_um": 0.0}, "attenuation_um must be a positive number, got 0.0"),
        ({"attenuation_um": np.nan}, "attenuation_um must be"),
        ({"attenuation_um": 1.0, "max_depth_um": -3.0}, "max_depth_um must be .* -3.0"),
        ({"attenuation_um": 1.0, "top": 0}, "top must be a whole number from 1 up, got 0"),
    ],
)
def test_wrong_parameters_are_refused(how: dict[str, float], message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        depth_mixture(LAYERS, above(), **how)  # type: ignore[arg-type]


def test_an_atlas_without_brain_surface_is_refused() -> None:
    with pytest.raises(AtlasError, match="test_slabs has no annotation or no brain surface"):
        depth_mixture(slab_scene(brain_top_um=None), above(), attenuation_um=1.0)
