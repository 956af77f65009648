"""The registered image in 3D: its plane, how transparent it is, and how it hides what."""

from __future__ import annotations

from typing import Literal

from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d._napari.scenery import Scenery
from napari_brainreg3d._napari.shelf import Shelf


class ImagePlane:
    """Shows one picture as a plane.

    Parameters
    ----------
    shelf
        Where its layer lies.
    scenery
        Makes and moves it.
    """

    def __init__(self, shelf: Shelf, scenery: Scenery) -> None:
        self._shelf, self._scenery = shelf, scenery
        self._shown: tuple[object, ...] = ()
        self.opacity = 0.75

    @property
    def is_lacking(self) -> bool:
        """Whether there is no plane, other than by the user's own will."""
        return self._shelf.get("plane") is None and not self._shelf.is_unwanted("plane")

    def show(
        self,
        picture: Picture,
        mode: Literal["brain", "look_through", "image"],
        *,
        is_placed: bool = True,
    ) -> None:
        """Have the plane of a picture there; its place follows.

        Parameters
        ----------
        picture
            The image.
        mode
            How one looks at it.
        is_placed
            Whether there is a place for it; without, the plane is hidden.
        """
        key = (picture, picture.taken)
        if key != self._shown or self._shelf.get("plane") is None:
            self._shown = key
            self._scenery.show_picture(picture, self.opacity)
        plane = self._shelf.get("plane")
        if plane is not None:
            # In space the brain hides what of the image lies in it. Looked through, it must not:
            # the image is what is compared.
            is_through = mode == "look_through"
            plane.blending = "translucent_no_depth" if is_through else "translucent"
        self._shelf.set_shown("plane", is_placed)

    def drop(self) -> None:
        """Take the plane away, and what lies on it."""
        self._shelf.drop("plane", "outlines", "frustum")
        self._shown = ()

    def set_opacity(self, opacity: float) -> None:
        """Make the plane more or less transparent, also that of the next image."""
        self.opacity = opacity
        layer = self._shelf.get("plane") or self._shelf.parked("plane")
        if layer is not None:
            layer.opacity = opacity
