"""The command ``napari-brainreg3d``: its subcommands, and how errors end it.

Every module that does work is imported inside the command that needs it, so that ``--help`` and
``--version`` answer at once.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

from napari_brainreg3d.cli import (
    atlases,
    batch,
    demo,
    depth_mixture,
    drape,
    export,
    fitting,
    fitting_sure,
    info,
    locate,
    match,
    project,
    report,
    standard_view,
    traces,
)
from napari_brainreg3d.errors import BrainregError, Cancelled

app = typer.Typer(
    name="napari-brainreg3d",
    help="Register brain images to 3D atlases and label every pixel, without a screen.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("project")(project.project_command)
app.command("fit")(fitting.fit_command)
app.command("uncertainty")(fitting_sure.uncertainty_command)
app.command("tilt")(fitting_sure.tilt_command)
app.command("match")(match.match_command)
app.command("batch")(batch.batch_command)
app.command("locate")(locate.locate_command)
app.command("depth-mixture")(depth_mixture.depth_mixture_command)
app.command("standard-view")(standard_view.standard_view_command)
app.command("average")(standard_view.average_command)
app.command("drape")(drape.drape_command)
app.command("traces")(traces.traces_command)
app.command("export")(export.export_command)
app.command("report")(report.report_command)
app.command("demo")(demo.demo_command)
app.command("info")(info.info_command)
app.command("atlases")(atlases.atlases_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"napari-brainreg3d {version('napari-brainreg3d')}")
        raise typer.Exit


@app.callback()
def _common(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options of the command itself."""


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit code 2."""
    warnings.showwarning = _show_warning
    try:
        app()
    except BrainregError as error:
        _end(f"error: {' '.join(str(error).split())}", 2)
    except (Cancelled, KeyboardInterrupt):
        _end("cancelled; nothing half done was left behind", 130)


def _end(line: str, code: int) -> None:
    print(line, file=sys.stderr)
    raise SystemExit(code)


def _show_warning(message: Warning | str, *_details: object, **_options: object) -> None:
    print(f"warning: {message}", file=sys.stderr)
