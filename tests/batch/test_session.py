"""One session: everything that can be made of it, and its place by that of another session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.testing import assert_allclose

import napari_brainreg3d as br
from napari_brainreg3d.batch.files import move_into_place
from napari_brainreg3d.batch.makers import MAKERS, MakerError, check_installed
from napari_brainreg3d.batch.manifest import SessionRow, read_manifest
from napari_brainreg3d.batch.record import read_record
from napari_brainreg3d.batch.session import Outcome, RunOptions, run_session
from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.io.label_tiff import read_labels
from tests.batch.conftest import SHAPE, write_manifest
from tests.fixtures.sessions import second_session, vessel_texture

#: The ends of the names of what each makes.
ENDS = {
    "labels": {"_labels.tif", "_regions.csv"},
    "masks": {"_masks.tif"},
    "maps": {"_depth_um.tif", "_surface_depth_um.tif", "_atlas_um.tif", "_incidence_deg.tif"},
    "unresolved": {"_unresolved.tif"},
    "overview": {"_overview.png"},
    "registration": {".brainreg3d.json"},
    "traces": {"_traces.csv", "_traces.json"},
    "standard-view": {"_standard.tif", "_standard_seen.tif", "_standard.brainreg3d.json"},
    "standard-movie": {
        "_standard_movie.tif",
        "_standard_movie_seen.tif",
        "_standard_movie.brainreg3d.json",
    },
    "report": {"_report.html"},
    "nwb": {".nwb"},
    "alf": {"_alf"},
    "ome-zarr": {".ome.zarr"},
    "svg": {"_regions.svg"},
    "geojson": {"_regions.geojson"},
    "locanmf": {"_locanmf.npy", "_locanmf.json"},
}


def finished(row: SessionRow, **options: Any) -> Outcome:
    """Run a session in this process, and move its files into place."""
    chosen = RunOptions(**options)
    outcome = run_session(row, chosen)
    assert outcome.problem == ""
    if outcome.staged is not None:
        assert outcome.record is not None
        move_into_place(row, outcome.record, outcome.staged, overwrite=chosen.overwrite)
    return outcome


def test_the_table_of_the_tests_is_that_of_the_makers() -> None:
    assert ENDS.keys() == MAKERS.keys()


def test_everything_is_made_and_owned(
    sessions: Callable[..., list[SessionRow]], tmp_path: Path
) -> None:
    for module in ("pynwb", "ndx_anatomical_localization", "ome_zarr"):
        pytest.importorskip(module)
    movie = np.random.default_rng(1).integers(0, 4000, (7, *SHAPE)).astype(np.uint16)
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "m.npy", movie)
    cells = {"movie": "m.npy", "fps": "5", "resolution_um": "200"}
    makes = [name for name in MAKERS if name != "alf"]  # only of the Allen atlas
    (row,) = sessions(1, **cells, make=" ".join(makes))
    assert finished(row).status == "done"
    ends = {"_batch.png", "_batch.json"}.union(*(ENDS[name] for name in makes))
    assert {path.name for path in row.output.iterdir()} == {f"s0{end}" for end in ends}
    record = read_record(row)
    assert record is not None
    assert record.files.keys() == {f"s0{end}" for end in ends - {"_batch.json"}}
    assert record.is_whole(row.output)

    labels = read_labels(row.output / "s0_labels.tif")
    table = pd.read_csv(row.output / "s0_regions.csv")
    traces = pd.read_csv(row.output / "s0_traces.csv")
    region = table[table["pixels"] > 0].iloc[0]
    pixels = labels.labels == region["label"]
    both = traces[[name for name in traces if name.startswith(f"{region['acronym']}_")]]
    weights = [np.nansum(both[name]) > 0 for name in both]
    assert any(weights)
    # Each side is a mean; together they lie about that of the whole region.
    mean = movie[:, pixels].mean(axis=1)
    assert (both.min(axis=1) <= mean + 1e-6).all()
    assert (both.max(axis=1) >= mean - 1e-6).all()


def test_a_folder_is_replaced_as_a_whole_and_not_when_it_was_changed(
    sessions: Callable[..., list[SessionRow]],
) -> None:
    pytest.importorskip("ome_zarr")
    (row,) = sessions(1, make="ome-zarr")
    finished(row)
    assert finished(row).status == "unchanged"
    inside = row.output / "s0.ome.zarr" / "note"
    inside.write_text("by hand")
    assert "was changed" in run_session(row, RunOptions()).problem
    assert finished(row, overwrite=True).status == "done"
    assert not inside.exists()
    assert not list(row.output.glob(".*"))


def test_an_atlas_on_disk_is_named_with_its_version(
    sessions: Callable[..., list[SessionRow]], shared_atlas_dir: Path
) -> None:
    (row,) = sessions(1, atlas="allen_mouse_50um", make="alf")
    outcome = finished(row, brainglobe_dir=shared_atlas_dir)
    assert outcome.record is not None
    assert outcome.record.atlas_version == "0.1"
    assert outcome.record.files.keys() == {"s0_alf", "s0_batch.png"}
    assert any((row.output / "s0_alf").iterdir())
    assert finished(row, brainglobe_dir=shared_atlas_dir).status == "unchanged"
    path = row.output / "s0_batch.json"
    text = path.read_text()
    path.write_text(text.replace('"atlas_version": "0.1"', '"atlas_version": "0.0"'))
    assert finished(row, brainglobe_dir=shared_atlas_dir).status == "done"


def test_what_needs_another_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_brainreg3d.batch import makers

    monkeypatch.setattr(makers, "find_spec", lambda name: None)
    check_installed(["labels", "masks"])
    with pytest.raises(MakerError, match=r"nwb needs pynwb.*napari-brainreg3d\[nwb\]"):
        check_installed(["labels", "nwb"])


def small_demo() -> np.ndarray:
    """The demo image, binned by two."""
    return demo_image().reshape(224, 2, 256, 2).mean(axis=(1, 3))


@pytest.fixture
def registered(tmp_path: Path) -> Path:
    """A folder with the image and the registration of a reference."""
    tifffile.imwrite(tmp_path / "first.tif", small_demo().astype(np.uint16))
    image = br.read_image(tmp_path / "first.tif")
    demo_registration().replaced(
        image_shape=(224, 256),
        pixel_size_um=44.0,
        image_name=image.name,
        image_sha256=image.sha256,
        regions=("VISp", "MOp"),
    ).save(tmp_path / "first.brainreg3d.json")
    return tmp_path


def matched_row(folder: Path, name: str) -> SessionRow:
    cells = {
        "image": f"{name}.tif",
        "reference": "first.brainreg3d.json",
        "reference_image": "first.tif",
        "make": "labels",
    }
    return read_manifest(write_manifest(folder, [cells]), output=folder / "out")[0]


def test_a_session_is_placed_by_the_vessels_of_its_reference(registered: Path) -> None:
    truth = second_session(
        small_demo(), 1, largest_shift=0.1, largest_turn_deg=12, scales=(0.995, 1.005),
        occluded=0.1, occluder="dark",
    )  # fmt: skip
    tifffile.imwrite(registered / "day2.tif", truth.image.astype(np.float32))
    row = matched_row(registered, "day2")
    outcome = finished(row)
    assert outcome.record is not None
    first = br.Registration.load(registered / "first.brainreg3d.json")
    found = br.Registration.load(registered / "out" / "day2.brainreg3d.json")
    shift = (truth.centre - (111.5, 127.5)) * 44.0
    expected = first.pose.moved(plane_um=(*shift, 0.0)).turned(yaw_deg=truth.rotation_deg)
    assert_allclose(found.pose.centre_um, expected.centre_um, atol=44.0)
    assert_allclose(found.pose.angles_deg, expected.angles_deg, atol=0.2)
    assert found.image_name == "day2.tif"
    figures = outcome.record.figures
    assert_allclose((figures["shift_down_um"], figures["shift_right_um"]), shift, atol=44.0)
    strip = np.asarray(tifffile.imread(row.image)), br.read_image(row.output / "day2_batch.png")
    assert strip[1].shape == (210, 3 * 280)

    # Another reference image is another input.
    pixels = tifffile.imread(registered / "first.tif")
    pixels[0, 0] += 1
    tifffile.imwrite(registered / "first.tif", pixels)
    assert "--force" in run_session(row, RunOptions()).problem
    again = run_session(row, RunOptions(force=True))
    assert again.status == "done"
    assert again.record is not None
    assert again.record.forced


def test_another_brain_is_not_placed(registered: Path) -> None:
    tifffile.imwrite(registered / "other.tif", vessel_texture(3)[::2, ::2].astype(np.float32))
    outcome = run_session(matched_row(registered, "other"), RunOptions())
    assert outcome.status == "failed"
    assert "do not match" in outcome.problem
    assert not (registered / "out").exists()
