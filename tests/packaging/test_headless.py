"""Without a screen: the library and the command line load no graphical interface."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version

import pytest

GRAPHICAL = {"napari", "npe2", "qtpy", "magicgui", "superqt", "vispy", "matplotlib", "PyQt6"}

_ALL_MODULES = """
import importlib, pkgutil, napari_brainreg3d
for found in pkgutil.walk_packages(napari_brainreg3d.__path__, "napari_brainreg3d."):
    if "._" not in found.name:
        importlib.import_module(found.name)
"""
_PUBLIC_NAMES = """
import napari_brainreg3d
for name in napari_brainreg3d.__all__:
    getattr(napari_brainreg3d, name)
"""
_WORK = """
import napari_brainreg3d as br
scene = br.load_scene("demo_mouse", ["MOp", "VISp"])
pose = br.Pose.dorsal(centre_um=(5400.0, 0.0, 5700.0))
registration = br.Registration(
    atlas="demo_mouse", image_shape=(40, 40), pixel_size_um=250.0, pose=pose
)
assert br.project(scene, registration).labels.any()
"""
_HELP = """
import sys
from napari_brainreg3d.cli import main
sys.argv = ["napari-brainreg3d", "project", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code
"""
_LOADED = (
    "\nimport json, sys\nprint(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(_ALL_MODULES, id="every module of the library"),
        pytest.param(_PUBLIC_NAMES, id="every public name"),
        pytest.param(_WORK, id="a projection"),
        pytest.param(_HELP, id="the command line"),
    ],
)
def test_nothing_graphical_is_loaded(code: str, run: Callable[..., str]) -> None:
    loaded = set(json.loads(run("-c", code + _LOADED).splitlines()[-1]))
    assert "napari_brainreg3d" in loaded
    assert not loaded & GRAPHICAL


def test_importing_the_package_reads_no_atlas(run: Callable[..., str]) -> None:
    """brainglobe-atlasapi takes seconds to import: only a scene needs it."""
    loaded = set(json.loads(run("-c", _PUBLIC_NAMES + _LOADED)))
    assert not loaded & {"brainglobe_atlasapi", "s3fs", "zarr"}


def test_the_module_is_the_command_and_knows_its_version(run: Callable[..., str]) -> None:
    said = run("-m", "napari_brainreg3d", "--version")
    assert said.split() == ["napari-brainreg3d", version("napari-brainreg3d")]
