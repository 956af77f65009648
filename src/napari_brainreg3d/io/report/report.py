"""The report as a file: one page of HTML that needs nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.report.markup import Markup, element, escaped, joined
from napari_brainreg3d.io.report.sections import session_article, summary_table
from napari_brainreg3d.io.report.session import ReportSession
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.registration.schema import software_versions


def write_report(
    path: str | os.PathLike[str],
    sessions: ReportSession | Sequence[ReportSession],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a quality report.

    Parameters
    ----------
    path
        Usually ``<image>_report.html``.
    sessions
        One or several registered images.
    overwrite
        Whether an existing file may be replaced.
    progress
        Told ``(sessions done, sessions)``; cancels by returning False.

    Returns
    -------
    Path
        The file: HTML with its pictures inside. Per session what to look at (side not confirmed,
        landmarks that are off, little coverage), an overview, outlines and incidence, confidence
        if given, landmarks with residuals, pose and camera, areas, what a flat map would have got
        wrong, a paragraph for a methods section, citations, versions.

    Raises
    ------
    OutputError
        When there is no session, the name has another ending, the file exists and may not be
        replaced, or it cannot be written.
    Cancelled
        When ``progress`` said so.
    """
    given = [sessions] if isinstance(sessions, ReportSession) else list(sessions)
    if not given:
        raise OutputError("a report needs at least one session")
    target = check_ending(path, "a report", ".html", ".htm")
    check_free(target, overwrite=overwrite)
    articles = []
    for done, session in enumerate(given):
        report(progress, done, len(given))
        articles.append(session_article(session, anchor=f"session-{done + 1}"))
    report(progress, len(given), len(given))
    text = _page(given, articles)
    with replacing(target, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


def _page(sessions: Sequence[ReportSession], articles: list[Markup]) -> str:
    is_one = len(sessions) == 1
    title = f"{sessions[0].name if is_one else f'{len(sessions)} sessions'}: registration report"
    # A page of one session begins with the heading of its own.
    summary = [] if is_one else [element("h1", title), summary_table(sessions)]
    version = software_versions()["napari-brainreg3d"]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    files = resources.files("napari_brainreg3d.io.report")
    return Template(files.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=escaped(title),
        generator=escaped(f"napari-brainreg3d {version}"),
        style=files.joinpath("page.css").read_text(encoding="utf-8").strip(),
        content=joined([*summary, *articles]),
        footer=escaped(f"Written by napari-brainreg3d {version} on {now}."),
    )
