"""An image in a standard view as a plane over the brain, in its place."""

from __future__ import annotations

import numpy as np

from napari_brainreg3d._napari.layers.ownership import LayerTuple, owned
from napari_brainreg3d._napari.layers.plane import (
    plane_affine,
    plane_layer,
    plane_pixels,
    reduced_affine,
    reduction_for,
)
from napari_brainreg3d.results.standard_view import StandardView


def standard_layer(view: StandardView, contrast: tuple[float, float]) -> LayerTuple:
    """One image in a standard view; what the camera did not see is transparent.

    Parameters
    ----------
    view
        Of one picture, in grey or colours.
    contrast
        What is shown as black, and as white.
    """
    low, high = contrast
    share = np.clip((view.pixels - low) / max(high - low, 1e-12), 0.0, 1.0)
    if share.ndim == 2:
        share = np.repeat(share[..., None], 3, axis=2)
    seen = np.isfinite(share).all(axis=2)
    colours = np.zeros((*seen.shape, 4), np.uint8)
    colours[..., :3] = np.round(np.nan_to_num(share) * 255.0)
    colours[..., 3] = np.where(seen, 255, 0)
    reduction = reduction_for(view.registration.image_shape)
    data, options, kind = plane_layer(
        plane_pixels(colours, is_rgb=True, reduction=reduction),
        name="standard view",
        is_rgb=True,
        contrast_limits=None,
        opacity=1.0,
    )
    place = view.registration.view
    affine = plane_affine(place.pose, place.grid, mirrored=place.camera.mirrored)
    options |= {
        "metadata": owned("standard view"),
        "affine": reduced_affine(affine, reduction),
    }
    return data, options, kind
