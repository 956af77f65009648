"""What *File > Save Selected Layers* offers: label images, masks, maps, the whole session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_brainreg3d._napari.image_source import stated_pixel_size_um
from napari_brainreg3d._napari.layers.ownership import KEY, LayerTuple
from napari_brainreg3d._napari.persistence import with_suffix
from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.io.frames import PixelSize
from napari_brainreg3d.io.imagej_tiff import save_imagej
from napari_brainreg3d.io.label_tiff import table_path, write_labels
from napari_brainreg3d.io.maps import write_map
from napari_brainreg3d.io.mask_stack import write_masks, write_unresolved
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration.registration import SUFFIX

TIFF_SUFFIX: Final = ".brainreg.tif"
MASKS_SUFFIX: Final = ".brainreg_masks.tif"
_MOST_LABELS: Final = int(np.iinfo(np.uint16).max)


def write_tiff(path: str, layers: Sequence[LayerTuple]) -> list[str]:
    """Write one layer as a TIFF that ImageJ opens with its scale and names.

    Parameters
    ----------
    path
        Where to write; ``.brainreg.tif`` is added where it is missing. napari has asked before
        replacing a file of just this name.
    layers
        One layer: its data, attributes and type.

    Returns
    -------
    list of str
        The files written: a label image comes with its region table.

    Raises
    ------
    OutputError
        When the layer is none of ours and no label image, or cannot be written.
    """
    data, meta = _only(layers)
    target = _target(path, TIFF_SUFFIX)
    details, projection = _details(meta)
    match details.get("role"):
        case "mask" if projection:
            return [str(write_masks(target, projection, overwrite=True))]
        case "unresolved" if projection:
            return [str(write_unresolved(target, projection, overwrite=True))]
        case "map" if projection:
            return [str(write_map(target, projection, details["quantity"], overwrite=True))]
    labels = _as_labels(data, meta)
    if projection is not None and np.array_equal(labels, projection.labels):
        return [str(file) for file in write_labels(target, projection, overwrite=True)]
    return _write_any_labels(target, labels, meta)


def write_mask_stack(path: str, layers: Sequence[LayerTuple]) -> list[str]:
    """Write a Labels layer as one mask per region, an ImageJ stack.

    Raises
    ------
    OutputError
        When it is no flat label image, holds no label, or cannot be written.
    """
    data, meta = _only(layers)
    target = _target(path, MASKS_SUFFIX)
    _, projection = _details(meta)
    labels = _as_labels(data, meta)
    if projection is not None and np.array_equal(labels, projection.labels):
        return [str(write_masks(target, projection, overwrite=True))]
    names = _names(labels, meta)
    if not names:
        raise OutputError(
            f"{meta.get('name', 'the layer')} holds no label, so there is no mask to write: "
            "choose a label image with at least one region"
        )
    with replacing(target, overwrite=True) as temporary:
        save_imagej(
            temporary,
            ((labels == label).view(np.uint8) for label in names),
            shape=(len(names), *labels.shape),
            dtype=np.uint8,
            axes="ZYX",
            pixel_size_um=_pixel_size_um(meta),
            info={"content": "masks, 0 or 1", "names": list(names.values())},
            labels=list(names.values()),
            display_range=(0.0, 1.0),
        )
    return [str(target)]


def write_session(path: str, layers: Sequence[LayerTuple]) -> list[str]:
    """Write the session of the current viewer, whichever of its layers are selected.

    Raises
    ------
    RegistrationError
        When nothing is being registered.
    OutputError
        When it cannot be written.
    """
    import napari

    from napari_brainreg3d._napari.bench import bench_for

    viewer = napari.current_viewer()
    if viewer is None:
        raise RegistrationError("there is no window of napari whose session could be saved")
    target = _target(path, SUFFIX)
    return [str(bench_for(viewer).save_session(target, overwrite=True))]


def _only(layers: Sequence[LayerTuple]) -> tuple[Any, dict[str, Any]]:
    if len(layers) != 1:
        raise OutputError(f"choose one layer to write into one file, not {len(layers)}")
    data, meta, _ = layers[0]
    return data, meta


def _target(path: str, suffix: str) -> Path:
    """The path with our suffix; napari's dialog asked about ``path``, not about this one."""
    target = with_suffix(path, suffix)
    if target != Path(path):
        check_free(target, overwrite=False)
    return target


