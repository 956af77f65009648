"""Traces against sums written out pixel by pixel, and against closed forms."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.errors import BrainregError, Cancelled, RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, Pose
from napari_brainreg3d.io.movies import open_movie, open_svd
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.traces import Baseline, BaselineWarning, region_traces
from tests.fixtures.scenes import letter_scene

SHAPE = (23, 31)
TABLE = pd.DataFrame(
    {
        "label": [1, 2, 3, 4],
        "acronym": ["A", "B", "A", "gone"],
        "hemisphere": ["left", "left", "right", "right"],
    }
)


def labels() -> np.ndarray:
    """Ragged regions, 4 is nowhere."""
    rng = np.random.default_rng(1)
    image = np.zeros(SHAPE, np.int64)
    image[3:20, 2:14], image[5:9, 14:29], image[12:22, 17:26] = 1, 2, 3
    image[rng.random(SHAPE) < 0.15] = 0
    return image


def pixels_of(movie: np.ndarray, image: np.ndarray, label: int) -> list[list[float]]:
    """Values of a label's pixels, frame by frame, collected one at a time."""
    places = [
        (r, c) for r, c in itertools.product(*map(range, image.shape)) if image[r, c] == label
    ]
    return [[float(frame[place]) for place in places] for frame in movie]


def follow(movie: Any, *arguments: Any, **options: Any) -> Any:
    with open_movie(movie) as opened:
        return region_traces(opened, *arguments, **options)


def random_movie(dtype: str, frames: int = 17, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (rng.standard_normal((frames, *SHAPE)) * 1e3).astype(kind)
    limits = np.iinfo(kind)
    size = (frames, *SHAPE)
    return rng.integers(limits.min, limits.max, size, np.int64, endpoint=True).astype(kind)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", ">u2", "int32", "uint32", "float32", "float64"]
)
def test_mean_and_sum_are_those_of_the_pixels(dtype: str) -> None:
    movie, image = random_movie(dtype), labels()
    mean, total = (follow(movie, image, table=TABLE, statistic=s) for s in ("mean", "sum"))
    assert list(mean.table.columns) == ["A_left", "B_left", "A_right", "gone_right"]
    for label, name in enumerate(mean.table.columns[:3], start=1):
        values = pixels_of(movie, image, label)
        scale = max(abs(sum(map(abs, frame))) for frame in values)
        assert_allclose(total.table[name], [sum(v) for v in values], rtol=1e-12, atol=1e-12 * scale)
        expected = [sum(frame) / len(frame) for frame in values]
        assert_allclose(mean.table[name], expected, rtol=1e-6, atol=1e-12 * scale)
    assert mean.table["gone_right"].isna().all()
    assert total.table["gone_right"].isna().all()


def test_whole_numbers_do_not_overflow_in_regions_wider_than_any_short_sum() -> None:
    """300 x 300 pixels of 65535 pass 2**32; the sum of all is known."""
    image = np.ones((300, 300), np.uint8)
    movie = np.full((2, 300, 300), 65535, np.uint16)
    assert follow(movie, image, statistic="sum").table["label_1"].tolist() == [65535 * 90000] * 2


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
def test_wide_regions_are_summed_exactly_up_to_the_last_pixel(dtype: str) -> None:
    """Regions whose pixels lie side by side, up to both corners; values up to the type's ends."""
    image = np.zeros((40, 300), np.uint8)
    image[:9], image[9:30, 50:250], image[30:, 7:] = 3, 1, 2
    rng, limits = np.random.default_rng(6), np.iinfo(dtype)
    movie = rng.integers(limits.min, limits.max, (4, 40, 300), dtype=dtype, endpoint=True)
    movie[1], movie[2] = limits.min, limits.max
    found = follow(movie, image, statistic="sum").table
    for label in (1, 2, 3):
        expected = [sum(map(int, frame[image == label])) for frame in movie]
        assert found[f"label_{label}"].tolist() == expected


def test_columns_follow_the_table_whatever_its_order() -> None:
    image = np.array([[0, 7, 7], [500, 3, 0]])
    table = pd.DataFrame({"label": [500, 3, 7], "acronym": ["big", "NA", "seven"]})
    movie = np.arange(12.0).reshape(2, 2, 3)
    found = follow(movie, image, table=table).table
    assert found.to_dict("list") == {"big": [3.0, 9.0], "NA": [4.0, 10.0], "seven": [1.5, 7.5]}


