"""The door to BrainGlobe: atlases on disk, offline, damaged, downloaded, half downloaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import s3fs

from napari_brainreg3d.atlas import loading
from napari_brainreg3d.atlas.brainglobe import (
    BrainGlobeSource,
    atlases_on_disk,
    atlases_online,
    brainglobe_folder,
    is_online,
)
from napari_brainreg3d.atlas.loading import MeshFaultWarning, load_scene
from napari_brainreg3d.errors import AtlasError, Cancelled
from tests.fixtures.local_s3 import Server, play_server
from tests.fixtures.mini_atlas import MiniAtlas, write_mini_atlas


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(loading, "_sources", {})
    monkeypatch.setattr(loading, "_scenes", {})


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> MiniAtlas:
    return write_mini_atlas(tmp_path_factory.mktemp("server"), symmetric=False, left_from_voxel=12)


@pytest.fixture
def server(original: MiniAtlas, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """A server with a copy of the atlas."""
    shutil.copytree(original.folder, tmp_path / "server")
    return play_server(monkeypatch, tmp_path / "server" / "brainglobe-atlasapi")


def forbid_the_slow_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let nothing try to reach the network but the one short question, and list those."""
    asked: list[str] = []

    def head(url: str, **_: Any) -> None:
        asked.append(url)
        raise requests.ConnectionError("offline")

    def slow(*_: Any, **__: Any) -> None:
        raise AssertionError("a way that takes seconds when offline")

    monkeypatch.setattr(requests, "head", head)
    monkeypatch.setattr(requests, "get", slow)
    for name in ("get", "exists", "ls", "info"):
        monkeypatch.setattr(s3fs.S3FileSystem, name, slow)
    return asked


# ------------------------------------------------------------------------------------ on disk


def test_atlases_on_disk_are_listed_with_their_newest_version(tmp_path: Path) -> None:
    assert atlases_on_disk(tmp_path) == {}
    for name, version in (("b_25um", "1.9"), ("b_25um", "1.10"), ("a_100um", "0.3")):
        write_mini_atlas(tmp_path, name=name, version=version)
    (tmp_path / "brainglobe-atlasapi/atlases/c_10um/1_0").mkdir(parents=True)  # no manifest
    (tmp_path / "brainglobe-atlasapi/atlases/last_versions.conf").write_text("[atlases]")
    assert atlases_on_disk(tmp_path) == {"a_100um": "0.3", "b_25um": "1.10"}
    assert BrainGlobeSource("b_25um", brainglobe_dir=tmp_path).info.version == "1.10"


def test_the_configured_folder_is_used_when_none_is_given(tmp_path: Path) -> None:
    folder = brainglobe_folder()
    assert folder.is_dir()  # the tests' own, see conftest
    assert brainglobe_folder(tmp_path) == tmp_path
    assert brainglobe_folder(str(tmp_path)) == tmp_path


def test_an_atlas_that_is_not_on_disk_is_one_clear_error_at_once_when_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one question to the server; the API would ask five more, with 5 s of patience each."""
    for name in ("mini_mouse_100um", "other_rat_10um"):
        write_mini_atlas(tmp_path, name=name)
    asked = forbid_the_slow_ways(monkeypatch)
    with pytest.raises(AtlasError) as caught:
        load_scene("allen_mouse_25um", brainglobe_dir=tmp_path)
    assert len(asked) == 1
    message = str(caught.value)
    for part in (
        "'allen_mouse_25um' is not on disk",
        str(tmp_path),
        "cannot be reached",
        "on disk are: demo_mouse, mini_mouse_100um, other_rat_10um",
    ):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["", "*", "../mini", "mini_mouse", "MINI_MOUSE_100UM", "demo"])
def test_odd_names_are_the_same_clear_error(name: str, tmp_path: Path) -> None:
    write_mini_atlas(tmp_path)
    with pytest.raises(AtlasError, match="not on disk"):
        load_scene(name, brainglobe_dir=tmp_path)


def test_a_folder_that_is_not_there_has_no_atlases(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"on disk are: demo_mouse$"):
        load_scene("mini_mouse_100um", brainglobe_dir=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_an_atlas_on_disk_is_opened_without_any_try_to_reach_the_network(
    original: MiniAtlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = forbid_the_slow_ways(monkeypatch)
    scene = load_scene(original.name, brainglobe_dir=original.folder)
    assert scene.load_annotation is not None
    assert scene.load_annotation().ids.any()
    assert scene.load_sides is not None
    assert asked == []


def test_a_missing_mesh_costs_one_short_question_when_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the API alone, each one took 12 s before a foreign exception came."""
    atlas = write_mini_atlas(tmp_path, faults=dict.fromkeys(["MOp", "MOs", "SSp"], "missing"))
    asked = forbid_the_slow_ways(monkeypatch)
    with pytest.warns(MeshFaultWarning, match=r"MOp.*; MOs.*; SSp"):
        scene = load_scene(atlas.name, brainglobe_dir=tmp_path)
    assert len(scene.regions) == 7
    assert len(asked) == 1


