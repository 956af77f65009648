"""``napari-brainreg3d match`` as a user types it, on a folder of sessions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_allclose
from PIL import Image

import napari_brainreg3d as br
from napari_brainreg3d.demo import demo_image, demo_registration
from tests.fixtures.sessions import SecondSession, second_session, vessel_texture

#: The demo image, binned by two so that the tests are quick.
SIZE_UM = 44.0


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "napari_brainreg3d", "match", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def small_demo() -> np.ndarray:
    return demo_image().reshape(224, 2, 256, 2).mean(axis=(1, 3)).astype(np.uint16)


def session(seed: int) -> SecondSession:
    return second_session(
        small_demo(), seed, largest_shift=0.1, largest_turn_deg=12, scales=(0.995, 1.005),
        occluded=0.1, occluder="dark",
    )  # fmt: skip


@pytest.fixture
def reference(tmp_path: Path) -> tuple[Path, Path]:
    """A registration and its image."""
    image = tmp_path / "first.tif"
    tifffile.imwrite(image, small_demo())
    registration = demo_registration().replaced(
        image_shape=(224, 256), pixel_size_um=(SIZE_UM, SIZE_UM), image_name="first.tif"
    )
    return registration.save(tmp_path / "first.brainreg3d.json"), image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sessions of the same brain, one of another, a broken file, and things to pass over."""
    days = tmp_path / "days"
    days.mkdir()
    for seed in (1, 2):
        tifffile.imwrite(days / f"day{seed}.tif", session(seed).image.astype(np.float32))
    other = vessel_texture(3)[::2, ::2]
    tifffile.imwrite(days / "other.tif", other.astype(np.float32))
    (days / "broken.png").write_bytes(b"")
    (days / "notes.txt").write_text("not a picture")
    tifffile.imwrite(days / "day1_labels.tif", np.zeros((224, 256), np.uint8))
    (days / "deeper").mkdir()
    return days


