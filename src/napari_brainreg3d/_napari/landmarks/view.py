"""Landmarks on the canvas: their layers follow the state, and edits with napari's tools go back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_brainreg3d._napari.landmarks.picking import surface_at
from napari_brainreg3d._napari.landmarks.state import Landmarks
from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.landmarks import (
    ARROWS,
    CLICKS,
    PLACES,
    LandmarkDrawing,
    arrow_layers,
    click_layers,
    numbers_in,
    place_layers,
)
from napari_brainreg3d._napari.layers.ownership import details_of
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.geometry.frames import FloatArray

if TYPE_CHECKING:
    from napari_brainreg3d._napari.stage import Stage

#: What napari calls edits that are over.
_DONE: Final = ("added", "removed", "changed")


class LandmarkView:
    """Shows the landmarks of a session.

    Parameters
    ----------
    stage
        Shows them.
    landmarks
        What is shown.
    """

    def __init__(self, stage: Stage, landmarks: Landmarks) -> None:
        self._stage, self._session, self._landmarks = stage, stage.session, landmarks
        self._is_drawing = False
        self._drawn: dict[str, Extra | None] = {}
        landmarks.changed.connect(self.draw)

    def close(self) -> None:
        """Follow no longer."""
        self._landmarks.changed.disconnect(self.draw)

    def draw(self) -> None:
        """Show the landmarks as they are now."""
        registration, marks = self._session.registration, self._landmarks.marks
        self._is_drawing = True
        try:
            if registration is None or not marks:
                for name in (ARROWS, PLACES, CLICKS):
                    self._show(name, None)
                return
            fit = self._landmarks.fit
            outliers = [int(name) for name in fit.outliers] if fit else []
            drawing = LandmarkDrawing.of(registration, marks, outliers)
            arrows, places, clicks = (
                arrow_layers(drawing),
                place_layers(drawing),
                click_layers(drawing),
            )
            self._show(ARROWS, arrows and Extra(plane=arrows[0], image=arrows[1], lift_um=6.0))
            self._show(
                PLACES, places and Extra(atlas=places[0], image=places[1], on_made=self._follow)
            )
            self._show(
                CLICKS,
                clicks
                and Extra(plane=clicks[0], image=clicks[1], lift_um=8.0, on_made=self._follow),
            )
        finally:
            self._is_drawing = False

    def _show(self, name: str, extra: Extra | None) -> None:
        self._drawn[name] = extra
        self._stage.show_extra(name, extra)
        layer = self._stage.extra_layer(name)
        wanted = _data_for(layer, extra)
        if wanted is None or np.shape(layer.data) != np.shape(wanted):
            return
        # What somebody has moved with napari's tools, and may not be moved, goes back.
        if not np.array_equal(layer.data, wanted):
            layer.data = wanted

    # --------------------------------------------------------------- edits with napari's own tools

    def _follow(self, layer: Any) -> None:
        if details_of(layer).get("part") in ("clicks", "places"):
            layer.events.data.connect(self._on_data)

    def _on_data(self, event: Any) -> None:
        action = str(getattr(event.action, "value", event.action))
        if self._is_drawing or action not in _DONE:
            return
        layer = event.source
        is_click = details_of(layer).get("part") == "clicks"
        wanted = _data_for(layer, self._drawn.get(CLICKS if is_click else PLACES))
        if wanted is not None and np.array_equal(layer.data, wanted):
            return  # it was brought up to date
        numbers, points = numbers_in(layer), np.asarray(layer.data, np.float64)
        with telling():
            if action == "removed":
                self._forget(numbers, is_click=is_click)
            for number, point in zip(numbers, points, strict=True):
                self._take(number, point, is_click=is_click)
        self.draw()

    def _forget(self, left: list[int], *, is_click: bool) -> None:
        """Forget one side of landmarks whose point is gone; without any side they go."""
        for number in reversed(range(len(self._landmarks.marks))):
            mark = self._landmarks.marks[number]
            side, other = (
                (mark.image_px, mark.atlas_um) if is_click else (mark.atlas_um, mark.image_px)
            )
            if side is None or number in left:
                continue
            if other is None:
                self._landmarks.remove(number)
            elif is_click:
                self._landmarks.set_image(number, None)
            else:
                self._landmarks.set_atlas(number, None)

    def _take(self, number: int, point: FloatArray, *, is_click: bool) -> None:
        marks = self._landmarks.marks
        if is_click:
            pixel = (float(point[-2]), float(point[-1]))
            if number < 0:
                self._landmarks.set_image(self._landmarks.add(), pixel)
            elif number < len(marks) and not _is_same(marks[number].image_px, pixel):
                self._landmarks.set_image(number, pixel)
            return
        place = self._place_of(number, point)
        if place is None:
            return
        if number < 0:
            self._landmarks.set_atlas(self._landmarks.add(), place)
        elif number < len(marks) and not _is_same(marks[number].atlas_um, place):
            self._landmarks.set_atlas(number, place)

    def _place_of(self, number: int, point: FloatArray) -> tuple[float, float, float] | None:
        """Where a point of the atlas's side lies; in the image view on the surface under it."""
        if len(point) == 3:
            return float(point[0]), float(point[1]), float(point[2])
        scene, registration = self._session.scene, self._session.registration
        if scene is None or registration is None:
            return None
        if 0 <= number < len(self._landmarks.marks):
            before = self._landmarks.marks[number].atlas_um
            if before and np.allclose(registration.view.atlas_to_pixels(before), point, atol=1e-3):
                return before  # not this one was moved
        return surface_at(scene, registration, None, point, is_perspective=False)


def _data_for(layer: Any, extra: Extra | None) -> FloatArray | None:
    """What a layer of an extra should hold."""
    if layer is None or extra is None:
        return None
    made = extra.image if layer.ndim == 2 else (extra.atlas or extra.plane)
    return None if made is None else np.asarray(made[0])


def _is_same(before: tuple[float, ...] | None, now: tuple[float, ...]) -> bool:
    return before is not None and bool(np.allclose(before, now, rtol=0, atol=1e-6))