def test_nan_pixels_are_left_out_frame_by_frame_and_counted() -> None:
    movie, image = random_movie("float32").astype(np.float32), labels()
    rng = np.random.default_rng(5)
    movie[3][rng.random(SHAPE) < 0.3] = np.nan
    movie[8][image == 2] = np.nan
    found = follow(movie, image, table=TABLE)
    for label, name in ((1, "A_left"), (2, "B_left"), (3, "A_right")):
        valid = [[v for v in frame if v == v] for frame in pixels_of(movie, image, label)]
        expected = [sum(v) / len(v) if v else np.nan for v in valid]
        assert_allclose(found.table[name], expected, rtol=1e-6)
    counts = found.regions.set_index("column")["nan_values"]
    assert counts["B_left"] == sum(v != v for f in pixels_of(movie, image, 2) for v in f)
    assert counts["B_left"] > (image == 2).sum()  # of more than one frame
    assert counts["gone_right"] == 0


def test_saturated_pixels_are_counted_but_not_left_out() -> None:
    image = labels()
    movie = np.full((6, *SHAPE), 100, np.uint16)
    first, second = np.argwhere(image == 1)[[3, 8]]
    movie[2, first[0], first[1]] = movie[2, second[0], second[1]] = movie[4, first[0], first[1]] = (
        4095
    )
    movie[5][image == 0] = 65535  # past the regions: nobody's
    default = follow(movie, image, table=TABLE).regions
    assert default["saturated_values"].sum() == 0
    found = follow(movie, image, table=TABLE, saturation=4095)
    assert found.regions["saturated_values"].tolist() == [3, 0, 0, 0]
    assert found.regions["saturated_frames"].tolist() == [2, 0, 0, 0]
    pixels = int((image == 1).sum())
    assert found.table["A_left"][2] == pytest.approx(100 + 2 * 3995 / pixels, rel=1e-12)


def test_saturation_is_seen_beside_nan() -> None:
    movie = np.array([[[np.nan, 5.0, 1.0]]])
    found = follow(movie, np.ones((1, 3), int), saturation=5.0)
    assert found.regions[["nan_values", "saturated_values"]].values.tolist() == [[1, 1]]


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_weights_weigh_and_zero_or_nan_leaves_out(dtype: str) -> None:
    movie, image = random_movie(dtype), labels()
    weights = np.random.default_rng(7).random(SHAPE)
    weights[4:7], weights[:, 20] = 0.0, np.nan
    found = follow(movie, image, table=TABLE, weights=weights)
    for label, name in ((1, "A_left"), (2, "B_left"), (3, "A_right")):
        chosen = (image == label) & (weights > 0)
        each = weights[chosen]
        expected = [float((f[chosen].astype(np.float64) * each).sum() / each.sum()) for f in movie]
        assert_allclose(found.table[name], expected, rtol=1e-9)
        row = found.regions.set_index("column").loc[name]
        assert (row["pixels"], row["used_pixels"]) == ((image == label).sum(), chosen.sum())
        assert row["weight"] == pytest.approx(each.sum())


def test_median_of_means_of_a_line_is_that_of_its_equal_pieces() -> None:
    """A row of 12 pixels is cut into 3 x 4 neighbours; one is spoilt, and does not count."""
    values = np.arange(12.0) ** 2
    movie = np.stack([values, values])[:, None, :]
    movie[1, 0, 8:] = 1e9
    image = np.ones((1, 12), int)
    found = follow(movie, image, statistic="median of means", blocks=3).table["label_1"]
    means = [np.mean([i**2 for i in range(k, k + 4)]) for k in (0, 4, 8)]
    assert found.tolist() == pytest.approx([means[1], means[1]])
    even = follow(movie, image, statistic="median of means", blocks=2).table["label_1"]
    assert even[0] == pytest.approx(np.mean(values))


def test_blocks_of_equal_size_are_compact() -> None:
    """The square of 6 x 6 is cut into 4 squares of 3 x 3: their numbers are their means."""
    image = np.ones((6, 6), int)
    movie = np.kron([[1.0, 2.0], [40.0, 800.0]], np.ones((3, 3)))[None]
    assert follow(movie, image, statistic="median of means", blocks=4).table.iloc[0, 0] == 21.0


def test_median_of_means_with_few_pixels_is_their_median_and_passes_over_nan() -> None:
    movie = np.array([[[5.0, 1.0, 9.0]], [[5.0, np.nan, 9.0]], [[np.nan] * 3]])
    found = follow(movie, np.ones((1, 3), int), statistic="median of means", blocks=9)
    assert_array_equal(found.table["label_1"], [5.0, 7.0, np.nan])


