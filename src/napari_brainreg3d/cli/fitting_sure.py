"""``uncertainty`` and ``tilt``: how far labels can be trusted, and what a flat map gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, print_files, progress_bar
from napari_brainreg3d.cli.fitting import (
    ClickSdUm,
    CurveFiles,
    FreePixelSize,
    How,
    Keep,
    fitted,
    split,
    stem_of,
)

if TYPE_CHECKING:
    from napari_brainreg3d.atlas.scene import Scene
    from napari_brainreg3d.projection.curves import CurveFit
    from napari_brainreg3d.projection.uncertainty import Uncertainty
    from napari_brainreg3d.registration import Landmark, Registration
    from napari_brainreg3d.registration.fitting import LandmarkFit

_ERROR = "Error of the alignment"

Registered = Annotated[Path, typer.Argument(help="A saved *.brainreg3d.json.")]
Sds = Annotated[
    list[str] | None,
    typer.Option(
        "--sd",
        help="Standard deviations instead, e.g. down_um=80,right_um=80,yaw_deg=1,pitch_deg=2; "
        "comma-separated or repeated.",
        rich_help_panel=_ERROR,
    ),
]


def uncertainty_command(
    registration: Registered,
    sd: Sds = None,
    curves: CurveFiles = None,
    click_sd_um: ClickSdUm = 100.0,
    keep: Keep = None,
    free_pixel_size: FreePixelSize = False,
    poses: Annotated[int, typer.Option(help="How many poses are sampled.")] = 50,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    occlusion: options.OcclusionRule = "brain",
    tolerance_um: options.ToleranceUm = 150.0,
    sample_depth_um: options.SampleDepthUm = None,
    split_hemispheres: options.SplitHemispheres = False,
    output: options.Output = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Say per pixel how sure its label is, and per region how sure its area.

    Goes by the landmarks of the registration (and curves), or by standard deviations.
    """
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.cli.fitting_prints import print_uncertainty
    from napari_brainreg3d.cli.placed import load_placed
    from napari_brainreg3d.io.fitting import write_uncertainty
    from napari_brainreg3d.io.fitting.confidence import uncertainty_files
    from napari_brainreg3d.io.targets import made_folder
    from napari_brainreg3d.projection import project
    from napari_brainreg3d.projection.uncertainty import uncertainty

    folder = made_folder(registration.parent if output is None else output)
    for file in uncertainty_files(folder, stem_of(registration)):
        check_free(file, overwrite=overwrite)
    scene, placed = load_placed(
        registration,
        image=None,
        force=False,
        regions=regions,
        hemisphere=hemisphere,
        brainglobe_dir=brainglobe_dir,
    )
    how = How(click_sd_um, split(keep), free_pixel_size)
    error = _error(scene, placed, split(sd), curves or (), how)
    with progress_bar("projecting") as progress:
        projection = project(
            scene,
            placed,
            occlusion=occlusion,
            tolerance_um=tolerance_um,
            sample_depth_um=sample_depth_um,
            split_hemispheres=split_hemispheres,
            progress=progress,
        )
    with progress_bar("sampling poses") as progress:
        sure: Uncertainty = uncertainty(
            projection, error, poses=poses, seed=seed, progress=progress
        )
    written = write_uncertainty(folder, stem_of(registration), sure, overwrite=overwrite)
    print_uncertainty(sure)
    print_files(written)


def _error(
    scene: Scene,
    placed: Registration,
    sds: tuple[str, ...],
    curve_words: Sequence[str],
    how: How,
) -> LandmarkFit | CurveFit | Mapping[str, float]:
    from napari_brainreg3d.cli.fitting_input import read_all_curves

    if sds:
        if curve_words:
            raise UsageError("--sd and --curves say the same: give one of them")
        return parsed_sds(sds)
    known = [m for m in placed.landmarks if m.image_px is not None and m.atlas_um is not None]
    if len(known) < 2 and not curve_words:
        raise UsageError(
            "the registration has no landmarks from which its error follows: state it, e.g. "
            "--sd down_um=80,right_um=80,yaw_deg=1,pitch_deg=2,roll_deg=2"
        )
    fit = fitted(scene, placed, read_all_curves(curve_words), how)
    _check_same_place(placed, fit)
    return fit


