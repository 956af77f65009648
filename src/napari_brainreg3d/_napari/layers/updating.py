"""Bringing a layer up to date in place, which keeps its selection and its mouse mode."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from napari_brainreg3d._napari.layers.ownership import LayerTuple

#: What cannot be changed, or is the user's once the layer is there.
_FIXED: Final = frozenset({"name", "ndim", "rgb"})
#: There is one for each vertex, and their number may change.
_PER_VERTEX: Final = "vertex_colors"


def update_layer(layer: Any, before: LayerTuple, now: LayerTuple) -> bool:
    """Bring a layer that was made from one tuple to what another one says.

    Options that are the same in both are left as the user has them.

    Parameters
    ----------
    layer
        The layer.
    before, now
        Data, options and type of then and now.

    Returns
    -------
    bool
        False when it cannot be done and nothing was changed: the layer must be made anew.
    """
    if before is now:
        return True
    (old_data, old, old_type), (data, options, layer_type) = before, now
    if old_type != layer_type or old.keys() != options.keys():
        return False
    changed = {name: value for name, value in options.items() if not is_same(old[name], value)}
    if changed.keys() & _FIXED:
        return False
    has_other_data = not is_same(old_data, data)
    if has_other_data and not layer.visible and np.shape(old_data) != np.shape(data):
        # napari looks at a hidden layer no more: colours and words would meet the old data.
        return False
    if has_other_data and _PER_VERTEX in options:
        layer.vertex_colors = None
        changed[_PER_VERTEX] = options[_PER_VERTEX]
    if has_other_data:
        layer.data = data
    for name, value in changed.items():
        setattr(layer, name, value)
    return True


def is_same(one: Any, other: Any) -> bool:
    """Whether two options are the same; arrays by their values."""
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(np.asarray(one), np.asarray(other)))
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return bool(type(one) is type(other) and one == other)
