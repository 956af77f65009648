"""Region outlines that follow the pose: coarse ones at once, fine ones when it rests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.later import Later
from napari_brainreg3d._napari.layers.outlines import outline_picture
from napari_brainreg3d._napari.preview import reduced, seen_regions
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.projection import caster_for
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.registration import Registration

#: How long a refresh may hold up the canvas, ms.
_TARGET_MS: Final = 20.0
#: Rays of a coarse picture: the first guess, the fewest, the most.
_FIRST_RAYS, _FEWEST_RAYS, _MOST_RAYS = 40_000, 8_000, 400_000
#: Rays of a fine picture: more could not be seen on a canvas.
_FINE_RAYS: Final = 1_000_000
#: Between a change and the refresh, ms. While changes keep coming, half of the time stays free.
_SHORTEST_MS, _LONGEST_MS = 20, 40
_WAIT_FOR_TREE_MS: Final = 30
#: The pose rests when nothing has changed for so long, ms.
_REST_MS: Final = 200


class LiveOutlines:
    """Draws what is asked for last; never holds up the canvas for long.

    Signals
    -------
    drawn(ndarray, Registration)
        A picture of shape (h, w, 4) and the registration whose image has these pixels: the same
        field of view as asked for, with fewer pixels.
    """

    drawn: ClassVar[Signal] = Signal(object, object)

    def __init__(self) -> None:
        self._timer = _single_shot(self._refresh)
        self._rest = _single_shot(self._begin_fine)
        self._wanted: tuple[Scene, Registration] | None = None
        self._drawn: tuple[Scene, Registration] | None = None
        self._settings = ProjectionSettings()
        self._highlighted: tuple[int, ...] = ()
        self._rays = _FIRST_RAYS
        self._last_ms = _TARGET_MS
        self._warming: threading.Thread | None = None
        self._warm_scene: Scene | None = None
        self._fine = Later("brainreg3d outlines")

    def request(
        self,
        scene: Scene,
        registration: Registration,
        *,
        settings: ProjectionSettings,
        highlighted: Collection[int] = (),
    ) -> None:
        """Ask for outlines; they come with :attr:`drawn`, those of the last request only.

        Parameters
        ----------
        scene, registration
            What to project.
        settings
            How.
        highlighted
            Indices of the regions of the scene whose rim stands out.
        """
        self._wanted, self._settings = (scene, registration), settings
        self._highlighted = tuple(highlighted)
        self.warm_up(scene)
        if not self._timer.isActive():
            wait = min(max(self._last_ms, _SHORTEST_MS), _LONGEST_MS)
            self._timer.start(int(wait))

    def cancel(self) -> None:
        """Forget what was asked for."""
        self._timer.stop()
        self._stop_fine()
        self._wanted = self._drawn = None

    def flush(self) -> None:
        """Draw what was asked for now instead of soon."""
        if self._warming is not None:
            self._warming.join()
        if self._wanted is not None:
            self._timer.stop()
            self._refresh()

    def close(self) -> None:
        """Stop for good, and wait for threads."""
        self.cancel()
        self._fine.close()
        for timer in (self._timer, self._rest):
            timer.timeout.disconnect()
        if self._warming is not None:
            self._warming.join()
        self._warming = self._warm_scene = None

    def warm_up(self, scene: Scene) -> None:
        """Build the search trees of a scene in a thread: a canvas cannot wait that long."""
        if self._warm_scene is scene:
            return
        self._warm_scene = scene

        def build() -> None:
            caster_for(scene.brain)
            caster_for(scene.mesh)

        self._warming = threading.Thread(target=build, name="brainreg3d search tree", daemon=True)
        self._warming.start()

    def is_warm(self, scene: Scene) -> bool:
        """Whether rays can be cast into a scene without building its search tree first."""
        is_building = self._warming is not None and self._warming.is_alive()
        return self._warm_scene is scene and not is_building

    # --------------------------------------------------------------------------------------- coarse

    def _refresh(self) -> None:
        if self._wanted is None:
            return
        scene, registration = self._wanted
        if not self.is_warm(scene):
            self._timer.start(_WAIT_FOR_TREE_MS)
            return
        self._stop_fine()
        self._drawn, self._wanted = self._wanted, None
        began = time.perf_counter()
        small = reduced(registration, self._rays)
        # ValueError: settings that this atlas or lens cannot have; who projects in earnest is told.
        with suppress(ValueError):
            regions = seen_regions(scene, small, self._settings)
            self._adapt(small, 1000 * (time.perf_counter() - began))
            self._draw(regions, small)
        self._last_ms = 1000 * (time.perf_counter() - began)
        if small.image_shape != reduced(registration, _FINE_RAYS).image_shape:
            self._rest.start(_REST_MS)

    def _adapt(self, small: Registration, took_ms: float) -> None:
        """Choose how many rays the next picture has, from how long this one took."""
        height, width = small.image_shape
        fitting = height * width * _TARGET_MS / max(took_ms, 0.1)
        # Only when it is well off: every change of the size makes a new texture.
        if not 0.6 < fitting / self._rays < 1.7:
            self._rays = int(np.clip(0.85 * fitting, _FEWEST_RAYS, _MOST_RAYS))

    def _draw(self, regions: npt.NDArray[np.int32] | None, registration: Registration) -> None:
        if regions is not None:
            mask = np.isin(regions, self._highlighted) if self._highlighted else None
            self.drawn.emit(outline_picture(regions, mask), registration)

    # ----------------------------------------------------------------------------------------- fine

    def _begin_fine(self) -> None:
        """The pose rests: draw it once more with all pixels, from a thread."""
        if self._drawn is None or self._timer.isActive():
            return
        scene, registration = self._drawn
        fine, settings = reduced(registration, _FINE_RAYS), self._settings
        self._fine.start(
            lambda is_cancelled: seen_regions(scene, fine, settings, is_cancelled),
            lambda regions: self._draw(regions, fine),
        )

    def _stop_fine(self) -> None:
        self._rest.stop()
        self._fine.cancel()


def _single_shot(act: Callable[[], None]) -> QTimer:
    timer = QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(act)
    return timer
