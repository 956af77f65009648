"""project(): what it gives back, what it leaves alone, how it reports, stops and fails."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
from typing import Any

import numpy as np
import pytest

from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.errors import AtlasError, Cancelled, RegistrationError
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.projection import NothingSeenWarning, Projection, project
from napari_brainreg3d.projection import project as project_function
from napari_brainreg3d.projection.refine import refine
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import (
    LETTER_BOXES,
    letter_scene,
    nested_shells_scene,
    slab_scene,
    sphere_scene,
)


def registration(**changes: Any) -> Registration:
    """A dorsal view of 60 x 50 pixels of 200 um, centred on the letter."""
    given: dict[str, Any] = {
        "atlas": "test",
        "image_shape": (60, 50),
        "pixel_size_um": 200.0,
        "pose": Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0)),
    }
    return Registration(**{**given, **changes})


def drawn(
    boxes: dict[str, Any],
    *,
    rows: tuple[int, int],
    columns: tuple[int, int],
    look: int,
    at: Registration,
) -> np.ndarray:
    """Paint boxes, furthest first, as parallel rays along an axis of the atlas see them.

    ``rows``, ``columns``: (axis, sign) that the image's rows and columns run along; ``look``: axis
    + 1 of the viewing direction, with its sign.
    """
    height, width = at.image_shape
    centre = at.pose.centre_um
    offsets = [
        (np.arange(n) - (n - 1) / 2) * size
        for n, size in zip((height, width), at.pixel_size_um, strict=True)
    ]
    down = centre[rows[0]] + rows[1] * offsets[0]
    right = centre[columns[0]] + columns[1] * offsets[1]
    axis, sign = abs(look) - 1, np.sign(look)
    picture = np.zeros((height, width), int)
    nearest = np.full((height, width), np.inf)
    for label, (low, high) in enumerate(boxes.values(), start=1):
        inside = ((down > low[rows[0]]) & (down < high[rows[0]]))[:, None] & (
            (right > low[columns[0]]) & (right < high[columns[0]])
        )
        entry = min(sign * low[axis], sign * high[axis])
        nearer = inside & (entry < nearest)
        picture[nearer] = label
        nearest[nearer] = entry
    return picture


#: View -> (axis, sign) of rows and of columns, viewing axis + 1 with its sign, by the frames'
#: definitions: axis 0 runs to posterior, 1 to inferior, 2 to the animal's left.
VIEWS = {
    "dorsal": ((0, +1), (2, -1), +2),
    "ventral": ((0, +1), (2, +1), -2),
    "left": ((1, +1), (0, +1), -3),
    "right": ((1, +1), (0, -1), +3),
    "frontal": ((1, +1), (2, +1), +1),
    "caudal": ((1, +1), (2, -1), -1),
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_letter_is_seen_upright_and_unmirrored_from_every_side(view: str) -> None:
    rows, columns, look = VIEWS[view]
    at = registration(pose=Pose.from_view(view, centre_um=(4010.0, 2010.0, 6810.0)))
    expected = drawn(LETTER_BOXES, rows=rows, columns=columns, look=look, at=at)
    labels = project(letter_scene(), at, occlusion="selected").labels
    assert set(np.unique(expected)) >= {0, 1}
    assert np.array_equal(labels, expected)


def test_the_letter_reads_as_an_f_and_no_mirror_image_or_turn_of_it_does() -> None:
    """Nose up, the animal's right at the right; one character per 400 um."""
    at = registration(
        image_shape=(12, 11),
        pixel_size_um=400.0,
        pose=Pose.dorsal(centre_um=(4000.0, 0.0, 6800.0)),
    )
    picture = [
        "...........",
        ".ssaaaaaaa.",
        ".ssaaaaaaa.",
        ".ss........",
        ".ss........",
        ".ssbbbb....",
        ".ssbbbb....",
        ".ss........",
        ".ss........",
        ".ss........",
        ".ss........",
        "...........",
    ]
    expected = np.array([[".sab".index(character) for character in row] for row in picture])
    labels = project(letter_scene(), at).labels
    assert np.array_equal(labels, expected)
    seen = labels > 0
    square = np.zeros((12, 12), bool)
    square[:, :11] = seen
    others = [np.rot90(square, turns) for turns in range(1, 4)]
    others += [np.rot90(square.T, turns) for turns in range(4)]

    def trimmed(image: np.ndarray) -> np.ndarray:
        return image[image.any(axis=1)][:, image.any(axis=0)]

    for other in others:
        assert not np.array_equal(trimmed(other), trimmed(seen))


