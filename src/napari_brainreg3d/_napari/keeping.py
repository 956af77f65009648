"""An alignment that was not saved when a session file took its place, so that it can return."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import Signal

from napari_brainreg3d._napari.approval import is_same_place
from napari_brainreg3d._napari.persistence import SavedSession
from napari_brainreg3d._napari.work import tell

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench
    from napari_brainreg3d.atlas.scene import Scene


class Keeping:
    """Knows what of a session is on disk, and keeps what is not when another one takes over.

    Signals
    -------
    changed()
        There is something kept, or no longer.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._on_disk: SavedSession | None = None
        self._kept: SavedSession | None = None
        self._scene: Scene | None = None
        self._layer: weakref.ref[Any] | None = None

    @property
    def kept(self) -> SavedSession | None:
        """What can come back, None for nothing."""
        return self._kept

    def note_saved(self, saved: SavedSession | None) -> None:
        """Note what the user's own file holds; what was kept for a crash is no such file."""
        self._on_disk = saved

    def keep_present(self, coming: SavedSession) -> None:
        """Keep the alignment that another one is about to replace, if it would be lost."""
        bench, present = self._bench, self._bench.snapshot()
        is_worth = present is not None and not bench.session.aligner.is_untouched
        is_safe = is_worth and (_is_same(present, self._on_disk) or _is_same(present, coming))
        if present is None or not is_worth or is_safe:
            return
        self._kept, self._scene = present, bench.session.scene
        layer = bench.stage.image_layer
        self._layer = None if layer is None else weakref.ref(layer)
        bench.autosave.set_aside()
        name = present.registration.image_name or "the image"
        # napari shows the first words only until one unfolds it.
        tell(f"Ctrl+Z brings back the alignment of {name}, which was not saved.")
        self.changed.emit()

    def layer_for(self, saved: SavedSession) -> Any:
        """The layer that a kept alignment belongs to, if it is still open; it may have no file."""
        layer = self._layer() if self._layer is not None and saved is self._kept else None
        return layer if layer in self._bench.stage.viewer.layers else None

    def go_back(self) -> None:
        """Bring back what was kept; what is there now is kept in its turn, unless it is saved."""
        if self._kept is not None:
            self._bench.opening.open(self._kept, self._scene)

    def undo(self) -> None:
        """Take the last change back: of the alignment, or that another one took its place."""
        if self._bench.session.aligner.can_undo:
            self._bench.session.aligner.undo()
        else:
            self.go_back()

    def forget(self, saved: SavedSession | None = None) -> None:
        """Keep it no longer: all, or only if it is ``saved`` that has come back."""
        if self._kept is not None and saved in (None, self._kept):
            self._kept = self._scene = self._layer = None
            self.changed.emit()


def _is_same(one: SavedSession | None, other: SavedSession | None) -> bool:
    """Whether nothing that the user has done is in one and not in the other."""
    if one is None or other is None:
        return False
    this, that = one.registration, other.registration
    return (
        is_same_place(this, that)
        and (this.atlas, this.regions, this.hemisphere, this.landmarks, this.image_shape)
        == (that.atlas, that.regions, that.hemisphere, that.landmarks, that.image_shape)
        and one.parts == other.parts
    )
