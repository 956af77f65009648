"""Curves drawn with napari's tools refine the pose; they are saved and come back."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.layers.curves import CURVES, curves_in, parsed
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.curves_section import CurvesSection
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.registration import Registration
from tests.fixtures.canvas import Mouse
from tests.fixtures.ellipsoid import (
    border_points,
    edge_points,
    ellipsoid_scene,
    midline_points,
)
from tests.fixtures.gui import wait_for_work

SHAPE = (240, 200)
TRUTH = Registration(
    atlas="test_ellipsoid",
    image_shape=SHAPE,
    pixel_size_um=60.0,
    pose=Pose.dorsal(centre_um=(6300.0, 500.0, 5600.0), yaw_deg=9.0, pitch_deg=6.0, roll_deg=-8.0),
)
POINTS = {"midline": midline_points, "brain edge": edge_points, "front | back": border_points}


def over_ellipsoid(bench: Bench, qtbot: Any) -> Bench:
    """A bench whose image lies nearly where it belongs."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    bench.stage.viewer.add_image((rows + 2 * columns).astype(np.uint16), name="picture")
    bench.images.choose_newest()
    bench.session.set_pixel_size((60.0, 60.0))
    bench.session.set_scene(ellipsoid_scene())
    wait_for_work(qtbot, bench)
    near = TRUTH.pose.moved(plane_um=(250.0, -200.0, 0.0))
    bench.session.aligner.set_pose(near.turned(yaw_deg=-3.0, pitch_deg=3.0, roll_deg=3.0))
    return bench


@pytest.fixture
def over(bench: Bench, qtbot: Any) -> Bench:
    return over_ellipsoid(bench, qtbot)


def line(word: str, count: int = 16) -> np.ndarray:
    """Where the true camera sees a line of the ellipsoid, from its closed form."""
    pixels = TRUTH.view.atlas_to_pixels(POINTS[word](TRUTH))
    inside = ((pixels >= 0) & (pixels <= np.subtract(SHAPE, 1))).all(axis=1)
    pixels = pixels[inside]
    return np.asarray(pixels[np.linspace(0, len(pixels) - 1, count + 6).astype(int)][3:-3])


def draw_all(bench: Bench) -> Any:
    """As the user does with napari's tool; the layer."""
    for word in POINTS:
        bench.curves.draw(word)
        layer = bench.stage.extra_layer(CURVES)
        layer.add(line(word, 24 if word == "brain edge" else 14), shape_type="path")
    return bench.stage.extra_layer(CURVES)


def angle_deg(one: Pose, other: Pose) -> float:
    return float(np.degrees(Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude()))


def test_drawing_opens_the_image_view_with_the_tool_for_lines(over: Bench) -> None:
    over.curves.draw("midline")
    layer = over.stage.extra_layer(CURVES)
    assert over.stage.mode == "image"
    assert over.stage.viewer.layers.selection.active is layer
    assert layer.mode == "add_polyline"
    assert len(layer.data) == 0
    assert over.curves.drawn == ()


def test_drawn_lines_move_the_image_onto_the_brain_and_undo_takes_it_back(
    over: Bench, qtbot: Any, told: list[str]
) -> None:
    layer = draw_all(over)
    assert [curve.name for curve in over.curves.drawn] == [*POINTS]
    assert list(layer.features["curve"]) == [*POINTS]
    before = over.session.alignment
    over.curves.refine()
    wait_for_work(qtbot, over)
    found = over.session.alignment.pose
    assert angle_deg(found, TRUTH.pose) < 0.2
    off = TRUTH.pose.to_plane(found.centre_um)
    assert np.hypot(*off[:2]) < 25.0
    assert over.curves.words.startswith("rms ")
    assert "midline" in over.curves.words
    assert layer.mode == "pan_zoom"
    over.session.aligner.undo()
    assert over.session.alignment == before
    assert told == []


def test_editing_a_line_makes_the_fit_old(over: Bench, qtbot: Any) -> None:
    layer = draw_all(over)
    over.curves.refine()
    wait_for_work(qtbot, over)
    assert over.curves.fit is not None
    data = [np.array(path) for path in layer.data]
    data[0] = data[0] + 1.0
    layer.data = data
    assert over.curves.fit is None
    np.testing.assert_allclose(over.curves.drawn[0].points_px, data[0])
    layer.selected_data = {1}
    layer.remove_selected()
    assert [curve.name for curve in over.curves.drawn] == ["midline", "front | back"]