def parsed_sds(words: tuple[str, ...]) -> dict[str, float]:
    """Standard deviations from ``name=number``.

    Raises
    ------
    UsageError
        When a word is none.
    """
    found: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise UsageError(f"--sd takes name=number, got {word!r}") from None
    return found


def _check_same_place(placed: Registration, fit: LandmarkFit | CurveFit) -> None:
    """Warn when the saved pose is not the one that its landmarks ask for."""
    import warnings

    import numpy as np

    sds = fit.standard_deviations
    apart = placed.pose.to_plane(fit.pivot_um) - fit.pose.to_plane(fit.pivot_um)
    turned = np.subtract(placed.pose.angles_deg, fit.pose.angles_deg)
    turned = (turned + 180.0) % 360.0 - 180.0
    for name, off in zip(fit.parameters, [*apart, *turned], strict=False):
        if np.isfinite(sds[name]) and sds[name] > 0 and abs(off) > 2.0 * sds[name]:
            warnings.warn(
                f"the saved pose is not where its landmarks put it ({name} differs by {off:.1f}): "
                "the error bars are those of the fit",
                stacklevel=2,
            )
            return


def tilt_command(
    registration: Registered,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            "--landmarks",
            "-l",
            help="CSV or JSON; default: those of the registration, or wfield's four.",
        ),
    ] = None,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    occlusion: options.OcclusionRule = "selected",
    tolerance_um: options.ToleranceUm = 150.0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV to write as well.")
    ] = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Tell what a flat, untilted map on the same landmarks would have got wrong."""
    import dataclasses

    import pandas as pd

    from napari_brainreg3d.atomic import check_free, replacing
    from napari_brainreg3d.cli.fitting_prints import print_tilt
    from napari_brainreg3d.cli.placed import load_placed
    from napari_brainreg3d.projection import project
    from napari_brainreg3d.projection.flat_map import flat_map_error
    from napari_brainreg3d.registration.schema import CONVENTIONS

    if output is not None:
        check_free(output, overwrite=overwrite)
    scene, placed = load_placed(
        registration,
        image=None,
        force=False,
        regions=regions,
        hemisphere=hemisphere,
        brainglobe_dir=brainglobe_dir,
    )
    marks, whose = _flat_marks(scene, placed, landmarks)
    with progress_bar("projecting") as progress:
        projection = project(
            scene, placed, occlusion=occlusion, tolerance_um=tolerance_um, progress=progress
        )
    errors = [flat_map_error(projection, marks, "similarity")]
    if len(marks) > 2:
        errors.append(flat_map_error(projection, marks, "affine"))
    print_tilt(errors)
    print(f"landmarks: {whose}")
    if output is not None:
        table = pd.DataFrame([dataclasses.asdict(error) for error in errors])
        table["conventions"] = f"mislabelled: share, 0 to 1. {CONVENTIONS}"
        with replacing(output, overwrite=overwrite) as temporary:
            table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
        print_files([output])


def _flat_marks(
    scene: Scene, placed: Registration, file: Path | None
) -> tuple[tuple[Landmark, ...], str]:
    from napari_brainreg3d.cli.fitting_input import landmarks_with_presets
    from napari_brainreg3d.io.fitting import read_landmarks
    from napari_brainreg3d.projection.presets import WFIELD_POINTS_MM, landmark_preset
    from napari_brainreg3d.registration import Landmark

    if file is not None:
        return landmarks_with_presets(scene, read_landmarks(file), clicked_only=False), str(file)
    known = tuple(mark for mark in placed.landmarks if mark.atlas_um is not None)
    if len(known) > 1:
        return known, "those of the registration"
    four = tuple(
        Landmark(name, atlas_um=landmark_preset(scene, name).atlas_um) for name in WFIELD_POINTS_MM
    )
    return four, "wfield's four (the registration has none)"
