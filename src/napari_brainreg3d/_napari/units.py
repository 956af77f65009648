"""Units of our layers: those of the user's layers, or else napari complains and ignores all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari.utils.transforms import Affine

from napari_brainreg3d._napari.layers.ownership import role_of
from napari_brainreg3d.io.pixel_size import um_per_unit


def learn_units() -> None:
    """Have napari's table of units made now, in the main thread.

    It is made when the first layer is, and is useless to another thread that asks meanwhile; work
    in threads makes layers too.
    """
    Affine(ndim=2)


def matching_units(layers: Iterable[Any]) -> tuple[str, str, str]:
    """Units for the three axes of a world in um.

    Parameters
    ----------
    layers
        All layers of a viewer; ours do not count.

    Returns
    -------
    tuple of str
        ``"um"`` wherever no layer of the user's stands against it. Otherwise the unit that it has
        there, most often ``"pixel"``: the numbers are um all the same.

    Notes
    -----
    napari counts the world in the smallest of the units of length, so that a layer in nm would make
    it a thousand times larger: there too our layers have no unit of length.
    """
    foreign = [layer for layer in layers if role_of(layer) is None]
    deepest, row, column = (_unit(foreign, back) for back in (3, 2, 1))
    return deepest, row, column


def _unit(layers: list[Any], back: int) -> str:
    for layer in layers:
        # A layer without this axis takes the unit of its rows: it may be shown in the same world.
        unit = str(layer.units[-min(back, len(layer.units))])
        um = um_per_unit(unit)
        if um is None:
            return unit
        if um < 1.0:
            return "pixel"
    return "um"
