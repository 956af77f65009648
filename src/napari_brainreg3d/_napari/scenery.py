"""The layers that stand in 3D: regions, brain, image plane, marks, field of view."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import numpy.typing as npt

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
from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d._napari.layers.plane import (
    Reduction,
    plane_affine,
    plane_layer,
    plane_pixels,
    reduced_affine,
    reduction_for,
    with_time_axis,
)
from napari_brainreg3d._napari.layers.surfaces import (
    ShadedRegions,
    brain_layer,
    core_layer,
    regions_layer,
)
from napari_brainreg3d._napari.picture import Picture
from napari_brainreg3d._napari.shelf import Shelf
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.contrast import contrast_limits
from napari_brainreg3d.registration import Registration

#: Places on the shelf, in the order in which they are drawn.
PLACES: Final = (
    "bounds", "regions", "core", "brain", "volume",
    "template", "plane", "outlines", "frustum", "marks", "image marks",
)  # fmt: skip
#: How far the world reaches beyond the brain, um; the image may go as far without extra work.
_MARGIN_UM: Final = 1500.0
#: Size of the discs behind letters: in the brain view, and as a share of the image's height.
_DISC_UM: Final = 800.0
_DISC_SHARE: Final = 0.07
#: As in brainreg3D.
_TEMPLATE_OPACITY: Final = 0.7


class Scenery:
    """Makes and moves the 3D layers of one viewer.

    Parameters
    ----------
    shelf
        Where they lie.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._shaded: ShadedRegions | None = None
        self._scene: Scene | None = None
        self._reduction = Reduction()
        self._box = np.zeros((2, 3))
        self._units: tuple[str, ...] = ("um",) * 3
        self._marked: dict[str, float] = {}
        self._tolerance_um = np.nan
        self._world = np.zeros((2, 3))

    # --------------------------------------------------------------------------------- the brain

    @property
    def box_um(self) -> FloatArray:
        """Corners of the brain, shape (2, 3), ``atlas_um``."""
        return self._box

    def show_scene(self, scene: Scene) -> None:
        """Show regions and brain; another selection of regions changes the layers in place."""
        before, self._scene = self._scene, scene
        self._shaded = ShadedRegions.of(scene)
        mesh = scene.brain if len(scene.brain.faces) else scene.mesh
        self._box = mesh.bounds_um
        if before is None or before.brain is not scene.brain or not self._shelf.get("bounds"):
            self._bound(self._box + np.array([[-_MARGIN_UM], [_MARGIN_UM]]))
        layer = self._shelf.get("regions")
        colours = self._shaded.colours()
        if layer is None:
            self._put("regions", regions_layer(scene, colours))
        else:
            # Without colours first: there is one for each vertex, and their number changes.
            layer.vertex_colors = None
            layer.data = (scene.mesh.vertices_um, scene.mesh.faces)
            layer.vertex_colors = colours
        has_brain = len(scene.brain.faces) > 0
        if before is None or before.brain is not scene.brain or not self._shelf.get("brain"):
            if has_brain:
                self._put("brain", brain_layer(scene))
            else:
                self._shelf.drop("brain")
            self._shelf.drop("core")

    def show_core(self, tolerance_um: float | None) -> None:
        """Let the inside of the brain hide what lies deeper than that; None: nothing hides it."""
        layer = self._shelf.get("core")
        is_wanted = (
            tolerance_um is not None and self._scene is not None and len(self._scene.brain.faces)
        )
        if layer is not None and (not is_wanted or tolerance_um == self._tolerance_um):
            self._set_visible("core", bool(is_wanted))
        elif is_wanted and tolerance_um is not None and self._scene is not None:
            self._tolerance_um = tolerance_um
            data, options, kind = core_layer(self._scene, tolerance_um)
            self._put("core", (data, {**options, "visible": True}, kind))

    def highlight(self, regions: Collection[int] = (), *, is_lit: bool = True) -> None:
        """Let some regions, by their index in the scene, stand out; none: all alike."""
        layer = self._shelf.get("regions") or self._shelf.parked("regions")
        if layer is not None and self._shaded is not None:
            layer.vertex_colors = self._shaded.colours(highlighted=regions, is_lit=is_lit)

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
        self._put("plane", made)

    def show_template(self, pixels: npt.NDArray[Any], registration: Registration) -> None:
        """Show an earlier image, shape (H, W) or (H, W, 3), where it was registered."""
        is_rgb = pixels.ndim == 3
        view, reduction = registration.view, reduction_for(registration.image_shape)
        data, options, kind = plane_layer(
            plane_pixels(pixels, is_rgb=is_rgb, reduction=reduction),
            name=registration.image_name or "earlier image",
            is_rgb=is_rgb,
            contrast_limits=None if is_rgb else contrast_limits(pixels),
            opacity=_TEMPLATE_OPACITY,
        )
        options["metadata"] = owned("template")
        layer = self._put("template", (data, options, kind))
        if layer is None:
            return
        affine = plane_affine(view.pose, view.grid, mirrored=view.camera.mirrored)
        layer.affine = reduced_affine(affine, reduction)

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
        # A new layer: napari does not notice when the data of a hidden one change.
        self._world = corners
        self._put("bounds", bounds_layer(corners))

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
            self._put(place, made)
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
            self._put("frustum", frustum_layer(view))
        else:
            self._shelf.get("frustum").data = frustum_lines(view)
            self._set_visible("frustum", True)

    def show_outlines(self, picture: npt.NDArray[np.uint8], view: View) -> None:
        """Draw outlines, shape (h, w, 4), on the plane of a view with as many pixels."""
        layer = self._shelf.get("outlines")
        if layer is None:
            layer = self._put("outlines", outlines_layer(picture[None], space="atlas"))
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
            self._put("volume", made)
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
            for place in PLACES:
                layer = self._shelf.get(place) or self._shelf.parked(place)
                if layer is not None:
                    layer.units = ("pixel",) * (layer.ndim - 3) + units

    def _put(self, place: str, made: LayerTuple) -> Any:
        if self._shelf.is_unwanted(place):
            return None
        data, options, layer_type = made
        extra = max(0, np.ndim(data) - 3 - bool(options.get("rgb"))) if place == "plane" else 0
        options = {**options, "units": ("pixel",) * extra + self._units}
        above = PLACES[PLACES.index(place) + 1 :]
        ceiling = next((other for other in above if self._shelf.get(other) is not None), None)
        return self._shelf.put(place, (data, options, layer_type), below=ceiling)
