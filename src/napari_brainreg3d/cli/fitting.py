"""``napari-brainreg3d fit SOURCE``: a pose from landmarks and curves, with its error bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, numbers, print_files, progress_bar

if TYPE_CHECKING:
    from napari_brainreg3d.atlas.scene import Scene
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.io.wfield import WfieldLandmarks
    from napari_brainreg3d.projection.curves import Curve, CurveFit
    from napari_brainreg3d.registration import Landmark, Registration
    from napari_brainreg3d.registration.fitting import LandmarkFit

_BY, _FIT = "What to fit to", "Fit"

Source = Annotated[
    Path, typer.Argument(help="An image, or a saved *.brainreg3d.json to start from.")
]
LandmarkFile = Annotated[
    Path | None,
    typer.Option(
        "--landmarks",
        "-l",
        help="CSV (name, row, column, ap_um, dv_um, ml_um) or JSON. Without a place in the atlas "
        "the name must be that of a preset. Default: those of the registration.",
        rich_help_panel=_BY,
    ),
]
CurveFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--curves",
        "-c",
        help="FILE.json, or napari's Shapes CSV as midline=FILE, edge=FILE or VISp/VISl=FILE; "
        "repeated.",
        rich_help_panel=_BY,
    ),
]
WfieldFile = Annotated[
    Path | None,
    typer.Option(
        "--wfield",
        help="dorsal_cortex_landmarks.json: start where wfield draws its map, and fit to its "
        "landmarks.",
        rich_help_panel=_BY,
    ),
]
ClickSdUm = Annotated[float, typer.Option(help="Error of a click, um.", rich_help_panel=_FIT)]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        help="Parameters not to change: down_um, right_um, depth_um, yaw_deg, pitch_deg, roll_deg; "
        "comma-separated or repeated.",
        rich_help_panel=_FIT,
    ),
]
FreePixelSize = Annotated[
    bool,
    typer.Option("--free-pixel-size", help="Fit the pixel size too.", rich_help_panel=_FIT),
]
OtherTilt = Annotated[
    bool,
    typer.Option(
        "--other-tilt",
        help="Of two tilts that fit about as well take the other.",
        rich_help_panel=_FIT,
    ),
]
Fitted = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Registration to write; default: <image>.brainreg3d.json, or "
        "<registration>_fitted.brainreg3d.json.",
        rich_help_panel="Files",
    ),
]
_SUFFIX: Final = ".brainreg3d.json"


def fit_command(
    source: Source,
    landmarks: LandmarkFile = None,
    curves: CurveFiles = None,
    wfield: WfieldFile = None,
    click_sd_um: ClickSdUm = 100.0,
    keep: Keep = None,
    free_pixel_size: FreePixelSize = False,
    other_tilt: OtherTilt = False,
    frame: options.Frame = "0",
    channel: options.Channel = None,
    pixel_size_um: options.PixelSizeUm = None,
    image_size_mm: options.ImageSizeMm = None,
    view: options.View = "dorsal",
    atlas: options.Atlas = None,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    camera: Annotated[
        Literal["orthographic", "pinhole"] | None,
        typer.Option(help="Default: the registration's, or orthographic."),
    ] = None,
    working_distance_mm: options.WorkingDistanceMm = None,
    mirrored: options.Mirrored = False,
    output: Fitted = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Find the pose that brings landmarks and drawn curves onto the brain; say how sure it is.

    Writes the registration and a table of residuals.
    """
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.cli.fitting_input import StartOptions, read_all_curves, starting_at
    from napari_brainreg3d.cli.fitting_prints import print_fit
    from napari_brainreg3d.io.fitting import write_residuals
    from napari_brainreg3d.io.wfield import read_wfield_landmarks

    targets = planned_files(source, output)
    for target in targets:
        check_free(target, overwrite=overwrite)
    drawn = read_all_curves(curves or ())
    flat = None if wfield is None else read_wfield_landmarks(wfield)
    size = numbers(pixel_size_um, "--pixel-size-um", (1, 2))
    saved, picture = _opened(source, frame, channel, size, image_size_mm)
    chosen = StartOptions(
        atlas=atlas,
        regions=split(regions),
        hemisphere=hemisphere,
        brainglobe_dir=brainglobe_dir,
        view=view,
        camera=camera,
        working_distance_mm=working_distance_mm,
        is_mirrored=mirrored,
        pixel_size_um=size if saved is not None or flat is not None else None,
    )
    scene, start = starting_at(picture, saved, flat, chosen)
    marks = _marks(scene, start, landmarks, (flat, wfield))
    fit = fitted(
        scene,
        start.replaced(landmarks=marks),
        drawn,
        How(click_sd_um, split(keep), free_pixel_size, other_tilt),
    )
    fit.registration.save(targets[0], overwrite=overwrite)
    write_residuals(targets[1], fit, overwrite=overwrite)
    print_fit(fit)
    print_files(targets)


