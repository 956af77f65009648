"""Regions and brain in 3D: two surfaces, and the inside of the brain as a third one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from napari_brainreg3d._napari.layers.ownership import LayerTuple
from napari_brainreg3d._napari.layers.surfaces import ShadedRegions, core_layer
from napari_brainreg3d._napari.scene_layers import layers_of
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d.atlas.scene import Scene


class BrainSurfaces:
    """Makes and changes the surfaces.

    Parameters
    ----------
    shelf
        Where they lie.
    put
        Adds a layer in its place among those in 3D.
    """

    def __init__(self, shelf: Shelf, put: Callable[[str, LayerTuple], Any]) -> None:
        self._shelf, self._put = shelf, put
        self._scene: Scene | None = None
        self._shaded: ShadedRegions | None = None
        self._tolerance_um = np.nan

    def showing(self, scene: Scene) -> Iterator[None]:
        """Show a scene, one layer after the other; other regions change the layer in place."""
        before, self._scene = self._scene, scene
        made = layers_of(scene)
        self._shaded = made.shaded
        layer = self._shelf.get("regions")
        if layer is None:
            self._put("regions", made.regions)
        else:
            # Without colours first: there is one for each vertex, and their number changes.
            layer.vertex_colors = None
            layer.data = made.regions[0]
            layer.vertex_colors = made.regions[1]["vertex_colors"]
        yield
        if before is None or before.brain is not scene.brain or not self._shelf.get("brain"):
            if made.brain is not None:
                self._put("brain", made.brain)
            else:
                self._shelf.drop("brain")
            self._shelf.drop("core")
            yield

    def show_core(self, tolerance_um: float | None) -> None:
        """Let the inside of the brain hide what lies deeper than that; None: nothing hides it."""
        layer, scene = self._shelf.get("core"), self._scene
        if tolerance_um is None or scene is None or not len(scene.brain.faces):
            if layer is not None and layer.visible:
                layer.visible = False
        elif layer is None or tolerance_um != self._tolerance_um:
            self._tolerance_um = tolerance_um
            data, options, kind = core_layer(scene, tolerance_um)
            self._put("core", (data, {**options, "visible": True}, kind))
        elif not layer.visible:
            layer.visible = True

    def highlight(self, regions: Collection[int] = (), *, is_lit: bool = True) -> None:
        """Let some regions, by their index in the scene, stand out; none: all alike."""
        layer = self._shelf.get("regions") or self._shelf.parked("regions")
        if layer is not None and self._shaded is not None:
            layer.vertex_colors = self._shaded.colours(highlighted=regions, is_lit=is_lit)
