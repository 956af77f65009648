"""A saved registration and its scene, for commands that take no image; or hold one against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_brainreg3d.cli.console import progress_bar

if TYPE_CHECKING:
    from napari_brainreg3d.atlas.scene import Hemisphere, Scene
    from napari_brainreg3d.registration import Registration


def load_placed(
    path: Path,
    *,
    image: Path | None,
    force: bool,
    regions: list[str] | None,
    hemisphere: Hemisphere | None,
    brainglobe_dir: Path | None,
) -> tuple[Scene, Registration]:
    """Load a registration and the scene that it was made in.

    Parameters
    ----------
    path
        A ``*.brainreg3d.json``.
    image
        The image that the points or the light are of; must be the one of the registration unless
        ``force``.
    regions, hemisphere
        In place of those of the registration.
    brainglobe_dir
        Folder of BrainGlobe's atlases.

    Raises
    ------
    RegistrationError
        When the registration is not valid, or was made for another image.
    """
    from napari_brainreg3d.atlas.loading import load_scene
    from napari_brainreg3d.cli.same_image import registration_of_image
    from napari_brainreg3d.io.images import read_image
    from napari_brainreg3d.registration import Registration

    if image is None:
        registration = Registration.load(path)
    else:
        registration = registration_of_image(path, read_image(image), force=force)
    wanted = tuple(part for text in regions or () for part in text.split(",") if part)
    if wanted:
        registration = registration.replaced(regions=wanted)
    if hemisphere is not None:
        registration = registration.replaced(hemisphere=hemisphere)
    with progress_bar("loading the atlas") as progress:
        scene = load_scene(
            registration.atlas,
            registration.regions or None,
            brainglobe_dir=brainglobe_dir,
            hemisphere=registration.hemisphere,
            progress=progress,
        )
    return scene, registration.replaced(atlas_version=scene.atlas.version)
