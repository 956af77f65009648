"""One round of the search: pairs at the present pose, and the step that they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.curves.contour import Pairs, paired
from napari_brainreg3d.projection.curves.curve import Curve
from napari_brainreg3d.projection.curves.lines import seen_line
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.reprojection import PARAMETERS, Reprojection, pose_from

#: A combination of parameters that the curves leave uncertain by more than this is not determined
#: by them: um for shifts (depth apart, which perspective alone tells), degrees for angles.
_UNKNOWN_BEYOND: Final = np.array([500.0, 500.0, 2000.0, 5.0, 5.0, 5.0])
#: With three landmarks: so many times more.
_MORE_BY_LANDMARKS: Final = 4.0
#: A parameter is named as undetermined when it has at least this share in such combinations.
_NAMED_FROM: Final = 0.1
#: Residuals beyond so many click errors count linearly.
_HUBER_SDS: Final = 2.0
#: Far from the solution: beyond so many typical residuals.
_HUBER_TYPICAL: Final = 2.0
#: A point past the end of its line by more click errors than this is drawn back to the end.
_PAST_SDS: Final = 2.0
#: And how much a point past the end counts.
_PAST_WEIGHT: Final = 0.25
#: At least this share of the points of a curve must lie beside their line in the end.
_LEAST_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A curve, its points that count, shape (M, 2), and for how much of a click, shape (M,)."""

    curve: Curve
    points_px: FloatArray
    weights: FloatArray


