"""The image in the atlas's own view: shown in its place over the brain, and written to a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from psygnal import Signal

from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.standard import standard_layer
from napari_brainreg3d._napari.measure.alone import Alone
from napari_brainreg3d._napari.options import check_ready
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.io.movies import open_movie
from napari_brainreg3d.io.standard_view import write_standard_movie, write_standard_view
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view import (
    StandardView,
    standard_sampler,
    to_standard_view,
)

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

#: The kind of work.
STANDARD: Final = "standard view"


@dataclass(frozen=True, slots=True)
class StandardOptions:
    """Which view, and how fine."""

    view: str = "dorsal"
    resolution_um: float = 20.0


class Standardising:
    """The standard view of the present image.

    Signals
    -------
    changed()
        Another view is shown, or none.
    saved(list of Path)
    """

    changed: ClassVar[Signal] = Signal()
    saved: ClassVar[Signal] = Signal(object)

    def __init__(self, bench: Bench, alone: Alone) -> None:
        self._bench, self._alone = bench, alone
        self._shown: StandardView | None = None
        bench.session.image_changed.connect(self._on_image)

    @property
    def shown(self) -> StandardView | None:
        """The view that is shown."""
        return self._shown

    def show(self, options: StandardOptions) -> None:
        """Resample the image in a thread, then show it over the brain where it belongs.

        Raises
        ------
        RegistrationError
            When the image is not aligned yet.
        """
        scene, registration = self._ready()
        pixels = self._bench.stage.image_pixels()
        if pixels is None:
            raise RegistrationError("there is no image to resample")

        def work(progress: Progress) -> StandardView:
            return to_standard_view(
                scene,
                registration,
                pixels,
                view=options.view,
                resolution_um=options.resolution_um,
                progress=progress,
            )

        self._bench.jobs.start(STANDARD, work, self._show)

    def clear(self) -> None:
        """Take the view away."""
        if self._shown is not None:
            self._shown = None
            self._bench.stage.show_extra("standard view", None)
            self._alone.end("standard view")
            self.changed.emit()

    def save(self, path: str | Path, options: StandardOptions) -> None:
        """Write image or movie in the standard view as TIFF; what is there is replaced.

        Raises
        ------
        RegistrationError
            When the image is not aligned yet.
        OutputError
            When the name has another ending than .tif.
        """
        scene, registration = self._ready()
        target = Path(path)
        target = target if target.suffix else target.with_suffix(".tif")
        if target.suffix.lower() not in (".tif", ".tiff"):
            raise OutputError(f"{target} would be a TIFF: give it a name that ends in .tif")
        source, pixels = self._source(), self._bench.stage.image_pixels()
        if pixels is None:
            raise RegistrationError("there is no image to resample")
        name = registration.image_name or ""
        chosen: dict[str, Any] = {"view": options.view, "resolution_um": options.resolution_um}

        def work(progress: Progress) -> list[Path]:
            if source is None:
                made = to_standard_view(scene, registration, pixels, **chosen, progress=progress)
                return write_standard_view(target, made, overwrite=True)
            sampler = standard_sampler(scene, registration, **chosen)
            with open_movie(source) as movie:
                return write_standard_movie(
                    target, sampler, movie, name=name, overwrite=True, progress=progress
                )

        self._bench.jobs.start(STANDARD, work, self.saved.emit)

    # ------------------------------------------------------------------------------------- inside

    def _ready(self) -> tuple[Scene, Registration]:
        session = self._bench.session
        check_ready([] if session.registration else session.missing("project"))
        scene, registration = session.scene, session.registration
        if scene is None or registration is None:
            raise RegistrationError("the image is not aligned yet")
        return scene, registration

    def _source(self) -> Any:
        """All frames of a grey movie; None for a picture."""
        stage = self._bench.stage
        layer = stage.image_layer
        if layer is None or stage.frames < 2 or layer.rgb or stage.taken != "frame":
            return None
        return layer.data[0] if layer.multiscale else layer.data

    def _contrast(self) -> tuple[float, float]:
        layer = self._bench.stage.image_layer
        low, high = (0.0, 255.0) if layer is None or layer.rgb else layer.contrast_limits
        return float(low), float(high)

    def _show(self, view: StandardView) -> None:
        self._shown = view
        made = standard_layer(view, self._contrast())
        self._bench.stage.set_mode("brain")
        self._alone.begin("standard view")
        extra = Extra(atlas=made, modes=("brain",))
        self._bench.stage.show_extra("standard view", extra, want=True)
        self.changed.emit()

    def _on_image(self) -> None:
        if self._bench.session.image is None:
            self.clear()
