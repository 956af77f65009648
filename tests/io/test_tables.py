from __future__ import annotations

import csv
from pathlib import Path

import pytest

from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.io.tables import read_table, write_table
from napari_brainreg3d.results.areas import region_table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "window_regions.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows as the standard library reads them."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_one_row_per_label_in_order(path: Path, projection) -> None:
    assert write_table(path, projection) == path
    rows = rows_of(path)
    assert [row["label"] for row in rows] == ["1", "2", "3"]
    assert [row["id"] for row in rows] == ["614454277", "312782546", "182305689"]
    assert [row["acronym"] for row in rows] == ["MOp", "NA", "007"]
    assert [row["pixels"] for row in rows] == ["7", "0", "4"]
    assert rows[0]["name"] == "Motor area, left of the comma"
    assert rows[1]["name"] == "Région hors de vue"
    assert rows[0]["color"] == "#1f9d5a"
    assert rows[0]["parents"] == "root"


def test_areas_are_those_of_the_pixels(path: Path, projection) -> None:
    write_table(path, projection)
    areas = [float(row["projected_mm2"]) for row in rows_of(path)]
    assert areas == pytest.approx([7 * 15.9 * 15.6 / 1e6, 0.0, 4 * 15.9 * 15.6 / 1e6])


def test_every_row_says_atlas_and_sides(path: Path, projection_with) -> None:
    write_table(path, projection_with(is_schematic=True))
    for row in rows_of(path):
        assert row["atlas"] == "test_mouse 1.2 (schematic, not for science)"
        assert row["conventions"].startswith("left, right: the animal's own.")
        assert "right to left" in row["conventions"]


def test_acronyms_that_look_like_something_else_survive(path: Path, projection) -> None:
    write_table(path, projection)
    assert read_table(path)["acronym"].tolist() == ["MOp", "NA", "007"]


def test_the_table_comes_back_as_it_was(path: Path, projection) -> None:
    write_table(path, projection)
    expected = region_table(projection)
    read = read_table(path)
    for column in expected:
        assert read[column].tolist() == expected[column].tolist()


def test_an_existing_file_is_kept(path: Path, projection) -> None:
    path.write_text("precious")
    with pytest.raises(OutputError):
        write_table(path, projection)
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a,b\n1,2\n", id="another table"),
        pytest.param(b"\xff\xfe\x00\x01", id="no text"),
        pytest.param(None, id="absent"),
    ],
)
def test_what_is_no_region_table_is_refused(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=r"cannot read .*window_regions\.csv"):
        read_table(path)
