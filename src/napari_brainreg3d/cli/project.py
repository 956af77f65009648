"""``napari-brainreg3d project IMAGE``: labels, masks and maps of one image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import (
    UsageError,
    numbers,
    print_files,
    print_regions,
    progress_bar,
)

if TYPE_CHECKING:
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.registration import Registration


def project_command(
    image: options.ImageFile,
    registration: options.RegistrationFile = None,
    force: options.Force = False,
    frame: options.Frame = "0",
    channel: options.Channel = None,
    pixel_size_um: options.PixelSizeUm = None,
    image_size_mm: options.ImageSizeMm = None,
    ap: options.Ap = None,
    ml: options.Ml = None,
    dv: options.Dv = None,
    centre_um: options.CentreUm = None,
    bregma: options.Bregma = None,
    view: options.View = "dorsal",
    yaw: options.Yaw = 0.0,
    pitch: options.Pitch = 0.0,
    roll: options.Roll = 0.0,
    side_confirmed: options.SideConfirmed = False,
    atlas: options.Atlas = None,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    camera: options.Camera = None,
    working_distance_mm: options.WorkingDistanceMm = None,
    principal_point_um: options.PrincipalPointUm = (0.0, 0.0),
    k1: options.K1 = 0.0,
    k2: options.K2 = 0.0,
    mirrored: options.Mirrored = False,
    occlusion: options.OcclusionRule = "brain",
    tolerance_um: options.ToleranceUm = 150.0,
    sample_depth_um: options.SampleDepthUm = None,
    refine: options.RefineWhere = None,
    k: options.Neighbours = 11,
    unresolved: options.Unresolved = False,
    split_hemispheres: options.SplitHemispheres = False,
    output: options.Output = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Label every pixel of an image with the brain region that it sees."""
    from napari_brainreg3d.atlas.bregma import bregma_preset
    from napari_brainreg3d.cli.placing import Placing, from_options
    from napari_brainreg3d.cli.same_image import registration_of_image
    from napari_brainreg3d.io.images import read_image

    picture = read_image(
        image,
        frame=_frame(frame),
        channel=channel,
        pixel_size_um=numbers(pixel_size_um, "--pixel-size-um", (1, 2)),
        image_size_mm=image_size_mm,
    )
    wanted = tuple(part for text in regions or () for part in text.split(",") if part)
    if registration is not None:
        if any(value is not None for value in (ap, ml, dv, centre_um, camera, working_distance_mm)):
            raise UsageError("--registration holds pose and camera: leave their options out")
        placed = registration_of_image(registration, picture, force=force)
        if atlas is not None and atlas != placed.atlas:
            placed = placed.replaced(atlas=atlas, atlas_version=None)
        if wanted:
            placed = placed.replaced(regions=wanted)
        if hemisphere is not None:
            placed = placed.replaced(hemisphere=hemisphere)
    else:
        placed = from_options(
            picture,
            Placing(
                atlas=atlas or options.DEFAULT_ATLAS,
                regions=wanted,
                hemisphere=hemisphere or "both",
                brainglobe_dir=brainglobe_dir,
                position_mm=(ap, ml, dv),
                centre_um=centre_um,
                bregma=None if bregma is None else bregma_preset(bregma),
                view=view,
                angles_deg=(yaw, pitch, roll),
                camera=camera,
                working_distance_mm=working_distance_mm,
                principal_point_um=principal_point_um,
                distortion=(k1, k2),
                is_mirrored=mirrored,
                side_confirmed=side_confirmed,
            ),
        )
    _run(
        placed,
        picture,
        brainglobe_dir=brainglobe_dir,
        occlusion=occlusion,
        tolerance_um=tolerance_um,
        sample_depth_um=sample_depth_um,
        refine_where=refine,
        k=k,
        unresolved=unresolved,
        split_hemispheres=split_hemispheres,
        output=image.parent if output is None else output,
        overwrite=overwrite,
    )


def _frame(text: str) -> int | Literal["mean", "max"]:
    if text == "mean":
        return "mean"
    if text == "max":
        return "max"
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"--frame takes a number, mean or max, got {text!r}") from None


def _run(
    placed: Registration,
    picture: Image,
    *,
    brainglobe_dir: Path | None,
    occlusion: Literal["brain", "selected"],
    tolerance_um: float,
    sample_depth_um: float | None,
    refine_where: Literal["gaps", "boundary", "everywhere"] | None,
    k: int,
    unresolved: bool,
    split_hemispheres: bool,
    output: Path,
    overwrite: bool,
) -> None:
    from napari_brainreg3d.atlas.loading import load_scene
    from napari_brainreg3d.io.writing import check_results_free, write_results
    from napari_brainreg3d.projection import project
    from napari_brainreg3d.projection.refine import refine
    from napari_brainreg3d.results.areas import region_table

    stem = Path(picture.name).stem
    check_results_free(output, stem, overwrite=overwrite, unresolved=unresolved)
    with progress_bar("loading the atlas") as progress:
        scene = load_scene(
            placed.atlas,
            placed.regions or None,
            brainglobe_dir=brainglobe_dir,
            hemisphere=placed.hemisphere,
            progress=progress,
        )
    with progress_bar("projecting") as progress:
        projection = project(
            scene,
            placed.replaced(atlas_version=scene.atlas.version),
            occlusion=occlusion,
            tolerance_um=tolerance_um,
            sample_depth_um=sample_depth_um,
            unresolved=unresolved,
            split_hemispheres=split_hemispheres,
            progress=progress,
        )
    if refine_where is not None:
        with progress_bar("refining") as progress:
            projection = refine(projection, k, refine_where, progress=progress)
    written = write_results(output, stem, projection, image=picture, overwrite=overwrite)
    print_regions(region_table(projection))
    print_files(written)
