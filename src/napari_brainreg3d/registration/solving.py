"""Least squares over poses: robust, and aware that a flat set of points has two tilts."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.reprojection import Reprojection

#: Residuals beyond this many click errors mark an outlier.
OUTLIER_SDS: Final = 4.0
#: With so few points a wrong one cannot be told from the others.
TOO_FEW: Final = 4


def solve(
    problem: Reprojection,
    start: FloatArray,
    free: npt.NDArray[np.bool_],
    click_sd_um: float,
    *,
    use: npt.NDArray[np.bool_] | None = None,
    robust: bool | None = None,
    precision: float = 1e-12,
) -> tuple[FloatArray, float]:
    """Least squares over the free parameters.

    Parameters
    ----------
    problem
        N landmarks, P parameters.
    start : ndarray, shape (P,)
        Values to start from; those that are not free stay.
    free : ndarray, shape (P,)
        Which parameters may change.
    click_sd_um
        Residuals beyond twice this count linearly when robust.
    use : ndarray, shape (N,), or None
        Which landmarks count; None: all.
    robust
        None: when there are enough landmarks to tell a wrong one.
    precision
        Relative change at which the search ends.

    Returns
    -------
    values : ndarray, shape (P,)
    cost
        Half the sum of (robust) squares, um^2.
    """
    values = start.copy()
    counted = slice(None) if use is None else np.repeat(use, 2)

    def residuals(part: FloatArray) -> FloatArray:
        values[free] = part
        return np.asarray(problem.residuals(values)[counted])

    def jacobian(part: FloatArray) -> FloatArray:
        values[free] = part
        return np.asarray(problem.jacobian(values, free)[counted])

    # With more points than needed, one wrong click must not pull the others along: beyond a few
    # click errors a residual counts linearly.
    is_robust = len(problem.names) > TOO_FEW if robust is None else robust
    result = least_squares(
        residuals,
        start[free],
        jac=jacobian,
        x_scale=np.array([100.0, 100.0, 1000.0, 1.0, 1.0, 1.0, 1.0])[: len(start)][free],
        loss="huber" if is_robust else "linear",
        f_scale=2.0 * click_sd_um,
        xtol=precision,
        ftol=precision,
        gtol=precision,
        max_nfev=100,
    )
    values[free] = result.x
    return values, float(result.cost)


def best_of_both_tilts(
    problem: Reprojection,
    free: npt.NDArray[np.bool_],
    click_sd_um: float,
    *,
    nearest: bool = False,
) -> tuple[FloatArray, Pose | None]:
    """Solve from the present pose and from its mirrored tilt, and take the better answer.

    Of three points both fit exactly: then the one nearer to the present pose. With ``nearest`` that
    is also so wherever the clicks cannot rule one of the two out.

    Returns
    -------
    values : ndarray, shape (P,)
        Of the better pose; ``free``, shape (P,), says what may change.
    Pose or None
        The other one, when the clicks cannot rule it out.
    """
    values, cost = solve(problem, np.zeros(len(problem.parameters)), free, click_sd_um)
    pose = problem.pose_at(values)
    if not free[4:6].any():
        return values, None
    other, other_cost = solve(problem, _mirrored_tilt(problem, pose), free, click_sd_um)
    other_pose = problem.pose_at(other)
    if _angle_between(pose, other_pose) < np.radians(0.1):
        return values, None
    start = problem.start.pose
    # A chi-squared of 9 apart is 3 standard deviations: then the worse one is ruled out.
    apart = 2.0 * abs(cost - other_cost) / click_sd_um**2
    if len(problem.names) == 3 or (nearest and apart <= 9.0):
        # Both fit: only the present pose can tell.
        is_other_better = _angle_between(start, other_pose) < _angle_between(start, pose)
    else:
        is_other_better = other_cost < cost
    if is_other_better:
        values, pose, other_pose = other, other_pose, pose
    return values, other_pose if apart <= 9.0 else None


def _mirrored_tilt(problem: Reprojection, pose: Pose) -> FloatArray:
    """The pose from which the points, mirrored in depth, would be seen in the same places."""
    seen = pose.to_plane(problem.atlas_um)
    middle = seen.mean(axis=0)
    mirrored = (seen - middle) * (1.0, 1.0, -1.0)
    points = problem.atlas_um - problem.atlas_um.mean(axis=0)
    # The rotation plane -> atlas that turns the mirrored points onto the real ones (Kabsch).
    turned, _ = Rotation.align_vectors(points, mirrored)
    rotation = turned.as_matrix()
    centre = problem.atlas_um.mean(axis=0) - rotation @ middle
    return problem.values_of(Pose(rotation, centre, pose.view))


def _angle_between(one: Pose, other: Pose) -> float:
    return float(Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude())
