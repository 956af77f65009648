"""Manifests: what they may say, and that what is wrong is found before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_brainreg3d.batch.manifest import read_manifest
from napari_brainreg3d.batch.settings import ManifestError, SessionSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that rows can name; their content is not looked at."""
    for name in ("a.tif", "b.tif", "a.brainreg3d.json", "ref.brainreg3d.json", "ref.tif", "m.npy"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.tif").write_bytes(b"x")
    return tmp_path


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "manifest.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_files_are_relative_to_the_manifest_wherever_it_is_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(folder, "image,registration,output\na.tif,a.brainreg3d.json,out/day1\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (row,) = read_manifest(path)
    assert row.image == folder / "a.tif"
    assert row.registration == folder / "a.brainreg3d.json"
    assert row.output == folder / "out" / "day1"
    assert (row.name, row.line) == ("a", 2)
    assert not (folder / "out").exists()


def test_results_go_beside_the_image_unless_said_otherwise(folder: Path) -> None:
    path = written(folder, "image,registration\ndeep/a.tif,a.brainreg3d.json\n")
    assert read_manifest(path)[0].output == folder / "deep"
    assert read_manifest(path, output=folder / "all")[0].output == folder / "all"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_spreadsheets_may_write_it_their_way(folder: Path, separator: str, encoding: str) -> None:
    lines = ["image,registration,make", "", "a.tif,a.brainreg3d.json,labels masks", ",,", ""]
    text = "\r\n".join(lines).replace(",", separator)
    (row,) = read_manifest(written(folder, text, encoding))
    assert row.settings.make == ("labels", "masks")
    assert row.line == 3


def test_cells_win_over_the_defaults_and_empty_cells_do_not(folder: Path) -> None:
    text = (
        "image,reference,reference_image,name,tolerance_um,regions,frame,split_hemispheres,"
        "pixel_size_um,make\n"
        'a.tif,ref.brainreg3d.json,ref.tif,one,80,"VISp, MOp",mean,yes,15.5,"masks, maps"\n'
        "a.tif,ref.brainreg3d.json,ref.tif,two,,,3,,15.5 16,\n"
    )
    defaults = SessionSettings(tolerance_um=99.0, regions=("MOB",), make=("overview",))
    one, two = read_manifest(written(folder, text), defaults=defaults)
    assert one.settings == SessionSettings(
        tolerance_um=80.0, regions=("VISp", "MOp"), frame="mean", split_hemispheres=True,
        pixel_size_um=(15.5, 15.5), make=("masks", "maps"),
    )  # fmt: skip
    assert two.settings == SessionSettings(
        tolerance_um=99.0, regions=("MOB",), frame=3, pixel_size_um=(15.5, 16.0),
        make=("overview",),
    )  # fmt: skip


GOOD = "a.tif,a.brainreg3d.json"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "is empty", id="no content"),
        pytest.param("image,registration\n", "has no session", id="header only"),
        pytest.param("image,registration\n,\n", "has no session", id="empty rows"),
        pytest.param("image,registraton\n", "line 1: there is no column 'registraton'", id="typo"),
        pytest.param("registration\n", "line 1: the column 'image' is missing", id="no image"),
        pytest.param("image,image\n", "line 1: the column 'image' is there twice", id="twice"),
        pytest.param(f"image,registration\n{GOOD}\n,a.brainreg3d.json\n", "line 3", id="gap"),
        pytest.param("image,registration\nz.tif,a.brainreg3d.json\n", "z.tif", id="no such image"),
        pytest.param("image,registration\na.tif,z.json\n", "z.json", id="no such registration"),
        pytest.param(f"image,registration,movie\n{GOOD},z.dat\n", "z.dat", id="no such movie"),
        pytest.param(f"image,registration\n{GOOD},b\n", "3 cells instead of 2", id="long row"),
        pytest.param("image,registration\na.tif\n", "1 cells instead of 2", id="short row"),
        pytest.param('image,registration\n"a.tif,x\n', "line 2: not a CSV file", id="quote"),
        pytest.param("image,movie\na.tif,m.npy\n", "not neither", id="no registration given"),
        pytest.param(
            f"image,registration,reference,reference_image\n{GOOD},ref.brainreg3d.json,ref.tif\n",
            "not both",
            id="registration and reference",
        ),
        pytest.param(
            "image,reference\na.tif,ref.brainreg3d.json\n", "needs both", id="half a reference"
        ),
        pytest.param(
            f"image,registration,make\n{GOOD},labels lapels\n",
            "line 2: there is nothing called 'lapels' to make; choose from labels,",
            id="unknown thing to make",
        ),
        pytest.param(
            f"image,registration,k\n{GOOD},many\n", "line 2, k: input should be", id="not a number"
        ),
        pytest.param(
            f"image,registration,occlusion\n{GOOD},skull\n", "got 'skull'", id="unknown choice"
        ),
        pytest.param(
            f"image,registration,tolerance_um\n{GOOD},-1\n", "got '-1'", id="negative length"
        ),
        pytest.param(
            f"image,registration\n{GOOD}\ndeep/../a.tif,a.brainreg3d.json\n",
            "line 3: the results would be those of line 2",
            id="same results twice",
        ),
        pytest.param(
            f"image,registration,name,output\n{GOOD},x,out\nb.tif,a.brainreg3d.json,X,out\n",
            "line 3: the results would be those of line 2",
            id="same results but for capitals",
        ),
        pytest.param(
            f"image,registration,name\n{GOOD},../up\n", "'../up' cannot begin", id="name is a path"
        ),
        pytest.param(
            f"image,registration,output\n{GOOD},b.tif\n", "is a file", id="output is a file"
        ),
        pytest.param(
            f"image,registration,make\n{GOOD},labels registration\n",
            "is read by this manifest",
            id="over its own registration",
        ),
        pytest.param(
            "image,reference,reference_image,name\na.tif,ref.brainreg3d.json,ref.tif,ref\n",
            "is read by this manifest",
            id="over its reference",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder: Path, text: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(written(folder, text))
    assert words in str(caught.value)
    assert "manifest.csv" in str(caught.value)


def test_no_manifest_and_another_encoding_are_said(folder: Path) -> None:
    with pytest.raises(ManifestError, match=r"none\.csv"):
        read_manifest(folder / "none.csv")
    with pytest.raises(ManifestError, match="UTF-8"):
        read_manifest(written(folder, "image,registration\nMäuse.tif,a\n", "latin-1"))
