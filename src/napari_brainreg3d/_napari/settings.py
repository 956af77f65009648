"""The plugin's settings, as the user changed them in napari's Preferences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS, DEFAULT_BREGMA
from napari_brainreg3d.atlas.loading import DEMO_ATLAS

PLUGIN: Final = "napari-brainreg3d"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user prefers; the defaults are those of the manifest.

    Attributes
    ----------
    default_atlas
        Chosen when the panel opens.
    bregma_preset
        For positions in atlases of the Allen CCF.
    is_autosaving
        Whether the session is kept in the user's data folder while aligning.
    """

    default_atlas: str = DEMO_ATLAS
    bregma_preset: str = DEFAULT_BREGMA
    is_autosaving: bool = True


def current_settings() -> Settings:
    """The settings that hold now; the defaults where napari knows none."""
    from napari.settings import get_plugin_settings
    from npe2 import PluginManager

    if PLUGIN not in PluginManager.instance():  # not installed but imported
        return Settings()
    found: Any = get_plugin_settings(PLUGIN)
    registration = found.registration
    preset = registration.bregma_preset
    return Settings(
        default_atlas=registration.default_atlas.strip() or DEMO_ATLAS,
        bregma_preset=preset if preset in BREGMA_PRESETS else DEFAULT_BREGMA,
        is_autosaving=registration.autosave,
    )
