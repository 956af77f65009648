"""What napari offers under *File > Open Sample*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench
    from napari_brainreg3d.registration import Registration


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


def demo_traces() -> list[tuple[Any, dict[str, Any], str]]:
    """Give the demo movie, aligned already, and open the panel to project it.

    Returns
    -------
    list of tuple
        ``(frames, options, "image")`` with frames of shape (T, H, W).
    """
    from napari_brainreg3d.demo.movie import demo_movie

    movie = demo_movie()
    options = {
        "name": movie.registration.image_name,
        "scale": (1.0, *movie.registration.pixel_size_um),
        "units": ("pixel", "um", "um"),
    }
    _take_up(movie.registration)
    return [(movie.frames, options, "image")]


def _take_up(registration: Registration) -> None:
    import napari

    from napari_brainreg3d._napari.widgets.docking import open_panel

    viewer = napari.current_viewer()
    if viewer is None:  # asked for without a window, by a script
        return

    def load(bench: Bench) -> None:
        from napari_brainreg3d._napari.persistence import SavedSession

        bench.opening.open(SavedSession(registration, mode="look_through"))

    open_panel(viewer).when_ready(load)


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
