"""Drawn curves as a Shapes layer in the image view, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d.projection.curves import Curve

CURVES: Final = "curves"
"""Name of what is shown, and its role."""

_COLOUR: Final = "#ff4fd8"
#: Width of a line as a share of the image's height.
_WIDTH_SHARE: Final = 0.006
_BETWEEN: Final = " | "


def curves_extra(curves: Sequence[Curve], height_px: int, on_made: Any) -> Extra:
    """Curves as paths over the image; an empty layer to draw on when there are none.

    Parameters
    ----------
    curves
        What is drawn already.
    height_px
        Rows of the image.
    on_made
        Called with the layer.
    """
    return Extra(image=curves_layer(curves, height_px), modes=("image",), on_made=on_made)


def curves_layer(curves: Sequence[Curve], height_px: int) -> LayerTuple:
    """Curves as paths with their names; inverse of :func:`curves_in`."""
    width = max(1.0, _WIDTH_SHARE * height_px)
    options: dict[str, Any] = {
        "name": "curves",
        "ndim": 2,
        "shape_type": "path",
        "edge_width": width,
        "edge_color": _COLOUR,
        "face_color": "transparent",
        "opacity": 0.9,
        "features": {"curve": np.array([word_for(curve) for curve in curves], object)},
        "feature_defaults": {"curve": "midline"},
        "text": {"string": "{curve}", "color": _COLOUR, "size": 10, "anchor": "upper_left"},
        "metadata": owned("curves"),
    }
    return [np.array(curve.points_px) for curve in curves], options, "shapes"


def curves_in(layer: Any) -> list[Curve]:
    """The curves of a layer; what is too short to be one is left out."""
    found = []
    for points, word in zip(layer.data, layer.features["curve"], strict=True):
        path = _without_repeats(np.asarray(points, np.float64)[:, -2:])
        kind, regions = parsed(str(word))
        if len(path) >= 2:
            found.append(Curve(kind, path, regions))
    return found


def word_for(curve: Curve) -> str:
    """What is written beside a curve; inverse of :func:`parsed`."""
    return curve.kind if curve.regions is None else _BETWEEN.join(curve.regions)


def parsed(word: str) -> tuple[Any, tuple[str, str] | None]:
    """Kind and regions of a curve, from what is written beside it."""
    first, between, second = word.partition(_BETWEEN)
    if between:
        return "border", (first, second)
    return (word if word in ("midline", "brain edge") else "midline"), None


def _without_repeats(path: Any) -> Any:
    """A path without points that follow one another at the same place."""
    steps = np.abs(np.diff(path, axis=0)).max(axis=1) > 1e-6
    return path[np.concatenate([[True], steps])]
