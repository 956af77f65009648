"""NWB files as pynwb and nwbinspector see them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.nwb import NwbSession, write_nwb
from napari_brainreg3d.registration import Landmark, Registration
from tests.fixtures.scenes import FIRST_ID

pynwb = pytest.importorskip("pynwb")
pytest.importorskip("ndx_anatomical_localization")

COMPLETE = NwbSession(
    start=datetime(2026, 3, 5, 14, 30, tzinfo=timezone(timedelta(hours=1))),
    description="widefield imaging of spontaneous activity",
    identifier="mouse-7-2026-03-05",
    subject_id="mouse-7",
    sex="F",
    age="P12W",
    species="Mus musculus",
    experimenter=("Doe, Jane",),
    institution="Institute of Pictures",
    lab="Window lab",
    experiment_description="The window was imaged once.",
)


@pytest.fixture(scope="module")
def placed(letter_in):
    """With a landmark, and one that was clicked but not placed in the atlas."""
    marks = (
        Landmark("corner", image_px=(3.0, 4.5), atlas_um=(2000.0, 1000.0, 8600.0)),
        Landmark("clicked only", image_px=(1.0, 2.0)),
    )
    return letter_in(landmarks=marks, side_confirmed=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory, placed, picture) -> Path:
    folder = tmp_path_factory.mktemp("nwb")
    return write_nwb(folder / "letter.nwb", placed, picture, session=COMPLETE)


@pytest.fixture(scope="module")
def file(path: Path):
    with pynwb.NWBHDF5IO(path, "r") as stream:
        yield stream.read()


def inspected(path: Path) -> dict[str, str]:
    """What nwbinspector has to say: importance by check."""
    inspector = pytest.importorskip("nwbinspector")
    found = inspector.inspect_nwbfile(nwbfile_path=path)
    return {message.check_function_name: message.importance.name for message in found}


def test_the_inspector_has_nothing_to_say_about_a_file_with_all_options(path: Path) -> None:
    assert inspected(path) == {}


def test_with_defaults_the_inspector_only_suggests(tmp_path: Path, letter, picture) -> None:
    found = inspected(write_nwb(tmp_path / "a.nwb", letter, picture))
    assert set(found.values()) == {"BEST_PRACTICE_SUGGESTION"}
    assert set(found) == {
        "check_experimenter_exists",
        "check_experiment_description",
        "check_institution",
    }


def test_the_schema_s_validator_finds_no_error(path: Path) -> None:
    assert not pynwb.validate(path=str(path))


def test_the_picture_reads_back_with_its_size(file, picture) -> None:
    image = file.acquisition["registered_image"]["image"]
    np.testing.assert_array_equal(image.data[:], picture)
    assert "150 um high and 200 um wide" in image.description
    assert image.resolution is None  # the pixels are not square


def test_coordinates_are_allen_s_from_the_left(file, by_hand) -> None:
    """PIR from the anterior superior left corner: the animal's left has small z."""
    ap, ml_from_right, shown = by_hand
    found = file.lab_meta_data["localization"].anatomical_coordinates_images["atlas_coordinates"]
    assert (found.space.space_name, found.space.orientation) == ("AllenCCFv3", "PIR")
    assert found.space.units == "um"
    coordinates = found.get_coordinates()
    is_tissue = shown >= 0
    np.testing.assert_array_equal(np.isnan(coordinates).all(axis=-1), ~is_tissue)
    expected = np.stack([ap, np.full(ap.shape, 1000.0), 11400 - ml_from_right], axis=-1)
    np.testing.assert_allclose(coordinates[is_tissue], expected[is_tissue], atol=0.01)
    row, column = np.argwhere(shown == 0)[0]
    np.testing.assert_allclose(found.get_coordinates(row, column), expected[row, column], atol=0.01)
    assert found.image.name == "image"
    names = np.array(["", "stem", "arm", "bar"])[shown + 1]
    np.testing.assert_array_equal(found.brain_region[:], names)


