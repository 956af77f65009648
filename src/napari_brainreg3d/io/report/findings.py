"""What a reader of a report must know before trusting it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from napari_brainreg3d.io.metadata import row_names
from napari_brainreg3d.io.report.session import ReportSession, rms

Weight = Literal["problem", "warning", "note"]

#: Steeper than this a pixel shows a long stretch of tissue, and a small error moves it far.
STEEP_DEG: Final = 60.0
_MANY_STEEP: Final = 0.1
_FEW_LABELLED: Final = 0.05
_FAR_UM: Final = 200.0
_MOST_NAMES: Final = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know.

    Attributes
    ----------
    weight
        ``"problem"``: results may be wrong; ``"warning"``: look at it; ``"note"``.
    text
        One or two sentences.
    """

    weight: Weight
    text: str


def findings(session: ReportSession) -> list[Finding]:
    """Everything to know about a session, what matters most first."""
    found = [*_about_input(session), *_about_landmarks(session), *_about_coverage(session)]
    order = ("problem", "warning", "note")
    return sorted(found, key=lambda finding: order.index(finding.weight))


def _about_input(session: ReportSession) -> Iterator[Finding]:
    registration, scene = session.projection.registration, session.projection.scene
    if not registration.side_confirmed:
        yield Finding(
            "problem",
            "Nobody has confirmed which side of the image is the animal's left. The atlas is "
            "symmetric: a swapped side would look just as good. Confirm the side before using "
            "any left or right label.",
        )
    if session.is_other_image():
        yield Finding(
            "problem",
            "The registration was made for other pixels than those of this image (their hashes "
            "differ).",
        )
    if scene.atlas.is_schematic:
        yield Finding("problem", "The atlas is a schematic drawing for trials, not for science.")
    if session.image is None:
        yield Finding("note", "No image was given: the pictures show the tissue of the atlas.")
    for fault in scene.faults:
        yield Finding("note", f"Mesh of {fault}.")


def _about_landmarks(session: ReportSession) -> Iterator[Finding]:
    marks = session.known_landmarks()
    if not marks:
        yield Finding(
            "warning",
            "There are no landmarks: nothing but the eye says how well the image fits the atlas.",
        )
        return
    residuals = session.residuals_um()
    lengths = np.linalg.norm(residuals, axis=1)
    if np.isnan(lengths).any():
        yield Finding("problem", "A landmark lies behind the camera.")
    far = [m.name for m, length in zip(marks, lengths, strict=True) if length > _FAR_UM]
    if far:
        yield Finding(
            "warning",
            f"{_listed(far)} off by more than {_FAR_UM:g} um (root mean square of all: "
            f"{rms(residuals):.0f} um).",
        )
    if len(marks) < 3:
        yield Finding(
            "warning", f"Only {len(marks)} landmarks: they cannot show a tilt of the head."
        )


def _about_coverage(session: ReportSession) -> Iterator[Finding]:
    projection = session.projection
    labels = projection.labels
    share = float((labels > 0).mean())
    if share == 0:
        yield Finding("problem", "No pixel shows a selected region: the pose is wrong.")
        return
    if share < _FEW_LABELLED:
        yield Finding("warning", f"Only {share:.1%} of the pixels show a selected region.")
    steep = float((projection.incidence_deg[labels > 0] > STEEP_DEG).mean())
    if steep > _MANY_STEEP:
        yield Finding(
            "warning",
            f"{steep:.0%} of the labelled pixels see the tissue at more than {STEEP_DEG:g} "
            "degrees from face on: their labels and areas are the least sure.",
        )
    names = row_names(projection.grouping)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    cut = [names[label - 1] for label in np.unique(edge[edge > 0]).tolist()]
    if cut:
        yield Finding(
            "note", f"Cut off by the edge of the image, so that areas are partial: {_listed(cut)}."
        )
    if projection.refined is not None and projection.refined.any():
        yield Finding(
            "note",
            f"{int(projection.refined.sum())} pixels were relabelled by their neighbours.",
        )


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
