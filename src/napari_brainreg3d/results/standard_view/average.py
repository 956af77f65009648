"""Averages over sessions and animals, pixel by pixel, of what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import AtlasInfo
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import FloatArray, read_only
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view.view import StandardView, same_geometry


@dataclass(frozen=True, slots=True, eq=False)
class SessionAverage:
    """Mean and spread of standard views. Arrays are read-only.

    Attributes
    ----------
    mean : ndarray, shape of the views' pixels, float32
        NaN where nothing was seen in any of them.
    sd : ndarray, same shape, float32
        Standard deviation (n - 1); NaN where fewer than two count.
    count : ndarray, same shape, uint16
        How many sessions count, or animals where these were given.
    registration
        Of the view.
    atlas
        Where it comes from.
    names
        What was averaged, in order.
    animals
        The animal of each, empty when they were not given.
    """

    mean: npt.NDArray[np.float32]
    sd: npt.NDArray[np.float32]
    count: npt.NDArray[np.uint16]
    registration: Registration
    atlas: AtlasInfo
    names: tuple[str, ...]
    animals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("mean", "sd", "count"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Where anything was seen, shape as the mean."""
        return np.asarray(self.count > 0)


def average_sessions(
    views: Iterable[StandardView], *, animals: Sequence[str] | None = None
) -> SessionAverage:
    """Average standard views, leaving out what each of them did not see.

    Parameters
    ----------
    views
        Of the same view of the same atlas; taken one at a time, so that a generator will do.
    animals
        The animal of each view. Sessions of an animal are then averaged first, and mean, spread and
        count are over animals: ten sessions of one animal do not outweigh one of another.

    Returns
    -------
    SessionAverage
        Mean, standard deviation and count.

    Raises
    ------
    ImageError
        When there is no view, one has another geometry or other kind of pixels than the first, or
        ``animals`` are not as many as the views.

    Notes
    -----
    Values are averaged as they are: bring sessions to the same scale (dF/F, z-score) before.

    References
    ----------
    * B. P. Welford, "Note on a method for calculating corrected sums of squares and
      products", Technometrics 4, 1962, doi:10.1080/00401706.1962.10490022.
    """
    wanted = None if animals is None else [str(animal) for animal in animals]
    sums: dict[str, _Sums] = {}
    first: StandardView | None = None
    names: list[str] = []
    sides = True
    for number, view in enumerate(views):
        first = first or view
        _check_same(view, first, number)
        if wanted is not None and number >= len(wanted):
            raise ImageError(f"there are more views than animals ({len(wanted)})")
        key = "" if wanted is None else wanted[number]
        sums.setdefault(key, _Sums(view.pixels.shape)).add(view.pixels)
        names.append(view.name)
        sides &= view.registration.side_confirmed
    if first is None:
        raise ImageError("there is no view to average")
    if wanted is not None and len(wanted) != len(names):
        raise ImageError(f"there are {len(wanted)} animals for {len(names)} views")
    total = sums[""] if wanted is None else _Sums(first.pixels.shape)
    if wanted is not None:
        for part in sums.values():
            total.add(part.mean)
    return SessionAverage(
        mean=total.mean,
        sd=total.sd,
        count=total.count,
        registration=first.registration.replaced(side_confirmed=sides),
        atlas=first.atlas,
        names=tuple(names),
        animals=tuple(wanted or ()),
    )


def _check_same(view: StandardView, first: StandardView, number: int) -> None:
    called = view.name or f"view {number + 1}"
    difference = same_geometry(view.registration, first.registration)
    if difference:
        raise ImageError(
            f"{called} cannot be averaged with the first view: it has {difference}; make all "
            "standard views with the same view, resolution and atlas"
        )
    if view.pixels.shape != first.pixels.shape:
        raise ImageError(
            f"{called} cannot be averaged with the first view: it has the shape "
            f"{view.pixels.shape}, not {first.pixels.shape}"
        )


class _Sums:
    """Running mean and squares of what is finite (Welford)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count = np.zeros(shape, np.uint16)
        self._mean: FloatArray = np.zeros(shape)
        self._squares: FloatArray = np.zeros(shape)

    def add(self, pixels: npt.NDArray[Any]) -> None:
        known = np.isfinite(pixels)
        self.count += known
        off = np.where(known, pixels - self._mean, 0.0)
        self._mean += off / np.maximum(self.count, 1)
        self._squares += off * np.where(known, pixels - self._mean, 0.0)

    @property
    def mean(self) -> npt.NDArray[np.float32]:
        return np.where(self.count > 0, self._mean, np.nan).astype(np.float32)

    @property
    def sd(self) -> npt.NDArray[np.float32]:
        variance = self._squares / np.maximum(self.count.astype(np.float64) - 1.0, 1.0)
        return np.where(self.count > 1, np.sqrt(variance), np.nan).astype(np.float32)
