"""The layers of ours in one viewer: added without taking over the selection, parked, removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from napari.layers import Layer

from napari_brainreg3d._napari.layers.ownership import LayerTuple, role_of


class Shelf:
    """Layers by name of their place; a layer that the user has removed is simply not there.

    Parameters
    ----------
    viewer
        Where they are shown.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._layers: dict[str, Any] = {}
        self._parked: list[str] = []
        self._parked_visible: dict[str, bool] = {}
        self._unwanted: set[str] = set()
        self._hidden: set[str] = set()
        self._is_busy = False

    @property
    def is_busy(self) -> bool:
        """Whether layers are being added or removed by us just now."""
        return self._is_busy

    def get(self, place: str) -> Any:
        """The layer of a place if it is in the viewer, else None."""
        layer = self._layers.get(place)
        return layer if layer is not None and layer in self._viewer.layers else None

    def parked(self, place: str) -> Any:
        """The layer of a place if it is parked, else None."""
        return self._layers[place] if place in self._parked else None

    def put(self, place: str, made: LayerTuple, *, below: str | None = None) -> Any:
        """Add a layer; one that was in the place before goes.

        Parameters
        ----------
        place
            Its name among ours.
        made
            Data, options, type.
        below
            Place of the layer under which it is drawn; None, or not there: on top of all.
        """
        with self.quietly():
            self.drop(place)
            layer = Layer.create(*made)
            ceiling = self.get(below) if below else None
            if ceiling is None:
                self._viewer.layers.append(layer)
            else:
                self._viewer.layers.insert(self._viewer.layers.index(ceiling), layer)
        self._layers[place] = layer
        return layer

    def drop(self, *places: str) -> None:
        """Remove layers for good."""
        self._take_out(places)
        for place in places:
            self._layers.pop(place, None)
            self._hidden.discard(place)
            if place in self._parked:
                self._parked.remove(place)

    def park(self, places: Iterable[str]) -> None:
        """Take layers out of the viewer, to be brought back by :meth:`unpark`."""
        going = [place for place in places if self.get(place) is not None]
        for place in going:
            # Hidden first: with each one that goes napari may slice those that are still there.
            self._parked_visible[place] = self._layers[place].visible
            self._layers[place].visible = False
        self._take_out(going)
        self._parked += going

    def unpark(self) -> None:
        """Bring parked layers back, in their order."""
        coming, self._parked = self._parked, []
        with self.quietly():
            self._viewer.layers.extend([self._layers[place] for place in coming])
            for place in coming:
                self._layers[place].visible = self._parked_visible.pop(place)

    def note_removed(self) -> list[str]:
        """Let go of layers that the user has removed, and are not wanted for now; their places."""
        missing = [
            place
            for place, layer in self._layers.items()
            if place not in self._parked and layer not in self._viewer.layers
        ]
        for place in missing:
            del self._layers[place]
        self._unwanted.update(missing)
        return missing

    def is_unwanted(self, place: str) -> bool:
        """Whether the user has removed the layer of a place by hand."""
        return place in self._unwanted

    def want_all(self) -> None:
        """Forget what was removed by hand: the user has asked for something new."""
        self._unwanted.clear()

    def want(self, place: str) -> None:
        """Forget that the layer of a place was removed by hand."""
        self._unwanted.discard(place)

    def set_shown(self, place: str, is_shown: bool) -> None:
        """Hide the layer of a place for a while, and show it again if it was visible then."""
        layer = self.get(place)
        if layer is None:
            return
        if not is_shown and layer.visible:
            self._hidden.add(place)
            layer.visible = False
        elif is_shown and place in self._hidden:
            self._hidden.discard(place)
            layer.visible = True

    def of_role(self, role: str) -> list[Any]:
        """All layers in the viewer with a role, also from an earlier session."""
        return [layer for layer in self._viewer.layers if role_of(layer) == role]

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Keep the selection of layers as it is, and tell that the changes are ours."""
        selection = self._viewer.layers.selection
        active, chosen = selection.active, set(selection)
        was_busy, self._is_busy = self._is_busy, True
        try:
            yield
        finally:
            self._is_busy = was_busy
            left = {layer for layer in chosen if layer in self._viewer.layers}
            if len(left) == 1:
                # At once: with every change of it napari shows the controls of another layer.
                (only,) = left
                if set(selection) != left or selection.active is not only:
                    selection.select_only(only)
            elif set(selection) != left:
                selection.clear()
                selection.update(left)
            if active in left and selection.active is not active:
                selection.active = active

    def _take_out(self, places: Iterable[str]) -> None:
        going = [layer for place in places if (layer := self.get(place)) is not None]
        if going:
            with self.quietly(), self._viewer.layers.batched_update():
                for layer in going:
                    self._viewer.layers.remove(layer)
