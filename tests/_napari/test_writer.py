"""What napari's save dialog writes through this plugin, and what it leaves to others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.components import ViewerModel
from npe2 import PluginManager

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.options import ProjectOptions
from napari_brainreg3d._napari.writer import write_mask_stack, write_session, write_tiff
from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.io.label_tiff import read_labels
from napari_brainreg3d.io.maps import read_map
from napari_brainreg3d.io.mask_stack import read_masks
from tests.fixtures.gui import wait_for_work


@pytest.fixture
def projected(ready: Bench, plugin: PluginManager, qtbot: Any) -> Bench:
    ready.session.aligner.set_pose(Pose.dorsal(centre_um=(4500.0, 900.0, 6800.0)))
    ready.projecting.set_options(ProjectOptions(masks=True, maps=("depth", "coordinates")))
    ready.projecting.run()
    wait_for_work(qtbot, ready)
    return ready


def save(model: ViewerModel, path: Path, *layers: Any) -> list[str]:
    """Save as the menu does, with these layers selected."""
    model.layers.selection = set(layers)
    return list(model.layers.save(str(path), selected=True))


class TestThroughTheMenu:
    def test_labels_with_names_and_table(
        self, projected: Bench, model: ViewerModel, tmp_path: Path
    ) -> None:
        (layer,) = projected.stage.layers("labels")
        written = save(model, tmp_path / "a.brainreg.tif", layer)
        assert [Path(path).name for path in written] == [
            "a.brainreg.tif",
            "a.brainreg_regions.csv",
        ]
        found = read_labels(tmp_path / "a.brainreg.tif")
        np.testing.assert_array_equal(found.labels, layer.data)
        assert found.names == ("stem", "arm", "bar")
        assert found.pixel_size_um == pytest.approx((400.0, 400.0))
        assert found.table is not None
        assert list(found.table["acronym"]) == ["stem", "arm", "bar"]

    def test_a_plain_tif_stays_with_napari(
        self, projected: Bench, model: ViewerModel, tmp_path: Path
    ) -> None:
        (layer,) = projected.stage.layers("labels")
        save(model, tmp_path / "a.tif", layer)
        assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]
        # napari's own writer always makes labels at least 32 bits wide.
        assert tifffile.imread(tmp_path / "a.tif").dtype.itemsize >= 4
        picture = projected.stage.image_layer
        save(model, tmp_path / "b.tif", picture)
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), picture.data)

    def test_labels_as_masks(self, projected: Bench, model: ViewerModel, tmp_path: Path) -> None:
        (layer,) = projected.stage.layers("labels")
        save(model, tmp_path / "a.brainreg_masks.tif", layer)
        masks = read_masks(tmp_path / "a.brainreg_masks.tif")
        assert masks.names == ("stem", "arm", "bar")
        np.testing.assert_array_equal(masks.masks[1], layer.data == 2)

    def test_a_mask_layer(self, projected: Bench, model: ViewerModel, tmp_path: Path) -> None:
        (layer,) = projected.stage.layers("mask")
        save(model, tmp_path / "a.brainreg.tif", layer)
        masks = read_masks(tmp_path / "a.brainreg.tif")
        assert masks.names == ("stem", "arm", "bar")
        assert masks.masks.shape == (3, 24, 32)

    def test_a_map(self, projected: Bench, model: ViewerModel, tmp_path: Path) -> None:
        depth, *coordinates = projected.stage.layers("map")
        assert len(coordinates) == 3
        save(model, tmp_path / "a.brainreg.tif", depth)
        found = read_map(tmp_path / "a.brainreg.tif")
        np.testing.assert_array_equal(found.values, projected.session.projection.depth_um)  # type: ignore[union-attr]
        save(model, tmp_path / "b.brainreg.tif", coordinates[0])
        assert read_map(tmp_path / "b.brainreg.tif").values.shape == (24, 32, 3)


class TestAnyLabels:
    """Labels that were painted, or that other plugins made."""

    LABELS = np.array([[0, 1, 1], [7, 7, 7]])

    def meta(self, **changes: Any) -> dict[str, Any]:
        features = pd.DataFrame({"index": [1, 7], "acronym": ["A", "B"], "id": [100, 700]})
        base = {"name": "mine", "scale": (2.0, 3.0), "units": ("um", "um"), "features": features}
        return base | changes

    def test_names_and_numbers_come_from_the_features(self, tmp_path: Path) -> None:
        write_tiff(str(tmp_path / "a.brainreg.tif"), [(self.LABELS, self.meta(), "labels")])
        found = read_labels(tmp_path / "a.brainreg.tif")
        np.testing.assert_array_equal(found.labels, self.LABELS)
        assert found.pixel_size_um == pytest.approx((2.0, 3.0))
        assert found.names == ("A", "B")
        assert found.table is not None
        assert found.table[["label", "id", "acronym", "pixels"]].values.tolist() == [
            [1, 100, "A", 2],
            [7, 700, "B", 3],
        ]

    def test_masks_are_those_of_the_labels_that_occur(self, tmp_path: Path) -> None:
        write_mask_stack(
            str(tmp_path / "a.brainreg_masks.tif"), [(self.LABELS, self.meta(), "labels")]
        )
        masks = read_masks(tmp_path / "a.brainreg_masks.tif")
        assert masks.names == ("A", "B")
        np.testing.assert_array_equal(masks.masks[1], self.LABELS == 7)

    def test_without_any_label_there_is_no_mask_to_write(self, tmp_path: Path) -> None:
        empty = np.zeros((4, 5), int)
        with pytest.raises(OutputError, match="mine holds no label"):
            write_mask_stack(
                str(tmp_path / "a.brainreg_masks.tif"), [(empty, self.meta(), "labels")]
            )
        assert list(tmp_path.iterdir()) == []

    def test_what_was_painted_into_our_labels_is_written(
        self, projected: Bench, model: ViewerModel, tmp_path: Path
    ) -> None:
        (layer,) = projected.stage.layers("labels")
        painted = np.array(layer.data)
        painted[0, 0] = 3
        layer.data = painted
        save(model, tmp_path / "a.brainreg.tif", layer)
        found = read_labels(tmp_path / "a.brainreg.tif")
        np.testing.assert_array_equal(found.labels, painted)
        assert found.pixel_size_um == pytest.approx((400.0, 400.0))

    def test_without_a_pixel_size_it_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"mine says nothing of the size"):
            write_tiff(
                str(tmp_path / "a"), [(self.LABELS, self.meta(units=("pixel", "pixel")), "labels")]
            )
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(np.zeros((3, 4, 5), int), id="a volume"),
            pytest.param(np.zeros((4, 5)), id="real numbers"),
            pytest.param(np.full((4, 5), 70_000), id="too many labels"),
        ],
    )
    def test_what_is_no_label_image_is_left_to_napari(self, data: Any, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"plain \.tif"):
            write_tiff(str(tmp_path / "a.brainreg.tif"), [(data, self.meta(), "labels")])

    def test_the_suffix_is_added_where_the_dialog_left_it_out(self, tmp_path: Path) -> None:
        written = write_tiff(str(tmp_path / "a"), [(self.LABELS, self.meta(), "labels")])
        assert Path(written[0]).name == "a.brainreg.tif"

    def test_a_file_that_the_dialog_did_not_ask_about_is_not_replaced(self, tmp_path: Path) -> None:
        there = tmp_path / "a.brainreg.tif"
        there.write_text("mine")
        layers = [(self.LABELS, self.meta(), "labels")]
        with pytest.raises(OutputError, match="exists already"):
            write_tiff(str(tmp_path / "a.tif"), layers)
        assert there.read_text() == "mine"
        write_tiff(str(there), layers)
        assert read_labels(there).labels.any()

    def test_several_layers_do_not_go_into_one_file(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="one layer"):
            write_tiff(str(tmp_path / "a.brainreg.tif"), [(self.LABELS, self.meta(), "labels")] * 2)


def test_a_session_needs_a_window(qapp: Any, tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="no window"):
        write_session(str(tmp_path / "a"), [])
