"""Opening the panel from elsewhere than napari's menu."""

from __future__ import annotations

from typing import Any, Final

from napari_brainreg3d._napari.widgets.panel import TITLE, RegisterPanel

#: As napari names the dock when the panel is opened from its menu, so that the menu finds it.
DOCK_NAME: Final = f"{TITLE} (brainreg3D)"


def open_panel(viewer: Any) -> RegisterPanel:
    """Show the panel of a viewer, which is made if there is none."""
    for docked in viewer.window.dock_widgets.values():
        if isinstance(docked, RegisterPanel):
            dock = docked.parentWidget()
            if dock is not None:
                dock.show()
                dock.raise_()
            return docked
    panel = RegisterPanel(viewer)
    viewer.window.add_dock_widget(panel, name=DOCK_NAME, area="right")
    return panel
