"""What is known of the landmarks of a session: their sides, the fit to them, in words and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from napari_brainreg3d._napari.landmarks.live_fit import (
    FitOptions,
    distances_um,
    undetermined_words,
    why_not,
)
from napari_brainreg3d._napari.session import Session
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import LandmarkFit

Side = Literal["image", "atlas"]

#: A pose this near to the fitted one is the fitted one.
_SAME_UM, _SAME_COSINE = 0.5, 1e-9
#: Another tilt is offered up to 60 degrees away, as the cosine.
_SAME_SIDE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the next click places: one side of a landmark."""

    index: int
    side: Side


@dataclass(frozen=True, slots=True)
class Row:
    """A landmark as a table shows it.

    Attributes
    ----------
    name
        What the point is.
    has_image, has_atlas
        Which sides are known.
    distance_um
        From the click to where the camera sees the atlas point now; NaN when a side is missing.
    left_out_um
        By how much it would be missed had it not been used; NaN when unknown.
    is_outlier
        Whether it does not fit the others.
    """

    name: str
    has_image: bool
    has_atlas: bool
    distance_um: float
    left_out_um: float
    is_outlier: bool


class PlacedLandmarks:
    """The landmarks of a session, and how well they fit."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._options = FitOptions()
        self._fit: LandmarkFit | None = None
        self._fitted: tuple[Landmark, ...] = ()
        self._problem = ""
        self._waiting: Waiting | None = None
        self._is_quick = False

    @property
    def registration(self) -> Registration | None:
        """The alignment that they belong to."""
        return self._session.registration

    @property
    def scene(self) -> Scene | None:
        """The atlas that they lie in."""
        return self._session.scene

    @property
    def marks(self) -> tuple[Landmark, ...]:
        """The landmarks of the alignment."""
        return self._session.alignment.landmarks if self._session.alignment else ()

    @property
    def options(self) -> FitOptions:
        """How they are fitted."""
        return self._options

    @property
    def fit(self) -> LandmarkFit | None:
        """The last whole fit to these landmarks; names are their numbers. None without one."""
        return self._fit if self._fitted == self.marks else None

    @property
    def is_fitted(self) -> bool:
        """Whether the image lies where the fit has put it."""
        fit, now = self.fit, self._session.alignment
        if fit is None or now is None:
            return False
        apart = np.abs(now.pose.centre_um - fit.pose.centre_um).max()
        turned = 1.0 - (np.trace(now.pose.rotation.T @ fit.pose.rotation) - 1.0) / 2.0
        return bool(apart < _SAME_UM and turned < _SAME_COSINE)

    @property
    def is_dragged(self) -> bool:
        """Whether a landmark is being dragged: what is reported follows when it is let go."""
        return self._is_quick

    @property
    def waiting(self) -> Waiting | None:
        """What the next click places, None for nothing."""
        return self._waiting

    @property
    def rows(self) -> tuple[Row, ...]:
        """All landmarks for a table, with distances at the present pose."""
        registration, fit = self._session.registration, self.fit
        if registration is None:
            return ()
        marks = self.marks
        distances = distances_um(registration, marks)
        left_out = {} if fit is None else dict(zip(fit.names, fit.leave_one_out_um, strict=True))
        outliers = () if fit is None else fit.outliers
        return tuple(
            Row(
                mark.name,
                mark.image_px is not None,
                mark.atlas_um is not None,
                float(distances[i]),
                float(left_out.get(str(i), np.nan)),
                str(i) in outliers,
            )
            for i, mark in enumerate(marks)
        )

    @property
    def summary(self) -> str:
        """How well they fit and what they leave open, in one line."""
        missing = why_not(self.marks)
        if missing or self._problem:
            return missing or self._problem
        fit = self.fit
        if fit is None:
            return ""
        if self._is_quick:
            return f"rms {self._rms_um():.0f} µm"
        if not self.is_fitted:
            return f"moved since the fit (rms {fit.rms_um:.0f} µm)"
        words = [f"rms {fit.rms_um:.0f} µm"]
        open_words = undetermined_words(fit)
        if open_words:
            words.append(f"not determined, kept: {', '.join(open_words)}")
        if fit.outliers:
            names = ", ".join(self.marks[int(i)].name for i in fit.outliers)
            words.append(f"left out: {names}")
        return "; ".join(words)

    def _alternative(self) -> Pose | None:
        """The other pose that fits as well, unless it looks from another side of the brain."""
        fit = self.fit
        if fit is None or fit.alternative is None:
            return None
        along = fit.alternative.viewing_direction @ fit.pose.viewing_direction
        return fit.alternative if along > _SAME_SIDE else None

    def _rms_um(self) -> float:
        """Of all that are not left out, at the present pose."""
        distances = [row.distance_um for row in self.rows if not row.is_outlier]
        return float(np.sqrt(np.nanmean(np.square(distances))))

    @property
    def alternative_words(self) -> str:
        """How the other pose that fits as well is tilted; empty when there is none."""
        other = self._alternative() if self.is_fitted else None
        if other is None:
            return ""
        _, pitch, roll = other.angles_deg
        return f"another tilt fits as well: pitch {pitch:.1f}°, roll {roll:.1f}°"
