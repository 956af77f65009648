"""Projecting the image in a thread, and showing what came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import pandas as pd
from psygnal import Signal

from napari_brainreg3d._napari.options import (
    ProjectOptions,
    check_ready,
    remarks,
    run_projection,
)
from napari_brainreg3d._napari.tables import table_of
from napari_brainreg3d._napari.work import tell
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection import Projection

if TYPE_CHECKING:
    from napari_brainreg3d._napari.stage import Stage
    from napari_brainreg3d._napari.work import Jobs

#: The kind of work.
PROJECTION: Final = "projection"


class Projecting:
    """How the image is projected, and the region table of the result.

    Signals
    -------
    options_changed(ProjectOptions)
    table_changed()
    """

    options_changed: ClassVar[Signal] = Signal(object)
    table_changed: ClassVar[Signal] = Signal()

    def __init__(self, stage: Stage, jobs: Jobs) -> None:
        self._stage, self._session, self._jobs = stage, stage.session, jobs
        self._options = ProjectOptions()
        self._table: pd.DataFrame | None = None
        self._session.projection_changed.connect(self._on_projection)

    @property
    def options(self) -> ProjectOptions:
        """How the image is projected next."""
        return self._options

    @property
    def table(self) -> pd.DataFrame | None:
        """Region table with areas of the result that is there, None without one."""
        return self._table

    def set_options(self, options: ProjectOptions) -> None:
        """Choose how the image is projected."""
        if options != self._options:
            self._options = options
            self.options_changed.emit(options)

    def run(self, *, is_looked_at: bool = False) -> None:
        """Project in a thread, then show the result.

        Parameters
        ----------
        is_looked_at
            Whether to switch to the image view, where the result lies over the image.

        Raises
        ------
        RegistrationError
            When something is still missing.
        """
        session = self._session
        check_ready([] if session.registration else session.missing("project"))
        self._stage.hash_image()
        scene, registration, options = session.scene, session.registration, self._options
        if scene is None or registration is None:
            return

        def work(progress: Progress) -> tuple[Projection, pd.DataFrame]:
            projection = run_projection(scene, registration, options, progress)
            return projection, table_of(projection)

        self._jobs.start(PROJECTION, work, partial(self._show, options, is_looked_at))

    def _show(
        self,
        options: ProjectOptions,
        is_looked_at: bool,
        result: tuple[Projection, pd.DataFrame],
    ) -> None:
        projection, table = result
        image = self._session.image
        if image is None or image.shape != projection.registration.image_shape:
            tell("The image was taken away while it was projected; the result was dropped.")
            return
        if self._session.scene is not projection.scene:
            tell("The regions were changed while the image was projected; project again.")
            return
        self._table = table
        self._session.set_projection(projection)
        self._stage.show_projection(
            projection,
            masks=options.masks,
            maps=options.maps,
            volumes=options.volumes,
            unresolved=options.unresolved,
        )
        if is_looked_at and projection.finest.any():
            self._stage.set_mode("image")
        self.table_changed.emit()
        for remark in remarks(projection):
            tell(remark)

    def _on_projection(self, projection: Projection | None) -> None:
        if projection is None and self._table is not None:
            self._table = None
            self.table_changed.emit()