def test_coordinates_from_bregma_are_right_anterior_superior(file, by_hand) -> None:
    """The preset ibl: AP 5400, DV 332, ML 5739 um."""
    ap, ml, shown = by_hand
    images = file.lab_meta_data["localization"].anatomical_coordinates_images
    found = images["bregma_coordinates"]
    assert (found.space.orientation, found.space.units) == ("RAS", "um")
    assert "preset ibl" in found.space.origin
    expected = np.stack([5739 - ml, 5400 - ap, np.full(ap.shape, -668.0)], axis=-1)
    is_tissue = shown >= 0
    np.testing.assert_allclose(found.get_coordinates()[is_tissue], expected[is_tissue], atol=0.01)


def test_an_atlas_of_its_own_space_keeps_its_axes(tmp_path: Path, letter_in, picture) -> None:
    """BrainGlobe's asr runs to posterior, inferior, left."""
    projection = letter_in("some_rat_100um")
    path = write_nwb(tmp_path / "rat.nwb", projection, picture)
    with pynwb.NWBHDF5IO(path, "r") as stream:
        images = stream.read().lab_meta_data["localization"].anatomical_coordinates_images
        assert set(images) == {"atlas_coordinates"}  # no bregma is known there
        found = images["atlas_coordinates"]
        assert (found.space.space_name, found.space.orientation) == ("some_rat_100um", "PIL")
        np.testing.assert_array_equal(found.get_coordinates(), projection.atlas_um)
        np.testing.assert_array_equal(found.space.extent[:], [13200, 8000, 11400])


def test_masks_hold_column_row_and_atlas_id_of_every_labelled_pixel(file, by_hand) -> None:
    _, ml, shown = by_hand
    masks = file.lab_meta_data["localization"].brain_region_masks["brain_region_masks"]
    expected = np.where(shown < 0, 0, FIRST_ID + shown)
    np.testing.assert_array_equal(masks._to_image(*shown.shape), expected)
    is_left = np.zeros(shown.shape, bool)
    is_left[masks["y"].data[:], masks["x"].data[:]] = masks["is_left"].data[:]
    np.testing.assert_array_equal(is_left, (shown >= 0) & (ml >= 5700))


def test_labels_maps_and_table_belong_together(file, placed, by_hand) -> None:
    shown = by_hand[2]
    module = file.processing["ophys"]
    np.testing.assert_array_equal(module["maps"]["labels"].data[:], shown + 1)
    np.testing.assert_array_equal(module["maps"]["depth_um"].data[:], placed.depth_um)
    table = module["regions"].to_dataframe()
    assert table["acronym"].tolist() == ["stem", "arm", "bar"]
    assert table["brain_region_id"].tolist() == [FIRST_ID, FIRST_ID + 1, FIRST_ID + 2]
    assert table["pixels"].tolist() == [int((shown == i).sum()) for i in range(3)]
    assert table["projected_mm2"].tolist() == pytest.approx(table["pixels"] * 0.15 * 0.2)


def test_the_registration_comes_back_from_its_text(file, placed, tmp_path: Path) -> None:
    texts = file.processing["ophys"]["registration"].to_dataframe().set_index("item")["text"]
    copy = tmp_path / "copy.brainreg3d.json"
    copy.write_text(texts["registration"], encoding="utf-8")
    assert Registration.load(copy) == placed.registration
    assert "axis 2 right to left" in texts["conventions"]
    assert json.loads(texts["provenance"])["side_confirmed"] is True
    assert "allen_mouse_100um" in texts["methods"]


def test_landmarks_keep_what_is_known_of_them(file) -> None:
    table = file.processing["ophys"]["landmarks"].to_dataframe()
    assert table["landmark"].tolist() == ["corner", "clicked only"]
    assert table.loc[0, ["row", "column", "atlas_ml"]].tolist() == [3.0, 4.5, 8600.0]
    assert np.isnan(table.loc[1, "atlas_ap"])


