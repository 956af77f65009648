"""From drawn curves to a better pose: iterated closest points on lines of the brain.

At the present pose each drawn point is paired with the nearest point of the line that its curve
stands for; least squares move the pose so that the distances *across* the line vanish (point to
line [1]_), and lines and pairs are found anew, until nothing moves. The edge of the brain is
another line of the surface in every pose; to first order it moves in the image as if it were not
[2]_.

References
----------
.. [1] Chen and Medioni, "Object modelling by registration of multiple range images", Image and
   Vision Computing 10 (1992), https://doi.org/10.1016/0262-8856(92)90066-C
.. [2] Cipolla and Blake, "Surface shape from the deformation of apparent contours", IJCV 9 (1992),
   https://doi.org/10.1007/BF00129682
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection.curves.curve import Curve, samples_of
from napari_brainreg3d.projection.curves.fit import CurveFit, reported
from napari_brainreg3d.projection.curves.problem import CurveProblem, Drawn
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import DEFAULT_CLICK_SD_UM
from napari_brainreg3d.registration.reprojection import PARAMETERS

_MOST_ROUNDS: Final = 60
#: Settled when the points on the lines move by less than this between two rounds, um.
_SETTLED_UM: Final = 0.5
#: After so many rounds steps are halved (pairs may go to and fro between facets), and less than
#: this part of a click's error counts as settled.
_PATIENT_ROUNDS: Final = 8
_SETTLED_SDS: Final = 0.1
#: How often it is decided anew what the curves determine.
_MOST_PASSES: Final = 3


def refine_on_curves(
    scene: Scene,
    registration: Registration,
    curves: Sequence[Curve],
    *,
    click_sd_um: float = DEFAULT_CLICK_SD_UM,
    landmarks: Sequence[Landmark] = (),
    keep: Sequence[str] = (),
    progress: Progress | None = None,
) -> CurveFit:
    """Refine a pose so that lines of the brain are seen where they were drawn.

    Parameters
    ----------
    scene
        Its brain surface gives midline and brain edge, its selected regions the borders.
    registration
        The present alignment, not far off: camera, pixel size and the pose to start from.
    curves
        What was drawn; parts of lines are enough.
    click_sd_um
        Standard deviation of a drawn point along each axis of the image, um.
    landmarks
        Points known on both sides that shall be met as well; others are ignored.
    keep
        Parameters of :data:`~napari_brainreg3d.registration.reprojection.PARAMETERS` not to be
        changed.
    progress
        Told ``(rounds done, most rounds)``; cancels by returning False.

    Returns
    -------
    CurveFit
        What the curves do not determine (the shift along a straight midline) stays as it was and is
        named.

    Raises
    ------
    RegistrationError
        When there is no curve, one is too short, its line is not in view, it lies past the end of
        its line, or the search does not settle.
    RegionError
        When a region of a border is unknown.
    Cancelled
        When ``progress`` said so.
    """
    drawn = _drawn(curves, registration, click_sd_um, keep)
    known = [m for m in landmarks if m.image_px is not None and m.atlas_um is not None]
    search = _Search(scene, registration, drawn, known, click_sd_um, keep, progress)
    return search.result()


class _Search:
    """Rounds of pairing and moving, always counted from the given pose.

    Counted from there, what the curves do not determine stays as it was, however many rounds.
    """

    def __init__(
        self,
        scene: Scene,
        start: Registration,
        drawn: Sequence[Drawn],
        landmarks: Sequence[Landmark],
        click_sd_um: float,
        keep: Sequence[str],
        progress: Progress | None,
    ) -> None:
        self._start, self._progress, self._click_sd_um = start, progress, click_sd_um
        self._given = (drawn, landmarks, click_sd_um, keep)
        self._scene = scene
        self._first = CurveProblem(scene, start, *self._given)

    def result(self) -> CurveFit:
        """Search until it is settled what the curves determine, and sum up."""
        basis = self._first.determined()
        for _ in range(_MOST_PASSES):
            last = self._settled(basis)
            # The lines at the fitted pose may determine more than those at the first, or less.
            better = last.determined()
            if better.shape[1] == basis.shape[1]:
                break
            basis = better
        report(self._progress, _MOST_ROUNDS, _MOST_ROUNDS)
        # Seen from the fitted pose, so that shifts and error bars are along its own axes.
        fitted, here = last.registration_at(last.values), np.zeros(len(PARAMETERS))
        end = CurveProblem(self._scene, fitted, *self._given, values=here, pivot_um=last.pivot_um)
        end.check_met()
        return reported(end, end.determined(basis.shape[1]))

    def _settled(self, basis: FloatArray) -> CurveProblem:
        """The problem whose pairs ask for no further step; it begins at the given pose."""
        problem = self._first
        for done in range(_MOST_ROUNDS):
            report(self._progress, done, _MOST_ROUNDS)
            values = problem.solved(basis)
            moved = problem.movement_um(values)
            is_patient = done < _PATIENT_ROUNDS
            limit = 0.0 if is_patient else _SETTLED_SDS * self._click_sd_um
            step = values - problem.values
            problem = CurveProblem(
                self._scene,
                self._start,
                *self._given,
                values=problem.values + (step if is_patient else step / 2.0),
                pivot_um=self._first.pivot_um,
            )
            if moved < max(limit, _SETTLED_UM):
                return problem
        raise RegistrationError(
            "the curves did not settle on any pose: they may be drawn on another line than they "
            "stand for, or the pose to start from is too far off"
        )


def _drawn(
    curves: Sequence[Curve], registration: Registration, click_sd_um: float, keep: Sequence[str]
) -> list[Drawn]:
    if not curves:
        raise RegistrationError("there is no curve: draw one, or fit landmarks alone")
    if not (np.isfinite(click_sd_um) and click_sd_um > 0):
        raise RegistrationError(f"click_sd_um must be positive, got {click_sd_um!r}")
    unknown = set(keep) - set(PARAMETERS)
    if unknown:
        raise RegistrationError(f"unknown parameters to keep: {', '.join(sorted(unknown))}")
    return [
        Drawn(curve, *samples_of(curve, registration.pixel_size_um, click_sd_um))
        for curve in curves
    ]
