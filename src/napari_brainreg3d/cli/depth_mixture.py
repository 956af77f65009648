"""``napari-brainreg3d depth-mixture``: which regions the light of each pixel comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, print_files, progress_bar

if TYPE_CHECKING:
    import pandas as pd

SavedRegistration = Annotated[Path, typer.Argument(help="A saved *.brainreg3d.json.")]
AttenuationUm = Annotated[
    float, typer.Option(help="Way into the tissue after which light is down to 1/e, um.")
]
MaxDepthUm = Annotated[
    float | None, typer.Option(help="How deep tissue counts, um; default: 6.9 such ways.")
]
Top = Annotated[int, typer.Option(help="How many regions to keep for each pixel.")]
Brightness = Annotated[
    list[str] | None,
    typer.Option(help="Relative brightness of a region, ACRONYM=NUMBER; may be repeated."),
]
ImageOfLight = Annotated[
    Path | None, typer.Option("--image", help="The image, to hold against the registration.")
]
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Folder; default: the registration's.", rich_help_panel="Files"
    ),
]


def depth_mixture_command(
    registration: SavedRegistration,
    attenuation_um: AttenuationUm,
    max_depth_um: MaxDepthUm = None,
    brightness: Brightness = None,
    top: Top = 8,
    image: ImageOfLight = None,
    force: options.Force = False,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    split_hemispheres: options.SplitHemispheres = False,
    brainglobe_dir: options.BrainglobeDir = None,
    output: OutputFolder = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Tell from which regions the light of each pixel comes, when it fades with depth."""
    from napari_brainreg3d.cli.placed import load_placed
    from napari_brainreg3d.io.light_maps import check_light_free, write_light
    from napari_brainreg3d.projection.depth_mixture import depth_mixture
    from napari_brainreg3d.registration.registration import SUFFIX

    shining = _brightness(brightness)
    stem = registration.name.removesuffix(SUFFIX)
    folder = registration.parent if output is None else output
    check_light_free(folder, stem, overwrite=overwrite)  # before the atlas is loaded
    scene, placed = load_placed(
        registration,
        image=image,
        force=force,
        regions=regions,
        hemisphere=hemisphere,
        brainglobe_dir=brainglobe_dir,
    )
    with progress_bar("summing up light") as progress:
        mixture = depth_mixture(
            scene,
            placed,
            attenuation_um=attenuation_um,
            max_depth_um=max_depth_um,
            top=top,
            brightness=shining,
            split_hemispheres=split_hemispheres,
            progress=progress,
        )
    written = write_light(folder, stem, mixture, overwrite=overwrite)
    _print_shares(mixture.table)
    print_files(written)


def _brightness(given: list[str] | None) -> dict[str, float]:
    values: dict[str, float] = {}
    for text in given or ():
        name, _, value = text.rpartition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            name = ""
        if not name.strip():
            raise UsageError(f"--brightness takes ACRONYM=NUMBER, got {text!r}")
    return values


def _print_shares(table: pd.DataFrame) -> None:
    seen = table[table["pixels"] > 0].sort_values("pixels", ascending=False)
    console().print("label acronym    side     pixels  own light  most other light")
    for row in seen.to_dict("records"):
        other = f"{row['next_share']:6.1%} {row['next_region']}" if row["next_region"] else ""
        console().print(
            f"{row['label']:5d} {row['acronym']:10} {row['hemisphere']:5} {row['pixels']:9d}  "
            f"{row['own_share']:9.1%}  {other}"
        )
    if len(seen) < len(table):
        console().print(f"{len(table) - len(seen)} more regions give no pixel most of its light")
