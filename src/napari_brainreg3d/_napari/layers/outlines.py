"""Borders between labels as a see-through colour image."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned

_LINE: Final = (255, 255, 255, 230)
_HIGHLIGHT: Final = (255, 210, 63, 255)


def borders(labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Pixels whose right or lower neighbour has another label.

    Parameters
    ----------
    labels : ndarray, shape (H, W)
        Any integers; also the border to 0 counts.

    Returns
    -------
    ndarray, shape (H, W), bool
        Lines one pixel thin.
    """
    edges = np.zeros(labels.shape, bool)
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    edges[:-1] |= labels[:-1] != labels[1:]
    return edges


def rims(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Pixels of a mask, shape (H, W), beside one that is not part of it."""
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = (
        mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    )
    return mask & ~inner


def outline_picture(
    labels: npt.NDArray[Any], highlighted: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.uint8]:
    """Draw the borders between labels.

    Parameters
    ----------
    labels : ndarray, shape (H, W)
        Any integers.
    highlighted : ndarray, shape (H, W), bool, or None
        A region whose rim stands out.

    Returns
    -------
    ndarray, shape (H, W, 4), uint8
        Colours; see-through where there is no border.
    """
    picture = np.zeros((*labels.shape, 4), np.uint8)
    picture[borders(labels)] = _LINE
    if highlighted is not None:
        picture[rims(highlighted)] = _HIGHLIGHT
    return picture


def outlines_layer(picture: npt.NDArray[np.uint8], *, space: str) -> LayerTuple:
    """Outlines as an Image layer.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 4) or (1, H, W, 4), uint8
        From :func:`outline_picture`; with three axes to be placed in the atlas.
    space
        ``"atlas"`` or ``"image"``.
    """
    options: dict[str, Any] = {
        "name": "outlines" if space == "atlas" else "outlines on the image",
        "rgb": True,
        "blending": "translucent_no_depth",
        "rendering": "translucent",
        "interpolation2d": "nearest",
        "interpolation3d": "nearest",
        "metadata": owned("outlines", space=space),
    }
    return picture, options, "image"
