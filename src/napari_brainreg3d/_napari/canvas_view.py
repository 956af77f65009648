"""The camera and the number of dimensions of one canvas, and who has changed them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Final

import numpy as np
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari import viewer_camera
from napari_brainreg3d._napari.viewer_camera import AS_SEEN, ViewerCamera
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray

#: The camera counts as moved when it turns by more than this (cosine) or by this share of what
#: the canvas shows.
_TURNED: Final = 1.0 - 1e-5
_SHIFTED: Final = 2e-3
_ZOOMED: Final = 1e-3


class CanvasView:
    """Looks at the scene from where it is told to, and notices when the user looks elsewhere.

    Parameters
    ----------
    viewer
        Whose canvas.

    Signals
    -------
    wandered()
        The user has moved the camera away from where :meth:`look_through` had put it.
    toggled(int)
        The user has switched the canvas to 2 or 3 dimensions.
    unaimed()
        Whatever the camera was pointed at then, napari has pointed it elsewhere since.
    """

    wandered: ClassVar[Signal] = Signal()
    toggled: ClassVar[Signal] = Signal(int)
    unaimed: ClassVar[Signal] = Signal()

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._is_busy = False
        self._view: View | None = None
        self._zoom = 1.0
        self._kept: dict[str, ViewerCamera] = {}
        self._seen: dict[int, ViewerCamera] = {}
        self._hush: Any = None
        self._after_toggle = QTimer()
        self._after_toggle.setSingleShot(True)
        self._after_toggle.timeout.connect(self.unaimed.emit)
        self._found = viewer_camera.read(viewer)
        camera = viewer.scene.camera
        for event in (camera.events.angles, camera.events.center, camera.events.zoom):
            event.connect(self._on_camera)
        viewer.dims.events.ndisplay.connect(self._on_ndisplay)
        viewer.canvas.events.size.connect(self._on_size)

    @property
    def canvas_px(self) -> tuple[int, int]:
        """Height and width of the canvas."""
        height, width = self._viewer.canvas.size
        return max(1, int(height)), max(1, int(width))

    @property
    def is_moving(self) -> bool:
        """Whether what changes just now is our doing."""
        return self._is_busy

    def close(self) -> None:
        """Stop following; what orientation and perspective were at first comes back."""
        camera = self._viewer.scene.camera
        for event in (camera.events.angles, camera.events.center, camera.events.zoom):
            event.disconnect(self._on_camera)
        self._viewer.dims.events.ndisplay.disconnect(self._on_ndisplay)
        self._viewer.canvas.events.size.disconnect(self._on_size)
        self._after_toggle.stop()
        self._after_toggle.timeout.disconnect()
        self.look_freely()
        self._be_quiet(False)
        camera.orientation = self._found.orientation
        camera.perspective = self._found.perspective_deg

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Whatever changes in here is our doing."""
        was_busy, self._is_busy = self._is_busy, True
        try:
            yield
        finally:
            self._is_busy = was_busy

    def set_ndisplay(self, ndisplay: int) -> None:
        """Show 2 or 3 dimensions; in 3 the brain is not mirrored."""
        with self.moving():
            self._viewer.dims.ndisplay = ndisplay
            self._be_quiet(ndisplay == 3)
            camera = self._viewer.scene.camera
            camera.orientation = AS_SEEN if ndisplay == 3 else self._found.orientation
            camera.perspective = 0.0

    def look_through(self, view: View) -> None:
        """Put the canvas's camera where a registration's camera is, and keep it there."""
        if self._view is None:
            self._zoom = 1.0
        self._view = view
        through = viewer_camera.look_through(view, self.canvas_px, self._zoom)
        with self.moving():
            viewer_camera.apply(self._viewer, through)

    def look_freely(self) -> None:
        """Let the user move the camera, from where it is."""
        self._view = None

    def overlook(self, box_um: FloatArray) -> None:
        """Look at the whole of a box, shape (2, 3), from above."""
        self.look_freely()
        with self.moving():
            camera = viewer_camera.overview(box_um[0], box_um[1], self.canvas_px)
            viewer_camera.apply(self._viewer, camera)

    def fit(self, box: tuple[FloatArray, FloatArray] | None) -> None:
        """In 2D: show a rectangle of the world, given by two corners of shape (2,)."""
        if box is None:
            return
        low, high = box
        size = np.maximum(high - low, 1e-9)
        with self.moving():
            camera = self._viewer.scene.camera
            camera.center = (0.0, *((low + high) / 2))
            camera.zoom = float(0.95 * np.min(self.canvas_px / size))

    def keep(self, name: str, ndisplay: int) -> None:
        """Remember the camera as it last was in 2 or 3 dimensions."""
        # Not as it is: napari has changed it already when its own button was pressed.
        self._kept[name] = self._seen.get(ndisplay) or viewer_camera.read(self._viewer)

    def recall(self, name: str) -> bool:
        """Take up a remembered camera; whether there was one."""
        kept = self._kept.get(name)
        if kept is None:
            return False
        self.look_freely()
        with self.moving():
            viewer_camera.apply(self._viewer, kept)
        return True

    def forget(self) -> None:
        """Remember no camera any more: they looked at another scene."""
        self._kept.clear()

    def _on_size(self, event: Any) -> None:
        if self._view is not None:
            self.look_through(self._view)

    def _on_ndisplay(self, event: Any) -> None:
        if not self._is_busy:
            # The last thing that napari does in this event is to fit all layers to the canvas.
            self._after_toggle.start(0)
            self.toggled.emit(int(self._viewer.dims.ndisplay))

    def _be_quiet(self, is_quiet: bool) -> None:
        """Silence napari's warning of tilted layers in 2D while there are ours.

        When the user presses napari's own button, napari slices them for 2D before anybody can take
        them away. A moment later they are gone.
        """
        if is_quiet and self._hush is None:
            warnings.filterwarnings("ignore", "Non-orthogonal slicing", UserWarning)
            self._hush = warnings.filters[0]
        elif not is_quiet and self._hush is not None:
            with suppress(ValueError):  # somebody has reset the filters
                warnings.filters.remove(self._hush)  # type: ignore[attr-defined]
            self._hush = None

    def _on_camera(self, event: Any) -> None:
        if self._after_toggle.isActive():
            return
        self._seen[self._viewer.dims.ndisplay] = viewer_camera.read(self._viewer)
        if self._is_busy or self._view is None or self._viewer.dims.ndisplay != 3:
            return
        wanted = viewer_camera.look_through(self._view, self.canvas_px, self._zoom)
        now = viewer_camera.read(self._viewer)
        turned = min(
            np.dot(now.view_direction, wanted.view_direction),
            np.dot(now.up_direction, wanted.up_direction),
        )
        shift = np.linalg.norm(np.subtract(now.centre_um, wanted.centre_um))
        shown_um = min(self.canvas_px) / now.zoom
        if turned < _TURNED or shift > _SHIFTED * shown_um:
            self.look_freely()
            self.wandered.emit()
        elif abs(now.zoom / wanted.zoom - 1.0) > _ZOOMED:
            # Nearer or farther is still through the same camera, if the perspective follows.
            self._zoom *= now.zoom / wanted.zoom
            self.look_through(self._view)