def test_a_mirroring_camera_shows_the_same_picture_with_its_columns_reversed() -> None:
    scene, at = letter_scene(), registration()
    plain = project(scene, at)
    mirrored = project(scene, at.replaced(camera=dataclasses.replace(at.camera, mirrored=True)))
    assert np.array_equal(mirrored.labels, plain.labels[:, ::-1])
    assert not np.array_equal(mirrored.labels, plain.labels)
    # The places in the atlas are mirrored with the picture: left stays left.
    assert np.array_equal(mirrored.atlas_um, plain.atlas_um[:, ::-1], equal_nan=True)


def test_an_image_upside_down_is_the_same_picture_turned_by_half() -> None:
    """brainreg3D ended in an IndexError."""
    scene = letter_scene()
    plain = project(scene, registration())
    turned = project(
        scene, registration(pose=Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0), yaw_deg=180.0))
    )
    assert np.array_equal(turned.labels, plain.labels[::-1, ::-1])
    # From below, the image plane turned over: whatever is seen, it is an answer.
    below = project(
        scene, registration(pose=Pose.dorsal(centre_um=(4000.0, 5000.0, 6800.0), pitch_deg=180.0))
    )
    assert (below.labels > 0).sum() == (plain.labels > 0).sum()


def test_sides_go_by_the_point_that_is_hit() -> None:
    """The arm of the letter crosses the midline at 5700 um; 200 um pixels, counted by hand."""
    scene, at = letter_scene(), registration(pose=Pose.dorsal(centre_um=(4000.0, 0.0, 6700.0)))
    split = project(scene, at, split_hemispheres=True)
    table = split.table
    assert table.hemisphere.tolist() == ["left"] * 3 + ["right"] * 3
    assert table.acronym.tolist() == ["stem", "arm", "bar"] * 2
    assert table.label.tolist() == [1, 2, 3, 4, 5, 6]
    # Pixel columns are centred at 5000 + 200 k; arm: rows 2000..2800, columns 5000..7800.
    arm_rows, left, right = 4, 11, 4  # 5700..7800 without and 5000..5700 with borders at centres
    counts = dict(zip(zip(table.acronym, table.hemisphere, strict=True), table.pixels, strict=True))
    assert counts["arm", "right"] in (arm_rows * (right - 1), arm_rows * right)
    assert counts["arm", "left"] in (arm_rows * (left - 1), arm_rows * left)
    assert counts["stem", "right"] == counts["bar", "right"] == 0
    assert counts["stem", "left"] > 0
    left_label = split.labels == 2
    assert (split.atlas_um[left_label][:, 2] >= 5700.0).all()
    assert (split.atlas_um[split.labels == 5][:, 2] < 5700.0).all()


def test_sides_are_those_of_the_tissue_not_of_the_pixel() -> None:
    """Under a roll of 45 degrees the ray through the midline ends far from it."""
    scene = letter_scene()
    at = registration(
        pose=Pose.dorsal(centre_um=(4000.0, 500.0, 6000.0), roll_deg=45.0),
        camera=PinholeCamera(working_distance_mm=50.0),
    )
    split = project(scene, at, split_hemispheres=True)
    hemisphere = np.array(["none", *split.table.hemisphere])[split.labels]
    seen = split.labels > 0
    assert {"left", "right"} <= set(hemisphere[seen])
    by_place = np.where(split.atlas_um[..., 2] >= 5700.0, "left", "right")
    assert np.array_equal(hemisphere[seen], by_place[seen])


def test_a_region_out_of_view_keeps_its_row_and_its_neighbours_keep_their_names() -> None:
    """brainreg3D deleted it from the list that it was looping over, which shifted all names."""
    scene = slab_scene()  # side by side along axis 2, 1000 um each from 4200
    for missing in range(4):
        seen = [i for i in range(4) if i != missing]
        # A narrow image per slab: only that one is in view.
        for i in seen:
            at = registration(
                image_shape=(20, 8),
                pixel_size_um=100.0,
                pose=Pose.dorsal(centre_um=(5000.0, 0.0, 4700.0 + 1000.0 * i)),
            )
            table = project(scene, at, occlusion="selected").table
            assert table.acronym.tolist() == ["slab0", "slab1", "slab2", "slab3"]
            assert table.pixels.tolist() == [160 * (j == i) for j in range(4)]
    # The first two and the last: the third is hidden by the brain.
    wide = registration(
        image_shape=(20, 40), pixel_size_um=100.0, pose=Pose.dorsal(centre_um=(5000.0, 0.0, 6200.0))
    )
    projection = project(scene, wide)
    assert projection.table.pixels.tolist() == [200, 200, 0, 0]
    for label, i in ((1, 0), (2, 1)):
        places = projection.atlas_um[projection.labels == label]
        assert (places[:, 2] > 4200.0 + 1000.0 * i).all()
        assert (places[:, 2] < 5200.0 + 1000.0 * i).all()


