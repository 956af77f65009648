"""``napari-brainreg3d traces``: on files as users have them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_allclose
from typer.testing import CliRunner, Result

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.cli.app import app
from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.label_tiff import write_labels
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.registration import Registration

MOVIE = np.random.default_rng(0).integers(100, 4000, (9, 48, 60)).astype(np.uint16)
REGIONS = ("VISp", "MOs", "SSp-bfd")


@pytest.fixture(scope="module")
def projection() -> Projection:
    """A movie over the schematic brain, off its middle."""
    registration = Registration(
        atlas="demo_mouse",
        image_shape=(48, 60),
        pixel_size_um=180.0,
        pose=Pose.dorsal(centre_um=(5600.0, 500.0, 5200.0), yaw_deg=5.0),
        regions=REGIONS,
        image_name="movie.tif",
        image_sha256=hash_pixels(MOVIE[0]),
    )
    return project(load_scene("demo_mouse", REGIONS), registration, split_hemispheres=True)


@pytest.fixture
def folder(projection: Projection, tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "movie.tif", MOVIE, photometric="minisblack")
    projection.registration.save(tmp_path / "r.brainreg3d.json")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["traces", *map(str, arguments)])


def failing(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, BrainregError), result.output
    return str(result.exception)


def expected_means(projection: Projection, movie: Any = MOVIE) -> dict[str, np.ndarray]:
    names = [f"{row.region.acronym}_{row.hemisphere}" for row in projection.grouping.rows]
    return {
        name: movie[:, projection.labels == label].mean(axis=1)
        for label, name in enumerate(names, start=1)
    }


def check(file: Path, projection: Projection, movie: Any = MOVIE) -> pd.DataFrame:
    table = pd.read_csv(file)
    for name, values in expected_means(projection, movie).items():
        assert_allclose(table[name], values, rtol=1e-9)
    return table


def test_a_movie_and_its_registration_give_a_table_beside_it(
    folder: Path, projection: Projection
) -> None:
    result = run(folder / "movie.tif", "-r", folder / "r.brainreg3d.json", "--fps", 30)
    assert result.exit_code == 0, result.output
    table = check(folder / "movie_traces.csv", projection)
    assert table["time_s"][3] == 0.1
    assert "movie_traces.csv" in result.output
    assert "VISp_left" in result.output
    described = json.loads((folder / "movie_traces.json").read_text(encoding="utf-8"))
    assert described["image"]["name"] == "movie.tif"
    assert described["traces"]["frames_per_second"] == 30.0


def test_a_label_image_gives_the_same(folder: Path, projection: Projection) -> None:
    write_labels(folder / "x_labels.tif", projection)
    out = folder / "out.csv"
    result = run(folder / "movie.tif", "--labels", folder / "x_labels.tif", "-o", out)
    assert result.exit_code == 0, result.output
    check(out, projection)
    described = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert described["labels"]["atlas"]["name"] == "demo_mouse"


def test_options_reach_the_traces(folder: Path, projection: Projection) -> None:
    weights = np.random.default_rng(1).random((48, 60))
    np.save(folder / "w.npy", weights)
    result = run(
        folder / "movie.tif", "-r", folder / "r.brainreg3d.json", "--statistic", "sum",
        "--weights", folder / "w.npy", "--dark", 100, "--saturation", 3900,
        "--max-incidence-deg", 50, "--regions", "VISp", "--sides-together",
        "--dff", "mean frames 0:4", "-o", folder / "t.parquet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    table = pd.read_parquet(folder / "t.parquet")
    assert list(table.columns) == ["frame", "VISp"]
    names = [row.region.acronym for row in projection.grouping.rows]
    chosen = np.isin(projection.labels, [i + 1 for i, name in enumerate(names) if name == "VISp"])
    chosen &= projection.incidence_deg <= 50
    sums = ((MOVIE[:, chosen].astype(float) - 100) * weights[chosen]).sum(axis=1)
    assert_allclose(table["VISp"], sums / sums[:4].mean() - 1, rtol=1e-9)


def test_svd_files_are_followed(folder: Path, projection: Projection) -> None:
    rng = np.random.default_rng(2)
    u, svt = rng.random((48, 60, 3)), rng.random((3, 14))
    np.save(folder / "U.npy", u)
    np.save(folder / "SVT.npy", svt)
    arguments = (folder / "U.npy", "--svt", folder / "SVT.npy", "-r", folder / "r.brainreg3d.json")
    result = run(*arguments, "-o", folder / "t.csv")
    assert result.exit_code == 0, result.output
    assert "cannot check" in result.stderr
    check(folder / "t.csv", projection, np.moveaxis(u @ svt, -1, 0))


class TestOtherImages:
    """A registration that was made for something else."""

    def saved(self, folder: Path, projection: Projection, **changes: Any) -> Path:
        file = folder / "other.brainreg3d.json"
        projection.registration.replaced(**changes).save(file, overwrite=True)
        return file

    def test_another_image_stops_and_force_goes_on_with_a_warning(
        self, folder: Path, projection: Projection
    ) -> None:
        file = self.saved(folder, projection, image_name="brain.tif", image_sha256="0" * 64)
        arguments = (folder / "movie.tif", "-r", file, "-o", folder / "t.csv")
        message = failing(*arguments)
        assert "brain.tif" in message
        assert "--force" in message
        assert not (folder / "t.csv").exists()
        result = run(*arguments, "--force")
        assert result.exit_code == 0
        assert "warning" in result.stderr
        check(folder / "t.csv", projection)

    @pytest.mark.parametrize("frame", ["mean", "max"])
    def test_the_mean_and_the_maximum_of_the_movie_itself_are_known(
        self, frame: Any, folder: Path, projection: Projection
    ) -> None:
        image = read_image(folder / "movie.tif", frame=frame)
        file = self.saved(folder, projection, image_sha256=image.sha256)
        result = run(folder / "movie.tif", "-r", file, "-o", folder / "t.csv")
        assert result.exit_code == 0, result.output
        assert "warning" not in result.stderr

    def test_another_size_stops_even_with_force(self, folder: Path, projection: Projection) -> None:
        file = self.saved(folder, projection, image_shape=(60, 48), image_sha256=None)
        assert "60 x 48" in failing(folder / "movie.tif", "-r", file, "--force")

    def test_labels_of_another_image_stop_too(self, folder: Path, projection: Projection) -> None:
        write_labels(folder / "x_labels.tif", projection)
        tifffile.imwrite(folder / "other.tif", MOVIE[1:], photometric="minisblack")
        message = failing(folder / "other.tif", "--labels", folder / "x_labels.tif")
        assert "x_labels.tif was made for another image (movie.tif)" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("movie.tif",), "give --registration FILE or --labels FILE"),
        (("movie.tif", "-r", "r.brainreg3d.json", "-o", "t.xls"), "ends in .csv"),
        (("movie.tif", "-r", "r.brainreg3d.json", "--dff", "often"), "cannot understand"),
        (("movie.tif", "-r", "r.brainreg3d.json", "--average", "a.npy"), "--svt as well"),
        (("none.tif", "-r", "r.brainreg3d.json"), "no such file"),
        (("movie.tif", "-r", "none.json"), "cannot read"),
    ],
)
def test_what_is_missing_is_said(
    arguments: tuple[str, ...], message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert message in failing(*arguments)
    assert sorted(folder.iterdir()) == before


def test_as_a_user_types_it_a_wrong_movie_is_one_line_and_exit_code_2(folder: Path) -> None:
    tifffile.imwrite(folder / "small.tif", MOVIE[:, :20], photometric="minisblack")
    command = [sys.executable, "-m", "napari_brainreg3d", "traces", "small.tif"]
    answer = subprocess.run(
        [*command, "-r", "r.brainreg3d.json"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
    )
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "20 x 60 pixels" in answer.stderr
