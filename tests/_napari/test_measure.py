"""What is measured on a registered image, without any widget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
import trimesh

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.measure.exchanging import FORMATS
from napari_brainreg3d._napari.measure.standardising import StandardOptions
from napari_brainreg3d._napari.measure.tracing import TraceOptions
from napari_brainreg3d.errors import ImageError, OutputError, RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.results.locate import PointsError
from tests.fixtures.gui import make_ready, wait_for_work

#: Over the letter F, which begins 1 mm under the top of the volume.
OVER_THE_LETTER = Pose.dorsal(centre_um=(4500.0, 900.0, 6800.0))
FRAMES = 7


@pytest.fixture
def movie(picture: np.ndarray) -> np.ndarray:
    """Each pixel goes its own way, so that a mixed-up region or frame shows."""
    random = np.random.default_rng(5)
    return random.integers(100, 4000, (FRAMES, *picture.shape), dtype=np.uint16)


@pytest.fixture
def aligned(bench: Bench, movie: np.ndarray, qtbot: Any) -> Bench:
    made = make_ready(bench, movie, qtbot)
    made.session.aligner.set_pose(OVER_THE_LETTER)
    return made


@pytest.fixture
def projected(aligned: Bench, qtbot: Any) -> Bench:
    aligned.projecting.run()
    wait_for_work(qtbot, aligned)
    assert aligned.session.projection is not None
    return aligned


class TestTraces:
    def test_are_the_means_of_the_labelled_pixels(
        self, projected: Bench, movie: np.ndarray, qtbot: Any
    ) -> None:
        tracing = projected.measuring.tracing
        tracing.set_options(TraceOptions(dff=None, split_hemispheres=False))
        tracing.run()
        wait_for_work(qtbot, projected)
        projection = projected.session.projection
        assert tracing.traces is not None
        assert projection is not None
        for label, acronym in zip(
            projection.table["label"], projection.table["acronym"], strict=True
        ):
            pixels = projection.labels == label
            assert pixels.any()
            expected = [float(frame[pixels].astype(float).mean()) for frame in movie]
            np.testing.assert_allclose(tracing.traces.table[acronym], expected, rtol=1e-12)
        assert set(tracing.drawn) == {"stem", "arm", "bar"}
        assert not tracing.is_stale

    def test_are_stale_once_the_result_has_changed(self, projected: Bench, qtbot: Any) -> None:
        tracing = projected.measuring.tracing
        tracing.run()
        wait_for_work(qtbot, projected)
        projected.session.aligner.set_pose(OVER_THE_LETTER.turned(yaw_deg=20.0))
        projected.projecting.run()
        wait_for_work(qtbot, projected)
        assert tracing.is_stale
        assert tracing.traces is not None  # nothing is thrown away

    def test_come_from_a_file_as_well(
        self, projected: Bench, movie: np.ndarray, tmp_path: Path, qtbot: Any
    ) -> None:
        path = tmp_path / "movie.npy"
        np.save(path, movie[::-1])
        tracing = projected.measuring.tracing
        tracing.set_options(TraceOptions(dff=None))
        tracing.run()
        wait_for_work(qtbot, projected)
        assert tracing.traces is not None
        forwards = tracing.traces.table.to_numpy()
        tracing.set_file(path)
        assert "movie.npy" in tracing.source_words
        tracing.run()
        wait_for_work(qtbot, projected)
        np.testing.assert_allclose(tracing.traces.table.to_numpy(), forwards[::-1])

    def test_a_movie_of_another_size_is_told(
        self, projected: Bench, movie: np.ndarray, tmp_path: Path, told: list[str], qtbot: Any
    ) -> None:
        path = tmp_path / "cropped.npy"
        np.save(path, movie[:, 1:])
        tracing = projected.measuring.tracing
        tracing.set_file(path)
        tracing.run()
        wait_for_work(qtbot, projected)
        assert "it was made for another image" in told[-1]
        assert tracing.traces is None

    def test_need_a_result_and_a_movie(self, ready: Bench, picture: np.ndarray, qtbot: Any) -> None:
        with pytest.raises(RegistrationError, match="project first"):
            ready.measuring.tracing.run()
        ready.session.aligner.set_pose(OVER_THE_LETTER)
        ready.projecting.run()
        wait_for_work(qtbot, ready)
        with pytest.raises(ImageError, match="no movie"):
            ready.measuring.tracing.run()

    def test_weights_are_those_of_the_confidence(self, projected: Bench, qtbot: Any) -> None:
        tracing = projected.measuring.tracing
        assert tracing.confidence is None
        projected.confidence.set_source("typed")
        projected.confidence.run()
        wait_for_work(qtbot, projected)
        assert tracing.confidence is not None
        tracing.set_options(TraceOptions(dff=None, is_weighted=True))
        tracing.run()
        wait_for_work(qtbot, projected)
        assert tracing.traces is not None
        assert tracing.traces.settings["weights"] == "label probability"

    def test_are_written_with_their_description(
        self, projected: Bench, tmp_path: Path, qtbot: Any
    ) -> None:
        tracing = projected.measuring.tracing
        with pytest.raises(OutputError, match="no traces yet"):
            tracing.save(tmp_path / "early.csv")
        tracing.run()
        wait_for_work(qtbot, projected)
        written = tracing.save(tmp_path / "t")
        table = pd.read_csv(tmp_path / "t.csv")
        assert len(table) == FRAMES
        assert json.loads((tmp_path / "t.json").read_text())["traces"]["dff_baseline"]
        assert {path.name for path in written} == {"t.csv", "t.json"}


class TestDrape:
    def test_stands_alone_in_the_brain_view_only(self, aligned: Bench, qtbot: Any) -> None:
        draping = aligned.measuring.draping
        draping.run()
        wait_for_work(qtbot, aligned)
        stage = aligned.stage
        assert stage.mode == "brain"
        (layer,) = stage.layers("drape")
        assert layer.visible
        assert not any(one.visible for one in (*stage.layers("plane"), *stage.layers("regions")))
        stage.set_mode("look_through")
        assert all(one.visible for one in (*stage.layers("plane"), *stage.layers("regions")))
        stage.set_mode("brain")
        assert not any(one.visible for one in stage.layers("regions"))
        draping.clear()
        assert not stage.layers("drape")
        assert all(one.visible for one in (*stage.layers("plane"), *stage.layers("regions")))

    def test_follows_the_frames_of_a_movie(
        self, aligned: Bench, movie: np.ndarray, qtbot: Any
    ) -> None:
        draping = aligned.measuring.draping
        draping.run()
        wait_for_work(qtbot, aligned)
        (layer,) = aligned.stage.layers("drape")
        before = layer.vertex_colors.copy()
        aligned.stage.set_frame(4)
        qtbot.waitUntil(lambda: not np.array_equal(layer.vertex_colors, before), timeout=20_000)
        drape = draping.drape
        assert drape is not None
        expected = drape.painted(movie[4])
        seen = expected.seen
        np.testing.assert_allclose(
            layer.vertex_colors[seen, :3], expected.colours[seen, :3] / 255.0, atol=1e-6
        )
        assert seen.any()
        assert not seen.all()

    def test_says_when_the_image_was_moved(self, aligned: Bench, qtbot: Any) -> None:
        draping = aligned.measuring.draping
        draping.run()
        wait_for_work(qtbot, aligned)
        assert not draping.is_stale
        aligned.session.aligner.set_pose(OVER_THE_LETTER.turned(yaw_deg=5.0))
        assert draping.is_stale

    def test_is_written_for_other_viewers(self, aligned: Bench, tmp_path: Path, qtbot: Any) -> None:
        draping = aligned.measuring.draping
        with pytest.raises(OutputError, match="paint it first"):
            draping.save(tmp_path / "brain.ply")
        draping.run()
        wait_for_work(qtbot, aligned)
        draping.save(tmp_path / "brain")
        wait_for_work(qtbot, aligned)
        mesh = trimesh.load_mesh(tmp_path / "brain.ply", process=False)
        assert draping.drape is not None
        assert len(mesh.vertices) == len(draping.drape.vertices_um)
        with pytest.raises(OutputError, match="stl"):
            draping.save(tmp_path / "brain.stl")


class TestStandardView:
    def test_lies_where_its_raster_is(self, aligned: Bench, qtbot: Any) -> None:
        standard = aligned.measuring.standardising
        standard.show(StandardOptions(view="dorsal", resolution_um=200.0))
        wait_for_work(qtbot, aligned)
        view = standard.shown
        assert view is not None
        (layer,) = aligned.stage.layers("standard view")
        for row, column in ((0, 0), (3, 5)):
            world = np.asarray(layer.data_to_world((0, row, column)))[-3:]
            place = view.registration.view.pixel_rays(np.array([[row, column]])).at_depth([0.0])
            np.testing.assert_allclose(world, place[0], atol=1.0)
        np.testing.assert_array_equal(layer.data[0, ..., 3] > 0, view.seen)
        standard.clear()
        assert not aligned.stage.layers("standard view")

    def test_of_a_movie_has_all_frames(self, aligned: Bench, tmp_path: Path, qtbot: Any) -> None:
        standard = aligned.measuring.standardising
        standard.save(tmp_path / "view", StandardOptions(resolution_um=200.0))
        wait_for_work(qtbot, aligned)
        assert tifffile.imread(tmp_path / "view.tif").shape[0] == FRAMES
        with pytest.raises(OutputError, match=r"ends in \.tif"):
            standard.save(tmp_path / "view.png", StandardOptions())


class TestPlaces:
    def test_points_get_the_label_under_them_whatever_their_layer_is_like(
        self, projected: Bench, qtbot: Any
    ) -> None:
        """The image is scaled, the points have another scale and an offset."""
        image, viewer = projected.stage.image_layer, projected.stage.viewer
        projection = projected.session.projection
        assert projection is not None
        rows, columns = np.nonzero(projection.labels)
        wanted = np.stack([rows, columns], axis=1)[:: max(1, len(rows) // 9)]
        world = np.array([image.data_to_world((0, *point))[-2:] for point in wanted])
        layer = viewer.add_points(
            (world - [7.0, -3.0]) / [2.0, 0.5], scale=(2.0, 0.5), translate=(7.0, -3.0)
        )
        locating = projected.measuring.locating
        assert layer in locating.layers
        locating.run_layer(layer)
        wait_for_work(qtbot, projected)
        table = locating.table
        assert table is not None
        np.testing.assert_allclose(table[["row", "col"]], wanted, atol=1e-6)
        np.testing.assert_array_equal(table["label"], projection.labels[tuple(wanted.T)])

    def test_shapes_and_labels_are_located_as_areas(self, projected: Bench, qtbot: Any) -> None:
        projection = projected.session.projection
        assert projection is not None
        locating, viewer = projected.measuring.locating, projected.stage.viewer
        rois = np.zeros(projection.labels.shape, np.uint8)
        rois[projection.labels == 2] = 7
        locating.run_layer(viewer.add_labels(rois, name="cells"))
        wait_for_work(qtbot, projected)
        assert locating.table is not None
        assert locating.name == "cells"
        assert list(locating.table["name"]) == ["7"]
        assert list(locating.table["majority_label"]) == [2]
        assert locating.table["area_px2"].item() == (rois > 0).sum()
        square = np.array([[2, 3], [2, 9], [8, 9], [8, 3]], float)
        locating.run_layer(viewer.add_shapes([square], shape_type="polygon"))
        wait_for_work(qtbot, projected)
        assert locating.table["area_px2"].item() == pytest.approx(36.0)
        assert locating.table[["row", "col"]].to_numpy()[0] == pytest.approx([5.0, 6.0])

    def test_results_and_scenery_are_not_offered(self, projected: Bench) -> None:
        assert projected.measuring.locating.layers == []

    def test_what_cannot_be_located_is_refused(self, projected: Bench) -> None:
        locating, viewer = projected.measuring.locating, projected.stage.viewer
        with pytest.raises(PointsError, match="is empty"):
            locating.run_layer(viewer.add_points(np.zeros((0, 2)), name="none"))
        with pytest.raises(PointsError, match="another image"):
            locating.run_layer(viewer.add_labels(np.ones((3, 4), np.uint8)))
        with pytest.raises(OutputError, match="nothing was located"):
            locating.save("nowhere.csv")

    def test_files_are_read_and_tables_written(
        self, projected: Bench, tmp_path: Path, told: list[str], qtbot: Any
    ) -> None:
        locating = projected.measuring.locating
        (tmp_path / "points.csv").write_text("name,row,col\nb,11,16\na,0,0\n")
        locating.run_file(tmp_path / "points.csv")
        wait_for_work(qtbot, projected)
        assert locating.table is not None
        assert list(locating.table["name"]) == ["b", "a"]
        locating.save(tmp_path / "located")
        assert len(pd.read_csv(tmp_path / "located.csv")) == 2
        (tmp_path / "empty.csv").write_text("")
        locating.run_file(tmp_path / "empty.csv")
        wait_for_work(qtbot, projected)
        assert "empty.csv" in told[-1]
        assert len(locating.table) == 2  # the last one is still there


class TestOtherPrograms:
    @pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("alf", "nwb", "ome-zarr")])
    def test_files_are_written(
        self, projected: Bench, name: str, tmp_path: Path, qtbot: Any
    ) -> None:
        saved: list[Path] = []
        projected.measuring.exchanging.saved.connect(saved.append)
        projected.measuring.exchanging.run(name, tmp_path / "x")
        wait_for_work(qtbot, projected)
        assert saved == [tmp_path / f"x{FORMATS[name].ending}"]
        assert saved[0].stat().st_size > 100

    def test_what_the_atlas_does_not_allow_is_told(
        self, projected: Bench, tmp_path: Path, told: list[str], qtbot: Any
    ) -> None:
        projected.measuring.exchanging.run("alf", tmp_path / "x")
        wait_for_work(qtbot, projected)
        assert "Allen CCF of 2017" in told[-1]
        assert list(tmp_path.iterdir()) == []

    def test_a_result_is_needed(self, aligned: Bench, tmp_path: Path) -> None:
        exchanging = aligned.measuring.exchanging
        with pytest.raises(RegistrationError, match="project first"):
            exchanging.run("svg", tmp_path / "x.svg")
        with pytest.raises(OutputError, match="unknown format 'docx'"):
            exchanging.run("docx", tmp_path / "x")
