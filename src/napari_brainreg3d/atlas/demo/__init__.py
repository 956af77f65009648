"""A schematic mouse brain for demonstrations and tests, made by code, offline."""

from napari_brainreg3d.atlas.demo.atlas import DEMO_NAME, DemoAtlas

__all__ = ["DEMO_NAME", "DemoAtlas"]
