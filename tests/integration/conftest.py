"""The fixtures of the plugin's tests, for the stories too."""

from tests._napari.conftest import plugin, told

__all__ = ["plugin", "told"]
