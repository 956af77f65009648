"""The raster of a standard view: a registration whose camera stands still, whatever the animal."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.errors import AtlasError, RegistrationError
from napari_brainreg3d.geometry import VIEWS, OrthographicCamera, Pose
from napari_brainreg3d.geometry.frames import DEPTH
from napari_brainreg3d.registration import Registration

DEFAULT_RESOLUTION_UM: Final = 20.0
#: Pixels of a standard view that nobody can have meant: a resolution in mm instead of um.
_MOST_PIXELS: Final = 1 << 27


def surface_of(scene: Scene) -> Mesh:
    """The whole brain's surface, or that of the regions where the atlas has none.

    Raises
    ------
    AtlasError
        When the scene has neither.
    """
    surface = scene.brain if len(scene.brain.faces) else scene.mesh
    if not len(surface.faces):
        raise AtlasError(f"the scene of {scene.atlas.name} has no surface that could be seen")
    return surface


def standard_registration(
    scene: Scene, view: str = "dorsal", resolution_um: float = DEFAULT_RESOLUTION_UM
) -> Registration:
    """Make the registration of a standard view: orthographic, square pixels, the whole brain.

    Parameters
    ----------
    scene
        Its brain, not its regions, says how large the view is.
    view
        A name of :data:`napari_brainreg3d.geometry.VIEWS`, e.g. ``"dorsal"``, ``"left"``.
    resolution_um
        Height and width of a pixel, um.

    Returns
    -------
    Registration
        Can be given to :func:`napari_brainreg3d.project`. Edges of pixels lie on whole multiples of
        the resolution in ``atlas_um``, so that the views of two atlases in the same space differ by
        whole pixels; the plane of focus touches the brain.

    Raises
    ------
    RegistrationError
        When the view is unknown or the resolution not positive, or far too fine.
    AtlasError
        When the scene has no surface.
    """
    if view not in VIEWS:
        raise RegistrationError(f"there is no view {view!r}; choose from {', '.join(VIEWS)}")
    if not (np.isfinite(resolution_um) and resolution_um > 0):
        raise RegistrationError(f"resolution_um must be positive, got {resolution_um!r}")
    # With its centre at the origin the axes of this pose are those of the view.
    axes = Pose.from_view(view, centre_um=(0.0, 0.0, 0.0))
    corners = axes.to_plane(surface_of(scene).bounds_um)
    low, high = corners.min(axis=0), corners.max(axis=0)
    first = np.floor(low[:DEPTH] / resolution_um)
    size = np.ceil(high[:DEPTH] / resolution_um) - first
    if size.prod() > _MOST_PIXELS:
        raise RegistrationError(
            f"a resolution of {resolution_um:g} um makes a view of {size[0]:.0f} x {size[1]:.0f} "
            "pixels; give a larger one, in um"
        )
    centre = np.append((first + size / 2.0) * resolution_um, low[DEPTH])
    return Registration(
        atlas=scene.atlas.name,
        atlas_version=scene.atlas.version,
        image_shape=(int(size[0]), int(size[1])),
        pixel_size_um=(resolution_um, resolution_um),
        pose=Pose.from_view(view, centre_um=axes.to_atlas(centre)),
        camera=OrthographicCamera(),
        hemisphere=scene.hemisphere,
    )


def view_of(
    scene: Scene,
    source: Registration,
    view: str | Registration,
    resolution_um: float | None,
) -> Registration:
    """The registration of a view that is given by name or as a registration of any camera.

    It takes over from ``source``, the registration of the image, what is not geometry: regions,
    bregma, and whether somebody has confirmed the sides.

    Raises
    ------
    RegistrationError
        As :func:`standard_registration`; also when a resolution is given for a registration, which
        has its own pixel size.
    """
    if isinstance(view, Registration):
        if resolution_um is not None:
            raise RegistrationError(
                "a view that is a registration has its own pixel size: leave resolution_um out"
            )
        made = view.replaced(atlas=scene.atlas.name, landmarks=())
    else:
        given = DEFAULT_RESOLUTION_UM if resolution_um is None else resolution_um
        made = standard_registration(scene, view, given)
    return made.replaced(
        atlas_version=scene.atlas.version,
        regions=source.regions,
        hemisphere=source.hemisphere,
        bregma=source.bregma,
        side_confirmed=source.side_confirmed,
        image_name=None,
        image_sha256=None,
    )
