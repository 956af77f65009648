"""Label images from files of other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_brainreg3d.io.points import read_label_rois, read_points
from napari_brainreg3d.results.locate import PointsError, Rois

LABELS = np.zeros((12, 17), np.uint16)
LABELS[2:5, 3:9] = 1
LABELS[7:11, 10] = 300


def saved(folder: Path, kind: str, labels: np.ndarray = LABELS) -> Path:
    """As napari, cellpose and others save it."""
    path = folder / f"cells_cp_masks{kind}"
    if kind == ".tif":
        tifffile.imwrite(path, labels, photometric="minisblack")
    elif kind == ".png":
        PIL.Image.fromarray(labels).save(path)
    elif kind == ".npy":
        np.save(path, labels)
    else:
        content = {"masks": labels, "outlines": labels > 0, "diameter": 9.5, "filename": "a.tif"}
        np.save(path, content)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("kind", [".tif", ".png", ".npy", "_seg.npy"])
def test_every_kind_of_file_gives_the_same(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path, kind)
    for rois in (read_label_rois(path), read_points(path, image_shape=(12, 17))):
        assert isinstance(rois, Rois)
        assert rois.names == ("1", "300")
        assert_array_equal(rois.area_px2, [18, 4])
        assert_array_equal(rois.centroids_px, [(3.0, 5.5), (8.5, 10.0)])


@pytest.mark.parametrize("kind", [".tif", ".png", ".npy", "_seg.npy"])
def test_one_of_another_image_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(PointsError, match=r"12 x 17 pixels, .* 17 x 12"):
        read_label_rois(saved(tmp_path, kind), image_shape=(17, 12))


def test_stacks_and_colours_are_no_label_images(tmp_path: Path) -> None:
    with pytest.raises(PointsError, match=r"two axes .* \(3, 12, 17\)"):
        read_label_rois(saved(tmp_path, ".tif", np.stack([LABELS] * 3)))
    colours = np.stack([LABELS] * 3, axis=-1).astype(np.uint8)
    with pytest.raises(PointsError, match=r"two axes .* \(12, 17, 3\)"):
        read_label_rois(saved(tmp_path, ".png", colours))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("absent.tif", "absent.png", "absent.npy"):
        with pytest.raises(PointsError, match="absent"):
            read_points(tmp_path / name)
    path = saved(tmp_path, ".tif")
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(PointsError, match="cannot read"):
        read_label_rois(path)
    np.save(tmp_path / "other_seg.npy", {"flows": LABELS})  # type: ignore[arg-type]
    with pytest.raises(PointsError, match="no 'masks'"):
        read_label_rois(tmp_path / "other_seg.npy")
