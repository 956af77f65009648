"""What the commands share: a console, progress bars, and reading numbers from options."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


class UsageError(BrainregError):
    """Options that contradict each other or are incomplete."""


def console() -> Console:
    """The console for results (standard output)."""
    from rich.console import Console

    # Written into a file there is no window to fit: wide enough for the names of the regions.
    width = None if sys.stdout.isatty() else 120
    return Console(highlight=False, soft_wrap=True, width=width)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Show a bar on standard error while the block runs; nothing when that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task(what, total=None)

        def show(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        yield show


def numbers(text: str | None, option: str, counts: tuple[int, ...]) -> tuple[float, ...] | None:
    """Read numbers that are separated by commas or an x, e.g. ``15.9,15.6``.

    Raises
    ------
    UsageError
        When they are not numbers or not as many as one of ``counts``.
    """
    if text is None:
        return None
    try:
        values = tuple(float(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        values = ()
    if len(values) not in counts:
        wanted = " or ".join(str(count) for count in counts)
        raise UsageError(f"{option} takes {wanted} numbers, separated by commas, got {text!r}")
    return values


def print_regions(table: pd.DataFrame) -> None:
    """Show the region table; regions out of view are counted, not listed."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    seen = table[table["pixels"] > 0].sort_values("pixels", ascending=False)
    shown = Table(box=SIMPLE_HEAD, expand=True)
    shown.add_column("label", justify="right", min_width=5)
    shown.add_column("acronym", min_width=7)
    shown.add_column("name", no_wrap=True, overflow="ellipsis", ratio=1)
    shown.add_column("side", min_width=5)
    for heading in ("pixels", "projected mm²", "surface mm²"):
        shown.add_column(heading, justify="right", min_width=len(heading))
    for row in seen.itertuples():
        shown.add_row(
            str(row.label),
            str(row.acronym),
            str(row.name),
            str(row.hemisphere),
            str(row.pixels),
            f"{row.projected_mm2:.3f}",
            f"{row.surface_mm2:.3f}",
        )
    console().print(shown)
    if len(seen) < len(table):
        console().print(f"{len(table) - len(seen)} more regions are out of view")


def print_files(paths: list[Path]) -> None:
    """Say which files were written."""
    console().print("written:")
    for path in paths:
        console().print(f"  {path}")
