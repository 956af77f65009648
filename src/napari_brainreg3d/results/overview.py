"""One picture of a projection: the image with its regions, labels, depth, the brain in 3D."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_brainreg3d.geometry import PinholeCamera
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.results.colours import picture_rgb
from napari_brainreg3d.results.depth_panel import depth_bar, depth_panel
from napari_brainreg3d.results.image_panels import (
    GREY,
    INK,
    PAPER,
    ImageRaster,
    image_panel,
    label_panel,
)
from napari_brainreg3d.results.lettering import measure, write
from napari_brainreg3d.results.oblique_panel import oblique_panel

SIZE_PX: Final = (1600, 1200)
"""Width and height of the picture."""

SCHEMATIC: Final = "schematic, not for science"

_WARNING: Final = (188, 62, 24)
_BORDER, _GUTTER = 34, 30
_HEADER, _FOOTER, _CAPTION = 66, 70, 36


def overview_picture(
    projection: Projection,
    image: npt.NDArray[Any] | None = None,
    *,
    title: str | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw everything about a projection in one picture, to look at or for the lab book.

    Parameters
    ----------
    projection
        What to show. Not changed.
    image : ndarray, shape (H, W) or (H, W, 3 or 4)
        The image that was registered, of any kind of number. None: a picture of the tissue, bright
        where it faces the camera.
    title
        What to write above; None for the name of the image.

    Returns
    -------
    ndarray, shape (1200, 1600, 3), uint8
        Four panels: (a) the image with the outlines and names of the regions, (b) the regions in
        the colours of the atlas, (c) the depth under the plane of focus, (d) the brain from aside
        with the image in its place. The letters around the panels are the animal's left, right,
        anterior, posterior, dorsal, ventral.

    Raises
    ------
    ValueError
        When the image has another size than the projection.
    """
    picture = _picture_of(projection, image)
    page = Image.new("RGB", SIZE_PX, PAPER)
    _write_header(page, projection, title)
    _write_footer(page, projection)
    width = (SIZE_PX[0] - 2 * _BORDER - _GUTTER) // 2
    height = (SIZE_PX[1] - _HEADER - _FOOTER) // 2 - _CAPTION
    raster = ImageRaster(projection, picture, (height, width))
    panels = (
        ("a", "Image and regions", image_panel(raster)),
        ("b", "Regions of the atlas", label_panel(raster)),
        ("c", "Depth under the plane of focus", depth_panel(raster)),
        ("d", "Where the image lies", oblique_panel(projection, picture, (height, width))),
    )
    for i, (letter, caption, panel) in enumerate(panels):
        left = _BORDER + (i % 2) * (width + _GUTTER)
        top = _HEADER + (i // 2) * (height + _CAPTION)
        page.paste(panel, (left, top + _CAPTION))
        write(page, left, top + 22, letter, 20, INK, anchor="ls", is_bold=True)
        write(page, left + 22, top + 22, caption, 17, INK, anchor="ls")
        if letter == "c" and (bar := depth_bar(projection, 380, 32)) is not None:
            page.paste(bar, (left + width - bar.width, top))
    return np.asarray(page)


def _picture_of(projection: Projection, image: npt.NDArray[Any] | None) -> npt.NDArray[np.uint8]:
    shape = projection.registration.image_shape
    if image is None:
        facing = np.cos(np.radians(projection.incidence_deg))
        return picture_rgb(np.nan_to_num(0.1 + facing, nan=0.0))
    if image.shape[:2] != shape or image.ndim not in (2, 3):
        raise ValueError(f"the image has the shape {image.shape}, the projection {shape}")
    return picture_rgb(image)


def _write_header(page: Image.Image, projection: Projection, title: str | None) -> None:
    registration, atlas = projection.registration, projection.scene.atlas
    right, row = SIZE_PX[0] - _BORDER, 46
    if atlas.is_schematic:
        write(page, right, row, SCHEMATIC, 19, _WARNING, anchor="rs", is_bold=True)
        right -= round(measure(SCHEMATIC, 19)[1]) + 16
    name = f"atlas {atlas.name} {atlas.version}"
    write(page, right, row, name, 19, GREY, anchor="rs")
    room = right - measure(name, 19)[1] - 30 - _BORDER
    text = title if title is not None else registration.image_name or "Projection"
    write(page, _BORDER, row, _shortened(text, 28, room), 28, INK, anchor="ls", is_bold=True)


def _shortened(text: str, size_px: int, room_px: float) -> str:
    """The text, on one line, with its middle left out where there is no room for it."""
    whole = line = " ".join(text.split())
    # A hundred letters never fit.
    for kept in range(min(len(whole), 100), 4, -1):
        if len(line) <= 100 and measure(line, size_px)[1] <= room_px:
            break
        line = f"{whole[: kept // 2]}...{whole[len(whole) - kept // 2 :]}"
    return line


def _write_footer(page: Image.Image, projection: Projection) -> None:
    first, second = _pose_text(projection), _scene_text(projection)
    bottom = SIZE_PX[1]
    write(page, _BORDER, bottom - 42, first, 16, INK, anchor="ls")
    write(page, _BORDER, bottom - 18, second, 16, GREY, anchor="ls")
    if not projection.registration.side_confirmed:
        text = "left and right not confirmed by a person"
        write(page, SIZE_PX[0] - _BORDER, bottom - 18, text, 16, _WARNING, anchor="rs")


def _pose_text(projection: Projection) -> str:
    registration = projection.registration
    pose, camera = registration.pose, registration.camera
    yaw, pitch, roll = (round(angle, 1) + 0.0 for angle in pose.angles_deg)  # never -0.0
    ap, dv, ml = pose.centre_um / 1000.0
    parts = [
        f"{pose.view} view   yaw {yaw:+.1f}°  pitch {pitch:+.1f}°  roll {roll:+.1f}°",
        f"image centre {ap:.2f} mm from the front, {dv:.2f} from the top, {ml:.2f} from the right",
    ]
    if registration.bregma is not None:
        place = registration.bregma.to_stereotaxic_mm(pose.centre_um)
        numbers = "  ".join(
            f"{name} {mm:+.2f}" for name, mm in zip(("AP", "ML", "DV"), place, strict=True)
        )
        parts.append(f"from bregma ({registration.bregma.name}) {numbers}")
    parts.append(
        f"pinhole camera at {camera.working_distance_mm:g} mm"
        if isinstance(camera, PinholeCamera)
        else "orthographic camera"
    )
    return "   |   ".join(parts)


def _scene_text(projection: Projection) -> str:
    registration, settings = projection.registration, projection.settings
    height, width = registration.image_shape
    down, right = registration.pixel_size_um
    rows = projection.grouping.rows
    shown = np.count_nonzero(np.bincount(projection.labels.ravel())[1:])
    parts = [
        f"{height} x {width} pixels of {down:.4g} x {right:.4g} um",
        f"{shown} of {len(rows)} regions in view",
        f"occlusion by the {'whole brain' if settings.occlusion == 'brain' else 'regions only'}",
    ]
    if settings.sample_depth_um is not None:
        parts.append(f"annotation {settings.sample_depth_um:g} um under the surface")
    if registration.camera.mirrored:
        parts.append("mirrored optics")
    parts.append("letters: directions of the animal")
    return "   |   ".join(parts)
