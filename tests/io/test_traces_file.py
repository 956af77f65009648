"""Traces in files: read back by pandas and pyarrow alone, and by ourselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from numpy.testing import assert_allclose

from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.io.movies import open_movie
from napari_brainreg3d.io.traces import read_traces, write_traces
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.schema import CONVENTIONS
from napari_brainreg3d.results.traces import Traces, region_traces
from tests.fixtures.scenes import letter_scene

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def traces() -> Traces:
    registration = Registration(
        atlas="test_letter",
        image_shape=(40, 50),
        pixel_size_um=120.0,
        pose=Pose.dorsal(centre_um=(4000.0, 900.0, 6600.0)),
        image_name="window.tif",
    )
    movie = RNG.normal(1000, 30, (12, 40, 50))
    with open_movie(movie) as opened:
        projection = project(letter_scene(), registration)
        return region_traces(opened, projection, dff="percentile 10", fps=29.97)


def test_csv_is_what_pandas_reads(traces: Traces, tmp_path: Path) -> None:
    files = write_traces(tmp_path / "run_traces.csv", traces)
    assert [file.name for file in files] == ["run_traces.csv", "run_traces.json"]
    table = pd.read_csv(files[0])
    assert list(table.columns) == ["frame", "time_s", *traces.table.columns]
    assert table["frame"].tolist() == list(range(12))
    # Every digit is written; older versions of pandas read the last one wrongly.
    assert table["time_s"][11] == pytest.approx(11 / 29.97, rel=1e-15)
    assert_allclose(table.drop(columns=["frame", "time_s"]), traces.table, rtol=1e-14)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_written_is_read_again(suffix: str, traces: Traces, tmp_path: Path) -> None:
    write_traces(tmp_path / f"t{suffix}", traces)
    found = read_traces(tmp_path / f"t{suffix}")
    rtol = 0 if suffix == ".parquet" else 1e-14
    pd.testing.assert_frame_equal(found.table, traces.table, rtol=rtol, atol=0)
    assert found.time_s is not None
    assert traces.time_s is not None
    assert_allclose(found.time_s, traces.time_s, rtol=rtol)
    pd.testing.assert_frame_equal(found.regions, traces.regions, check_dtype=False)


def test_the_description_says_how_and_which_side_is_which(traces: Traces, tmp_path: Path) -> None:
    write_traces(tmp_path / "t.csv", traces)
    write_traces(tmp_path / "t.parquet", traces)
    described = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    schema = pyarrow.parquet.read_schema(tmp_path / "t.parquet")
    assert json.loads(schema.metadata[b"napari-brainreg3d"]) == described
    assert described["conventions"] == CONVENTIONS
    assert "animal's own" in described["sides"]
    assert described["side_confirmed"] is False
    assert described["atlas"]["name"] == "test_letter"
    assert described["traces"]["dff_baseline"] == "percentile 10"
    assert described["traces"]["movie"]["shape"] == [12, 40, 50]
    names = [region["column"] for region in described["regions"]]
    assert names == list(traces.table.columns)
    assert {region["hemisphere"] for region in described["regions"]} == {"left", "right"}


def test_traces_of_a_label_image_say_what_its_file_says(tmp_path: Path) -> None:
    with open_movie(np.ones((3, 2, 2))) as movie:
        traces = region_traces(movie, np.array([[1, 1], [0, 9]]))
    write_traces(tmp_path / "t.csv", traces, labels_info={"atlas": {"name": "somewhere"}})
    found = read_traces(tmp_path / "t.csv")
    assert found.metadata["labels"]["atlas"]["name"] == "somewhere"
    assert found.metadata["conventions"] == CONVENTIONS
    assert found.time_s is None
    assert found.table.to_dict("list") == {"label_1": [1.0] * 3, "label_9": [1.0] * 3}


def test_existing_files_stay_without_overwrite(traces: Traces, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("mine")
    with pytest.raises(OutputError, match=r"t\.json exists already"):
        write_traces(tmp_path / "t.csv", traces)
    assert [file.name for file in tmp_path.iterdir()] == ["t.json"]
    write_traces(tmp_path / "t.csv", traces, overwrite=True)
    assert len(read_traces(tmp_path / "t.csv").regions) == len(traces.regions)


@pytest.mark.parametrize("name", ["t.txt", "t", "t.xlsx"])
def test_other_suffixes_are_refused(name: str, traces: Traces, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.csv or \.parquet"):
        write_traces(tmp_path / name, traces)


def test_parquet_without_its_package_says_what_to_install(
    traces: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match=r"pip install .*napari-brainreg3d\[parquet\]"):
        write_traces(tmp_path / "t.parquet", traces)
    assert not list(tmp_path.iterdir())


def test_what_are_no_traces_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("region,area\nMOp,3\n")
    with pytest.raises(ImageError, match="no column 'frame'"):
        read_traces(tmp_path / "a.csv")
    with pytest.raises(ImageError, match="absent"):
        read_traces(tmp_path / "b.csv")
    (tmp_path / "c.parquet").write_bytes(b"nothing")
    with pytest.raises(ImageError, match="not a table"):
        read_traces(tmp_path / "c.parquet")
