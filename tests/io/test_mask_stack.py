from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.io import imagej_tiff
from napari_brainreg3d.io.imagej_tiff import load_imagej, save_imagej
from napari_brainreg3d.io.mask_stack import read_masks, write_masks, write_unresolved


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "window_masks.tif"


def test_masks_come_back_as_they_were(path: Path, projection, labels) -> None:
    assert write_masks(path, projection) == path
    stack = read_masks(path)
    assert stack.masks.dtype == np.bool_
    assert_array_equal(stack.masks, [labels == 1, labels == 2, labels == 3])
    assert stack.names == ("MOp", "NA", "007")
    assert_allclose(stack.pixel_size_um, (15.9, 15.6), rtol=1e-7)
    assert stack.metadata["names"] == ["MOp", "NA", "007"]
    assert not stack.masks.flags.writeable


def test_imagej_finds_named_upright_slices_of_0_and_1(
    path: Path, projection, labels, imagej
) -> None:
    """brainreg3D's masks were int16 and upside down against their image."""
    write_masks(path, projection)
    seen = imagej(path)
    assert seen.labels == ["MOp", "NA", "007"]
    assert [plane.dtype for plane in seen.planes] == [np.uint8] * 3
    for number, plane in enumerate(seen.planes, start=1):
        assert_array_equal(plane, (labels == number).astype(np.uint8))
    assert seen.description["hyperstack"] == "true"
    assert (seen.description["images"], seen.description["slices"]) == ("3", "3")
    assert (seen.description["min"], seen.description["max"]) == ("0.0", "1.0")
    assert seen.description["unit"] == "um"
    assert_allclose(seen.pixel_size_um, (15.9, 15.6), rtol=1e-7)
    assert json.loads(seen.info)["atlas"]["name"] == "test_mouse"


def test_a_region_out_of_view_keeps_its_empty_slice(path: Path, projection, labels) -> None:
    """In brainreg3D a region out of view shifted the names of those after it."""
    write_masks(path, projection)
    stack = read_masks(path)
    assert not stack.masks[stack.names.index("NA")].any()
    assert_array_equal(stack.masks[stack.names.index("007")], labels == 3)


def test_split_sides_are_named(path: Path, projection_with) -> None:
    write_masks(path, projection_with(split_hemispheres=True))
    stack = read_masks(path)
    assert stack.names == ("MOp left", "NA left", "007 left", "MOp right", "NA right", "007 right")
    assert np.argwhere(stack.masks[3]).tolist() == [[0, 3]]
    assert np.argwhere(stack.masks[2]).tolist() == [[4, 0]]
    assert np.argwhere(stack.masks[5]).tolist() == [[1, 5], [2, 5], [2, 6]]


def test_unresolved_masks_overlap_and_are_those_of_the_scene(
    path: Path, projection_with, imagej
) -> None:
    unresolved = np.zeros((3, 5, 7), bool)
    unresolved[0, 0], unresolved[1, 1:, 2], unresolved[2, 0, 3:] = True, True, True
    write_unresolved(path, projection_with(unresolved=unresolved, split_hemispheres=True))
    assert imagej(path).labels == ["MOp", "NA", "007"]
    stack = read_masks(path)
    assert_array_equal(stack.masks, unresolved)
    assert "any depth" in stack.metadata["content"]


def test_without_an_unresolved_view_there_is_nothing_to_write(path: Path, projection) -> None:
    with pytest.raises(OutputError, match="unresolved=True"):
        write_unresolved(path, projection)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("shape", [(1, 5, 7), (4, 5, 3), (3, 5, 4), (2, 1, 7), (3, 2, 2)])
def test_no_size_is_taken_for_colours(path: Path, imagej, shape: tuple[int, int, int]) -> None:
    masks = (np.arange(np.prod(shape)).reshape(shape) % 3 == 0).astype(np.uint8)
    names = [f"région {i}" for i in range(shape[0])]
    _save(path, iter(masks), shape, names)
    assert_array_equal(imagej(path).planes, masks)
    assert imagej(path).labels == names
    stack = read_masks(path)
    assert_array_equal(stack.masks, masks)
    assert stack.names == tuple(names)


