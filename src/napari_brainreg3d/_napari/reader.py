"""Opening a session file in napari: by drop, by menu, or by ``viewer.open``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration.registration import SUFFIX

WFIELD_NAME: Final = "dorsal_cortex_landmarks"
"""Part of the name of wfield's files."""

LayerData = tuple[Any, ...]


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerData]] | None:
    """Give napari the reader of a session file, None for any other file."""
    first = path if isinstance(path, str) else path[0]
    return read_session if str(first).endswith(SUFFIX) else None


def get_wfield_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerData]] | None:
    """Give napari the reader of wfield's landmarks, None for any other file."""
    first = path if isinstance(path, str) else path[0]
    return read_wfield if WFIELD_NAME in Path(str(first)).name else None


def read_wfield(path: str | Sequence[str]) -> list[LayerData]:
    """Start from landmarks of wfield in the current viewer, which opens the panel.

    Returns
    -------
    list of tuple
        Nothing for napari to add.

    Raises
    ------
    RegistrationError
        When no window of napari is open.
    """
    import napari

    from napari_brainreg3d._napari.widgets.docking import open_panel

    viewer = napari.current_viewer()
    first = path if isinstance(path, str) else path[0]
    if viewer is None:
        raise RegistrationError(f"{first} opens in a window of napari, together with its image")
    open_panel(viewer).when_ready(lambda bench: bench.landmarks.open_wfield(first))
    return [(None,)]


def read_session(path: str | Sequence[str]) -> list[LayerData]:
    """Bring a session back in the current viewer, which opens the panel.

    Returns
    -------
    list of tuple
        Nothing for napari to add: the stage makes the layers once the atlas is loaded.

    Raises
    ------
    RegistrationError
        When no window of napari is open.
    """
    import napari

    from napari_brainreg3d._napari.widgets.docking import open_panel

    viewer = napari.current_viewer()
    if viewer is None:
        raise RegistrationError(
            f"{path} is a session of napari-brainreg3d: it opens in a window of napari; "
            "without one, use Registration.load"
        )
    first = path if isinstance(path, str) else path[0]
    open_panel(viewer).when_ready(lambda bench: bench.opening.open_file(first))
    return [(None,)]
