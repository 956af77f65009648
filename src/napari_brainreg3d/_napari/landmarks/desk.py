"""Everything about landmarks that goes on in one viewer; no widget is needed for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_brainreg3d._napari.landmarks.flat_words import flat_map_words
from napari_brainreg3d._napari.landmarks.live_fit import FitOptions, is_complete
from napari_brainreg3d._napari.landmarks.mouse import LandmarkMouse
from napari_brainreg3d._napari.landmarks.placed import Side, Waiting
from napari_brainreg3d._napari.landmarks.state import Landmarks
from napari_brainreg3d._napari.landmarks.view import LandmarkView
from napari_brainreg3d._napari.wfield import open_wfield
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.errors import AtlasError
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.presets import (
    WFIELD_POINTS_MM,
    LandmarkPreset,
    landmark_presets,
)

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

PRESETS: Final = "landmark presets"
FLAT_MAP: Final = "flat map"
#: The landmarks rest so long before it is found out what a flat map would have done, ms.
_REST_MS: Final = 700
_PART: Final = "landmarks"


class LandmarkDesk:
    """The landmarks of one viewer: state, layers, mouse, presets, and the flat map's error.

    Signals
    -------
    presets_changed()
        There are other points to choose from.
    flat_map_changed()
        What a flat map would have got wrong is known, or no longer.

    Attributes
    ----------
    state
        The landmarks.
    """

    presets_changed: ClassVar[Signal] = Signal()
    flat_map_changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench, self._stage = bench, bench.stage
        self.state = Landmarks(bench.session)
        self._view = LandmarkView(bench.stage, self.state)
        self.mouse = LandmarkMouse(bench.stage, self.state)
        self._presets: tuple[LandmarkPreset, ...] | None = None
        self._flat_words = ""
        self._flat_of: tuple[Any, ...] = ()
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.look_at_flat_map)
        bench.session.scene_changed.connect(self._on_scene)
        self.state.changed.connect(self._on_changed)
        self.state.waiting_changed.connect(self._on_waiting)
        bench.stage.bind_key("Escape", self.state.stop_waiting)
        bench.saved_parts.register(_PART, self._save, self._restore)

    def close(self) -> None:
        """Stop; the stage takes the layers away."""
        self._rest.stop()
        self._rest.timeout.disconnect(self.look_at_flat_map)
        self._bench.session.scene_changed.disconnect(self._on_scene)
        self.state.changed.disconnect(self._on_changed)
        self.state.waiting_changed.disconnect(self._on_waiting)
        self.mouse.close()
        self._view.close()
        self.state.close()

    # ------------------------------------------------------------------------------------- presets

    @property
    def preset_choices(self) -> list[tuple[str, tuple[str, ...]]]:
        """What can be added: words for a menu, and the names of the points."""
        names = [preset.name for preset in self._presets or ()]
        choices: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in names]
        wfield = tuple(name for name in WFIELD_POINTS_MM if name in names)
        if len(wfield) == len(WFIELD_POINTS_MM):
            choices.insert(0, ("the four points of wfield", wfield))
        return choices

    def add_presets(self, names: Sequence[str]) -> None:
        """Add points of the atlas, and wait for clicks on the image.

        Raises
        ------
        RegistrationError
            Before there is an alignment, or when it is locked.
        """
        places = {preset.name: preset.atlas_um for preset in self._presets or ()}
        if len(names) == 1:
            self.state.add(names[0], places[names[0]])
        else:
            self.state.add_all({name: places[name] for name in names})

    def open_wfield(self, path: str | Path) -> None:
        """Start from landmarks of wfield; what is wrong with them is told to the user."""
        with telling():
            open_wfield(self._bench, path)

    def set_editing(self, is_editing: bool) -> None:
        """Let the mouse grab landmarks, or leave them alone."""
        self.state.is_editing = is_editing
        if is_editing:
            self._find_presets()
        else:
            self.state.stop_waiting()

    def wait_for(self, index: int, side: Side) -> None:
        """Let the next click place one side of a landmark; once more takes it back."""
        if self.state.waiting == Waiting(index, side):
            self.state.stop_waiting()
        else:
            self.state.wait_for(index, side)

    def _find_presets(self) -> None:
        """Find the atlas's points in a thread: they may need its annotation."""
        scene = self._bench.session.scene
        if scene is None or self._presets is not None or self._bench.jobs.is_running(PRESETS):
            return

        def work(_: Progress) -> tuple[LandmarkPreset, ...]:
            try:
                return landmark_presets(scene)
            except AtlasError:  # then there are none
                return ()

        def done(presets: tuple[LandmarkPreset, ...]) -> None:
            if self._bench.session.scene is scene:
                self._presets = presets
                self.presets_changed.emit()

        self._bench.jobs.start(PRESETS, work, done)

    def _on_scene(self) -> None:
        self._presets = None
        self._flat_of = ()
        self.presets_changed.emit()
        if self.state.is_editing:
            self._bench.jobs.cancel(PRESETS)
            self._find_presets()
        self._on_changed()

    # -------------------------------------------------------------------------------- the flat map

    @property
    def flat_map_words(self) -> str:
        """What a flat map on the same landmarks would have got wrong; empty when unknown."""
        return self._flat_words

    def look_at_flat_map(self) -> None:
        """Find out in a thread what a flat map on the same landmarks would have got wrong."""
        self._rest.stop()
        key = self._flat_key()
        if not key or key == self._flat_of:
            return
        self._flat_of = key
        scene, registration, marks = self._bench.session.scene, key[0], self.state.marks
        if scene is None:
            return

        def done(words: str) -> None:
            if self._flat_of == key:
                self._say(words)

        self._bench.jobs.start(FLAT_MAP, lambda _: flat_map_words(scene, registration, marks), done)

    def _flat_key(self) -> tuple[Any, ...]:
        """What the answer depends on; empty while there is nothing to ask."""
        registration, marks = self._bench.session.registration, self.state.marks
        if registration is None or not self.state.is_editing or not self.state.is_fitted:
            return ()
        known = tuple(mark.atlas_um for mark in marks if is_complete(mark))
        return (registration.replaced(landmarks=()), known)

    def _say(self, words: str) -> None:
        if words != self._flat_words:
            self._flat_words = words
            self.flat_map_changed.emit()

    # -------------------------------------------------------------------------------------- inside

    def _on_changed(self) -> None:
        if self.state.is_dragged:
            return
        key = self._flat_key()
        if key and key == self._flat_of:
            return
        self._say("")
        self._flat_of = ()
        self._bench.jobs.cancel(FLAT_MAP)
        if key:
            self._rest.start()
        else:
            self._rest.stop()

    def _on_waiting(self, waiting: Waiting | None) -> None:
        if waiting is not None and waiting.side == "atlas" and self._stage.mode == "image":
            self._stage.set_mode("brain")  # there the brain can be clicked on

    def _save(self) -> dict[str, Any] | None:
        if not self.state.marks:
            return None
        options = self.state.options
        return {"click_sd_um": options.click_sd_um, "free_pixel_size": options.free_pixel_size}

    def _restore(self, value: Any) -> None:
        options, wanted = FitOptions(), value if isinstance(value, dict) else {}
        click_sd, free = wanted.get("click_sd_um"), wanted.get("free_pixel_size")
        if isinstance(click_sd, int | float) and 0 < click_sd < float("inf"):
            options = FitOptions(float(click_sd), free is True)
        self.state.restore_options(options)
