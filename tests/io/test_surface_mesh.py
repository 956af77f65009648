"""PLY and GLB files, read back with trimesh; the letter F tells left from right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.geometry import OrthographicCamera, Pose
from napari_brainreg3d.geometry.frames import ML
from napari_brainreg3d.io.surface_mesh import file_from_atlas, write_surface
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.drape import Drape, drape
from tests.fixtures.scenes import LETTER_BOXES, MIDLINE_UM, letter_scene

SOURCE = Registration(
    atlas="test_letter",
    image_shape=(50, 60),
    pixel_size_um=100.0,
    pose=Pose.dorsal(centre_um=(4000.0, 900.0, 6800.0)),
    camera=OrthographicCamera(),
    image_name="session.tif",
    side_confirmed=True,
)


@pytest.fixture(scope="module")
def draped() -> Drape:
    """The stem of the letter, at the animal's left, is bright; the rest is dark."""
    ml = 6800.0 - (np.arange(60) - 29.5) * 100.0
    low, high = (corner[ML] for corner in LETTER_BOXES["stem"])
    image = np.tile(np.where((ml > low) & (ml < high), 200.0, 20.0), (50, 1))
    return drape(letter_scene(), SOURCE, image, spacing_um=100.0, contrast=(0.0, 255.0))


def read(path: Path) -> Any:
    """The one mesh of a file."""
    loaded = trimesh.load(path, process=False)
    return loaded if isinstance(loaded, trimesh.Trimesh) else next(iter(loaded.geometry.values()))


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_every_vertex_keeps_its_place_and_colour(
    suffix: str, draped: Drape, tmp_path: Path
) -> None:
    mesh = read(write_surface(tmp_path / f"brain{suffix}", draped))
    matrix = file_from_atlas(draped, suffix)
    back = np.linalg.solve(matrix[:3, :3], (mesh.vertices - matrix[:3, 3]).T).T
    np.testing.assert_allclose(back, draped.vertices_um, atol=0.01)
    assert len(mesh.faces) == len(draped.faces)
    if suffix == ".ply":
        np.testing.assert_array_equal(mesh.visual.vertex_colors, draped.colours)


def glb_tree_and_colours(path: Path) -> tuple[dict[str, Any], Any]:
    """The JSON of a GLB and its ``COLOR_0``, read by hand as the specification of glTF says."""
    content = path.read_bytes()
    length = int.from_bytes(content[12:16], "little")
    tree = json.loads(content[20 : 20 + length])
    accessor = tree["accessors"][tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]
    assert (accessor["componentType"], accessor["type"]) == (5123, "VEC4")  # UNSIGNED_SHORT
    assert accessor["normalized"] is True
    view = tree["bufferViews"][accessor["bufferView"]]
    start = 20 + length + 8 + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    values = np.frombuffer(content, "<u2", 4 * accessor["count"], start)
    return tree, values.reshape(-1, 4) / 65535.0


def test_a_glb_holds_light_that_viewers_turn_back_into_the_picture(
    draped: Drape, tmp_path: Path
) -> None:
    """20 and 200 of 255 in sRGB are 0.006995 and 0.577580 of the light (IEC 61966-2-1)."""
    tree, light = glb_tree_and_colours(write_surface(tmp_path / "a.glb", draped))
    known = {20: 0.006995, 200: 0.577580}
    for value, expected in known.items():
        of_value = light[(draped.colours == (value, value, value, 255)).all(axis=1)]
        assert len(of_value) > 20
        np.testing.assert_allclose(of_value[:, :3], expected, atol=1.2e-5)
    np.testing.assert_array_equal(light[:, 3], 1.0)
    # As a viewer does: linear light to a screen of 8 bits.
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    np.testing.assert_array_equal((shown[:, :3] * 255).round(), draped.colours[:, :3])
    assert "linear light" in tree["scenes"][0]["extras"]["colours"]
    # Without a material glTF means metal, which viewers show nearly black.
    primitive = tree["meshes"][0]["primitives"][0]
    material = tree["materials"][primitive["material"]]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0.0


