"""The demo movie: its truth is in it, and is recovered through a projection."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import DemoMovie, demo_movie, demo_registration
from napari_brainreg3d.demo.movie_files import write_demo_movie
from napari_brainreg3d.demo.report import true_surface
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.movies import open_movie
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.traces import region_traces


@pytest.fixture(scope="module")
def movie() -> DemoMovie:
    return demo_movie()


@pytest.fixture(scope="module")
def projection(movie: DemoMovie) -> Projection:
    registration = movie.registration
    return project(load_scene(registration.atlas, registration.regions), registration)


def test_it_is_seen_by_the_camera_of_the_demo_image(movie: DemoMovie) -> None:
    truth = demo_registration()
    assert movie.registration.pose == truth.pose
    assert_allclose(movie.registration.grid.extent_um, truth.grid.extent_um)
    assert movie.frames.shape[1:] == movie.registration.image_shape
    assert not movie.frames.flags.writeable
    assert 0 < movie.frames.min() <= movie.frames.max() < 60_000


def test_every_region_has_activity_of_its_own(movie: DemoMovie) -> None:
    assert len(movie.truth) == len(movie.frames) == len(movie.bleaching)
    assert (movie.truth.max() > 0.05).all()
    assert (movie.truth.min() >= 0).all()
    alike = np.corrcoef(movie.truth.T) - np.eye(movie.truth.shape[1])
    assert alike.max() < 0.9


@pytest.mark.parametrize("name", ["VISp_left", "VISp_right", "MOs_left", "SSp-bfd_right"])
def test_the_true_pixels_of_a_region_show_its_truth(name: str, movie: DemoMovie) -> None:
    """Light over its dark level, relative to the first frame, is bleaching times (1 + dF/F).

    Pixels are found by the place in the atlas that the camera truly sees; the sides meet at 5700 um
    and left is beyond it.
    """
    places, ids = true_surface(movie.registration)
    acronym, side = name.split("_")
    ontology = load_scene(movie.registration.atlas, [acronym]).ontology
    wanted = ontology.find(acronym).id
    there = [i for i in np.unique(ids[ids > 0]) if wanted in ontology[int(i)].path]
    is_left = places[..., 2] > 5700.0
    chosen = np.isin(ids, there) & (is_left if side == "left" else ~is_left)
    light = movie.frames[:, chosen].mean(axis=1) - movie.dark
    expected = movie.bleaching * (1 + movie.truth[name].to_numpy())
    assert chosen.sum() > 500
    assert_allclose(light / light[:3].mean(), expected / expected[:3].mean(), atol=0.005)


def test_recovered_traces_follow_the_truth(movie: DemoMovie, projection: Projection) -> None:
    with open_movie(movie.frames, fps=movie.fps) as opened:
        found = region_traces(opened, projection, dff="percentile 10 window 4 s", dark=movie.dark)
    assert list(found.table.columns) == list(movie.truth.columns)
    used = found.regions.set_index("column")["used_pixels"]
    large = used.index[used >= 150]
    assert len(large) > 40
    alike = found.table[large].corrwith(movie.truth[large])
    assert alike.median() > 0.99
    assert alike.min() > 0.9
    swapped = [
        n.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right") for n in large
    ]
    crossed = [found.table[a].corr(movie.truth[b]) for a, b in zip(large, swapped, strict=True)]
    assert np.median(crossed) < 0.3


def test_files_hold_the_movie_its_camera_and_its_truth(movie: DemoMovie, tmp_path: Path) -> None:
    files = write_demo_movie(tmp_path)
    assert [file.name for file in files] == [
        "demo_movie.tif",
        "demo_movie.brainreg3d.json",
        "demo_movie_truth.csv",
        "demo_movie_truth.json",
    ]
    assert_array_equal(tifffile.imread(files[0]), movie.frames)
    registration = Registration.load(files[1])
    assert registration.image_sha256 == hash_pixels(movie.frames[0])
    assert registration.pose.angles_deg == pytest.approx(movie.registration.pose.angles_deg)
    truth = pd.read_csv(files[2], index_col="frame")
    assert_allclose(truth["VISp_left"], movie.truth["VISp_left"], rtol=1e-14)
    assert "right hemisphere" in json.loads(files[3].read_text())["conventions"]
    with pytest.raises(OutputError, match="exists already"):
        write_demo_movie(tmp_path)
