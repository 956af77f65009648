"""All measurements of one viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_brainreg3d._napari.measure.alone import Alone
from napari_brainreg3d._napari.measure.draping import Draping
from napari_brainreg3d._napari.measure.exchanging import Exchanging
from napari_brainreg3d._napari.measure.locating import Locating
from napari_brainreg3d._napari.measure.standardising import Standardising
from napari_brainreg3d._napari.measure.tracing import Tracing

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench


class Measuring:
    """What can be measured once the image is aligned or projected.

    Attributes
    ----------
    tracing
        Traces of regions in a movie.
    standardising
        The image in the atlas's own view.
    draping
        The image on the brain's surface.
    locating
        Points, shapes and labels of the user's, located in the brain.
    exchanging
        Files for other programs, and the report.
    """

    def __init__(self, bench: Bench) -> None:
        self.tracing = Tracing(bench)
        alone = Alone(bench.stage)
        self.standardising = Standardising(bench, alone)
        self.draping = Draping(bench, alone)
        self.locating = Locating(bench)
        self.exchanging = Exchanging(bench)
