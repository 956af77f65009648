"""What lies under the cursor, written on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.viewer_camera import mouse_ray
from napari_brainreg3d.geometry.frames import FloatArray

#: The cursor rests this long before it is told what lies under it, ms.
_DELAY_MS: Final = 25
_FONT_SIZE: Final = 9

Ray = tuple[FloatArray, FloatArray]
Reader = Callable[[Ray | None, FloatArray], str]


class Readout:
    """Follows the cursor in any view.

    Parameters
    ----------
    viewer
        Its canvas.
    read
        Tells what lies under the cursor from the ray in 3D (None in 2D) and the position in the
        world; an empty text hides the readout.
    """

    def __init__(self, viewer: Any, read: Reader) -> None:
        self._viewer, self._read = viewer, read
        self._overlay = viewer.canvas.overlays.text
        self._before: dict[str, Any] | None = None
        self._pending: tuple[Ray | None, FloatArray] | None = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        viewer.mouse_move_callbacks.append(self._on_move)
        viewer.events.mouse_over_canvas.connect(self._on_canvas)

    def close(self) -> None:
        """Stop following, and leave the canvas's text as it was found."""
        self.clear()
        self._timer.timeout.disconnect(self._show)
        if self._on_move in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._on_move)
        self._viewer.events.mouse_over_canvas.disconnect(self._on_canvas)

    def clear(self) -> None:
        """Say nothing until the cursor moves again."""
        self._timer.stop()
        self._pending = None
        self._write("")

    def flush(self) -> None:
        """Write now instead of soon."""
        self._timer.stop()
        self._show()

    def _on_move(self, viewer: Any, event: Any) -> None:
        self._pending = mouse_ray(event), np.asarray(event.position, np.float64)
        if not self._timer.isActive():
            self._timer.start(_DELAY_MS)

    def _on_canvas(self, event: Any) -> None:
        if not self._viewer.mouse_over_canvas:
            self.clear()

    def _show(self) -> None:
        if self._pending is not None:
            ray, position = self._pending
            self._pending = None
            self._write(self._read(ray, position))

    def _write(self, text: str) -> None:
        overlay = self._overlay
        if not text:
            if self._before is not None:
                for name, value in self._before.items():
                    setattr(overlay, name, value)
                self._before = None
            return
        if self._before is None:
            names = ("visible", "text", "position", "font_size")
            self._before = {name: getattr(overlay, name) for name in names}
            overlay.position, overlay.font_size = "bottom_left", _FONT_SIZE
        if overlay.text != text:
            overlay.text = text
        if not overlay.visible:
            overlay.visible = True
