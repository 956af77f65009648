"""The regions that get a trace: their pixels, names and rows in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.projection.uncertainty import Uncertainty

_COLUMNS: Final = ("label", "id", "acronym", "name", "hemisphere", "color")


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A label image and what its labels are.

    Attributes
    ----------
    labels : ndarray, shape (H, W), integer
        0 is nothing, ``n`` is row ``n - 1`` of ``regions``.
    regions
        One row per label, the column ``column`` with the name of its trace.
    projection
        Where they come from, if it is a projection.
    """

    labels: npt.NDArray[Any]
    regions: pd.DataFrame
    projection: Projection | None


def labelled(
    regions: Projection | npt.NDArray[Any],
    table: pd.DataFrame | None,
    *,
    split_hemispheres: bool,
) -> Labelled:
    """Find labels and names.

    Parameters
    ----------
    regions : Projection, or ndarray of shape (H, W)
        Projection, or label image.
    table
        Region table of a label image, with the columns ``label`` and ``acronym``; None: labels
        without names.
    split_hemispheres
        Whether a projection's left and right get traces of their own.

    Raises
    ------
    RegistrationError
        When it is no label image, or the table does not name its labels.
    """
    if isinstance(regions, Projection):
        projection = _split(regions) if split_hemispheres else regions
        return Labelled(projection.labels, _named(projection.table), projection)
    labels = np.asarray(regions)
    if labels.ndim != 2 or labels.dtype.kind not in "bui":
        raise RegistrationError(
            "regions must be a projection or a label image of whole numbers with the shape (H, W), "
            f"got the shape {labels.shape} and the type {labels.dtype}"
        )
    if labels.size and labels.min() < 0:
        raise RegistrationError(
            f"a label image holds numbers from 0 up, got {labels.min()}; of locaNMF's arrays the "
            "negative numbers are right regions: give them numbers of their own"
        )
    if table is None:
        found = np.unique(labels[labels > 0])
        table = pd.DataFrame({"label": found, "acronym": [f"label_{n}" for n in found]})
    return _renumbered(labels, table)


def _split(projection: Projection) -> Projection:
    rows = projection.grouping.rows
    if any(row.hemisphere != "both" for row in rows):
        return projection
    return projection.regrouped([row.region.id for row in rows], split_hemispheres=True)


def _renumbered(labels: npt.NDArray[Any], table: pd.DataFrame) -> Labelled:
    missing = [name for name in ("label", "acronym") if name not in table.columns]
    if missing:
        raise RegistrationError(f"the region table has no column {missing[0]!r}")
    given = table["label"].to_numpy(np.int64)
    if len(np.unique(given)) != len(given) or (given <= 0).any():
        raise RegistrationError("the labels of the region table must be positive and all different")
    unknown = np.setdiff1d(labels[labels > 0], given)
    if len(unknown):
        raise RegistrationError(
            f"the label image holds {unknown[0]}, which the region table does not have: they do "
            "not belong together"
        )
    order = np.argsort(given)
    place = np.searchsorted(given[order], labels)
    rows = order[np.minimum(place, len(order) - 1)] + 1 if len(order) else np.zeros_like(place)
    return Labelled(np.where(labels > 0, rows, 0), _named(table.reset_index(drop=True)), None)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    kept = table[[name for name in _COLUMNS if name in table.columns]].copy()
    sides = kept["hemisphere"] if "hemisphere" in kept else [""] * len(kept)
    names = [
        f"{acronym}_{side}" if side in ("left", "right") else str(acronym)
        for acronym, side in zip(kept["acronym"], sides, strict=True)
    ]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise RegistrationError(f"the region table names {doubled[0]} more than once")
    kept.insert(0, "column", names)
    return kept


def pixel_weights(
    labels: Labelled,
    weights: npt.ArrayLike | Uncertainty | None,
    max_incidence_deg: float | None,
) -> FloatArray | None:
    """Weight of each pixel, shape (H, W); None when all count alike.

    Parameters
    ----------
    labels
        What is weighted.
    weights : array_like of shape (H, W), Uncertainty, or None
        0 or NaN leaves a pixel out; of an :class:`Uncertainty` the probability of the label.
    max_incidence_deg
        Pixels that see their tissue at a larger angle are left out.

    Raises
    ------
    RegistrationError
        When the weights have another shape or are negative, or the angle is given without a
        projection or not between 0 and 90.
    """
    shape = labels.labels.shape
    found: FloatArray | None = None
    if weights is not None:
        given = weights.probability if isinstance(weights, Uncertainty) else weights
        found = np.array(given, np.float64)
        if found.shape != shape:
            raise RegistrationError(
                f"the weights have the shape {found.shape}, the label image {shape}"
            )
        if not np.isfinite(found[~np.isnan(found)]).all() or np.nanmin(found, initial=0.0) < 0:
            raise RegistrationError("weights must be finite and not negative")
    if max_incidence_deg is not None:
        if labels.projection is None:
            raise RegistrationError(
                "a label image does not know at which angle the surface is seen: give the "
                "projection (--registration) to use a largest angle of incidence"
            )
        if not 0 < max_incidence_deg <= 90:
            raise RegistrationError(
                f"the largest angle of incidence lies between 0 and 90 degrees, got "
                f"{max_incidence_deg:g}"
            )
        # False where the angle is NaN, that is where a ray meets no tissue.
        seen = labels.projection.incidence_deg <= max_incidence_deg
        found = np.where(seen, 1.0 if found is None else found, 0.0)
    return found
