"""The kinds of docked widgets; importing this module imports all the libraries they need."""

from __future__ import annotations

from typing import Final

from napari_brainreg3d._napari.widgets.contents import (
    AlignContents,
    Contents,
    ProjectContents,
    RegisterContents,
)
from napari_brainreg3d._napari.widgets.measure.contents import MeasureContents

#: Name of the docked widget -> what is in it.
KINDS: Final[dict[str, type[Contents]]] = {
    "register": RegisterContents,
    "align": AlignContents,
    "project": ProjectContents,
    "measure": MeasureContents,
}
