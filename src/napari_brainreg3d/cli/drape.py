"""``napari-brainreg3d drape IMAGE``: the image on the brain's surface, for 3D viewers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import console, numbers, print_files
from napari_brainreg3d.cli.standard_view import (
    Mask,
    SavedRegistration,
    load_scene_of,
    read_mask,
    read_picture,
)

Target = Annotated[
    Path,
    typer.Option("--output", "-o", help="File to write: .ply or .glb.", rich_help_panel="Files"),
]
SpacingUm = Annotated[
    float | None,
    typer.Option(help="Distance of vertices where the image is, um; default: a pixel."),
]
Contrast = Annotated[
    str | None, typer.Option(help="Values shown as black and white, e.g. 200,4000.")
]
Frame3D = Annotated[
    Literal["world", "atlas_um"],
    typer.Option("--axes", help="world: as viewers expect; atlas_um: the atlas's, left-handed."),
]
OnlySeen = Annotated[
    bool, typer.Option("--only-seen", help="Leave out what the camera did not see.")
]


def drape_command(
    image: options.ImageFile,
    registration: SavedRegistration,
    output: Target,
    spacing_um: SpacingUm = None,
    contrast: Contrast = None,
    axes: Frame3D = "world",
    only_seen: OnlySeen = False,
    mask: Mask = None,
    frame: options.Frame = "0",
    channel: options.Channel = None,
    brainglobe_dir: options.BrainglobeDir = None,
    force: options.Force = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Paint an image onto the brain's surface, where the camera saw it."""
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.cli.same_image import registration_of_image
    from napari_brainreg3d.io.surface_mesh import check_surface_name, write_surface
    from napari_brainreg3d.results.drape import drape

    check_free(check_surface_name(output), overwrite=overwrite)
    limits = numbers(contrast, "--contrast", (2,))
    picture = read_picture(image, frame, channel)
    placed = registration_of_image(registration, picture, force=force)
    draped = drape(
        load_scene_of(placed, brainglobe_dir),
        placed,
        picture.pixels,
        spacing_um=spacing_um,
        contrast=None if limits is None else (limits[0], limits[1]),
        mask=read_mask(mask),
    )
    file = write_surface(output, draped, frame=axes, only_seen=only_seen, overwrite=overwrite)
    console().print(
        f"{len(draped.vertices_um):,} vertices, {int(draped.seen.sum()):,} of them seen; "
        f"{len(draped.faces):,} faces"
    )
    print_files([file])
