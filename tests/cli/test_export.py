"""``export`` and ``report`` as a user types them, in this process; judged by output and files."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_brainreg3d.cli.app import main
from napari_brainreg3d.demo import demo_landmarks, demo_registration
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.report import pictures
from napari_brainreg3d.registration import Registration

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command and gives its exit code."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["napari-brainreg3d", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


@pytest.fixture
def session(tmp_path: Path) -> tuple[Path, Path]:
    """A registration of the demo atlas, small, and its image beside it."""
    rows, columns = np.mgrid[:56, :64]
    image = tmp_path / "brain.tif"
    tifffile.imwrite(image, (rows * 64 + columns).astype(np.uint16))
    small = demo_registration().replaced(
        image_shape=(56, 64),
        pixel_size_um=(176.0, 176.0),
        regions=("MOs", "MOp", "VISp"),
        image_name="brain.tif",
        image_sha256=read_image(image).sha256,
    )
    placed = small.replaced(landmarks=demo_landmarks(small))
    return placed.save(tmp_path / "brain.brainreg3d.json"), image


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank in place of the overview of reports, which has tests of its own."""
    blank = np.full((60, 80, 3), 255, np.uint8)
    monkeypatch.setattr(pictures, "overview_picture", lambda *_, **__: blank)


FORMATS = {
    "nwb": "brain.nwb",
    "ome-zarr": "brain.ome.zarr",
    "svg": "brain_regions.svg",
    "geojson": "brain_regions.geojson",
    "locanmf": "brain_locanmf.npy",
    "wfield": "brain_dorsal_cortex_landmarks.json",
}


