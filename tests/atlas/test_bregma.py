"""Stereotaxic coordinates from a named bregma, by hand in both directions."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from napari_brainreg3d.atlas.bregma import (
    BREGMA_PRESETS,
    DEFAULT_BREGMA,
    BregmaPreset,
    bregma_preset,
)
from napari_brainreg3d.errors import AtlasError

PLAIN = BregmaPreset("plain", (5400.0, 332.0, 5739.0))


def test_the_presets_are_the_published_numbers():
    """From the front, from the top, from the side, um."""
    assert {name: preset.atlas_um for name, preset in BREGMA_PRESETS.items()} == {
        "ibl": (5400, 332, 5739),
        "allen_ccf_tools": (5400, 0, 5700),
        "pinpoint_2024": (5200, 440, 5700),
        "brainreg3d": (5699.5, 440, 5700),
    }
    for name, preset in BREGMA_PRESETS.items():
        assert preset.name == name
        assert (preset.tilt_deg, preset.scale) == (0.0, (1.0, 1.0, 1.0))
    assert DEFAULT_BREGMA in BREGMA_PRESETS


def test_a_preset_is_found_by_its_name():
    assert bregma_preset("ibl") is BREGMA_PRESETS["ibl"]
    with pytest.raises(AtlasError, match=r"'IBL'.*ibl, allen_ccf_tools, pinpoint_2024, brainreg3d"):
        bregma_preset("IBL")


def test_the_presets_cannot_be_changed():
    with pytest.raises(TypeError):
        BREGMA_PRESETS["ibl"] = PLAIN
    with pytest.raises(FrozenInstanceError):
        BREGMA_PRESETS["ibl"].tilt_deg = 5.0


@pytest.mark.parametrize(
    ("atlas_um", "ap_ml_dv_mm"),
    [
        pytest.param((5400, 332, 5739), (0, 0, 0), id="bregma itself"),
        pytest.param((4400, 332, 5739), (1, 0, 0), id="1 mm anterior is AP +1"),
        pytest.param((7400, 332, 5739), (-2, 0, 0), id="2 mm posterior is AP -2"),
        pytest.param((5400, 1332, 5739), (0, 0, -1), id="1 mm ventral is DV -1"),
        pytest.param((5400, 332, 2739), (0, 3, 0), id="3 mm right (small numbers) is ML +3"),
        pytest.param((5400, 332, 6239), (0, -0.5, 0), id="0.5 mm left is ML -0.5"),
        pytest.param((2000, 1000, 4000), (3.4, 1.739, -0.668), id="all at once"),
    ],
)
def test_coordinates_by_hand(atlas_um, ap_ml_dv_mm):
    """The order is AP, ML, DV: not that of the atlas's axes."""
    assert_allclose(PLAIN.to_stereotaxic_mm(atlas_um), ap_ml_dv_mm, rtol=0, atol=1e-12)
    assert_allclose(PLAIN.to_atlas_um(ap_ml_dv_mm), atlas_um, rtol=0, atol=1e-9)


def test_the_same_point_differs_between_presets_by_their_bregmas():
    # 5699.5 - 5200 = 499.5 um along AP, the same bregma otherwise.
    point = (4000.0, 1000.0, 3000.0)
    one = BREGMA_PRESETS["brainreg3d"].to_stereotaxic_mm(point)
    other = BREGMA_PRESETS["pinpoint_2024"].to_stereotaxic_mm(point)
    assert_allclose(one - other, (0.4995, 0.0, 0.0), rtol=0, atol=1e-12)


def test_nose_up_lifts_what_lies_in_front_of_bregma():
    """Skull-flat, the head is turned nose up against the atlas: the front comes to lie higher."""
    tilted = BregmaPreset("tilted", PLAIN.atlas_um, tilt_deg=30.0)
    half, root = 0.5, np.sqrt(3.0) / 2.0
    # 2 mm in front of bregma in the atlas: still in front, and 1 mm above it (DV is dorsal +).
    assert_allclose(
        tilted.to_stereotaxic_mm((3400, 332, 5739)), (2 * root, 0, 2 * half), atol=1e-12
    )
    # 2 mm behind it: 1 mm below.
    assert_allclose(
        tilted.to_stereotaxic_mm((7400, 332, 5739)), (-2 * root, 0, -2 * half), atol=1e-12
    )
    # 2 mm under it: the bottom swings forwards when the nose goes up.
    assert_allclose(tilted.to_stereotaxic_mm((5400, 2332, 5739)), (2 * half, 0, -2 * root))
    # Sideways nothing changes.
    assert_allclose(tilted.to_stereotaxic_mm((5400, 332, 3739)), (0, 2, 0), atol=1e-12)


