"""Build hook: an editable install finds the manifest too.

``napari.yaml`` lies at the top level, wheels carry a copy of it inside the package (force-include
in ``pyproject.toml``). An editable install has no copy: there npe2 looks beside
``src/napari_brainreg3d/__init__.py``. So this hook puts a link there; git ignores it. It is not in
git as a symbolic link, because a Windows checkout turns that into a text file.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManifestLinkHook(BuildHookInterface):
    """Link, or else copy, ``napari.yaml`` into the package of an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before the build; ``version`` is ``"editable"`` for editable installs."""
        if self.target_name != "wheel" or version != "editable":
            return
        source = Path(self.root, "napari.yaml")
        link = Path(self.root, "src", "napari_brainreg3d", "napari.yaml")
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(os.path.relpath(source, link.parent))
        except OSError:  # Windows without the right to make links: install again after a change
            shutil.copyfile(source, link)