@pytest.mark.parametrize("to", FORMATS)
def test_each_format_is_written_beside_the_registration(
    run: Run, session, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if to == "nwb":
        pytest.importorskip("ndx_anatomical_localization")
    registration, image = session
    assert run("export", registration, "--image", image, "--to", to) == 0
    assert registration.with_name(FORMATS[to]).exists()
    said = capsys.readouterr()
    assert FORMATS[to] in said.out
    assert said.err == ""


def test_options_reach_the_files(run: Run, session, tmp_path: Path) -> None:
    registration, _ = session
    svg = tmp_path / "a.svg"
    assert run("export", registration, "--to", "svg", "-o", svg, "--magnification", 2) == 0
    assert "Drawn 2 : 1." in svg.read_text("utf-8")
    geojson = tmp_path / "a.geojson"
    assert run("export", registration, "--to", "geojson", "-o", geojson, "--regions", "VISp") == 0
    names = {f["properties"]["name"] for f in json.loads(geojson.read_text())["features"]}
    assert names == {"VISp left", "VISp right"}


def test_nwb_takes_the_session_from_options(run: Run, session) -> None:
    pynwb = pytest.importorskip("pynwb")
    pytest.importorskip("ndx_anatomical_localization")
    registration, image = session
    options = ("--subject-id", "mouse-7", "--sex", "F", "--age", "P90D", "--experimenter", "Doe, J")
    start = ("--session-start", "2026-03-05T14:30+01:00")
    assert run("export", registration, "--image", image, "--to", "nwb", *options, *start) == 0
    with pynwb.NWBHDF5IO(registration.with_name("brain.nwb"), "r") as stream:
        file = stream.read()
        assert file.subject.subject_id == "mouse-7"
        assert file.session_start_time.isoformat() == "2026-03-05T14:30:00+01:00"
        assert tuple(file.experimenter) == ("Doe, J",)


def test_labels_join_an_ome_zarr_that_is_there(run: Run, session, tmp_path: Path) -> None:
    registration, image = session
    store = tmp_path / "brain.ome.zarr"
    assert run("export", registration, "--image", image, "--to", "ome-zarr") == 0
    pixels = (store / "0" / "c" / "0" / "0").read_bytes()
    arguments = ("export", registration, "--to", "ome-zarr", "--label-name", "sides", "-o", store)
    assert run(*arguments, "--split-hemispheres") == 0
    assert (store / "labels" / "sides" / "zarr.json").is_file()
    assert (store / "0" / "c" / "0" / "0").read_bytes() == pixels


def test_another_image_needs_force_and_is_warned_of(
    run: Run, session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registration, image = session
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, read_image(image).pixels[::-1])
    arguments = ("export", registration, "--image", other, "--to", "svg")
    before = sorted(tmp_path.iterdir())
    assert run(*arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before
    assert run(*arguments, "--force") == 0
    assert "warning: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "alf"), "demo_mouse"),
        (("--to", "nwb"), "--image"),
        (("--to", "ome-zarr"), "--image"),
        (("--to", "nwb", "--session-start", "yesterday", "--image", "brain.tif"), "'yesterday'"),
        (("--to", "nwb", "--age", "old", "--image", "brain.tif"), "P12W"),
        (("--to", "svg", "-o", "no/where.svg"), "no does not exist"),
        (("--to", "svg", "-o", "a.png"), "ends in .svg"),
        (("--to", "svg", "--magnification", "-1"), "must be positive, got -1.0"),
        (("--to", "geojson", "-o", "a.csv"), "ends in .geojson or .json"),
        (("--to", "svg", "--image", "absent.tif"), "absent.tif"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    run: Run,
    session,
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "nwb" in arguments:
        pytest.importorskip("ndx_anatomical_localization")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert run("export", session[0].name, *arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert words in said
    assert sorted(tmp_path.iterdir()) == before


def test_an_existing_file_is_refused_before_the_atlas_is_loaded(
    run: Run, session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registration, _ = session
    registration.with_name("brain_regions.svg").write_text("mine")
    monkeypatch.setattr(
        "napari_brainreg3d.atlas.loading.load_scene", lambda *_, **__: pytest.fail("loaded")
    )
    assert run("export", registration, "--to", "svg") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert registration.with_name("brain_regions.svg").read_text() == "mine"


def test_a_missing_library_is_one_line_with_the_cure(
    run: Run, session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pynwb", None)
    registration, image = session
    assert run("export", registration, "--image", image, "--to", "nwb") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert 'pip install "napari-brainreg3d[nwb]"' in said


def test_a_report_finds_the_image_beside_the_registration(
    run: Run, session, quick, capsys: pytest.CaptureFixture[str]
) -> None:
    registration, _ = session
    arguments = ("report", registration, "--confidence", "--poses", 3)
    assert run(*arguments) == 0
    text = registration.with_name("brain_report.html").read_text("utf-8")
    assert "No image was given" not in text
    assert "(one standard deviation)" in text
    assert "4 landmarks were placed" in text
    said = capsys.readouterr().out
    assert "not for science" in said
    assert "brain_report.html" in said
    assert run(*arguments) == 2


def test_an_image_that_only_has_the_name_is_not_taken(run: Run, session, quick) -> None:
    registration, image = session
    tifffile.imwrite(image, read_image(image).pixels[::-1])
    second = Registration.load(registration).replaced(side_confirmed=False)
    second.save(registration.with_name("second.brainreg3d.json"))
    target = registration.with_name("both.html")
    both = (registration, registration.with_name("second.brainreg3d.json"))
    assert run("report", *both, "-o", target) == 0
    text = target.read_text("utf-8")
    assert text.count("No image was given") == 2
    assert "2 sessions: registration report" in text
    assert text.count("Nobody has confirmed") == 1


def test_confidence_needs_landmarks(run: Run, session, capsys: pytest.CaptureFixture[str]) -> None:
    registration, _ = session
    placed = Registration.load(registration)
    few = dataclasses.replace(placed, landmarks=placed.landmarks[:2])
    few.save(registration, overwrite=True)
    assert run("report", registration, "--confidence") == 2
    assert "2 landmarks" in capsys.readouterr().err
    assert run("report", registration, "--image", "a.tif", "--image", "b.tif") == 2
    assert "2 for 1" in capsys.readouterr().err


DOCS = Path(__file__).parents[2] / "docs" / "how_to"


@pytest.mark.parametrize("page", ["exchange", "report"])
def test_every_command_and_program_of_the_how_to_runs(
    run: Run, session, quick, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ndx_anatomical_localization")
    monkeypatch.chdir(tmp_path)
    Registration.load(session[0]).save("second.brainreg3d.json")
    blocks = re.findall(r"```(bash|python)\n(.*?)```", (DOCS / f"{page}.md").read_text(), re.DOTALL)
    assert len(blocks) > 3
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, page, "exec"), {})
            continue
        for line in text.replace("\\\n", " ").strip().splitlines():
            name, *arguments = shlex.split(line)
            assert name == "napari-brainreg3d"
            assert run(*arguments) == 0, line
