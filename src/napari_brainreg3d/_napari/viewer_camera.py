"""A registration's camera as napari's, and the one place that touches ``viewer.scene.camera``.

The scene of the viewer is ``atlas_um``: world axes 0, 1, 2 are its axes. These are left-handed, so
that only a left-handed camera orientation shows the brain as the eye sees it; napari's default one
shows its mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_brainreg3d.geometry import PinholeCamera, View
from napari_brainreg3d.geometry.frames import COL, ROW, FloatArray

Triple = tuple[float, float, float]
Orientation = tuple[str, str, str]

#: Left-handed, as ``atlas_um``: what is left in the scene is left on the screen.
AS_SEEN: Final[Orientation] = ("away", "down", "right")
#: For optics that show a mirror image.
MIRRORED: Final[Orientation] = ("away", "down", "left")

#: Share of the canvas that the image fills when one looks through its camera.
_FILL: Final = 0.94
#: Below this napari's perspective counts as none.
_SMALLEST_PERSPECTIVE_DEG: Final = 1e-3
#: By how many pixels lens distortion must move the image before it is worth a remark.
_NOTABLE_PX: Final = 0.5


@dataclass(frozen=True, slots=True)
class ViewerCamera:
    """What napari's 3D camera is set to.

    Attributes
    ----------
    centre_um
        The point that the canvas is centred on, in the world of the viewer.
    view_direction, up_direction
        Unit vectors; angles are not kept since they are not unique.
    zoom
        Canvas pixels per world unit, at the centre.
    perspective_deg
        Vertical field of view; 0 for parallel rays.
    orientation
        How the axes of the world run on the canvas.
    """

    centre_um: Triple
    view_direction: Triple
    up_direction: Triple
    zoom: float
    perspective_deg: float = 0.0
    orientation: Orientation = AS_SEEN


def look_through(
    view: View, canvas_px: tuple[int, int], magnification: float = 1.0
) -> ViewerCamera:
    """The napari camera that sees exactly what a registration's camera sees.

    Parameters
    ----------
    view
        The camera in its place.
    canvas_px
        Height and width of the canvas.
    magnification
        1 when the whole image just fits the canvas.

    Returns
    -------
    ViewerCamera
        Centred on the optical axis, so that the image is off-centre when the principal point is.
        Lens distortion is left out (see :func:`largest_distortion_px`).
    """
    camera, pose = view.camera, view.pose
    height_um, width_um = view.grid.extent_um
    axis_um = (0.0, 0.0)
    if isinstance(camera, PinholeCamera):
        axis_um = camera.principal_point_um
    # As far as the image reaches from the optical axis, to both sides.
    reach = (height_um + 2 * abs(axis_um[ROW]), width_um + 2 * abs(axis_um[COL]))
    zoom = magnification * _FILL * min(canvas_px[0] / reach[0], canvas_px[1] / reach[1])
    perspective = 0.0
    if isinstance(camera, PinholeCamera):
        half_height_um = canvas_px[0] / zoom / 2
        perspective = float(np.degrees(2 * np.arctan2(half_height_um, -camera.eye_depth_um)))
    return ViewerCamera(
        centre_um=_triple(pose.to_atlas([axis_um[ROW], axis_um[COL], 0.0])),
        view_direction=_triple(pose.viewing_direction),
        up_direction=_triple(-pose.rotation[:, ROW]),
        zoom=float(zoom),
        perspective_deg=perspective if perspective >= _SMALLEST_PERSPECTIVE_DEG else 0.0,
        orientation=MIRRORED if camera.mirrored else AS_SEEN,
    )


def overview(low_um: FloatArray, high_um: FloatArray, canvas_px: tuple[int, int]) -> ViewerCamera:
    """A look at the whole brain from above, behind and a little from its right side.

    Parameters
    ----------
    low_um, high_um : ndarray, shape (3,)
        Corners of a box, ``atlas_um``.
    canvas_px
        Height and width of the canvas.
    """
    # Forward and down, so that the nose is at the top and the animal's right at the right.
    direction = np.array([-0.55, 0.8, 0.22])
    direction /= np.linalg.norm(direction)
    size = high_um - low_um
    up = np.array([-1.0, 0.0, 0.0])
    up -= (up @ direction) * direction
    up /= np.linalg.norm(up)
    across = np.cross(direction, up)
    spans = np.abs(np.stack([up, across])) @ size
    zoom = _FILL * min(canvas_px[0] / spans[0], canvas_px[1] / spans[1])
    return ViewerCamera(
        centre_um=_triple((low_um + high_um) / 2),
        view_direction=_triple(direction),
        up_direction=_triple(up),
        zoom=float(zoom),
    )


def largest_distortion_px(view: View) -> float:
    """How far lens distortion moves the image where it does so most, in pixels of the image.

    The canvas cannot show distortion: this is by how much a look through the camera is off.
    """
    if not isinstance(view.camera, PinholeCamera) or view.camera.distortion.is_none:
        return 0.0
    height, width = view.grid.shape
    rows, cols = np.linspace(-0.5, height - 0.5, 9), np.linspace(-0.5, width - 0.5, 9)
    pixels = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    offsets = view.grid.to_offsets(pixels)
    straight = offsets * (1.0, -1.0) if view.camera.mirrored else offsets
    moved = (view.camera.crossings(offsets) - straight) / view.grid.size_um
    return float(np.linalg.norm(moved, axis=-1).max())


def distortion_note(view: View) -> str:
    """What a look through the camera cannot show exactly, in words; empty when nothing."""
    off = largest_distortion_px(view)
    if off < _NOTABLE_PX:
        return ""
    return (
        f"The lens distortion (up to {off:.1f} pixels) is left out of the 3D picture of the "
        "brain; outlines and results have it."
    )


def apply(viewer: Any, camera: ViewerCamera) -> None:
    """Set napari's camera; inverse of :func:`read`."""
    scene_camera = viewer.scene.camera
    # First, since angles mean something else in another orientation.
    if tuple(map(str, scene_camera.orientation)) != camera.orientation:
        scene_camera.orientation = camera.orientation
    scene_camera.perspective = camera.perspective_deg
    scene_camera.set_view_direction(camera.view_direction, camera.up_direction)
    scene_camera.center = camera.centre_um
    scene_camera.zoom = camera.zoom


