"""Where a fit begins and what it goes by, from files and options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_brainreg3d.cli.console import UsageError, progress_bar
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PinholeCamera, Pose

if TYPE_CHECKING:
    from napari_brainreg3d.atlas.scene import Hemisphere, Scene
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.io.wfield import WfieldLandmarks
    from napari_brainreg3d.projection.curves import Curve
    from napari_brainreg3d.registration import Landmark, Registration


@dataclass(frozen=True, slots=True)
class StartOptions:
    """The options of ``fit`` that say where it begins, besides the file itself."""

    atlas: str | None
    regions: tuple[str, ...]
    hemisphere: Hemisphere | None
    brainglobe_dir: Path | None
    view: str
    camera: str | None
    working_distance_mm: float | None
    is_mirrored: bool
    pixel_size_um: tuple[float, ...] | None


def starting_at(
    image: Image | None,
    saved: Registration | None,
    flat: WfieldLandmarks | None,
    chosen: StartOptions,
) -> tuple[Scene, Registration]:
    """The scene, and the registration from which the fit begins.

    Parameters
    ----------
    image
        The image, or None with ``saved``.
    saved
        A registration to start from, or None.
    flat
        wfield's landmarks, which say where its flat map lies, or None.
    chosen
        The options.

    Raises
    ------
    UsageError
        When the pixel size is not known.
    """
    from napari_brainreg3d.cli.options import DEFAULT_ATLAS

    if saved is not None:
        if chosen.atlas not in (None, saved.atlas):
            raise UsageError(f"the registration is in {saved.atlas}: leave --atlas out")
        start = saved.replaced(
            regions=chosen.regions or saved.regions,
            hemisphere=chosen.hemisphere or saved.hemisphere,
        )
        scene = _scene(start.atlas, start.regions, start.hemisphere, chosen.brainglobe_dir)
    else:
        atlas = chosen.atlas or DEFAULT_ATLAS
        scene = _scene(atlas, chosen.regions, chosen.hemisphere or "both", chosen.brainglobe_dir)
        start = _over_the_brain(scene, image, flat, chosen)
    if chosen.pixel_size_um is not None:
        height, width = np.broadcast_to(chosen.pixel_size_um, 2).tolist()
        start = start.replaced(pixel_size_um=(height, width))
    camera = _camera(start.camera, chosen)
    return scene, start.replaced(camera=camera, atlas_version=scene.atlas.version)


def _scene(
    atlas: str, regions: tuple[str, ...], hemisphere: Hemisphere, folder: Path | None
) -> Scene:
    from napari_brainreg3d.atlas.loading import load_scene

    with progress_bar("loading the atlas") as progress:
        return load_scene(
            atlas,
            regions or None,
            brainglobe_dir=folder,
            hemisphere=hemisphere,
            progress=progress,
        )


def _over_the_brain(
    scene: Scene, image: Image | None, flat: WfieldLandmarks | None, chosen: StartOptions
) -> Registration:
    """Untilted, on top of the brain; where wfield draws its map, or over the middle."""
    from napari_brainreg3d.registration import Registration

    if image is None:
        raise UsageError("give an image or a saved registration")
    mesh = scene.brain if len(scene.brain.faces) else scene.mesh
    low, high = mesh.bounds_um
    if flat is not None:
        start = flat.to_registration(scene.atlas.name, image.shape, depth_um=float(low[1]))
        return start.replaced(
            regions=chosen.regions,
            hemisphere=scene.hemisphere,
            image_name=image.name,
            image_sha256=image.sha256,
        )
    if image.pixel_size_um is None:
        raise UsageError(
            f"{image.name} does not state its pixel size: "
            "give --pixel-size-um, or --image-size-mm WIDTH HEIGHT"
        )
    try:
        pose = Pose.from_view(chosen.view, centre_um=(low + high) / 2.0)
    except ValueError as error:
        raise UsageError(str(error)) from error
    half = float(np.abs((high - low) / 2.0) @ np.abs(pose.viewing_direction))
    return Registration(
        atlas=scene.atlas.name,
        regions=chosen.regions,
        hemisphere=scene.hemisphere,
        image_shape=image.shape,
        image_name=image.name,
        image_sha256=image.sha256,
        pixel_size_um=image.pixel_size_um,
        pose=pose.moved(plane_um=(0.0, 0.0, -half)),
    )


def _camera(present: Camera, chosen: StartOptions) -> Camera:
    """The present camera, with what the options say otherwise."""
    mirrored = chosen.is_mirrored or present.mirrored
    kind = chosen.camera or ("pinhole" if chosen.working_distance_mm is not None else None)
    if kind == "orthographic":
        if chosen.working_distance_mm is not None:
            raise UsageError("--working-distance-mm belongs to --camera pinhole")
        return OrthographicCamera(mirrored=mirrored)
    if kind == "pinhole" and chosen.working_distance_mm is not None:
        try:
            return PinholeCamera(working_distance_mm=chosen.working_distance_mm, mirrored=mirrored)
        except ValueError as error:
            raise UsageError(str(error)) from error
    if kind == "pinhole" and not isinstance(present, PinholeCamera):
        raise UsageError("a pinhole camera needs --working-distance-mm")
    return replace(present, mirrored=mirrored)


def landmarks_with_presets(
    scene: Scene, marks: Sequence[Landmark], *, clicked_only: bool = True
) -> tuple[Landmark, ...]:
    """Give landmarks that have no place in the atlas that of the preset of their name.

    Parameters
    ----------
    scene
        The atlas.
    marks
        Landmarks.
    clicked_only
        Whether those without a place in the image are left as they are.

    Raises
    ------
    RegistrationError
        When there is no such preset.
    """
    from napari_brainreg3d.projection.presets import landmark_preset

    return tuple(
        mark
        if mark.atlas_um is not None or (clicked_only and mark.image_px is None)
        else replace(mark, atlas_um=landmark_preset(scene, mark.name).atlas_um)
        for mark in marks
    )


def landmarks_of_wfield(scene: Scene, flat: WfieldLandmarks, source: Path) -> tuple[Landmark, ...]:
    """Matched landmarks of wfield on the brain's surface.

    Raises
    ------
    RegistrationError
        When none were matched.
    """
    from napari_brainreg3d.projection.presets import WFIELD_BREGMA_UM, point_from_above
    from napari_brainreg3d.registration import Landmark

    if flat.image_px is None:
        raise RegistrationError(
            f"{source} has no matched landmarks (landmarks_match): match them in wfield, or give "
            "--landmarks"
        )
    found = []
    for name, (x_mm, y_mm), (column, row) in zip(
        flat.names, flat.reference_mm.tolist(), flat.image_px.tolist(), strict=True
    ):
        place, _ = point_from_above(
            scene, WFIELD_BREGMA_UM[0] + 1000.0 * y_mm, WFIELD_BREGMA_UM[1] - 1000.0 * x_mm
        )
        found.append(Landmark(name, (row, column), place))
    return tuple(found)


def read_all_curves(words: Sequence[str]) -> tuple[Curve, ...]:
    """Curves of all files of ``--curves``: FILE.json, or WHAT=FILE.csv."""
    from napari_brainreg3d.io.fitting import read_curves

    curves: list[Curve] = []
    for word in words:
        what, is_named, file = word.partition("=")
        if is_named and not Path(word).exists():
            curves += read_curves(file, what)
        else:
            curves += read_curves(word)
    return tuple(curves)
