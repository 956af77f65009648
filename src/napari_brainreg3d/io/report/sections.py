"""The parts of a report, from facts to HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from napari_brainreg3d.io.metadata import SCHEMATIC_NOTE
from napari_brainreg3d.io.report.facts import (
    area_table,
    landmark_rows,
    pose_facts,
    projection_facts,
    provenance_facts,
)
from napari_brainreg3d.io.report.findings import findings
from napari_brainreg3d.io.report.markup import Markup, element, facts_table, joined, table, void
from napari_brainreg3d.io.report.pictures import Picture, report_pictures
from napari_brainreg3d.io.report.session import ReportSession, rms
from napari_brainreg3d.registration.schema import CONVENTIONS
from napari_brainreg3d.results.methods import citations, methods_text


def session_article(session: ReportSession, *, anchor: str) -> Markup:
    """Everything about one session."""
    overview, *others = report_pictures(session)
    return element(
        "article",
        _heading(session),
        _findings(session),
        element("div", _figure(overview), class_="wide"),
        element("div", joined(map(_figure, others)), class_="pictures"),
        element("div", joined(_numbers(session)), class_="columns"),
        joined(_fit(session)),
        joined(_words(session)),
        joined(_origin(session)),
        joined(_areas(session)),
        id=anchor,
    )


def summary_table(sessions: Sequence[ReportSession]) -> Markup:
    """One line per session, with links."""
    rows = []
    for number, session in enumerate(sessions, start=1):
        found = findings(session)
        counts = [sum(f.weight == weight for f in found) for weight in ("problem", "warning")]
        residual = rms(session.residuals_um())
        rows.append(
            (
                element("a", session.name, href=f"#session-{number}"),
                "yes" if session.projection.registration.side_confirmed else "no",
                str(len(session.known_landmarks())),
                "" if np.isnan(residual) else f"{residual:.0f}",
                f"{(session.projection.labels > 0).mean():.1%}",
                *map(str, counts),
            )
        )
    headings = (
        "session", "side confirmed", "landmarks", "residual (um)", "labelled", "problems",
        "warnings",
    )  # fmt: skip
    return table(headings, rows, numbers=(2, 3, 4, 5, 6))


def _heading(session: ReportSession) -> Markup:
    registration, atlas = session.projection.registration, session.projection.scene.atlas
    side = "side confirmed" if registration.side_confirmed else "side not confirmed"
    return element(
        "header",
        element("h1", session.name),
        element(
            "p",
            f"Registered to {atlas.name} {atlas.version}, {registration.pose.view} view, ",
            element("span", side, class_="good" if registration.side_confirmed else None),
            ".",
            class_="faint",
        ),
    )


def _findings(session: ReportSession) -> Markup:
    found = findings(session)
    if not found:
        return element("p", "Nothing to warn of.", class_="good")
    items = [
        element("li", f"{finding.weight.capitalize()}: {finding.text}", class_=finding.weight)
        for finding in found
    ]
    return element("ul", joined(items), class_="findings")


def _figure(picture: Picture) -> Markup:
    image = void(
        "img",
        src=picture.source,
        alt=picture.alternative,
        width=picture.width_px,
        height=picture.height_px,
    )
    return element("figure", image, element("figcaption", picture.caption))


def _numbers(session: ReportSession) -> Iterator[Markup]:
    parts = {"Pose and camera": pose_facts(session), "Labels": projection_facts(session)}
    for heading, facts in parts.items():
        yield element("section", element("h2", heading), facts_table(facts))


def _fit(session: ReportSession) -> Iterator[Markup]:
    yield element("h2", "Landmarks")
    rows = landmark_rows(session)
    if not rows:
        yield element("p", "None were placed in both image and atlas.", class_="faint")
    else:
        yield table(
            (
                "landmark", "clicked (row, column)", "atlas (AP, DV, ML), um",
                "seen from there, px (down, right)", "distance, um",
            ),
            rows,
            numbers=(4,),
            caption="From each click to where the camera sees the atlas point, in the plane of "
            "focus. Small residuals do not prove a pose: few points fit many poses.",
        )  # fmt: skip
    flat = session.flat_map()
    yield element("h3", "What a flat map would have got wrong")
    yield element("p", flat if isinstance(flat, str) else str(flat))


def _areas(session: ReportSession) -> Iterator[Markup]:
    areas = area_table(session)
    yield element("h2", "Regions in view")
    if not len(areas):
        yield element("p", "None.", class_="faint")
        return
    headings = ["region", "name", "side", "pixels", "projected mm²", "surface mm²", "incidence"]
    is_sure = session.uncertainty is not None
    if is_sure:
        headings += ["± mm²", "certain"]
    rows = []
    for area in areas.itertuples():
        swatch = element("span", class_="swatch", style=f"background:{area.color}")
        row = [
            element("span", swatch, area.acronym),
            str(area.name).removesuffix(f" ({SCHEMATIC_NOTE})"),
            area.hemisphere,
            str(area.pixels),
            f"{area.projected_mm2:.3f}",
            f"{area.surface_mm2:.3f}",
            f"{area.incidence_deg:.0f}°",
        ]
        if is_sure:
            row += [f"{area.sd_mm2:.3f}", f"{area.certain_share:.0%}"]
        rows.append(row)
    yield table(
        headings,
        rows,
        numbers=range(3, len(headings)),
        unbroken=(0,),
        caption="Projected: in the plane of focus. Surface: of the tissue itself. Left and right "
        "are the animal's own."
        + (
            " ±: standard deviation from the error of the pose; certain: share of the pixels that "
            "keep their label in 95 % of the poses."
            if is_sure
            else ""
        ),
    )


def _words(session: ReportSession) -> Iterator[Markup]:
    yield element("h2", "For a methods section")
    yield element("blockquote", element("p", methods_text(session.projection)))
    yield element("h2", "To cite")
    items = []
    for citation in citations(session.projection):
        link = [" ", element("a", citation.url, href=citation.url)] if citation.url else []
        items.append(element("li", f"{citation.text} ({citation.what}).", *link))
    yield element("ul", joined(items))


def _origin(session: ReportSession) -> Iterator[Markup]:
    yield element("h2", "Where it comes from")
    facts = provenance_facts(session)
    yield facts_table(facts, classes={"SHA-256 of its pixels": "hash"})
    yield element("p", f"Conventions: left, right: the animal's own. {CONVENTIONS}", class_="faint")
