"""The names of the axes, so that no other file has to know which number is which direction.

Frames: ``atlas_um`` (BrainGlobe ``asr``), ``plane_um`` (the image plane), ``image_px``.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

AP: Final = 0
"""Axis of ``atlas_um`` that runs anterior -> posterior."""
DV: Final = 1
"""Axis of ``atlas_um`` that runs superior -> inferior."""
ML: Final = 2
"""Axis of ``atlas_um`` that runs right -> left of the animal."""

ROW: Final = 0
"""Axis of ``plane_um`` that runs along the image rows, down."""
COL: Final = 1
"""Axis of ``plane_um`` that runs along the image columns, to the right."""
DEPTH: Final = 2
"""Axis of ``plane_um`` that runs along the viewing direction, into the brain."""

POSTERIOR: Final = (1.0, 0.0, 0.0)
INFERIOR: Final = (0.0, 1.0, 0.0)
LEFT: Final = (0.0, 0.0, 1.0)
ANTERIOR: Final = (-1.0, 0.0, 0.0)
SUPERIOR: Final = (0.0, -1.0, 0.0)
RIGHT: Final = (0.0, 0.0, -1.0)


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of ``array`` that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view


def as_point(value: npt.ArrayLike, name: str) -> FloatArray:
    """Return ``value`` as a read-only, finite point.

    Parameters
    ----------
    value : array_like, shape (3,)
        Coordinates.
    name
        What to call the value in the error.

    Returns
    -------
    ndarray, shape (3,)
        A private float64 copy.

    Raises
    ------
    ValueError
        When ``value`` has another shape or is not finite.
    """
    point = np.array(value, dtype=np.float64) + 0.0  # no -0: equal points have equal bytes
    if point.shape != (3,) or not np.isfinite(point).all():
        raise ValueError(f"{name} must be three finite numbers, got {value!r}")
    return read_only(point)
