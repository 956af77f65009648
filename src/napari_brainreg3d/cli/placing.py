"""From options or a file to the registration of an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.atlas.scene import Hemisphere, Scene
from napari_brainreg3d.batch.matching import from_file as from_file
from napari_brainreg3d.cli.console import UsageError, progress_bar
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.images import Image
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.registration import default_bregma


@dataclass(frozen=True, slots=True)
class Placing:
    """The options of ``project`` that say where an image lies and how it was taken."""

    atlas: str
    regions: tuple[str, ...]
    hemisphere: Hemisphere
    brainglobe_dir: Path | None
    position_mm: tuple[float | None, float | None, float | None]
    centre_um: tuple[float, float, float] | None
    bregma: BregmaPreset | None
    view: str
    angles_deg: tuple[float, float, float]
    camera: str | None
    working_distance_mm: float | None
    principal_point_um: tuple[float, float]
    distortion: tuple[float, float]
    is_mirrored: bool
    side_confirmed: bool


def from_options(image: Image, placing: Placing) -> Registration:
    """Make a registration from options.

    Raises
    ------
    UsageError
        When position or pixel size are missing, or options contradict each other.
    """
    if image.pixel_size_um is None:
        raise UsageError(
            f"{image.name} does not state its pixel size: "
            "give --pixel-size-um, or --image-size-mm WIDTH HEIGHT"
        )
    try:
        pose = Pose.from_view(
            placing.view,
            centre_um=_centre_um(placing),
            yaw_deg=placing.angles_deg[0],
            pitch_deg=placing.angles_deg[1],
            roll_deg=placing.angles_deg[2],
        )
        camera = _camera(placing)
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Registration(
        atlas=placing.atlas,
        regions=placing.regions,
        hemisphere=placing.hemisphere,
        image_shape=image.shape,
        image_name=image.name,
        image_sha256=image.sha256,
        pixel_size_um=image.pixel_size_um,
        pose=pose,
        camera=camera,
        bregma=placing.bregma,
        side_confirmed=placing.side_confirmed,
    )


def _centre_um(placing: Placing) -> FloatArray | tuple[float, float, float]:
    ap, ml, dv = placing.position_mm
    if placing.centre_um is not None:
        if (ap, ml, dv) != (None, None, None):
            raise UsageError("--centre-um and --ap --ml --dv say the same: give one of them")
        return placing.centre_um
    if ap is None or ml is None:
        raise UsageError(
            "say where the image lies: --registration FILE, or --ap and --ml (mm from bregma), "
            "or --centre-um AP DV ML"
        )
    bregma = placing.bregma or default_bregma(placing.atlas)
    if bregma is None:
        raise UsageError(f"bregma is not known in {placing.atlas}: give --centre-um AP DV ML")
    centre = bregma.to_atlas_um((ap, ml, 0.0 if dv is None else dv))
    if dv is None:
        centre[1] = _top_um(_scene(placing))
    return centre


def _top_um(scene: Scene) -> float:
    mesh = scene.brain if len(scene.brain.faces) else scene.mesh
    return float(mesh.bounds_um[0, 1])


def _scene(placing: Placing) -> Scene:
    with progress_bar("loading the atlas") as progress:
        return load_scene(
            placing.atlas,
            placing.regions or None,
            brainglobe_dir=placing.brainglobe_dir,
            hemisphere=placing.hemisphere,
            progress=progress,
        )


def _camera(placing: Placing) -> Camera:
    k1, k2 = placing.distortion
    lens = (*placing.principal_point_um, k1, k2)
    kind = placing.camera or ("pinhole" if placing.working_distance_mm else "orthographic")
    if kind == "pinhole":
        if placing.working_distance_mm is None:
            raise UsageError("a pinhole camera needs --working-distance-mm")
        return PinholeCamera(
            working_distance_mm=placing.working_distance_mm,
            principal_point_um=placing.principal_point_um,
            k1=k1,
            k2=k2,
            mirrored=placing.is_mirrored,
        )
    if placing.working_distance_mm is not None or any(lens):
        raise UsageError(
            "--working-distance-mm, --principal-point-um, --k1 and --k2 belong to --camera pinhole"
        )
    return OrthographicCamera(mirrored=placing.is_mirrored)
