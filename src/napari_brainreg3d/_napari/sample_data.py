"""What napari offers under *File > Open Sample*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench


def demo_widefield() -> list[tuple[Any, dict[str, Any], str]]:
    """Give the schematic widefield image, and open the panel with the atlas it was drawn from.

    Returns
    -------
    list of tuple
        ``(pixels, options, "image")`` with pixels of shape (H, W) and their size in um. Where it
        lies over the atlas is left to the user to find.
    """
    # Drawing the brain takes a second: not when napari lists its plugins.
    from napari_brainreg3d.demo import DEMO_REGIONS, demo_image, demo_registration

    registration = demo_registration()
    options = {
        "name": "widefield (schematic, not for science)",
        "scale": registration.pixel_size_um,
        "units": ("um", "um"),
    }
    _prepare(registration.atlas, DEMO_REGIONS)
    return [(demo_image(), options, "image")]


def _prepare(atlas: str, regions: Any) -> None:
    import napari

    from napari_brainreg3d._napari.widgets.docking import open_panel

    viewer = napari.current_viewer()
    if viewer is None:  # asked for without a window, by a script
        return

    def load(bench: Bench) -> None:
        if bench.session.scene is None:
            bench.atlases.load(atlas, regions)

    open_panel(viewer).when_ready(load)
