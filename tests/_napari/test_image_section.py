"""Which layer is the image, how large its pixels are, and what the section does with both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from npe2 import PluginManager

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.image_source import file_pixel_size_um, layer_pixel_size_um
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.image_section import ImageSection
from tests.fixtures.gui import wait_for_work


@pytest.fixture
def section(bench: Bench, qtbot: Any) -> ImageSection:
    made = ImageSection(bench, Links())
    qtbot.addWidget(made)
    return made


def write_tiff(path: Path, pixels: np.ndarray, size_um: tuple[float, float] | None) -> Path:
    """A TIFF that ImageJ would write; (row, column) pixel size in um."""
    options: dict[str, Any] = {"imagej": True}
    if size_um is not None:
        options |= {"resolution": (1 / size_um[1], 1 / size_um[0]), "metadata": {"unit": "um"}}
    tifffile.imwrite(path, pixels, **options)
    return path


class TestPixelSize:
    def test_it_is_read_from_the_file(self, tmp_path: Path, picture: np.ndarray) -> None:
        path = write_tiff(tmp_path / "a.tif", picture, (12.5, 8.0))
        assert file_pixel_size_um(str(path)) == pytest.approx((12.5, 8.0))

    @pytest.mark.parametrize("content", [b"", b"II*\0 cut off", b"no image"])
    def test_a_file_that_cannot_be_read_states_none(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "a.tif"
        path.write_bytes(content)
        assert file_pixel_size_um(str(path)) is None
        assert file_pixel_size_um(str(tmp_path / "nowhere.tif")) is None

    @pytest.mark.parametrize(
        ("scale", "units", "expected"),
        [
            ((2.0, 3.0), ("um", "um"), (2.0, 3.0)),
            ((2.0, 3.0), ("mm", "nm"), (2000.0, 0.003)),
            ((2.0, 3.0), ("pixel", "pixel"), None),
        ],
    )
    def test_a_layer_states_it_by_scale_and_unit(
        self, model: ViewerModel, scale: Any, units: Any, expected: Any
    ) -> None:
        layer = model.add_image(np.zeros((4, 5)), scale=scale, units=units)
        found = layer_pixel_size_um(layer)
        assert found == (expected if expected is None else pytest.approx(expected))

    def test_a_dropped_file_is_used_with_the_size_that_it_states(
        self,
        plugin: PluginManager,
        bench: Bench,
        model: ViewerModel,
        tmp_path: Path,
        picture: np.ndarray,
        qtbot: Any,
    ) -> None:
        path = write_tiff(tmp_path / "brain.tif", picture, (12.5, 12.5))
        model.open(path, plugin="napari")
        wait_for_work(qtbot, bench)
        image = bench.session.image
        assert image is not None
        assert (image.name, image.shape) == ("brain.tif", picture.shape)
        assert bench.session.pixel_size_um == pytest.approx((12.5, 12.5))


class TestChoosing:
    def test_the_newest_image_is_used_until_work_begins(
        self, ready: Bench, model: ViewerModel, picture: np.ndarray
    ) -> None:
        newer = model.add_image(picture, name="newer")
        assert ready.stage.image_layer is newer  # nothing was aligned yet
        ready.session.aligner.slide(100.0, 0.0)
        model.add_image(picture, name="newest")
        assert ready.stage.image_layer is newer

    def test_only_images_of_the_user_are_offered(
        self, section: ImageSection, bench: Bench, model: ViewerModel, picture: np.ndarray
    ) -> None:
        image = model.add_image(picture, name="image")
        model.add_labels(picture.astype(int))
        model.add_points([[1, 2]])
        model.add_image(np.zeros((2, 2, 3, 4)), name="four axes")
        assert bench.images.candidates == [image]
        assert [section.layer.itemText(i) for i in range(section.layer.count())] == ["image"]

    def test_another_layer_is_chosen_from_the_list(
        self, section: ImageSection, bench: Bench, model: ViewerModel, picture: np.ndarray
    ) -> None:
        first = model.add_image(picture, name="first")
        model.add_image(picture, name="second")
        section.layer.setCurrentIndex(section.layer.findText("first"))
        section.layer.activated.emit(section.layer.currentIndex())
        assert bench.stage.image_layer is first

    def test_a_removed_layer_leaves_the_alignment_as_it_is(
        self, ready: Bench, model: ViewerModel, section: ImageSection
    ) -> None:
        ready.session.aligner.turn(yaw_deg=5.0)
        before = ready.session.alignment
        model.layers.remove(ready.stage.image_layer)
        assert ready.session.image is None
        assert ready.session.alignment == before
        assert section.layer.currentText() == "drop an image onto napari"

    def test_what_is_no_picture_is_refused_in_words(
        self, bench: Bench, model: ViewerModel, told: list[str]
    ) -> None:
        layer = model.add_image(np.zeros((5, 1)), name="a line")
        assert bench.session.image is None
        assert len(told) == 1
        assert "a line" in told[0]
        assert layer in model.layers


class TestSection:
    def test_the_size_may_be_given_as_a_field_of_view(
        self, section: ImageSection, bench: Bench, model: ViewerModel, picture: np.ndarray
    ) -> None:
        model.add_image(picture)  # 24 x 32
        section.field_width.setValue(6.4)
        assert bench.session.pixel_size_um == pytest.approx((200.0, 200.0))
        assert section.field_height.value() == pytest.approx(4.8)
        section.field_height.setValue(2.4)
        assert bench.session.pixel_size_um == pytest.approx((100.0, 200.0))
        assert "100.000" in section.size_note.text()

    def test_a_size_of_nothing_is_refused_and_the_old_one_stays(
        self,
        section: ImageSection,
        bench: Bench,
        model: ViewerModel,
        picture: np.ndarray,
        told: list[str],
    ) -> None:
        model.add_image(picture)
        section.pixel_size.setValue(10.0)
        section.pixel_size.setValue(0.0)
        assert len(told) == 1
        assert "positive" in told[0]
        assert section.pixel_size.value() == 10.0
        assert bench.session.pixel_size_um == (10.0, 10.0)

    def test_auto_contrast_changes_what_is_shown_and_never_the_data(
        self, section: ImageSection, bench: Bench, model: ViewerModel
    ) -> None:
        pixels = np.full((120, 120), 1000, np.uint16)
        pixels[:, 60:] = np.linspace(2000, 3000, 60).astype(np.uint16)
        pixels[0, 0] = 60000  # a hot pixel, which ImageJ's rule leaves out
        layer = model.add_image(pixels.copy(), contrast_limits=(0, 65535))
        section.contrast.click()
        assert layer.contrast_limits[1] < 10000
        np.testing.assert_array_equal(layer.data, pixels)

    def test_a_mirrored_image_may_be_said_before_there_is_an_alignment(
        self,
        section: ImageSection,
        bench: Bench,
        model: ViewerModel,
        picture: np.ndarray,
        qtbot: Any,
    ) -> None:
        model.add_image(picture)
        section.mirrored.click()
        bench.session.set_pixel_size((400.0, 400.0))
        bench.atlases.load("demo_mouse")
        wait_for_work(qtbot, bench)
        assert bench.session.alignment is not None
        assert bench.session.alignment.camera.mirrored
        section.mirrored.click()
        assert not bench.session.alignment.camera.mirrored

    def test_the_mean_of_a_movie_is_registered_when_asked(
        self, section: ImageSection, bench: Bench, model: ViewerModel, picture: np.ndarray
    ) -> None:
        movie = np.stack([picture, picture + 10, picture + 50])
        model.add_image(movie)
        assert section.taken.isEnabled()
        section.taken.setCurrentIndex(section.taken.findData("mean"))
        section.taken.activated.emit(section.taken.currentIndex())
        np.testing.assert_allclose(bench.stage.image_pixels(), picture + 20.0)
        section.taken.setCurrentIndex(section.taken.findData("max"))
        section.taken.activated.emit(section.taken.currentIndex())
        np.testing.assert_array_equal(bench.stage.image_pixels(), picture + 50)

    def test_a_picture_has_no_frames_to_choose(
        self, section: ImageSection, model: ViewerModel, picture: np.ndarray
    ) -> None:
        model.add_image(picture)
        assert not section.taken.isEnabled()
