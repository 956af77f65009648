"""Drawing curves and refining the pose on them, in one viewer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from psygnal import Signal

from napari_brainreg3d._napari.approval import is_same_place
from napari_brainreg3d._napari.landmarks.live_fit import is_complete, undetermined_words
from napari_brainreg3d._napari.layers.curves import CURVES, curves_extra, curves_in, word_for
from napari_brainreg3d._napari.session_image import is_same_picture
from napari_brainreg3d._napari.work import tell
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection.curves import Curve, CurveFit, refine_on_curves
from napari_brainreg3d.registration import Registration

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

REFINING: Final = "curves"
"""The kind of work."""


class Curves:
    """The curves of one viewer: they live in a Shapes layer, where napari's tools edit them.

    Signals
    -------
    changed()
        Other curves, or another fit.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench, self._stage = bench, bench.stage
        self._curves: list[Curve] = []
        self._fit: CurveFit | None = None
        self._layer: Any = None
        bench.stage.extra_removed.connect(self._on_removed)
        bench.session.image_changed.connect(self._on_image)
        bench.saved_parts.register(CURVES, self._save, self._restore)
        self._image = bench.session.image

    def close(self) -> None:
        """Follow the viewer no longer."""
        self._stage.extra_removed.disconnect(self._on_removed)
        self._bench.session.image_changed.disconnect(self._on_image)

    @property
    def drawn(self) -> tuple[Curve, ...]:
        """The curves."""
        return tuple(self._curves)

    @property
    def fit(self) -> CurveFit | None:
        """The last refinement on these curves, None without one."""
        return self._fit

    @property
    def words(self) -> str:
        """How well the curves are met, or what is drawn."""
        if not self._curves:
            return "nothing drawn yet"
        if self._fit is None:
            return ", ".join(
                f"{word_for(curve)} ({len(curve.points_px)} points)" for curve in self._curves
            )
        each = ", ".join(f"{name} {rms:.0f}" for name, rms in self._fit.rms_by_curve_um.items())
        words = [f"rms {self._fit.rms_um:.0f} \u00b5m ({each})"]
        left = undetermined_words(self._fit)
        if left:
            words.append(f"not determined, kept: {', '.join(left)}")
        if self._fit.outliers:
            words.append(f"does not fit: {', '.join(self._fit.outliers)}")
        return "; ".join(words)

    def draw(self, word: str) -> None:
        """Let the user draw a curve: the image view, with napari's tool for lines.

        Parameters
        ----------
        word
            ``"midline"``, ``"brain edge"``, or two regions as ``"VISp | VISl"``.

        Raises
        ------
        RegistrationError
            Before there is an alignment.
        """
        if self._bench.session.registration is None:
            missing = ", ".join(self._bench.session.missing("align"))
            raise RegistrationError(f"curves need an alignment to start from: {missing}")
        self._stage.set_mode("image")
        self._show(self._curves)
        layer = self._stage.extra_layer(CURVES)
        if layer is None:
            return
        layer.feature_defaults = {"curve": word}
        self._stage.viewer.layers.selection.active = layer
        layer.mode = "add_polyline"

    def clear(self) -> None:
        """Take all curves away; the image stays where it is."""
        self._stage.show_extra(CURVES, None)
        self._take([])

    def refine(self) -> None:
        """Move the image in a thread so that the curves, and landmarks if any, are met.

        Raises
        ------
        RegistrationError
            Without curves or alignment, or when it is locked.
        """
        session, curves = self._bench.session, list(self._curves)
        registration, scene = session.registration, session.scene
        if registration is None or scene is None or not curves:
            raise RegistrationError("draw the midline, the edge of the brain or a border first")
        if session.aligner.is_locked:
            raise RegistrationError("the alignment is locked: unlock it to refine it")
        layer = self._stage.extra_layer(CURVES)
        if layer is not None:
            layer.mode = "pan_zoom"
        desk = self._bench.landmarks.state
        marks = [mark for mark in desk.marks if is_complete(mark)]

        def work(progress: Progress) -> CurveFit:
            return refine_on_curves(
                scene,
                registration,
                curves,
                click_sd_um=desk.options.click_sd_um,
                landmarks=marks,
                progress=progress,
            )

        self._bench.jobs.start(REFINING, work, partial(self._move, registration))

    # -------------------------------------------------------------------------------------- inside

    def _move(self, started: Registration, fit: CurveFit) -> None:
        session = self._bench.session
        if not is_same_place(started, session.registration):
            tell("The image was moved while it was refined on the curves; refine it again.")
            return
        session.aligner.set_pose(fit.pose)
        session.aligner.end_gesture()
        self._fit = fit
        self.changed.emit()

    def _show(self, curves: list[Curve]) -> None:
        if self._stage.extra_layer(CURVES) is None:
            height = self._image_shape()[0]
            self._stage.show_extra(CURVES, curves_extra(curves, height, self._follow), want=True)

    def _follow(self, layer: Any) -> None:
        self._layer = layer
        layer.events.data.connect(self._on_data)

    def _on_data(self, event: Any) -> None:
        action = str(getattr(event.action, "value", event.action))
        if action in ("added", "removed", "changed"):
            self._take(curves_in(event.source))

    def _take(self, curves: list[Curve]) -> None:
        self._curves, self._fit = curves, None
        self._bench.autosave.touch()
        self.changed.emit()

    def _on_removed(self, name: str) -> None:
        if name == CURVES:
            self._take([])

    def _on_image(self) -> None:
        before, image = self._image, self._bench.session.image
        if image is None:
            return
        self._image = image
        if before is not None and not is_same_picture(before, image) and self._curves:
            self.clear()

    def _image_shape(self) -> tuple[int, int]:
        image = self._bench.session.image
        return image.shape if image else (0, 0)

    def _save(self) -> list[dict[str, Any]] | None:
        if not self._curves:
            return None
        return [
            {
                "kind": curve.kind,
                "regions": list(curve.regions) if curve.regions else None,
                "points_px": curve.points_px.tolist(),
            }
            for curve in self._curves
        ]

    def _restore(self, value: Any) -> None:
        self._stage.show_extra(CURVES, None)
        curves = []
        for part in value if isinstance(value, list) else ():
            try:
                curves.append(Curve(part["kind"], part["points_px"], part.get("regions")))
            except (RegistrationError, ValueError, TypeError, KeyError, AttributeError):
                continue  # somebody has edited the file: the others are kept
        if curves:
            self._show(curves)
        self._take(curves)
