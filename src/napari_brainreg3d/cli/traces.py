"""``napari-brainreg3d traces MOVIE``: one trace per region and hemisphere."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, print_files, progress_bar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from napari_brainreg3d.cli.movie_check import OpenMovie
    from napari_brainreg3d.projection import Projection
    from napari_brainreg3d.registration import Registration
    from napari_brainreg3d.results.traces import Statistic, Traces

_MOVIE, _HOW, _FILES = "Movie", "Traces", "Files"

MovieFiles = Annotated[
    list[Path],
    typer.Argument(
        help="TIFF, several TIFFs or a folder of them, zarr, .npy, wfield's .dat; or U."
    ),
]
Svt = Annotated[
    Path | None,
    typer.Option(help="MOVIE holds U of an SVD; this is SVT, .npy.", rich_help_panel=_MOVIE),
]
Average = Annotated[
    Path | None,
    typer.Option(help="With --svt: the image to add, .npy.", rich_help_panel=_MOVIE),
]
Fps = Annotated[float | None, typer.Option(help="Frames per second.", rich_help_panel=_MOVIE)]
Dark = Annotated[
    float, typer.Option(help="Value of a pixel without light.", rich_help_panel=_MOVIE)
]
Saturation = Annotated[
    float | None,
    typer.Option(
        help="Count values from here on as saturated; default: the type's largest.",
        rich_help_panel=_MOVIE,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(help="A label TIFF, with its table beside it.", rich_help_panel=_HOW),
]
How = Annotated[
    Literal["mean", "median-of-means", "sum"],
    typer.Option("--statistic", help="Of a region's pixels.", rich_help_panel=_HOW),
]
Blocks = Annotated[
    int, typer.Option(help="Parts of a region for median-of-means.", rich_help_panel=_HOW)
]
Dff = Annotated[
    str | None,
    typer.Option(
        help="dF/F, with this baseline: 'mean', 'percentile 10', 'mean frames 0:100', 'percentile "
        "10 window 60 s'.",
        rich_help_panel=_HOW,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(help="Weight of each pixel, TIFF or .npy; 0: left out.", rich_help_panel=_HOW),
]
MaxIncidence = Annotated[
    float | None,
    typer.Option(
        "--max-incidence-deg",
        help="Leave out pixels that see the surface at a larger angle.",
        rich_help_panel=_HOW,
    ),
]
SidesTogether = Annotated[
    bool, typer.Option("--sides-together", help="Left and right as one.", rich_help_panel=_HOW)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=".csv or .parquet; default: MOVIE_traces.csv.",
        rich_help_panel=_FILES,
    ),
]


def traces_command(
    movie: MovieFiles,
    registration: options.RegistrationFile = None,
    labels: Labels = None,
    force: options.Force = False,
    svt: Svt = None,
    average: Average = None,
    channel: options.Channel = None,
    fps: Fps = None,
    dark: Dark = 0.0,
    saturation: Saturation = None,
    statistic: How = "mean",
    blocks: Blocks = 5,
    dff: Dff = None,
    weights: Weights = None,
    max_incidence_deg: MaxIncidence = None,
    sides_together: SidesTogether = False,
    regions: options.Regions = None,
    brainglobe_dir: options.BrainglobeDir = None,
    output: Output = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Follow the brain regions through a movie: one trace per region, hemisphere and frame."""
    from napari_brainreg3d.io.traces import check_traces_path, write_traces
    from napari_brainreg3d.results.traces import Baseline, region_traces

    if (registration is None) == (labels is None):
        raise UsageError("say what each pixel sees: give --registration FILE or --labels FILE")
    target = output or _beside(movie[0])
    # Whatever can be wrong with the options is found before the movie is read.
    check_traces_path(target, overwrite=overwrite)
    baseline = None if dff is None else Baseline.parse(dff)
    with ExitStack() as stack:
        opened = _opened(movie, stack, svt, average, channel, fps)
        what: Projection | Any
        table, info = None, None
        if registration is not None:
            what = _projected(registration, opened, regions, brainglobe_dir, force=force)
        else:
            what, table, info = _read_labels(cast("Path", labels), opened, force=force)
        each = None if weights is None else _read_weights(weights)
        with progress_bar("following the regions") as progress:
            traces = region_traces(
                opened,
                what,
                table=table,
                statistic=cast("Statistic", statistic.replace("-", " ")),
                dff=baseline,
                weights=each,
                max_incidence_deg=max_incidence_deg,
                split_hemispheres=not sides_together,
                saturation=saturation,
                dark=dark,
                blocks=blocks,
                progress=progress,
            )
    written = write_traces(target, traces, labels_info=info, overwrite=overwrite)
    _print_traces(traces)
    print_files(written)


