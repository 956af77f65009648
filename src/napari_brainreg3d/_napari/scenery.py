"""The layers that stand in 3D: regions, brain, image plane, marks, field of view."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.brain_surfaces import BrainSurfaces
from napari_brainreg3d._napari.layers.frame_lines import (
    bounds_layer,
    frustum_layer,
    frustum_lines,
)
from napari_brainreg3d._napari.layers.marks import (
    brain_marks,
    image_marks,
    marks_layer,
)
from napari_brainreg3d._napari.layers.outlines import outlines_layer
from napari_brainreg3d._napari.layers.ownership import LayerTuple
from napari_brainreg3d._napari.layers.plane import (
    Reduction,
    plane_affine,
    plane_layer,
    plane_pixels,
    reduced_affine,
    reduction_for,
    with_time_axis,
)
from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray

#: Places on the shelf, in the order in which they are drawn.
PLACES: Final = (
    "bounds", "regions", "core", "drape", "brain", "volume",
    "plane", "template", "confidence", "outlines", "curves", "residuals", "frustum", "landmarks",
    "marks", "image marks",
)  # fmt: skip
#: Where places that are not listed are drawn: under this one.
_OTHERS_UNDER: Final = "marks"
#: How far the world reaches beyond the brain, um; the image may go as far without extra work.
_MARGIN_UM: Final = 1500.0
#: Size of the discs behind letters: in the brain view, and as a share of the image's height.
_DISC_UM: Final = 800.0
_DISC_SHARE: Final = 0.07


class Scenery:
    """Makes and moves the 3D layers of one viewer.

    Parameters
    ----------
    shelf
        Where they lie.

    Attributes
    ----------
    surfaces
        Regions and brain.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        #: All places in 3D that are in use, in the order in which they are drawn.
        self.places = list(PLACES)
        self.surfaces = BrainSurfaces(shelf, self.put)
        self._scene: Scene | None = None
        self._reduction = Reduction()
        self._box = np.zeros((2, 3))
        self._units: tuple[str, ...] = ("um",) * 3
        self._marked: dict[str, float] = {}
        self._world = np.zeros((2, 3))

    # --------------------------------------------------------------------------------- the brain

    @property
    def box_um(self) -> FloatArray:
        """Corners of the brain, shape (2, 3), ``atlas_um``."""
        return self._box

    def showing(self, scene: Scene) -> Iterator[None]:
        """Show regions and brain, one layer after the other."""
        before, self._scene = self._scene, scene
        mesh = scene.brain if len(scene.brain.faces) else scene.mesh
        self._box = mesh.bounds_um
        if before is None or before.brain is not scene.brain or not self._shelf.get("bounds"):
            self._bound(self._box + np.array([[-_MARGIN_UM], [_MARGIN_UM]]))
            yield
        yield from self.surfaces.showing(scene)

    # ----------------------------------------------------------------------------------- the image

    def show_picture(self, picture: Picture, opacity: float) -> None:
        """Show the picture as a plane; its place follows with :meth:`place_plane`."""
        self._reduction = reduction_for(picture.shape)
        pixels = plane_pixels(picture.shown(), is_rgb=picture.is_rgb, reduction=self._reduction)
        made = plane_layer(
            pixels,
            name=str(picture.layer.name),
            is_rgb=picture.is_rgb,
            contrast_limits=picture.contrast_limits(),
            colormap=picture.layer.colormap,
            opacity=opacity,
        )
        self.put("plane", made)

    def place_plane(self, view: View) -> None:
        """Move the image plane."""
        layer = self._shelf.get("plane")
        if layer is None:
            return
        self._make_room(view)
        affine = plane_affine(view.pose, view.grid, mirrored=view.camera.mirrored)
        affine = with_time_axis(reduced_affine(affine, self._reduction), layer.ndim)
        if not np.array_equal(np.asarray(layer.affine), affine):
            layer.affine = affine

    def _make_room(self, view: View) -> None:
        """Let the world reach as far as the image does."""
        layer = self._shelf.get("bounds")
        if layer is None:
            return
        height, width = view.grid.shape
        corners = view.pixels_to_atlas(np.array([(0, 0), (0, width), (height, 0), (height, width)]))
        reach = np.stack([corners.min(axis=0), corners.max(axis=0)])
        low, high = self._world
        if (reach[0] < low).any() or (reach[1] > high).any():
            # Farther than needed, so that a drag does not come here again and again.
            low = np.minimum(low, reach[0] - _MARGIN_UM)
            high = np.maximum(high, reach[1] + _MARGIN_UM)
            self._bound(np.stack([low, high]))

    def _bound(self, corners: FloatArray) -> None:
        self._world = corners
        layer, made = self._shelf.get("bounds"), bounds_layer(corners)
        if layer is None:
            self.put("bounds", made)
            return
        layer.data = made[0]
        # Of a hidden layer napari notices other data only with a change of its place.
        layer.scale = layer.scale

    # --------------------------------------------------------------------------------- marks, lines

    def show_brain_marks(self, bregma: BregmaPreset | None) -> None:
        """Letters around the brain, and bregma; not those on the image."""
        points, words = brain_marks(self._box[0], self._box[1], bregma)
        self._mark("marks", points, words, _DISC_UM)
        self._set_visible("image marks", False)

    def show_image_marks(self, view: View) -> None:
        """Letters at the edges of the image; not those around the brain."""
        pixels, words = image_marks(view.pose, view.grid, mirrored=view.camera.mirrored)
        size_um = _DISC_SHARE * view.grid.extent_um[0]
        self._mark("image marks", view.pixels_to_atlas(pixels), words, size_um)
        self._set_visible("marks", False)

    def _mark(self, place: str, points: FloatArray, words: list[str], size_um: float) -> None:
        layer = self._shelf.get(place)
        if layer is None or len(layer.data) != len(points) or self._marked.get(place) != size_um:
            self._marked[place] = size_um
            name = f"sides of the {'brain' if place == 'marks' else 'image (in the atlas)'}"
            made = marks_layer(points, words, name=name, size=size_um, space="atlas")
            self.put(place, made)
            return
        if not np.allclose(layer.data, points, rtol=0, atol=1.0):
            layer.data = points
        if list(layer.features["word"]) != words:
            layer.features = {"word": np.array(words, object)}
        self._set_visible(place, True)

    def _set_visible(self, place: str, is_visible: bool) -> None:
        layer = self._shelf.get(place)
        if layer is not None and layer.visible != is_visible:
            layer.visible = is_visible

    def show_frustum(self, view: View | None) -> None:
        """Lines along the edges of the field of view; None hides them."""
        if view is None:
            self._set_visible("frustum", False)
        elif self._shelf.get("frustum") is None:
            self.put("frustum", frustum_layer(view))
        else:
            self._shelf.get("frustum").data = frustum_lines(view)
            self._set_visible("frustum", True)

    def show_outlines(self, picture: npt.NDArray[np.uint8], view: View) -> None:
        """Draw outlines, shape (h, w, 4), on the plane of a view with as many pixels."""
        layer = self._shelf.get("outlines")
        if layer is None:
            layer = self.put("outlines", outlines_layer(picture[None], space="atlas"))
            if layer is None:
                return
        else:
            layer.data = picture[None]
        # A little nearer to the camera than the image, which would cover them here and there.
        affine = plane_affine(view.pose, view.grid, mirrored=view.camera.mirrored, lift_um=2.0)
        if not np.array_equal(np.asarray(layer.affine), affine):
            layer.affine = affine

    def drop_outlines(self) -> None:
        """Take the outlines away."""
        self._shelf.drop("outlines")

    def show_volumes(self, made: LayerTuple | None) -> None:
        """Show the parts of the regions that the camera has in view; None takes them away."""
        layer = self._shelf.get("volume") or self._shelf.parked("volume")
        if made is None:
            self._shelf.drop("volume")
        elif layer is None:
            self.put("volume", made)
        else:
            data, options, _ = made
            layer.vertex_colors = None
            layer.data = data
            layer.vertex_colors = options["vertex_colors"]
            layer.metadata = options["metadata"]

    # -------------------------------------------------------------------------------------- inside

    def set_units(self, units: tuple[str, ...]) -> None:
        """State the units of the three axes of the world, which must be those of other layers."""
        if units != self._units:
            self._units = units
            for place in self.places:
                layer = self._shelf.get(place) or self._shelf.parked(place)
                if layer is not None:
                    layer.units = ("pixel",) * (layer.ndim - 3) + units

    def put(self, place: str, made: LayerTuple) -> Any:
        """Add a layer in its place among the others; None when the user does not want it."""
        if self._shelf.is_unwanted(place):
            return None
        if place not in self.places:
            self.places.insert(self.places.index(_OTHERS_UNDER), place)
        data, options, layer_type = made
        extra = max(0, np.ndim(data) - 3 - bool(options.get("rgb"))) if place == "plane" else 0
        options = {**options, "units": ("pixel",) * extra + self._units}
        # Set after adding: napari warns of a tilted layer that is not in 3D yet.
        affine = options.pop("affine", None)
        above = self.places[self.places.index(place) + 1 :]
        ceiling = next((other for other in above if self._shelf.get(other) is not None), None)
        layer = self._shelf.put(place, (data, options, layer_type), below=ceiling)
        if affine is not None:
            layer.affine = affine
        return layer
