"""The fixtures of the plugin's tests, for the stories too."""

from tests._napari.conftest import known_plugin, own_data_folder, plugin, told

__all__ = ["known_plugin", "own_data_folder", "plugin", "told"]