def test_nothing_is_printed(original: MiniAtlas, capfd: pytest.CaptureFixture[str]) -> None:
    load_scene(original.name, brainglobe_dir=original.folder)
    with pytest.raises(AtlasError):
        load_scene("nothing_1um", brainglobe_dir=original.folder)
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""


def test_published_atlases_cannot_be_listed_offline() -> None:
    assert not is_online()
    with pytest.raises(AtlasError, match="cannot be reached"):
        atlases_online()


# ------------------------------------------------------------------------------------ damaged


def loaded_whole(atlas: MiniAtlas) -> int:
    """Load all there is, and count the regions."""
    scene = load_scene(atlas.name, brainglobe_dir=atlas.folder)
    scene.load_annotation()  # type: ignore[misc]
    return len(scene.regions)


def assert_clear_error(atlas: MiniAtlas) -> None:
    with pytest.raises(AtlasError) as caught:
        loaded_whole(atlas)
    assert atlas.name in str(caught.value) or "damaged" in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: "", id="empty"),
        pytest.param(lambda text: text[: len(text) // 2], id="cut off"),
        pytest.param(lambda text: "\x00\xff binary", id="binary"),
        pytest.param(lambda text: "[]", id="another kind of json"),
        pytest.param(lambda text: "null", id="null"),
    ],
)
def test_a_damaged_manifest_is_a_clear_error(damage: Any, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path)
    atlas.manifest.write_text(damage(atlas.manifest.read_text()))
    assert_clear_error(atlas)


@pytest.mark.parametrize("key", ["resolution", "shape", "version", "terminology", "annotation_set"])
@pytest.mark.parametrize("how", ["without", "null", "text"])
def test_a_manifest_that_lacks_something_is_a_clear_error(
    key: str, how: str, tmp_path: Path
) -> None:
    atlas = write_mini_atlas(tmp_path)
    manifest = json.loads(atlas.manifest.read_text())
    if how == "without":
        del manifest[key]
    else:
        manifest[key] = None if how == "null" else "nonsense"
    atlas.manifest.write_text(json.dumps(manifest))
    if key == "version" and how != "without":
        assert loaded_whole(atlas) == 10  # any text will do as a version
    else:
        assert_clear_error(atlas)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda lines: [], id="empty"),
        pytest.param(lambda lines: lines[:1], id="only the header"),
        pytest.param(lambda lines: lines[1:], id="no header"),
        pytest.param(lambda lines: [lines[0], *lines[2:]], id="without the root"),
        pytest.param(lambda lines: [*lines[:4], *lines[5:]], id="without a parent"),
        pytest.param(lambda lines: [*lines[:-1], lines[-1][:20]], id="cut off"),
        pytest.param(
            lambda lines: [lines[0], *(line.replace('"[', '"[1, ') for line in lines[1:])],
            id="paths that lead nowhere",
        ),
        pytest.param(
            lambda lines: [lines[0], *("," + line.split(",", 1)[1] for line in lines[1:])],
            id="without ids",
        ),
        pytest.param(
            lambda lines: [line.replace("#", "#zz") for line in lines], id="colours that are none"
        ),
        pytest.param(
            lambda lines: [line.replace("abbreviation", "short") for line in lines],
            id="another column",
        ),
        pytest.param(lambda lines: ["\x00\x01" * 50], id="binary"),
    ],
)
def test_a_damaged_terminology_is_a_clear_error(damage: Any, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path)
    file = atlas.path("terminologies") / "terminology.csv"
    file.write_text("\n".join(damage(file.read_text().splitlines())) + "\n")
    assert_clear_error(atlas)


