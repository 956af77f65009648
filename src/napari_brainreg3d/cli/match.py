"""``napari-brainreg3d match``: a folder of sessions, registered by one of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, numbers, print_files, progress_bar

if TYPE_CHECKING:
    from napari_brainreg3d.cli.matching import Session

_MATCH, _FILES = "Matching", "Files"
FAILED: Final = 1
"""Exit code when some of the images were not matched."""


def match_command(
    reference: Annotated[
        Path, typer.Argument(help="Registration of the reference (*.brainreg3d.json).")
    ],
    reference_image: Annotated[Path, typer.Argument(help="The image it was made for.")],
    images: Annotated[
        list[Path], typer.Argument(help="Images of other sessions, or folders of them.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder; made if need be.", rich_help_panel=_FILES),
    ],
    overwrite: options.Overwrite = False,
    force: options.Force = False,
    frame: options.Frame = "0",
    channel: options.Channel = None,
    pixel_size_um: Annotated[
        str | None,
        typer.Option(
            help="Pixel size of the new images, um: one number or row,column. Default: the "
            "reference's, changed as the files say.",
            rich_help_panel=_MATCH,
        ),
    ] = None,
    take_scale: Annotated[
        bool,
        typer.Option(
            "--take-scale",
            help="Let the scale that is found change the pixel size.",
            rich_help_panel=_MATCH,
        ),
    ] = False,
    max_shift_um: Annotated[
        float | None, typer.Option(help="Refuse larger shifts.", rich_help_panel=_MATCH)
    ] = None,
    max_rotation_deg: Annotated[
        float, typer.Option(help="Refuse larger rotations.", rich_help_panel=_MATCH)
    ] = 180.0,
    max_scale: Annotated[
        float, typer.Option(help="Refuse larger scales.", rich_help_panel=_MATCH)
    ] = 1.25,
    vessel_um: Annotated[
        float, typer.Option(help="Diameter of vessels to go by.", rich_help_panel=_MATCH)
    ] = 50.0,
) -> None:
    """Register the images of other sessions by their blood vessels, from one that is registered.

    Exit code 1 when some image was not matched, 2 for bad input.
    """
    from napari_brainreg3d.cli.matching import (
        MatchOptions,
        Reference,
        find_images,
        match_session,
        planned_files,
        write_summary,
    )
    from napari_brainreg3d.cli.placing import from_file
    from napari_brainreg3d.io.images import read_image

    chosen = MatchOptions(
        frame=_frame(frame),
        channel=channel,
        pixel_size_um=numbers(pixel_size_um, "--pixel-size-um", (1, 2)),
        take_scale=take_scale,
        max_shift_um=max_shift_um,
        max_rotation_deg=max_rotation_deg,
        max_scale=max_scale,
        vessel_um=vessel_um,
    )
    picture = read_image(reference_image, frame=chosen.frame, channel=channel)
    start = Reference(from_file(reference, picture, force=force), picture)
    files = find_images(images, reference_image)
    planned = planned_files(files, output, overwrite=overwrite)
    sessions: list[Session] = []
    with progress_bar("matching") as progress:
        for number, (file, target) in enumerate(zip(files, planned, strict=True)):
            progress(number, len(files))
            session = match_session(start, file, chosen)
            if session.registration is not None:
                session.registration.save(target, overwrite=overwrite)
            sessions.append(session)
    summary = write_summary(output, sessions, reference_image.name, overwrite=overwrite)
    matched = [session.registration is not None for session in sessions]
    _print_sessions(sessions)
    written = [target for target, done in zip(planned, matched, strict=True) if done]
    print_files([*written, *summary])
    if not all(matched):
        for session, target in zip(sessions, planned, strict=True):
            if session.problem:
                print(f"{session.name}: {session.problem}", file=sys.stderr)
                if target.exists():
                    print(f"{target} is of an earlier run and was left as it is", file=sys.stderr)
        print(f"{matched.count(False)} of {len(matched)} images were not matched", file=sys.stderr)
        raise typer.Exit(FAILED)


def _frame(text: str) -> int | Literal["mean", "max"]:
    if text in ("mean", "max"):
        return "mean" if text == "mean" else "max"
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"--frame takes a number, mean or max, got {text!r}") from None


def _print_sessions(sessions: list[Session]) -> None:
    from rich.table import Table

    table = Table("image", "matched", "quality", "shift um", "rotation °", "scale")
    for session in sessions:
        figures: tuple[str, ...] = ()
        if session.match is not None:
            down, right = session.match.shift_um
            figures = (
                f"{session.match.quality:.2f}",
                f"{down:.0f} down, {right:.0f} right",
                f"{session.match.rotation_deg:.2f}",
                f"{session.match.scale:.4f}",
            )
        table.add_row(session.name, "yes" if session.registration else "no", *figures)
    console().print(table)
