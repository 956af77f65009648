"""Files of standard views, read by tifffile and by the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_brainreg3d.errors import Cancelled, ImageError, OutputError
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.io.movies import open_movie
from napari_brainreg3d.io.standard_view import (
    read_standard_view,
    write_average,
    write_standard_movie,
    write_standard_view,
)
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view import (
    StandardSampler,
    StandardView,
    average_sessions,
    standard_sampler,
    to_standard_view,
)
from tests.fixtures.scenes import letter_scene

SOURCE = Registration(
    atlas="test_letter",
    image_shape=(50, 60),
    pixel_size_um=(100.0, 90.0),
    pose=Pose.dorsal(centre_um=(4000.0, 1000.0, 6800.0), yaw_deg=10.0, pitch_deg=4.0),
    camera=PinholeCamera(working_distance_mm=40.0),
    image_name="session.tif",
)


def view_of(pixels: Any) -> StandardView:
    return to_standard_view(letter_scene(), SOURCE, pixels, resolution_um=100.0)


@pytest.fixture(scope="module")
def sampler() -> StandardSampler:
    return standard_sampler(letter_scene(), SOURCE, resolution_um=100.0)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 200, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixels", "axes"),
    [
        pytest.param(noise(50, 60), "YX", id="picture"),
        pytest.param(noise(50, 60, 3), "CYX", id="colours"),
        pytest.param(noise(4, 50, 60), "TYX", id="movie"),
        pytest.param(noise(4, 50, 60, 3), "TCYX", id="movie in colour"),
        pytest.param(noise(1, 50, 60), "YX", id="movie of one frame"),
    ],
)
def test_what_was_written_is_read_back(pixels: np.ndarray, axes: str, tmp_path: Path) -> None:
    view = view_of(pixels)
    files = write_standard_view(tmp_path / "a.tif", view)
    assert [file.name for file in files] == ["a.tif", "a_seen.tif", "a.brainreg3d.json"]
    with tifffile.TiffFile(files[0]) as tif:
        assert tif.series[0].axes == axes
        assert tif.series[0].dtype == np.float32
    back = read_standard_view(files[0])
    expected = view.pixels[0] if pixels.shape[0] == 1 else view.pixels
    np.testing.assert_array_equal(back.pixels, expected)
    np.testing.assert_array_equal(back.seen, view.seen)
    assert back.registration == view.registration
    assert back.source == view.source
    assert back.atlas == view.atlas
    assert back.name == "session.tif"
    assert Registration.load(files[2]) == view.registration


def test_pixel_size_convention_and_origin_stand_in_the_file(tmp_path: Path) -> None:
    """The brain begins at AP 2000 and ends, at the left, at ML 8600: that is the first corner."""
    view = view_of(noise(50, 60))
    file = write_standard_view(tmp_path / "a.tif", view)[0]
    with tifffile.TiffFile(file) as tif:
        resolution = tif.pages[0].tags["XResolution"].value
        info = json.loads(tif.imagej_metadata["Info"])
        assert tif.imagej_metadata["unit"] == "um"
    assert resolution[0] / resolution[1] == pytest.approx(1 / 100.0)
    assert info["origin"]["first_pixel_centre_atlas_um"] == [2050.0, 1000.0, 8550.0]
    assert info["origin"]["down_in_atlas"] == [1.0, 0.0, 0.0]
    assert info["origin"]["right_in_atlas"] == [0.0, 0.0, -1.0]
    assert info["origin"]["animal_directions_down_right"]["L"] == [0.0, -1.0]
    assert "axis 2 right to left of the animal" in info["conventions"]
    assert "side_confirmed" in info
    assert info["source"]["image"]["name"] == "session.tif"


def test_the_seen_mask_is_zero_and_one(tmp_path: Path) -> None:
    view = view_of(noise(50, 60))
    files = write_standard_view(tmp_path / "a.tif", view)
    mask = tifffile.imread(files[1])
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}
    np.testing.assert_array_equal(mask > 0, np.isfinite(view.pixels))


def test_a_movie_is_written_as_it_comes(sampler: StandardSampler, tmp_path: Path) -> None:
    """Never more than a part of it is asked for before the earlier frames are in the file."""
    frames = noise(30, 50, 60)
    target = tmp_path / "m.tif"
    sizes: list[int] = []

    class Movie:
        shape = frames.shape

        def chunks(self) -> Any:
            for first in range(0, 30, 3):
                inside = list(tmp_path.glob(".brainreg3d-*/m.tif"))
                sizes.append(inside[0].stat().st_size if inside else 0)
                yield first, frames[first : first + 3]

    steps: list[tuple[int, int]] = []
    write_standard_movie(target, sampler, Movie(), progress=lambda *step: steps.append(step))
    assert sizes[-1] > sizes[1] > 0
    assert steps[0] == (0, 30)
    assert steps[-1] == (30, 30)
    whole = view_of(frames)
    np.testing.assert_array_equal(read_standard_view(target).pixels, whole.pixels)


def test_a_movie_file_can_be_resampled(sampler: StandardSampler, tmp_path: Path) -> None:
    frames = noise(5, 50, 60)
    tifffile.imwrite(tmp_path / "in.tif", frames, photometric="minisblack")
    with open_movie(tmp_path / "in.tif") as movie:
        write_standard_movie(tmp_path / "out.tif", sampler, movie, name=movie.name)
    back = read_standard_view(tmp_path / "out.tif")
    np.testing.assert_array_equal(back.pixels, view_of(frames).pixels)
    assert back.name == "in.tif"


def test_after_a_cancellation_or_a_failure_nothing_is_there(
    sampler: StandardSampler, tmp_path: Path
) -> None:
    frames = noise(6, 50, 60)
    with pytest.raises(Cancelled):
        write_standard_movie(tmp_path / "m.tif", sampler, frames, progress=lambda done, _: done < 3)

    class Torn:
        shape = frames.shape

        def chunks(self) -> Any:
            yield 0, frames[:2]
            raise ImageError("the file breaks off")

    with pytest.raises(ImageError, match="breaks off"):
        write_standard_movie(tmp_path / "m.tif", sampler, Torn())
    with pytest.raises(ImageError, match=r"shape \(6, 50, 61\)"):
        write_standard_movie(tmp_path / "m.tif", sampler, noise(6, 50, 61))
    assert list(tmp_path.iterdir()) == []


def test_files_stay_unless_they_may_be_replaced(tmp_path: Path) -> None:
    view = view_of(noise(50, 60))
    write_standard_view(tmp_path / "a.tif", view)
    tmp_path.joinpath("b_seen.tif").write_text("mine")
    with pytest.raises(OutputError, match=r"a\.tif exists already"):
        write_standard_view(tmp_path / "a.tif", view)
    with pytest.raises(OutputError, match=r"b_seen\.tif exists already"):
        write_standard_view(tmp_path / "b.tif", view)
    assert not tmp_path.joinpath("b.tif").exists()
    write_standard_view(tmp_path / "b.tif", view, overwrite=True)
    with pytest.raises(OutputError, match=r"ends in \.tif"):
        write_standard_view(tmp_path / "a.png", view)


def test_an_average_is_three_pictures_and_a_registration(tmp_path: Path) -> None:
    stack = np.stack([noise(50, 60), noise(50, 60) // 2, noise(50, 60) // 3])
    average = average_sessions(view_of(one) for one in stack)
    files = write_average(tmp_path / "mean.tif", average)
    assert [file.name for file in files] == [
        "mean.tif", "mean_sd.tif", "mean_count.tif", "mean.brainreg3d.json",
    ]  # fmt: skip
    for file, values in zip(files, (average.mean, average.sd, average.count), strict=False):
        np.testing.assert_array_equal(tifffile.imread(file), values)
    assert Registration.load(files[3]) == average.registration
    with tifffile.TiffFile(files[0]) as tif:
        info = json.loads(tif.imagej_metadata["Info"])
    assert info["averaged"] == ["session.tif"] * 3


def test_files_from_elsewhere_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "plain.tif", noise(50, 60))
    with pytest.raises(ImageError, match=r"plain\.tif is not a standard view"):
        read_standard_view(tmp_path / "plain.tif")
    write_average(tmp_path / "mean.tif", average_sessions([view_of(noise(50, 60))]))
    with pytest.raises(ImageError, match=r"mean\.tif is not a standard view"):
        read_standard_view(tmp_path / "mean.tif")