def read(viewer: Any) -> ViewerCamera:
    """What napari's camera is set to now; inverse of :func:`apply`."""
    scene_camera = viewer.scene.camera
    depth, vertical, horizontal = map(str, scene_camera.orientation)
    return ViewerCamera(
        centre_um=_triple(np.asarray(scene_camera.center, np.float64)),
        view_direction=_triple(np.asarray(scene_camera.view_direction)),
        up_direction=_triple(np.asarray(scene_camera.up_direction)),
        zoom=float(scene_camera.zoom),
        perspective_deg=float(scene_camera.perspective),
        orientation=(depth, vertical, horizontal),
    )


def mouse_ray(event: Any) -> tuple[FloatArray, FloatArray] | None:
    """The ray under the cursor in the three displayed axes of the world.

    Parameters
    ----------
    event
        A mouse event of napari.

    Returns
    -------
    tuple of ndarray, shape (3,), or None
        A point on the ray and its unit direction; None when the canvas shows 2D.
    """
    axes = list(event.dims_displayed)
    if len(axes) != 3 or event.view_direction is None:
        return None
    origin = np.asarray(event.position, np.float64)[axes]
    direction = np.asarray(event.view_direction, np.float64)
    if len(direction) != 3:
        direction = direction[axes]
    return origin, direction / np.linalg.norm(direction)


def _triple(vector: FloatArray) -> Triple:
    a, b, c = (float(value) for value in vector)
    return a, b, c
