"""The surfaces of a scene as layers, made in a thread before the canvas needs them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from napari_brainreg3d._napari.layers.ownership import LayerTuple
from napari_brainreg3d._napari.layers.surfaces import ShadedRegions, brain_layer, regions_layer
from napari_brainreg3d.atlas.scene import Scene


@dataclass(frozen=True, slots=True, eq=False)
class SceneLayers:
    """What is shown of a scene; a layer can be in one viewer only.

    Attributes
    ----------
    shaded
        Light and colours of the regions.
    regions, brain
        Data, options and type of the layers; no brain for a scene without one.
    """

    shaded: ShadedRegions
    regions: LayerTuple
    brain: LayerTuple | None

    @classmethod
    def of(cls, scene: Scene) -> SceneLayers:
        """Light and colour the surfaces of a scene."""
        shaded = ShadedRegions.of(scene)
        brain = brain_layer(scene) if len(scene.brain.faces) else None
        return cls(shaded, regions_layer(scene, shaded.colours()), brain)


_ready: Final[WeakKeyDictionary[Scene, SceneLayers]] = WeakKeyDictionary()


def layers_of(scene: Scene) -> SceneLayers:
    """What is shown of a scene, computed once."""
    if scene not in _ready:
        _ready[scene] = SceneLayers.of(scene)
    return _ready[scene]


def warm_up(scene: Scene) -> None:
    """Do in a thread what takes long when such surfaces first become layers."""
    layers_of(scene)
    importlib.import_module("pandas")  # which napari imports with its first layer of this kind
