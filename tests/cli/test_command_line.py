"""The command line as a user types it: in a process of its own, judged by exit code and output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_brainreg3d as br

#: Over the right hemisphere of the demo atlas, in sight of the cortex.
PLACE = ("--atlas", "demo_mouse", "--ap", "-1.5", "--ml", "2.0")
NOWHERE = ("--atlas", "nowhere_1um", "--centre-um", 1, 2, 3)


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "napari_brainreg3d", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small image that is not symmetric in any way."""
    path = tmp_path / "window.tif"
    rows, columns = np.mgrid[:60, :80]
    tifffile.imwrite(path, (rows * 80 + columns).astype(np.uint16))
    return path


def test_version_is_the_installed_one() -> None:
    answer = run("--version")
    assert answer.returncode == 0
    assert answer.stdout.startswith("napari-brainreg3d ")


def test_project_writes_all_files_beside_the_image(picture: Path) -> None:
    answer = run("project", picture, *PLACE, "--image-size-mm", 4.0, 3.0)
    assert answer.returncode == 0, answer.stderr
    written = {path.name for path in picture.parent.iterdir()} - {picture.name}
    assert written == {
        "window.brainreg3d.json",
        "window_atlas_um.tif",
        "window_depth_um.tif",
        "window_incidence_deg.tif",
        "window_labels.tif",
        "window_masks.tif",
        "window_overview.png",
        "window_regions.csv",
        "window_surface_depth_um.tif",
    }
    labels = tifffile.imread(picture.with_name("window_labels.tif"))
    assert labels.shape == (60, 80)
    assert labels.any()
    for name in written:
        assert name in answer.stdout


