"""The stage of one viewer: one session, shown in one canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d._napari.cursor import Cursor
from napari_brainreg3d._napari.gestures import Gestures
from napari_brainreg3d._napari.keys import Keys, Steps
from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.ownership import Role
from napari_brainreg3d._napari.layers.plane import earlier_layer
from napari_brainreg3d._napari.readout import Readout
from napari_brainreg3d._napari.stage_view import ViewOfStage
from napari_brainreg3d._napari.units import learn_units
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration import Registration

_stages: WeakValueDictionary[int, Stage] = WeakValueDictionary()


def stage_for(viewer: Any) -> Stage:
    """The stage of a viewer (or of its public proxy): one per viewer, made on first use."""
    real = getattr(viewer, "__wrapped__", viewer)
    stage = _stages.get(id(real))
    if stage is None or stage.is_closed or stage.viewer is not real:
        stage = _stages[id(real)] = Stage(real)
    return stage


class Stage(ViewOfStage):
    """Shows a session in a viewer, and lets mouse and keys work on it.

    Parameters
    ----------
    viewer
        A napari viewer; use :func:`stage_for` to get its one stage.

    Signals
    -------
    mode_changed(str)
        After the canvas shows the scene in another way.
    frame_changed(int)
        Another frame of a movie is in use.
    arranged()
        Our layers are those of session and mode again, or have settled on a pose.
    extra_removed(str)
        The user has removed the layer of this extra by hand.
    closed()
    """

    mode_changed: ClassVar[Signal] = Signal(str)
    arranged: ClassVar[Signal] = Signal()
    extra_removed: ClassVar[Signal] = Signal(str)
    closed: ClassVar[Signal] = Signal()

    def __init__(self, viewer: Any) -> None:
        learn_units()
        super().__init__(viewer)
        self.viewer = viewer
        self.steps = Steps()
        self._is_closed = False
        self.cursor = Cursor(viewer, self.session, self._shown, self._live.outlines.is_warm)
        self._gestures = Gestures(viewer, self.cursor)
        self._readout = Readout(viewer, self.cursor.read_at)
        # Its keys keep the stage alive as long as the viewer.
        self._keys = Keys(viewer, self)
        self._shown.mode_changed.connect(self._on_mode)
        self._shown.layers.arranged.connect(self.arranged.emit)
        self._shown.layers.extras.removed.connect(self.extra_removed.emit)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_step)

    def close(self) -> None:
        """Disconnect everything and remove our layers; results stay as ordinary layers."""
        if self._is_closed:
            return
        self._is_closed = True
        self.viewer.layers.events.inserted.disconnect(self._on_inserted)
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self.viewer.dims.events.current_step.disconnect(self._on_step)
        self._gestures.close()
        self._keys.close()
        self._readout.close()
        self._live.close()
        self._shown.close()
        self._shown.mode_changed.disconnect(self._on_mode)
        self._shown.layers.arranged.disconnect(self.arranged.emit)
        self._shown.layers.extras.removed.disconnect(self.extra_removed.emit)
        self.closed.emit()

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._is_closed

    # -------------------------------------------------------------------------------------- results

    def show_projection(
        self,
        projection: Projection,
        *,
        masks: bool = False,
        maps: Sequence[str] = (),
        volumes: bool = False,
        unresolved: bool = False,
    ) -> None:
        """Make the result layers, or update them in place.

        Parameters
        ----------
        projection
            What to show: its labels always.
        masks
            Whether to make a stack with one mask per region.
        maps
            Some of ``"depth"``, ``"surface_depth"``, ``"incidence"``, ``"coordinates"``.
        volumes
            Whether to cut the part of each region out that the camera has in view.
        unresolved
            Whether to show what each region covers whatever lies in front of it.
        """
        to_world, units = self._shown.layers.own.in_world()
        self._shown.layers.results.show(
            projection,
            to_world,
            masks=masks,
            maps=maps,
            volumes=volumes,
            unresolved=unresolved,
            units=units,
            frames=self.frames,
        )
        self._live.set_settings(projection.settings)

    def select_region(self, label: int | None) -> None:
        """Let a row of the region table stand out in every view; None: all rows alike."""
        projection = self.session.projection
        regions: set[int] = set()
        if label is not None and projection is not None:
            codes = np.flatnonzero(projection.grouping.label_of == label)
            regions = {(int(code) - 1) // 2 for code in codes if code > 0}
        self._shown.layers.results.select(label)
        self._live.highlight(regions)

    def set_template(
        self, image_pixels: npt.NDArray[Any] | None, registration: Registration | None
    ) -> None:
        """Show an earlier session's image in its place in the atlas; None takes it away."""
        extra = None
        if image_pixels is not None and registration is not None:
            extra = Extra(atlas=earlier_layer(image_pixels, registration))
        self.show_extra("template", extra)

    def welcoming(self, scene: Scene) -> Iterator[None]:
        """Make the layers of a scene that is about to be the session's, one after the other."""
        return self._shown.welcoming(scene)

    def show_extra(self, name: str, extra: Extra | None, *, want: bool = False) -> None:
        """Show something of another part of the plugin in the scene.

        Parameters
        ----------
        name
            Its name; shown again under the same name, it is updated, in place where possible.
        extra
            Its layers for each way of looking; None takes them away.
        want
            Whether it comes back although the user had removed its layer by hand.
        """
        self._shown.layers.show_extra(name, extra, want=want)

    def extra_layer(self, name: str) -> Any:
        """The layer in the viewer that shows an extra just now; None when there is none."""
        return self._shown.layers.extras.layer(name)

    def bind_key(self, key: str, act: Callable[[], None]) -> None:
        """Bind a key as the plugin's own are: errors are told, and it is free again at the end."""
        self._keys.bind(key, act)

    def layers(self, role: Role) -> list[Any]:
        """Our layers of one kind that are in the viewer."""
        return self._shown.layers.shelf.of_role(role)

    # --------------------------------------------------------------------------- what napari tells

    def _on_mode(self, mode: str) -> None:
        self._readout.clear()
        self.mode_changed.emit(mode)

    def _on_inserted(self, event: Any) -> None:
        if not self._shown.layers.shelf.is_busy:
            self._shown.layers.match_units()

    def _on_removed(self, event: Any) -> None:
        if self._shown.layers.shelf.is_busy:
            return
        removed = self._shown.layers.shelf.note_removed()
        self._shown.layers.extras.note_removed(removed)
        self._let_go_of_image()
