"""From where to look at the brain so that both it and the image plane are seen well."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_brainreg3d.geometry import OrthographicCamera, PixelGrid, Pose, View
from napari_brainreg3d.geometry.frames import AP, DEPTH, DV, ML, FloatArray
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.frustum import image_corners_px

#: Where the observer stands: this far along the image's own line of sight, aside, and over it.
_ALONG, _ASIDE, _OVER = 0.68, 0.46, 0.57
#: Empty border around what is shown, as a share of the picture.
_MARGIN: Final = 0.06


def oblique_view(projection: Projection, shape: tuple[int, int]) -> View:
    """Choose a camera that shows both the brain and the image plane well.

    Parameters
    ----------
    projection
        Its pose says from where the image was taken.
    shape
        Height and width of the picture.

    Returns
    -------
    View
        Orthographic, from aside of the image's camera and over it, what is superior upwards. From
        the side of the animal on which the image lies. Brain and image fill the picture.
    """
    pose = Pose(upright(-_observer(projection)), np.zeros(3))
    seen = pose.to_plane(_shown_points(projection))[:, :DEPTH]
    low, high = seen.min(axis=0), seen.max(axis=0)
    size_um = float(((high - low) / np.array(shape)).max()) / (1.0 - 2.0 * _MARGIN)
    centre = pose.to_atlas([*(low + high) / 2.0, 0.0])
    return View(
        PixelGrid(shape, (size_um, size_um)),
        OrthographicCamera(),
        Pose(pose.rotation, centre),
    )


def upright(into: FloatArray) -> FloatArray:
    """Rotation, shape (3, 3), of a camera that looks ``into`` and has superior upwards."""
    down = np.eye(3)[DV] - into[DV] * into
    down /= np.linalg.norm(down)
    return np.column_stack([down, np.cross(into, down), into])


def _observer(projection: Projection) -> FloatArray:
    """Unit vector, shape (3,), ``atlas_um``, from the brain to the observer."""
    pose = projection.registration.pose
    back = -pose.viewing_direction
    axis = int(np.abs(back).argmax())
    is_right = pose.centre_um[ML] < projection.scene.atlas.midline_um
    towards = {
        AP: np.array([1.0, 0.0, 0.0]),  # from behind, so that left is left as in the image
        DV: np.array([0.0, -1.0, 0.0]),
        ML: np.array([0.0, 0.0, -1.0 if is_right else 1.0]),
    }
    along = np.eye(3)[axis] * np.sign(back[axis])
    aside, over = {AP: (ML, DV), DV: (ML, AP), ML: (AP, DV)}[axis]
    vector = _ALONG * along + _ASIDE * towards[aside] + _OVER * towards[over]
    return np.asarray(vector / np.linalg.norm(vector))


def _shown_points(projection: Projection) -> FloatArray:
    """Points, (N, 3), that must be in the picture."""
    scene = projection.scene
    corners = plane_corners(projection)
    surface = scene.brain if len(scene.brain.faces) else scene.mesh
    if not len(surface.faces):
        return np.concatenate([corners, np.zeros((1, 3)), [scene.atlas.size_um]])
    centre, size = surface.bounds_um.mean(axis=0), float(np.ptp(surface.bounds_um, axis=0).max())
    # An image far away from the brain must not make the brain a dot.
    near = np.clip(corners, centre - 1.2 * size, centre + 1.2 * size)
    return np.concatenate([surface.vertices_um, near])


def plane_corners(projection: Projection) -> FloatArray:
    """Corners of the image in the plane of focus, shape (4, 3), ``atlas_um``, in order around."""
    view = projection.registration.view
    return view.pixels_to_atlas(image_corners_px(view.grid.shape))
