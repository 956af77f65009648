"""Which of the viewer's layers is the image: the newest one, until work on it has begun."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from psygnal import Signal

from napari_brainreg3d._napari.image_source import (
    file_pixel_size_um,
    is_candidate,
    layer_pixel_size_um,
)
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.io.contrast import contrast_limits

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench
    from napari_brainreg3d.io.frames import PixelSize

PIXEL_SIZE: Final = "pixel size"


class Images:
    """The image layers of one viewer, and the one in use.

    Signals
    -------
    changed()
        Layers came, went or were renamed, or another one is in use.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        events = bench.stage.viewer.layers.events
        events.inserted.connect(self._on_inserted)
        events.removed.connect(self._on_removed)
        events.reordered.connect(self._on_listed)
        bench.session.image_changed.connect(self._on_image)

    @property
    def candidates(self) -> list[Any]:
        """Image layers of the user's, newest first."""
        return [layer for layer in reversed(self._bench.stage.viewer.layers) if is_candidate(layer)]

    def choose(self, layer: Any) -> None:
        """Use a layer as the image; one that cannot be one is told to the user."""
        if layer is self._bench.stage.image_layer:
            return
        with telling():
            self._bench.stage.use_layer(layer)
            self._read_pixel_size()
        self.changed.emit()

    def choose_newest(self) -> None:
        """Use the newest layer when none is in use, as when the first widget opens."""
        candidates = self.candidates
        if candidates and self._bench.stage.image_layer is None:
            self.choose(candidates[0])

    def auto_contrast(self) -> None:
        """Set what is shown as black and white by ImageJ's rule; the data stay as they are."""
        stage = self._bench.stage
        layer, pixels = stage.image_layer, stage.image_pixels()
        if layer is None or pixels is None or layer.rgb:
            return
        limits = contrast_limits(pixels)
        for shown in (layer, *stage.layers("plane")):
            # Outside the range napari would cut the limits off.
            low, high = shown.contrast_limits_range
            shown.contrast_limits_range = (min(low, limits[0]), max(high, limits[1]))
            shown.contrast_limits = limits

    def close(self) -> None:
        """Stop following the viewer's layers."""
        events = self._bench.stage.viewer.layers.events
        events.inserted.disconnect(self._on_inserted)
        events.removed.disconnect(self._on_removed)
        events.reordered.disconnect(self._on_listed)

    # ------------------------------------------------------------------------------------- inside

    def _on_inserted(self, event: Any) -> None:
        layer, bench = event.value, self._bench
        if not is_candidate(layer):
            return
        if not bench.opening.take_layer(layer) and not self._is_at_work():
            self.choose(layer)
        self.changed.emit()

    def _on_removed(self, event: Any) -> None:
        stage = self._bench.stage
        if stage.image_layer is not None and stage.image_layer not in stage.viewer.layers:
            stage.use_layer(None)
        self.changed.emit()

    def _on_listed(self, event: Any) -> None:
        self.changed.emit()

    def _on_image(self) -> None:
        self.changed.emit()

    def _is_at_work(self) -> bool:
        """Whether the image in use must not be exchanged just because another one was dropped."""
        bench = self._bench
        aligner = bench.session.aligner
        is_begun = aligner.present is not None and not aligner.is_untouched
        return bench.stage.image_layer is not None and (is_begun or bench.jobs.is_running("atlas"))

    def _read_pixel_size(self) -> None:
        image, layer = self._bench.session.image, self._bench.stage.image_layer
        if image is None or image.pixel_size_um is not None:
            return
        stated = layer_pixel_size_um(layer)
        if stated is not None or image.path is None:
            self._state(image.path, stated)
            return
        path = image.path
        self._bench.jobs.start(
            PIXEL_SIZE, lambda _: file_pixel_size_um(path), partial(self._state, path)
        )

    def _state(self, path: str | None, size_um: PixelSize | None) -> None:
        image = self._bench.session.image
        if image is None or image.path != path or image.pixel_size_um or size_um is None:
            return
        with telling():
            self._bench.session.set_image(dataclasses.replace(image, pixel_size_um=size_um))
