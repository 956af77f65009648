"""Exports of the real Allen atlas, looked up again as the other side looks things up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.cli.app import main
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.io.exchange.alf import write_alf
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration


@pytest.fixture(scope="module")
def projection(shared_atlas_dir: Path):
    """Both hemispheres from a little tilted above, 150 um pixels."""
    scene = load_scene("allen_mouse_50um", "dorsal", brainglobe_dir=shared_atlas_dir)
    registration = Registration(
        atlas="allen_mouse_50um",
        image_shape=(70, 72),
        pixel_size_um=150.0,
        pose=Pose.dorsal(centre_um=(5600.0, 300.0, 5400.0), pitch_deg=5.0, roll_deg=-4.0),
        regions=("dorsal",),
    )
    return project(scene, registration)


def test_ibl_s_look_up_of_the_arrays_gives_their_regions(tmp_path: Path, projection) -> None:
    """As ``iblatlas.AllenAtlas``: index = (offset + bregma) / step in Allen's own array.

    The meshes are smoothed, so that near borders and where tissue is seen at an angle the voxel
    under a point may be the neighbour's.
    """
    places, ids, *_ = write_alf(tmp_path / "FOV_00", projection)
    mlapdv, region = np.load(places), np.load(ids)
    seen = (region != 0) & (projection.incidence_deg < 45)
    inside = mlapdv[seen] + [0.0, 0.0, -150.0]
    step = 50.0
    index = np.stack(
        [5400 - inside[:, 1], 332 - inside[:, 2], 5739 + inside[:, 0]], axis=-1
    )  # AP, DV, ML of the volume
    found = projection.scene.load_annotation().ids[tuple(np.floor(index / step).astype(int).T)]
    ontology = projection.scene.ontology
    same = [
        voxel != 0 and abs(wanted) in ontology[int(voxel)].path
        for voxel, wanted in zip(found.tolist(), region[seen].tolist(), strict=True)
    ]
    assert seen.sum() > 1500
    assert np.mean(same) > 0.9
    # Left of the picture is left of the animal: negative ML, negative ids.
    columns = np.nonzero(seen)[1]
    assert (region[seen][columns < 25] < 0).all()
    assert (mlapdv[seen][columns < 25, 0] < 0).all()
    assert (region[seen][columns > 50] > 0).all()


def test_the_command_writes_the_arrays(
    tmp_path: Path, projection, shared_atlas_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = projection.registration.save(tmp_path / "brain.brainreg3d.json")
    command = ["export", saved, "--to", "alf", "--brainglobe-dir", shared_atlas_dir]
    monkeypatch.setattr("sys.argv", ["napari-brainreg3d", *map(str, command)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    found = np.load(tmp_path / "brain_alf" / "mpciMeanImage.mlapdv_estimate.npy")
    np.testing.assert_array_equal(np.isnan(found), np.isnan(projection.atlas_um))


def test_nwb_says_allen_s_space_and_keeps_the_side(tmp_path: Path, projection) -> None:
    pynwb = pytest.importorskip("pynwb")
    pytest.importorskip("ndx_anatomical_localization")
    from napari_brainreg3d.io.exchange.nwb import write_nwb

    picture = np.nan_to_num(projection.incidence_deg)
    path = write_nwb(tmp_path / "a.nwb", projection, picture)
    with pynwb.NWBHDF5IO(path, "r") as stream:
        images = stream.read().lab_meta_data["localization"].anatomical_coordinates_images
        found = images["atlas_coordinates"]
        assert found.space.space_name == "AllenCCFv3"
        z = found.z[:]
        assert np.nanmax(z[:, :20]) < 5700 < np.nanmin(z[:, 55:])
        back = 11400 - z.astype(np.float64)
        np.testing.assert_allclose(back, projection.atlas_um[..., 2], atol=2e-3)
