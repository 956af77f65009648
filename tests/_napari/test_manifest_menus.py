"""What napari finds in the manifest: menus, widgets, readers and writers, samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from npe2 import PluginManager, PluginManifest

from napari_brainreg3d._napari.bench import bench_for
from napari_brainreg3d._napari.widgets.docking import DOCK_NAME, open_panel
from napari_brainreg3d._napari.widgets.panel import RegisterPanel

NAME = "napari-brainreg3d"


@pytest.fixture
def manifest(plugin: PluginManager) -> PluginManifest:
    return plugin.get_manifest(NAME)


def test_every_command_can_be_imported(manifest: PluginManifest) -> None:
    manifest.validate_imports()


def test_every_command_is_used(manifest: PluginManifest) -> None:
    parts = manifest.contributions
    used = {
        contribution.command
        for group in (parts.widgets, parts.readers, parts.writers, parts.sample_data)
        for contribution in group or []
    }
    assert used == {command.id for command in parts.commands or []}


def readers(plugin: PluginManager, path: str) -> set[str]:
    return {reader.plugin_name for reader in plugin.iter_compatible_readers([path])}


def test_dropping_an_image_never_asks_which_reader_to_take(plugin: PluginManager) -> None:
    for path in ("brain.tif", "brain.brainreg.tif", "brain.png", "brain.ome.tiff"):
        assert NAME not in readers(plugin, path)


def test_session_files_are_ours_alone(plugin: PluginManager) -> None:
    assert readers(plugin, "brain.brainreg3d.json") == {NAME}
    assert NAME not in readers(plugin, "brain.json")


@pytest.mark.parametrize(
    ("layers", "path", "expected"),
    [
        (["labels"], "a.tif", "napari"),
        (["image"], "a.tif", "napari"),
        (["labels"], "a.brainreg.tif", NAME),
        (["labels"], "a.brainreg_masks.tif", NAME),
        (["image"], "a.brainreg.tif", NAME),
        (["labels"], "a.brainreg3d.json", NAME),
        (["image", "surface", "surface", "points", "labels"], "a.brainreg3d.json", NAME),
        (["points"], "a.csv", "napari"),
    ],
)
def test_who_writes_what(plugin: PluginManager, layers: Any, path: str, expected: str) -> None:
    writer, _ = plugin.get_writer(path, layers)
    assert writer is not None
    assert writer.plugin_name == expected


@pytest.mark.parametrize("kind", ["labels", "image"])
def test_the_save_dialog_offers_our_formats_last(plugin: PluginManager, kind: str) -> None:
    """The first one is chosen unless the user says otherwise."""
    writers = list(plugin.iter_compatible_writers([kind]))
    plain = next(i for i, writer in enumerate(writers) if ".tif" in writer.filename_extensions)
    ours = [i for i, writer in enumerate(writers) if writer.plugin_name == NAME]
    assert ours
    assert plain < min(ours)


def menu_commands(menu: str) -> set[str]:
    from napari._app_model import get_app_model  # where napari keeps its menus

    return {item.command.id for item in get_app_model().menus.get_menu(menu)}


def test_the_layers_menu_has_registration_and_projection(viewer: Any) -> None:
    assert {f"{NAME}.register", f"{NAME}.align"} <= menu_commands("napari/layers/register")
    assert f"{NAME}.project" in menu_commands("napari/layers/project")


def test_the_menu_opens_the_panel_and_finds_it_again(viewer: Any) -> None:
    """Also the one that a session file or the sample has opened: there is never a second one."""
    from napari._app_model import get_app_model

    panel = open_panel(viewer)
    assert open_panel(viewer) is panel
    get_app_model().commands.execute_command(f"{NAME}.register").result()
    panels = [w for w in viewer.window.dock_widgets.values() if isinstance(w, RegisterPanel)]
    assert panels == [panel]
    assert DOCK_NAME in viewer.window.dock_widgets


@pytest.mark.parametrize("command", ["register", "align", "project"])
def test_each_widget_opens_from_its_menu(viewer: Any, command: str) -> None:
    from napari._app_model import get_app_model

    before = set(viewer.window.dock_widgets)
    get_app_model().commands.execute_command(f"{NAME}.{command}").result()
    (name,) = set(viewer.window.dock_widgets) - before
    assert viewer.window.dock_widgets[name].bench is bench_for(viewer)


def test_a_dropped_session_opens_the_panel(viewer: Any, tmp_path: Path, told: list[str]) -> None:
    path = tmp_path / "a.brainreg3d.json"
    path.write_text("{}")
    viewer.open(path, plugin=None)  # as a drop does
    assert DOCK_NAME in viewer.window.dock_widgets
    assert len(told) == 1
    assert "not a registration" in told[0]
    assert len(viewer.layers) == 0
