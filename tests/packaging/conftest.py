"""The package, built and installed from a copy of the source tree, without any network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
#: What a source tree is made of; a checkout also holds caches, environments and results.
PARTS = ("src", "LICENSE", "README.md", "hatch_build.py", "napari.yaml", "pyproject.toml")

#: Asks npe2 in a process that sees the installation before the packages of this environment, and
#: not this environment's own link to the package.
_QUESTION = """
import json, site, sys
site.addsitedir(sys.argv[1])
sys.path.extend(sys.argv[2:])
import warnings; warnings.simplefilter("ignore")
import importlib.metadata, importlib.util
from npe2 import PluginManager, PluginManifest
manifest = PluginManifest.from_distribution("napari-brainreg3d")
manager = PluginManager()
manager.discover()
print(json.dumps({
    "distribution": str(importlib.metadata.distribution("napari-brainreg3d")._path),
    "package": importlib.util.find_spec("napari_brainreg3d").origin,
    "name": manifest.name,
    "display_name": manifest.display_name,
    "commands": [command.id for command in manifest.contributions.commands],
    "discovered": "napari-brainreg3d" in [each.name for each in manager.iter_manifests()],
    "version": manifest.package_version,
}))
"""


@pytest.fixture
def source_tree(tmp_path: Path) -> Path:
    """A copy of what the package is built from, without git and without build products."""
    tree = tmp_path / "tree"
    tree.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "napari.yaml")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tree / part, ignore=unwanted)
        else:
            shutil.copy(ROOT / part, tree / part)
    return tree


@pytest.fixture
def run() -> Callable[..., str]:
    """Run this Python with arguments; fails with what it said."""

    def run(*arguments: object, cwd: Path | None = None) -> str:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def ask_npe2(tmp_path: Path, run: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """Install a source tree below ``tmp_path`` and say what npe2 finds there."""

    def ask(tree: Path, *, editable: bool) -> dict[str, Any]:
        prefix = tmp_path / "installed"
        options = ["--prefix", prefix, "--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
        # Ignore what this environment has of the package, or pip would take it away first.
        options.append("--ignore-installed")
        run("-m", "pip", "install", *options, *(["--editable"] if editable else []), tree)
        folder = next(prefix.rglob("site-packages"), None) or next(prefix.rglob("dist-packages"))
        paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        answer = run("-S", "-c", _QUESTION, folder, *sorted(paths), cwd=tmp_path)
        found: dict[str, Any] = json.loads(answer)
        assert Path(found["distribution"]).is_relative_to(prefix)
        return found

    return ask
