"""Session files: what they hold, and how everything comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from napari_brainreg3d._napari import loading
from napari_brainreg3d._napari.autosave import autosave_folder
from napari_brainreg3d._napari.bench import Bench, bench_for
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.options import ProjectOptions
from napari_brainreg3d._napari.persistence import (
    SavedSession,
    load_session,
    save_session,
    to_text,
    with_suffix,
)
from napari_brainreg3d._napari.reader import get_reader, read_session
from napari_brainreg3d._napari.widgets.offers import Offers
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.registration import Registration
from tests.fixtures.gui import wait_for_work

POSE = Pose.dorsal(centre_um=(5400.0, 300.0, 5700.0), yaw_deg=4.0, roll_deg=-9.0)


def registration(**changes: Any) -> Registration:
    values: dict[str, Any] = {
        "atlas": "demo_mouse",
        "image_shape": (24, 32),
        "pixel_size_um": (400.0, 390.0),
        "pose": POSE,
        "camera": PinholeCamera(working_distance_mm=80.0, mirrored=True),
        "regions": ("MOp", "MOs", "VIS"),
        "hemisphere": "left",
        "image_name": "brain.tif",
        "side_confirmed": True,
    }
    return Registration(**(values | changes))


class TestFile:
    def test_everything_comes_back(self, tmp_path: Path) -> None:
        image = tmp_path / "brain.tif"
        image.write_bytes(b"x")
        options = ProjectOptions(
            occlusion="selected",
            sample_depth_um=50.0,
            refine_where="gaps",
            refine_k=5,
            maps=("depth", "coordinates"),
            split_hemispheres=True,
        )
        saved = SavedSession(registration(), str(image), 7, True, options, "look_through")
        path = save_session(tmp_path / "a.brainreg3d.json", saved)
        assert load_session(path) == saved

    def test_it_is_a_registration_file_as_well(self, tmp_path: Path) -> None:
        saved = SavedSession(registration(), None, "mean", False, ProjectOptions())
        path = save_session(tmp_path / "a.brainreg3d.json", saved)
        assert Registration.load(path) == registration()

    def test_a_registration_file_is_a_session_as_well(self, tmp_path: Path) -> None:
        path = registration().save(tmp_path / "a.brainreg3d.json")
        assert load_session(path) == SavedSession(registration())

    def test_image_and_session_may_be_moved_together(self, tmp_path: Path) -> None:
        here, there = tmp_path / "here", tmp_path / "there"
        here.joinpath("images").mkdir(parents=True)
        here.joinpath("images", "brain.tif").write_bytes(b"x")
        saved = SavedSession(registration(), str(here / "images" / "brain.tif"))
        save_session(here / "a.brainreg3d.json", saved)
        here.rename(there)
        loaded = load_session(there / "a.brainreg3d.json")
        assert loaded.image_path == str(there / "images" / "brain.tif")

    def test_an_image_beside_the_session_is_found_by_its_name(self, tmp_path: Path) -> None:
        saved = SavedSession(registration(), "/some/other/computer/brain.tif")
        path = save_session(tmp_path / "a.brainreg3d.json", saved)
        assert load_session(path).image_path == "/some/other/computer/brain.tif"
        tmp_path.joinpath("brain.tif").write_bytes(b"x")
        assert load_session(path).image_path == str(tmp_path / "brain.tif")

    def test_what_a_later_version_adds_does_not_matter(self, tmp_path: Path) -> None:
        content = json.loads(to_text(SavedSession(registration())))
        content["session"]["colour of the microscope"] = "blue"
        path = tmp_path / "a.brainreg3d.json"
        path.write_text(json.dumps(content))
        assert load_session(path).registration == registration()

    def test_what_is_wrong_is_named(self, tmp_path: Path) -> None:
        content = json.loads(to_text(SavedSession(registration(), options=ProjectOptions())))
        content["session"]["projection"]["occlusion"] = "perhaps"
        path = tmp_path / "a.brainreg3d.json"
        path.write_text(json.dumps(content))
        with pytest.raises(RegistrationError, match=r"session\.projection\.occlusion"):
            load_session(path)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a", "a.brainreg3d.json"),
            ("a.json", "a.brainreg3d.json"),
            ("a.brainreg3d.json", "a.brainreg3d.json"),
            ("a.b", "a.b.brainreg3d.json"),
        ],
    )
    def test_the_suffix_is_added_where_it_is_missing(self, name: str, expected: str) -> None:
        assert with_suffix(f"/x/{name}") == Path("/x", expected)


class TestReader:
    @pytest.mark.parametrize("path", ["a.tif", "a.json", "a.brainreg3d.json.txt", "a"])
    def test_other_files_are_not_ours(self, path: str) -> None:
        assert get_reader(path) is None

    def test_session_files_are(self) -> None:
        assert get_reader("/x/a.brainreg3d.json") is read_session
        assert get_reader(["/x/a.brainreg3d.json"]) is read_session

    def test_without_a_window_it_says_what_to_do(self, qapp: Any) -> None:
        with pytest.raises(RegistrationError, match=r"Registration\.load"):
            read_session("/x/a.brainreg3d.json")


@pytest.fixture
def image(tmp_path: Path, picture: np.ndarray) -> Path:
    path = tmp_path / "brain.tif"
    tifffile.imwrite(path, picture)
    return path


@pytest.fixture
def session_file(image: Path, tmp_path: Path) -> Path:
    saved = SavedSession(registration(), str(image), 0, True, ProjectOptions(masks=True), "image")
    return save_session(tmp_path / "a.brainreg3d.json", saved)


@pytest.mark.usefixtures("plugin")
class TestComingBack:
    def test_image_atlas_pose_regions_camera_and_results(
        self, bench: Bench, session_file: Path, qtbot: Any, told: list[str]
    ) -> None:
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        wait_for_work(qtbot, bench)  # the projection follows the atlas
        session, expected = bench.session, registration()
        assert session.image is not None
        assert session.image.name == "brain.tif"
        assert session.scene is not None
        assert [region.acronym for region in session.scene.regions] == ["MOp", "MOs", "VIS"]
        assert session.scene.hemisphere == "left"
        assert session.alignment is not None
        assert session.alignment.pose == expected.pose
        assert session.alignment.camera == expected.camera
        assert session.alignment.pixel_size_um == expected.pixel_size_um
        assert session.is_accepted
        assert bench.projecting.options.masks
        assert session.projection is not None
        assert session.projection.labels.any()
        assert bench.stage.mode == "image"
        assert told == []

    def test_a_file_that_states_another_pixel_size_does_not_undo_the_alignment(
        self, bench: Bench, tmp_path: Path, picture: np.ndarray, qtbot: Any
    ) -> None:
        path = tmp_path / "brain.tif"
        tifffile.imwrite(
            path, picture, imagej=True, resolution=(1 / 5.0, 1 / 5.0), metadata={"unit": "um"}
        )
        saved = SavedSession(registration(), str(path))
        bench.opening.open_file(save_session(tmp_path / "a.brainreg3d.json", saved))
        wait_for_work(qtbot, bench)
        assert bench.session.pixel_size_um == (400.0, 390.0)

    def test_the_frame_of_a_movie_comes_back(
        self, bench: Bench, tmp_path: Path, picture: np.ndarray, qtbot: Any
    ) -> None:
        path = tmp_path / "movie.tif"
        tifffile.imwrite(path, np.stack([picture + i for i in range(5)]), imagej=True)
        for frame in (3, "mean"):
            saved = SavedSession(registration(), str(path), frame)  # type: ignore[arg-type]
            file = save_session(tmp_path / "a.brainreg3d.json", saved, overwrite=True)
            bench.opening.open_file(file)
            wait_for_work(qtbot, bench)
            expected = picture + (2 if frame == "mean" else frame)
            np.testing.assert_array_equal(bench.stage.image_pixels(), expected)

    def test_an_image_that_is_open_already_is_not_opened_again(
        self, bench: Bench, model: ViewerModel, image: Path, session_file: Path, qtbot: Any
    ) -> None:
        (layer,) = model.open(image, plugin="napari")
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        assert bench.stage.image_layer is layer

    def test_a_missing_image_is_asked_for_and_all_else_is_there(
        self, bench: Bench, image: Path, session_file: Path, tmp_path: Path, qtbot: Any
    ) -> None:
        offers = Offers(bench, Links())
        qtbot.addWidget(offers)
        moved = image.rename(tmp_path / "elsewhere.tif")
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        assert bench.opening.missing_image == "brain.tif"
        assert "brain.tif" in offers.words.text()
        assert bench.session.alignment is not None
        assert bench.session.alignment.pose == POSE
        bench.opening.give_image(moved)
        assert bench.opening.missing_image is None
        assert not offers.isVisibleTo(None)
        assert bench.stage.image_layer is not None
        assert bench.session.alignment.pose == POSE
        assert bench.session.pixel_size_um == (400.0, 390.0)

    def test_a_missing_image_may_be_dropped(
        self,
        bench: Bench,
        model: ViewerModel,
        image: Path,
        session_file: Path,
        qtbot: Any,
        picture: np.ndarray,
        told: list[str],
    ) -> None:
        image.unlink()
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        model.add_image(np.zeros((5, 6)), name="something else")
        assert bench.opening.missing_image == "brain.tif"
        layer = model.add_image(picture, name="dropped")
        assert bench.opening.missing_image is None
        assert bench.stage.image_layer is layer
        assert bench.session.alignment is not None
        assert bench.session.alignment.pose == POSE

    def test_an_image_of_another_size_is_refused_in_words_and_asked_for(
        self, bench: Bench, image: Path, session_file: Path, qtbot: Any, told: list[str]
    ) -> None:
        tifffile.imwrite(image, np.zeros((10, 11), np.uint8))
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        assert len(told) == 1
        assert "10 x 11" in told[0]
        assert "24 x 32" in told[0]
        assert bench.opening.missing_image == "brain.tif"
        assert bench.session.alignment is not None
        assert bench.session.alignment.pose == POSE

    def test_a_missing_atlas_is_asked_for_and_can_be_tried_again(
        self, bench: Bench, session_file: Path, qtbot: Any, told: list[str], monkeypatch: Any
    ) -> None:
        offers = Offers(bench, Links())
        qtbot.addWidget(offers)

        def offline(*_: Any, **__: Any) -> None:
            raise AtlasError("the atlas 'demo_mouse' is not on disk and the server is away")

        monkeypatch.setattr(loading, "load_scene", offline)
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        assert len(told) == 1
        assert bench.opening.missing_atlas == "demo_mouse"
        assert offers.yes.text() == "Try again"
        monkeypatch.setattr(loading, "load_scene", load_scene)
        offers.yes.click()
        wait_for_work(qtbot, bench)
        assert bench.opening.missing_atlas is None
        assert bench.session.alignment is not None
        assert bench.session.alignment.pose == POSE

    def test_waiting_can_be_given_up(
        self, bench: Bench, image: Path, session_file: Path, qtbot: Any
    ) -> None:
        offers = Offers(bench, Links())
        qtbot.addWidget(offers)
        image.unlink()
        bench.opening.open_file(session_file)
        wait_for_work(qtbot, bench)
        offers.no.click()
        assert bench.opening.missing_image is None
        assert bench.session.alignment is not None

    @pytest.mark.parametrize("content", ["", "{}", "no json", '{"format": "x"}'])
    def test_a_file_that_is_none_is_told_and_the_session_stays(
        self, ready: Bench, tmp_path: Path, told: list[str], content: str
    ) -> None:
        path = tmp_path / "a.brainreg3d.json"
        path.write_text(content)
        before = ready.session.alignment
        ready.opening.open_file(path)
        assert len(told) == 1
        assert ready.session.alignment == before

    def test_a_session_of_a_registration_alone_can_be_edited_and_saved_again(
        self, bench: Bench, tmp_path: Path, image: Path, qtbot: Any
    ) -> None:
        bench.opening.open_file(registration().save(tmp_path / "a.brainreg3d.json"))
        wait_for_work(qtbot, bench)
        bench.session.aligner.turn(pitch_deg=2.0)
        path = bench.save_session(tmp_path / "b.brainreg3d.json")
        again = load_session(path)
        assert again.image_path == str(image)
        assert again.registration.pose.angles_deg == pytest.approx((4.0, 2.0, -9.0), abs=1e-9)


def test_other_viewers_are_not_touched(bench: Bench, session_file: Path, qtbot: Any) -> None:
    other = bench_for(ViewerModel())
    bench.opening.open_file(session_file)
    wait_for_work(qtbot, bench)
    assert other.session.scene is None
    other.stage.close()


@pytest.mark.usefixtures("plugin")
class TestNothingUnsavedIsLost:
    """Opening a session file while there is an alignment that is in no file yet."""

    @pytest.fixture
    def aligned(self, ready: Bench) -> Bench:
        ready.session.aligner.turn(yaw_deg=33.0)
        ready.session.aligner.end_gesture()
        return ready

    def open(self, bench: Bench, file: Path, qtbot: Any) -> None:
        bench.opening.open_file(file)
        wait_for_work(qtbot, bench)
        wait_for_work(qtbot, bench)
        assert bench.session.alignment is not None
        assert bench.session.alignment.pose == POSE

    def test_undo_brings_it_back_with_its_image_and_atlas(
        self, aligned: Bench, model: ViewerModel, session_file: Path, qtbot: Any, told: list[str]
    ) -> None:
        before, layer = aligned.session.alignment, aligned.stage.image_layer
        self.open(aligned, session_file, qtbot)
        assert aligned.stage.image_layer is not layer
        assert len(told) == 1
        assert "the alignment of picture, which was not saved" in told[0]
        aligned.keeping.undo()
        wait_for_work(qtbot, aligned)
        assert aligned.session.alignment == before
        assert aligned.stage.image_layer is layer  # which has no file
        assert aligned.keeping.kept is None
        assert len(told) == 1

    def test_the_key_undoes_changes_first(
        self, aligned: Bench, session_file: Path, qtbot: Any
    ) -> None:
        before = aligned.session.alignment
        self.open(aligned, session_file, qtbot)
        aligned.session.aligner.slide(100.0, 0.0)
        key = next(key for key in aligned.stage.viewer.keymap if str(key) == "Ctrl+Z")
        press = aligned.stage.viewer.keymap[key]
        press(aligned.stage.viewer)
        assert aligned.session.alignment is not None
        assert aligned.session.alignment.pose == POSE
        press(aligned.stage.viewer)
        wait_for_work(qtbot, aligned)
        assert aligned.session.alignment == before

    def test_what_was_changed_since_is_kept_in_its_turn(
        self, aligned: Bench, session_file: Path, qtbot: Any
    ) -> None:
        self.open(aligned, session_file, qtbot)
        aligned.session.aligner.turn(roll_deg=3.0)
        changed = aligned.session.alignment
        for _ in range(2):
            aligned.keeping.go_back()
            wait_for_work(qtbot, aligned)
            wait_for_work(qtbot, aligned)
        assert aligned.session.alignment == changed

    def test_the_panel_offers_it(self, aligned: Bench, session_file: Path, qtbot: Any) -> None:
        before = aligned.session.alignment
        offers = Offers(aligned, Links())
        qtbot.addWidget(offers)
        self.open(aligned, session_file, qtbot)
        assert "picture" in offers.words.text()
        offers.yes.click()
        wait_for_work(qtbot, aligned)
        assert aligned.session.alignment == before
        assert not offers.isVisibleTo(None)

    def test_it_can_be_forgotten(self, aligned: Bench, session_file: Path, qtbot: Any) -> None:
        offers = Offers(aligned, Links())
        qtbot.addWidget(offers)
        self.open(aligned, session_file, qtbot)
        offers.no.click()
        assert aligned.keeping.kept is None
        assert not offers.isVisibleTo(None)

    def test_a_saved_alignment_makes_no_fuss(
        self, aligned: Bench, session_file: Path, tmp_path: Path, qtbot: Any, told: list[str]
    ) -> None:
        aligned.save_session(tmp_path / "mine.brainreg3d.json")
        self.open(aligned, session_file, qtbot)
        self.open(aligned, session_file, qtbot)
        assert aligned.keeping.kept is None
        assert told == []

    def test_an_untouched_start_is_not_worth_it(
        self, ready: Bench, session_file: Path, qtbot: Any, told: list[str]
    ) -> None:
        self.open(ready, session_file, qtbot)
        assert ready.keeping.kept is None
        assert told == []

    def test_a_crash_right_after_does_not_lose_it_either(
        self, aligned: Bench, session_file: Path, qtbot: Any
    ) -> None:
        kept = aligned.session.alignment
        self.open(aligned, session_file, qtbot)
        poses = {load_session(path).registration.pose for path in autosave_folder().glob("*.json")}
        assert kept is not None
        assert {kept.pose, POSE} <= poses


@pytest.mark.usefixtures("plugin")
def test_what_other_parts_keep_comes_back(
    ready: Bench, tmp_path: Path, model: ViewerModel, qtbot: Any
) -> None:
    given: list[Any] = []
    ready.saved_parts.register("curves", lambda: [[1, 2.5]], given.append)
    ready.saved_parts.register("nothing", lambda: None, given.append)
    path = ready.save_session(tmp_path / "a.brainreg3d.json")
    assert json.loads(path.read_text())["session"]["parts"] == {"curves": [[1, 2.5]]}
    ready.saved_parts.restore(load_session(path).parts)
    assert given == [[[1, 2.5]], None]


def test_parts_that_nobody_here_knows_are_written_again(ready: Bench, tmp_path: Path) -> None:
    ready.saved_parts.restore({"of a later version": {"a": 1}})
    path = ready.save_session(tmp_path / "a.brainreg3d.json")
    assert load_session(path).parts == {"of a later version": {"a": 1}}