@pytest.mark.parametrize("kind", ["terminologies", "annotation-sets", "templates"])
def test_a_missing_part_is_a_clear_error(kind: str, tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path)
    shutil.rmtree(atlas.path(kind))
    assert_clear_error(atlas)


def test_a_damaged_annotation_is_a_clear_error_when_it_is_needed(tmp_path: Path) -> None:
    atlas = write_mini_atlas(tmp_path)
    volume = atlas.path("annotation-sets") / "annotations_compressed.ome.zarr/s0"
    for chunk in volume.rglob("c/*/*/*"):
        chunk.write_bytes(b"broken")
    scene = load_scene(atlas.name, ["MOp"], brainglobe_dir=tmp_path)  # not needed for this
    with pytest.raises(AtlasError, match="annotation volume of mini_mouse_100um cannot be read"):
        scene.load_annotation()  # type: ignore[misc]
    with pytest.raises(AtlasError, match="annotation volume"):
        load_scene(atlas.name, "dorsal", brainglobe_dir=tmp_path)


def test_an_annotation_that_is_not_on_disk_is_a_clear_error_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atlas = write_mini_atlas(tmp_path)
    shutil.rmtree(atlas.path("annotation-sets") / "annotations_compressed.ome.zarr/s0/c")
    scene = load_scene(atlas.name, ["MOp"], brainglobe_dir=tmp_path)
    asked = forbid_the_slow_ways(monkeypatch)
    with pytest.raises(AtlasError, match=r"annotation volume of mini_mouse_100um.*reached"):
        scene.load_annotation()  # type: ignore[misc]
    assert len(asked) == 1


# --------------------------------------------------------------------------------- downloaded


def assert_complete(original: MiniAtlas, folder: Path) -> None:
    """All there, from the disk alone, and nothing left lying about."""
    scene = load_scene(original.name, brainglobe_dir=folder)
    assert len(scene.regions) == 10
    assert np.array_equal(scene.load_annotation().ids, original.annotation)  # type: ignore[misc]
    assert np.array_equal(scene.load_sides().ids, original.hemispheres)  # type: ignore[misc]
    assert not list(folder.rglob(".download-*"))