def _save(path: Path, planes: Iterator[np.ndarray], shape, names: list[str]) -> None:
    save_imagej(
        path,
        planes,
        shape=shape,
        dtype=np.uint8,
        axes="ZYX",
        pixel_size_um=(10.0, 20.0),
        info={},
        labels=names,
        display_range=(0.0, 1.0),
    )


def test_masks_are_written_one_at_a_time(tmp_path: Path) -> None:
    """60 masks of 1 MB; the iterator and the writer may each hold a few."""

    def masks() -> Iterator[np.ndarray]:
        for number in range(60):
            mask = np.zeros((1000, 1000), np.uint8)
            mask[number, 2 * number] = 1
            yield mask

    _save(tmp_path / "warm.tif", masks(), (60, 1000, 1000), [])
    tracemalloc.start()
    _save(tmp_path / "a.tif", masks(), (60, 1000, 1000), [])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6e6
    stack = tifffile.imread(tmp_path / "a.tif")
    assert np.argwhere(stack).tolist() == [[i, i, 2 * i] for i in range(60)]


def test_stacks_past_4_gb_describe_their_first_page_only_as_imagej_does(
    path: Path, imagej, monkeypatch
) -> None:
    masks = (np.arange(5 * 6 * 7).reshape(5, 6, 7) % 4 == 0).astype(np.uint8)
    monkeypatch.setattr(imagej_tiff, "_DESCRIBED_BYTES", masks.nbytes - 1)
    _save(path, iter(masks), masks.shape, list("abcde"))
    with tifffile.TiffFile(path) as tif:
        assert len(tif.pages) == 1
        assert not tif.is_bigtiff
    assert_array_equal(imagej(path).planes, masks)
    assert_array_equal(load_imagej(path).pixels, masks)
    assert load_imagej(path).labels == tuple("abcde")


class TestFailures:
    def test_an_existing_file_is_kept(self, path: Path, projection) -> None:
        path.write_text("precious")
        with pytest.raises(OutputError, match="overwrite"):
            write_masks(path, projection)
        assert path.read_text() == "precious"

    @pytest.mark.parametrize("is_there", [False, True])
    def test_an_interruption_midway_leaves_what_was_there(
        self, path: Path, projection_with, is_there: bool
    ) -> None:
        class Interrupted:
            """Unresolved masks of which the second one never comes."""

            def __iter__(self) -> Iterator[np.ndarray]:
                yield np.ones((5, 7), bool)
                raise KeyboardInterrupt

            def view(self) -> Interrupted:
                return self

            @property
            def flags(self) -> Interrupted:
                return self

        if is_there:
            path.write_text("precious")
        projection = projection_with()
        object.__setattr__(projection, "unresolved", Interrupted())
        with pytest.raises(KeyboardInterrupt):
            write_unresolved(path, projection, overwrite=True)
        assert [file.name for file in path.parent.iterdir()] == [path.name] * is_there
        assert not is_there or path.read_text() == "precious"

    def test_a_killed_process_leaves_the_old_file(self, path: Path) -> None:
        path.write_text("precious")
        program = (
            "import os\n"
            "from napari_brainreg3d.atomic import replacing\n"
            f"with replacing({str(path)!r}, overwrite=True) as temporary:\n"
            "    temporary.write_text('half')\n"
            "    os.kill(os.getpid(), 9)\n"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode != 0
        assert path.read_text() == "precious"

    @pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 4, 5, 3)])
    def test_what_is_no_stack_of_masks(self, path: Path, shape: tuple[int, ...]) -> None:
        tifffile.imwrite(path, np.zeros(shape, np.uint8), photometric="minisblack")
        with pytest.raises(ImageError, match="not a stack of masks"):
            read_masks(path)


@pytest.mark.parametrize("dtype", ["int16", "float32", "uint8", ">u2"])
def test_masks_of_other_programs_are_read(path: Path, labels, dtype: str) -> None:
    """Also those that count to 255, or int16 as brainreg3D's."""
    stored = np.stack([labels == 1, labels == 3]) * 255
    tifffile.imwrite(path, stored.astype(dtype), photometric="minisblack")
    stack = read_masks(path)
    assert_array_equal(stack.masks, stored > 0)
    assert (stack.names, stack.metadata) == ((), {})