@dataclass(frozen=True, slots=True)
class How:
    """The options of the fit itself."""

    click_sd_um: float
    keep: tuple[str, ...]
    free_pixel_size: bool = False
    other_tilt: bool = False


def fitted(
    scene: Scene, start: Registration, curves: Sequence[Curve], how: How
) -> LandmarkFit | CurveFit:
    """Fit landmarks, then curves, as far as there are any.

    Parameters
    ----------
    scene
        The atlas.
    start
        Where to begin; its landmarks count.
    curves
        What was drawn.
    how
        The options.

    Raises
    ------
    UsageError
        When there is nothing to fit to, or options do not belong together.
    """
    from napari_brainreg3d.projection.curves import refine_on_curves
    from napari_brainreg3d.registration.fitting import fit_landmarks

    known = [m for m in start.landmarks if m.image_px is not None and m.atlas_um is not None]
    if not known and not curves:
        raise UsageError("there is nothing to fit to: give --landmarks, --curves or --wfield")
    given: dict[str, Any] = {"click_sd_um": how.click_sd_um, "keep": how.keep}
    fit: LandmarkFit | None = None
    if len(known) > 1 or not curves:
        fit = fit_landmarks(start, free_pixel_size=how.free_pixel_size, **given)
        if how.other_tilt:
            if fit.alternative is None:
                raise UsageError("there is no other tilt that fits as well: leave --other-tilt out")
            beside = start.replaced(pose=fit.alternative)
            fit = fit_landmarks(beside, free_pixel_size=how.free_pixel_size, nearest=True, **given)
    elif how.free_pixel_size or how.other_tilt:
        raise UsageError("--free-pixel-size and --other-tilt need landmarks")
    if not curves:
        assert fit is not None
        return fit
    start = start if fit is None else fit.registration
    with progress_bar("fitting curves") as progress:
        return refine_on_curves(scene, start, curves, landmarks=known, progress=progress, **given)


def split(words: Sequence[str] | None) -> tuple[str, ...]:
    """Words of an option that is repeated or holds commas."""
    return tuple(part.strip() for text in words or () for part in text.split(",") if part.strip())


def planned_files(source: Path, output: Path | None) -> list[Path]:
    """The registration and the table of residuals beside it."""
    if output is None:
        stem = stem_of(source)
        name = f"{stem}_fitted" if source.suffix.lower() == ".json" else stem
        output = source.with_name(f"{name}{_SUFFIX}")
    elif output.suffix.lower() != ".json":
        raise UsageError(f"--output names a registration, *{_SUFFIX}, got {output}")
    return [output, output.with_name(f"{stem_of(output)}_residuals.csv")]


def stem_of(path: Path) -> str:
    """The name of an image or registration without its endings."""
    name = path.name
    return name[: -len(_SUFFIX)] if name.lower().endswith(_SUFFIX) else path.stem


def _opened(
    source: Path,
    frame: str,
    channel: int | None,
    size: tuple[float, ...] | None,
    image_size_mm: tuple[float, float] | None,
) -> tuple[Registration | None, Image | None]:
    from napari_brainreg3d.io.images import read_image
    from napari_brainreg3d.registration import Registration

    if source.suffix.lower() == ".json":
        if image_size_mm is not None:
            raise UsageError("--image-size-mm belongs to an image, not to a registration")
        return Registration.load(source), None
    picture = read_image(
        source,
        frame=_frame(frame),
        channel=channel,
        pixel_size_um=size,
        image_size_mm=image_size_mm,
    )
    return None, picture


def _frame(text: str) -> int | Literal["mean", "max"]:
    if text in ("mean", "max"):
        return "mean" if text == "mean" else "max"
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"--frame takes a number, mean or max, got {text!r}") from None


def _marks(
    scene: Scene,
    start: Registration,
    file: Path | None,
    wfield: tuple[WfieldLandmarks | None, Path | None],
) -> tuple[Landmark, ...]:
    from napari_brainreg3d.cli.fitting_input import landmarks_of_wfield, landmarks_with_presets
    from napari_brainreg3d.io.fitting import read_landmarks

    flat, source = wfield
    marks = start.landmarks if file is None else read_landmarks(file)
    marks = landmarks_with_presets(scene, marks)
    if flat is not None and source is not None:
        # A landmark of our own takes the place of wfield's of the same name.
        names = {mark.name for mark in marks}
        more = landmarks_of_wfield(scene, flat, source)
        marks = (*marks, *(mark for mark in more if mark.name not in names))
    return marks
