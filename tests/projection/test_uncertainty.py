"""Error bars of labels: closed forms on straight borders, and honesty on the demo brain."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.errors import Cancelled, RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import fit_landmarks
from tests.fixtures.scenes import slab_scene

SD_UM = 120.0


@pytest.fixture(scope="module")
def slabs():
    """Slabs side by side with the same top: straight borders every 1000 um along the columns."""
    scene = slab_scene((1000.0, 1000.0, 1000.0), width_um=1000.0)
    low, high = scene.mesh.bounds_um
    centre = (low + high) / 2
    centre[1] = 500.0
    registration = Registration(
        atlas="slabs",
        image_shape=(21, 150),
        pixel_size_um=20.0,
        pose=Pose.dorsal(centre_um=centre),
    )
    return project(scene, registration, occlusion="selected")


def _distance_to_border_um(projection) -> tuple[np.ndarray, np.ndarray]:
    """Of each column to its slab's two edges, from the boxes themselves."""
    from_left = projection.atlas_um[10, :, 2]
    edges = np.unique(
        np.concatenate(
            [
                projection.scene.region_mesh(i).bounds_um[:, 2]
                for i in range(len(projection.scene.regions))
            ]
        )
    )
    below = np.array([(x - edges[edges < x]).min() for x in from_left])
    above = np.array([(edges[edges > x] - x).min() for x in from_left])
    return below, above


def test_probability_fades_at_a_straight_border_as_a_normal_distribution(slabs) -> None:
    result = uncertainty(slabs, {"right_um": SD_UM}, poses=600)
    below, above = _distance_to_border_um(slabs)
    expected = norm.cdf(below / SD_UM) - norm.cdf(-above / SD_UM)
    # Binomial noise of 600 draws: 2 % at the most.
    np.testing.assert_allclose(result.probability[10], expected, atol=0.08)
    assert np.abs(result.probability[10] - expected).mean() < 0.02
    # A shift along the border changes nothing.
    assert (uncertainty(slabs, {"down_um": SD_UM}, poses=20).probability == 1.0).all()


def test_the_runner_up_is_the_neighbour(slabs) -> None:
    result = uncertainty(slabs, {"right_um": SD_UM}, poses=300)
    labels, second = slabs.labels[10], result.runner_up[10]
    for border in np.flatnonzero(np.diff(labels)):
        assert second[border] == labels[border + 1]
        assert second[border + 1] == labels[border]
    certain = result.probability[10] == 1.0
    np.testing.assert_array_equal(second[certain], labels[certain])


def test_the_border_band_is_the_error_of_the_pose(slabs) -> None:
    # 2 mm wide: two borders are in view, the outer edges of the slabs far out of it.
    inner = project(slabs.scene, slabs.registration.replaced(image_shape=(21, 100)))
    result = uncertainty(inner, {"right_um": SD_UM}, poses=600)
    assert result.border_um == pytest.approx(SD_UM, rel=0.2)


def test_areas_spread_as_the_edge_of_the_image_cuts_them(slabs) -> None:
    """The image is 3 mm wide, as the three slabs: a shift moves the outer ones out of view."""
    result = uncertainty(slabs, {"right_um": SD_UM}, poses=600)
    height_mm = 21 * 0.020
    expected_sd = np.array([1.0, 0.0, 1.0]) * height_mm * SD_UM / 1000
    # Half-normal on one side: out of view is lost, the other way nothing is won.
    expected_sd *= np.sqrt(0.5 - 1 / (2 * np.pi))
    np.testing.assert_allclose(result.table["sd_mm2"], expected_sd, rtol=0.15, atol=0.002)
    assert result.areas_mm2.shape == (600, 3)
    assert result.table["certain_share"].between(0, 1).all()


def test_no_error_means_certain(slabs) -> None:
    result = uncertainty(slabs, {}, poses=3)
    assert (result.probability == 1.0).all()
    np.testing.assert_array_equal(result.runner_up, slabs.labels)
    np.testing.assert_allclose(result.table["sd_mm2"], 0, atol=1e-12)


def test_a_coarser_raster_gives_the_same_picture(slabs) -> None:
    fine = uncertainty(slabs, {"right_um": SD_UM}, poses=200, seed=3)
    coarse = uncertainty(slabs, {"right_um": SD_UM}, poses=200, seed=3, max_pixels=800)
    assert coarse.probability.shape == fine.probability.shape
    assert np.abs(coarse.probability - fine.probability).mean() < 0.05


def test_the_same_seed_gives_the_same_result(slabs) -> None:
    one = uncertainty(slabs, {"right_um": SD_UM}, poses=20, seed=5)
    two = uncertainty(slabs, {"right_um": SD_UM}, poses=20, seed=5)
    other = uncertainty(slabs, {"right_um": SD_UM}, poses=20, seed=6)
    np.testing.assert_array_equal(one.probability, two.probability)
    assert (one.probability != other.probability).any()


def test_bad_input_is_refused_and_work_can_be_cancelled(slabs) -> None:
    with pytest.raises(RegistrationError, match="poses"):
        uncertainty(slabs, {"right_um": 1.0}, poses=1)
    with pytest.raises(RegistrationError, match="height"):
        uncertainty(slabs, {"height": 1.0})
    with pytest.raises(RegistrationError, match="negative"):
        uncertainty(slabs, {"right_um": -1.0})
    with pytest.raises(Cancelled):
        uncertainty(slabs, {"right_um": 1.0}, progress=lambda done, total: done < 2)


@pytest.mark.slow
def test_confidence_is_honest_on_the_demo_brain() -> None:
    """Of the pixels that are 90-100 % certain at least 88 % are right, and doubt is not false."""
    rng = np.random.default_rng(12)
    demo = demo_registration()
    scene = load_scene(demo.atlas, demo.regions)
    small = demo.replaced(image_shape=(90, 103), pixel_size_um=109.0)
    surface = project(scene, small).atlas_um
    sure, sure_right, doubtful, doubtful_right = 0, 0, 0, 0
    for _ in range(25):
        turn = dict(zip(("yaw_deg", "pitch_deg", "roll_deg"), rng.normal(0, 5, 3), strict=True))
        truth = small.replaced(pose=small.pose.turned(**turn))
        seen = np.argwhere(np.isfinite(surface).all(axis=-1))
        points = surface[tuple(seen[rng.choice(len(seen), 8, replace=False)].T)].astype(float)
        clicks = truth.view.atlas_to_pixels(points) + rng.normal(0, 100.0 / 109.0, (8, 2))
        marks = [
            Landmark(str(i), tuple(click), tuple(point))
            for i, (click, point) in enumerate(zip(clicks, points, strict=True))
        ]
        fit = fit_landmarks(small, marks, keep=("depth_um",))
        fitted = project(scene, fit.registration)
        result = uncertainty(fitted, fit, poses=40)
        right = fitted.labels == project(scene, truth).labels
        is_sure = (result.probability >= 0.9) & (fitted.labels > 0)
        is_doubtful = (result.probability < 0.6) & (fitted.labels > 0)
        sure, sure_right = sure + is_sure.sum(), sure_right + right[is_sure].sum()
        doubtful = doubtful + is_doubtful.sum()
        doubtful_right = doubtful_right + right[is_doubtful].sum()
    assert sure_right / sure >= 0.88
    assert doubtful_right / doubtful < 0.75
