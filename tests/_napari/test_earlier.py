"""An earlier session of the same animal: shown in its place, compared, matched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QFileDialog

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.earlier.desk import TEMPLATE
from napari_brainreg3d._napari.layers.earlier import squares
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.persistence import SavedSession, save_session
from napari_brainreg3d._napari.widgets.earlier_section import EarlierSection
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.registration import Landmark, Registration
from tests.fixtures.gui import wait_for_work
from tests.fixtures.scenes import letter_scene
from tests.fixtures.sessions import SecondSession, second_session, vessel_texture

SHAPE = (240, 280)
FIRST = vessel_texture(1, SHAPE)
BEFORE = Registration(
    atlas="test_letter",
    image_shape=SHAPE,
    pixel_size_um=20.0,
    pose=Pose.dorsal(centre_um=(4000.0, 900.0, 6500.0), yaw_deg=5.0, pitch_deg=4.0, roll_deg=-3.0),
    camera=PinholeCamera(working_distance_mm=80.0),
    image_name="first.tif",
    side_confirmed=True,
    landmarks=(Landmark("corner", (30.0, 40.0), (2000.0, 1000.0, 5000.0)),),
)


@pytest.fixture(scope="module")
def second() -> SecondSession:
    """The first image, moved, turned and spoilt, at the same scale."""
    return second_session(FIRST, 5, scales=(1.0, 1.0), occluded=0.2, occluder="dark")


@pytest.fixture
def earlier_file(tmp_path: Path) -> Path:
    """The earlier session, with its image beside it."""
    tifffile.imwrite(tmp_path / "first.tif", FIRST.astype(np.float32))
    return save_session(
        tmp_path / "first.brainreg3d.json",
        SavedSession(BEFORE, image_path=str(tmp_path / "first.tif")),
    )


@pytest.fixture
def with_second(bench: Bench, second: SecondSession, qtbot: Any) -> Bench:
    """The second image over the same atlas."""
    return with_image(bench, second.image, qtbot)


def with_image(bench: Bench, image: np.ndarray, qtbot: Any) -> Bench:
    bench.stage.viewer.add_image(image.astype(np.float32), name="second")
    bench.images.choose_newest()
    bench.session.set_pixel_size((20.0, 20.0))
    bench.session.set_scene(letter_scene())
    wait_for_work(qtbot, bench)
    return bench


def opened(bench: Bench, path: Path, qtbot: Any) -> Bench:
    bench.earlier.open_file(path)
    wait_for_work(qtbot, bench)
    return bench


def test_the_earlier_image_lies_where_it_was_registered(
    with_second: Bench, earlier_file: Path, qtbot: Any, told: list[str]
) -> None:
    bench = opened(with_second, earlier_file, qtbot)
    assert bench.stage.mode == "look_through"
    layer = bench.stage.extra_layer(TEMPLATE)
    np.testing.assert_array_equal(layer.data[0], FIRST.astype(np.float32))
    for pixel in [(0.0, 0.0), (0.0, 279.0), (239.0, 0.0)]:
        world = np.array(layer.data_to_world((0.0, *pixel)))
        np.testing.assert_allclose(world, BEFORE.view.pixels_to_atlas([pixel])[0], atol=0.5)
    layers = bench.stage.viewer.layers
    (plane,) = bench.stage.layers("plane")
    assert layers.index(layer) > layers.index(plane), "drawn over the new image"
    before = np.asarray(layer.affine)
    bench.session.aligner.slide(300.0, 200.0)
    np.testing.assert_array_equal(np.asarray(layer.affine), before)
    bench.stage.set_mode("image")
    assert bench.stage.extra_layer(TEMPLATE) is None
    bench.stage.set_mode("brain")
    assert bench.stage.extra_layer(TEMPLATE) is not None
    bench.earlier.forget()
    assert bench.stage.extra_layer(TEMPLATE) is None
    assert told == []


def test_both_images_can_be_compared_in_four_ways(
    with_second: Bench, earlier_file: Path, qtbot: Any
) -> None:
    bench = opened(with_second, earlier_file, qtbot)
    earlier = bench.earlier
    assert bench.stage.extra_layer(TEMPLATE).opacity == 0.5
    earlier.set_look("difference")
    assert bench.stage.extra_layer(TEMPLATE).colormap.name == "gray_r"
    earlier.set_look("checkerboard")
    picture = bench.stage.extra_layer(TEMPLATE).data[0]
    assert picture.shape == (*SHAPE, 4)
    assert 0.4 < (picture[..., 3] == 0).mean() < 0.6
    earlier.set_look("blink")
    layer = bench.stage.extra_layer(TEMPLATE)
    seen = {layer.opacity}
    for _ in range(3):
        earlier.turn_over()
        seen.add(layer.opacity)
    assert seen == {0.0, 1.0}
    qtbot.waitUntil(lambda: layer.opacity != 0.0, timeout=5000)
    bench.stage.viewer.layers.remove(layer)
    earlier.turn_over()


def test_squares_alternate_along_both_axes() -> None:
    picture = squares(np.tile(np.arange(160.0), (80, 1)))
    alpha = picture[..., 3] > 0
    assert alpha[0, 0] != alpha[0, 10]
    assert alpha[0, 0] != alpha[10, 0]
    assert alpha[0, 0] == alpha[10, 10]
    assert (np.diff(picture[0, :, 0].astype(int)) >= 0).all()


def test_a_match_moves_the_image_onto_the_same_vessels_and_can_be_undone(
    with_second: Bench, second: SecondSession, earlier_file: Path, qtbot: Any, told: list[str]
) -> None:
    bench = opened(with_second, earlier_file, qtbot)
    before = bench.session.alignment
    bench.earlier.match()
    wait_for_work(qtbot, bench)
    found = bench.session.registration
    pixels = np.array([(120.0, 140.0), (60.0, 70.0), (180.0, 200.0)])
    expected = BEFORE.view.pixels_to_atlas(second.to_first(pixels))
    np.testing.assert_allclose(found.view.pixels_to_atlas(pixels), expected, atol=20.0)
    assert found.camera == BEFORE.camera
    assert bench.session.is_side_confirmed
    mark = found.landmarks[0]
    np.testing.assert_allclose(second.to_first(mark.image_px), (30.0, 40.0), atol=1.0)
    assert "quality" in bench.earlier.words
    assert "rotation" in bench.earlier.words
    bench.session.aligner.undo()
    assert bench.session.alignment == before
    assert told == []


def test_another_brain_is_refused_once_and_nothing_moves(
    bench: Bench, earlier_file: Path, qtbot: Any, told: list[str]
) -> None:
    opened(with_image(bench, vessel_texture(2, SHAPE), qtbot), earlier_file, qtbot)
    before = bench.session.alignment
    bench.earlier.match()
    wait_for_work(qtbot, bench)
    assert bench.session.alignment == before
    assert len(told) == 1
    assert "match" in told[0]


def test_a_missing_image_is_asked_for(
    with_second: Bench, earlier_file: Path, tmp_path: Path, qtbot: Any, told: list[str]
) -> None:
    moved = tmp_path / "elsewhere.tif"
    (tmp_path / "first.tif").rename(moved)
    bench = opened(with_second, earlier_file, qtbot)
    assert bench.earlier.lacks_image
    assert len(told) == 1
    wrong = tmp_path / "wrong.tif"
    tifffile.imwrite(wrong, FIRST[:100].astype(np.float32))
    bench.earlier.give_image(wrong)
    wait_for_work(qtbot, bench)
    assert "100 x 280 pixels" in told[1]
    assert bench.earlier.lacks_image
    bench.earlier.give_image(moved)
    wait_for_work(qtbot, bench)
    assert not bench.earlier.lacks_image
    assert bench.stage.extra_layer(TEMPLATE) is not None


def test_what_the_new_session_does_not_know_comes_from_the_earlier_one(
    bench: Bench, second: SecondSession, earlier_file: Path, qtbot: Any, monkeypatch: Any
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(bench.atlases, "load", lambda *wanted: asked.append(wanted))
    bench.stage.viewer.add_image(second.image.astype(np.float32), name="second")
    bench.images.choose_newest()
    wait_for_work(qtbot, bench)
    opened(bench, earlier_file, qtbot)
    assert asked == [("test_letter", None, "both")]
    assert bench.session.pixel_size_um == (20.0, 20.0)
    bench.session.set_scene(letter_scene())
    wait_for_work(qtbot, bench)
    assert bench.stage.extra_layer(TEMPLATE) is not None


def test_the_part_of_the_panel(
    with_second: Bench,
    earlier_file: Path,
    qtbot: Any,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = with_second
    body = EarlierSection(bench, Links())
    qtbot.addWidget(body)
    assert not body.tools.isVisibleTo(body)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(earlier_file), ""))
    body.open.click()
    wait_for_work(qtbot, bench)
    assert body.tools.isVisibleTo(body)
    assert body.words.text() == "first.tif"
    body.pose.click()
    assert bench.session.alignment.pose == BEFORE.pose
    assert bench.session.alignment.camera == BEFORE.camera
    body.look.setCurrentIndex(body.look.findData("difference"))
    body.look.activated.emit(body.look.currentIndex())
    assert bench.earlier.look == "difference"
    body.match.click()
    assert not body.match.isEnabled()
    assert body.progress.isVisibleTo(body)
    wait_for_work(qtbot, bench)
    assert "quality" in body.words.text()
    bench.session.aligner.set_locked(True)
    for press in (body.match, body.pose):
        press.click()
    assert len(told) == 2
    assert all("locked" in words for words in told)
    body.forget.click()
    assert not body.tools.isVisibleTo(body)


def test_another_atlas_is_refused(
    with_second: Bench, tmp_path: Path, qtbot: Any, told: list[str]
) -> None:
    tifffile.imwrite(tmp_path / "first.tif", FIRST.astype(np.float32))
    path = save_session(
        tmp_path / "a.brainreg3d.json",
        SavedSession(BEFORE.replaced(atlas="other_atlas"), image_path=str(tmp_path / "first.tif")),
    )
    body = EarlierSection(with_second, Links())
    qtbot.addWidget(body)
    opened(with_second, path, qtbot)
    body.match.click()
    assert len(told) == 1
    assert "load other_atlas first" in told[0]
