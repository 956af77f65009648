"""OME-Zarr stores as ome-zarr-py reads them, and stores of others that get labels."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.ome_zarr import add_ome_zarr_labels, write_ome_zarr

zarr = pytest.importorskip("zarr")
pytest.importorskip("ome_zarr")


def nodes(path: Path) -> dict[str, Any]:
    """What ome-zarr-py finds: image under "", labels under their names."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    return {
        node.metadata["name"] if "color" in node.metadata else "": node
        for node in Reader(parse_url(str(path)))()
        if node.data
    }


def files_of(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
    }


@pytest.fixture
def store(tmp_path: Path, letter, picture) -> Path:
    return write_ome_zarr(tmp_path / "letter.ome.zarr", letter, picture)


def of_others(path: Path, picture: np.ndarray, version: str, axes: str = "yx") -> None:
    """A store made by ome-zarr-py."""
    with warnings.catch_warnings():  # its own default arguments are deprecated
        warnings.simplefilter("ignore", DeprecationWarning)
        from ome_zarr.format import FormatV04, FormatV05
        from ome_zarr.writer import write_image

    fmt = {"0.4": FormatV04, "0.5": FormatV05}[version]()
    group = zarr.open_group(str(path), mode="w", zarr_format=fmt.zarr_format)
    data = picture.reshape((1,) * (len(axes) - 2) + picture.shape)
    kinds = {"t": "time", "c": "channel"}
    described = [
        {"name": name, "type": kinds[name]}
        if name in kinds
        else {"name": name, "type": "space", "unit": "micrometer"}
        for name in axes
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_image(
            data,
            group,
            axes=described,
            scale={"y": 150.0, "x": 200.0},
            scale_factors=[2],
            fmt=fmt,
        )


def test_image_and_labels_read_back_equal(store: Path, letter, picture, by_hand) -> None:
    found = nodes(store)
    np.testing.assert_array_equal(np.asarray(found[""].data[0]), picture)
    np.testing.assert_array_equal(np.asarray(found["regions"].data[0]), by_hand[2] + 1)


def test_colours_names_and_pixel_size_are_there(store: Path) -> None:
    labels = nodes(store)["regions"]
    assert labels.metadata["color"][1] == pytest.approx([228 / 255, 26 / 255, 28 / 255, 1])
    assert labels.metadata["properties"][2]["acronym"] == "arm"
    assert labels.metadata["properties"][3]["atlas-id"] == 614454279
    for node in nodes(store).values():
        first = node.metadata["coordinateTransformations"][0]
        assert first[0] == {"type": "scale", "scale": [150.0, 200.0]}
        assert [axis["unit"] for axis in node.metadata["axes"]] == ["micrometer"] * 2


def test_the_model_of_the_standard_finds_it_valid(store: Path) -> None:
    models = pytest.importorskip("ome_zarr_models")
    image = models.open_ome_zarr(zarr.open_group(str(store), mode="r"))
    assert type(image).__name__ == "Image"
    labels = models.open_ome_zarr(zarr.open_group(str(store / "labels" / "regions"), mode="r"))
    assert type(labels).__name__ == "ImageLabel"


def test_small_levels_lie_over_the_large_one(tmp_path: Path, letter_in) -> None:
    """Odd sizes too: means of the image, no new labels, and the place of each first pixel."""
    from napari_brainreg3d.io.exchange import pyramid

    assert pyramid.level_shapes((541, 640)) == [(541, 640), (271, 320), (136, 160)]
    rows, columns = np.mgrid[:301, :300]
    image = (rows * 10 + columns).astype(np.uint16)
    projection = letter_in(image_shape=(301, 300), pixel_size_um=(20.0, 30.0))
    path = write_ome_zarr(tmp_path / "a.ome.zarr", projection, image)
    found = nodes(path)
    small = np.asarray(found[""].data[1])
    assert small.shape == (151, 150)
    np.testing.assert_array_equal(small[:150], np.rint(small[:150]))
    blocks = image[:300].reshape(150, 2, 150, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(small[:150], np.rint(blocks))
    labels, full = (np.asarray(found["regions"].data[i]) for i in (1, 0))
    assert set(np.unique(labels)) == set(np.unique(full))
    assert labels.shape == (151, 150)
    where = found[""].metadata["coordinateTransformations"][1]
    assert where[0]["scale"] == [40.0, 60.0]
    assert where[1]["translation"] == [10.0, 15.0]  # between the first two pixels
    assert found["regions"].metadata["coordinateTransformations"][1] == where


def test_colours_become_channels(tmp_path: Path, letter, picture) -> None:
    rgb = np.stack([picture % 200, picture % 131, picture % 77], axis=-1).astype(np.uint8)
    found = nodes(write_ome_zarr(tmp_path / "a.ome.zarr", letter, rgb))
    np.testing.assert_array_equal(np.asarray(found[""].data[0]), np.moveaxis(rgb, -1, 0))
    assert found[""].metadata["channel_names"] == ["red", "green", "blue"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["yx", "tczyx"])
def test_labels_join_a_store_of_others_without_touching_it(
    tmp_path: Path, letter, picture, by_hand, version: str, axes: str
) -> None:
    path = tmp_path / "theirs.zarr"
    of_others(path, picture, version, axes)
    before = files_of(path)
    assert add_ome_zarr_labels(path, letter) == path / "labels" / "regions"
    after = files_of(path)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("labels") for name in after.keys() - before.keys())
    found = nodes(path)
    np.testing.assert_array_equal(np.asarray(found[""].data[0]).squeeze(), picture)
    labels = found["regions"]
    np.testing.assert_array_equal(np.asarray(labels.data[0]), by_hand[2] + 1)
    assert len(labels.data) == len(found[""].data)
    for theirs, ours in zip(
        *(node.metadata["coordinateTransformations"] for node in (found[""], labels)), strict=True
    ):
        for one, other in zip(theirs, ours, strict=True):
            assert other == {"type": one["type"], one["type"]: one[one["type"]][-2:]}
    assert ours[0]["scale"] == pytest.approx([2 * 150.0, 2 * 200.0], rel=0.05)
    models = pytest.importorskip("ome_zarr_models")
    group = zarr.open_group(str(path / "labels" / "regions"), mode="r")
    assert type(models.open_ome_zarr(group)).__name__ == "ImageLabel"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_other_labels_stay(tmp_path: Path, letter, picture, version: str) -> None:
    path = tmp_path / "theirs.zarr"
    of_others(path, picture, version)
    add_ome_zarr_labels(path, letter, name="first")
    before = files_of(path / "labels" / "first")
    add_ome_zarr_labels(path, letter.regrouped(split_hemispheres=True), name="second")
    assert files_of(path / "labels" / "first") == before
    found = nodes(path)
    assert set(found) == {"", "first", "second"}
    assert found["second"].metadata["properties"][1]["label"] == "stem left"


def test_a_table_of_contents_is_kept_up_to_date(tmp_path: Path, letter, picture) -> None:
    """Consolidated metadata hides what was added later from those who trust it."""
    path = tmp_path / "theirs.zarr"
    of_others(path, picture, "0.4")
    zarr.consolidate_metadata(str(path))
    add_ome_zarr_labels(path, letter)
    group = zarr.open_group(str(path), mode="r", use_consolidated=True)
    listed = group.metadata.consolidated_metadata.flattened_metadata
    assert sum(name.startswith("labels/regions/") for name in listed) == 2
    assert "regions" in nodes(path)


def test_labels_of_the_same_name_are_replaced_only_when_asked(store: Path, letter) -> None:
    before = files_of(store)
    with pytest.raises(OutputError, match="'regions' already"):
        add_ome_zarr_labels(store, letter)
    assert files_of(store) == before
    empty = dataclasses.replace(letter, finest=np.zeros_like(letter.finest))
    add_ome_zarr_labels(store, empty, overwrite=True)
    assert not np.asarray(nodes(store)["regions"].data[0]).any()


def test_an_existing_store_is_not_replaced(store: Path, letter, picture) -> None:
    before = files_of(store)
    with pytest.raises(OutputError, match="--overwrite"):
        write_ome_zarr(store, letter, picture)
    assert files_of(store) == before


def test_what_is_no_such_image_is_refused(tmp_path: Path, letter, picture) -> None:
    with pytest.raises(OutputError, match="not a folder"):
        add_ome_zarr_labels(tmp_path / "absent.zarr", letter)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="not an OME-Zarr"):
        add_ome_zarr_labels(tmp_path / "folder", letter)
    of_others(tmp_path / "other.zarr", picture[:-1], "0.5")
    before = files_of(tmp_path / "other.zarr")
    with pytest.raises(OutputError, match="40 x 50"):
        add_ome_zarr_labels(tmp_path / "other.zarr", letter)
    with pytest.raises(OutputError, match="name of labels"):
        add_ome_zarr_labels(tmp_path / "other.zarr", letter, name="../up")
    assert files_of(tmp_path / "other.zarr") == before


