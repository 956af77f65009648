"""``napari-brainreg3d demo``: the main job on the built-in atlas and image, without any network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brainreg3d.cli.console import console, print_files, print_regions, progress_bar

if TYPE_CHECKING:
    from napari_brainreg3d.projection import Projection


def demo_command(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the results; made if need be.")
    ] = Path("demo-results"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Project a schematic mouse brain onto a drawn image of it, and compare with the truth."""
    from napari_brainreg3d.atlas.loading import load_scene
    from napari_brainreg3d.demo import demo_image, demo_registration
    from napari_brainreg3d.demo.movie_files import write_demo_movie
    from napari_brainreg3d.io.writing import check_results_free, result_path, write_results
    from napari_brainreg3d.projection import project
    from napari_brainreg3d.results.areas import region_table

    check_results_free(output, "demo", overwrite=overwrite)
    truth = demo_registration()
    with progress_bar("drawing the brain") as progress:
        scene = load_scene(truth.atlas, truth.regions or None, progress=progress)
    image = demo_image()
    with progress_bar("projecting") as progress:
        projection = project(scene, truth, progress=progress)
    written = write_results(output, "demo", projection, image=image, overwrite=overwrite)
    written += write_demo_movie(output, overwrite=overwrite)
    print_regions(region_table(projection))
    _compare(projection)
    print_files(written)
    console().print(f"all in {output.resolve()}", markup=False)
    console().print(
        f"the picture: {result_path(output.resolve(), 'demo', 'overview')}", markup=False
    )


def _compare(projection: Projection) -> None:
    from napari_brainreg3d.demo import demo_report, flat_registration
    from napari_brainreg3d.projection import project

    flat = project(projection.scene, flat_registration())
    console().print(f"with the true camera: {demo_report(projection)}", markup=False)
    console().print(f"with the best flat map: {demo_report(flat)}", markup=False)
