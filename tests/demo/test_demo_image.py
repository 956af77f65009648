"""The demo image: a picture of the brain's surface, fixed to the brain, without the regions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from napari_brainreg3d.demo import demo_image, demo_registration, render_brain
from napari_brainreg3d.demo.report import true_surface
from napari_brainreg3d.demo.vessels import sample_map, vessel_map


def test_image_is_deterministic_and_cannot_be_written_to() -> None:
    image = demo_image()
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(render_brain(demo_registration()), image)
    with pytest.raises(ValueError, match="read-only"):
        image[0, 0] = 0


def test_past_the_brain_it_is_dark_but_not_without_noise() -> None:
    places, _ = true_surface(demo_registration())
    past = np.isnan(places[..., 0])
    image = demo_image().astype(float)
    assert 0.1 < past.mean() < 0.4
    assert np.median(image[past]) < 0.1 * np.median(image[~past])
    assert image[past].std() > 5
    assert np.percentile(image[~past], 1) > np.percentile(image[past], 90)


def test_nothing_is_saturated_or_cut_off() -> None:
    assert demo_image().min() > 0
    assert demo_image().max() < 60_000


def test_regions_are_not_painted_on_it() -> None:
    others = demo_registration().replaced(regions=("VISp",))
    np.testing.assert_array_equal(render_brain(others), demo_image())


def test_vessels_move_with_the_brain() -> None:
    """The same places of the atlas look the same from another pose, and only these."""
    truth = demo_registration()
    moved = truth.replaced(
        pose=truth.pose.turned(yaw_deg=-15, pitch_deg=-6, roll_deg=4).moved(atlas_um=(300, 0, 500))
    )
    places, _ = true_surface(truth)
    facing = (np.abs(places[..., 2] - 5700.0) < 3500) & (np.abs(places[..., 2] - 5700.0) > 400)
    chosen = places[facing & (places[..., 0] > 3000) & (places[..., 0] < 8000)]
    here, there = (fine_structure(render_brain(r, seed=5)) for r in (truth, moved))
    seen_here = map_coordinates(here, truth.view.atlas_to_pixels(chosen).T, order=1)
    seen_there = map_coordinates(there, moved.view.atlas_to_pixels(chosen).T, order=1)
    unmoved = map_coordinates(there, truth.view.atlas_to_pixels(chosen).T, order=1)
    assert len(chosen) > 30_000
    assert np.corrcoef(seen_here, seen_there)[0, 1] > 0.9
    assert abs(np.corrcoef(seen_here, unmoved)[0, 1]) < 0.3


def fine_structure(image: np.ndarray) -> np.ndarray:
    smooth = gaussian_filter(image.astype(float), 1.0)
    return smooth / gaussian_filter(smooth, 8.0)


def test_vessels_differ_from_side_to_side() -> None:
    """Away from the large veins, drawn on both sides, the pattern is that of one animal."""
    drawn = vessel_map()
    assert drawn.shape == (1320, 1140)
    patch = drawn[350:800, 600:1000]
    mirrored = drawn[:, ::-1][350:800, 600:1000]
    assert 0.03 < patch.mean() < 0.5
    assert np.corrcoef(patch.ravel(), mirrored.ravel())[0, 1] < 0.3


def test_a_map_is_read_above_a_point_of_the_atlas() -> None:
    """Row 300, column 700 of a map with steps of 10 um is centred on AP 3005, ML 7005 um."""
    spot = np.zeros((1320, 1140), np.float32)
    spot[300, 700] = 1.0
    points = np.array([[3005.0, 123.0, 7005.0], [3005.0, 0.0, 7010.0], [7005.0, 0.0, 3005.0]])
    assert sample_map(spot, points) == pytest.approx([1.0, 0.5, 0.0])
    assert sample_map(spot + 1, np.full((1, 3), np.nan)) == 0.0
