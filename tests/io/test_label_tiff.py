from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.io
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.io import label_tiff
from napari_brainreg3d.io.label_tiff import read_labels, table_path, write_labels
from napari_brainreg3d.registration.schema import CONVENTIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "window_labels.tif"


def test_labels_come_back_as_they_were(path: Path, projection, labels) -> None:
    written = write_labels(path, projection)
    assert written == [path, path.with_name("window_regions.csv")]
    read = read_labels(path)
    assert read.labels.dtype == np.uint16
    assert_array_equal(read.labels, labels)
    assert read.names == ("MOp", "NA", "007")
    assert_allclose(read.pixel_size_um, (15.9, 15.6), rtol=1e-7)
    assert read.table["acronym"].tolist() == ["MOp", "NA", "007"]
    assert read.metadata["image"]["name"] == "window.tif"
    assert not read.labels.flags.writeable


def test_other_programs_see_the_same_picture_the_right_way_up(
    path: Path, projection, labels
) -> None:
    write_labels(path, projection)
    assert_array_equal(skimage.io.imread(path), labels)
    assert_array_equal(tifffile.imread(path), labels)


def test_imagej_finds_picture_scale_and_description(path: Path, projection, labels, imagej) -> None:
    write_labels(path, projection)
    seen = imagej(path)
    assert_array_equal(seen.planes[0], labels)
    assert seen.description["unit"] == "um"
    assert (float(seen.description["min"]), float(seen.description["max"])) == (0.0, 3.0)
    assert_allclose(seen.pixel_size_um, (15.9, 15.6), rtol=1e-7)
    info = json.loads(seen.info)
    assert info["labels"] == {"1": "MOp", "2": "NA", "3": "007"}


def test_the_file_says_its_conventions_and_atlas(path: Path, projection_with) -> None:
    write_labels(path, projection_with(is_schematic=True))
    metadata = read_labels(path).metadata
    assert metadata["conventions"] == CONVENTIONS
    assert metadata["atlas"]["name"] == "test_mouse"
    assert metadata["atlas"]["version"] == "1.2"
    assert metadata["atlas"]["is_schematic"] is True
    assert metadata["atlas"]["note"] == "schematic, not for science"
    assert metadata["side_confirmed"] is False
    assert metadata["projection"]["occlusion"] == "brain"
    assert metadata["software"]["numpy"] == np.__version__


def test_real_anatomy_is_not_called_schematic(path: Path, projection) -> None:
    write_labels(path, projection)
    atlas = read_labels(path).metadata["atlas"]
    assert atlas["is_schematic"] is False
    assert "note" not in atlas


def test_split_sides_get_labels_and_names_of_their_own(path: Path, projection_with) -> None:
    """Left rows come first; columns 0 to 2 of the picture by hand are left."""
    write_labels(path, projection_with(split_hemispheres=True))
    read = read_labels(path)
    assert read.names == ("MOp left", "NA left", "007 left", "MOp right", "NA right", "007 right")
    assert read.labels[0].tolist() == [0, 1, 1, 4, 0, 0, 0]
    assert read.labels[4].tolist() == [3, 0, 0, 0, 0, 0, 0]
    assert read.table["hemisphere"].tolist() == ["left"] * 3 + ["right"] * 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("window_labels.tif", "window_regions.csv"),
        ("window.tiff", "window_regions.csv"),
        ("a_labels_labels.tif", "a_labels_regions.csv"),
    ],
)
def test_the_table_lies_beside(name: str, expected: str) -> None:
    assert table_path(Path("folder") / name) == Path("folder") / expected


class TestRefusals:
    @pytest.mark.parametrize("there", ["window_labels.tif", "window_regions.csv"])
    def test_neither_file_is_replaced_or_written_alone(
        self, tmp_path: Path, projection, there: str
    ) -> None:
        (tmp_path / there).write_text("precious")
        with pytest.raises(OutputError, match=there):
            write_labels(tmp_path / "window_labels.tif", projection)
        assert [file.name for file in tmp_path.iterdir()] == [there]
        assert (tmp_path / there).read_text() == "precious"

    def test_both_are_replaced_when_asked(self, path: Path, projection, labels) -> None:
        path.write_text("old")
        table_path(path).write_text("old")
        write_labels(path, projection, overwrite=True)
        assert_array_equal(read_labels(path).labels, labels)

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    def test_a_failure_midway_leaves_nothing_behind(
        self, tmp_path: Path, path: Path, projection, monkeypatch, error: BaseException
    ) -> None:
        def fail(temporary: Path, projection: object) -> None:
            temporary.write_text("half a tab")
            raise error

        monkeypatch.setattr(label_tiff, "save_table", fail)
        with pytest.raises((OutputError, KeyboardInterrupt)):
            write_labels(path, projection)
        assert list(tmp_path.iterdir()) == []

    def test_another_suffix(self, tmp_path: Path, projection) -> None:
        with pytest.raises(OutputError, match=r"\.tif"):
            write_labels(tmp_path / "labels.png", projection)

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(np.ones((4, 5), np.float32), id="fractions"),
            pytest.param(np.ones((3, 4, 5), np.uint16), id="a stack"),
            pytest.param(np.full((4, 5), -1, np.int16), id="negative numbers"),
        ],
    )
    def test_what_is_no_label_image(self, path: Path, content: np.ndarray) -> None:
        tifffile.imwrite(path, content, photometric="minisblack")
        with pytest.raises(ImageError, match=r"window_labels\.tif is not a label image"):
            read_labels(path)

    def test_what_is_no_tiff(self, path: Path) -> None:
        path.write_text("no image")
        with pytest.raises(ImageError, match="cannot read"):
            read_labels(path)


class TestFilesFromElsewhere:
    @pytest.mark.parametrize("dtype", ["uint8", "uint32", "int32", "bool", ">u2"])
    def test_labels_of_other_programs_are_read(self, path: Path, labels, dtype: str) -> None:
        expected = (labels > 0 if dtype == "bool" else labels).astype(dtype)
        tifffile.imwrite(path, expected)
        read = read_labels(path)
        assert_array_equal(read.labels, expected)
        assert read.labels.dtype.kind == "u"
        assert (read.names, read.table, read.pixel_size_um, read.metadata) == ((), None, None, {})

    def test_a_description_by_imagej_is_no_metadata(self, path: Path, labels) -> None:
        tifffile.imwrite(
            path, labels.astype(np.uint16), imagej=True, metadata={"Info": "Exposure: 12 ms"}
        )
        assert read_labels(path).metadata == {}
