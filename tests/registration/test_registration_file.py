"""The registration file: it comes back as it was, and nothing broken gets in."""

from __future__ import annotations

import copy
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.geometry import VIEWS, OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.schema import fields_from_json, to_json

#: A file as someone may have written it by hand: yaw 90, nothing that has a default.
BY_HAND = {
    "format": "napari-brainreg3d registration",
    "schema_version": 1,
    "atlas": {"name": "allen_mouse_50um"},
    "image": {"shape": [251, 400], "pixel_size_um": [15.9, 15.6]},
    "pose": {"centre_um": [4900.3, 100.0, 3911.7], "yaw_deg": 90.0},
    "camera": {"type": "pinhole", "working_distance_mm": 230},
}

full = Registration(
    atlas="allen_mouse_50um",
    atlas_version="0.1",
    regions=("MOp", "VIS"),
    hemisphere="right",
    image_name="Mäuschen 小鼠.tif",
    image_sha256="0123456789abcdef" * 4,
    image_shape=(251, 400),
    pixel_size_um=(15.9, 15.6),
    pose=Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7), yaw_deg=88.2, pitch_deg=5.1, roll_deg=-3.3),
    camera=PinholeCamera(
        working_distance_mm=230.0, principal_point_um=(10.0, -20.0), k1=0.1, k2=-0.2, mirrored=True
    ),
    bregma=BregmaPreset("mine", (5000.0, 300.0, 5700.0), 5.0, (1.031, 0.952, 0.885)),
    side_confirmed=True,
    landmarks=(Landmark("bregma", (3.5, 4.25), (5400.0, 332.0, 5739.0)), Landmark("no idea yet")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "image.brainreg3d.json"


def write(path: Path, content: Any) -> Path:
    """Write any content as JSON, NaN included."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def changed(keys: str, value: Any, base: dict[str, Any] = BY_HAND) -> dict[str, Any]:
    """The content with one value, at dotted keys, replaced (or removed, by ``...``)."""
    content = copy.deepcopy(base)
    *outer, last = keys.split(".")
    part = content
    for key in outer:
        part = part.setdefault(key, {})
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return content


# ---------------------------------------------------------------------------- there and back

number = st.floats(-1e5, 1e5)
positive = st.floats(1e-3, 1e4)
angle = st.floats(-180.0, 180.0)
pairs, triples = st.tuples(number, number), st.tuples(number, number, number)
names = st.text(min_size=1, max_size=20)
cameras = st.one_of(
    st.builds(OrthographicCamera, mirrored=st.booleans()),
    st.builds(
        PinholeCamera,
        working_distance_mm=positive,
        principal_point_um=pairs,
        k1=number,
        k2=number,
        mirrored=st.booleans(),
    ),
)
poses = st.builds(
    Pose.from_view,
    st.sampled_from(sorted(VIEWS)),
    centre_um=triples,
    yaw_deg=angle,
    pitch_deg=angle | st.sampled_from([90.0, -90.0]),
    roll_deg=angle,
)
bregmas = st.builds(BregmaPreset, names, triples, angle, st.tuples(positive, positive, positive))
registrations = st.builds(
    Registration,
    # An atlas of another space: for it, None as bregma stays None.
    atlas=names.map(lambda name: f"rat {name}"),
    image_shape=st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)),
    pixel_size_um=st.tuples(positive, positive),
    pose=poses,
    camera=cameras,
    atlas_version=st.none() | names,
    regions=st.lists(names, max_size=3).map(tuple),
    hemisphere=st.sampled_from(["both", "left", "right"]),
    image_name=st.none() | names,
    image_sha256=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    bregma=st.none() | bregmas,
    side_confirmed=st.booleans(),
    landmarks=st.lists(
        st.builds(Landmark, names, st.none() | pairs, st.none() | triples), max_size=3
    ).map(tuple),
)


@given(registrations)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_registration_comes_back_as_it_was(registration):
    text = to_json(registration)
    assert Registration(**fields_from_json(text)) == registration


def test_a_saved_file_is_loaded_as_it_was(path):
    assert full.save(path) == path
    assert Registration.load(path) == full
    assert Registration.load(str(path)) == full
    assert hash(Registration.load(path)) == hash(full)


def test_saving_a_second_time_what_was_loaded_changes_nothing_but_the_date(path):
    full.save(path)
    first = json.loads(path.read_text(encoding="utf-8"))
    Registration.load(path).save(path, overwrite=True)
    second = json.loads(path.read_text(encoding="utf-8"))
    for content in (first, second):
        content.pop("written")
    assert first == second


def test_the_smallest_file_by_hand_is_enough(path):
    loaded = Registration.load(write(path, BY_HAND))
    assert loaded == Registration(
        atlas="allen_mouse_50um",
        image_shape=(251, 400),
        pixel_size_um=(15.9, 15.6),
        pose=Pose.dorsal(centre_um=(4900.3, 100.0, 3911.7), yaw_deg=90.0),
        camera=PinholeCamera(working_distance_mm=230.0),
    )
    # Nose to the right, so that the image's rows run to the animal's right.
    assert_allclose(loaded.pose.rotation[:, 0], (0.0, 0.0, -1.0), atol=1e-15)


def test_the_file_says_what_its_numbers_mean(path):
    full.save(path)
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["schema_version"] == 1
    assert content["pose"]["yaw_deg"] == pytest.approx(88.2)
    assert content["pose"]["pitch_deg"] == pytest.approx(5.1)
    assert content["pose"]["roll_deg"] == pytest.approx(-3.3)
    assert "small = right hemisphere" in content["conventions"]
    assert content["software"]["numpy"] == np.__version__
    assert content["side_confirmed"] is True
    assert content["bregma"]["name"] == "mine"
    assert "Mäuschen 小鼠.tif" in text  # readable, not escaped
    assert text.endswith("}\n")


def test_a_file_saved_by_a_windows_editor_is_read(path):
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(BY_HAND, indent=2).replace("\n", "\r\n").encode())
    assert Registration.load(path).image_shape == (251, 400)


def test_a_file_name_that_is_not_unicode_is_kept(path):
    """Linux gives such names lone surrogates; they must not stop anyone from saving."""
    odd = full.replaced(image_name=os.fsdecode(b"M\xe4use.tif"))
    odd.save(path)
    assert Registration.load(path) == odd


# ------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        pytest.param("format", "something else", id="another program's file"),
        pytest.param("format", ..., id="no format"),
        pytest.param("schema_version", ..., id="no schema version"),
        pytest.param("schema_version", 0, id="schema version zero"),
        pytest.param("schema_version", -1, id="a negative schema version"),
        pytest.param("schema_version", "1", id="a schema version as text"),
        pytest.param("schema_version", 1.5, id="a broken schema version"),
        pytest.param("schema_version", True, id="a true schema version"),
        pytest.param("schema_version", None, id="a null schema version"),
        pytest.param("atlas", ..., id="no atlas"),
        pytest.param("atlas", "allen_mouse_50um", id="the atlas as text"),
        pytest.param("atlas.name", ..., id="no name of the atlas"),
        pytest.param("atlas.name", "", id="an empty name of the atlas"),
        pytest.param("atlas.name", 5, id="a number as name of the atlas"),
        pytest.param("atlas.name", None, id="null as name of the atlas"),
        pytest.param("atlas.version", 3, id="a number as version of the atlas"),
        pytest.param("atlas.regions", "VIS", id="regions as text"),
        pytest.param("atlas.regions", [1], id="regions as numbers"),
        pytest.param("atlas.regions", None, id="null as regions"),
        pytest.param("atlas.hemisphere", "Left", id="an unknown side"),
        pytest.param("atlas.hemisphere", None, id="null as side"),
        pytest.param("atlas.colour", "red", id="an unknown key of the atlas"),
        pytest.param("image", ..., id="no image"),
        pytest.param("image.name", 5, id="a number as name of the image"),
        pytest.param("image.shape", ..., id="no shape"),
        pytest.param("image.shape", [251], id="a shape of one number"),
        pytest.param("image.shape", [251, 400, 3], id="a shape of three numbers"),
        pytest.param("image.shape", [0, 400], id="no rows"),
        pytest.param("image.shape", [251.5, 400], id="half a row"),
        pytest.param("image.shape", ["251", "400"], id="a shape as text"),
        pytest.param("image.shape", [True, True], id="a true shape"),
        pytest.param("image.shape", [math.nan, 400], id="a NaN shape"),
        pytest.param("image.pixel_size_um", ..., id="no pixel size"),
        pytest.param("image.pixel_size_um", [0.0, 15.6], id="pixels without size"),
        pytest.param("image.pixel_size_um", [-15.9, 15.6], id="negative pixels"),
        pytest.param("image.pixel_size_um", [math.nan, 15.6], id="NaN pixels"),
        pytest.param("image.pixel_size_um", [math.inf, 15.6], id="infinite pixels"),
        pytest.param("image.pixel_size_um", [1e-400, 15.6], id="pixels that underflow"),
        pytest.param("image.pixel_size_um", 15.9, id="pixels as one number"),
        pytest.param("image.pixel_size_um", ["15.9", "15.6"], id="pixels as text"),
        pytest.param("image.sha256", "0123", id="a short hash"),
        pytest.param("image.sha256", "g" * 64, id="a hash that is not hexadecimal"),
        pytest.param("image.sha256", "a" * 64 + "\n", id="a hash and a line end"),
        pytest.param("image.sha256", 5, id="a number as hash"),
        pytest.param("image.dtype", "uint16", id="an unknown key of the image"),
        pytest.param("pose", ..., id="no pose"),
        pytest.param("pose", [], id="a list as pose"),
        pytest.param("pose.view", "top", id="an unknown view"),
        pytest.param("pose.view", 1, id="a number as view"),
        pytest.param("pose.centre_um", ..., id="no centre"),
        pytest.param("pose.centre_um", [1.0, 2.0], id="a centre of two numbers"),
        pytest.param("pose.centre_um", [1.0, 2.0, math.nan], id="a NaN centre"),
        pytest.param("pose.centre_um", [1.0, 2.0, -math.inf], id="an infinite centre"),
        pytest.param("pose.centre_um", [1.0, 2.0, None], id="a null in the centre"),
        pytest.param("pose.centre_um", [1.0, 2.0, False], id="false in the centre"),
        pytest.param("pose.yaw_deg", "90", id="yaw as text"),
        pytest.param("pose.yaw_deg", math.nan, id="NaN yaw"),
        pytest.param("pose.pitch_deg", math.inf, id="infinite pitch"),
        pytest.param("pose.roll_deg", True, id="true roll"),
        pytest.param("pose.rotation", [[1, 0, 0], [0, 1, 0]], id="a rotation of two rows"),
        pytest.param("pose.rotation", [[2, 0, 0], [0, 1, 0], [0, 0, 1]], id="a stretch"),
        pytest.param("pose.rotation", [[0, 0, 0]] * 3, id="a rotation of zeros"),
        pytest.param("pose.rotation", [[math.nan] * 3] * 3, id="a NaN rotation"),
        pytest.param("pose.rotation", [["1", "0", "0"]] * 3, id="a rotation as text"),
        pytest.param("pose.tilt", 5, id="an unknown key of the pose"),
        pytest.param("camera", ..., id="no camera"),
        pytest.param("camera", None, id="a null camera"),
        pytest.param("camera.type", ..., id="no type of camera"),
        pytest.param("camera.type", "fisheye", id="an unknown type of camera"),
        pytest.param("camera.working_distance_mm", ..., id="no working distance"),
        pytest.param("camera.working_distance_mm", 0, id="no distance at all"),
        pytest.param("camera.working_distance_mm", -230.0, id="a negative distance"),
        pytest.param("camera.working_distance_mm", math.nan, id="a NaN distance"),
        pytest.param("camera.working_distance_mm", math.inf, id="an infinite distance"),
        pytest.param("camera.working_distance_mm", "230", id="a distance as text"),
        pytest.param("camera.working_distance_mm", True, id="a true distance"),
        pytest.param("camera.principal_point_um", [1.0], id="half a principal point"),
        pytest.param("camera.principal_point_um", [math.nan, 0], id="a NaN principal point"),
        pytest.param("camera.k1", math.nan, id="NaN k1"),
        pytest.param("camera.k2", -math.inf, id="infinite k2"),
        pytest.param("camera.k3", 0.1, id="a coefficient that is not known"),
        pytest.param("camera.mirrored", "yes", id="mirrored as text"),
        pytest.param("camera.mirrored", 1, id="mirrored as a number"),
        pytest.param(
            "camera", {"type": "orthographic", "working_distance_mm": 5}, id="parallel yet near"
        ),
        pytest.param("bregma", "ibl", id="bregma as text"),
        pytest.param("bregma", {"name": "a"}, id="a bregma without place"),
        pytest.param("bregma", {"name": "a", "atlas_um": [1, 2]}, id="a bregma of two numbers"),
        pytest.param("bregma", {"name": "a", "atlas_um": [1, 2, math.nan]}, id="a NaN bregma"),
        pytest.param(
            "bregma", {"name": "a", "atlas_um": [1, 2, 3], "scale": [1, 1, 0]}, id="a flat scale"
        ),
        pytest.param(
            "bregma", {"name": "a", "atlas_um": [1, 2, 3], "tilt_deg": "5"}, id="a tilt as text"
        ),
        pytest.param("side_confirmed", "no", id="side confirmed as text"),
        pytest.param("side_confirmed", 1, id="side confirmed as a number"),
        pytest.param("side_confirmed", None, id="side confirmed as null"),
        pytest.param("landmarks", {}, id="landmarks that are no list"),
        pytest.param("landmarks", [{}], id="a landmark without name"),
        pytest.param("landmarks", [{"name": 1}], id="a landmark with a number as name"),
        pytest.param("landmarks", [{"name": "a", "image_px": [1]}], id="half a landmark"),
        pytest.param("landmarks", [{"name": "a", "atlas_um": [1, 2]}], id="a flat landmark"),
        pytest.param("landmarks", [{"name": "a", "image_px": [math.nan, 1]}], id="a NaN landmark"),
        pytest.param("landmarks", [{"name": "a", "weight": 1}], id="a landmark with a weight"),
        pytest.param("software", ["numpy"], id="software that is no table"),
        pytest.param("written", 5, id="a number as date"),
        pytest.param("comment", "nice", id="an unknown key"),
    ],
)
def test_every_field_is_checked_and_the_file_named(path, keys, value):
    with pytest.raises(RegistrationError) as caught:
        Registration.load(write(path, changed(keys, value)))
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("image.pixel_size_um", [math.nan, 15.6]),
        ("camera.working_distance_mm", "230"),
        ("atlas.colour", "red"),
        ("pose.centre_um", ...),
    ],
)
def test_a_refusal_names_the_field(path, keys, value):
    with pytest.raises(RegistrationError) as caught:
        Registration.load(write(path, changed(keys, value)))
    for word in keys.split("."):
        assert word in str(caught.value)


def test_whole_numbers_are_numbers(path):
    """JSON knows no difference between 230 and 230.0."""
    content = changed("pose.centre_um", [4900, 100, 3912])
    content["camera"]["k1"] = 0
    loaded = Registration.load(write(path, content))
    assert loaded.pose.centre_um.tolist() == [4900.0, 100.0, 3912.0]


@pytest.mark.parametrize("version", [2, 17, 2.0, 10**30], ids=str)
def test_a_newer_schema_is_refused_with_the_advice_to_update(path, version):
    """Also where its fields are no longer the ones known."""
    content = changed("schema_version", version) | {"warp": "thin plate"}
    with pytest.raises(RegistrationError, match=r"schema version.*up to 1.*update"):
        Registration.load(write(path, content))


class TestAnglesAndRotation:
    """Both stand in the file; whoever edits one of them must not be overruled in silence."""

    @pytest.fixture
    def content(self, path) -> dict[str, Any]:
        full.save(path)
        return json.loads(path.read_text(encoding="utf-8"))

    @pytest.mark.parametrize("key", ["yaw_deg", "pitch_deg", "roll_deg"])
    @pytest.mark.parametrize("by", [0.001, -5.0, 180.0])
    def test_an_edited_angle_is_refused_with_the_way_out(self, path, content, key, by):
        content["pose"][key] += by
        with pytest.raises(RegistrationError, match=r"disagree.*delete 'rotation'"):
            Registration.load(write(path, content))

    def test_the_way_out_works(self, path, content):
        content["pose"]["yaw_deg"] = 91.8
        del content["pose"]["rotation"]
        angles = Registration.load(write(path, content)).pose.angles_deg
        assert_allclose(angles, (91.8, 5.1, -3.3), rtol=0, atol=1e-10)

    def test_another_view_with_the_same_angles_is_refused(self, path, content):
        content["pose"]["view"] = "ventral"
        with pytest.raises(RegistrationError, match="disagree"):
            Registration.load(write(path, content))

    def test_a_mirror_image_is_refused_and_the_flag_named(self, path, content):
        rotation = np.array(content["pose"]["rotation"]) * (1.0, -1.0, 1.0)
        content["pose"]["rotation"] = rotation.tolist()
        with pytest.raises(RegistrationError, match="mirrored"):
            Registration.load(write(path, content))

    def test_angles_rounded_beyond_what_can_be_seen_are_accepted(self, path, content):
        for key in ("yaw_deg", "pitch_deg", "roll_deg"):
            content["pose"][key] = round(content["pose"][key], 6)
        assert Registration.load(write(path, content)) == full

    def test_a_full_turn_is_no_difference(self, path, content):
        content["pose"]["yaw_deg"] += 360.0
        assert Registration.load(write(path, content)) == full


class TestNoRegistrationAtAll:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"   \n", id="blank"),
            pytest.param(b"hello", id="text"),
            pytest.param(b"null", id="null"),
            pytest.param(b"[]", id="a list"),
            pytest.param(b"{}", id="an empty object"),
            pytest.param(b"5", id="a number"),
            pytest.param(b'"napari-brainreg3d registration"', id="a string"),
            pytest.param(json.dumps(BY_HAND).encode()[:-20], id="a truncated file"),
            pytest.param(json.dumps(BY_HAND).encode() * 2, id="two files in one"),
            pytest.param(json.dumps(BY_HAND).encode("utf-16"), id="UTF-16"),
            pytest.param(b"\x80\x04\x95pickle\x00\xff", id="a pickle"),
            pytest.param(b"II*\x00\x08\x00\x00\x00", id="a TIFF"),
            pytest.param(b"\x00" * 100, id="zeros"),
            pytest.param(b"[" * 100_000, id="very deep"),
            pytest.param(b'{"format": ' + b"9" * 5000 + b"}", id="a very long number"),
        ],
    )
    def test_it_is_refused_with_the_files_name(self, path, content):
        path.write_bytes(content)
        with pytest.raises(RegistrationError) as caught:
            Registration.load(path)
        assert str(path) in str(caught.value)

    def test_a_file_that_is_not_there_is_refused_with_its_name(self, path):
        with pytest.raises(RegistrationError, match=r"image\.brainreg3d\.json"):
            Registration.load(path)

    def test_a_folder_is_refused(self, tmp_path):
        with pytest.raises(RegistrationError, match="cannot read"):
            Registration.load(tmp_path)

    @given(st.binary(max_size=200))
    def test_any_bytes_at_all_give_a_registration_error(self, tmp_path_factory, content):
        path = tmp_path_factory.mktemp("any") / "any.brainreg3d.json"
        path.write_bytes(content)
        with pytest.raises(RegistrationError):
            Registration.load(path)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        st.sampled_from(
            [
                "atlas",
                "image",
                "pose",
                "camera",
                "bregma",
                "schema_version",
                "landmarks",
                "software",
            ]
        ),
    )
    def test_any_json_in_any_field_is_taken_or_gives_a_registration_error(self, value, key):
        try:
            fields = fields_from_json(json.dumps(changed(key, value)))
        except RegistrationError:
            return
        assert Registration(**fields).atlas == "allen_mouse_50um"


class TestWriting:
    """Whole or not at all."""

    def test_an_existing_file_is_not_replaced_without_being_asked(self, path):
        path.write_text("mine")
        with pytest.raises(OutputError, match=r"exists already.*overwrite"):
            full.save(path)
        assert path.read_text() == "mine"
        full.save(path, overwrite=True)
        assert Registration.load(path) == full

    def test_nothing_is_left_beside_the_file(self, path):
        full.save(path)
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("failing", ["replace", "write_text"])
    def test_a_failure_while_writing_leaves_the_old_file_whole(self, path, monkeypatch, failing):
        full.save(path)
        before = path.read_bytes()

        def disk_full(*args: Any, **kwargs: Any) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            if failing == "replace":
                patch.setattr(os, "replace", disk_full)
            else:
                patch.setattr(Path, "write_text", disk_full)
            with pytest.raises(OutputError, match="No space left on device"):
                full.replaced(atlas="other").save(path, overwrite=True)
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    def test_what_cannot_be_written_as_json_leaves_the_old_file_whole(self, path, monkeypatch):
        full.save(path)
        before = path.read_bytes()

        def refuse(*args: Any, **kwargs: Any) -> str:
            raise TypeError("not serializable")

        monkeypatch.setattr(json, "dumps", refuse)
        with pytest.raises(TypeError):
            full.save(path, overwrite=True)
        assert path.read_bytes() == before

    def test_an_interruption_leaves_the_old_file_whole(self, path, monkeypatch):
        full.save(path)
        before = path.read_bytes()

        def interrupted(*args: Any, **kwargs: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            full.save(path, overwrite=True)
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    def test_a_folder_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(OutputError, match=r"folder .*nowhere does not exist"):
            full.save(tmp_path / "nowhere" / "x.brainreg3d.json")

    def test_a_folder_in_place_of_the_file_is_refused(self, tmp_path):
        with pytest.raises(OutputError, match="is a folder"):
            full.save(tmp_path, overwrite=True)

    @pytest.mark.skipif(os.name != "posix", reason="long names differ between systems")
    @pytest.mark.parametrize("length", [250, 300])
    def test_a_name_as_long_as_the_disk_allows_is_written_and_a_longer_one_refused(
        self, tmp_path, length
    ):
        path = tmp_path / ("x" * (length - 16) + ".brainreg3d.json")
        if length <= 255:
            full.save(path)
            assert Registration.load(path) == full
        else:
            with pytest.raises(OutputError):
                full.save(path)

    @pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
    def test_others_may_read_the_file_as_they_may_any_other(self, path, tmp_path):
        full.save(path)
        plain = tmp_path / "plain.txt"
        plain.write_text("x")
        assert path.stat().st_mode == plain.stat().st_mode
