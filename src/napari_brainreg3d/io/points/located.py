"""Tables of located points as CSV, with what they mean beside them."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.metadata import SCHEMATIC_NOTE
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.registration.registration import SUFFIX
from napari_brainreg3d.registration.schema import software_versions

#: What the columns mean; those that a table does not have are left out.
_MEANING: Final = {
    "row": "row of the point in the image, pixels; whole numbers are pixel centres",
    "col": "column of the point in the image, pixels",
    "area_px2": "area of the region of interest, pixels",
    "area_mm2": "the same times the area of a pixel in the plane of focus, square millimetres",
    "region": "acronym of the brain region that the point sees; empty: none of the chosen ones",
    "region_id": "its id in the atlas; 0: none",
    "label": "row of the region table, counted from 1; 0: none",
    "hemisphere": "the animal's own; empty: no tissue",
    "atlas_ap_um": "atlas_um axis 0: from the front, um",
    "atlas_dv_um": "atlas_um axis 1: from the top, um",
    "atlas_ml_um": "atlas_um axis 2: from the animal's right, um",
    "stereotaxic_ap_mm": "mm from the named bregma, anterior +",
    "stereotaxic_ml_mm": "mm from the named bregma, right +",
    "stereotaxic_dv_mm": "mm from the named bregma, dorsal +",
    "depth_um": "under the plane of focus, along the viewing direction, um; negative above it",
    "surface_depth_um": "way along the ray from the brain's surface, um",
    "incidence_deg": "angle between the ray and the normal of the surface, 0 is face on",
    "confidence": "share of the sampled poses in which the point keeps its label",
    "inside": "whether the place falls within the image",
    "visible": "whether the camera sees the place",
    "majority_region": "brain region with the most weight of the region of interest",
    "majority_label": "its label",
    "majority_share": "its share of all the weight",
    "inside_share": "share of the weight that lies within the image",
    "status": "what became of the point",
}


def description_path(path: str | os.PathLike[str]) -> Path:
    """Where the description of a table lies: ``located.csv`` -> ``located.json``."""
    return Path(path).with_suffix(".json")


def write_located(
    path: str | os.PathLike[str], table: pd.DataFrame, *, overwrite: bool = False
) -> list[Path]:
    """Write a table of located points as CSV, and what it means as JSON.

    Parameters
    ----------
    path
        Name of the CSV file; the JSON is beside it, ``located.csv`` -> ``located.json``.
    table
        From ``locate``, ``locate_rois`` or ``to_pixels``, with its ``attrs``.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        Both files.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written. Neither is then there.

    Notes
    -----
    Numbers with ten digits, empty where there is none. The columns ``atlas``, ``bregma`` and
    ``conventions`` are the same in every row, as in the region table: the CSV alone says what its
    coordinates are counted from.
    """
    target = check_ending(path, "a table", ".csv")
    description = description_path(target)
    if description.name.endswith(SUFFIX):
        raise OutputError(
            f"{description} is the name of a registration: choose another for {target}"
        )
    check_free(description, overwrite=overwrite)
    about = table.attrs
    schematic = f" ({SCHEMATIC_NOTE})" if about.get("atlas_is_schematic") else ""
    written = table.assign(atlas=f"{about.get('atlas', '')}{schematic}")
    if about.get("bregma"):
        written["bregma"] = about["bregma"]
    written["conventions"] = (
        "atlas um: from front, top, animal's right; mm: anterior, right, dorsal +; "
        "left, right: the animal's"
    )
    with ExitStack() as stack:
        temporary = stack.enter_context(replacing(target, overwrite=overwrite))
        temporary_json = stack.enter_context(replacing(description, overwrite=overwrite))
        written.to_csv(
            temporary, index=False, encoding="utf-8", lineterminator="\n", float_format="%.10g"
        )
        text = json.dumps(_description(table), indent=2, ensure_ascii=False) + "\n"
        temporary_json.write_text(text, encoding="utf-8")
    return [target, description]


def _description(table: pd.DataFrame) -> dict[str, Any]:
    return {
        "content": "points of an image and their places in a brain atlas",
        "rows": len(table),
        "columns": {name: _MEANING[name] for name in map(str, table.columns) if name in _MEANING},
        **{str(name): value for name, value in table.attrs.items()},
        "software": software_versions(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