def test_an_atlas_is_downloaded_once_and_then_read_from_disk(
    server: Server,
    original: MiniAtlas,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "mine"
    told: list[tuple[int, int]] = []
    scene = load_scene(original.name, brainglobe_dir=folder, progress=lambda *s: told.append(s))
    assert [region.acronym for region in scene.regions][:2] == ["MOp", "MOs"]
    assert atlases_on_disk(folder) == {original.name: "1.0"}
    downloading, meshes = told[:-11], told[-11:]
    assert meshes == [(i, 10) for i in range(11)]
    assert len(downloading) >= 5
    assert all(done <= total for done, total in downloading)
    assert [done for done, _ in downloading][:3] == [1, 2, 3]
    # Only what was needed: not the template, nor the meshes of other regions.
    assert not [name for name in server.fetched if "template.ome.zarr/s0/c" in name]
    assert original.mesh_file("CP").name not in [Path(name).name for name in server.fetched]
    assert_complete(original, folder)
    fetched = len(server.fetched)
    server.is_up = False
    monkeypatch.setattr(loading, "_sources", {})
    monkeypatch.setattr(loading, "_scenes", {})
    assert_complete(original, folder)
    assert len(server.fetched) == fetched
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""


def cancelling(after: int) -> Iterator[Any]:
    calls = 0

    def listen(done: int, total: int) -> bool:
        nonlocal calls
        calls += 1
        return calls <= after

    return listen  # type: ignore[return-value]


def test_a_download_can_be_stopped_at_every_step_and_tried_again(
    server: Server, original: MiniAtlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API would take what a stopped download left behind for complete."""
    stopped = 0
    for after in range(0, 100, 2):
        folder = tmp_path / f"mine{after}"
        server.fetched.clear()
        try:
            load_scene(original.name, "dorsal", brainglobe_dir=folder, progress=cancelling(after))
        except Cancelled:
            stopped += 1
            assert not list(folder.rglob(".download-*"))
            load_scene(original.name, "dorsal", brainglobe_dir=folder)
            assert_complete(original, folder)
        else:
            break
    else:
        raise AssertionError("a hundred steps and still not done")
    assert stopped > 10


@pytest.mark.parametrize("after", [0, 1, 2, 4, 7, 12])
def test_a_broken_connection_is_a_clear_error_and_can_be_tried_again(
    after: int, server: Server, original: MiniAtlas, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    server.breaks_after = after
    with pytest.raises(AtlasError, match="connection reset"):
        load_scene(original.name, "dorsal", brainglobe_dir=folder)
    server.breaks_after = None
    load_scene(original.name, "dorsal", brainglobe_dir=folder)
    assert_complete(original, folder)


def test_a_mesh_whose_transfer_broke_is_not_kept(
    server: Server, original: MiniAtlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_scene(original.name, ["MOp"], brainglobe_dir=tmp_path)
    server.breaks_after = len(server.fetched)
    with pytest.warns(MeshFaultWarning, match="MOs.*connection reset"):
        scene = load_scene(original.name, ["MOp", "MOs"], brainglobe_dir=tmp_path)
    assert [region.acronym for region in scene.regions] == ["MOp"]
    server.breaks_after = None
    monkeypatch.setattr(loading, "_sources", {})
    monkeypatch.setattr(loading, "_scenes", {})
    scene = load_scene(original.name, ["MOp", "MOs"], brainglobe_dir=tmp_path)
    assert [region.acronym for region in scene.regions] == ["MOp", "MOs"]


def test_a_mesh_that_the_server_does_not_have_is_told_and_skipped(
    server: Server, original: MiniAtlas, tmp_path: Path
) -> None:
    name = original.mesh_file("SSs").relative_to(original.folder / "brainglobe-atlasapi")
    (server.folder / name).unlink()
    with pytest.warns(MeshFaultWarning, match="SSs: the atlas has no mesh"):
        scene = load_scene(original.name, brainglobe_dir=tmp_path)
    assert "SSs" not in [region.acronym for region in scene.regions]


def test_a_download_over_what_an_older_attempt_left_completes_it(
    server: Server, original: MiniAtlas, tmp_path: Path
) -> None:
    """Such as the API itself leaves behind: folders without all of their files."""
    left = (
        tmp_path
        / "brainglobe-atlasapi"
        / original.path("annotation-sets").relative_to(original.folder / "brainglobe-atlasapi")
    )
    (left / "annotations_compressed.ome.zarr").mkdir(parents=True)
    load_scene(original.name, brainglobe_dir=tmp_path)
    assert_complete(original, tmp_path)


def test_an_unknown_atlas_is_a_clear_error_online(server: Server, tmp_path: Path) -> None:
    write_mini_atlas(tmp_path, name="mine_10um")
    with pytest.raises(AtlasError, match=r"no atlas 'nothing_1um'.*demo_mouse, mine_10um"):
        load_scene("nothing_1um", brainglobe_dir=tmp_path)


@pytest.mark.parametrize("kind", ["terminologies", "annotation-sets"])
def test_a_server_that_lacks_a_part_is_a_clear_error(
    kind: str, server: Server, original: MiniAtlas, tmp_path: Path
) -> None:
    shutil.rmtree(server.folder / kind)
    with pytest.raises(AtlasError, match=original.name):
        load_scene(original.name, brainglobe_dir=tmp_path / "mine")
    assert atlases_on_disk(tmp_path / "mine") == {}


def test_a_folder_that_cannot_be_written_is_a_clear_error(
    server: Server, original: MiniAtlas, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AtlasError, match=original.name):
        load_scene(original.name, brainglobe_dir=tmp_path / "file")


def test_later_downloads_do_not_tell_the_listener_of_an_earlier_call(
    server: Server, original: MiniAtlas, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    told: list[tuple[int, int]] = []
    scene = load_scene(
        original.name, ["MOp"], brainglobe_dir=folder, progress=lambda *s: told.append(s)
    )
    before = len(told)
    assert before
    scene.load_annotation()  # type: ignore[misc]
    assert len(told) == before
    shutil.rmtree(next(folder.rglob("annotations_compressed.ome.zarr")) / "s0" / "c")
    again: list[tuple[int, int]] = []
    loading._sources.clear()
    load_scene(original.name, ["MOp"], brainglobe_dir=folder)
    load_scene(original.name, "dorsal", brainglobe_dir=folder, progress=lambda *s: again.append(s))
    assert len(told) == before
    assert len(again) > 11 + 1  # chunks of the annotation, then the meshes
