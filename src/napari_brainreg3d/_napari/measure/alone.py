"""Hiding what would cover a result in the brain view, and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_brainreg3d._napari.layers.ownership import Role
    from napari_brainreg3d._napari.stage import Stage

_COVERING: Final[tuple[Role, ...]] = ("plane", "regions", "outlines", "confidence", "template")


class Alone:
    """While something stands alone, the brain view has no image plane, regions and outlines.

    The other views are as always. What the user shows again by hand stays until the next change of
    the view.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._for: set[str] = set()
        self._are_hidden = False
        stage.mode_changed.connect(self._on_mode)

    def begin(self, name: str) -> None:
        """Hide the others because of ``name``."""
        self._for.add(name)
        self._on_mode()

    def end(self, name: str) -> None:
        """Show them again unless something else still stands alone."""
        self._for.discard(name)
        self._on_mode()

    def _on_mode(self, *_: object) -> None:
        if self._stage.is_closed:
            return
        are_hidden = bool(self._for) and self._stage.mode == "brain"
        if not are_hidden and not self._are_hidden:
            return
        self._are_hidden = are_hidden
        for role in _COVERING:
            for layer in self._stage.layers(role):
                layer.visible = not are_hidden
