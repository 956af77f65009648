"""The Allen Institute's numbers: its common coordinate framework, and IBL's bregma in it.

The trap: BrainGlobe calls small indices of axis 2 the animal's right, the Allen Institute and IBL
call the same end of the same array left. What is meant here is the animal: a point in its left
hemisphere stays there, so that its coordinate along axis 2 is counted from the other end. (Passing
the number on unchanged would move it to the other hemisphere.)
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import AtlasInfo
from napari_brainreg3d.geometry.frames import AP, DV, ML, FloatArray

#: Extent of the framework along AP, DV and ML, um.
CCF_SIZE_UM: Final = (13200.0, 8000.0, 11400.0)

#: Bregma in the Allen framework along AP, DV and ML, um, ML from the *left*:
#: ``iblatlas.atlas.ALLEN_CCF_LANDMARKS_MLAPDV_UM``.
IBL_BREGMA_UM: Final = (5400.0, 332.0, 5739.0)

#: Atlases whose volume is the framework's.
_IN_CCF: Final = re.compile(r"(allen|kim|osten)_mouse_\d+(\.\d+)?um")
#: Those whose region numbers are the ones of its annotation of 2017.
_IDS_OF_2017: Final = re.compile(r"allen_mouse_\d+(\.\d+)?um")


def is_in_ccf(atlas: AtlasInfo) -> bool:
    """Whether the coordinates of an atlas are those of the Allen mouse CCF, version 3."""
    # A voxel more or less: 13200 um are not a whole number of voxels at every resolution.
    fits = np.abs(np.subtract(atlas.size_um, CCF_SIZE_UM)) <= atlas.resolution_um
    return _IN_CCF.fullmatch(atlas.name) is not None and bool(fits.all())


def has_ids_of_2017(atlas: AtlasInfo) -> bool:
    """Whether the region ids of an atlas are those of the Allen annotation of 2017."""
    return _IDS_OF_2017.fullmatch(atlas.name) is not None


def to_allen_um(points_um: npt.NDArray[Any]) -> FloatArray:
    """From ``atlas_um`` to the Allen framework.

    Parameters
    ----------
    points_um : ndarray, shape (..., 3)
        ``atlas_um`` of an atlas that :func:`is_in_ccf`.

    Returns
    -------
    ndarray, shape (..., 3), float64
        From the front, from the top, from the *left*, um: the same place of the animal.
    """
    places = np.array(points_um, np.float64)
    places[..., ML] = CCF_SIZE_UM[ML] - places[..., ML]
    return places


def to_ibl_mlapdv_um(points_um: npt.NDArray[Any]) -> FloatArray:
    """From ``atlas_um`` to IBL's coordinates.

    Parameters
    ----------
    points_um : ndarray, shape (..., 3)
        ``atlas_um`` of an atlas that :func:`is_in_ccf`.

    Returns
    -------
    ndarray, shape (..., 3), float64
        ML (right +), AP (anterior +), DV (dorsal +), um from IBL's bregma; not scaled, not tilted,
        as ``iblatlas.atlas.AllenAtlas`` counts.
    """
    offset = to_allen_um(points_um) - IBL_BREGMA_UM
    return np.stack([offset[..., ML], -offset[..., AP], -offset[..., DV]], axis=-1)
