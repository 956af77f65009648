"""``fit``, ``uncertainty`` and ``tilt`` as a user types them."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_allclose

import napari_brainreg3d as br
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.cli.app import main
from napari_brainreg3d.demo import demo_registration
from napari_brainreg3d.io.wfield import write_wfield_landmarks
from napari_brainreg3d.registration import Landmark, Registration

SIZE_UM = 88.0
SHAPE = (112, 128)
#: On the surface of the demo brain or near it, spread so that tilt is determined.
POINTS = {
    "front": (3200.0, 1500.0, 5200.0),
    "left": (6500.0, 2400.0, 10300.0),
    "right": (6800.0, 2500.0, 1000.0),
    "back left": (9000.0, 900.0, 8300.0),
    "back right": (8800.0, 800.0, 3300.0),
    "top": (7000.0, 250.0, 6300.0),
}


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["napari-brainreg3d", *map(str, arguments)])
        shown = warnings.showwarning
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            warnings.showwarning = shown
        return Answer(code, *capsys.readouterr())

    return run


def truth() -> Registration:
    return demo_registration().replaced(
        image_shape=SHAPE, pixel_size_um=(SIZE_UM, SIZE_UM), regions=("VISp", "MOB", "MOp", "MOs")
    )


def clicks(names: Any = tuple(POINTS)) -> list[Landmark]:
    pixels = truth().view.atlas_to_pixels([POINTS[name] for name in names])
    return [Landmark(name, tuple(px), POINTS[name]) for name, px in zip(names, pixels, strict=True)]


def table_of(marks: list[Landmark], path: Path) -> Path:
    rows = [(m.name, *m.image_px, *(m.atlas_um or ("", "", ""))) for m in marks]
    columns = ["name", "row", "column", "ap_um", "dv_um", "ml_um"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A registration that is off by some degrees and some hundred um."""
    pose = truth().pose.moved(plane_um=(300.0, -200.0, 0.0)).turned(yaw_deg=4.0, pitch_deg=-4.0)
    return truth().replaced(pose=pose).save(tmp_path / "brain.brainreg3d.json")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "window.tif"
    tifffile.imwrite(path, np.arange(SHAPE[0] * SHAPE[1], dtype=np.uint16).reshape(SHAPE))
    return path


def assert_true(pose: Any, atol_um: float = 1.0, atol_deg: float = 0.05) -> None:
    assert_allclose(pose.angles_deg, truth().pose.angles_deg, atol=atol_deg)
    assert_allclose(pose.centre_um, truth().pose.centre_um, atol=atol_um)


def test_landmarks_move_a_registration_to_where_they_were_clicked(run, start, tmp_path) -> None:
    answer = run("fit", start, "--landmarks", table_of(clicks(), tmp_path / "marks.csv"))
    assert answer.code == 0, answer.err
    fitted = br.Registration.load(tmp_path / "brain_fitted.brainreg3d.json")
    assert_true(fitted.pose)
    assert [mark.name for mark in fitted.landmarks] == list(POINTS)
    residuals = pd.read_csv(tmp_path / "brain_fitted_residuals.csv")
    assert residuals["name"].tolist() == list(POINTS)
    assert (residuals["residual_um"] < 0.5).all()
    assert residuals["conventions"].str.contains("right to left of the animal").all()
    for words in ("pitch_deg", "5.00", "back right", "root mean square", "_residuals.csv"):
        assert words in answer.out
    assert "ambiguous" not in answer.out