def test_what_was_saved_projects_to_the_same_labels_again(picture: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    options = ("--yaw", 12, "--pitch", 5, "--roll", -4, "--working-distance-mm", 60)
    answer = run("project", picture, *PLACE, *options, "--pixel-size-um", "50,48", "-o", first)
    assert answer.returncode == 0, answer.stderr
    saved = first / "window.brainreg3d.json"
    answer = run("project", picture, "--registration", saved, "-o", second)
    assert answer.returncode == 0, answer.stderr
    for name in ("window_labels.tif", "window_depth_um.tif"):
        np.testing.assert_array_equal(tifffile.imread(first / name), tifffile.imread(second / name))
    registration = br.Registration.load(saved)
    assert registration.pixel_size_um == (50.0, 48.0)
    assert registration.pose.angles_deg == pytest.approx((12, 5, -4))
    assert registration.camera == br.PinholeCamera(working_distance_mm=60)


def test_stereotaxic_position_is_mm_from_the_preset(picture: Path, tmp_path: Path) -> None:
    """1.5 mm behind and 2 mm to the right of IBL's bregma, 0.3 mm under it, by hand."""
    answer = run(
        "project", picture, *PLACE, "--dv", "-0.3", "--bregma", "ibl", "--pixel-size-um", 50,
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    pose = br.Registration.load(tmp_path / "out" / "window.brainreg3d.json").pose
    np.testing.assert_allclose(pose.centre_um, [5400 + 1500, 332 + 300, 5739 - 2000])


def test_existing_files_stay_without_overwrite(picture: Path) -> None:
    place = (*PLACE, "--pixel-size-um", 50)
    assert run("project", picture, *place).returncode == 0
    before = {path: path.read_bytes() for path in picture.parent.iterdir()}
    answer = run("project", picture, *place, "--yaw", 30)
    assert answer.returncode == 2
    assert "--overwrite" in answer.stderr
    assert {path: path.read_bytes() for path in picture.parent.iterdir()} == before
    answer = run("project", picture, *place, "--yaw", 30, "--overwrite")
    assert answer.returncode == 0, answer.stderr
    assert (
        picture.with_name("window_labels.tif").read_bytes()
        != before[picture.with_name("window_labels.tif")]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["project", "none.tif", *PLACE], "none.tif", id="no such image"),
        pytest.param(["project", "window.tif", *PLACE], "pixel size", id="unknown pixel size"),
        pytest.param(["project", "window.tif", "--pixel-size-um", 50], "--ap", id="no position"),
        pytest.param(
            ["project", "window.tif", *PLACE, "--pixel-size-um", "fifty"],
            "'fifty'",
            id="pixel size is not a number",
        ),
        pytest.param(
            ["project", "window.tif", *PLACE, "--pixel-size-um", 50, "--regions", "VISPP"],
            "VISp",
            id="unknown region, with a hint",
        ),
        pytest.param(
            [
                *["project", "window.tif", "--atlas", "nowhere_1um", "--pixel-size-um", "50"],
                *NOWHERE,
            ],
            "demo_mouse",
            id="unknown atlas, with those on disk",
        ),
        pytest.param(
            ["project", "window.tif", *PLACE, "--pixel-size-um", 50, "--k1", 0.1],
            "--camera pinhole",
            id="lens without pinhole",
        ),
        pytest.param(
            ["project", "window.tif", *PLACE, "--pixel-size-um", 50, "--bregma", "home"],
            "'home'",
            id="unknown bregma",
        ),
        pytest.param(
            ["project", "window.tif", *PLACE, "--pixel-size-um", 50, "--output", "window.tif"],
            "window.tif is a file; give the name of a folder",
            id="a file as the folder",
        ),
        pytest.param(["demo", "-o", "broken.json"], "is a file", id="demo, a file as the folder"),
        pytest.param(
            ["project", "window.tif", "-r", "none.json"],
            "cannot read none.json: No such file or directory",
            id="no such registration",
        ),
        pytest.param(["info", "none.brainreg3d.json"], "none.brainreg3d.json", id="info, absent"),
        pytest.param(["info", "broken.json"], "broken.json", id="info, not a registration"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    picture: Path, arguments: list[object], words: str
) -> None:
    picture.with_name("broken.json").write_text('{"format": "something else"}')
    before = sorted(picture.parent.iterdir())
    answer = run(*arguments, cwd=picture.parent)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
    assert answer.stderr.count("\n") == 1
    assert words in answer.stderr
    assert sorted(picture.parent.iterdir()) == before


def test_a_registration_of_another_image_needs_force(picture: Path, tmp_path: Path) -> None:
    assert run("project", picture, *PLACE, "--pixel-size-um", 50).returncode == 0
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, tifffile.imread(picture)[::-1])
    saved = picture.with_name("window.brainreg3d.json")
    answer = run("project", other, "-r", saved)
    assert answer.returncode == 2
    assert "--force" in answer.stderr
    assert run("project", other, "-r", saved, "--force").returncode == 0


def test_looking_past_the_brain_warns_and_writes_zeros(picture: Path) -> None:
    answer = run(
        "project", picture, "--atlas", "demo_mouse", "--ap", 40, "--ml", 0, "--pixel-size-um", 10
    )
    assert answer.returncode == 0
    assert "sees none" in answer.stderr
    assert not tifffile.imread(picture.with_name("window_labels.tif")).any()


def test_existing_files_are_refused_before_the_atlas_is_loaded(picture: Path) -> None:
    picture.with_name("window_masks.tif").write_text("mine")
    nowhere = ("--atlas", "nowhere_1um", "--pixel-size-um", 50, *NOWHERE)
    answer = run("project", picture, *nowhere)
    assert answer.returncode == 2
    assert "window_masks.tif exists already" in answer.stderr


def test_info_tells_position_and_camera(tmp_path: Path) -> None:
    registration = br.Registration(
        atlas="demo_mouse",
        image_shape=(10, 20),
        pixel_size_um=30.0,
        pose=br.Pose.dorsal(centre_um=(4400.0, 332.0, 5739.0), yaw_deg=7.5),
        camera=br.PinholeCamera(working_distance_mm=55.0),
    )
    path = registration.save(tmp_path / "a.brainreg3d.json")
    answer = run("info", path)
    assert answer.returncode == 0
    assert "AP +1.000" in answer.stdout  # 1 mm in front of IBL's bregma at AP 5400 um
    assert "yaw 7.500" in answer.stdout
    assert "pinhole, working distance 55 mm\n" in answer.stdout


def test_atlases_lists_the_demo_atlas_and_the_folder(tmp_path: Path) -> None:
    answer = run("atlases", "--brainglobe-dir", tmp_path)
    assert answer.returncode == 0
    assert "demo_mouse" in answer.stdout
    assert str(tmp_path) in answer.stdout.replace("\n", "")


def test_no_command_loads_a_graphical_interface(picture: Path, tmp_path: Path) -> None:
    script = f"""
import sys
from napari_brainreg3d.cli.app import app
app(["project", {str(picture)!r}, *{PLACE!r}, "--pixel-size-um", "50",
     "--output", {str(tmp_path / "out")!r}, "--refine", "gaps"], standalone_mode=False)
windows = {{"napari", "qtpy", "magicgui", "superqt", "matplotlib", "vispy", "PyQt6"}}
loaded = windows & set(sys.modules)
assert not loaded, loaded
print("none of them")
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.endswith("none of them\n"), answer.stderr


def test_importing_the_package_loads_no_interface_and_no_atlas() -> None:
    script = """
import sys
import napari_brainreg3d
wrong = {"napari", "qtpy", "magicgui", "matplotlib", "brainglobe_atlasapi"} & set(sys.modules)
assert not wrong, wrong
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
