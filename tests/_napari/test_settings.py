"""Settings in napari's Preferences, and what follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from npe2 import PluginManifest

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.settings import PLUGIN, Settings, current_settings
from napari_brainreg3d._napari.widgets.atlas_section import AtlasSection
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from tests.fixtures.gui import wait_for_work

MANIFEST = Path(__file__).parents[2] / "napari.yaml"


@pytest.fixture
def preferences(plugin_settings: Any, npe2pm: Any) -> Any:
    """The page of the plugin in napari's Preferences, as if it had never been opened."""
    from napari.settings import get_plugin_settings

    npe2pm.register(PluginManifest.from_file(MANIFEST))
    return get_plugin_settings(PLUGIN).registration


def test_the_defaults_of_manifest_and_code_are_the_same(preferences: Any) -> None:
    assert current_settings() == Settings()


def test_changes_are_followed(preferences: Any) -> None:
    preferences.default_atlas = " allen_mouse_25um "
    preferences.bregma_preset = "pinpoint_2024"
    preferences.autosave = False
    assert current_settings() == Settings("allen_mouse_25um", "pinpoint_2024", False)


def test_every_bregma_preset_can_be_chosen_and_no_other(preferences: Any) -> None:
    for name in BREGMA_PRESETS:
        preferences.bregma_preset = name
    with pytest.raises(ValueError, match="enum"):
        preferences.bregma_preset = "none"


def test_a_plugin_that_napari_does_not_know_has_the_defaults(plugin_settings: Any) -> None:
    assert current_settings() == Settings()


def test_the_default_atlas_is_the_one_chosen_at_first(
    preferences: Any, bench: Bench, qtbot: Any
) -> None:
    preferences.default_atlas = "allen_mouse_25um"
    section = AtlasSection(bench, Links())
    qtbot.addWidget(section)
    assert section.atlas.currentData() == "allen_mouse_25um"
    assert section.atlas.findData("demo_mouse") >= 0


def test_positions_are_counted_from_the_preferred_bregma(
    preferences: Any, bench: Bench, qtbot: Any
) -> None:
    preferences.bregma_preset = "brainreg3d"
    bench.atlases.load("demo_mouse")
    wait_for_work(qtbot, bench)
    assert bench.session.bregma == BREGMA_PRESETS["brainreg3d"]