def test_pixels_that_look_past_the_brain_get_no_label_and_no_place() -> None:
    """brainreg3D had no background: it labelled every pixel."""
    scene = sphere_scene(subdivisions=4)
    at = registration(pose=Pose.dorsal(centre_um=(5000.0, 0.0, 4500.0)))
    projection = project(scene, at)
    offsets = (np.argwhere(np.ones(at.image_shape)) - (29.5, 24.5)) * 200.0
    distance = np.linalg.norm(offsets, axis=1).reshape(at.image_shape)
    outside, inside = distance > 2000.0, distance < 1990.0
    assert (projection.labels[inside] == 1).all()
    assert (projection.labels[outside] == 0).all()
    for values in (projection.depth_um, projection.surface_depth_um, projection.incidence_deg):
        assert np.isnan(values[outside]).all()
        assert np.isfinite(values[inside]).all()
    assert np.isnan(projection.atlas_um[outside]).all()


def test_an_image_that_looks_past_everything_is_all_zero_with_a_warning() -> None:
    scene = sphere_scene(subdivisions=2)
    away = registration(pose=Pose.dorsal(centre_um=(5000.0, 0.0, 90_000.0)))
    with pytest.warns(NothingSeenWarning, match="check the pose"):
        projection = project(scene, away, unresolved=True)
    assert not projection.labels.any()
    assert projection.table.pixels.tolist() == [0]
    assert projection.unresolved is not None
    assert not projection.unresolved.any()
    behind = registration(
        pose=Pose.dorsal(centre_um=(5000.0, 20_000.0, 4500.0)),
        camera=PinholeCamera(working_distance_mm=5.0),
    )
    with pytest.warns(NothingSeenWarning):
        assert not project(scene, behind).labels.any()


def test_labels_are_small_consecutive_integers_and_the_table_has_the_atlas_ids() -> None:
    scene = letter_scene()
    projection = project(scene, registration())
    assert projection.labels.dtype == np.uint16
    assert set(np.unique(projection.labels)) == {0, 1, 2, 3}
    table = projection.table
    assert list(table.columns) == [
        "label", "id", "acronym", "name", "hemisphere", "pixels", "color", "parents",
    ]  # fmt: skip
    assert (table.id > 600_000_000).all()
    assert table.hemisphere.tolist() == ["both"] * 3
    assert table.parents.tolist() == ["root"] * 3
    assert table.name.tolist() == ["Region stem", "Region arm", "Region bar"]
    assert table.color.str.fullmatch("#[0-9a-f]{6}").all()
    for label, pixels in zip(table.label, table.pixels, strict=True):
        assert pixels == (projection.labels == label).sum() == projection.mask(label).sum()


def digest(thing: Any, seen: set[int] | None = None) -> str:
    """A hash of all arrays and values inside a dataclass."""
    if isinstance(thing, np.ndarray):
        return hashlib.sha256(thing.tobytes() + str(thing.dtype).encode()).hexdigest()
    if dataclasses.is_dataclass(thing):
        return "|".join(
            f"{f.name}={digest(getattr(thing, f.name))}" for f in dataclasses.fields(thing)
        )
    return repr(thing) if not isinstance(thing, dict) else str(sorted(thing))


def test_neither_argument_is_changed() -> None:
    scene, at = letter_scene(), registration()
    before = digest(scene), digest(at)
    project(scene, at, unresolved=True, split_hemispheres=True)
    project(scene, at, sample_depth_um=300.0)
    assert (digest(scene), digest(at)) == before


def test_all_arrays_of_the_result_are_read_only() -> None:
    projection = project(letter_scene(), registration(), unresolved=True)
    projection = refine(projection, where="boundary")
    arrays = {
        name: getattr(projection, name)
        for name in (
            "labels", "finest", "depth_um", "surface_depth_um", "incidence_deg", "atlas_um",
            "unresolved", "refined",
        )
    }  # fmt: skip
    for name, array in arrays.items():
        assert isinstance(array, np.ndarray), name
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        projection.finest = None  # type: ignore[misc, assignment]


def same(a: Projection, b: Projection) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=name != "labels")
        for name in ("labels", "depth_um", "surface_depth_um", "incidence_deg", "atlas_um")
    )


