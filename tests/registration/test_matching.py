"""One image found in another: moved by a known amount, or not of the same brain at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.matching import ImageMatch, match_images
from napari_brainreg3d.registration.matching.evidence import gather_evidence
from napari_brainreg3d.registration.matching.placement import place
from napari_brainreg3d.registration.matching.precision import precision
from napari_brainreg3d.registration.matching.refinement import refine
from napari_brainreg3d.registration.matching.search import LEAST_FEATURES, LEAST_QUALITY
from napari_brainreg3d.registration.matching.similarity import Similarity
from napari_brainreg3d.registration.matching.spectrum import turns_and_scales
from napari_brainreg3d.registration.matching.vessels import find_vessels
from tests.fixtures.sessions import (
    SecondSession,
    other_brain,
    second_session,
    turned,
    vessel_texture,
)

SIZES_UM = {"demo": 22.0, "sample": 15.75}

#: Random trials of the slow tests; set the variable to 100 for the figures that are claimed.
TRIALS = int(os.environ.get("NAPARI_BRAINREG3D_TRIALS", "20"))


@pytest.fixture(scope="module")
def demo() -> npt.NDArray[Any]:
    return demo_image()


@pytest.fixture(scope="module")
def sample(shared_dir: Path) -> npt.NDArray[Any]:
    return tifffile.imread(shared_dir / "data" / "sample_image.tif")


@pytest.fixture(params=["demo", "sample"])
def subject(request: pytest.FixtureRequest) -> tuple[npt.NDArray[Any], float]:
    """An image and its pixel size, um."""
    return request.getfixturevalue(request.param), SIZES_UM[request.param]


def errors(match: ImageMatch, truth: SecondSession) -> tuple[float, float]:
    """How far off the middle of the image is, in pixels, and its rotation, in degrees."""
    middle = (np.array(truth.image.shape) - 1) / 2
    off = float(np.hypot(*(match.to_previous(middle) - truth.centre)))
    return off, abs(match.rotation_deg - truth.rotation_deg)


def assert_matches(
    match: ImageMatch, linear: npt.ArrayLike, offset: npt.ArrayLike, shape: Any, atol_px: float
) -> None:
    """The four corners of the new image lie where they should in the previous one."""
    height, width = shape[:2]
    corners = np.array([[r, c] for r in (0, height - 1) for c in (0, width - 1)], float)
    expected = corners @ np.transpose(linear) + offset
    assert_allclose(match.to_previous(corners), expected, rtol=0, atol=atol_px)


class TestRecovery:
    """What was done to an image is found again."""

    @pytest.mark.parametrize("seed", range(4))
    def test_known_motion_is_found_within_a_pixel_and_a_fifth_of_a_degree(
        self, subject: tuple[npt.NDArray[Any], float], seed: int
    ) -> None:
        """Shift up to 25 % of the width, 30 degrees, scale 0.85 to 1.18, 40 % of it hidden."""
        image, size = subject
        truth = second_session(image, seed)
        match = match_images(image, truth.image, previous_pixel_size_um=size)
        off_px, off_deg = errors(match, truth)
        assert off_px < 1.0
        assert off_deg < 0.2
        assert match.scale == pytest.approx(truth.scale, rel=0.01)

    @pytest.mark.slow
    def test_95_percent_of_the_motions_are_found(
        self, subject: tuple[npt.NDArray[Any], float]
    ) -> None:
        image, size = subject
        right = 0
        for seed in range(100, 100 + TRIALS):
            truth = second_session(image, seed)
            try:
                match = match_images(image, truth.image, previous_pixel_size_um=size)
            except RegistrationError:
                continue
            off_px, off_deg = errors(match, truth)
            right += off_px < 1.0 and off_deg < 0.2
        assert right >= 0.95 * TRIALS

    @pytest.mark.parametrize("turn_deg", [90.0, 165.0, 180.0, -120.0])
    def test_a_camera_that_was_mounted_the_other_way_round(
        self, demo: npt.NDArray[Any], turn_deg: float
    ) -> None:
        """Spectra do not tell a turn from one by 180 degrees more; the image does. By OpenCV."""
        centre = (np.array(demo.shape) - 1) / 2
        linear = turned(turn_deg)
        offset = centre - linear @ centre
        # OpenCV counts (column, row), and takes the way from the result to the source as well.
        matrix = np.column_stack([linear[::-1, ::-1], offset[::-1]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        new = cv2.warpAffine(demo.astype(np.float32), matrix, demo.shape[::-1], flags=flags)
        match = match_images(demo, new, previous_pixel_size_um=22.0)
        assert_matches(match, linear, offset, new.shape, 0.5)
        assert abs((match.rotation_deg - turn_deg + 180) % 360 - 180) < 0.05

    def test_the_sense_of_shift_and_rotation_is_as_documented(self, demo: npt.NDArray[Any]) -> None:
        """Row 60, column 90 of the old image is the first pixel of the new one."""
        new = demo[60:360, 90:490]
        match = match_images(demo, new, previous_pixel_size_um=22.0)
        assert_matches(match, np.eye(2), (60, 90), new.shape, 0.2)
        # Centres: (149.5 + 60) - 223.5 down and (199.5 + 90) - 255.5 right.
        assert_allclose(match.shift_px, (-14.0, 34.0), atol=0.1)
        assert_allclose(match.shift_um, (-14.0 * 22.0, 34.0 * 22.0), atol=2.2)
        assert match.overlap == pytest.approx(1.0, abs=0.02)

    def test_pixels_of_another_size_are_taken_as_said(self, demo: npt.NDArray[Any]) -> None:
        """Binned by two: the centre of the first large pixel lies between four small ones."""
        new = demo.reshape(224, 2, 256, 2).mean(axis=(1, 3))
        match = match_images(demo, new, previous_pixel_size_um=22.0, new_pixel_size_um=44.0)
        assert_matches(match, 2 * np.eye(2), (0.5, 0.5), new.shape, 0.2)
        assert match.scale == pytest.approx(1.0, abs=1e-3)

    def test_pixels_that_are_not_square_turn_in_um(self, demo: npt.NDArray[Any]) -> None:
        """Every second row is left out after the image was turned, so that its pixels are tall."""
        centre = (np.array(demo.shape) - 1) / 2
        linear = turned(20.0)
        offset = centre - linear @ centre
        matrix = np.column_stack([linear[::-1, ::-1], offset[::-1]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        whole = cv2.warpAffine(demo.astype(np.float32), matrix, demo.shape[::-1], flags=flags)
        match = match_images(
            demo, whole[::2], previous_pixel_size_um=22.0, new_pixel_size_um=(44.0, 22.0)
        )
        assert_matches(match, linear @ np.diag([2.0, 1.0]), offset, whole[::2].shape, 0.5)
        assert match.rotation_deg == pytest.approx(20.0, abs=0.05)
        assert match.scale == pytest.approx(1.0, abs=2e-3)

    @pytest.mark.parametrize("kind", ["uint8", "float32", "int32", "colour", "colour with alpha"])
    def test_any_kind_of_picture(self, demo: npt.NDArray[Any], kind: str) -> None:
        scaled = demo / demo.max()
        if kind.startswith("colour"):
            new = np.stack([255 * scaled] * 3 + [np.full(demo.shape, 255.0)], axis=-1)
            new = new.astype(np.uint8)[..., : 4 if "alpha" in kind else 3]
        else:
            factor = {"uint8": 255, "float32": 1e-6, "int32": -1 + 2**24}[kind]
            new = (scaled * factor).astype(kind)
        match = match_images(demo, new, previous_pixel_size_um=22.0)
        assert_matches(match, np.eye(2), (0, 0), new.shape, 0.1)
        assert match.quality > 0.8

    def test_holes_take_no_part(self, demo: npt.NDArray[Any]) -> None:
        """A fifth of all pixels, a block and the lower right corner are NaN or infinite."""
        new = np.array(demo, float)
        new[np.random.default_rng(3).random(new.shape) < 0.2] = np.nan
        new[100:220, 100:300] = np.inf
        new[-120:, -160:] = np.nan
        match = match_images(demo, new, previous_pixel_size_um=22.0)
        assert_matches(match, np.eye(2), (0, 0), new.shape, 0.1)

    def test_the_images_are_not_changed(self, demo: npt.NDArray[Any]) -> None:
        new = np.array(demo[40:300, 40:400], float)
        new[:20, :20] = np.nan
        before = new.copy()
        match_images(demo, new, previous_pixel_size_um=22.0)
        assert_array_equal(new, before)

    def test_what_stands_still_in_the_picture_does_not_hold_the_match(
        self, sample: npt.NDArray[Any]
    ) -> None:
        """The camera writes the time into the same corner of every picture, wherever the brain."""
        truth = second_session(
            sample, 3, largest_shift=0.15, largest_turn_deg=5, scales=(0.99, 1.01), occluded=0.05
        )
        new = np.nan_to_num(truth.image)
        new[:14] = sample[:14] * np.median(new) / np.median(sample)
        match = match_images(sample, new, previous_pixel_size_um=15.75)
        off_px, off_deg = errors(match, truth)
        assert off_px < 0.5
        assert off_deg < 0.2

    def test_repeated_pictures_have_a_better_quality_than_blurred_ones(
        self, sample: npt.NDArray[Any]
    ) -> None:
        noisy = sample + np.random.default_rng(0).normal(0, 800, sample.shape)
        blurred = cv2.GaussianBlur(sample.astype(np.float32), (0, 0), 3.5)
        sharp, dull = (
            match_images(sample, new, previous_pixel_size_um=15.75).quality
            for new in (noisy, blurred)
        )
        assert 1.0 >= sharp > 0.85 > dull + 0.1 > LEAST_QUALITY + 0.1

    def test_the_standard_deviations_are_those_of_the_errors(self, demo: npt.NDArray[Any]) -> None:
        """Errors over their standard deviation are about 1: not a tenth of it, nor ten times."""
        ratios = []
        for seed in range(6):
            truth = second_session(demo, seed, noise=0.15, occluded=0.2)
            match = match_images(demo, truth.image, previous_pixel_size_um=22.0)
            shift = np.array(match.shift_px) - (truth.centre - (np.array(demo.shape) - 1) / 2)
            ratios += (shift * 22.0 / match.shift_sd_um).tolist()
            ratios.append((match.rotation_deg - truth.rotation_deg) / match.rotation_sd_deg)
            assert 0.0 < match.residual_um < 22.0
        assert 0.3 < np.sqrt(np.mean(np.square(ratios))) < 3.0


class TestRefusal:
    """Images that do not belong together are never matched."""

    @pytest.mark.parametrize("seed", range(3))
    def test_vessels_of_another_brain(self, seed: int) -> None:
        with pytest.raises(RegistrationError, match=r"do not match.*quality 0\.0"):
            match_images(
                vessel_texture(seed), vessel_texture(seed + 30), previous_pixel_size_um=22.0
            )

    @pytest.mark.parametrize("is_moved", [False, True], ids=["same pose", "moved"])
    def test_a_common_outline_and_common_large_veins_are_not_enough(
        self, demo: npt.NDArray[Any], is_moved: bool
    ) -> None:
        """The same schematic brain in the same place and light, with other vessels."""
        new = other_brain(1)
        if is_moved:
            new = second_session(new, 5, occluded=0.2).image
        with pytest.raises(RegistrationError, match="do not match"):
            match_images(demo, new, previous_pixel_size_um=22.0)

    @pytest.mark.slow
    def test_no_unrelated_pair_is_accepted(self, demo: npt.NDArray[Any]) -> None:
        """Vessel-like textures, as many brains in the same pose and brains that moved."""
        half = TRIALS // 2
        pairs = [(vessel_texture(seed), vessel_texture(seed + 61)) for seed in range(half)]
        brains = [other_brain(seed) for seed in range(10)]
        rng = np.random.default_rng(0)
        for number in range(half):
            one, two = rng.choice(10, 2, replace=False)
            new = brains[two]
            if number % 2:
                new = second_session(new, number, occluded=0.4 * (number % 4 == 1)).image
            pairs.append((brains[one], new))
        accepted = 0
        for previous, new in pairs:
            try:
                match_images(previous, new, previous_pixel_size_um=22.0)
                accepted += 1
            except RegistrationError:
                pass
        assert accepted == 0

    @pytest.mark.parametrize("axis", [0, 1])
    def test_a_mirror_image(self, subject: tuple[npt.NDArray[Any], float], axis: int) -> None:
        """Mirrored optics are for the camera to say; a match never mirrors."""
        image, size = subject
        with pytest.raises(RegistrationError, match="do not match"):
            match_images(image, np.flip(image, axis), previous_pixel_size_um=size)

    def test_noise(self, demo: npt.NDArray[Any]) -> None:
        noise = np.random.default_rng(0).normal(size=demo.shape)
        with pytest.raises(RegistrationError, match="do not match"):
            match_images(demo, noise, previous_pixel_size_um=22.0)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            pytest.param({"new": np.full((100, 120), 7)}, "new image shows no vessels", id="flat"),
            pytest.param({"new": np.full((100, 120), np.nan)}, "shows no vessels", id="only holes"),
            pytest.param({"new": np.ones((20, 300))}, "20 x 300 pixels", id="a strip"),
            pytest.param({"new": np.ones((99, 99, 2))}, r"\(99, 99, 2\)", id="two channels"),
            pytest.param({"new": np.ones(99)}, r"\(99,\)", id="a line"),
            pytest.param({"new": np.ones((99, 99), complex)}, "complex", id="complex numbers"),
            pytest.param({"previous_pixel_size_um": 0.0}, "previous_pixel_size_um", id="no size"),
            pytest.param({"new_pixel_size_um": (1, 2, 3)}, "new_pixel_size_um", id="three sizes"),
            pytest.param({"max_shift_um": -1.0}, "max_shift_um", id="negative bound"),
            pytest.param({"max_scale": 0.9}, "max_scale", id="scale under 1"),
            pytest.param({"max_scale": 9.0}, "max_scale can be 2", id="scale out of reach"),
            pytest.param({"max_rotation_deg": np.nan}, "max_rotation_deg", id="not a number"),
        ],
    )
    def test_bad_input_is_named(
        self, demo: npt.NDArray[Any], changes: dict[str, Any], words: str
    ) -> None:
        values = {"previous_pixel_size_um": 22.0} | changes
        new = values.pop("new", demo)
        with pytest.raises(RegistrationError, match=words):
            match_images(demo, new, **values)

    @pytest.mark.parametrize(
        ("bound", "words"),
        [
            pytest.param({"max_shift_um": 300.0}, "max_shift_um = 300", id="shift"),
            pytest.param({"max_rotation_deg": 5.0}, "turned by 12.0 degrees", id="rotation"),
            pytest.param({"max_scale": 1.05}, "max_scale = 1.05", id="scale"),
        ],
    )
    def test_a_match_out_of_bounds_says_what_it_found(
        self, demo: npt.NDArray[Any], bound: dict[str, float], words: str
    ) -> None:
        linear = turned(12.0, 1.1)
        offset = np.array([20.0, 10.0])
        matrix = np.column_stack([linear[::-1, ::-1], offset[::-1]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        new = cv2.warpAffine(demo.astype(np.float32), matrix, demo.shape[::-1], flags=flags)
        match = match_images(demo, new, previous_pixel_size_um=22.0)
        assert_matches(match, linear, offset, new.shape, 0.5)
        with pytest.raises(RegistrationError, match=f"same vessels, but .*{words}"):
            match_images(demo, new, previous_pixel_size_um=22.0, **bound)


class TestParts:
    """The steps on their own."""

    def test_vessels_do_not_depend_on_exposure_and_slow_light(self, demo: npt.NDArray[Any]) -> None:
        grey = np.array(demo[100:350, 100:420], float)
        rows = np.linspace(0.7, 1.3, grey.shape[0])[:, None]
        plain, other = (
            find_vessels(image, (22.0, 22.0), sigma_um=25.0, step_um=25.0).values
            for image in (grey, 0.01 * grey * rows + 3.0)
        )
        assert np.corrcoef(plain.ravel(), other.ravel())[0, 1] > 0.99

    def test_holes_and_padding_are_not_known(self, demo: npt.NDArray[Any]) -> None:
        grey = np.array(demo, float)
        grey[:100] = 5.0  # padding
        grey[200:260, 300:400] = np.nan
        found = find_vessels(grey, (22.0, 22.0), sigma_um=25.0, step_um=25.0)
        assert not found.known[:100].any()
        assert not found.known[200:260, 300:400].any()
        assert not found.values[found.known == 0].any()
        assert found.known[120:190].all()

    def test_averaging_keeps_every_place(self) -> None:
        """One bright spot stays where it is, in um from the centre, also in uneven blocks."""
        grey = np.random.default_rng(0).normal(100.0, 0.01, (203, 310))
        grey[120, 75] += 1000.0
        found = find_vessels(grey, (5.0, 5.0), sigma_um=25.0, step_um=21.0)
        assert found.size_um == (20.0, 20.0)
        at = np.argwhere(found.values > 0.9 * found.values.max()).mean(axis=0)
        offset = (at - found.centre_px) * found.size_um
        expected = (np.array([120, 75]) - np.array([101.0, 154.5])) * 5.0
        assert_allclose(offset, expected, atol=10.0)

    def test_a_similarity_goes_back_the_way_it_came(self) -> None:
        one = Similarity(33.0, 1.2, (100.0, -50.0))
        points = np.random.default_rng(1).normal(0, 1000, (2, 7))
        assert_allclose(one.to_new(one.to_previous(points)), points, atol=1e-9)
        again = Similarity.from_vector(one.vector)
        assert_allclose((again.rotation_deg, again.scale, *again.shift_um), (33, 1.2, 100, -50))
        # One um down is, turned by 90 degrees, one um to the right.
        quarter = Similarity(90.0, 2.0, (0.0, 0.0)).to_previous(np.array([[1.0], [0.0]]))
        assert_allclose(quarter, [[0.0], [2.0]], atol=1e-12)

    @pytest.mark.parametrize(("turn_deg", "scale"), [(12.0, 1.0), (150.0, 0.9), (75.0, 1.15)])
    def test_the_spectrum_tells_turn_and_scale(
        self, demo: npt.NDArray[Any], turn_deg: float, scale: float
    ) -> None:
        linear = turned(turn_deg, scale)
        centre = (np.array(demo.shape) - 1) / 2
        offset = centre - linear @ centre
        matrix = np.column_stack([linear[::-1, ::-1], offset[::-1]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        new = cv2.warpAffine(demo.astype(np.float32), matrix, demo.shape[::-1], flags=flags)
        images = [
            find_vessels(np.array(image, float), (22.0, 22.0), sigma_um=44.0, step_um=44.0).values
            for image in (demo, new)
        ]
        turn, found = turns_and_scales(*images, largest_scale=1.3, count=3)[0]
        assert abs((turn - turn_deg + 90) % 180 - 90) < 2.0
        assert found == pytest.approx(scale, rel=0.03)

    def test_a_placement_is_the_best_shift_of_all(self) -> None:
        """Against a brute-force search over all whole shifts, without any transform."""
        rng = np.random.default_rng(4)
        # The part has odd sides, so that it lies on whole pixels whichever way it is laid.
        previous = rng.normal(size=(41, 52))
        new = previous[9:36, 17:48] + 0.3 * rng.normal(size=(27, 31))
        images = [
            find_vessels(image, (10.0, 10.0), sigma_um=10.0, step_um=10.0)
            for image in (previous, new)
        ]
        found = place(*images, [(0.0, 1.0), (180.0, 1.0)])
        scores = {}
        a, b = (image.values for image in images)
        for row in range(-20, 35):
            for column in range(-25, 45):
                r, c = slice(max(row, 0), row + 27), slice(max(column, 0), column + 31)
                one = a[r, c]
                two = b[max(-row, 0) :, max(-column, 0) :][: one.shape[0], : one.shape[1]]
                if one.size < 200:
                    continue
                norm = np.sqrt((one**2).sum() * (two**2).sum())
                scores[row, column] = (one * two).sum() / norm * np.sqrt(one.size)
        best = max(scores, key=scores.__getitem__)
        assert best == (9, 17)
        middle, other_middle = np.array([20.0, 25.5]), np.array([13.0, 15.0])
        expected = (np.array(best) + other_middle - middle) * 10.0
        assert found[0].similarity.rotation_deg == 0.0
        assert_allclose(found[0].similarity.shift_um, expected, atol=1e-6)
        assert found[0].score == pytest.approx(scores[best], rel=0.01)
        assert found[1].score < 0.5 * found[0].score

    def test_refining_ends_at_the_truth_from_two_pixels_away(self, demo: npt.NDArray[Any]) -> None:
        truth = second_session(demo, 8, occluder="texture")
        images = [
            find_vessels(np.array(image, float), (22.0, 22.0), sigma_um=25.0, step_um=25.0)
            for image in (demo, truth.image)
        ]
        shift = (truth.centre - (np.array(demo.shape) - 1) / 2) * 22.0
        down, right = shift + np.array([40.0, -35.0])
        start = Similarity(truth.rotation_deg + 0.3, truth.scale * 1.004, (down, right))
        found = refine(*images, start)
        assert_allclose(found.shift_um, shift, atol=2.0)
        assert found.rotation_deg == pytest.approx(truth.rotation_deg, abs=0.02)
        assert found.scale == pytest.approx(truth.scale, rel=5e-4)

    def test_the_evidence_is_gone_a_few_pixels_off(self, demo: npt.NDArray[Any]) -> None:
        """So that a local optimum cannot be taken for the match."""
        image = find_vessels(np.array(demo, float), (22.0, 22.0), sigma_um=25.0, step_um=25.0)
        right = gather_evidence(image, image, Similarity(0.0, 1.0, (0.0, 0.0)))
        wrong = gather_evidence(image, image, Similarity(0.0, 1.0, (88.0, 0.0)))
        assert right.quality > 0.9
        assert np.percentile(np.abs(right.errors_um), 90) < 1.0
        assert wrong.quality < 0.05
        assert len(wrong.places_um) < LEAST_FEATURES

    def test_places_of_patches_are_offsets_from_the_image_centre(
        self, demo: npt.NDArray[Any]
    ) -> None:
        """Only the lower right quarter of the new image shows the brain of the previous one."""
        new = vessel_texture(2, demo.shape)
        new[224:, 256:] = demo[224:, 256:]
        images = [
            find_vessels(np.array(image, float), (22.0, 22.0), sigma_um=25.0, step_um=25.0)
            for image in (demo, new)
        ]
        found = gather_evidence(*images, Similarity(0.0, 1.0, (0.0, 0.0)))
        assert len(found.places_um) > 50
        # A patch has a side of 32 pixels; up to half of it may lie outside the quarter.
        assert (found.places_um > -16 * 22.0).all()
        assert 0.1 < found.quality < 0.4

    def test_precision_is_the_scatter_of_repeated_fits(self) -> None:
        """Against 2000 random sets of errors, each fitted by the closed form of a similarity."""
        rng = np.random.default_rng(0)
        places = rng.uniform(-3000, 3000, (60, 2)) + np.array([500.0, 0.0])
        fits, reported = [], []
        for _ in range(2000):
            offs = rng.normal(0, 20.0, places.shape)
            fits.append(_similarity_of(places, offs))
            spread = precision(places, offs)
            reported.append((spread.shift_sd_um, spread.rotation_sd_deg, spread.scale_sd))
        factor, shift = np.array(fits).T
        expected = (
            max(shift.real.std(), shift.imag.std()),
            np.degrees(factor.imag.std()),
            factor.real.std(),
        )
        # Patches overlap by half each way: four of them are counted as one.
        assert_allclose(np.mean(reported, axis=0) / 2.0, expected, rtol=0.1)


def _similarity_of(places: FloatArray, offs: FloatArray) -> tuple[complex, complex]:
    """Scale and turn beyond 1, and shift, from points and where they are off, least squares."""
    z, w = places @ (1, 1j), offs @ (1, 1j)
    factor = np.vdot(z - z.mean(), w - w.mean()) / np.sum(np.abs(z - z.mean()) ** 2)
    return complex(factor), complex(w.mean() - factor * z.mean())


def test_the_demo_image_has_the_pixel_size_that_these_tests_take() -> None:
    assert demo_registration().pixel_size_um == (22.0, 22.0)
