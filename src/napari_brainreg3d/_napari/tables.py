"""The region table of a result, computed once."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import pandas as pd

from napari_brainreg3d.projection import Projection
from napari_brainreg3d.results.areas import region_table

_tables: Final[WeakKeyDictionary[Projection, pd.DataFrame]] = WeakKeyDictionary()


def table_of(projection: Projection) -> pd.DataFrame:
    """The region table with areas; not to be changed, since all share it.

    The areas of a large image take a tenth of a second: a thread computes them, then the layers and
    the panel ask for them here.
    """
    if projection not in _tables:
        _tables[projection] = region_table(projection)
    return _tables[projection]