@pytest.mark.parametrize("cpus", [1, 3, 16, None])
def test_the_number_of_processors_does_not_change_the_result(
    cpus: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = nested_shells_scene(subdivisions=2)
    at = registration(
        image_shape=(300, 300),
        pixel_size_um=25.0,
        pose=Pose.dorsal(centre_um=(6000.0, 0.0, 6100.0), pitch_deg=20.0),
    )
    usual = project(scene, at, unresolved=True)
    monkeypatch.setattr(os, "cpu_count", lambda: cpus)
    other = project(scene, at, unresolved=True)
    assert same(usual, other)
    assert np.array_equal(usual.unresolved, other.unresolved)


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_001), (70_001, 1), (2, 40_000)])
def test_images_of_any_shape_are_cut_into_pieces_without_a_seam(shape: tuple[int, int]) -> None:
    """Pieces hold 32,768 rays: rows longer than that, and thousands of short ones."""
    scene = letter_scene()
    at = registration(
        image_shape=shape, pixel_size_um=0.01, pose=Pose.dorsal(centre_um=(2400.0, 0.0, 5700.0))
    )
    projection = project(scene, at)
    assert projection.labels.shape == projection.depth_um.shape == shape
    assert (projection.labels == 2).all()
    np.testing.assert_allclose(projection.depth_um, 1000.0)
    middle = (np.array(shape) - 1) / 2
    row, column = shape[0] - 1, 0
    np.testing.assert_allclose(
        projection.atlas_um[row, column],
        (2400.0 + (row - middle[0]) * 0.01, 1000.0, 5700.0 - (column - middle[1]) * 0.01),
        rtol=1e-6,
    )


def test_progress_grows_from_nothing_to_all_rows() -> None:
    told: list[tuple[int, int]] = []
    threads: set[int] = set()

    def listen(done: int, total: int) -> None:
        told.append((done, total))
        threads.add(threading.get_ident())

    at = registration(image_shape=(400, 500), pixel_size_um=20.0)
    project(letter_scene(), at, progress=listen, unresolved=True)
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == 400
    assert len(set(done)) > 3
    assert {total for _, total in told} == {400}
    assert threads == {threading.get_ident()}  # a listener need not be thread-safe


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("unresolved", [False, True])
def test_a_listener_that_answers_false_stops_the_work(after: int, unresolved: bool) -> None:
    scene = letter_scene()
    at = registration(image_shape=(600, 500), pixel_size_um=15.0)
    calls = 0

    def listen(done: int, total: int) -> bool:
        nonlocal calls
        calls += 1
        return calls <= after

    running = threading.active_count()
    with pytest.raises(Cancelled, match="of 600 steps"):
        project(scene, at, progress=listen, unresolved=unresolved)
    assert calls == after + 1  # nothing is told after the answer
    assert threading.active_count() == running
    assert project(scene, at).labels.any()  # and the scene can be used again


def test_an_error_of_the_listener_comes_out_as_it_is() -> None:
    class Odd(Exception):
        pass

    def listen(done: int, total: int) -> None:
        if done > 100:
            raise Odd("odd")

    running = threading.active_count()
    with pytest.raises(Odd, match="odd"):
        project(
            letter_scene(),
            registration(image_shape=(600, 500), pixel_size_um=15.0),
            progress=listen,
        )
    assert threading.active_count() == running


def test_an_error_in_a_piece_of_work_comes_out_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, points: Any) -> Any:
        raise MemoryError("no more")

    monkeypatch.setattr(Scene, "is_left", broken)
    with pytest.raises(MemoryError, match="no more"):
        project(letter_scene(), registration())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"occlusion": "none"}, "occlusion", id="unknown occlusion"),
        pytest.param({"tolerance_um": -1.0}, "tolerance_um", id="negative tolerance"),
        pytest.param({"tolerance_um": float("nan")}, "tolerance_um", id="tolerance not a number"),
        pytest.param({"sample_depth_um": -1.0}, "sample_depth_um", id="negative depth"),
        pytest.param({"sample_depth_um": float("nan")}, "sample_depth_um", id="depth not a number"),
        pytest.param({"sample_depth_um": float("inf")}, "sample_depth_um", id="infinite depth"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(options: Any, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        project_function(sphere_scene(subdivisions=1), registration(), **options)


def test_sampling_needs_an_annotation_and_a_brain_surface() -> None:
    scene = sphere_scene(subdivisions=1)
    empty = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
    for lacking in (
        dataclasses.replace(scene, load_annotation=None),
        dataclasses.replace(scene, brain=empty),
    ):
        with pytest.raises(AtlasError, match="leave sample_depth_um out"):
            project(lacking, registration(), sample_depth_um=100.0)
