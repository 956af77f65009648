"""The contact sheet: what is aligned must look aligned, whatever came in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.demo import demo_image
from napari_brainreg3d.registration.matching import ImageMatch
from napari_brainreg3d.results.contact_panels import (
    checkerboard,
    contrast_between,
    evened,
    overlay,
    resampled,
)
from napari_brainreg3d.results.contact_sheet import ContactEntry, contact_entry, contact_sheet

SIZE = (22.0, 22.0)


def match_of(matrix_px: npt.ArrayLike, *, quality: float = 0.8) -> ImageMatch:
    return ImageMatch(
        matrix_px=np.asarray(matrix_px, float),
        shift_um=(1320.0, -440.0),
        shift_px=(60.0, -20.0),
        rotation_deg=1.5,
        scale=1.0,
        quality=quality,
        features=123,
        overlap=0.75,
        residual_um=4.0,
        shift_sd_um=1.0,
        rotation_sd_deg=0.02,
        scale_sd=1e-4,
        method="by hand",
    )


@pytest.fixture(scope="module")
def moved() -> tuple[npt.NDArray[Any], ImageMatch]:
    """The demo image from its row 60 and its column -20 on, and the match that says so."""
    image = np.array(demo_image(), float)
    new = np.full(image.shape, np.nan)
    new[:-60, 20:] = image[60:, :-20]
    return new, match_of([[1, 0, 60], [0, 1, -20], [0, 0, 1]])


def colourfulness(panel: npt.NDArray[Any]) -> float:
    """Mean difference of green from red, of 255: where only one image is dark, or bright."""
    return float(np.abs(panel[..., 0].astype(float) - panel[..., 1]).mean())


class TestPanels:
    def test_an_overlay_is_grey_where_both_agree_and_coloured_where_not(self) -> None:
        previous = np.array([[0.0, 1.0, 0.4, 1.0]])
        new = np.array([[1.0, 0.0, 0.4, np.nan]])
        expected = [[[0, 255, 0], [255, 0, 255], [102, 102, 102], [255, 0, 255]]]
        assert_array_equal(overlay(previous, new), expected)

    def test_a_checkerboard_takes_turns(self) -> None:
        """Six squares along the longer side; green the new image, magenta the previous one."""
        board = checkerboard(np.ones((40, 60)), np.ones((40, 60)))
        is_new = board[..., 1] > board[..., 0]
        rows, columns = np.mgrid[:40, :60] // 10
        assert_array_equal(is_new, (rows + columns) % 2 == 1)

    def test_a_checkerboard_shows_the_one_image_where_the_other_has_nothing(self) -> None:
        previous, new = np.full((40, 60), 0.5), np.full((40, 60), 0.5)
        previous[:20], new[30:] = np.nan, np.nan
        board = checkerboard(previous, new)
        is_new = board[..., 1] > board[..., 0]
        assert is_new[:20].all()
        assert not is_new[30:].any()
        assert board.min() > 100

    def test_resampling_follows_the_matrix(self) -> None:
        """Two panel pixels per image pixel, and the panel begins at image pixel (1, 2)."""
        grey = np.random.default_rng(0).random((20, 30))
        matrix = np.array([[0.5, 0, 1], [0, 0.5, 2], [0, 0, 1]])
        panel = resampled(grey, matrix, (30, 40))
        assert_allclose(panel[::2, ::2], grey[1:16, 2:22])
        assert_allclose(panel[1, 0], grey[1:3, 2].mean())

    def test_resampling_averages_what_it_leaves_out(self) -> None:
        """A pattern finer than the panel becomes its mean, not a pattern of its own."""
        grey = np.indices((200, 200)).sum(axis=0) % 2 * 2.0
        matrix = np.array([[5.0, 0, 2.5], [0, 5.0, 2.5], [0, 0, 1]])
        assert_allclose(resampled(grey, matrix, (40, 40))[2:-2, 2:-2], 1.0, atol=0.02)

    def test_holes_and_what_lies_outside_stay_unknown(self) -> None:
        grey = np.ones((30, 30))
        grey[10:20, 10:20] = np.nan
        panel = resampled(grey, np.eye(3), (40, 30))
        assert np.isnan(panel[11:19, 11:19]).all()
        assert np.isnan(panel[31:]).all()
        assert_allclose(panel[:9], 1.0)

    def test_slow_light_is_evened_out_and_fine_structure_kept(self) -> None:
        columns = np.arange(280) * np.ones((210, 1))
        stripes = 1 - 0.3 * (columns % 14 < 4)
        light = np.linspace(0.3, 1.0, 210)[:, None]
        panel = evened(1000 * stripes * light)
        dark, bright = panel[40:80].mean(), panel[-80:-40].mean()
        assert dark == pytest.approx(bright, rel=0.3)
        contrast = [np.corrcoef(row, stripes[0])[0, 1] for row in panel]
        assert min(contrast) > 0.9
        assert panel.min() >= 0.0
        assert panel.max() <= 1.0

    def test_another_exposure_is_found_from_what_both_show(self) -> None:
        """``0.7 panel + 0.15``, although a third of the panel shows something else."""
        panel = np.random.default_rng(0).uniform(0.1, 1.0, (60, 50))
        reference = 0.7 * panel + 0.15
        panel[:5], reference[-5:] = np.nan, np.nan
        panel[10:30] = 1.0
        assert_allclose(contrast_between(panel, reference), (0.7, 0.15), atol=1e-6)

    def test_without_anything_in_common_brightness_stays(self) -> None:
        panel, nothing = np.full((30, 30), 0.5), np.full((30, 30), np.nan)
        assert contrast_between(panel, nothing) == (1.0, 0.0)
        assert contrast_between(panel, panel) == (1.0, 0.0)

    @pytest.mark.parametrize("value", [0.0, 7.0, -3.0, np.nan])
    def test_a_flat_panel_has_no_contrast_and_gives_no_warning(self, value: float) -> None:
        panel = evened(np.full((20, 30), value))
        assert panel.shape == (20, 30)
        assert np.isnan(panel).all() if np.isnan(value) else np.ptp(panel) == 0.0


class TestEntry:
    def test_the_aligned_overlay_is_grey_and_the_unaligned_one_is_not(
        self, moved: tuple[npt.NDArray[Any], ImageMatch]
    ) -> None:
        new, match = moved
        entry = contact_entry("day 2", demo_image(), new, previous_pixel_size_um=SIZE, match=match)
        before, after, board = entry.panels
        assert before.shape == after.shape == board.shape
        middle = (slice(80, 150), slice(60, 180))
        assert colourfulness(after[middle]) < 10 < 30 < colourfulness(before[middle])

    def test_a_new_image_of_other_pixels_is_drawn_at_its_size_in_um(self) -> None:
        """Binned by two and said so: before and after are the same, since nothing moved."""
        image = np.array(demo_image(), float)
        binned = image.reshape(224, 2, 256, 2).mean(axis=(1, 3))
        entry = contact_entry(
            "binned",
            image,
            binned,
            previous_pixel_size_um=SIZE,
            new_pixel_size_um=(44.0, 44.0),
            match=match_of([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]]),
        )
        before, after, _ = entry.panels
        assert_allclose(before.astype(float), after, atol=1.0)
        assert colourfulness(after) < 12

    def test_the_figures_are_those_of_the_match(
        self, moved: tuple[npt.NDArray[Any], ImageMatch]
    ) -> None:
        new, match = moved
        entry = contact_entry("a", demo_image(), new, previous_pixel_size_um=SIZE, match=match)
        text = " ".join(entry.lines)
        # The length of (1320, -440) is 1391.4.
        for words in ("0.80 (123", "1391 um (+1320 down, -440 right)", "+1.50 degrees", "75 %"):
            assert words in text

    def test_a_failed_session_says_why(self) -> None:
        problem = "the images do not match: they do not show the same blood vessels " * 9
        entry = contact_entry("b", demo_image(), None, previous_pixel_size_um=SIZE, problem=problem)
        assert entry.panels == ()
        assert entry.lines[0] == "not matched"
        assert entry.lines[1].startswith("the images do not match")
        assert len(entry.lines) <= 10

    def test_weak_and_good_matches_have_different_colours(self) -> None:
        colours = {
            contact_entry(
                "c", demo_image(), demo_image(), previous_pixel_size_um=SIZE,
                match=match_of(np.eye(3), quality=quality),
            ).colour
            for quality in (0.15, 0.9)
        }  # fmt: skip
        assert len(colours) == 2


class TestSheet:
    def entry(self, name: str = "day 1", shape: tuple[int, int] = (100, 140)) -> ContactEntry:
        image = np.random.default_rng(0).random(shape)
        return contact_entry(
            name, image, image, previous_pixel_size_um=SIZE, match=match_of(np.eye(3))
        )

    def test_each_session_adds_a_row_of_the_same_height(self) -> None:
        none, one, three = (
            contact_sheet(self.entry(f"day {n}") for n in range(count)) for count in (0, 1, 3)
        )
        row = one.shape[0] - none.shape[0]
        assert row > 200
        assert three.shape == (none.shape[0] + 3 * row, none.shape[1], 3)
        assert three.dtype == np.uint8

    @pytest.mark.parametrize("shape", [(2, 2), (3, 900), (900, 3), (1000, 1500)])
    def test_images_of_any_proportions_fit_into_the_same_sheet(self, shape: Any) -> None:
        usual = contact_sheet([self.entry()])
        assert contact_sheet([self.entry(shape=shape)]).shape == usual.shape

    def test_rows_stand_in_the_given_order(self) -> None:
        """The panels of a black session are black, those of a white one are not."""
        black = ContactEntry("black", (), (0, 0, 0), (np.zeros((210, 280, 3), np.uint8),) * 3)
        white = ContactEntry("white", (), (0, 0, 0), (np.full((210, 280, 3), 255, np.uint8),) * 3)
        sheet = contact_sheet([black, white])
        dark = (sheet == 0).all(axis=2).sum(axis=1)
        is_black_row = dark > 700
        first, last = np.flatnonzero(is_black_row)[[0, -1]]
        assert last - first == 209
        assert first < sheet.shape[0] / 2

    @pytest.mark.parametrize("name", ["x" * 400, "日本語.tif", "", "Größe µm °"])
    def test_any_name_can_be_written(self, name: str) -> None:
        plain, named = contact_sheet([self.entry("")]), contact_sheet([self.entry(name)])
        assert named.shape == plain.shape
        # A long name is shortened before it reaches the first panel.
        changed = np.flatnonzero((plain != named).any(axis=(0, 2)))
        assert changed.size == 0 or changed.max() < 24 + 310

    def test_the_panels_of_an_entry_cannot_be_written_to(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            self.entry().panels[0][0, 0, 0] = 1
