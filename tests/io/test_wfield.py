"""wfield and locaNMF files, against wfield's own arithmetic written out with scikit-image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.transform import AffineTransform, SimilarityTransform

from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.io.wfield import (
    WFIELD_LANDMARKS,
    read_wfield_landmarks,
    write_locanmf,
    write_wfield_landmarks,
)
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import letter_scene

#: As shipped with wfield, without anything matched.
DEFAULT: dict[str, Any] = {
    "bregma_offset": [320, 270],
    "landmarks": {
        "color": ["#fc9d03", "#0367fc", "#fc9d03", "#fc4103"],
        "name": ["OB_left", "OB_center", "OB_right", "RSP_base"],
        "x": [-1.95, 0.0, 1.95, 0.0],
        "y": [-3.45, -3.45, -3.45, 3.2],
    },
    "resolution": 0.0194,
}


def saved(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps(DEFAULT | changes))
    return path


def drawn_by_wfield(content: dict[str, Any], points_mm: np.ndarray) -> np.ndarray:
    """Reference mm -> image px as wfield does it: scale, shift, then its 3 x 3 matrix."""
    px = points_mm / content["resolution"] + np.array(content["bregma_offset"])
    matrix = np.array(content.get("transform", np.eye(3)))
    return (matrix @ np.column_stack([px, np.ones(len(px))]).T).T[:, :2]


def test_the_shipped_default_puts_the_landmarks_where_wfield_does(tmp_path) -> None:
    marks = read_wfield_landmarks(saved(tmp_path / "a.json"))
    assert marks.names == tuple(WFIELD_LANDMARKS)
    expected = [[219.4845, 92.1649], [320, 92.1649], [420.5155, 92.1649], [320, 434.9485]]
    np.testing.assert_allclose(marks.to_image_px(marks.reference_mm), expected, atol=1e-3)
    assert marks.image_px is None


TRANSFORMS = [
    pytest.param(SimilarityTransform(), id="none"),
    pytest.param(
        SimilarityTransform(scale=1.2, rotation=np.radians(13), translation=(40, -25)), id="turned"
    ),
    pytest.param(
        SimilarityTransform(scale=0.8, rotation=np.radians(-95), translation=(500, 600)),
        id="on its side",
    ),
    pytest.param(
        AffineTransform(matrix=np.array([[-1.1, 0.1, 640.0], [0.1, 1.1, 3.0], [0, 0, 1]])),
        id="mirrored",
    ),
]


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_start_pose_sees_the_map_where_wfield_draws_it(tmp_path, transform) -> None:
    """Within half a pixel, all over the map, front and back and left and right."""
    path = saved(tmp_path / "a.json", transform=transform.params.tolist())
    registration = read_wfield_landmarks(path).to_registration("demo_mouse", (540, 640))
    rng = np.random.default_rng(0)
    mm = rng.uniform([-5, -5], [5, 5], (50, 2))
    atlas = np.stack([5400 + 1000 * mm[:, 1], rng.uniform(0, 4000, 50), 5700 - 1000 * mm[:, 0]], 1)
    ours = registration.view.atlas_to_pixels(atlas)[:, ::-1]
    np.testing.assert_allclose(ours, drawn_by_wfield(json.loads(path.read_text()), mm), atol=0.5)
    assert registration.camera.mirrored == (np.linalg.det(transform.params) < 0)


def test_an_affine_map_starts_from_the_nearest_similarity(tmp_path) -> None:
    affine = AffineTransform(scale=(1.1, 0.9), rotation=0.1, translation=(10, 20))
    path = saved(tmp_path / "a.json", transform=affine.params.tolist(), transform_type="affine")
    marks = read_wfield_landmarks(path)
    assert marks.transform_type == "affine"
    registration = marks.to_registration("demo_mouse", (540, 640))
    assert registration.pixel_size_um == pytest.approx((19.4, 19.4))


def test_what_we_write_wfield_draws_where_our_camera_sees_it(tmp_path) -> None:
    """Without tilt and perspective a flat map is exact, and ours reads its own file back."""
    registration = Registration(
        atlas="demo_mouse",
        image_shape=(400, 500),
        pixel_size_um=22.0,
        pose=Pose.dorsal(centre_um=(5000.0, 0.0, 5300.0), yaw_deg=33.0),
    )
    points = np.array(
        [[1950, 2976, 7650], [1950, 2963, 5700], [1950, 2950, 3750], [8600, 733, 5700]]
    )
    path = tmp_path / "dorsal_cortex_landmarks.json"
    write_wfield_landmarks(path, registration, points)
    content = json.loads(path.read_text())
    np.testing.assert_allclose(content["landmarks"]["x"], [-1.95, 0, 1.95, 0])
    np.testing.assert_allclose(content["landmarks"]["y"], [-3.45, -3.45, -3.45, 3.2])
    mm = np.array([[2.0, 1.0], [-3.0, -2.0]])  # right and behind, left and in front
    atlas = np.array([[6400.0, 0.0, 3700.0], [3400.0, 0.0, 8700.0]])
    seen = registration.view.atlas_to_pixels(atlas)[:, ::-1]
    np.testing.assert_allclose(drawn_by_wfield(content, mm), seen, atol=1e-6)
    again = read_wfield_landmarks(path).to_registration("demo_mouse", (400, 500))
    assert again.pose.angles_deg[0] == pytest.approx(33.0)
    np.testing.assert_allclose(again.pose.centre_um, [5000.0, 0.0, 5300.0], atol=1e-6)
    with pytest.raises(OutputError, match="overwrite"):
        write_wfield_landmarks(path, registration, points)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("not json", "not a landmark file", id="not JSON"),
        pytest.param("{}", "landmarks", id="no landmarks"),
        pytest.param("[1, 2]", "not a landmark file", id="a list"),
        pytest.param(
            json.dumps(DEFAULT | {"transform": [[1, 0], [0, 1]]}), "3 x 3", id="small transform"
        ),
        pytest.param(json.dumps(DEFAULT | {"resolution": -1}), "resolution", id="negative"),
        pytest.param(
            json.dumps(DEFAULT | {"landmarks_match": {"x": [1], "y": [2], "name": ["a"]}}),
            "lengths",
            id="too few matches",
        ),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, content, words) -> None:
    path = tmp_path / "landmarks.json"
    path.write_text(content)
    with pytest.raises(RegistrationError, match=words) as caught:
        read_wfield_landmarks(path)
    assert str(path) in str(caught.value)


def test_a_map_without_extent_gives_no_pose(tmp_path) -> None:
    path = saved(tmp_path / "a.json", transform=[[1, 0, 0], [1, 0, 0], [0, 0, 1]])
    with pytest.raises(RegistrationError, match="line"):
        read_wfield_landmarks(path).to_registration("demo_mouse", (10, 10))


def test_locanmf_labels_are_positive_left_and_negative_right(tmp_path) -> None:
    """The letter's arm crosses the midline at 5700 um; its end is the animal's right side."""
    registration = Registration(
        atlas="letter",
        image_shape=(110, 110),
        pixel_size_um=40.0,
        pose=Pose.dorsal(centre_um=(4000.0, 500.0, 6800.0)),
        camera=PinholeCamera(working_distance_mm=200.0),
    )
    projection = project(letter_scene(), registration, occlusion="selected")
    array_path, names_path = write_locanmf(tmp_path / "atlas.npy", projection)
    array = np.load(array_path)
    assert array.dtype == np.float32
    names = {name: value for value, name in json.loads(names_path.read_text())}

    def value_at(ap: float, ml: float) -> float:
        row, column = registration.view.atlas_to_pixels([ap, 1000.0, ml])
        return array[round(row), round(column)]

    assert value_at(5000, 8200) == names["stem_left"] == 1
    assert value_at(2400, 7000) == names["arm_left"]
    assert value_at(2400, 5300) == names["arm_right"] == -names["arm_left"]
    assert value_at(4000, 7000) == names["bar_left"]
    assert value_at(5000, 7000) == 0
