"""How sure each label is, as a layer over the image: clear where certain, red where doubtful."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from napari.utils.colormaps import Colormap

from napari_brainreg3d._napari.layers.extra import Extra
from napari_brainreg3d._napari.layers.ownership import owned
from napari_brainreg3d.projection.uncertainty import Uncertainty

#: Probability below which a pixel is as doubtful as can be shown.
_LOWEST: Final = 0.5
#: From doubtful to certain: the image shows through where there is no doubt.
DOUBT: Final = Colormap(
    colors=[
        (0.84, 0.10, 0.16, 0.95),
        (0.96, 0.43, 0.15, 0.90),
        (0.99, 0.75, 0.25, 0.80),
        (1.00, 0.93, 0.50, 0.45),
        (1.00, 1.00, 0.80, 0.00),
    ],
    controls=[0.0, 0.4, 0.7, 0.9, 1.0],
    name="brainreg3d doubt",
    display_name="doubt",
)


def confidence_extra(answer: Uncertainty) -> Extra:
    """The probability of each label, on the plane and in the image view.

    Pixels without a label are see-through. Hovering shows the number.
    """
    values = np.where(answer.projection.labels > 0, answer.probability, np.float32(np.nan))
    options: dict[str, Any] = {
        "name": "confidence (probability of the label)",
        "colormap": DOUBT,
        "contrast_limits": (_LOWEST, 1.0),
        "blending": "translucent_no_depth",
        "rendering": "translucent",
        "metadata": owned("confidence", projection=answer.projection),
    }
    return Extra(plane=(values[None], options, "image"), image=(values, options, "image"))