def test_a_vessel_moves_the_mean_but_not_the_median_of_means() -> None:
    rng = np.random.default_rng(11)
    movie = 100 + rng.standard_normal((40, 30, 30))
    movie[:, 4:9, 4:9] -= 90 * np.sin(np.arange(40))[:, None, None] ** 2
    image = np.ones((30, 30), int)
    mean, robust = (
        follow(movie, image, statistic=s).table["label_1"] for s in ("mean", "median of means")
    )
    assert mean.std() > 10 * robust.std()
    assert robust.mean() == pytest.approx(100, abs=0.2)


def test_dff_of_the_median_of_means_is_robust_where_brightness_differs() -> None:
    """Light falls off across the region; all of it changes alike but for a spoilt corner."""
    time = np.arange(60)
    activity = 0.1 * np.sin(time / 5.0) ** 2
    light = np.linspace(200, 3000, 900).reshape(30, 30)
    movie = light * (1 + activity)[:, None, None]
    movie[:, :6, :6] *= np.where(time > 30, 3.0, 1.0)[:, None, None]
    options = {"statistic": "median of means", "dff": "percentile 0"}
    found = follow(movie, np.ones((30, 30), int), **options)
    assert_allclose(found.table["label_1"], activity, atol=1e-6)
    assert 200 < found.regions["baseline"][0] < 3000
    plain = follow(movie, np.ones((30, 30), int), dff="percentile 0").table["label_1"]
    assert np.abs(plain - activity).max() > 0.01


def test_the_dark_level_is_subtracted_from_every_pixel() -> None:
    movie, image = random_movie("uint16"), labels()
    for statistic in ("mean", "sum", "median of means"):
        plain, lower = (
            follow(movie, image, table=TABLE, statistic=statistic, dark=d) for d in (0.0, 100.0)
        )
        pixels = plain.regions["used_pixels"].to_numpy()[:3]
        off = 100.0 * (pixels if statistic == "sum" else np.ones(3))
        assert_allclose((plain.table - lower.table).iloc[:, :3], np.tile(off, (17, 1)), rtol=1e-9)


class TestDecomposed:
    """U and SVT give what the frames give that they stand for."""

    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(3)
        u, svt = rng.standard_normal((*SHAPE, 5)), rng.standard_normal((5, 40))
        average = rng.uniform(500, 900, SHAPE)
        movie = np.array(
            [
                [[average[r, c] + sum(u[r, c] * svt[:, t]) for c in range(SHAPE[1])]
                 for r in range(SHAPE[0])]
                for t in range(40)
            ]
        )  # fmt: skip
        return u, svt, average, movie

    @pytest.mark.parametrize("statistic", ["mean", "sum", "median of means"])
    def test_traces_equal_those_of_the_frames(self, statistic: str) -> None:
        u, svt, average, movie = self.parts()
        expected = follow(movie, labels(), table=TABLE, statistic=statistic)
        with open_svd(u, svt, average=average) as opened:
            found = region_traces(opened, labels(), table=TABLE, statistic=statistic)
        assert_allclose(found.table, expected.table, rtol=1e-9)
        assert found.settings["decomposed"]

    def test_pixels_with_nan_are_left_out_of_all_frames(self) -> None:
        u, svt, _, _ = self.parts()
        image = labels()
        row, column = np.argwhere(image == 2)[4]
        u[row, column, 3] = np.nan
        with open_svd(u, svt) as opened:
            found = region_traces(opened, image, table=TABLE)
        others = image == 2
        others[row, column] = False
        assert_allclose(found.table["B_left"], u[others].mean(axis=0) @ svt, rtol=1e-9)
        assert found.regions["nan_values"].tolist() == [0, 40, 0, 0]

    def test_no_frame_is_made(self) -> None:
        u, svt, average, _ = self.parts()
        opened = open_svd(u, svt, average=average)

        def fail(*_: Any) -> None:
            raise AssertionError("a frame was made")

        opened.read = fail  # type: ignore[method-assign]
        assert len(region_traces(opened, labels(), table=TABLE).table) == 40