def test_a_folder_is_matched_and_what_fails_does_not_stop_the_rest(
    reference: tuple[Path, Path], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = run(*reference, folder, "--output", out)
    assert answer.returncode == 1, answer.stderr
    assert {path.name for path in out.iterdir()} == {
        "day1.brainreg3d.json",
        "day2.brainreg3d.json",
        "matches.csv",
        "contact_sheet.png",
    }
    assert "other.tif: the images do not match" in answer.stderr
    assert "broken.png: cannot read" in answer.stderr
    assert "2 of 4 images were not matched" in answer.stderr

    table = pd.read_csv(out / "matches.csv", index_col="image")
    assert list(table.index) == ["broken.png", "day1.tif", "day2.tif", "other.tif"]
    assert table["matched"].tolist() == [False, True, True, False]
    assert table["problem"].notna().tolist() == [True, False, False, True]
    assert (table["reference"] == "first.tif").all()
    first = br.Registration.load(reference[0])
    for seed in (1, 2):
        truth, row = session(seed), table.loc[f"day{seed}.tif"]
        assert row["rotation_deg"] == pytest.approx(truth.rotation_deg, abs=0.2)
        shift = (truth.centre - (111.5, 127.5)) * SIZE_UM
        assert_allclose((row["shift_down_um"], row["shift_right_um"]), shift, atol=SIZE_UM)
        assert 0.3 < row["quality"] <= 1.0
        new = br.Registration.load(out / f"day{seed}.brainreg3d.json")
        assert new.image_name == f"day{seed}.tif"
        assert new.image_sha256 not in (None, first.image_sha256)
        assert new.pixel_size_um == (SIZE_UM, SIZE_UM)
        moved = first.pose.moved(plane_um=(*shift, 0.0)).turned(yaw_deg=truth.rotation_deg)
        assert_allclose(new.pose.centre_um, moved.centre_um, atol=SIZE_UM)
        assert_allclose(new.pose.angles_deg, moved.angles_deg, atol=0.2)
    sheet = np.asarray(Image.open(out / "contact_sheet.png"))
    assert sheet.ndim == 3
    assert sheet.shape[0] > 4 * 200


def test_all_matched_ends_with_0_and_what_exists_stays_without_overwrite(
    reference: tuple[Path, Path], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = run(*reference, folder / "day1.tif", "-o", out)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    before = {path: path.read_bytes() for path in out.iterdir()}
    answer = run(*reference, folder / "day1.tif", folder / "day2.tif", "-o", out)
    assert answer.returncode == 2
    assert "--overwrite" in answer.stderr
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    answer = run(*reference, folder / "day1.tif", folder / "day2.tif", "-o", out, "--overwrite")
    assert answer.returncode == 0, answer.stderr
    assert len(pd.read_csv(out / "matches.csv")) == 2


def test_the_reference_is_not_matched_to_itself(reference: tuple[Path, Path]) -> None:
    """Its folder holds no other picture, and that is said."""
    answer = run(*reference, reference[1].parent, "-o", reference[1].parent / "out")
    assert answer.returncode == 2
    assert "no image but the reference" in answer.stderr


def test_binned_images_need_their_pixel_size(
    reference: tuple[Path, Path], folder: Path, tmp_path: Path
) -> None:
    """Half as many pixels of twice the size show the same; without it, half a brain."""
    binned = tmp_path / "binned.tif"
    tifffile.imwrite(binned, small_demo().reshape(112, 2, 128, 2).mean(axis=(1, 3)))
    answer = run(*reference, binned, "-o", tmp_path / "said", "--pixel-size-um", 2 * SIZE_UM)
    assert answer.returncode == 0, answer.stderr
    new = br.Registration.load(tmp_path / "said" / "binned.brainreg3d.json")
    assert new.pixel_size_um == (2 * SIZE_UM, 2 * SIZE_UM)
    assert_allclose(new.pose.centre_um, br.Registration.load(reference[0]).pose.centre_um, atol=20)
    answer = run(*reference, binned, "-o", tmp_path / "unsaid")
    assert answer.returncode == 1
    assert "pixel sizes" in answer.stderr


def test_a_change_of_magnification_is_taken_from_the_files(
    reference: tuple[Path, Path], tmp_path: Path
) -> None:
    """Both files state a size that is wrong by the same factor; their ratio is right."""
    image = reference[1]
    tifffile.imwrite(image, small_demo(), **_stated(10.0))
    binned = tmp_path / "binned.tif"
    tifffile.imwrite(
        binned, small_demo().reshape(112, 2, 128, 2).mean(axis=(1, 3), dtype=np.float32),
        **_stated(20.0),
    )  # fmt: skip
    answer = run(*reference, binned, "-o", tmp_path / "out")
    assert answer.returncode == 0, answer.stderr
    new = br.Registration.load(tmp_path / "out" / "binned.brainreg3d.json")
    assert_allclose(new.pixel_size_um, (2 * SIZE_UM, 2 * SIZE_UM), rtol=1e-6)


def _stated(size_um: float) -> dict[str, object]:
    return {
        "imagej": True,
        "resolution": (1 / size_um, 1 / size_um),
        "metadata": {"unit": "um"},
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["R", "none.tif", "D"], "none.tif", id="no reference image"),
        pytest.param(["none.json", "I", "D"], "none.json", id="no registration"),
        pytest.param(["R", "I", "nowhere"], "nowhere", id="no such folder"),
        pytest.param(["R", "I", "D", "--frame", "last"], "'last'", id="frame is not a number"),
        pytest.param(["R", "I", "T", "T2"], "both be written", id="two images of one name"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    reference: tuple[Path, Path],
    folder: Path,
    tmp_path: Path,
    arguments: list[str],
    words: str,
) -> None:
    twin = tmp_path / "day1.png"
    Image.fromarray(np.zeros((80, 80), np.uint8)).save(twin)
    known = dict(zip("RI", reference, strict=True)) | {
        "D": folder,
        "T": folder / "day1.tif",
        "T2": twin,
    }
    out = tmp_path / "out"
    answer = run(*(known.get(argument, argument) for argument in arguments), "-o", out)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
    assert answer.stderr.count("\n") == 1
    assert words in answer.stderr
    assert not out.exists()


def test_a_reference_of_other_pixels_needs_force(
    reference: tuple[Path, Path], folder: Path, tmp_path: Path
) -> None:
    registration, image = reference
    br.Registration.load(registration).replaced(image_sha256="0" * 64).save(
        registration, overwrite=True
    )
    answer = run(registration, image, folder / "day1.tif", "-o", tmp_path / "out")
    assert answer.returncode == 2
    assert "--force" in answer.stderr
    answer = run(registration, image, folder / "day1.tif", "-o", tmp_path / "out", "--force")
    assert answer.returncode == 0, answer.stderr
