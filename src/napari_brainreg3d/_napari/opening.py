"""Coming back to a saved session: its atlas, its image, its alignment, its results."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from napari.layers import Image
from psygnal import Signal

from napari_brainreg3d._napari.autosave import discard
from napari_brainreg3d._napari.layers.ownership import role_of
from napari_brainreg3d._napari.loading import ATLAS, quiet_scene, tell_faults
from napari_brainreg3d._napari.persistence import SavedSession, load_session
from napari_brainreg3d._napari.work import tell, telling
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.progress import Progress

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench


class Opening:
    """A saved session on its way back; what is missing is asked for, and nothing is lost.

    Signals
    -------
    changed()
        What is waited for has changed.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._saved: SavedSession | None = None
        self._wants_atlas = False
        self._wants_image = False
        self._left_behind: Path | None = None

    @property
    def missing_atlas(self) -> str | None:
        """Name of the atlas that could not be had, None when there is none to wait for."""
        return self._saved.registration.atlas if self._saved and self._wants_atlas else None

    @property
    def missing_image(self) -> str | None:
        """Name of the image that was not found, None when there is none to wait for."""
        if self._saved is None or not self._wants_image:
            return None
        return self._saved.registration.image_name or "the image"

    def open_file(self, path: str | Path, *, is_left_behind: bool = False) -> None:
        """Read a session file and bring it back; what is wrong with it is told to the user.

        Parameters
        ----------
        path
            The file.
        is_left_behind
            Whether it is the file of a crashed session, which goes once a new one holds the same.
        """
        with telling():
            saved = load_session(path)
            self._left_behind = Path(path) if is_left_behind else None
            self.open(saved)

    def open(self, saved: SavedSession, scene: Scene | None = None) -> None:
        """Bring a session back.

        Parameters
        ----------
        saved
            The session.
        scene
            Its atlas with its regions; None to have it loaded, in a thread.
        """
        self._set(saved, atlas=False, image=False)
        registration = saved.registration

        def work(progress: Progress) -> Scene:
            return scene or quiet_scene(
                registration.atlas,
                registration.regions or None,
                registration.hemisphere,
                progress,
            )

        self._bench.jobs.start(ATLAS, work, self._with_scene, self._without_scene)

    def try_again(self) -> None:
        """Load the missing atlas once more, say after the network has come back."""
        if self._saved is not None:
            self.open(self._saved)

    def give_image(self, path: str | Path) -> None:
        """Open the image that was not found, at the place that the user has pointed at."""
        with telling():
            layer = self._opened(str(path))
            if not self._take(layer):
                tell(self._wrong_size(layer))
                return
            self._set(None)

    def take_layer(self, layer: Any) -> bool:
        """Take a layer that was dropped as the missing image, if it has its size."""
        if not self._wants_image or not self._take(layer):
            return False
        self._set(None)
        return True

    def give_up(self) -> None:
        """Wait no longer for what is missing; what has come back stays."""
        self._set(None)

    # --------------------------------------------------------------------------------------- steps

    def _without_scene(self, _: Exception) -> None:
        self._set(self._saved, atlas=True)

    def _with_scene(self, scene: Scene) -> None:
        saved, bench = self._saved, self._bench
        if saved is None:
            return
        is_returning = saved is bench.keeping.kept
        layer = bench.keeping.layer_for(saved)
        bench.keeping.forget(saved)
        bench.keeping.keep_present(saved)  # before another image is opened
        layer = layer or self._find_layer(saved)
        registration = saved.registration
        has_image = layer is not None and self._take(layer, restoring=True)
        image = bench.session.image if has_image else None
        if image is not None:
            # What the user has aligned with counts, not what the file says of its pixels.
            image = dataclasses.replace(image, pixel_size_um=registration.pixel_size_um)
        bench.session.restore(registration, scene, image)
        bench.saved_parts.restore(saved.parts)
        if saved.is_accepted:
            with telling():
                bench.session.accept()
        tell_faults(scene)
        if layer is not None and not has_image:
            tell(self._wrong_size(layer))
        self._set(None if has_image else saved, image=not has_image)
        if has_image and isinstance(saved.frame, int):
            bench.stage.set_frame(saved.frame)
        bench.stage.set_mode(saved.mode)
        if saved.options is not None:
            bench.projecting.set_options(saved.options)
            with telling():
                bench.projecting.run()
        # What a crash has left, or was kept, is in no file of the user's.
        is_in_file = self._left_behind is None and not is_returning
        bench.keeping.note_saved(saved if is_in_file else None)
        self._take_away_left_behind()

    def _take_away_left_behind(self) -> None:
        """Remove a crashed session's file as soon as the new one is on disk."""
        autosave = self._bench.autosave
        autosave.save_now()
        if self._left_behind is not None and autosave.path is not None:
            discard(self._left_behind)
        self._left_behind = None

    def _find_layer(self, saved: SavedSession) -> Any:
        """The layer of the image: one that is open already, or opened now; None when nowhere."""
        path, name = saved.image_path, saved.registration.image_name
        for layer in self._bench.stage.viewer.layers:
            if not isinstance(layer, Image) or role_of(layer) is not None:
                continue
            source = layer.source.path
            if path is None and source is None and layer.name == name:
                return layer  # never a file, but still open
            if path is not None and source and Path(source) == Path(path):
                return layer
        if path is None or not Path(path).is_file():
            return None
        with telling():
            return self._opened(path)
        return None

    def _opened(self, path: str) -> Any:
        viewer = self._bench.stage.viewer
        try:
            # napari's own reader: another plugin's would ask which one to take.
            layers = viewer.open(path, plugin="napari")
        except Exception as error:  # its readers raise whatever their libraries do
            raise ImageError(f"cannot open {path} as an image: {error}") from error
        images = [layer for layer in layers if isinstance(layer, Image)]
        if not images:
            raise ImageError(f"{path} holds no image")
        return images[0]

    def _take(self, layer: Any, *, restoring: bool = False) -> bool:
        """Use a layer if it has the size of the registered image."""
        saved, stage = self._saved, self._bench.stage
        if saved is None or shape_of(layer) != saved.registration.image_shape:
            return False
        stage.use_layer(layer)
        stage.set_taken("frame" if isinstance(saved.frame, int) else saved.frame)
        if isinstance(saved.frame, int) and stage.frames > 1:
            stage.set_frame(saved.frame)
        if not restoring:
            # The alignment is that of the file, whatever the image states.
            self._bench.session.set_pixel_size(saved.registration.pixel_size_um)
        return True

    def _wrong_size(self, layer: Any) -> str:
        wanted = self._saved.registration.image_shape if self._saved else (0, 0)
        height, width = shape_of(layer) or (0, 0)
        return (
            f"{layer.name} has {height} x {width} pixels, the registered image "
            f"{wanted[0]} x {wanted[1]}: choose the image that was registered."
        )

    def _set(self, saved: SavedSession | None, *, atlas: bool = False, image: bool = False) -> None:
        self._saved, self._wants_atlas, self._wants_image = saved, atlas, image
        self.changed.emit()


def shape_of(layer: Any) -> tuple[int, int] | None:
    """Rows and columns of an Image layer, None when it has fewer than two axes."""
    shape = layer.data.shape[:-1] if layer.rgb else layer.data.shape
    return (int(shape[-2]), int(shape[-1])) if len(shape) >= 2 else None