class TestBaseline:
    def test_dff_is_relative_to_each_stated_baseline(self) -> None:
        values = np.array([4.0, 8.0, 2.0, 6.0])
        movie, image = np.tile(values[:, None, None], (1, 2, 2)), np.ones((2, 2), int)
        by_hand = {
            "mean": 5.0,
            "median": 5.0,
            "percentile 0": 2.0,
            "percentile 100": 8.0,
            "mean frames 0:2": 6.0,
            "frames 2:3": 2.0,
        }
        for words, f0 in by_hand.items():
            found = follow(movie, image, dff=words)
            assert_allclose(found.table["label_1"], (values - f0) / f0, rtol=1e-12)
            assert found.regions["baseline"].tolist() == [f0]

    def test_a_window_moves_along_and_is_shorter_at_the_ends(self) -> None:
        values = np.array([4.0, 8.0, 2.0, 6.0, 10.0])
        movie, image = np.tile(values[:, None, None], (1, 2, 2)), np.ones((2, 2), int)
        f0 = np.array([6.0, 14 / 3, 16 / 3, 6.0, 8.0])  # means of each frame and its neighbours
        for words in ("mean window 3", "mean window 3 frames", "mean window 0.1 s"):
            found = follow(movie, image, dff=words, fps=30.0)
            assert_allclose(found.table["label_1"], (values - f0) / f0, rtol=1e-12)
        lowest = follow(movie, image, dff="percentile 0 window 3").table["label_1"]
        assert_allclose(lowest, values / np.array([4.0, 2, 2, 2, 6]) - 1, rtol=1e-12)

    def test_words_are_written_as_they_are_read(self) -> None:
        for words in ("mean", "percentile 12.5", "mean frames 3:40", "percentile 10 window 60 s"):
            assert str(Baseline.parse(words)) == words
        assert Baseline.parse("MEDIAN window 12").percent == 50

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("", "cannot understand"),
            ("percentile", "cannot understand"),
            ("percentile 101", "between 0 and 100"),
            ("frames 5:5", "no frames 5:5"),
            ("frames 0:500", "has 17"),
            ("mean window 0", "at least one frame"),
            ("mean window 2.5", "whole number"),
            ("mean window 3 s", "frame rate is not known"),
        ],
    )
    def test_what_cannot_be_is_refused(self, words: str, message: str) -> None:
        with pytest.raises(BrainregError, match=message):
            follow(random_movie("uint16"), labels(), table=TABLE, dff=words)

    def test_regions_without_positive_baseline_are_named(self) -> None:
        image = np.array([[1, 1, 2, 2]])
        movie = np.array([[[3.0, 3, 0, 0]], [[6.0, 6, 0, 0]]])
        with pytest.warns(BaselineWarning, match="negative in label_2:"):
            found = follow(movie, image, dff="mean frames 0:1").table
        assert_array_equal(found["label_1"], [0.0, 1.0])
        assert found["label_2"].isna().all()

    def test_a_movie_that_is_normalised_already_is_refused(self) -> None:
        with pytest.raises(BrainregError, match="normalised already"):
            follow(-np.ones((4, 2, 2)), np.ones((2, 2), int), dff="mean")


@pytest.fixture(scope="module")
def projection() -> Projection:
    """The letter F, seen from above by a camera that is tilted; it crosses the midline."""
    registration = Registration(
        atlas="test_letter",
        image_shape=(60, 70),
        pixel_size_um=(90.0, 80.0),
        pose=Pose.dorsal(centre_um=(4000.0, 900.0, 6600.0), roll_deg=20.0),
        camera=OrthographicCamera(),
    )
    return project(letter_scene(), registration)


