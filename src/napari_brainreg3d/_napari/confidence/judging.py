"""Finding out in a thread how sure each label is, and showing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import pandas as pd
from psygnal import Signal

from napari_brainreg3d._napari.approval import is_same_place
from napari_brainreg3d._napari.confidence.errors import Source, TypedError
from napari_brainreg3d._napari.landmarks.live_fit import undetermined_words
from napari_brainreg3d._napari.layers.confidence import confidence_extra
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.curves import CurveFit
from napari_brainreg3d.projection.uncertainty import CERTAIN, Uncertainty, uncertainty
from napari_brainreg3d.registration.fitting import LandmarkFit

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

CONFIDENCE: Final = "confidence"
"""The kind of work, and the name of what is shown."""

COLUMNS: Final = ("expected_mm2", "sd_mm2", "certain_share")
"""What the answer adds to the region table."""

_POSES: Final = 50


class Confidence:
    """How sure each label of the result is.

    Signals
    -------
    changed()
        There is an answer, or none any more; or the question has changed.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._answer: Uncertainty | None = None
        self._source: Source = "landmarks"
        self._typed = TypedError()
        self._remark = ""
        bench.session.projection_changed.connect(self._on_projection)

    def close(self) -> None:
        """Follow the session no longer."""
        self._bench.session.projection_changed.disconnect(self._on_projection)

    @property
    def answer(self) -> Uncertainty | None:
        """How sure the labels of the present result are, None until asked."""
        return self._answer

    @property
    def source(self) -> Source:
        """Where the error of the alignment comes from."""
        return self._source

    @property
    def typed(self) -> TypedError:
        """The user's own estimate."""
        return self._typed

    def set_source(self, source: Source) -> None:
        """Choose where the error of the alignment comes from."""
        if source != self._source:
            self._source = source
            self.changed.emit()

    def set_typed(self, typed: TypedError) -> None:
        """State the error of the alignment."""
        if typed != self._typed:
            self._typed = typed
            self.changed.emit()

    @property
    def words(self) -> str:
        """The answer in one or two sentences; empty without one."""
        if self._answer is None:
            return ""
        labelled = self._answer.projection.labels > 0
        if not labelled.any():
            return "No pixel has a label."
        certain = float((self._answer.probability[labelled] >= CERTAIN).mean())
        words = [f"{certain:.0%} of the labelled pixels are certain (over {CERTAIN:.0%})."]
        if np.isfinite(self._answer.border_um):
            words.append(f"Borders are known to \u00b1{2 * self._answer.border_um:.0f} \u00b5m.")
        return " ".join([*words, self._remark]).strip()

    def run(self) -> None:
        """Find out in a thread, then show it.

        Raises
        ------
        RegistrationError
            Without a result, when it is out of date, or without an error to start from.
        """
        projection = self._judged()
        error, remark = self._error(projection)

        def work(progress: Progress) -> Uncertainty:
            return uncertainty(projection, error, poses=_POSES, progress=progress)

        def done(answer: Uncertainty) -> None:
            if self._bench.session.projection is projection:
                self._remark = remark
                self._show(answer)

        self._bench.jobs.start(CONFIDENCE, work, done)

    def hide(self) -> None:
        """Take the answer away."""
        self._bench.jobs.cancel(CONFIDENCE)
        self._show(None)

    def table_with(self, table: pd.DataFrame) -> pd.DataFrame:
        """The region table with the columns of the answer, if there is one."""
        if self._answer is None:
            return table
        columns = self._answer.table.set_index("label")[list(COLUMNS)]
        return table.join(columns, on="label")

    # -------------------------------------------------------------------------------------- inside

    def _judged(self) -> Projection:
        projection = self._bench.session.projection
        if projection is None:
            raise RegistrationError("there are no labels to judge yet: project first")
        if not self._bench.session.is_projection_current:
            raise RegistrationError("the alignment has changed since: project again first")
        return projection

    def _error(
        self, projection: Projection
    ) -> tuple[LandmarkFit | CurveFit | Mapping[str, float], str]:
        """The error of the alignment, and what has to be said about it."""
        if self._source == "typed":
            return self._typed.standard_deviations, ""
        fit: LandmarkFit | CurveFit | None = self._bench.landmarks.state.fit
        if self._source == "curves":
            fit = self._bench.curves.fit
        if fit is None:
            raise RegistrationError(
                f"there is no fit to {self._source} whose error could be taken: place some, or "
                "type your own estimate"
            )
        if not is_near(fit, projection):
            raise RegistrationError(
                f"the image was moved since it was fitted to the {self._source}: fit again and "
                "project, or type your own estimate"
            )
        left = undetermined_words(fit)
        return fit, f"Taken for certain: {', '.join(left)}." if left else ""

    def _show(self, answer: Uncertainty | None) -> None:
        if answer is None and self._answer is None:
            return
        self._answer = answer
        extra = None if answer is None else confidence_extra(answer)
        self._bench.stage.show_extra(CONFIDENCE, extra, want=True)
        self.changed.emit()

    def _on_projection(self) -> None:
        if self._answer is None or self._bench.session.projection is not self._answer.projection:
            self.hide()


def is_near(fit: LandmarkFit | CurveFit, projection: Projection) -> bool:
    """Whether a projection was made where a fit has put the image, but for rounding."""
    fitted, made = fit.registration, projection.registration
    if is_same_place(fitted, made):
        return True
    apart = np.abs(fitted.pose.centre_um - made.pose.centre_um).max()
    turned = np.abs(fitted.pose.rotation - made.pose.rotation).max()
    return bool(apart < 0.5 and turned < 1e-4 and fitted.camera == made.camera)
