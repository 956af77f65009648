"""``napari-brainreg3d report REGISTRATION...``: a page about how well images were registered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_brainreg3d.cli import export_options as mine
from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, print_files, progress_bar
from napari_brainreg3d.errors import RegistrationError

if TYPE_CHECKING:
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.io.report import ReportSession
    from napari_brainreg3d.projection import Projection
    from napari_brainreg3d.projection.uncertainty import Uncertainty


def report_command(
    registrations: mine.SavedRegistrations,
    image: mine.ImageFiles = None,
    output: mine.ReportFile = None,
    force: options.Force = False,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    occlusion: options.OcclusionRule = "brain",
    tolerance_um: options.ToleranceUm = 150.0,
    sample_depth_um: options.SampleDepthUm = None,
    split_hemispheres: options.SplitHemispheres = False,
    confidence: mine.Confidence = False,
    click_sd_um: mine.ClickSdUm = 100.0,
    poses: mine.Poses = 50,
    overwrite: options.Overwrite = False,
) -> None:
    """Write a page (HTML, all in one file) about how well images were registered."""
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.cli.placed import load_placed
    from napari_brainreg3d.io.report import ReportSession, write_report
    from napari_brainreg3d.io.report.findings import findings
    from napari_brainreg3d.io.targets import check_ending
    from napari_brainreg3d.projection import project

    target = check_ending(output or _default_target(registrations), "a report", ".html", ".htm")
    check_free(target, overwrite=overwrite)
    if image and len(image) != len(registrations):
        raise UsageError(
            f"give --image once per registration: {len(image)} for {len(registrations)}"
        )
    sessions: list[ReportSession] = []
    for number, path in enumerate(registrations):
        picture = _picture(path, image[number] if image else None, force=force)
        scene, placed = load_placed(
            path,
            image=None,
            force=force,
            regions=regions,
            hemisphere=hemisphere,
            brainglobe_dir=brainglobe_dir,
        )
        with progress_bar(f"projecting {path.name}") as progress:
            projection = project(
                scene,
                placed,
                occlusion=occlusion,
                tolerance_um=tolerance_um,
                sample_depth_um=sample_depth_um,
                split_hemispheres=split_hemispheres,
                progress=progress,
            )
        sure = _confidence(projection, click_sd_um, poses, path.name) if confidence else None
        title = placed.image_name or path.name
        sessions.append(
            ReportSession(projection=projection, image=picture, uncertainty=sure, title=title)
        )
    with progress_bar("writing the report") as progress:
        written = write_report(target, sessions, overwrite=overwrite, progress=progress)
    for session in sessions:
        problems = [f.text for f in findings(session) if f.weight == "problem"]
        for text in problems:
            console().print(f"{session.name}: {text}", markup=False)
    print_files([written])


def _default_target(registrations: list[Path]) -> Path:
    from napari_brainreg3d.registration.registration import SUFFIX

    first = registrations[0]
    is_one = len(registrations) == 1
    name = f"{first.name.removesuffix(SUFFIX)}_report.html" if is_one else "report.html"
    return first.with_name(name)


def _picture(path: Path, given: Path | None, *, force: bool) -> Image | None:
    """The image of a registration; one that is only found must be the very one."""
    from napari_brainreg3d.cli.same_image import registration_of_image
    from napari_brainreg3d.cli.standard_view import read_picture
    from napari_brainreg3d.errors import BrainregError
    from napari_brainreg3d.registration import Registration

    if given is not None:
        picture = read_picture(given, "0", None)
        registration_of_image(path, picture, force=force)
        return picture
    registration = Registration.load(path)
    name = registration.image_name
    # Only a plain name: a registration from elsewhere must not lead to any file.
    beside = path.parent / Path(name).name if name else None
    if beside is None or registration.image_sha256 is None or not beside.is_file():
        return None
    try:
        picture = read_picture(beside, "0", None)
    except BrainregError:
        return None
    return picture if picture.sha256 == registration.image_sha256 else None


def _confidence(
    projection: Projection, click_sd_um: float, poses: int, name: str
) -> Uncertainty | None:
    """How sure the labels are, from the error of a fit of the landmarks."""
    from napari_brainreg3d.projection.uncertainty import uncertainty
    from napari_brainreg3d.registration.fitting import fit_landmarks

    marks = [
        mark
        for mark in projection.registration.landmarks
        if mark.image_px is not None and mark.atlas_um is not None
    ]
    if len(marks) < 3:
        raise RegistrationError(
            f"{name} has {len(marks)} landmarks in both image and atlas; --confidence needs at "
            "least 3"
        )
    fit = fit_landmarks(projection.registration, marks, click_sd_um=click_sd_um)
    with progress_bar("drawing poses") as progress:
        return uncertainty(projection, fit, poses=poses, progress=progress)
