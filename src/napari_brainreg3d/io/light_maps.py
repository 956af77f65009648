"""A depth mixture as files: a table of regions, and maps as TIFF."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.io.imagej_tiff import save_imagej
from napari_brainreg3d.io.metadata import SCHEMATIC_NOTE, row_names
from napari_brainreg3d.io.pixels import finite_range
from napari_brainreg3d.io.targets import check_files_free, check_stem, made_folder
from napari_brainreg3d.projection.depth_mixture import DepthMixture
from napari_brainreg3d.registration.schema import CONVENTIONS, software_versions

#: End of the file name -> what the file holds.
LIGHT_FILES: Final = {
    "_light_regions.csv": "one row per region: how much of the light is its own",
    "_light_dominant.tif": "label with the largest share of the light; 0 is none or other tissue",
    "_light_labels.tif": "labels by their share of the light, the largest first; 0 is none",
    "_light_fractions.tif": "their shares of the light, 0 to 1; NaN where there is no tissue",
    "_light_other.tif": "share of the light from tissue of no chosen region; NaN without tissue",
    "_light_entropy.tif": "entropy of the shares, bits: 0 where all light is of one region; NaN "
    "without tissue",
    "_light_depth_um.tif": "mean way along the ray from the brain's surface to where the light "
    "comes from, um; NaN without tissue",
}


def check_light_free(folder: str | os.PathLike[str], stem: str, *, overwrite: bool = False) -> None:
    """Refuse a folder in which :func:`write_light` could not write; it is not made yet.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or the folder is a file.
    """
    check_stem(stem)
    check_files_free(folder, (f"{stem}{end}" for end in LIGHT_FILES), overwrite=overwrite)


def write_light(
    folder: str | os.PathLike[str],
    stem: str,
    mixture: DepthMixture,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write a depth mixture into a folder: all files, or after a failure none.

    Parameters
    ----------
    folder
        Where to write; made if it is not there.
    stem
        Beginning of every file name, usually the image's name without its suffix.
    mixture
        What to write.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        ``<stem>`` and the keys of :data:`LIGHT_FILES`.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written.
    """
    place = Path(folder)
    check_light_free(place, stem, overwrite=overwrite)
    made_folder(place)
    targets = [place / f"{stem}{end}" for end in LIGHT_FILES]
    with ExitStack() as stack:
        for target, end in zip(targets, LIGHT_FILES, strict=True):
            temporary = stack.enter_context(replacing(target, overwrite=overwrite))
            _SAVE[end](temporary, mixture, end)
    return targets


def _save_table(path: Path, mixture: DepthMixture, _end: str) -> None:
    table = mixture.table
    atlas = mixture.scene.atlas
    note = f" ({SCHEMATIC_NOTE})" if atlas.is_schematic else ""
    table["attenuation_um"] = mixture.attenuation_um
    table["atlas"] = f"{atlas.name} {atlas.version}{note}"
    table["conventions"] = f"left, right: the animal's own. {CONVENTIONS}"
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _save_maps(
    path: Path,
    mixture: DepthMixture,
    end: str,
    *,
    take: Callable[[DepthMixture], npt.NDArray[Any]],
) -> None:
    values = take(mixture)
    planes = values if values.ndim == 3 else values[None]
    low, high = finite_range(values)
    dtype = np.uint16 if values.dtype == np.uint16 else np.float32
    save_imagej(
        path,
        (np.ascontiguousarray(plane, dtype) for plane in planes),
        shape=values.shape,
        dtype=dtype,
        axes="ZYX" if values.ndim == 3 else "YX",
        pixel_size_um=mixture.registration.pixel_size_um,
        info=_about(mixture, LIGHT_FILES[end]),
        labels=_ranks(len(planes)) if values.ndim == 3 else (),
        display_range=(low, high) if low < high else (0.0, 1.0),
    )


def _ranks(count: int) -> Sequence[str]:
    return [f"rank {rank}" for rank in range(1, count + 1)]


_SAVE: Final[dict[str, Callable[[Path, DepthMixture, str], None]]] = {
    "_light_regions.csv": _save_table,
    "_light_dominant.tif": partial(_save_maps, take=lambda mixture: mixture.dominant),
    "_light_labels.tif": partial(_save_maps, take=lambda mixture: mixture.labels),
    "_light_fractions.tif": partial(_save_maps, take=lambda mixture: mixture.fractions),
    "_light_other.tif": partial(_save_maps, take=lambda mixture: mixture.other),
    "_light_entropy.tif": partial(_save_maps, take=lambda mixture: mixture.entropy_bits),
    "_light_depth_um.tif": partial(_save_maps, take=lambda mixture: mixture.mean_depth_um),
}


def _about(mixture: DepthMixture, content: str) -> dict[str, Any]:
    registration, atlas = mixture.registration, mixture.scene.atlas
    names = row_names(mixture.grouping)
    return {
        "content": content,
        "labels": {str(label): name for label, name in enumerate(names, start=1)},
        "atlas": {
            "name": atlas.name,
            "version": atlas.version,
            "citation": atlas.citation,
            "is_schematic": atlas.is_schematic,
            **({"note": SCHEMATIC_NOTE} if atlas.is_schematic else {}),
        },
        "conventions": CONVENTIONS,
        "side_confirmed": registration.side_confirmed,
        "hemisphere": mixture.scene.hemisphere,
        "image": {
            "name": registration.image_name,
            "sha256": registration.image_sha256,
            "shape": registration.image_shape,
            "pixel_size_um": registration.pixel_size_um,
        },
        "light": {
            "attenuation_um": mixture.attenuation_um,
            "max_depth_um": mixture.max_depth_um,
            "brightness": dict(mixture.brightness),
        },
        "software": software_versions(),
    }