def test_session_and_subject_are_what_was_said(file) -> None:
    assert file.session_start_time == COMPLETE.start
    assert (file.identifier, file.subject.subject_id) == ("mouse-7-2026-03-05", "mouse-7")
    assert (file.subject.sex, file.subject.age, file.subject.species) == (
        "F", "P12W", "Mus musculus",
    )  # fmt: skip
    assert file.notes is None


def test_a_time_that_nobody_gave_is_said_to_be_a_guess(tmp_path: Path, letter, picture) -> None:
    import os

    image = tmp_path / "image.tif"
    image.write_bytes(b"")
    os.utime(image, (1.7e9, 1.7e9))
    path = write_nwb(tmp_path / "a.nwb", letter, picture, image_path=image)
    with pynwb.NWBHDF5IO(path, "r") as stream:
        file = stream.read()
        assert file.session_start_time == datetime.fromtimestamp(1.7e9, UTC)
        assert "modification time" in file.notes
        assert (file.subject.subject_id, file.subject.sex) == ("unknown", "U")


def test_colours_are_kept_beside_the_brightness(tmp_path: Path, letter, picture) -> None:
    rgb = np.stack([picture % 200, picture % 131, picture % 77], axis=-1).astype(np.uint8)
    path = write_nwb(tmp_path / "a.nwb", letter, rgb)
    with pynwb.NWBHDF5IO(path, "r") as stream:
        images = stream.read().acquisition["registered_image"]
        np.testing.assert_array_equal(images["image_in_colour"].data[:], rgb)
        grey = rgb @ np.array([0.2125, 0.7154, 0.0721])
        np.testing.assert_allclose(images["image"].data[:], grey, atol=1e-3)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float64", ">u2"])
def test_pictures_of_any_number_and_name_can_be_stored(
    tmp_path: Path, letter_in, picture, dtype: str
) -> None:
    """A file name may hold bytes that are not Unicode, a picture NaN."""
    marks = (Landmark("\udcff", (1.0, 2.0)),)
    projection = letter_in(image_name="b\udcffad.tif", landmarks=marks)
    image = (picture % 100).astype(dtype)
    if image.dtype.kind == "f":
        image[0, 0] = np.nan
    path = write_nwb(tmp_path / "a.nwb", projection, image)
    with pynwb.NWBHDF5IO(path, "r") as stream:
        found = stream.read().acquisition["registered_image"]["image"]
        np.testing.assert_array_equal(found.data[:], image)
        assert "b\\udcffad.tif" in found.description


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sex": "male"}, "'male'"),
        ({"age": "12 weeks"}, "P12W"),
        ({"subject_id": "a/b"}, "a/b"),
        ({"description": " "}, "description"),
        ({"start": datetime(2999, 1, 1, tzinfo=UTC)}, "2999"),
    ],
)
def test_a_session_that_cannot_be_is_refused(changes, words: str) -> None:
    with pytest.raises(OutputError, match=words):
        NwbSession(**changes)


def test_another_image_and_an_existing_file_are_refused(
    tmp_path: Path, letter, picture, path: Path
) -> None:
    with pytest.raises(OutputError, match="40 x 50"):
        write_nwb(tmp_path / "a.nwb", letter, picture[:-1])
    with pytest.raises(OutputError, match="--overwrite"):
        write_nwb(path, letter, picture)
    with pytest.raises(OutputError, match=r"ends in \.nwb"):
        write_nwb(tmp_path / "a.h5", letter, picture)
    assert not list(tmp_path.iterdir())


def test_without_pynwb_one_line_says_what_to_install(
    tmp_path: Path, letter, picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ndx_anatomical_localization", None)
    with pytest.raises(OutputError, match=r'pip install "napari-brainreg3d\[nwb\]"'):
        write_nwb(tmp_path / "a.nwb", letter, picture)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_behind(
    tmp_path: Path, letter, picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pynwb.NWBHDF5IO, "write", failing)
    with pytest.raises(OutputError, match="No space left"):
        write_nwb(tmp_path / "a.nwb", letter, picture)
    assert not list(tmp_path.iterdir())
