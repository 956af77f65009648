"""The sample image, as napari opens it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from npe2 import PluginManager

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.sample_data import demo_widefield
from napari_brainreg3d._napari.widgets.docking import DOCK_NAME
from napari_brainreg3d.demo import demo_image, demo_registration
from tests.fixtures.gui import wait_for_work


def test_the_sample_is_the_demo_image_and_says_that_it_is_drawn() -> None:
    ((pixels, options, kind),) = demo_widefield()
    assert kind == "image"
    np.testing.assert_array_equal(pixels, demo_image())
    assert "not for science" in options["name"]


def test_napari_shows_it_at_its_size_in_micrometres() -> None:
    ((pixels, options, _),) = demo_widefield()
    layer = Image(pixels, **options)
    first, last = layer.extent.world  # centres of the first and the last pixel
    grid = demo_registration().grid
    rows, columns = grid.shape
    expected = [(rows - 1) * grid.size_um[0], (columns - 1) * grid.size_um[1]]
    assert last - first == pytest.approx(expected)
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]


def test_opened_in_a_window_it_is_ready_to_align(
    viewer: Any, window_bench: Bench, qtbot: Any
) -> None:
    """Image, atlas and panel are there; nothing has to be downloaded or typed."""
    viewer.open_sample("napari-brainreg3d", "demo_widefield")
    wait_for_work(qtbot, window_bench)
    panel = viewer.window.dock_widgets[DOCK_NAME]
    assert panel.sections["align"].is_open
    session = window_bench.session
    assert session.alignment is not None
    assert session.alignment.pixel_size_um == pytest.approx((22.0, 22.0))
    assert session.scene is not None
    assert session.scene.atlas.is_schematic
    assert not session.is_side_confirmed  # where it lies is left to the user


def test_the_menu_calls_it_what_it_is(plugin: PluginManager) -> None:
    (sample,) = plugin.get_manifest("napari-brainreg3d").contributions.sample_data
    assert sample.display_name == "Demo widefield image (schematic mouse brain)"