def test_the_usual_five_degrees_by_hand():
    tilted = BregmaPreset("tilted", PLAIN.atlas_um, tilt_deg=5.0)
    # sin 5 = 0.08716, cos 5 = 0.99619 (tables): 4 mm in front, 0.349 mm higher.
    assert_allclose(
        tilted.to_stereotaxic_mm((1400, 332, 5739)), (3.98478, 0.0, 0.34862), rtol=0, atol=1e-4
    )


def test_scales_stretch_along_the_axes_of_the_atlas():
    """AP, ML, DV as in Qiu et al.: the brain in the skull is longer, narrower and flatter."""
    scaled = BregmaPreset("qiu", PLAIN.atlas_um, scale=(1.031, 0.952, 0.885))
    # 1 mm posterior, 1 mm inferior, 1 mm left in the atlas.
    found = scaled.to_stereotaxic_mm((6400, 1332, 6739))
    assert_allclose(found, (-1.031, -0.952, -0.885), rtol=0, atol=1e-12)


def test_it_is_scaled_first_and_tilted_then():
    both = BregmaPreset("both", PLAIN.atlas_um, tilt_deg=90.0, scale=(2.0, 1.0, 3.0))
    # 1 mm in front becomes 2 mm by scale; nose up by 90 degrees, it is 2 mm above.
    assert_allclose(both.to_stereotaxic_mm((4400, 332, 5739)), (0, 0, 2), rtol=0, atol=1e-12)
    # 1 mm below becomes 3 mm; nose up by 90 degrees, it is in front.
    assert_allclose(both.to_stereotaxic_mm((5400, 1332, 5739)), (3, 0, 0), rtol=0, atol=1e-12)


factor = st.floats(0.5, 2.0)
place = st.floats(-20_000.0, 20_000.0)


@given(
    st.tuples(place, place, place),
    st.floats(-90.0, 90.0),
    st.tuples(factor, factor, factor),
    st.tuples(place, place, place),
)
def test_there_and_back_again(bregma, tilt_deg, scale, point):
    preset = BregmaPreset("some", bregma, tilt_deg, scale)
    mm = preset.to_stereotaxic_mm(point)
    assert_allclose(preset.to_atlas_um(mm), point, rtol=0, atol=1e-7)


def test_many_points_keep_their_shape_and_nowhere_stays_nowhere():
    assert PLAIN.to_stereotaxic_mm(np.zeros((4, 5, 3))).shape == (4, 5, 3)
    assert PLAIN.to_atlas_um(np.zeros((0, 3))).shape == (0, 3)
    assert np.isnan(PLAIN.to_stereotaxic_mm((np.nan, 0.0, 0.0))).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"atlas_um": (np.nan, 0.0, 0.0)},
        {"tilt_deg": np.inf},
        {"scale": (1.0, np.nan, 1.0)},
        {"scale": (1.0, 0.0, 1.0)},
        {"scale": (1.0, -1.0, 1.0)},
        {"atlas_um": (1.0, 2.0)},
        {"atlas_um": (1.0, 2.0, 3.0, 4.0)},
        {"scale": (1.0, 1.0)},
    ],
    ids=str,
)
def test_numbers_that_make_no_bregma_are_refused(wrong):
    with pytest.raises(ValueError, match="bregma preset 'wrong'"):
        BregmaPreset(**{"name": "wrong", "atlas_um": (1.0, 2.0, 3.0)} | wrong)


def test_a_preset_is_a_value_whatever_sequence_it_was_made_of():
    """Equal presets must stay equal through a file, in which there are only lists."""
    one = BregmaPreset("mine", np.array([1, 2, 3]), 5, [1, 1, 1])
    other = BregmaPreset("mine", (1.0, 2.0, 3.0), 5.0, (1.0, 1.0, 1.0))
    assert one == other
    assert hash(one) == hash(other)
    assert one != BregmaPreset("yours", (1.0, 2.0, 3.0), 5.0)
