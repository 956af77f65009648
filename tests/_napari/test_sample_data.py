"""The sample image, as napari opens it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from npe2 import PluginManager

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.sample_data import demo_traces, demo_widefield
from napari_brainreg3d._napari.widgets.docking import DOCK_NAME
from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.demo.movie import demo_movie
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
    image, movie = plugin.get_manifest("napari-brainreg3d").contributions.sample_data
    assert image.display_name == "Demo widefield image (schematic mouse brain)"
    assert movie.display_name == "Demo movie, aligned (200 frames, known activity)"


def test_the_demo_movie_is_aligned_as_it_was_drawn(
    viewer: Any, window_bench: Bench, qtbot: Any
) -> None:
    """From the menu's entry to traces, with nothing to align."""
    ((frames, options, _),) = demo_traces()
    layer = viewer.add_image(frames, **options)
    wait_for_work(qtbot, window_bench)
    session, movie = window_bench.session, demo_movie()
    assert window_bench.stage.image_layer is layer
    assert window_bench.stage.frames == len(movie.frames)
    registration = session.registration
    assert registration is not None
    np.testing.assert_allclose(registration.pose.rotation, movie.registration.pose.rotation)
    np.testing.assert_allclose(registration.pose.centre_um, movie.registration.pose.centre_um)
    assert registration.pixel_size_um == pytest.approx(movie.registration.pixel_size_um)
    window_bench.projecting.run()
    wait_for_work(qtbot, window_bench)
    window_bench.measuring.tracing.run()
    wait_for_work(qtbot, window_bench)
    traces = window_bench.measuring.tracing.traces
    assert traces is not None
    used = traces.regions.set_index("column")["used_pixels"]
    large = [name for name in movie.truth if used[name] > 100]
    assert len(large) > 4
    for name in large:
        assert np.corrcoef(traces.table[name], movie.truth[name])[0, 1] > 0.9, name
