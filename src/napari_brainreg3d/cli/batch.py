"""``napari-brainreg3d batch``: many sessions, from a table, in parallel processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import console, print_files, progress_bar

if TYPE_CHECKING:
    from napari_brainreg3d.batch.run import BatchResult
    from napari_brainreg3d.batch.session import Outcome

_RUN, _FILES = "Where it runs", "Files"
FAILED: Final = 1
"""Exit code when some of the sessions failed."""


def batch_command(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="CSV with a session per row: image, registration (or reference and "
            "reference_image), make, movie, output, name, and settings."
        ),
    ],
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes, or sessions at a time with --scheduler; default: one per processor.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, e.g. tcp://10.0.0.5:8786.", rich_help_panel=_RUN
        ),
    ] = None,
    memory_limit: Annotated[
        str,
        typer.Option(
            help="Of each process, e.g. 4GB; auto shares out what the machine has.",
            rich_help_panel=_RUN,
        ),
    ] = "auto",
    make: Annotated[
        str | None,
        typer.Option(
            help="What to make where the manifest does not say; default: labels overview."
        ),
    ] = None,
    force: options.Force = False,
    redo: Annotated[
        bool, typer.Option("--redo", help="Make sessions again that have not changed.")
    ] = False,
    brainglobe_dir: options.BrainglobeDir = None,
    frame: options.Frame = "0",
    channel: options.Channel = None,
    atlas: options.Atlas = None,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    occlusion: options.OcclusionRule = "brain",
    tolerance_um: options.ToleranceUm = 150.0,
    sample_depth_um: options.SampleDepthUm = None,
    refine: options.RefineWhere = None,
    k: options.Neighbours = 11,
    split_hemispheres: options.SplitHemispheres = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for rows that name none; default: that of their image.",
            rich_help_panel=_FILES,
        ),
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the table and the contact sheet; default: <manifest>_batch.",
            rich_help_panel=_FILES,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace files that the batch has not written itself.",
            rich_help_panel=_FILES,
        ),
    ] = False,
) -> None:
    """Make labels, masks, traces and so on of many sessions, in parallel.

    What is done and unchanged is skipped: start it again after anything went wrong. Exit code 1
    when some session failed, 2 for bad input.
    """
    from napari_brainreg3d.batch.manifest import read_manifest
    from napari_brainreg3d.batch.run import run_batch
    from napari_brainreg3d.batch.session import RunOptions
    from napari_brainreg3d.batch.settings import SessionSettings, settings_from

    given = {
        "frame": frame,
        "channel": channel,
        "atlas": atlas,
        "regions": tuple(part for text in regions or () for part in text.split(",") if part),
        "hemisphere": hemisphere,
        "occlusion": occlusion,
        "tolerance_um": tolerance_um,
        "sample_depth_um": sample_depth_um,
        "refine": refine,
        "k": k,
        "split_hemispheres": split_hemispheres,
    }
    if make is not None:
        given["make"] = make
    rows = read_manifest(manifest, defaults=settings_from(given, SessionSettings()), output=output)
    folder = manifest.with_name(f"{manifest.stem}_batch") if summary is None else summary
    with progress_bar(f"{len(rows)} sessions") as progress:

        def show(outcome: Outcome, done: int, total: int) -> None:
            progress(done, total)
            _print_outcome(outcome, done, total)

        result = run_batch(
            rows,
            folder,
            workers=workers,
            scheduler=scheduler,
            memory_limit=memory_limit,
            options=RunOptions(force, overwrite, redo, brainglobe_dir),
            on_outcome=show,
        )
    _print_result(result)
    if result.count("failed"):
        raise typer.Exit(FAILED)


def _print_outcome(outcome: Outcome, done: int, total: int) -> None:
    text = f"{done}/{total} {outcome.row.name}: {outcome.status}"
    console().print(text, markup=False)


def _print_result(result: BatchResult) -> None:
    for outcome in result.outcomes:
        for note in () if outcome.record is None else outcome.record.notes:
            print(f"warning: {outcome.row.name}: {note}", file=sys.stderr)
    print_files(list(result.files))
    for outcome in result.outcomes:
        if outcome.problem:
            name, line = outcome.row.name, outcome.row.line
            print(f"{name} (line {line}): {outcome.problem}", file=sys.stderr)
    counts = ", ".join(
        f"{result.count(status)} {status}" for status in ("done", "unchanged", "failed")
    )
    console().print(f"{len(result.outcomes)} sessions: {counts}", markup=False)
