"""The commands and the code of two how-to pages do what the pages say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from typer.testing import CliRunner

import napari_brainreg3d as br
from napari_brainreg3d.cli.app import app
from napari_brainreg3d.demo import demo_registration

PAGES = Path(__file__).parents[2] / "docs" / "how_to"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the pages speak of, of the demo brain in a coarser image."""
    monkeypatch.chdir(tmp_path)
    truth = demo_registration()
    height, width = truth.grid.extent_um
    small = truth.replaced(
        image_shape=(112, 128), pixel_size_um=(height / 112, width / 128), image_name="brain.tif"
    )
    small.save("brain.brainreg3d.json")
    tifffile.imwrite("brain.tif", np.arange(112 * 128, dtype=np.uint16).reshape(112, 128))
    labels = np.zeros((112, 128), np.uint8)
    labels[60:63, 30:35], labels[40:49, 80:84] = 1, 2
    tifffile.imwrite("masks.tif", labels)
    Path("cells.csv").write_text("name,row,col\nc1,60.25,32.5\nc2,45.0,81.0\n")
    return tmp_path


def blocks(page: str, language: str) -> list[str]:
    text = PAGES.joinpath(page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("page", ["locate.md", "depth.md"])
def test_commands_and_code_run(page: str, folder: Path) -> None:
    commands = [line for block in blocks(page, "bash") for line in block.splitlines()]
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, (command, result.output, result.exception)
    for code in blocks(page, "python"):
        exec(code, {})
    assert len(commands) >= 2


def test_the_files_are_those_of_the_pages(folder: Path) -> None:
    """Every column and every file that a table names is there, and no file is not named."""
    text = PAGES.joinpath("locate.md").read_text(encoding="utf-8")
    command = "locate cells.csv -r brain.brainreg3d.json -o located.csv --error yaw_deg=1"
    assert CliRunner().invoke(app, command.split()).exit_code == 0
    listed = text.split("| column | |")[1].split("\n\n")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", listed, re.MULTILINE)
             for name in re.findall(r"`(\w+)`", row)}  # fmt: skip
    assert named | {"name", "row", "col"} == set(pd.read_csv("located.csv"))
    registration = br.Registration.load("brain.brainreg3d.json")
    registration.replaced(image_shape=(11, 12), pixel_size_um=900.0).save("small.brainreg3d.json")
    command = "depth-mixture small.brainreg3d.json --attenuation-um 143"
    assert CliRunner().invoke(app, command.split()).exit_code == 0
    page = PAGES.joinpath("depth.md").read_text(encoding="utf-8")
    files = {path.name.replace("small", "brain") for path in folder.glob("small_*")}
    assert set(re.findall(r"`(brain_light_\w+\.\w+)`", page)) == files
