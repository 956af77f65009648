"""``napari-brainreg3d atlases``: which atlases there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_brainreg3d.cli.console import console


def atlases_command(
    brainglobe_dir: Annotated[
        Path | None, typer.Option(help="Folder of BrainGlobe's atlases; default: the configured.")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask BrainGlobe's server what is published.")
    ] = False,
) -> None:
    """List the atlases that can be used: on disk, and with --online those to be downloaded."""
    from rich.table import Table

    from napari_brainreg3d.atlas.brainglobe import (
        atlases_on_disk,
        atlases_online,
        brainglobe_folder,
    )

    here = atlases_on_disk(brainglobe_dir)
    table = Table("atlas", "version", "where")
    table.add_row("demo_mouse", "built in", "schematic, not for science")
    for name, version in here.items():
        table.add_row(name, version, "on disk")
    if online:
        for name, version in sorted(atlases_online().items()):
            if name not in here:
                table.add_row(name, version, "to be downloaded")
    console().print(table)
    console().print(f"folder: {brainglobe_folder(brainglobe_dir)}")
