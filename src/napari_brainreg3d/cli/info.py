"""``napari-brainreg3d info FILE``: what a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brainreg3d.cli.console import console

if TYPE_CHECKING:
    from napari_brainreg3d.geometry import Camera
    from napari_brainreg3d.registration import Registration


def info_command(
    file: Annotated[Path, typer.Argument(help="A registration (*.brainreg3d.json) or an image.")],
) -> None:
    """Say what a registration or an image file holds."""
    if file.suffix.lower() == ".json":
        from napari_brainreg3d.registration import Registration

        lines = _about_registration(Registration.load(file))
    else:
        lines = _about_image(file)
    width = max(len(name) for name in lines)
    for name, value in lines.items():
        console().print(f"{name:<{width}}  {value}", markup=False)


def _about_registration(registration: Registration) -> dict[str, str]:
    pose, camera, bregma = registration.pose, registration.camera, registration.bregma
    yaw, pitch, roll = pose.angles_deg
    centre = ", ".join(f"{value:.1f}" for value in pose.centre_um)
    lines = {
        "atlas": f"{registration.atlas} {registration.atlas_version or ''}".strip(),
        "regions": ", ".join(registration.regions) or "default",
        "hemisphere": registration.hemisphere,
        "image": f"{registration.image_name or 'unnamed'}, "
        f"{registration.image_shape[0]} x {registration.image_shape[1]} pixels (rows x columns)",
        "pixel size": "{:g} x {:g} um (row, column)".format(*registration.pixel_size_um),
        "view": pose.view,
        "centre": f"{centre} um in the atlas (AP, DV, ML)",
        "angles": f"yaw {yaw:.3f}, pitch {pitch:.3f}, roll {roll:.3f} degrees",
        "camera": _about_camera(camera),
        "side confirmed": "yes" if registration.side_confirmed else "no",
        "landmarks": str(len(registration.landmarks)),
    }
    if bregma is not None:
        ap, ml, dv = bregma.to_stereotaxic_mm(pose.centre_um)
        lines["from bregma"] = (
            f"AP {ap:+.3f}, ML {ml:+.3f} (right +), DV {dv:+.3f} mm (preset {bregma.name})"
        )
    return lines


def _about_camera(camera: Camera) -> str:
    from napari_brainreg3d.geometry import PinholeCamera

    mirrored = "; mirrors the image" if camera.mirrored else ""
    if not isinstance(camera, PinholeCamera):
        return f"orthographic: parallel rays{mirrored}"
    down, right = camera.principal_point_um
    axis = f", optical axis {down:g} um down, {right:g} um right" if down or right else ""
    lens = f", distortion k1 {camera.k1:g}, k2 {camera.k2:g}" if camera.k1 or camera.k2 else ""
    return f"pinhole, working distance {camera.working_distance_mm:g} mm{axis}{lens}{mirrored}"


def _about_image(file: Path) -> dict[str, str]:
    from napari_brainreg3d.io.images import read_image

    image = read_image(file)
    size = image.pixel_size_um
    height, width = image.shape
    lines = {
        "image": f"{height} x {width} pixels (rows x columns), {image.pixels.dtype}",
        "colour": "yes" if image.pixels.ndim == 3 else "no",
        "taken": image.taken or "the only picture",
        "pixel size": "not in the file"
        if size is None
        else f"{size[0]:g} x {size[1]:g} um (row, column)",
        "sha256": image.sha256,
    }
    if size is not None:
        lines["field of view"] = (
            f"{width * size[1] / 1e3:g} x {height * size[0] / 1e3:g} mm (W x H)"
        )
    return lines
