"""What a projection found, as layers in the pixels of the image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.utils.colormaps import DirectLabelColormap

from napari_brainreg3d._napari.layers.ownership import LayerTuple, Role, details_of, owned
from napari_brainreg3d._napari.layers.plane import with_time_axis
from napari_brainreg3d._napari.tables import table_of
from napari_brainreg3d.geometry.frames import AP, DV, ML, FloatArray
from napari_brainreg3d.projection import Projection

MAPS: Final = ("depth", "surface_depth", "incidence", "coordinates")
"""Names of the maps, as they are asked for."""

#: Map -> (name of the layer, attribute of the projection, colour map).
_SINGLE: Final = {
    "depth": ("depth below focus (um)", "depth_um", "viridis"),
    "surface_depth": ("depth below the brain's surface (um)", "surface_depth_um", "viridis"),
    "incidence": ("incidence (degrees)", "incidence_deg", "magma"),
}
_AXES: Final = {AP: "from the front", DV: "from the top", ML: "from the animal's right"}
#: Columns of the region table that a Labels layer shows on hover.
_SHOWN: Final = ("acronym", "name", "hemisphere", "pixels", "projected_mm2", "surface_mm2", "id")


class MaskStack:
    """One mask per row of the region table, made when it is looked at.

    Parameters
    ----------
    labels : ndarray, shape (H, W)
        A label image.
    count
        How many rows the table has, N.
    frames
        Frames of the movie that the masks lie over, T; 1 for a picture.

    Notes
    -----
    An array of the shape (N, H, W), or (N, T, H, W) over a movie: the same masks for every frame,
    so that the sliders of frames and regions are two.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, labels: npt.NDArray[Any], count: int, frames: int = 1) -> None:
        self._labels = labels
        over = (frames,) if frames > 1 else ()
        self.shape: tuple[int, ...] = (count, *over, *labels.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> npt.NDArray[np.uint8]:
        first, *rest = key if isinstance(key, tuple) else (key,)
        if first is Ellipsis:
            return np.asarray(np.asarray(self)[key])
        chosen = np.arange(1, self.shape[0] + 1)[first]
        if np.ndim(chosen) == 0:
            return np.asarray(self._mask(int(chosen))[tuple(rest)])
        masks = [self._mask(int(label))[tuple(rest)] for label in chosen]
        return np.stack(masks) if masks else np.empty((0, *self.shape[1:]), np.uint8)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        masks = np.stack([self._mask(label) for label in range(1, self.shape[0] + 1)])
        return masks if dtype is None else masks.astype(dtype)

    def _mask(self, label: int) -> npt.NDArray[np.uint8]:
        mask = (self._labels == label).view(np.uint8)
        return np.broadcast_to(mask, self.shape[1:])


def labels_layer(projection: Projection, to_world: FloatArray) -> LayerTuple:
    """The labels in atlas colours; hovering shows what the table says of each.

    Parameters
    ----------
    projection
        What to show; it goes along in the metadata, see :func:`projection_of`.
    to_world : ndarray, shape (3, 3)
        Homogeneous, ``image_px`` -> the world of the viewer.
    """
    table = table_of(projection)
    options: dict[str, Any] = {
        "name": f"labels of {_image_name(projection)}",
        "affine": to_world,
        "colormap": label_colours(table),
        "features": label_features(table),
        "opacity": 0.5,
        "metadata": owned("labels", projection=projection),
    }
    return np.asarray(projection.labels), options, "labels"


def label_colours(table: pd.DataFrame) -> DirectLabelColormap:
    """Colours of the region table, by label; what has none is see-through."""
    colours: dict[int | None, Any] = {None: "transparent", 0: "transparent"}
    colours |= dict(zip(table["label"].tolist(), table["color"].tolist(), strict=True))
    return DirectLabelColormap(color_dict=colours)


def label_features(table: pd.DataFrame) -> pd.DataFrame:
    """Columns for napari's hover text: ``index`` is the label it looks for."""
    features = table[[name for name in _SHOWN if name in table]].copy()
    features.insert(0, "index", table["label"])
    for name in ("projected_mm2", "surface_mm2"):
        if name in features:
            features[name] = features[name].round(3)
    return features


def masks_layer(projection: Projection, to_world: FloatArray, frames: int = 1) -> LayerTuple:
    """One mask per region as a stack, in the order of the region table."""
    rows = projection.grouping.rows
    stack = MaskStack(projection.labels, len(rows), frames)
    return _stack(stack, "mask", f"masks of {_image_name(projection)}", projection, to_world)


def unresolved_layer(
    projection: Projection, to_world: FloatArray, frames: int = 1
) -> LayerTuple | None:
    """Per region of the scene, what its rays meet at any depth; None when it was not made."""
    if projection.unresolved is None:
        return None
    stack = projection.unresolved.view(np.uint8)
    if frames > 1:
        count, height, width = stack.shape
        stack = np.broadcast_to(stack[:, None], (count, frames, height, width))
    name = f"unresolved view of {_image_name(projection)}"
    return _stack(stack, "unresolved", name, projection, to_world)


def map_layers(
    projection: Projection, quantities: Iterable[str], to_world: FloatArray
) -> dict[str, LayerTuple]:
    """Maps of numbers, by a name that is unique among them.

    Parameters
    ----------
    projection
        What to show.
    quantities
        Some of :data:`MAPS`.
    to_world : ndarray, shape (3, 3)
        Homogeneous, ``image_px`` -> the world of the viewer.
    """
    made: dict[str, LayerTuple] = {}
    for quantity in quantities:
        if quantity == "coordinates":
            for axis, where in _AXES.items():
                values, name = projection.atlas_um[..., axis], f"atlas, um {where}"
                kind = f"coordinates {axis}"
                details = {"kind": kind, "quantity": "atlas_um", "axis": axis}
                made[kind] = _map(projection, values, name, "turbo", to_world, details)
            continue
        name, attribute, colormap = _SINGLE[quantity]
        values = getattr(projection, attribute)
        details = {"kind": quantity, "quantity": attribute}
        made[quantity] = _map(projection, values, name, colormap, to_world, details)
    return made


def projection_of(layer: Any) -> Projection | None:
    """The projection that a result layer shows; inverse of the functions above.

    Whatever the user has painted into the layer since is not in it.
    """
    found = details_of(layer).get("projection")
    return found if isinstance(found, Projection) else None


def _map(
    projection: Projection,
    values: npt.NDArray[Any],
    name: str,
    colormap: str,
    to_world: FloatArray,
    details: dict[str, Any],
) -> LayerTuple:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    options: dict[str, Any] = {
        "name": name,
        "affine": to_world,
        "colormap": colormap,
        "contrast_limits": (low, max(high, low + 1e-3)),
        "metadata": owned("map", projection=projection, **details),
    }
    return np.asarray(values), options, "image"


def _stack(
    stack: Any, role: Role, name: str, projection: Projection, to_world: FloatArray
) -> LayerTuple:
    options: dict[str, Any] = {
        "name": name,
        "affine": with_time_axis(to_world, stack.ndim),
        # What napari calls axes without a name, but for the first.
        "axis_labels": ("region", *(str(axis) for axis in range(1 - stack.ndim, 0))),
        "colormap": "green" if role == "mask" else "cyan",
        "contrast_limits": (0, 1),
        "opacity": 0.5,
        "blending": "additive",
        "metadata": owned(role, projection=projection),
    }
    return stack, options, "image"


def _image_name(projection: Projection) -> str:
    return projection.registration.image_name or "the image"
