"""How precise a match is, from how its patches scatter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.geometry.frames import FloatArray

#: Each patch overlaps its neighbours by half in both directions: four of them count as one.
_PATCHES_PER_INDEPENDENT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Precision:
    """Standard deviations of the parameters of a match, and of the patches around it."""

    residual_um: float
    shift_sd_um: float
    rotation_sd_deg: float
    scale_sd: float


def precision(places_um: FloatArray, errors_um: FloatArray) -> Precision:
    """Standard deviations of shift (each direction, at the image centre), turn and scale.

    Parameters
    ----------
    places_um : ndarray, shape (N, 2)
        Where patches lie: (down, right) from the image centre. At least 3.
    errors_um : ndarray, shape (N, 2)
        By how much each is off.

    Returns
    -------
    Precision
        By linear least squares: how well a similarity is determined by points that scatter like
        these. Overlapping patches are not counted twice.
    """
    rows, columns = places_um.T
    one, none = np.ones(len(rows)), np.zeros(len(rows))
    # Columns: scale, turn, down, right. Rows: all errors down, then all errors to the right.
    design = np.concatenate(
        [np.stack([rows, -columns, one, none], 1), np.stack([columns, rows, none, one], 1)]
    )
    errors = np.concatenate(errors_um.T)
    fitted = np.linalg.lstsq(design, errors, rcond=None)[0]
    rest = errors - design @ fitted
    variance = float(rest @ rest) / max(len(errors) - 4, 1) * _PATCHES_PER_INDEPENDENT
    scale, turn, down, right = np.sqrt(variance * np.diag(np.linalg.pinv(design.T @ design)))
    return Precision(
        residual_um=float(np.sqrt(np.mean(np.square(errors_um).sum(axis=1)))),
        shift_sd_um=float(max(down, right)),
        rotation_sd_deg=float(np.degrees(turn)),
        scale_sd=float(scale),
    )
