"""What points, shapes and labels of the user lie on, as a table."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd
from napari.layers import Points as PointsLayer
from psygnal import Signal

from napari_brainreg3d._napari.layers.ownership import role_of
from napari_brainreg3d._napari.measure.user_layers import KINDS, roi_maker, values_px
from napari_brainreg3d._napari.options import check_ready
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.io.points import read_points, write_located
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.projection import ProjectionSettings
from napari_brainreg3d.results.locate import Points, locate, locate_rois

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

#: The kind of work.
LOCATING: Final = "locating"


class Locating:
    """Locates a layer of the user's, or a file.

    Signals
    -------
    layers_changed()
        Layers that can be located came, went or were renamed.
    table_changed()
    """

    layers_changed: ClassVar[Signal] = Signal()
    table_changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._table: pd.DataFrame | None = None
        self._name = ""
        events = bench.stage.viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered):
            event.connect(self._on_layers)
        bench.stage.closed.connect(self._disconnect)

    @property
    def layers(self) -> list[Any]:
        """Points, Shapes and Labels layers of the user's, newest first."""
        return [
            layer
            for layer in reversed(self._bench.stage.viewer.layers)
            if isinstance(layer, KINDS) and role_of(layer) is None
        ]

    @property
    def table(self) -> pd.DataFrame | None:
        """What was located last."""
        return self._table

    @property
    def name(self) -> str:
        """Of the layer or file that was located."""
        return self._name

    def run_layer(self, layer: Any) -> None:
        """Locate a layer in a thread.

        Raises
        ------
        RegistrationError
            When the image is not aligned yet.
        PointsError
            When the layer is empty, or does not lie flat on the image.
        """
        scene, registration, settings = self._ready()
        picture = self._bench.stage.image_layer
        if picture is None:
            raise RegistrationError("there is no image that the layer could lie on")
        if isinstance(layer, PointsLayer):
            points = values_px(layer, layer.data, picture)

            def work(progress: Progress) -> pd.DataFrame:
                place = (scene, registration)
                return locate(place, points, settings=settings, progress=progress)

        else:
            make = roi_maker(layer, picture)

            def work(progress: Progress) -> pd.DataFrame:
                place = (scene, registration)
                return locate_rois(place, make(), settings=settings, progress=progress)

        self._bench.jobs.start(LOCATING, work, partial(self._take, str(layer.name)))

    def run_file(self, path: str | Path) -> None:
        """Locate a file of points or regions of interest in a thread.

        Raises
        ------
        RegistrationError
            When the image is not aligned yet.
        """
        scene, registration, settings = self._ready()
        file = Path(path)

        def work(progress: Progress) -> pd.DataFrame:
            place, read = (scene, registration), read_points(file)
            if isinstance(read, Points):
                return locate(
                    place,
                    read.in_pixels(registration.pixel_size_um),
                    names=read.names or None,
                    settings=settings,
                    progress=progress,
                )
            return locate_rois(place, read, settings=settings, progress=progress)

        self._bench.jobs.start(LOCATING, work, partial(self._take, file.stem))

    def save(self, path: str | Path) -> list[Path]:
        """Write the table as CSV; what is there is replaced, the user was asked.

        Raises
        ------
        OutputError
            When it cannot be written, or nothing was located.
        """
        if self._table is None:
            raise OutputError("nothing was located yet")
        target = Path(path)
        target = target if target.suffix else target.with_suffix(".csv")
        return write_located(target, self._table, overwrite=True)

    # ------------------------------------------------------------------------------------- inside

    def _ready(self) -> tuple[Scene, Any, ProjectionSettings]:
        session = self._bench.session
        check_ready([] if session.registration else session.missing("project"))
        if session.scene is None:
            raise RegistrationError("the image is not aligned yet")
        if session.projection is not None:
            # The rules of the result that is there, also when others were chosen since.
            return session.scene, session.registration, session.projection.settings
        options = self._bench.projecting.options
        settings = ProjectionSettings(
            options.occlusion, options.tolerance_um, options.sample_depth_um
        )
        return session.scene, session.registration, settings

    def _take(self, name: str, table: pd.DataFrame) -> None:
        self._table, self._name = table, name
        self.table_changed.emit()

    def _on_layers(self, event: Any) -> None:
        self.layers_changed.emit()

    def _disconnect(self) -> None:
        events = self._bench.stage.viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered):
            event.disconnect(self._on_layers)
