"""``locate`` and ``depth-mixture`` as a user types them, on the demo atlas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from typer.testing import CliRunner, Result

import napari_brainreg3d as br
from napari_brainreg3d.cli.app import app
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.errors import BrainregError, RegistrationError
from napari_brainreg3d.results.locate import PointsError

PLACES = ["atlas_ap_um", "atlas_dv_um", "atlas_ml_um"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments: object) -> BrainregError:
    """The error that ends a command."""
    result = run(*arguments)
    assert isinstance(result.exception, BrainregError), result.output
    return result.exception


def coarse(registration: br.Registration) -> br.Registration:
    """The same field of view in 30 x 40 pixels."""
    height, width = registration.grid.extent_um
    return registration.replaced(image_shape=(30, 40), pixel_size_um=(height / 30, width / 40))


@pytest.fixture(scope="module")
def registration() -> br.Registration:
    return demo_registration()


@pytest.fixture
def saved(tmp_path: Path, registration: br.Registration) -> Path:
    return registration.save(tmp_path / "demo.brainreg3d.json")


@pytest.fixture(scope="module")
def projection(registration: br.Registration) -> br.Projection:
    scene = br.load_scene(registration.atlas, list(registration.regions) or None)
    return br.project(scene, registration)


def test_points_are_located_and_found_again(
    tmp_path: Path, saved: Path, projection: br.Projection
) -> None:
    height, width = projection.labels.shape
    points = tmp_path / "cells.csv"
    pixels = [(height // 2, width // 4), (height // 3, width // 2), (height // 2, width // 4)]
    points.write_text(
        "name,row,col\n" + "\n".join(f"c{i},{r},{c}" for i, (r, c) in enumerate(pixels))
    )
    result = run("locate", points, "-r", saved)
    assert result.exit_code == 0, result.output
    located = tmp_path / "cells_located.csv"
    assert "cells_located.csv" in result.output
    table = pd.read_csv(located, keep_default_na=False)
    assert table["name"].tolist() == ["c0", "c1", "c2"]
    assert table["label"].tolist() == [int(projection.labels[pixel]) for pixel in pixels]
    assert table["region"][0] != ""
    for kind in ("atlas", "stereotaxic"):
        back = tmp_path / f"{kind}.csv"
        result = run("locate", located, "-r", saved, "--from", kind, "-o", back)
        assert result.exit_code == 0, result.output
        found = pd.read_csv(back)
        np.testing.assert_allclose(found[["row", "col"]], pixels, rtol=0, atol=1e-4)
        assert found["visible"].all()


def test_regions_of_interest_with_confidence(tmp_path: Path, projection: br.Projection) -> None:
    small = coarse(projection.registration)
    saved = small.save(tmp_path / "small.brainreg3d.json")
    labels = np.zeros((30, 40), np.uint16)
    labels[12:17, 8:19] = 9
    tifffile.imwrite(tmp_path / "masks.tif", labels)
    result = run(
        "locate", tmp_path / "masks.tif", "-r", saved, "-o", tmp_path / "rois.csv",
        "--bregma", "pinpoint_2024", "--tilt-deg", 5, "--error", "down_um=400,right_um=400",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (row,) = pd.read_csv(tmp_path / "rois.csv").to_dict("records")
    under = np.bincount(br.project(projection.scene, small).labels[labels == 9])
    assert row["majority_label"] == under.argmax()
    assert row["majority_share"] == pytest.approx(under.max() / under.sum())
    assert 0 < row["confidence"] <= 1
    assert row["bregma"].startswith("pinpoint_2024: AP 5200")
    assert "tilt 5 deg" in row["bregma"]
    wrong = refused(
        "locate", tmp_path / "masks.tif", "-r", saved, "-o", tmp_path / "b.csv", "--error", "1"
    )
    assert "--error takes name=number" in str(wrong)


def test_what_belongs_to_another_image_is_refused_unless_forced(
    tmp_path: Path, saved: Path, registration: br.Registration
) -> None:
    points = tmp_path / "cells.csv"
    points.write_text("row,col\n9000,9000\n")
    error = refused("locate", points, "-r", saved)
    assert "all 1 points lie outside the image" in str(error)
    assert not (tmp_path / "cells_located.csv").exists()
    assert run("locate", points, "-r", saved, "--force").exit_code == 0
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, np.arange(np.prod(registration.image_shape), dtype=np.uint32).reshape(
        registration.image_shape
    ))  # fmt: skip
    named = registration.replaced(image_sha256="0" * 64, image_name="mine.tif")
    theirs = named.save(tmp_path / "named.brainreg3d.json")
    given = ("locate", points, "-r", theirs, "--image", other, "-o", tmp_path / "x.csv")
    assert isinstance(refused(*given), RegistrationError)
    assert run(*given, "--force").exit_code == 0
    tifffile.imwrite(tmp_path / "masks.tif", np.ones((5, 6), np.uint8))
    assert "5 x 6 pixels" in str(refused("locate", tmp_path / "masks.tif", "-r", saved))


def test_the_registered_image_is_not_taken_for_a_label_image(
    tmp_path: Path, registration: br.Registration
) -> None:
    picture = np.arange(np.prod(registration.image_shape), dtype=np.uint16) % 200
    tifffile.imwrite(tmp_path / "brain.tif", picture.reshape(registration.image_shape))
    image = br.read_image(tmp_path / "brain.tif")
    saved = registration.replaced(image_name=image.name, image_sha256=image.sha256).save(
        tmp_path / "brain.brainreg3d.json"
    )
    error = refused("locate", tmp_path / "brain.tif", "-r", saved)
    assert "is the registered image itself" in str(error)
    assert not (tmp_path / "brain_located.csv").exists()


def test_bad_files_are_one_line_and_code_2(tmp_path: Path, saved: Path) -> None:
    points = tmp_path / "cells.csv"
    points.write_text("y,x\n1,2\n")
    command = [sys.executable, "-m", "napari_brainreg3d", "locate", str(points), "-r", str(saved)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "are y and x pixels or um?" in answer.stderr
    assert run("locate", points, "-r", saved, "--unit", "px").exit_code == 0
    again = refused("locate", points, "-r", saved, "--unit", "px")
    assert "cells_located.csv exists already" in str(again)
    assert run("locate", points, "-r", saved, "--unit", "px", "--overwrite").exit_code == 0
    points.write_text("row,col\n")
    assert isinstance(refused("locate", points, "-r", saved, "--overwrite"), PointsError)


def test_the_light_of_each_pixel(tmp_path: Path, saved: Path, projection: br.Projection) -> None:
    place = coarse(projection.registration).save(tmp_path / "small.brainreg3d.json")
    result = run(
        "depth-mixture", place, "--attenuation-um", 200, "--top", 2, "-o", tmp_path / "out",
        "--brightness", "root=1.5",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "out" / "small_light_regions.csv", keep_default_na=False)
    seen = table[table["pixels"] > 0]
    assert len(seen) > 3
    for acronym in seen["acronym"]:
        assert acronym in result.output
    dominant = tifffile.imread(tmp_path / "out" / "small_light_dominant.tif")
    assert np.bincount(dominant.ravel(), minlength=len(table) + 1)[1:].tolist() == (
        table["pixels"].tolist()
    )
    again = refused("depth-mixture", place, "--attenuation-um", 200, "-o", tmp_path / "out")
    assert "exists already" in str(again)
    wrong = ("depth-mixture", place, "--attenuation-um", 200, "--brightness", "root")
    assert "--brightness takes ACRONYM=NUMBER, got 'root'" in str(refused(*wrong))
    assert "positive" in str(refused("depth-mixture", place, "--attenuation-um", 0))
