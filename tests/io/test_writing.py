from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_brainreg3d.errors import Cancelled, OutputError
from napari_brainreg3d.io import writing
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.label_tiff import read_labels
from napari_brainreg3d.io.maps import read_map
from napari_brainreg3d.io.mask_stack import read_masks
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.io.tables import read_table
from napari_brainreg3d.io.writing import ALL_RESULTS, result_path, write_results
from napari_brainreg3d.registration import Registration

NAMES = [
    "window_labels.tif",
    "window_regions.csv",
    "window_masks.tif",
    "window_depth_um.tif",
    "window_surface_depth_um.tif",
    "window_atlas_um.tif",
    "window_incidence_deg.tif",
    "window_unresolved.tif",
    "window.brainreg3d.json",
]


def test_everything_is_written_and_can_be_read_again(
    tmp_path: Path, projection_with, labels
) -> None:
    projection = projection_with(unresolved=np.ones((3, 5, 7), bool))
    written = write_results(tmp_path, "window", projection)
    assert written == [tmp_path / name for name in NAMES]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(NAMES)
    read = read_labels(written[0])
    assert_array_equal(read.labels, labels)
    assert read.table["acronym"].tolist() == ["MOp", "NA", "007"]
    assert read_table(written[1])["pixels"].tolist() == [7, 0, 4]
    assert_array_equal(read_masks(written[2]).masks[2], labels == 3)
    for file, name in zip(
        written[3:7],
        ["depth_um", "surface_depth_um", "atlas_um", "incidence_deg"],
        strict=True,
    ):
        assert_array_equal(read_map(file).values, getattr(projection, name))
    assert read_masks(written[7]).masks.all()
    registration = Registration.load(written[8])
    assert registration.pose == projection.registration.pose
    assert registration.atlas_version == "1.2"


def test_the_unresolved_view_is_left_out_where_there_is_none(tmp_path: Path, projection) -> None:
    written = write_results(tmp_path, "window", projection)
    assert [file.name for file in written] == [n for n in NAMES if "unresolved" not in n]
    with pytest.raises(OutputError, match="unresolved=True"):
        write_results(tmp_path / "more", "window", projection, what=["labels", "unresolved"])
    assert list((tmp_path / "more").iterdir()) == []


