"""What another part of the plugin shows in the scene, as values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from napari_brainreg3d._napari.layers.ownership import LayerTuple

Space = Literal["atlas", "plane", "image"]
SPACES: Final[tuple[Space, ...]] = ("atlas", "plane", "image")
MODES: Final = ("brain", "look_through", "image")


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """What is shown of one thing, in each way of looking at the scene.

    Attributes
    ----------
    atlas
        Layer in 3D, its data in ``atlas_um``.
    plane
        Layer in 3D that lies on the image and goes with it; its data are in ``(0, row, column)``
        of the whole image, pixel centres being whole numbers.
    image
        Layer in the 2D image view, its data in ``image_px``.
    modes
        In which modes it is shown.
    lift_um
        How far towards the camera the plane layer stands off the image, um.
    on_made
        Called with each layer that is made anew (not when one is updated), say to connect to it.
    """

    atlas: LayerTuple | None = None
    plane: LayerTuple | None = None
    image: LayerTuple | None = None
    modes: Collection[str] = MODES
    lift_um: float = 4.0
    on_made: Callable[[Any], None] | None = None

    def __post_init__(self) -> None:
        if self.atlas is not None and self.plane is not None:
            raise ValueError("in 3D an extra stands in the atlas or lies on the image, not both")

    def tuple_for(self, space: Space) -> LayerTuple | None:
        """The layer for a space."""
        made: LayerTuple | None = getattr(self, space)
        return made
