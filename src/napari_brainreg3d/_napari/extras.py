"""Layers that other parts of the plugin show in the scene: made, placed, hidden, removed here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from napari_brainreg3d._napari.flat_view import MARKS
from napari_brainreg3d._napari.layers.extra import SPACES, Extra, Space
from napari_brainreg3d._napari.layers.ownership import LayerTuple
from napari_brainreg3d._napari.layers.plane import plane_affine
from napari_brainreg3d._napari.layers.updating import update_layer
from napari_brainreg3d._napari.scenery import Scenery
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray


class Extras:
    """The extras of one viewer, by name.

    Parameters
    ----------
    shelf
        Where their layers lie.
    scenery
        Adds those in 3D in their order.

    Signals
    -------
    removed(str)
        The user has removed a layer of the extra of this name by hand; it stays away until it is
        shown anew with ``want=True`` or the user asks for something new.
    """

    removed: ClassVar[Signal] = Signal(str)

    def __init__(self, shelf: Shelf, scenery: Scenery) -> None:
        self._shelf, self._scenery = shelf, scenery
        self._extras: dict[str, Extra] = {}
        self._made: dict[str, LayerTuple] = {}
        self._mode = "brain"
        self._is_3d = False
        self._view: View | None = None
        self._to_world: FloatArray = np.eye(3)
        self._units: Sequence[Any] = ("pixel", "pixel")
        self._has_image = False

    @property
    def names(self) -> tuple[str, ...]:
        """What is shown, in any mode."""
        return tuple(self._extras)

    def show(self, name: str, extra: Extra, *, want: bool = False) -> None:
        """Show something, or update what is shown under this name, in place where possible.

        Parameters
        ----------
        name
            Its name among the extras; those in :data:`~...scenery.PLACES` have a fixed place in
            the order of drawing, others are drawn over all but the letters.
        extra
            Its layers.
        want
            Whether it comes back although the user had removed its layer by hand.
        """
        self._extras[name] = extra
        if want:
            for space in SPACES:
                self._shelf.want(place_of(name, space))
        if extra.atlas is None and extra.plane is None:
            self._drop(name, "atlas")
        if extra.image is None:
            self._drop(name, "image")
        self._fill(name)

    def hide(self, name: str) -> None:
        """Take something away; nothing happens when it is not there."""
        if self._extras.pop(name, None) is not None:
            for space in SPACES:
                self._drop(name, space)

    def layer(self, name: str) -> Any:
        """The layer in the viewer that shows something just now, None when there is none."""
        return self._shelf.get(place_of(name, "atlas" if self._is_3d else "image"))

    def clear(self) -> None:
        """Take all away."""
        for name in self.names:
            self.hide(name)

    # --------------------------------------------------------------------- told by the presentation

    def arrange(
        self,
        mode: str,
        *,
        is_3d: bool,
        view: View | None,
        to_world: FloatArray,
        units: Sequence[Any],
        has_image: bool,
    ) -> None:
        """Have the layers there that belong to a mode, in their places.

        Parameters
        ----------
        mode, is_3d
            How the scene is looked at.
        view
            Where the image lies; None when there is no alignment.
        to_world, units
            How the pixels of the image lie in the world of the image view.
        has_image
            Whether the user's image is there.
        """
        self._mode, self._is_3d, self._view = mode, is_3d, view
        self._to_world, self._units, self._has_image = to_world, units, has_image
        for name in self.names:
            self._fill(name)

    def place(self, view: View) -> None:
        """Follow the pose."""
        self._view = view
        if not self._is_3d:
            return
        for name, extra in self._extras.items():
            layer = self._shelf.get(name)
            if layer is not None and extra.plane is not None:
                _set_affine(layer, _affine_on(view, extra.lift_um))

    def note_removed(self, places: Collection[str]) -> None:
        """Tell whoever shows something that the user has removed its layer."""
        for name in self.names:
            if any(place_of(name, space) in places for space in SPACES):
                self.removed.emit(name)

    # --------------------------------------------------------------------------------------- inside

    def _is_wanted(self, extra: Extra, space: Space) -> bool:
        if self._mode not in extra.modes or (space == "image") is self._is_3d:
            return False
        if space == "image":
            return self._has_image and self._mode == "image"
        return space == "atlas" or self._view is not None

    def _fill(self, name: str) -> None:
        extra = self._extras[name]
        for space in SPACES:
            made, place = extra.tuple_for(space), place_of(name, space)
            layer = self._shelf.get(place)
            if made is None:
                continue
            if not self._is_wanted(extra, space):
                self._shelf.set_shown(place, False)
                continue
            if layer is not None and self._update(place, layer, made):
                self._shelf.set_shown(place, True)
                self._put_in_place(layer, extra, space)
            elif not self._shelf.is_unwanted(place):
                self._make(place, made, extra, space)

    def _make(self, place: str, made: LayerTuple, extra: Extra, space: Space) -> None:
        if space == "image":
            data, options, kind = made
            options = {"affine": self._to_world, "units": tuple(self._units), **options}
            layer = self._shelf.put(place, (data, options, kind), below=MARKS)
        else:
            layer = self._scenery.put(place, made)
        self._made[place] = made
        self._put_in_place(layer, extra, space)
        if extra.on_made is not None:
            extra.on_made(layer)

    def _put_in_place(self, layer: Any, extra: Extra, space: Space) -> None:
        if space == "plane" and self._view is not None:
            _set_affine(layer, _affine_on(self._view, extra.lift_um))
        elif space == "image":
            _set_affine(layer, self._to_world)

    def _update(self, place: str, layer: Any, made: LayerTuple) -> bool:
        """Bring a layer up to date; False when it has to be made anew."""
        before, self._made[place] = self._made.get(place), made
        return before is not None and update_layer(layer, before, made)

    def _drop(self, name: str, space: Space) -> None:
        place = place_of(name, space)
        self._shelf.drop(place)
        self._made.pop(place, None)


def place_of(name: str, space: Space) -> str:
    """Place on the shelf of an extra's layer."""
    return f"flat {name}" if space == "image" else name


def _affine_on(view: View, lift_um: float) -> FloatArray:
    return plane_affine(view.pose, view.grid, mirrored=view.camera.mirrored, lift_um=lift_um)


def _set_affine(layer: Any, affine: FloatArray) -> None:
    if not np.array_equal(np.asarray(layer.affine), affine):
        layer.affine = affine
