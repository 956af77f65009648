"""IBL's arrays, with IBL's numbers written out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.alf import write_alf
from tests.fixtures.scenes import FIRST_ID

MLAPDV = "mpciMeanImage.mlapdv_estimate.npy"
IDS = "mpciMeanImage.brainLocationIds_ccf_2017_estimate.npy"


def test_coordinates_have_ibl_s_order_signs_and_bregma(tmp_path: Path, letter, by_hand) -> None:
    """iblatlas: bregma is 5739 um from Allen's left edge, 5400 from the front, 332 from the top."""
    write_alf(tmp_path / "FOV_00", letter)
    found = np.load(tmp_path / "FOV_00" / MLAPDV)
    ap, ml_from_right, shown = by_hand
    is_tissue = shown >= 0
    assert found.shape == (*shown.shape, 3)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(np.isnan(found).all(axis=-1), ~is_tissue)
    allen_ml = 11400 - ml_from_right
    expected = np.stack([allen_ml - 5739, 5400 - ap, np.full(ap.shape, 332.0 - 1000.0)], axis=-1)
    np.testing.assert_allclose(found[is_tissue], expected[is_tissue], atol=0.01)
    # The stem of the letter lies in the left hemisphere: ML is negative there.
    assert (found[shown == 0][:, 0] < -2000).all()


def test_ids_are_negative_in_the_left_hemisphere(tmp_path: Path, letter, by_hand) -> None:
    write_alf(tmp_path / "FOV_00", letter)
    found = np.load(tmp_path / "FOV_00" / IDS)
    _, ml, shown = by_hand
    expected = np.where(shown < 0, 0, FIRST_ID + shown) * np.where(ml >= 5700, -1, 1)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)
    assert (found < 0).any()
    assert (found > 0).any()


def test_ibl_s_own_look_up_finds_the_same_side_and_region(tmp_path: Path, letter) -> None:
    """The annotation looked up as ``iblatlas`` does: index = (ML + 5739) / step, small is left."""
    write_alf(tmp_path / "FOV_00", letter)
    places, ids = (np.load(tmp_path / "FOV_00" / name) for name in (MLAPDV, IDS))
    inside = places[ids != 0] - [0, 0, 100]  # a voxel under the surface
    step = 100.0
    ml = np.floor((inside[:, 0] + 5739) / step).astype(int)
    ap = np.floor((5400 - inside[:, 1]) / step).astype(int)
    dv = np.floor((332 - inside[:, 2]) / step).astype(int)
    # Allen's volume: the same array, its small indices of axis 2 called left. The letter is not
    # symmetric, so that it must be turned over to put its left side to Allen's left.
    volume = letter.scene.load_annotation().ids[:, :, ::-1]
    np.testing.assert_array_equal(volume[ap, dv, ml], np.abs(ids[ids != 0]))


def test_provenance_is_in_the_names_as_ibl_has_it(tmp_path: Path, letter, picture) -> None:
    written = write_alf(tmp_path / "FOV_01", letter, image=picture, provenance="histology")
    assert [path.name for path in written] == [
        "mpciMeanImage.mlapdv.npy",
        "mpciMeanImage.brainLocationIds_ccf_2017.npy",
        "mpciMeanImage.images.npy",
        "README.json",
        "regions.csv",
    ]
    np.testing.assert_array_equal(np.load(written[2]), picture)
    assert sorted(p.name for p in (tmp_path / "FOV_01").iterdir()) == sorted(
        p.name for p in written
    )


def test_the_readme_states_units_signs_and_sides(tmp_path: Path, letter) -> None:
    *_, readme, _ = write_alf(tmp_path / "FOV_00", letter)
    about = json.loads(readme.read_text("utf-8"))
    assert "um from IBL's bregma" in about["files"][MLAPDV]
    assert "negative in the animal's left hemisphere" in about["files"][IDS]
    assert about["ibl_bregma_um"]["ML from the left"] == 5739
    assert about["side_confirmed"] is False


@pytest.mark.parametrize("atlas", ["demo_mouse", "kim_mouse_25um", "whs_sd_rat_39um"])
def test_other_ids_than_allen_s_are_refused(tmp_path: Path, letter_in, atlas: str) -> None:
    with pytest.raises(OutputError, match=atlas):
        write_alf(tmp_path / "FOV_00", letter_in(atlas))
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_stays_unless_it_may_be_replaced(tmp_path: Path, letter) -> None:
    folder = tmp_path / "FOV_00"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="--overwrite"):
        write_alf(folder, letter)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    write_alf(folder, letter, overwrite=True)
    assert (folder / MLAPDV).exists()
    assert not (folder / "mine.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["FOV_00"]
