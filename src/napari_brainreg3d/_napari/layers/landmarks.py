"""Landmarks as layers: rings where they were clicked, crosses in the atlas, arrows between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_brainreg3d._napari.layers.ownership import LayerTuple, details_of, owned
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration import Landmark, Registration

CLICKS, PLACES, ARROWS = "clicked landmarks", "landmarks", "residuals"
"""Names of what is shown: clicks on the image, places in the atlas, and arrows between them.

What is not named in the order of drawing is drawn on top: the clicks, which a mouse grabs first.
"""

_CLICK: Final = (1.0, 0.62, 0.11, 1.0)
_PLACE: Final = (0.25, 0.88, 0.82, 1.0)
_OUTLIER: Final = (1.0, 0.27, 0.27, 1.0)
#: Smallest and largest size on the canvas, px: to be hit with a mouse, and to hide little.
_CANVAS_PX: Final = (9, 15)
_TEXT_PX: Final = 10
#: Width of arrows and size of markers as a share of the image's height.
_ARROW_SHARE, _MARKER_SHARE = 0.004, 0.03
_MARKER_UM: Final = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkDrawing:
    """Where N landmarks are drawn; NaN where a side is not known.

    Attributes
    ----------
    names
        What is written beside them.
    clicks_px : ndarray, shape (N, 2)
        ``image_px``.
    atlas_um : ndarray, shape (N, 3)
        ``atlas_um``.
    seen_px : ndarray, shape (N, 2)
        Where the camera sees the atlas points now, ``image_px``.
    outliers
        Numbers of those that do not fit the others.
    height_px
        Rows of the image.
    """

    names: tuple[str, ...]
    clicks_px: FloatArray
    atlas_um: FloatArray
    seen_px: FloatArray
    outliers: tuple[int, ...]
    height_px: int

    @classmethod
    def of(
        cls, registration: Registration, marks: Sequence[Landmark], outliers: Sequence[int] = ()
    ) -> LandmarkDrawing:
        """Draw landmarks over an image that lies where the registration says."""
        clicks = np.array([m.image_px or (np.nan,) * 2 for m in marks]).reshape(-1, 2)
        atlas = np.array([m.atlas_um or (np.nan,) * 3 for m in marks]).reshape(-1, 3)
        seen = registration.view.atlas_to_pixels(atlas) if len(atlas) else np.empty((0, 2))
        names = tuple(mark.name for mark in marks)
        return cls(names, clicks, atlas, seen, tuple(outliers), registration.image_shape[0])


def click_layers(drawing: LandmarkDrawing) -> tuple[LayerTuple, LayerTuple] | None:
    """Where landmarks were clicked, on the plane and in the image view; None for nowhere.

    Both have the features ``label`` (what is written) and ``index`` (number of the landmark).
    """
    known = _known(drawing.clicks_px)
    if not known:
        return None
    colours = [_OUTLIER if i in drawing.outliers else _CLICK for i in known]
    options = _options(
        drawing,
        known,
        [drawing.names[i] for i in known],
        colours,
        "clicks",
        "landmarks on the image",
    )
    options |= {
        "symbol": "disc",
        "face_color": np.zeros((len(known), 4)),
        "border_color": np.array(colours),
        "border_width": 0.22,
    }
    pixels = drawing.clicks_px[known]
    return _both(pixels, options, "points")


def place_layers(drawing: LandmarkDrawing) -> tuple[LayerTuple, LayerTuple] | None:
    """Landmarks of the atlas, in the atlas and as the camera sees them; None for none.

    Only those that were not clicked on the image have their name written: the others have it there.
    """
    known = _known(drawing.atlas_um)
    if not known:
        return None
    clicked = _known(drawing.clicks_px)
    words = ["" if i in clicked else drawing.names[i] for i in known]
    options = _options(
        drawing, known, words, [_PLACE] * len(known), "places", "landmarks in the atlas"
    )
    options |= {
        "symbol": "cross",
        "face_color": np.array([_PLACE] * len(known)),
        # napari draws a border of some width in any case.
        "border_color": np.array([_PLACE] * len(known)),
        "border_width": 0.0,
    }
    # Behind the camera there is nothing to draw; far outside the image nobody sees it.
    seen = np.nan_to_num(drawing.seen_px[known], nan=-1e4)
    in_atlas = {**_in_3d(options), "size": _MARKER_UM}
    return (drawing.atlas_um[known], in_atlas, "points"), (seen, options, "points")


def arrow_layers(drawing: LandmarkDrawing) -> tuple[LayerTuple, LayerTuple] | None:
    """From each click to where its atlas point is seen; None when no landmark has both sides."""
    known = _known(drawing.clicks_px, drawing.seen_px)
    if not known:
        return None
    starts = drawing.clicks_px[known]
    arrows = np.stack([starts, drawing.seen_px[known] - starts], axis=1)
    colours = [_OUTLIER if i in drawing.outliers else _CLICK for i in known]
    options: dict[str, Any] = {
        "name": "landmark residuals",
        "edge_color": np.array(colours),
        "edge_width": _ARROW_SHARE * drawing.height_px,
        "vector_style": "line",
        "blending": "translucent_no_depth",
        "metadata": owned("residuals"),
    }
    return _both(arrows, options, "vectors")


def numbers_in(layer: Any) -> list[int]:
    """Numbers of the landmarks that a layer of points shows, row by row; -1 for new points."""
    if details_of(layer).get("role") != "landmarks":
        return []
    column = np.asarray(layer.features["index"])
    # napari repeats the last row's features for a point that was added.
    numbers: list[int] = []
    for value in column:
        number = int(value) if np.isfinite(value) else -1
        numbers.append(-1 if number in numbers else number)
    return numbers


def _known(*points: FloatArray) -> list[int]:
    is_known = np.isfinite(np.concatenate(points, axis=1)).all(axis=1)
    return [int(i) for i in np.flatnonzero(is_known)]


def _options(
    drawing: LandmarkDrawing,
    known: list[int],
    words: list[str],
    colours: list[tuple[float, float, float, float]],
    part: str,
    name: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "features": {"label": np.array(words, object), "index": np.array(known)},
        "text": {
            # Beside the marker, not on it.
            "string": "  {label}",
            "size": _TEXT_PX,
            "color": np.array(colours),
            "anchor": "upper_left",
            "translation": np.array((0.0, 0.0)),
            "blending": "translucent_no_depth",
        },
        "size": _MARKER_SHARE * drawing.height_px,
        "canvas_size_limits": _CANVAS_PX,
        "antialiasing": 1,
        "blending": "translucent_no_depth",
        "metadata": owned("landmarks", part=part),
    }


def _both(pixels: FloatArray, options: dict[str, Any], kind: str) -> tuple[LayerTuple, LayerTuple]:
    """The same on the plane, ``(0, row, column)``, and in the image."""
    flat = np.zeros((*pixels.shape[:-1], 1))
    on_plane = np.concatenate([flat, pixels], axis=-1)
    return (on_plane, _in_3d(options), kind), (pixels, options, kind)


def _in_3d(options: dict[str, Any]) -> dict[str, Any]:
    if "text" not in options:
        return options
    # In 3D napari centres text on the point, whatever its anchor: the name goes above it.
    text = {**options["text"], "translation": np.zeros(3), "string": "{label}\n "}
    return {**options, "text": text}
