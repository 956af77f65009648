"""The image on the brain's surface, in the brain view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d._napari.later import Later
from napari_brainreg3d._napari.layers.draped import draped_layer, light_on, lit_colours
from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.measure.alone import Alone
from napari_brainreg3d._napari.options import check_ready
from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.io.surface_mesh import check_surface_name, write_surface
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.results.drape import Drape, drape

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

Light = npt.NDArray[np.float32]

#: The kinds of work.
DRAPING: Final = "drape"
SAVING_DRAPE: Final = "saving the drape"


class Draping:
    """Paints the image onto the brain, and paints each frame of a movie anew.

    Signals
    -------
    changed()
        It was painted, or taken away.
    saved(Path)
    """

    changed: ClassVar[Signal] = Signal()
    saved: ClassVar[Signal] = Signal(object)

    def __init__(self, bench: Bench, alone: Alone) -> None:
        self._bench, self._alone = bench, alone
        self._drape: Drape | None = None
        self._light: Light = np.zeros(0, np.float32)
        self._painting = Later("brainreg3d drape")
        bench.stage.frame_changed.connect(self._on_frame)
        bench.stage.mode_changed.connect(self._on_frame)
        bench.stage.closed.connect(self._painting.close)
        bench.session.image_changed.connect(self._on_image)

    @property
    def drape(self) -> Drape | None:
        """What is shown."""
        return self._drape

    @property
    def is_stale(self) -> bool:
        """Whether the image has been moved since it was painted."""
        now, draped = self._bench.session.registration, self._drape
        return draped is not None and (
            now is None or (now.pose, now.camera, now.pixel_size_um) != _placing(draped)
        )

    def run(self) -> None:
        """Paint in a thread, then show it in the brain view.

        Raises
        ------
        RegistrationError
            When the image is not aligned yet.
        """
        session, stage = self._bench.session, self._bench.stage
        scene, registration, pixels = session.scene, session.registration, stage.image_pixels()
        check_ready([] if registration else session.missing("project"))
        if scene is None or registration is None or pixels is None:
            raise RegistrationError("there is no image to paint onto the brain")
        contrast = self._contrast()

        def work(_: Progress) -> tuple[Drape, Light]:
            draped = drape(scene, registration, pixels, contrast=contrast)
            return draped, light_on(draped)

        self._bench.jobs.start(DRAPING, work, self._show)

    def clear(self) -> None:
        """Take the painted surface away."""
        if self._drape is not None:
            self._drape = None
            self._painting.cancel()
            self._bench.stage.show_extra("drape", None)
            self._alone.end("drape")
            self.changed.emit()

    def save(self, path: str | Path) -> None:
        """Write the surface as PLY or GLB in a thread; what is there is replaced.

        Raises
        ------
        OutputError
            When nothing is painted yet, or the name has another ending.
        """
        draped = self._drape
        if draped is None:
            raise OutputError("there is no painted surface yet: paint it first")
        target = Path(path)
        target = check_surface_name(target if target.suffix else target.with_suffix(".ply"))
        self._bench.jobs.start(
            SAVING_DRAPE,
            lambda _: write_surface(target, draped, overwrite=True),
            self.saved.emit,
        )

    # ------------------------------------------------------------------------------------- inside

    def _show(self, made: tuple[Drape, Light]) -> None:
        self._drape, self._light = made
        self._bench.stage.set_mode("brain")
        self._alone.begin("drape")
        extra = Extra(atlas=draped_layer(self._drape, self._light), modes=("brain",))
        self._bench.stage.show_extra("drape", extra, want=True)
        self.changed.emit()

    def _on_frame(self, _: object) -> None:
        """Paint the frame that is shown now; where it is not looked at, nothing is done."""
        pixels, draped = self._bench.stage.image_pixels(), self._drape
        if draped is None or pixels is None or self._bench.stage.mode != "brain":
            return
        light = self._light

        def work(_: object) -> tuple[Drape, Light]:
            painted = draped.painted(pixels)
            return painted, lit_colours(painted, light)

        self._painting.start(work, self._repaint)

    def _repaint(self, made: tuple[Drape, Light]) -> None:
        layer = self._bench.stage.extra_layer("drape")
        if self._drape is not None and layer is not None:
            self._drape, layer.vertex_colors = made

    def _on_image(self) -> None:
        if self._drape is not None and self._bench.session.image is None:
            self.clear()

    def _contrast(self) -> tuple[float, float] | None:
        layer = self._bench.stage.image_layer
        if layer is None or layer.rgb:
            return None
        low, high = layer.contrast_limits
        return float(low), float(high)


def _placing(draped: Drape) -> tuple[object, ...]:
    then = draped.registration
    return then.pose, then.camera, then.pixel_size_um