def test_curves_are_saved_and_come_back(over: Bench) -> None:
    draw_all(over)
    kept, parts = over.curves.drawn, over.saved_parts.snapshot()
    over.saved_parts.restore({})
    assert over.curves.drawn == ()
    assert over.stage.extra_layer(CURVES) is None
    over.saved_parts.restore(parts)
    assert [curve.name for curve in over.curves.drawn] == [curve.name for curve in kept]
    layer = over.stage.extra_layer(CURVES)
    for before, now in zip(kept, curves_in(layer), strict=True):
        np.testing.assert_allclose(now.points_px, before.points_px)
        assert (now.kind, now.regions) == (before.kind, before.regions)
    over.saved_parts.restore({"curves": [{"kind": "nonsense"}, 7, parts["curves"][1]]})
    assert [curve.name for curve in over.curves.drawn] == ["brain edge"]


def test_what_cannot_be_refined_is_told_once_and_moves_nothing(
    over: Bench, qtbot: Any, told: list[str]
) -> None:
    with pytest.raises(RegistrationError, match="draw the midline"):
        over.curves.refine()
    over.curves.draw("front | nowhere")
    over.stage.extra_layer(CURVES).add(line("midline"), shape_type="path")
    before = over.session.alignment
    over.curves.refine()
    wait_for_work(qtbot, over)
    assert over.session.alignment == before
    assert len(told) == 1
    over.session.aligner.set_locked(True)
    with pytest.raises(RegistrationError, match="locked"):
        over.curves.refine()


def test_a_layer_deleted_by_hand_takes_the_curves_with_it(over: Bench) -> None:
    layer = draw_all(over)
    over.stage.viewer.layers.remove(layer)
    assert over.curves.drawn == ()
    over.curves.draw("midline")
    assert len(over.stage.extra_layer(CURVES).data) == 0


def test_another_image_has_no_curves_yet(over: Bench) -> None:
    draw_all(over)
    before = over.session.image
    over.session.set_image(dataclasses.replace(before, sha256="ab" * 32))
    assert len(over.curves.drawn) == 3
    over.session.set_image(dataclasses.replace(before, name="next"))
    assert over.curves.drawn == ()


def test_the_error_of_the_curves_can_be_asked_for(over: Bench, qtbot: Any) -> None:
    draw_all(over)
    over.curves.refine()
    wait_for_work(qtbot, over)
    over.projecting.run()
    wait_for_work(qtbot, over)
    over.confidence.set_source("curves")
    over.confidence.run()
    wait_for_work(qtbot, over)
    assert "certain" in over.confidence.words


def test_words_beside_a_curve_can_be_read_back() -> None:
    assert parsed("front | back") == ("border", ("front", "back"))
    assert parsed("brain edge") == ("brain edge", None)
    assert parsed("what a user has typed") == ("midline", None)


def test_the_part_of_the_panel(over: Bench, qtbot: Any, told: list[str]) -> None:
    body = CurvesSection(over, Links())
    qtbot.addWidget(body)
    assert not body.refine.isEnabled()
    assert not body.regions.isVisibleTo(body)
    body.kind.setCurrentIndex(2)
    body.kind.activated.emit(2)
    assert body.regions.isVisibleTo(body)
    assert (body.first.currentText(), body.second.currentText()) == ("back", "front")
    body.second.setCurrentIndex(0)
    body.draw.click()
    assert told == ["choose two different regions for the border"]
    body.second.setCurrentIndex(1)
    body.draw.click()
    layer = over.stage.extra_layer(CURVES)
    layer.add(line("front | back"), shape_type="path")
    assert body.words.text() == "back | front (16 points)"
    body.refine.click()
    assert not body.refine.isEnabled()
    wait_for_work(qtbot, over)
    assert body.words.text().startswith("rms ")
    assert "not determined, kept" in body.words.text()
    body.clear.click()
    assert body.words.text() == "nothing drawn yet"


def test_a_line_is_drawn_with_clicks(window_bench: Bench, qtbot: Any) -> None:
    bench = over_ellipsoid(window_bench, qtbot)
    viewer = bench.stage.viewer
    viewer.window.show()
    bench.curves.draw("midline")
    qtbot.wait(50)
    height, width = viewer.canvas.size
    mouse = Mouse(viewer, qtbot)
    for share in (0.3, 0.4, 0.5, 0.6):
        place = (share * height, width / 2)
        mouse.move(place)
        mouse.drag(place)
    mouse.double_click((0.6 * height, width / 2))
    (curve,) = bench.curves.drawn
    assert curve.kind == "midline"
    assert len(curve.points_px) == 4
    np.testing.assert_allclose(np.ptp(curve.points_px[:, 1]), 0.0, atol=1e-6)