class CurveProblem:
    """Distances across the lines from drawn points to those that they mean at one pose.

    Parameters
    ----------
    scene
        Where the lines are.
    start
        The registration from which the parameters count.
    drawn
        The curves.
    landmarks
        Points known on both sides.
    click_sd_um
        Error of a drawn point, um.
    keep
        Parameters that stay.
    values : ndarray, shape (6,), or None
        The pose at which drawn points are paired with points on the lines; None: the start.
    pivot_um : ndarray, shape (3,), or None
        The point of the atlas about which the angles turn; None: the middle of the paired points.
        Must be given with ``values``.
    """

    def __init__(
        self,
        scene: Scene,
        start: Registration,
        drawn: Sequence[Drawn],
        landmarks: Sequence[Landmark],
        click_sd_um: float,
        keep: Sequence[str],
        *,
        values: FloatArray | None = None,
        pivot_um: FloatArray | None = None,
    ) -> None:
        self.values = np.zeros(len(PARAMETERS)) if values is None else values
        at = start
        if pivot_um is not None:
            at = start.replaced(pose=pose_from(start.pose, pivot_um, self.values))
        pairs = [
            paired(seen_line(scene, at, each.curve), at.view, each.points_px) for each in drawn
        ]
        self.start, self.click_sd_um = start, click_sd_um
        self.drawn, self.landmarks, self.keep = tuple(drawn), tuple(landmarks), tuple(keep)
        self.is_met = [np.abs(found.past_um) <= _PAST_SDS * click_sd_um for found in pairs]
        if not landmarks and np.ptp(np.concatenate([p.atlas_um for p in pairs]), axis=0).max() < 1:
            self.check_met()  # all lie past one end
        self._reprojection = Reprojection(
            start,
            [*_as_landmarks(drawn, pairs), *landmarks],
            free_pixel_size=False,
            pivot_um=pivot_um,
        )
        self.pivot_um = self._reprojection.pivot_um
        # Three landmarks determine everything by themselves, however well.
        self._beyond = _UNKNOWN_BEYOND * (_MORE_BY_LANDMARKS if len(landmarks) > 2 else 1.0)
        self._rows = _rows(drawn, pairs, len(landmarks), click_sd_um)
        self._roots = self._rows.roots[~self._rows.is_stay]
        self._jacobian = self._counted(self._reprojection.jacobian(self.values))

    def registration_at(self, values: FloatArray) -> Registration:
        """The registration at ``values``, shape (6,)."""
        return self._reprojection.registration_at(values)

    def residuals(self, values: FloatArray) -> FloatArray:
        """Distances across the lines, um, then (down, right) of the landmarks; shape (K,)."""
        return self._counted(self._reprojection.residuals(values))

    def movement_um(self, values: FloatArray) -> float:
        """How far points on lines go across them, from the present pose to ``values``, um.

        ``values`` has the shape (6,).
        """
        step = self.residuals(values) - self.residuals(self.values)
        return float(np.sqrt(np.square(step).mean()))

    def solved(self, basis: FloatArray) -> FloatArray:
        """The values, shape (6,), that meet the present pairs best.

        ``basis``, shape (6, F), has the combinations of parameters that may change.
        """
        rows, first = self._rows, self.values
        typical = float(np.median(np.abs(self.residuals(first))))
        # Held back a little from where the present pairs say less than the pose does already.
        hold = self.click_sd_um * np.eye(basis.shape[1])

        def residuals(part: FloatArray) -> FloatArray:
            seen = self._reprojection.residuals(first + basis @ part)
            return np.concatenate([rows.roots * (rows.of(seen) - rows.offsets_um), hold @ part])

        def jacobian(part: FloatArray) -> FloatArray:
            turned = rows.of(self._reprojection.jacobian(first + basis @ part)) @ basis
            return np.concatenate([rows.roots[:, None] * turned, hold])

        result = least_squares(
            residuals,
            np.zeros(basis.shape[1]),
            jac=jacobian,
            loss="huber",
            f_scale=max(_HUBER_SDS * self.click_sd_um, _HUBER_TYPICAL * typical),
            max_nfev=10,
        )
        return np.asarray(first + basis @ result.x)

    def determined(self, count: int | None = None) -> FloatArray:
        """Combinations of parameters that the curves determine, shape (6, F).

        Parameters
        ----------
        count
            How many; None: those that they leave uncertain by less than is usual before any fit.

        Raises
        ------
        RegistrationError
            When there are none.
        """
        free = np.array([name not in self.keep for name in PARAMETERS])
        scaled = self._jacobian * self._roots[:, None] * self._beyond / self.click_sd_um
        scaled[:, ~free] = 0.0
        _, sizes, combinations = np.linalg.svd(scaled, full_matrices=False)
        chosen = combinations[sizes > 1.0] if count is None else combinations[:count]
        if not len(chosen):
            raise RegistrationError(
                "the curves determine nothing that may change: draw more of them, or keep less"
            )
        return np.asarray(chosen.T * self._beyond[:, None])

    def undetermined(self, basis: FloatArray) -> tuple[str, ...]:
        """Parameters that ``basis``, shape (6, F), does not hold, or only mixed with others."""
        share = 1.0 - np.square(basis / self._beyond[:, None]).sum(axis=1)
        return tuple(
            name
            for name, left in zip(PARAMETERS, share, strict=True)
            if left > _NAMED_FROM and name not in self.keep
        )

    def covariance(self, basis: FloatArray, weights: FloatArray) -> FloatArray:
        """Covariance of the parameters, shape (6, 6), with a weight per residual, shape (K,).

        ``basis`` has the shape (6, F).
        """
        turned = self._jacobian @ basis * (self._roots * np.sqrt(weights))[:, None]
        inner = np.linalg.pinv(turned.T @ turned, hermitian=True) * self.click_sd_um**2
        return np.asarray(basis @ inner @ basis.T)

    def check_met(self) -> None:
        """Refuse curves that lie past the ends of their lines.

        Raises
        ------
        RegistrationError
            Naming the curve.
        """
        for each, is_met in zip(self.drawn, self.is_met, strict=True):
            if is_met.mean() < _LEAST_SHARE:
                raise RegistrationError(
                    f"{each.curve.name}: only {is_met.sum()} of {len(is_met)} points lie beside a "
                    "part of this line that is in view; check the pose and what was drawn"
                )

    def _counted(self, values: FloatArray) -> FloatArray:
        """From (down, right) per point, shape (2 N, ...), to the rows that tell of the pose."""
        return self._rows.of(values)[~self._rows.is_stay]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Residuals as parts of the distances (down, right) of paired points.

    Attributes
    ----------
    pair : ndarray, shape (K,)
        Which point each residual is about.
    directions : ndarray, shape (K, 2)
        Along what its distance is taken.
    offsets_um : ndarray, shape (K,)
        What is not counted of it.
    roots : ndarray, shape (K,)
        Root of its weight.
    is_stay : ndarray, shape (K,)
        Whether it only holds a point at the end of its line, which tells nothing of the pose: the
        hand may have gone too far.
    """

    pair: npt.NDArray[np.intp]
    directions: FloatArray
    offsets_um: FloatArray
    roots: FloatArray
    is_stay: npt.NDArray[np.bool_]

    def of(self, values: FloatArray) -> FloatArray:
        """From (down, right) per point, shape (2 N, ...), to shape (K, ...)."""
        pairs = values.reshape(-1, 2, *values.shape[1:])[self.pair]
        return np.asarray(np.einsum("nk,nk...->n...", self.directions, pairs))


def _as_landmarks(drawn: Sequence[Drawn], pairs: Sequence[Pairs]) -> list[Landmark]:
    """The pairs as landmarks whose atlas side is on the line."""
    return [
        Landmark(each.curve.name, tuple(pixel), tuple(point))
        for each, found in zip(drawn, pairs, strict=True)
        for pixel, point in zip(each.points_px.tolist(), found.atlas_um.tolist(), strict=True)
    ]


def _rows(
    drawn: Sequence[Drawn], pairs: Sequence[Pairs], landmarks: int, click_sd_um: float
) -> _Rows:
    tangents = np.concatenate([found.tangents for found in pairs])
    past = np.concatenate([found.past_um for found in pairs])
    weights = np.concatenate([each.weights for each in drawn])
    points = np.arange(len(past))
    # seen - drawn along the line is -past at an end: what exceeds the click error counts.
    free = _PAST_SDS * click_sd_um
    far = np.flatnonzero(np.abs(past) > free)
    marks = np.repeat(np.arange(len(past), len(past) + landmarks), 2)
    across = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    # Past the end the direction across is a guess.
    weights = np.where(past != 0.0, _PAST_WEIGHT * weights, weights)
    return _Rows(
        np.concatenate([points, far, marks]),
        np.concatenate([across, tangents[far], np.tile(np.eye(2), (landmarks, 1))]),
        np.concatenate([np.zeros(len(past)), -np.sign(past[far]) * free, np.zeros(2 * landmarks)]),
        np.sqrt(np.concatenate([weights, weights[far], np.ones(2 * landmarks)])),
        np.repeat([False, True, False], [len(past), len(far), 2 * landmarks]),
    )
