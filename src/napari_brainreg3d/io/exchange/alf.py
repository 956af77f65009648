"""IBL's ALF arrays of where in the brain each pixel of a mean image lies.

Names, order, units and signs are those of IBL's mesoscope pipeline [1]_, so that its tools read
them. Arrays have no room for words: a ``README.json`` beside them states the conventions.

References
----------
.. [1] ``ibllib/pipes/mesoscope_tasks.py`` (``MesoscopeFOV.project_mlapdv``) and
   ``iblatlas/atlas.py``, https://github.com/int-brain-lab
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.ccf import (
    IBL_BREGMA_UM,
    has_ids_of_2017,
    is_in_ccf,
    to_ibl_mlapdv_um,
)
from napari_brainreg3d.io.exchange.folders import replacing_folder
from napari_brainreg3d.io.metadata import metadata_of
from napari_brainreg3d.io.pixels import Pixels, grey
from napari_brainreg3d.projection import Projection

Provenance = Literal["estimate", "functional", "landmark", "histology"]

_MLAPDV: Final = (
    "shape (rows, columns, 3), float64: ML, AP, DV of the tissue that each pixel sees, um from "
    "IBL's bregma; ML is positive to the animal's right, AP to the front, DV upwards; NaN where "
    "the pixel sees no tissue. Offsets in the Allen CCF, neither scaled nor tilted."
)
_IDS: Final = (
    "shape (rows, columns), int64: id of the Allen CCF 2017 region; as in IBL's lateralised "
    "annotation negative in the animal's left hemisphere, positive in the right one; 0 where the "
    "pixel shows none of the selected regions. The sides meet in the middle of the volume, "
    "11400 / 2 um."
)
_SIDES: Final = (
    "The Allen Institute and IBL count axis 2 from the animal's left, BrainGlobe the same array "
    "from its right. These files keep the animal's side: ML = 11400 - atlas_um[2] - 5739."
)


def alf_names(provenance: Provenance = "estimate") -> tuple[str, str]:
    """File names of the coordinates and of the ids.

    IBL leaves the suffix out only for coordinates from histology.
    """
    suffix = "" if provenance == "histology" else f"_{provenance}"
    return (
        f"mpciMeanImage.mlapdv{suffix}.npy",
        f"mpciMeanImage.brainLocationIds_ccf_2017{suffix}.npy",
    )


def write_alf(
    folder: str | os.PathLike[str],
    projection: Projection,
    *,
    image: Pixels | None = None,
    provenance: Provenance = "estimate",
    overwrite: bool = False,
) -> list[Path]:
    """Write coordinates and regions of all pixels as IBL's arrays.

    Parameters
    ----------
    folder
        Becomes a field of view (``alf/FOV_00``); made anew, replaced only when ``overwrite``.
    projection
        Of an ``allen_mouse`` atlas, grouped in any way; hemispheres are told apart by where each
        ray meets the tissue.
    image : ndarray, shape (H, W) or (H, W, 3)
        Written, in grey, as ``mpciMeanImage.images.npy``.
    provenance
        How the place was found, in IBL's words; ``"estimate"`` for what was aligned by eye or by
        landmarks of the image.
    overwrite
        Whether an existing folder may be replaced.

    Returns
    -------
    list of Path
        The arrays, then ``README.json`` and the region table as ``regions.csv``.

    Raises
    ------
    OutputError
        When the atlas has other region ids than the Allen CCF of 2017, or the folder exists and
        may not be replaced, or cannot be written.
    """
    atlas = projection.scene.atlas
    if not (has_ids_of_2017(atlas) and is_in_ccf(atlas)):
        raise OutputError(
            f"ALF files hold the region ids of the Allen CCF of 2017, {atlas.name} has others; "
            "align the image to allen_mouse_10um, _25um, _50um or _100um"
        )
    arrays = dict(zip(alf_names(provenance), alf_arrays(projection), strict=True))
    if image is not None:
        arrays["mpciMeanImage.images.npy"] = grey(image)
    with replacing_folder(folder, overwrite=overwrite) as temporary:
        for name, array in arrays.items():
            np.save(temporary / name, array, allow_pickle=False)
        readme = json.dumps(_readme(projection, arrays), indent=2) + "\n"
        (temporary / "README.json").write_text(readme, encoding="utf-8")
        projection.table.to_csv(temporary / "regions.csv", index=False, lineterminator="\n")
    return [Path(folder) / name for name in (*arrays, "README.json", "regions.csv")]


def alf_arrays(projection: Projection) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Coordinates, shape (H, W, 3), and signed region ids, shape (H, W), of all pixels.

    See :func:`write_alf`; the atlas is not checked.
    """
    ids = np.array([0, *(row.region.id for row in projection.grouping.rows)], np.int64)
    signed = ids[projection.labels]
    # The finest label of a pixel is 1 + 2 * region + is_left.
    signed[(projection.finest > 0) & (projection.finest % 2 == 0)] *= -1
    return to_ibl_mlapdv_um(projection.atlas_um), signed


def _readme(projection: Projection, arrays: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    mlapdv, ids, *images = arrays
    about = {mlapdv: _MLAPDV, ids: _IDS, **dict.fromkeys(images, "the picture, (rows, columns)")}
    ap, dv, ml = IBL_BREGMA_UM
    return metadata_of(
        projection,
        "per pixel: place in the brain and region, in IBL's conventions",
        files={**about, "regions.csv": "the regions, with the atlas's own (unsigned) ids"},
        pixels="row 0 is the top of the picture, as in the image file",
        sides=_SIDES,
        ibl_bregma_um={"AP from the front": ap, "DV from the top": dv, "ML from the left": ml},
    )