@pytest.mark.parametrize(
    ("suffix", "right", "front", "up", "um"),
    [
        pytest.param(".ply", (1, 0, 0), (0, 1, 0), (0, 0, 1), 1.0, id="ply"),
        pytest.param(".glb", (-1, 0, 0), (0, 0, 1), (0, 1, 0), 1e-6, id="glb"),
    ],
)
def test_viewers_show_the_brain_as_it_is_not_mirrored(
    suffix: str, right: Any, front: Any, up: Any, um: float, draped: Drape, tmp_path: Path
) -> None:
    """The bright stem lies to the left, 2400 um from the midline; the arm is in front."""
    mesh = read(write_surface(tmp_path / f"brain{suffix}", draped))
    # In a right-handed world up is right x front; nothing but a rotation leads between the two.
    np.testing.assert_array_equal(np.cross(right, front), up)
    places = mesh.vertices / um
    if suffix == ".ply":
        stem = (mesh.visual.vertex_colors == (200, 200, 200, 255)).all(axis=1)
    else:
        _, light = glb_tree_and_colours(tmp_path / "brain.glb")
        stem = abs(light[:, 0] - 0.577580) < 1e-4
    low, high = (MIDLINE_UM - LETTER_BOXES["stem"][i][ML] for i in (1, 0))
    sideways = places[stem] @ right
    assert low - 1 <= sideways.min() < sideways.max() <= high + 1 < 0
    # The right end of the arm lies further in front than the middle of the letter.
    rightmost = places @ right > 600.0
    assert (places[rightmost] @ front).min() > (places @ front).mean()
    assert (places @ up)[stem].mean() > (places @ up).mean()  # the top was painted
    # Counter-clockwise seen from outside: the volume, though finely cut on top, is positive.
    letter = sum(np.prod(np.subtract(high, low)) for low, high in LETTER_BOXES.values())
    assert mesh.volume / um**3 == pytest.approx(letter, rel=1e-3)


def test_the_coordinates_of_the_atlas_can_be_kept(draped: Drape, tmp_path: Path) -> None:
    mesh = read(write_surface(tmp_path / "a.ply", draped, frame="atlas_um"))
    np.testing.assert_allclose(mesh.vertices, draped.vertices_um, atol=0.01)
    np.testing.assert_array_equal(mesh.faces, draped.faces)
    assert b"left-handed" in tmp_path.joinpath("a.ply").read_bytes()[:4000]


def test_a_ply_says_its_axes_units_and_sides(draped: Drape, tmp_path: Path) -> None:
    content = write_surface(tmp_path / "a.ply", draped).read_bytes()
    header = content[: content.index(b"end_header")].decode("ascii").splitlines()
    assert header[:2] == ["ply", "format binary_little_endian 1.0"]
    said = dict(line.split(" ", 2)[1:] for line in header if line.startswith("comment file_")
                or line.startswith(("comment axes", "comment image", "comment side")))  # fmt: skip
    assert "micrometres: x to the animal's right" in json.loads(said["axes"])
    assert json.loads(said["side_confirmed"]) is True
    assert json.loads(said["image"])["name"] == "session.tif"
    np.testing.assert_array_equal(
        json.loads(said["file_from_atlas_um"]), file_from_atlas(draped, ".ply")
    )


def test_a_glb_says_the_same_in_its_extras(draped: Drape, tmp_path: Path) -> None:
    content = write_surface(tmp_path / "a.glb", draped).read_bytes()
    length = int.from_bytes(content[12:16], "little")
    tree = json.loads(content[20 : 20 + length])
    (scene,) = tree["scenes"]
    assert "metres" in scene["extras"]["axes"]
    assert "axis 2 right to left" in scene["extras"]["conventions"]
    matrix = np.array(scene["extras"]["file_from_atlas_um"])
    np.testing.assert_allclose(matrix, file_from_atlas(draped, ".glb"))


def test_what_was_not_seen_can_be_left_out(draped: Drape, tmp_path: Path) -> None:
    mesh = read(write_surface(tmp_path / "a.ply", draped, only_seen=True))
    assert 0 < len(mesh.vertices) < len(draped.vertices_um)
    assert set(map(tuple, mesh.visual.vertex_colors)) <= set(
        map(tuple, draped.colours[draped.seen])
    )


def test_other_names_and_existing_files_are_refused(draped: Drape, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"ends in \.ply or \.glb"):
        write_surface(tmp_path / "a.obj", draped)
    with pytest.raises(OutputError, match="frame must be"):
        write_surface(tmp_path / "a.ply", draped, frame="ras")  # type: ignore[arg-type]
    tmp_path.joinpath("a.ply").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_surface(tmp_path / "a.ply", draped)
    assert [file.name for file in tmp_path.iterdir()] == ["a.ply"]
