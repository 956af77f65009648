"""``napari-brainreg3d locate POINTS``: where in the brain points of an image are, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, numbers, print_files, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from napari_brainreg3d.atlas.scene import Scene
    from napari_brainreg3d.registration import Registration
    from napari_brainreg3d.results.locate import Points, Rois

PointsFile = Annotated[
    Path,
    typer.Argument(
        help="CSV of points or of napari's shapes, label image, stat.npy of suite2p, _seg.npy."
    ),
]
SavedRegistration = Annotated[
    Path, typer.Option("--registration", "-r", help="A saved *.brainreg3d.json.")
]
ImageOfPoints = Annotated[
    Path | None,
    typer.Option("--image", help="The image of the points, to hold against the registration."),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Use a registration that was made for another image, or points that all lie outside.",
    ),
]
From = Annotated[
    Literal["pixels", "atlas", "stereotaxic"],
    typer.Option("--from", help="What the points are; places in the brain give pixels."),
]
UnitOfPoints = Annotated[
    Literal["px", "um"] | None, typer.Option("--unit", help="Unit of columns y and x.")
]
CellsOnly = Annotated[
    bool, typer.Option("--cells-only", help="Of suite2p's only what its iscell.npy calls a cell.")
]
Located = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="CSV to write; default: <points>_located.csv.",
        rich_help_panel="Files",
    ),
]
BregmaOfPoints = Annotated[
    str | None, typer.Option("--bregma", help="Preset; default: the registration's.")
]
TiltDeg = Annotated[
    float | None, typer.Option(help="Tilt of stereotaxic coordinates, nose up +, degrees.")
]
Scale = Annotated[
    str | None, typer.Option(help="In-skull scale AP,ML,DV of stereotaxic coordinates.")
]
Error = Annotated[
    str | None,
    typer.Option(
        "--error", help="Error of the pose for a confidence, e.g. down_um=80,right_um=80,yaw_deg=1."
    ),
]


def locate_command(
    points: PointsFile,
    registration: SavedRegistration,
    output: Located = None,
    from_: From = "pixels",
    unit: UnitOfPoints = None,
    cells_only: CellsOnly = False,
    image: ImageOfPoints = None,
    force: Force = False,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    bregma: BregmaOfPoints = None,
    tilt_deg: TiltDeg = None,
    scale: Scale = None,
    occlusion: options.OcclusionRule = "brain",
    tolerance_um: options.ToleranceUm = 150.0,
    sample_depth_um: options.SampleDepthUm = None,
    error: Error = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Tell where in the brain points or regions of interest of an image are; or the other way."""
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.cli.placed import load_placed
    from napari_brainreg3d.io.points import read_points, write_located
    from napari_brainreg3d.io.targets import check_ending
    from napari_brainreg3d.projection.projection import ProjectionSettings
    from napari_brainreg3d.registration import Registration

    target = output or points.with_name(f"{points.stem}_located.csv")
    check_free(
        check_ending(target, "a table", ".csv"), overwrite=overwrite
    )  # before the atlas is loaded
    shape = Registration.load(registration).image_shape
    given = read_points(points, kind=from_, unit=unit, image_shape=shape, cells_only=cells_only)
    _check_not_the_image(points, given, registration)
    source = load_placed(
        registration,
        image=image,
        force=force,
        regions=regions,
        hemisphere=hemisphere,
        brainglobe_dir=brainglobe_dir,
    )
    how: dict[str, Any] = {
        "bregma": bregma,
        "tilt_deg": tilt_deg,
        "scale": numbers(scale, "--scale", (3,)),
        "settings": ProjectionSettings(occlusion, tolerance_um, sample_depth_um),
    }
    table = _located(source, given, how, error)
    if from_ == "pixels":
        _check_inside(table, force=force)
    written = write_located(target, table, overwrite=overwrite)
    for status, count in table["status"].value_counts().items():
        console().print(f"{count:9d}  {status}")
    print_files(written)


def _check_not_the_image(points: Path, given: Points | Rois, registration: Path) -> None:
    """Refuse the picture itself, whose grey values would each be taken for a cell."""
    from napari_brainreg3d.io.images import read_image
    from napari_brainreg3d.registration import Registration
    from napari_brainreg3d.results.locate import PointsError, Rois

    if not isinstance(given, Rois) or points.suffix.lower() not in (".tif", ".tiff", ".png"):
        return
    if read_image(points).sha256 == Registration.load(registration).image_sha256:
        raise PointsError(
            f"{points} is the registered image itself; needed are points, or a label image with "
            "a number for each cell"
        )


def _located(
    source: tuple[Scene, Registration],
    given: Points | Rois,
    how: dict[str, Any],
    error: str | None,
) -> pd.DataFrame:
    from napari_brainreg3d.results.locate import Rois, locate, locate_rois, to_pixels

    if not isinstance(given, Rois) and given.frame in ("atlas_um", "stereotaxic_mm"):
        if error is not None:
            raise UsageError("--error belongs to points of an image")
        with progress_bar("finding pixels") as progress:
            places: dict[str, Any] = {given.frame: given.values}
            return to_pixels(source, names=given.names, progress=progress, **places, **how)
    sure = None if error is None else _uncertainty(source, how, error)
    with progress_bar("casting rays") as progress:
        if isinstance(given, Rois):
            return locate_rois(source, given, uncertainty=sure, progress=progress, **how)
        pixels = given.in_pixels(source[1].pixel_size_um)
        return locate(source, pixels, names=given.names, uncertainty=sure, progress=progress, **how)


def _uncertainty(source: tuple[Scene, Registration], how: dict[str, Any], error: str) -> Any:
    from napari_brainreg3d.projection import project
    from napari_brainreg3d.projection.uncertainty import uncertainty

    sds: dict[str, float] = {}
    for part in error.split(","):
        name, _, value = part.partition("=")
        try:
            sds[name.strip()] = float(value)
        except ValueError:
            raise UsageError(f"--error takes name=number, got {part!r}") from None
    rules = how["settings"]
    with progress_bar("sampling poses") as progress:
        projection = project(
            *source,
            occlusion=rules.occlusion,
            tolerance_um=rules.tolerance_um,
            sample_depth_um=rules.sample_depth_um,
        )
        return uncertainty(projection, sds, progress=progress)


def _check_inside(table: pd.DataFrame, *, force: bool) -> None:
    from napari_brainreg3d.results.locate import PointsError
    from napari_brainreg3d.results.locate.table import OUTSIDE

    if (table["status"] == OUTSIDE).all() and not force:
        raise PointsError(
            f"all {len(table)} points lie outside the image: are they of another image, or in "
            "another unit? Use --force to go on"
        )