class TestProjection:
    def test_hemispheres_are_apart_by_default(self, projection: Projection) -> None:
        movie = np.random.default_rng(0).integers(0, 999, (3, 60, 70)).astype(np.uint16)
        found = follow(movie, projection)
        acronyms = [row.region.acronym for row in projection.grouping.rows]
        names = [f"{name}_{side}" for side in ("left", "right") for name in acronyms]
        assert list(found.table.columns) == names
        # Sides by where each pixel lies in the atlas: the midline is at 5700 um, left beyond it.
        is_left = projection.atlas_um[..., 2] >= 5700.0
        for label, acronym in enumerate(acronyms, start=1):
            for side, there in (("left", is_left), ("right", ~is_left)):
                chosen = (projection.labels == label) & there
                column = found.table[f"{acronym}_{side}"]
                if chosen.any():
                    assert_allclose(column, movie[:, chosen].mean(axis=1), rtol=1e-9)
                else:
                    assert column.isna().all()
        assert (found.regions["used_pixels"] > 0).sum() == len(acronyms) + 1

    def test_sides_together_and_coarser_groups_keep_their_names(
        self, projection: Projection
    ) -> None:
        movie = np.ones((2, 60, 70), np.uint8)
        together = follow(movie, projection, split_hemispheres=False)
        assert list(together.table) == [r.region.acronym for r in projection.grouping.rows]
        coarse = follow(movie, projection.regrouped("root"))
        assert list(coarse.table) == ["root_left", "root_right"]
        split = projection.regrouped(split_hemispheres=True)
        assert list(follow(movie, split, split_hemispheres=False).table) == [
            f"{row.region.acronym}_{row.hemisphere}" for row in split.grouping.rows
        ]

    def test_steep_pixels_are_left_out(self, projection: Projection) -> None:
        movie = np.random.default_rng(0).random((2, 60, 70))
        whole = follow(movie, projection)
        # The top of the letter is flat: seen at 20 degrees; its walls at 70 and 90.
        cut = follow(movie, projection, max_incidence_deg=45.0)
        flat = projection.incidence_deg < 21
        label = 1 + [row.region.acronym for row in projection.grouping.rows].index("stem")
        chosen = (projection.labels == label) & flat
        assert_allclose(cut.table["stem_left"], movie[:, chosen].mean(axis=1), rtol=1e-12)
        assert (cut.regions["used_pixels"] <= whole.regions["used_pixels"]).all()
        assert cut.regions["used_pixels"].sum() < whole.regions["used_pixels"].sum()

    def test_label_probability_weighs_pixels(self, projection: Projection) -> None:
        sure = uncertainty(projection, {"down_um": 150, "right_um": 150}, poses=5)
        movie = np.random.default_rng(0).random((2, 60, 70))
        found = follow(movie, projection, weights=sure, split_hemispheres=False)
        for label, name in enumerate(found.table, start=1):
            chosen = projection.labels == label
            weight = sure.probability[chosen].astype(np.float64)
            expected = (movie[:, chosen] * weight).sum(axis=1) / weight.sum()
            assert_allclose(found.table[name], expected, rtol=1e-9)
        assert found.settings["weights"] == "label probability"

    def test_a_movie_of_another_size_is_refused(self, projection: Projection) -> None:
        with pytest.raises(RegistrationError, match=r"70 x 60 pixels .* 60 x 70: .*another image"):
            follow(np.ones((2, 70, 60)), projection)


def test_time_runs_from_the_first_frame() -> None:
    movie = np.ones((3, *SHAPE))
    assert follow(movie, labels(), table=TABLE).time_s is None
    time = follow(movie, labels(), table=TABLE, fps=20.0).time_s
    assert time is not None
    assert time.tolist() == [0.0, 0.05, 0.1]


def test_progress_counts_frames_and_can_cancel() -> None:
    told: list[tuple[int, int]] = []
    movie = np.ones((40, 600, 300), np.float32)

    def listen(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 20

    with pytest.raises(Cancelled):
        follow(movie, np.ones((600, 300), int), progress=listen)
    assert told[0] == (0, 40)
    assert 20 <= told[-1][0] < 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"statistic": "mode"}, "unknown statistic 'mode'"),
        ({"blocks": 0}, "at least one block"),
        ({"fps": -1.0}, "must be positive"),
        ({"dark": np.nan}, "dark level"),
        ({"weights": np.ones((3, 3))}, r"weights have the shape \(3, 3\)"),
        ({"weights": -np.ones(SHAPE)}, "not negative"),
        ({"weights": np.zeros(SHAPE)}, "no pixel is left"),
        ({"max_incidence_deg": 60.0}, "does not know at which angle"),
        ({"table": TABLE.iloc[:2]}, "holds 3, which the region table does not have"),
        ({"table": TABLE.drop(columns="label")}, "no column 'label'"),
        ({"table": TABLE.assign(acronym="A", hemisphere="both")}, "names A more than once"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BrainregError, match=message):
        follow(np.ones((2, *SHAPE)), labels(), **{"table": TABLE, **changes})


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros(SHAPE, int), "no pixel of the image shows any"),
        (np.ones(SHAPE), "label image of whole numbers"),
        (np.full(SHAPE, -1), "from 0 up"),
    ],
)
def test_what_is_no_label_image_is_refused(image: np.ndarray, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        follow(np.ones((2, *SHAPE)), image)


def test_an_array_is_no_movie_until_it_is_opened() -> None:
    with pytest.raises(BrainregError, match="open_movie"):
        region_traces(np.ones((2, *SHAPE)), labels())  # type: ignore[arg-type]


def test_inputs_stay_as_they_are(projection: Projection) -> None:
    movie, weights = np.full((2, 60, 70), np.nan), np.ones((60, 70))
    movie[1] = 1.0
    before = movie.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = follow(movie, projection, weights=weights, max_incidence_deg=45.0)
    assert_array_equal(movie, before)
    assert (weights == 1).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.fps = 3.0