def test_only_what_is_asked_for_is_written(tmp_path: Path, projection) -> None:
    written = write_results(tmp_path, "window", projection, what={"masks", "depth_um"})
    assert [file.name for file in written] == ["window_masks.tif", "window_depth_um.tif"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_is_made_if_need_be(tmp_path: Path, projection) -> None:
    (file,) = write_results(tmp_path / "new" / "folder", "a", projection, what=["labels"])
    assert file.is_file()


@pytest.mark.parametrize("is_schematic", [False, True])
def test_every_tiff_and_table_says_conventions_and_whether_it_is_schematic(
    tmp_path: Path, projection_with, is_schematic: bool
) -> None:
    for file in write_results(tmp_path, "a", projection_with(is_schematic=is_schematic)):
        if file.suffix == ".tif":
            with tifffile.TiffFile(file) as tif:
                text = tif.imagej_metadata["Info"]
                assert json.loads(text)["atlas"]["is_schematic"] is is_schematic
        else:
            text = file.read_text(encoding="utf-8")
        assert "axis 2 right to left of the animal" in text
        if file.suffix != ".json":
            assert ("schematic, not for science" in text) is is_schematic


class TestImage:
    def test_its_name_and_hash_go_into_the_files(self, tmp_path: Path, projection) -> None:
        pixels = np.arange(35, dtype=np.uint16).reshape(5, 7)
        tifffile.imwrite(tmp_path / "other.tif", pixels)
        image = read_image(tmp_path / "other.tif")
        some = ["labels", "registration"]
        written = write_results(tmp_path, "window", projection, image=image, what=some)
        registration = Registration.load(written[-1])
        assert registration.image_name == "other.tif"
        assert registration.image_sha256 == hash_pixels(pixels)
        assert read_labels(written[0]).metadata["image"]["sha256"] == hash_pixels(pixels)
        assert projection.registration.image_sha256 is None

    def test_bare_pixels_give_the_hash(self, tmp_path: Path, projection) -> None:
        pixels = np.zeros((5, 7, 3), np.uint8)
        written = write_results(tmp_path, "window", projection, image=pixels, what=["registration"])
        registration = Registration.load(written[-1])
        assert registration.image_name == "window.tif"
        assert registration.image_sha256 == hash_pixels(pixels)

    def test_it_is_shown_in_an_overview(self, tmp_path: Path, projection) -> None:
        pixels = np.arange(35, dtype=np.uint16).reshape(5, 7)
        written = write_results(tmp_path, "window", projection, image=pixels)
        assert tmp_path / "window_overview.png" in written
        with PIL.Image.open(tmp_path / "window_overview.png") as picture:
            assert picture.mode == "RGB"
            assert len(picture.getcolors(1 << 24)) > 3

    def test_an_overview_can_be_drawn_without_it(self, tmp_path: Path, projection) -> None:
        written = write_results(tmp_path, "window", projection, what=["overview"])
        assert written == [result_path(tmp_path, "window", "overview")]
        assert written[0].is_file()

    def test_of_another_size_is_refused(self, tmp_path: Path, projection) -> None:
        with pytest.raises(OutputError, match="7 x 5 pixels, the projection 5 x 7"):
            write_results(tmp_path, "window", projection, image=np.zeros((7, 5)))
        assert list(tmp_path.iterdir()) == []


class TestAllOrNothing:
    @pytest.mark.parametrize("there", [n for n in NAMES if "unresolved" not in n])
    def test_one_existing_file_stops_all(self, tmp_path: Path, projection, there: str) -> None:
        (tmp_path / there).write_text("precious")
        with pytest.raises(OutputError, match="exists already"):
            write_results(tmp_path, "window", projection)
        assert [file.name for file in tmp_path.iterdir()] == [there]
        assert (tmp_path / there).read_text() == "precious"

    def test_all_are_replaced_when_asked(self, tmp_path: Path, projection, projection_with) -> None:
        write_results(tmp_path, "window", projection)
        second = projection_with(split_hemispheres=True)
        written = write_results(tmp_path, "window", second, overwrite=True)
        assert len(read_masks(written[2]).names) == 6
        assert len(read_table(written[1])) == 6

    @pytest.mark.parametrize(
        "error",
        [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()],
        ids=["full disk", "interruption", "memory"],
    )
    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_failure_midway_leaves_everything_as_it_was(
        self, tmp_path: Path, projection, monkeypatch, error: BaseException, overwrite: bool
    ) -> None:
        if overwrite:
            for name in NAMES:
                (tmp_path / name).write_text("precious")

        def fail(path: Path, projection: object, pixels: object) -> None:
            path.write_text("half a fi")
            raise error

        monkeypatch.setitem(writing._FILES, "atlas_um", ("_atlas_um.tif", fail))
        with pytest.raises((OutputError, KeyboardInterrupt, MemoryError)) as caught:
            write_results(tmp_path, "window", projection, overwrite=overwrite)
        if isinstance(error, OSError):
            assert "window_atlas_um.tif" in str(caught.value)
            assert "No space left" in str(caught.value)
        assert sorted(file.name for file in tmp_path.iterdir()) == sorted(NAMES * overwrite)
        assert all(file.read_text() == "precious" for file in tmp_path.iterdir())

    def test_cancelling_writes_nothing(self, tmp_path: Path, projection) -> None:
        with pytest.raises(Cancelled):
            write_results(
                tmp_path, "window", projection, progress=lambda done, total: done < total - 1
            )
        assert list(tmp_path.iterdir()) == []

    def test_progress_counts_the_files(self, tmp_path: Path, projection) -> None:
        told = []
        write_results(
            tmp_path, "window", projection, progress=lambda *count: told.append(count) or True
        )
        assert told == [(i, 8) for i in range(9)]


class TestRefusals:
    def test_unknown_result(self, tmp_path: Path, projection) -> None:
        with pytest.raises(OutputError, match=r"no result 'mask'; choose from labels, regions"):
            write_results(tmp_path, "window", projection, what=["mask"])

    @pytest.mark.parametrize("stem", ["", "a/b", "..", "/absolute/a", "."])
    def test_a_stem_that_is_no_name(self, tmp_path: Path, projection, stem: str) -> None:
        with pytest.raises(OutputError, match="cannot begin the name"):
            write_results(tmp_path, stem, projection)

    def test_a_file_in_place_of_the_folder(self, tmp_path: Path, projection) -> None:
        (tmp_path / "results").write_text("precious")
        with pytest.raises(OutputError, match="is a file"):
            write_results(tmp_path / "results", "window", projection)
        with pytest.raises(OutputError, match="cannot make the folder"):
            write_results(tmp_path / "results" / "a", "window", projection)

    def test_all_names_are_listed(self) -> None:
        assert ALL_RESULTS == (
            "labels",
            "regions",
            "masks",
            "depth_um",
            "surface_depth_um",
            "atlas_um",
            "incidence_deg",
            "unresolved",
            "overview",
            "registration",
        )
