"""Where an image lies before it was aligned."""

from __future__ import annotations

import numpy as np

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Pose


def start_pose(scene: Scene | None, view: str) -> Pose:
    """An image over the middle of a side of the brain, looking straight at it.

    Parameters
    ----------
    scene
        The brain.
    view
        Name of the side, as :meth:`Pose.from_view` takes it.

    Raises
    ------
    RegistrationError
        When there is no brain yet.
    """
    if scene is None:
        raise RegistrationError("load an atlas before choosing a start pose")
    meshes = scene.brain if len(scene.brain.faces) else scene.mesh
    low, high = meshes.bounds_um
    straight = Pose.from_view(view, centre_um=(low + high) / 2)
    # On the surface: half the brain's size back from its middle, along the view.
    back = float(np.abs(straight.viewing_direction) @ (high - low)) / 2
    return straight.moved(plane_um=(0.0, 0.0, -back))