def _beside(movie: Path) -> Path:
    stem = movie.name.removesuffix(".zarr").removesuffix(".ome") if movie.is_dir() else movie.stem
    return movie.with_name(f"{stem}_traces.csv")


def _opened(
    files: list[Path],
    stack: ExitStack,
    svt: Path | None,
    average: Path | None,
    channel: int | None,
    fps: float | None,
) -> OpenMovie:
    from napari_brainreg3d.io.movies import open_movie, open_svd

    if svt is None:
        if average is not None:
            raise UsageError("--average belongs to a movie in SVD form: give --svt as well")
        source = files[0] if len(files) == 1 else files
        return stack.enter_context(open_movie(source, channel=channel, fps=fps))
    if len(files) != 1 or channel is not None:
        raise UsageError("with --svt, MOVIE is one file with the components in space, U")
    return stack.enter_context(open_svd(files[0], svt, average=average, fps=fps))


def _projected(
    file: Path,
    movie: OpenMovie,
    regions: list[str] | None,
    brainglobe_dir: Path | None,
    *,
    force: bool,
) -> Projection:
    from napari_brainreg3d.atlas.loading import load_scene
    from napari_brainreg3d.cli.movie_check import check_image
    from napari_brainreg3d.projection import project
    from napari_brainreg3d.registration import Registration

    placed: Registration = Registration.load(file)
    check_image(
        movie,
        file.name,
        shape=placed.image_shape,
        image_name=placed.image_name,
        sha256=placed.image_sha256,
        force=force,
    )
    wanted = tuple(part for text in regions or () for part in text.split(",") if part)
    with progress_bar("loading the atlas") as progress:
        scene = load_scene(
            placed.atlas,
            wanted or placed.regions or None,
            brainglobe_dir=brainglobe_dir,
            hemisphere=placed.hemisphere,
            progress=progress,
        )
    with progress_bar("projecting") as progress:
        return project(scene, placed.replaced(atlas_version=scene.atlas.version), progress=progress)


def _read_labels(
    file: Path, movie: OpenMovie, *, force: bool
) -> tuple[np.ndarray, pd.DataFrame | None, dict[str, Any]]:
    from napari_brainreg3d.cli.movie_check import check_image
    from napari_brainreg3d.io.label_tiff import read_labels

    content = read_labels(file)
    image = content.metadata.get("image") or {}
    check_image(
        movie,
        file.name,
        shape=(content.labels.shape[0], content.labels.shape[1]),
        image_name=image.get("name"),
        sha256=image.get("sha256"),
        force=force,
    )
    if content.table is None:
        print(f"warning: {file} has no region table beside it", file=sys.stderr)
    return content.labels, content.table, content.metadata


def _read_weights(file: Path) -> np.ndarray:
    import numpy as np

    from napari_brainreg3d.io.images import read_image
    from napari_brainreg3d.io.movies.movie import reading

    if file.suffix.lower() != ".npy":
        return read_image(file).pixels
    with reading(str(file)):
        return np.asarray(np.load(file, allow_pickle=False))


def _print_traces(traces: Traces) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    used = traces.regions[traces.regions["used_pixels"] > 0]
    shown = Table(box=SIMPLE_HEAD)
    shown.add_column("trace", min_width=8)
    headings = {
        "pixels": "pixels",
        "used_pixels": "used",
        "nan_values": "NaN",
        "saturated_values": "saturated",
        "saturated_frames": "frames with it",
    }
    for heading in headings.values():
        shown.add_column(heading, justify="right", min_width=len(heading))
    for row in used.to_dict("records"):
        shown.add_row(str(row["column"]), *(str(row[name]) for name in headings))
    console().print(shown)
    frames, without = len(traces.table), len(traces.regions) - len(used)
    console().print(f"{len(used)} traces of {frames} frames; regions without pixels: {without}")