def test_an_image_is_placed_by_landmarks_alone(run, picture, tmp_path) -> None:
    answer = run(
        "fit", picture, "-l", table_of(clicks(), tmp_path / "marks.csv"), "--atlas", "demo_mouse",
        "--regions", "MOB,VISp", "--pixel-size-um", SIZE_UM, "--working-distance-mm", 90,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    fitted = br.Registration.load(tmp_path / "window.brainreg3d.json")
    assert_true(fitted.pose)
    assert fitted.camera == br.PinholeCamera(working_distance_mm=90)
    assert fitted.image_name == "window.tif"
    assert fitted.regions == ("MOB", "VISp")
    assert not fitted.side_confirmed


def test_a_landmark_without_a_place_gets_that_of_its_preset(run, start, tmp_path) -> None:
    from napari_brainreg3d.projection.presets import landmark_preset

    scene = load_scene("demo_mouse", ["MOB"])
    place = landmark_preset(scene, "RSP_base").atlas_um
    pixel = truth().view.atlas_to_pixels(place)
    marks = [*clicks(), Landmark("RSP_base", tuple(pixel))]
    answer = run("fit", start, "-l", table_of(marks, tmp_path / "marks.csv"))
    assert answer.code == 0, answer.err
    fitted = br.Registration.load(tmp_path / "brain_fitted.brainreg3d.json")
    assert fitted.landmarks[-1].atlas_um == pytest.approx(place)
    assert_true(fitted.pose)


def test_two_tilts_are_reported_and_the_other_one_can_be_had(run, start, tmp_path) -> None:
    marks = table_of(clicks(("front", "left", "back right")), tmp_path / "marks.csv")
    answer = run("fit", start, "-l", marks)
    assert answer.code == 0, answer.err
    assert "ambiguous: yaw" in answer.out
    first = br.Registration.load(tmp_path / "brain_fitted.brainreg3d.json").pose
    answer = run("fit", start, "-l", marks, "--other-tilt", "-o", tmp_path / "b.json")
    assert answer.code == 0, answer.err
    other = br.Registration.load(tmp_path / "b.json").pose
    assert abs(first.angles_deg[1] - other.angles_deg[1]) > 2.0
    seen = truth().replaced(pose=other).view.atlas_to_pixels(POINTS["left"])
    assert_allclose(seen, truth().view.atlas_to_pixels(POINTS["left"]), atol=0.01)
    enough = table_of(clicks(), tmp_path / "enough.csv")
    answer = run("fit", start, "-l", enough, "--other-tilt", "-o", tmp_path / "c.json")
    assert answer.code == 2
    assert "--other-tilt" in answer.err


def test_what_is_to_be_kept_stays_and_the_pixel_size_can_be_fitted(run, start, tmp_path) -> None:
    marks = table_of(clicks(), tmp_path / "marks.csv")
    answer = run(
        "fit", start, "-l", marks, "--keep", "pitch_deg,depth_um", "-o", tmp_path / "a.json"
    )
    assert answer.code == 0, answer.err
    kept = br.Registration.load(tmp_path / "a.json").pose
    assert kept.angles_deg[1] == pytest.approx(truth().pose.angles_deg[1] - 4.0, abs=1e-6)
    assert answer.out.count("│ kept") == 2
    wrong = br.Registration.load(start).replaced(
        pixel_size_um=(80.0, 80.0), camera=br.OrthographicCamera()
    )
    seen = wrong.replaced(pose=truth().pose, pixel_size_um=(SIZE_UM, SIZE_UM)).view
    marks = [Landmark(n, tuple(seen.atlas_to_pixels(p)), p) for n, p in POINTS.items()]
    file = wrong.save(tmp_path / "wrong.brainreg3d.json")
    answer = run("fit", file, "-l", table_of(marks, tmp_path / "m.csv"), "--free-pixel-size")
    assert answer.code == 0, answer.err
    fitted = br.Registration.load(tmp_path / "wrong_fitted.brainreg3d.json")
    assert fitted.pixel_size_um == pytest.approx((SIZE_UM, SIZE_UM), rel=1e-5)


def test_wfield_landmarks_place_an_image(run, picture, tmp_path) -> None:
    """The flat map that wfield would have is tilted into place by its four landmarks."""
    points = [(1950, 3600, 7650), (1950, 3405, 5700), (1950, 3600, 3750), (8600, 537, 5700)]
    level = truth().replaced(
        camera=br.OrthographicCamera(),
        pose=br.Pose.dorsal(centre_um=(5200.0, 600.0, 5500.0), yaw_deg=12.0),
    )
    flat = tmp_path / "dorsal_cortex_landmarks.json"
    write_wfield_landmarks(flat, level, points)
    answer = run(
        "fit", picture, "--wfield", flat, "--atlas", "demo_mouse", "--regions", "MOB,VISp",
        "--keep", "pitch_deg,roll_deg",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    fitted = br.Registration.load(tmp_path / "window.brainreg3d.json")
    assert fitted.pose.angles_deg == pytest.approx((12.0, 0.0, 0.0), abs=0.01)
    assert_allclose(fitted.pose.centre_um[[0, 2]], (5200.0, 5500.0), atol=1.0)
    assert fitted.pixel_size_um == pytest.approx((SIZE_UM, SIZE_UM))
    assert [m.name for m in fitted.landmarks] == ["OB_left", "OB_center", "OB_right", "RSP_base"]
    unmatched = tmp_path / "default.json"
    content = json.loads(flat.read_text())
    del content["landmarks_match"]
    unmatched.write_text(json.dumps(content))
    answer = run("fit", picture, "--wfield", unmatched, "--atlas", "demo_mouse", "--overwrite")
    assert answer.code == 2
    assert "no matched landmarks" in answer.err


def curves_from(points_um: Any) -> list[list[float]]:
    return truth().view.atlas_to_pixels(points_um).tolist()


def midline_um(first: float = 3200.0, last: float = 7800.0) -> np.ndarray:
    """On the demo brain's mesh, as high as its surface 300 um to either side."""
    from napari_brainreg3d.projection.presets import surface_from_above

    scene, ap = load_scene("demo_mouse", ["MOB"]), np.arange(first, last, 400.0)
    sides = [
        surface_from_above(scene, np.stack([ap, np.full(len(ap), ml)], axis=1))[:, 1]
        for ml in (5400.0, 6000.0)
    ]
    return np.stack([ap, np.mean(sides, axis=0), np.full(len(ap), 5700.0)], axis=1)


@pytest.mark.parametrize("form", ["json", "napari"])
def test_a_drawn_midline_turns_the_pose_and_keeps_the_rest(run, start, tmp_path, form) -> None:
    points = curves_from(midline_um())
    if form == "json":
        file = tmp_path / "curves.json"
        file.write_text(json.dumps({"curves": [{"kind": "midline", "points_px": points}]}))
        word = str(file)
    else:
        file = tmp_path / "Shapes.csv"
        rows = [(0, "path", i, row, column) for i, (row, column) in enumerate(points)]
        columns = ["index", "shape-type", "vertex-index", "axis-0", "axis-1"]
        pd.DataFrame(rows, columns=columns).to_csv(file, index=False)
        word = f"midline={file}"
    answer = run("fit", start, "--curves", word)
    assert answer.code == 0, answer.err
    fitted = br.Registration.load(tmp_path / "brain_fitted.brainreg3d.json")
    residuals = pd.read_csv(tmp_path / "brain_fitted_residuals.csv")
    assert (residuals["kind"] == "curve").all()
    assert len(residuals) == len(points)
    assert residuals["residual_um"].abs().max() < 60.0
    across = fitted.view.atlas_to_pixels((5400.0, 600.0, 5700.0)) - truth().view.atlas_to_pixels(
        (5400.0, 600.0, 5700.0)
    )
    assert abs(across[1]) * SIZE_UM < 100.0
    assert "not determined, kept as it was: down_um" in answer.out


def test_landmarks_and_curves_go_together(run, start, tmp_path) -> None:
    file = tmp_path / "curves.json"
    file.write_text(json.dumps([{"kind": "midline", "points_px": curves_from(midline_um())}]))
    marks = table_of(clicks(), tmp_path / "marks.csv")
    answer = run("fit", start, "-l", marks, "-c", file)
    assert answer.code == 0, answer.err
    residuals = pd.read_csv(tmp_path / "brain_fitted_residuals.csv")
    assert set(residuals["kind"]) == {"landmark", "curve"}
    fitted = br.Registration.load(tmp_path / "brain_fitted.brainreg3d.json")
    assert_true(fitted.pose, atol_um=150.0, atol_deg=1.0)


def test_uncertainty_writes_confidence_runner_up_and_table(run, start, tmp_path) -> None:
    marked = truth().replaced(landmarks=tuple(clicks()))
    file = marked.save(tmp_path / "marked.brainreg3d.json")
    answer = run("uncertainty", file, "--poses", 12, "-o", tmp_path / "sure")
    assert answer.code == 0, answer.err
    confidence = tifffile.imread(tmp_path / "sure" / "marked_confidence.tif")
    assert confidence.dtype == np.float32
    assert confidence.shape == SHAPE
    assert 0 <= confidence.min() < 0.9
    assert confidence.max() == 1.0
    assert np.allclose(confidence * 12, np.round(confidence * 12))
    runner_up = tifffile.imread(tmp_path / "sure" / "marked_runner_up.tif")
    assert runner_up.max() <= 4
    table = pd.read_csv(tmp_path / "sure" / "marked_uncertainty.csv")
    assert table["acronym"].tolist() == ["VISp", "MOB", "MOp", "MOs"]
    assert ((table["certain_share"] >= 0) & (table["certain_share"] <= 1)).all()
    assert (table["sd_mm2"] > 0).all()
    assert "expected mm²" in answer.out
    assert "borders: ±" in answer.out
    # The error bars that go with less exact clicks are wider.
    answer = run("uncertainty", file, "--poses", 12, "--click-sd-um", 300, "-o", tmp_path / "less")
    less = pd.read_csv(tmp_path / "less" / "marked_uncertainty.csv")
    assert less["border_um"][0] > 1.5 * table["border_um"][0]


def test_uncertainty_takes_stated_errors_and_asks_for_them(run, start, tmp_path) -> None:
    answer = run("uncertainty", start)
    assert answer.code == 2
    assert "--sd down_um=80" in answer.err
    answer = run("uncertainty", start, "--sd", "down_um=80,right_um=80", "--poses", 5)
    assert answer.code == 0, answer.err
    table = pd.read_csv(tmp_path / "brain_uncertainty.csv")
    assert 20.0 < table["border_um"][0] < 160.0
    answer = run("uncertainty", start, "--sd", "down_um=80", "--poses", 5)
    assert answer.code == 2
    assert "--overwrite" in answer.err
    assert run("uncertainty", start, "--sd", "down=80", "--overwrite").code == 2
    assert "'down_um 80'" in run("uncertainty", start, "--sd", "down_um 80", "--overwrite").err


def test_a_pose_that_is_not_where_its_landmarks_put_it_is_pointed_out(run, start, tmp_path) -> None:
    moved = br.Registration.load(start).replaced(landmarks=tuple(clicks()))
    file = moved.save(tmp_path / "moved.brainreg3d.json")
    answer = run("uncertainty", file, "--poses", 3)
    assert answer.code == 0
    assert "not where its landmarks put it" in answer.err


def test_tilt_tells_what_a_flat_map_gets_wrong(run, tmp_path) -> None:
    """Much under tilt and perspective; nothing when the camera looks straight down from afar."""
    file = truth().save(tmp_path / "tilted.brainreg3d.json")
    answer = run("tilt", file, "-o", tmp_path / "tilt.csv")
    assert answer.code == 0, answer.err
    assert "wfield's four" in answer.out
    table = pd.read_csv(tmp_path / "tilt.csv").set_index("transform")
    assert list(table.index) == ["similarity", "affine"]
    assert 0.05 < table["mislabelled"]["affine"] <= table["mislabelled"]["similarity"] < 0.4
    assert table["residual_um"]["affine"] < table["residual_um"]["similarity"]
    level = truth().replaced(
        pose=br.Pose.dorsal(centre_um=(5400.0, 600.0, 5700.0)), camera=br.OrthographicCamera()
    )
    file = level.save(tmp_path / "level.brainreg3d.json")
    answer = run("tilt", file, "-o", tmp_path / "level.csv")
    assert answer.code == 0, answer.err
    assert pd.read_csv(tmp_path / "level.csv")["mislabelled"].max() < 0.02


BAD = "name,row,column\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("a,b\n1,2\n", "no column 'name'", id="no names"),
        pytest.param(BAD, "no landmarks", id="empty"),
        pytest.param(BAD + "inion,10,20\nfront,5,5\n", "no landmark preset 'inion'", id="preset"),
        pytest.param(BAD + "a,10,20\na,5,5\n", "several landmarks 'a'", id="twice"),
        pytest.param(BAD + "a,10,\n", "needs all of row, column", id="half a place"),
        pytest.param(BAD + "a,ten,20\n", "does not hold landmarks", id="no number"),
        pytest.param(BAD + "bregma,10,20\n", "at least 2", id="one point"),
        pytest.param(
            "name,row,column,ap_um,dv_um,ml_um\na,5,5,1,2,3\nb,5,5,9,9,9\n", "one point",
            id="coincident clicks",
        ),
    ],
)  # fmt: skip
def test_bad_landmark_files_are_one_line_and_exit_code_2(
    run, start, tmp_path, content, words
) -> None:
    file = tmp_path / "marks.csv"
    file.write_text(content)
    before = sorted(path.name for path in tmp_path.iterdir())
    answer = run("fit", start, "-l", file)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert words in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "content", "word", "words"),
    [
        pytest.param("c.csv", "a,b\n1,2\n", "midline=", "no Shapes layer", id="no shapes"),
        pytest.param(
            "c.csv", "index,axis-0,axis-1\n0,1,2\n0,3,4\n", "", "midline=FILE", id="unnamed"
        ),
        pytest.param(
            "c.csv", "index,axis-0,axis-1\n0,1,2\n0,90,4\n", "ridge=", "got 'ridge'", id="kind"
        ),
        pytest.param("c.json", "[{}]", "", "does not hold curves", id="no kind"),
        pytest.param("c.json", "{", "", "does not hold curves", id="no JSON"),
        pytest.param("c.json", "[]", "", "no curves", id="empty"),
        pytest.param(
            "c.json", '[{"kind": "midline", "points_px": [[1, 2], [2, 2]]}]', "", "too short",
            id="short",
        ),
        pytest.param(
            "c.json",
            '[{"kind": "border", "points_px": [[1, 2], [90, 2]], "regions": ["VISp", "MOps"]}]',
            "", "did you mean", id="unknown region",
        ),
    ],
)  # fmt: skip
def test_bad_curve_files_are_one_line_and_exit_code_2(
    run, start, tmp_path, name, content, word, words
) -> None:
    file = tmp_path / name
    file.write_text(content)
    answer = run("fit", start, "-c", f"{word}{file}")
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert words in answer.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param((), "nothing to fit to", id="nothing"),
        pytest.param(("--camera", "pinhole", "--keep", "x"), "nothing to fit", id="no marks"),
        pytest.param(("-o", "x.tif"), "--output names a registration", id="output"),
        pytest.param(("--atlas", "other"), "leave --atlas out", id="atlas"),
        pytest.param(("-l", "none.csv"), "cannot read none.csv", id="no file"),
        pytest.param(("--image-size-mm", 1, 2), "belongs to an image", id="size of the image"),
    ],
)
def test_options_that_do_not_fit_are_refused(run, start, options, words) -> None:
    answer = run("fit", start, *options)
    assert answer.code == 2
    assert words in answer.err


def test_an_image_needs_its_pixel_size(run, picture, tmp_path) -> None:
    marks = table_of(clicks(), tmp_path / "marks.csv")
    answer = run("fit", picture, "-l", marks, "--atlas", "demo_mouse", "--regions", "MOB")
    assert answer.code == 2
    assert "--pixel-size-um" in answer.err


def test_existing_files_stay_without_overwrite(run, start, tmp_path) -> None:
    marks = table_of(clicks(), tmp_path / "marks.csv")
    assert run("fit", start, "-l", marks).code == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    answer = run("fit", start, "-l", marks, "--keep", "yaw_deg")
    assert answer.code == 2
    assert "--overwrite" in answer.err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert run("fit", start, "-l", marks, "--keep", "yaw_deg", "--overwrite").code == 0