def _details(meta: dict[str, Any]) -> tuple[dict[str, Any], Projection | None]:
    details = meta.get("metadata", {}).get(KEY, {})
    projection = details.get("projection")
    return details, projection if isinstance(projection, Projection) else None


def _pixel_size_um(meta: dict[str, Any]) -> PixelSize:
    _, projection = _details(meta)
    if projection is not None:
        return projection.registration.pixel_size_um
    scale, units = meta.get("scale", (1.0, 1.0)), meta.get("units", ("pixel", "pixel"))
    stated = stated_pixel_size_um(scale, units)
    if stated is None:
        raise OutputError(
            f"{meta.get('name', 'the layer')} says nothing of the size of its pixels: give it a "
            "scale in um, or save it as a plain .tif"
        )
    return stated


def _as_labels(data: Any, meta: dict[str, Any]) -> npt.NDArray[np.uint16]:
    labels = np.asarray(data)
    name = meta.get("name", "the layer")
    if labels.ndim == 3 and labels.shape[0] == 1:
        labels = labels[0]
    if labels.ndim != 2 or labels.dtype.kind not in "bui":
        raise OutputError(
            f"{name} is neither a flat label image nor a result of napari-brainreg3d: "
            "save it as a plain .tif"
        )
    if labels.size and (labels.min() < 0 or labels.max() > _MOST_LABELS):
        raise OutputError(
            f"{name} holds labels outside 0 to {_MOST_LABELS}: save it as a plain .tif"
        )
    return labels.astype(np.uint16, copy=False)


def _write_any_labels(
    target: Path, labels: npt.NDArray[np.uint16], meta: dict[str, Any]
) -> list[str]:
    """Labels that were painted or come from elsewhere: what the layer knows of them goes along."""
    names, table = _names(labels, meta), _table(labels, meta)
    beside = table_path(target)
    with (
        replacing(target, overwrite=True) as temporary,
        replacing(beside, overwrite=True) as temporary_table,
    ):
        save_imagej(
            temporary,
            [labels],
            shape=labels.shape,
            dtype=np.uint16,
            axes="YX",
            pixel_size_um=_pixel_size_um(meta),
            info={
                "content": "label of each pixel; 0 is nothing",
                "labels": {str(label): name for label, name in names.items()},
            },
            display_range=(0.0, float(max(1, labels.max(initial=0)))),
        )
        table.to_csv(temporary_table, index=False, encoding="utf-8", lineterminator="\n")
    return [str(target), str(beside)]


def _features(meta: dict[str, Any]) -> pd.DataFrame:
    features = pd.DataFrame(meta.get("features", {}))
    return features.rename(columns={"index": "label"})


def _names(labels: npt.NDArray[np.uint16], meta: dict[str, Any]) -> dict[int, str]:
    """Name of each label that occurs; its number where nobody has named it."""
    features, found = _features(meta), [int(label) for label in np.unique(labels) if label]
    known: dict[int, str] = {}
    if {"label", "acronym"} <= set(features.columns):
        numbers, words = features["label"].astype(int), features["acronym"].astype(str)
        known = dict(zip(numbers, words, strict=True))
    return {label: known.get(label, str(label)) for label in found}


def _table(labels: npt.NDArray[np.uint16], meta: dict[str, Any]) -> pd.DataFrame:
    names = _names(labels, meta)
    counts = np.bincount(labels.ravel(), minlength=1)
    table = pd.DataFrame({"label": list(names), "acronym": list(names.values())})
    features = _features(meta)
    ids: dict[int, int] = {}
    if {"label", "id"} <= set(features.columns):
        ids = dict(zip(features["label"].astype(int), features["id"].astype(int), strict=True))
    table.insert(1, "id", [ids.get(label, label) for label in names])
    table["pixels"] = [int(counts[label]) for label in names]
    return table
