"""The result layers of one viewer: made once, updated in place from then on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari_brainreg3d._napari.later import Later
from napari_brainreg3d._napari.layers.ownership import (
    RESULT_ROLES,
    LayerTuple,
    details_of,
    role_of,
)
from napari_brainreg3d._napari.layers.results import (
    labels_layer,
    map_layers,
    masks_layer,
    unresolved_layer,
)
from napari_brainreg3d._napari.layers.surfaces import volumes_layer
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.frustum import volumes_in_view

#: What is taken over when a layer is updated; the rest the user may have changed.
_UPDATED = ("colormap", "features", "contrast_limits", "metadata")


class ResultLayers:
    """Finds, makes and updates the result layers.

    Parameters
    ----------
    viewer
        Where they are shown.
    shelf
        Adds them without taking over the selection.
    show_volumes
        Shows the layer with the volumes in view, which stands in 3D; None takes it away.
    """

    def __init__(
        self, viewer: Any, shelf: Shelf, show_volumes: Callable[[LayerTuple | None], None]
    ) -> None:
        self._viewer, self._shelf, self._take_volumes = viewer, shelf, show_volumes
        self._hidden: list[Any] = []
        self._are_shown = True
        self._cutting = Later("brainreg3d volumes")

    def close(self) -> None:
        """Wait for nothing any more, and show what is hidden; the layers stay."""
        self._cutting.close()
        self.set_shown(True)

    def flat(self) -> list[Any]:
        """The layers in the pixels of the image: all results but volumes."""
        return [
            layer
            for layer in self._viewer.layers
            if role_of(layer) in RESULT_ROLES and role_of(layer) != "volume"
        ]

    def show(
        self,
        projection: Projection,
        to_world: FloatArray,
        *,
        masks: bool,
        maps: Sequence[str],
        volumes: bool,
        unresolved: bool,
        units: Sequence[Any],
        frames: int,
    ) -> None:
        """Make or update the layers; those that were not asked for this time go.

        Parameters
        ----------
        projection
            What to show.
        to_world : ndarray, shape (3, 3)
            Homogeneous, ``image_px`` -> world.
        masks, maps, volumes, unresolved
            What to show besides the labels.
        units
            Of rows and columns in the world.
        frames
            Frames of the movie under the results; 1 for a picture.
        """
        wanted: dict[tuple[str, str], LayerTuple] = {}
        for quantity, made in map_layers(projection, maps, to_world).items():
            wanted["map", quantity] = made
        if unresolved and (stack := unresolved_layer(projection, to_world, frames)):
            wanted["unresolved", ""] = stack
        if masks:
            wanted["mask", ""] = masks_layer(projection, to_world, frames)
        wanted["labels", ""] = labels_layer(projection, to_world)
        here = {self._kind(layer): layer for layer in self.flat()}
        with self._shelf.quietly():
            for kind in here.keys() - wanted.keys():
                self._viewer.layers.remove(here.pop(kind))
            for kind, made in wanted.items():
                self._put(kind, made, here.get(kind), units)
        self._show_volumes(projection if volumes else None)

    def set_shown(self, are_shown: bool) -> None:
        """Show the flat layers, or hide those that are visible until they are shown again."""
        self._are_shown = are_shown
        if are_shown:
            for layer in self._hidden:
                layer.visible = True
            self._hidden.clear()
            for layer in self.flat():
                if role_of(layer) in ("mask", "unresolved"):
                    self._turn_to(layer, 0)
            return
        for layer in self.flat():
            if layer.visible:
                layer.visible = False
                self._hidden.append(layer)

    def select(self, label: int | None) -> None:
        """Let the user's tools work on one label, and turn mask stacks to it."""
        for layer in self.flat():
            if label is None:
                continue
            if role_of(layer) == "labels":
                layer.selected_label = label
            elif role_of(layer) in ("mask", "unresolved"):
                self._turn_to(layer, label - 1)

    def _turn_to(self, layer: Any, row: int) -> None:
        """Turn the slider of a stack to one of its masks."""
        axis = self._viewer.dims.ndim - layer.ndim
        is_in_3d = self._viewer.dims.ndisplay == 3
        if axis >= 0 and row < layer.data.shape[0] and not is_in_3d:
            self._viewer.dims.set_point(axis, float(row))

    def _put(
        self, kind: tuple[str, str], made: LayerTuple, layer: Any, units: Sequence[Any]
    ) -> None:
        data, options, layer_type = made
        if layer is not None and layer.data.shape == data.shape:
            layer.data = data
            for name in _UPDATED:
                if name in options:
                    setattr(layer, name, options[name])
            layer.affine = options["affine"]
            return
        if layer is not None:
            self._viewer.layers.remove(layer)
        is_top = kind[0] == "labels"
        extra = ("pixel",) * (len(data.shape) - 2)
        options = {**options, "units": (*extra, *units), "visible": self._are_shown and is_top}
        place = f"result {kind[0]} {kind[1]}"
        layer = self._shelf.put(place, (data, options, layer_type))
        if not self._are_shown and is_top:
            self._hidden.append(layer)

    def _show_volumes(self, projection: Projection | None) -> None:
        """Cut the volumes in a thread: that takes longer than a canvas can wait."""
        self._cutting.cancel()
        if projection is None:
            self._take_volumes(None)
            return
        scene, registration = projection.scene, projection.registration
        self._cutting.start(
            lambda _: volumes_layer(scene, volumes_in_view(scene, registration)),
            self._take_volumes,
        )

    @staticmethod
    def _kind(layer: Any) -> tuple[str, str]:
        details = details_of(layer)
        return str(details.get("role")), str(details.get("kind", ""))
