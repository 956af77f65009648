from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import rgb2gray

from napari_brainreg3d.io import pixels as pixels_module
from napari_brainreg3d.io.pixels import finite_range, grey, hash_pixels, over_black

RNG = np.random.default_rng(5)


class TestHash:
    def test_is_that_of_type_shape_and_little_endian_bytes(self) -> None:
        array = np.array([[1, 2, 3], [4, 5, 700]], np.uint16)
        content = bytes([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0xBC, 0x02])
        expected = hashlib.sha256(b"<u2 (2, 3) " + content).hexdigest()
        assert hash_pixels(array) == expected

    @pytest.mark.parametrize(
        "same",
        [
            pytest.param(lambda a: a.astype(">u2"), id="big endian"),
            pytest.param(np.asfortranarray, id="columns first in memory"),
            pytest.param(lambda a: np.repeat(a, 2, axis=1)[:, ::2], id="every other element"),
            pytest.param(lambda a: a[::-1].copy()[::-1], id="negative stride"),
        ],
    )
    def test_does_not_depend_on_the_layout_in_memory(self, same) -> None:
        array = RNG.integers(0, 60000, (37, 23)).astype(np.uint16)
        assert hash_pixels(same(array)) == hash_pixels(array)

    def test_does_not_depend_on_the_size_of_the_pieces(self, monkeypatch) -> None:
        array = RNG.random((50, 40, 3)).astype(np.float32)
        whole = hash_pixels(array)
        monkeypatch.setattr(pixels_module, "_STEP", 700)
        assert hash_pixels(array) == whole

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param(lambda a: a[::-1], id="upside down"),
            pytest.param(lambda a: a.reshape(8, 3), id="another shape"),
            pytest.param(lambda a: a.astype(np.int16), id="another type"),
            pytest.param(lambda a: a + np.uint16(1), id="other values"),
        ],
    )
    def test_tells_different_pictures_apart(self, other) -> None:
        array = np.arange(24, dtype=np.uint16).reshape(4, 6)
        assert hash_pixels(other(array)) != hash_pixels(array)


class TestGrey:
    def test_has_the_weights_of_scikit_image(self) -> None:
        colour = RNG.random((20, 30, 3))
        assert_allclose(grey(colour), rgb2gray(colour), rtol=1e-12)

    def test_keeps_the_units_of_integers(self) -> None:
        colour = np.array([[[100, 0, 0], [0, 100, 0], [0, 0, 100], [40, 40, 40]]], np.uint8)
        assert_allclose(grey(colour), [[21.25, 71.54, 7.21, 40.0]], rtol=1e-6)

    def test_leaves_a_grey_picture_alone(self) -> None:
        picture = np.arange(6, dtype=np.int16).reshape(2, 3)
        assert grey(picture) is picture

    def test_refuses_what_is_not_a_picture(self) -> None:
        with pytest.raises(ValueError, match=r"\(4, 5, 4\)"):
            grey(np.zeros((4, 5, 4)))


class TestTransparency:
    def test_half_transparent_colours_come_out_half_as_bright(self) -> None:
        colour = np.array([[[200, 100, 50], [200, 100, 50], [200, 100, 50]]], np.uint8)
        alpha = np.array([[255, 51, 0]], np.uint8)
        expected = [[[200, 100, 50], [40, 20, 10], [0, 0, 0]]]
        assert_array_equal(over_black(colour, alpha), expected)

    def test_premultiplied_colours_are_kept(self) -> None:
        colour = np.array([[10, 20]], np.uint8)
        kept = over_black(colour, np.array([[128, 255]], np.uint8), premultiplied=True)
        assert_array_equal(kept, colour)

    def test_of_16_bits_reaches_from_0_to_65535(self) -> None:
        mixed = over_black(np.array([[50000]], np.uint16), np.array([[13107]], np.uint16))
        assert mixed.tolist() == [[10000]]  # 13107 / 65535 is a fifth

    def test_that_would_hide_everything_is_ignored(self) -> None:
        colour = np.array([[10, 20]], np.uint8)
        assert_array_equal(over_black(colour, np.zeros((1, 2), np.uint8)), colour)


def test_finite_range_skips_what_is_not_finite() -> None:
    assert finite_range(np.array([[np.nan, 3.0], [-np.inf, -2.0]])) == (-2.0, 3.0)
    assert finite_range(np.array([[np.nan]])) == (np.inf, -np.inf)
