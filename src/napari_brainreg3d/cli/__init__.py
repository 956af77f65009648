"""The command line: everything works without a screen."""

from napari_brainreg3d.cli.app import main

__all__ = ["main"]
