"""``standard-view``, ``average`` and ``drape`` as typed, on the demo brain."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
import trimesh
from typer.testing import CliRunner, Result

import napari_brainreg3d as br
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.cli.app import app
from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.io.standard_view import read_standard_view
from napari_brainreg3d.results.standard_view import to_standard_view


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    answer = run(*arguments)
    assert answer.exit_code == 0, answer.exception
    return answer.output


def refused(*arguments: object) -> str:
    """What the one line on standard error says; see ``cli.app.main``."""
    answer = run(*arguments)
    assert isinstance(answer.exception, BrainregError), answer.output
    return str(answer.exception)


def forced(*arguments: object) -> str:
    """What is warned of when ``--force`` makes a command go on, whichever way it is said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lines = done(*arguments, "--force").splitlines()
    issued = [str(one.message) for one in caught]  # ``main`` prints these
    said = [*issued, *(line for line in lines if line.startswith("warning: "))]
    assert said
    return " ".join(said)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A folder with a picture of 224 x 256 pixels, a movie of it and a registration."""
    picture = demo_image()[::2, ::2].copy()
    truth = demo_registration()
    tifffile.imwrite(tmp_path / "brain.tif", picture)
    tifffile.imwrite(
        tmp_path / "movie.tif",
        np.stack([picture // (n + 1) for n in range(5)]),
        photometric="minisblack",
    )
    truth.replaced(
        image_shape=picture.shape,
        pixel_size_um=(44.0, 44.0),
        image_name="brain.tif",
        image_sha256=hash_pixels(picture),
    ).save(tmp_path / "brain.brainreg3d.json")
    return tmp_path


def test_a_picture_becomes_a_standard_view(session: Path) -> None:
    said = done(
        "standard-view", session / "brain.tif", "-r", session / "brain.brainreg3d.json",
        "--resolution-um", 40, "--view", "dorsal", "-o", session / "out.tif",
    )  # fmt: skip
    assert "323 x 261 pixels" in said
    assert "out_seen.tif" in said
    made = read_standard_view(session / "out.tif")
    registration = made.source
    expected = to_standard_view(
        load_scene("demo_mouse", ["root"]),
        registration,
        tifffile.imread(session / "brain.tif"),
        resolution_um=40.0,
    )
    np.testing.assert_array_equal(made.pixels, expected.pixels)
    np.testing.assert_array_equal(made.seen, expected.seen)
    assert made.registration.image_shape == (323, 261)
    assert made.registration.pixel_size_um == (40.0, 40.0)


def test_a_movie_becomes_a_movie_and_one_frame_of_it_a_picture(session: Path) -> None:
    place = ("-r", session / "brain.brainreg3d.json", "--resolution-um", 80, "--view", "left")
    done("standard-view", session / "movie.tif", *place, "-o", session / "all.tif")
    movie = read_standard_view(session / "all.tif")
    assert len(movie.pixels) == 5
    said = forced(
        "standard-view", session / "movie.tif", *place, "--frame", 3, "-o", session / "one.tif"
    )
    assert "movie.tif" in said
    one = read_standard_view(session / "one.tif")
    np.testing.assert_array_equal(one.pixels, movie.pixels[3])


def test_a_registration_of_the_first_frame_holds_for_the_mean_of_the_movie(session: Path) -> None:
    first = br.read_image(session / "movie.tif")
    registration = br.Registration.load(session / "brain.brainreg3d.json")
    registration.replaced(image_name="movie.tif", image_sha256=first.sha256).save(
        session / "movie.brainreg3d.json"
    )
    place = ("-r", session / "movie.brainreg3d.json", "--resolution-um", 90)
    done("standard-view", session / "movie.tif", *place, "--frame", "mean", "-o",
         session / "mean.tif")  # fmt: skip
    session.joinpath("movie.tif").rename(session / "renamed.tif")
    assert "--force" in refused(
        "standard-view", session / "renamed.tif", *place, "--frame", "mean", "-o",
        session / "other.tif",
    )  # fmt: skip


def test_another_image_needs_force_and_is_warned_of(session: Path) -> None:
    tifffile.imwrite(session / "other.tif", np.full((224, 256), 9, np.uint16))
    tifffile.imwrite(
        session / "others.tif", np.full((4, 224, 256), 9, np.uint16), photometric="minisblack"
    )
    for name in ("other.tif", "others.tif"):
        call = (
            "standard-view", session / name, "-r", session / "brain.brainreg3d.json",
            "--resolution-um", 200, "-o", session / f"out_{name}",
        )  # fmt: skip
        assert "use --force" in refused(*call)
        assert not session.joinpath(f"out_{name}").exists()
        assert name in forced(*call)
        assert session.joinpath(f"out_{name}").exists()
    tifffile.imwrite(session / "small.tif", np.zeros((20, 30), np.uint16))
    call = ("standard-view", session / "small.tif", "-r", session / "brain.brainreg3d.json")
    assert "20 x 30 pixels" in refused(*call, "-o", session / "x.tif", "--force")


def test_views_of_sessions_are_averaged(session: Path) -> None:
    place = ("-r", session / "brain.brainreg3d.json", "--resolution-um", 80)
    mask = np.ones((224, 256), np.uint8)
    mask[:, 128:] = 0
    tifffile.imwrite(session / "mask.tif", mask)
    done("standard-view", session / "brain.tif", *place, "-o", session / "a.tif")
    done(
        "standard-view", session / "brain.tif", *place, "--mask", session / "mask.tif",
        "-o", session / "b.tif",
    )  # fmt: skip
    # As a shell spells out [ab]*.tif: the pictures of what was seen are no sessions.
    views = [session / name for name in ("a.tif", "a_seen.tif", "b.tif", "b_seen.tif")]
    said = done("average", *views, "-o", session / "mean.tif")
    assert "2 views averaged" in said
    count = tifffile.imread(session / "mean_count.tif")
    assert set(np.unique(count)) == {0, 1, 2}
    mean, first = (tifffile.imread(session / name) for name in ("mean.tif", "a.tif"))
    np.testing.assert_array_equal(np.isfinite(mean), np.isfinite(first))
    # But for the edge of the mask both sessions hold the same.
    same = np.isclose(mean, first, rtol=1e-6)[np.isfinite(mean)]
    assert same.mean() > 0.98
    assert "--animal once per view" in refused(
        "average", session / "a.tif", session / "b.tif", "-o", session / "m.tif", "--animal", "x"
    )
    done("standard-view", session / "brain.tif", *place[:2], "--resolution-um", 90, "-o",
         session / "c.tif")  # fmt: skip
    assert "c.tif cannot be averaged" in refused(
        "average", session / "a.tif", session / "c.tif", "-o", session / "m.tif"
    )
    assert "a_seen.tif is not a standard view" in refused(
        "average", session / "a_seen.tif", "-o", session / "m.tif"
    )
    assert not session.joinpath("m.tif").exists()


def test_labels_of_a_view_come_from_its_own_registration(session: Path) -> None:
    done(
        "standard-view", session / "brain.tif", "-r", session / "brain.brainreg3d.json",
        "--resolution-um", 60, "-o", session / "out.tif",
    )  # fmt: skip
    done(
        "project", session / "out.tif", "-r", session / "out.brainreg3d.json",
        "-o", session / "labels",
    )  # fmt: skip
    labels = tifffile.imread(session / "labels" / "out_labels.tif")
    assert labels.shape == read_standard_view(session / "out.tif").seen.shape
    assert len(np.unique(labels)) > 20


@pytest.mark.parametrize("suffix", ["ply", "glb"])
def test_an_image_is_draped_over_the_brain(suffix: str, session: Path) -> None:
    said = done(
        "drape", session / "brain.tif", "-r", session / "brain.brainreg3d.json",
        "--spacing-um", 150, "--contrast", "0,30000", "-o", session / f"brain.{suffix}",
    )  # fmt: skip
    assert "vertices" in said
    loaded = trimesh.load(session / f"brain.{suffix}", process=False)
    mesh = loaded if suffix == "ply" else next(iter(loaded.geometry.values()))
    glb = suffix == "glb"  # it has a material, for which trimesh keeps colours as an attribute
    colours = mesh.visual.vertex_attributes["color"] if glb else mesh.visual.vertex_colors
    assert len(np.unique(colours, axis=0)) > 100


def test_wrong_names_end_before_anything_is_computed(session: Path) -> None:
    place = ("-r", session / "nothing.json")
    assert "ends in .tif" in refused(
        "standard-view", session / "brain.tif", *place, "-o", session / "a.png"
    )
    assert "ends in .ply or .glb" in refused(
        "drape", session / "brain.tif", *place, "-o", session / "a.stl"
    )
    assert "exists already" in refused(
        "standard-view", session / "brain.tif", *place, "-o", session / "brain.tif"
    )
    assert "no such file" in refused(
        "standard-view", session / "absent.tif", *place, "-o", session / "a.tif"
    )
    assert "no view 'top'" in refused(
        "standard-view", session / "brain.tif", "-r", session / "brain.brainreg3d.json",
        "--view", "top", "-o", session / "a.tif",
    )  # fmt: skip


def test_bad_input_is_one_line_and_exit_code_2(session: Path) -> None:
    command = [sys.executable, "-m", "napari_brainreg3d", "average", str(session / "brain.tif")]
    answer = subprocess.run(
        [*command, "-o", str(session / "mean.tif")], capture_output=True, text=True, timeout=300
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
    assert answer.stderr.count("\n") == 1
    assert "is not a standard view" in answer.stderr
