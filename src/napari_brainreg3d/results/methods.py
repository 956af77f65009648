"""A paragraph for a methods section, with the numbers of a projection filled in, and citations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from napari_brainreg3d.geometry import PinholeCamera
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration.schema import software_versions

TOOL: Final = "napari-brainreg3d"


@dataclass(frozen=True, slots=True)
class Citation:
    """Something to cite.

    Attributes
    ----------
    what
        What it is, in a word or two.
    text
        Authors, title and so on.
    url
        Where it is; empty when the text says it.
    """

    what: str
    text: str
    url: str = ""


def methods_text(projection: Projection) -> str:
    """Describe how labels were made, in sentences to paste into a paper.

    Parameters
    ----------
    projection
        What is described. Not changed.

    Returns
    -------
    str
        One paragraph of plain text. It says so when the side has not been confirmed and when the
        atlas is a drawing.
    """
    sentences = [
        _image_sentence(projection),
        _pose_sentence(projection),
        _labels_sentence(projection),
        _coordinates_sentence(projection),
    ]
    if projection.scene.atlas.is_schematic:
        sentences.append("This atlas is a schematic drawing for trials: none of this is anatomy.")
    return " ".join(sentence for sentence in sentences if sentence)


def _image_sentence(projection: Projection) -> str:
    registration, atlas = projection.registration, projection.scene.atlas
    height, width = registration.image_shape
    down, right = registration.pixel_size_um
    versions = software_versions()
    return (
        f"Images ({height} x {width} pixels (rows x columns) of {down:.4g} x {right:.4g} um) were "
        f"registered to the 3D atlas {atlas.name} (version {atlas.version}; {atlas.citation}) with "
        f"{TOOL} {versions[TOOL]}, using the BrainGlobe Atlas API "
        f"{versions['brainglobe-atlasapi']} (Claudi et al., 2020)."
    )


def _pose_sentence(projection: Projection) -> str:
    registration = projection.registration
    pose, camera = registration.pose, registration.camera
    yaw, pitch, roll = (round(angle, 1) + 0.0 for angle in pose.angles_deg)  # never -0.0
    ap, dv, ml = pose.centre_um / 1000.0
    if isinstance(camera, PinholeCamera):
        kind = f"a pinhole {camera.working_distance_mm:g} mm from the plane of focus"
        if camera.k1 or camera.k2:
            kind += f" and radial distortion (k1 = {camera.k1:g}, k2 = {camera.k2:g})"
    else:
        kind = "parallel rays"
    mirrored = ", which mirrors the image" if camera.mirrored else ""
    known = [
        mark
        for mark in registration.landmarks
        if mark.image_px is not None and mark.atlas_um is not None
    ]
    landmarks = f" {len(known)} landmarks were placed in image and atlas." if known else ""
    return (
        f"The camera was modelled with {kind}{mirrored}. In the {pose.view} view its yaw was "
        f"{yaw:+.1f}, its pitch {pitch:+.1f} and its roll {roll:+.1f} degrees, and the image "
        f"centre lay {ap:.2f} mm from the front, {dv:.2f} mm from the top and {ml:.2f} mm from "
        f"the animal's right edge of the atlas.{landmarks}"
    )


def _labels_sentence(projection: Projection) -> str:
    settings = projection.settings
    if settings.sample_depth_um is not None:
        how = (
            f"read from the annotation {settings.sample_depth_um:g} um under the brain's surface, "
            "along the ray of the pixel"
        )
    elif settings.occlusion == "brain":
        how = (
            "that of the region mesh which the ray of the pixel meets first, at most "
            f"{settings.tolerance_um:g} um under the brain's surface"
        )
    else:
        how = "that of the region mesh which the ray of the pixel meets first"
    refined = "" if projection.refined is None else int(projection.refined.sum())
    more = f" {refined} pixels were relabelled by their nearest labelled neighbours."
    side = (
        "A person confirmed left and right."
        if projection.registration.side_confirmed
        else "Left and right have not been confirmed."
    )
    return f"The label of a pixel is {how}.{more if refined else ''} {side}"


def _coordinates_sentence(projection: Projection) -> str:
    bregma = projection.registration.bregma
    if bregma is None:
        return ""
    ap, dv, ml = bregma.atlas_um
    skull = ""
    if bregma.tilt_deg or bregma.scale != (1.0, 1.0, 1.0):
        scale = ", ".join(f"{factor:g}" for factor in bregma.scale)
        skull = f", a tilt of {bregma.tilt_deg:g} degrees and scales of {scale} (AP, ML, DV)"
    return (
        f"Stereotaxic coordinates are relative to bregma at {ap:g}, {dv:g}, {ml:g} um (AP, DV, ML "
        f"in the atlas; preset '{bregma.name}'){skull}."
    )


def citations(projection: Projection) -> tuple[Citation, ...]:
    """What to cite for a projection: this program, its ancestor, the atlas, BrainGlobe."""
    atlas = projection.scene.atlas
    version = software_versions()[TOOL]
    return (
        Citation(
            "this program",
            f"napari-brainreg3d developers: {TOOL}, version {version}",
            "https://github.com/napari-brainreg3d/napari-brainreg3d",
        ),
        Citation("atlas", f"{atlas.name} {atlas.version}: {atlas.citation}"),
        Citation(
            "BrainGlobe",
            "Claudi et al., BrainGlobe Atlas API: a common interface for neuroanatomical atlases, "
            "Journal of Open Source Software 5 (2020), 2668",
            "https://doi.org/10.21105/joss.02668",
        ),
        Citation(
            "the program's ancestor",
            "J. Ricotta, brainreg3D (2024)",
            "https://github.com/JoeRicotta/brainreg3D",
        ),
    )