def test_an_old_version_is_refused_by_its_number(tmp_path: Path, letter, picture) -> None:
    path = tmp_path / "old.zarr"
    of_others(path, picture, "0.4")
    group = zarr.open_group(str(path), mode="a")
    old = dict(group.attrs["multiscales"][0], version="0.3")
    group.attrs["multiscales"] = [old]
    with pytest.raises(OutputError, match=r"0\.3"):
        add_ome_zarr_labels(path, letter)
    assert not (path / "labels").exists()


def test_a_failure_leaves_the_store_as_it_was(
    tmp_path: Path, letter, picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_brainreg3d.io.exchange import ome_zarr

    path = tmp_path / "theirs.zarr"
    of_others(path, picture, "0.5")
    before = files_of(path)

    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ome_zarr, "_write_array", failing)
    with pytest.raises(OutputError, match="No space left"):
        add_ome_zarr_labels(path, letter)
    assert files_of(path) == before
    with pytest.raises(OutputError, match="No space left"):
        write_ome_zarr(tmp_path / "new.ome.zarr", letter, picture)
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.zarr"]


def test_the_store_says_axes_and_sides(store: Path) -> None:
    attributes = zarr.open_group(str(store / "labels" / "regions"), mode="r").attrs
    about = attributes["napari-brainreg3d"]
    assert "animal's own" in about["content"]
    assert "BrainGlobe asr" in about["conventions"]
