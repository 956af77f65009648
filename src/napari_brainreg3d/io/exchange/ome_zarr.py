"""Label images as OME-Zarr, beside the image they belong to (NGFF 0.4 and 0.5).

The layout is that of the specification, https://ngff.openmicroscopy.org/0.5/.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.contrast import contrast_limits
from napari_brainreg3d.io.exchange.extras import import_extra
from napari_brainreg3d.io.exchange.folders import replacing_folder
from napari_brainreg3d.io.exchange.ome_store import ImageStore, open_image_store
from napari_brainreg3d.io.exchange.pyramid import averaged, level_shapes, nearest
from napari_brainreg3d.io.metadata import metadata_of, row_names
from napari_brainreg3d.io.pixels import Pixels, finite_range
from napari_brainreg3d.projection import Projection

_WHAT: Final = "OME-Zarr"
_VERSION: Final = "0.5"
_CHUNK: Final = 512
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")
_LABELS_ARE: Final = (
    "label of each pixel, a row of the region table (image-label properties); 0 is nothing; y runs "
    "down the picture, x to its right; left and right are the animal's own"
)


def write_ome_zarr(
    path: str | os.PathLike[str],
    projection: Projection,
    image: Pixels,
    *,
    name: str = "regions",
    overwrite: bool = False,
) -> Path:
    """Write an image with its labels as a new OME-Zarr (NGFF 0.5, Zarr 3).

    Parameters
    ----------
    path
        A folder, usually ``<image>.ome.zarr``.
    projection
        Whose label image is written.
    image : ndarray, shape (H, W) or (H, W, 3)
        The picture that was registered; colours become channels.
    name
        Of the labels within the store.
    overwrite
        Whether an existing folder may be replaced, all of it.

    Returns
    -------
    Path
        The folder: the image at several sizes, and ``labels/<name>`` at the same ones, with the
        colours and names of the regions and the pixel size in micrometres.

    Raises
    ------
    OutputError
        When zarr is not installed, the image has another size than the projection, the folder
        exists and may not be replaced, or cannot be written.
    """
    zarr = import_extra("zarr", "zarr", _WHAT)
    registration = projection.registration
    _check(name, image.shape[:2], registration.image_shape)
    planes = image.astype(np.uint8) if image.dtype == np.bool_ else image
    shapes = level_shapes(registration.image_shape)
    with replacing_folder(path, overwrite=overwrite, what="folder") as temporary:
        root = zarr.open_group(str(temporary), mode="w", zarr_format=3)
        for level, shape in enumerate(shapes):
            planes = planes if level == 0 else averaged(planes)
            assert planes.shape[:2] == shape
            data = np.moveaxis(planes, -1, 0) if planes.ndim == 3 else planes
            _write_array(root, str(level), data)
        axes = "cyx" if image.ndim == 3 else "yx"
        title = registration.image_name or "image"
        scales = _multiscale(title, axes, shapes, registration.pixel_size_um)
        root.attrs["ome"] = {
            "version": _VERSION,
            "multiscales": [scales],
            "omero": {"channels": _channels(image)},
        }
        root.attrs["napari-brainreg3d"] = metadata_of(projection, "the picture registered")
        store = open_image_store(temporary)
        _write_labels(store, projection, name, temporary / "labels" / name)
        store.list_labels(name)
    return Path(path)


def add_ome_zarr_labels(
    path: str | os.PathLike[str],
    projection: Projection,
    *,
    name: str = "regions",
    overwrite: bool = False,
) -> Path:
    """Add labels to an OME-Zarr image that is there, without touching its pixels.

    Parameters
    ----------
    path
        The store, a folder on disk: NGFF 0.4 (Zarr 2) or 0.5 (Zarr 3).
    projection
        Of that image.
    name
        Of the labels within the store.
    overwrite
        Whether labels of that name may be replaced. Nothing else ever is.

    Returns
    -------
    Path
        The folder of the labels, ``<path>/labels/<name>``: in the store's own version, two axes (y
        and x), at as many sizes as the image, in its place and with its pixel size.

    Raises
    ------
    OutputError
        When zarr is not installed, ``path`` is not such a store, its image has another size than
        the projection, or the labels exist and may not be replaced.
    """
    import_extra("zarr", "zarr", _WHAT)
    store = open_image_store(Path(path))
    _check(name, store.shapes[0], projection.registration.image_shape)
    labels = store.folder / "labels"
    target = labels / name
    if target.exists() and not overwrite:
        raise OutputError(
            f"{store.folder} has labels {name!r} already; use --overwrite (overwrite=True) to "
            "replace them, or another name"
        )
    was_there = labels.exists()
    try:
        store.labels_group()
        with replacing_folder(target, overwrite=overwrite, what="folder") as temporary:
            _write_labels(store, projection, name, temporary)
        store.list_labels(name)
    except BaseException:
        if not was_there:
            store.forget_labels()
        raise
    store.renew_consolidated()
    return target


def _check(name: str, image: tuple[int, ...], projection: tuple[int, int]) -> None:
    if not _NAME.fullmatch(name):
        raise OutputError(f"{name!r} cannot be the name of labels; use letters, digits, - and _")
    if tuple(image) != projection:
        raise OutputError(
            f"the image has {image[0]} x {image[1]} pixels, the projection {projection[0]} x "
            f"{projection[1]}: it was made for another image"
        )


def _write_labels(store: ImageStore, projection: Projection, name: str, folder: Path) -> None:
    import zarr

    group = zarr.open_group(str(folder), mode="w", zarr_format=store.zarr_format)
    for (path, _), shape in zip(store.datasets, store.shapes, strict=True):
        _write_array(group, path, nearest(projection.labels, shape))
    scales = {
        "name": name,
        "axes": store.plane_axes,
        "datasets": [
            {"path": path, "coordinateTransformations": transforms}
            for path, transforms in store.datasets
        ],
        **({"coordinateTransformations": store.transforms} if store.transforms else {}),
    }
    store.set_metadata(group, {"multiscales": [scales], "image-label": _image_label(projection)})
    group.attrs["napari-brainreg3d"] = metadata_of(projection, _LABELS_ARE)


def _image_label(projection: Projection) -> dict[str, Any]:
    table = projection.table
    names = row_names(projection.grouping)
    rows = projection.grouping.rows
    return {
        "colors": [
            {"label-value": label, "rgba": [*row.region.rgb, 255]}
            for label, row in enumerate(rows, start=1)
        ],
        "properties": [
            {
                "label-value": label,
                "label": names[label - 1],
                "acronym": row.region.acronym,
                "name": row.region.name,
                "hemisphere": row.hemisphere,
                "atlas-id": row.region.id,
                "pixels": int(table["pixels"].iloc[label - 1]),
            }
            for label, row in enumerate(rows, start=1)
        ],
        "source": {"image": "../../"},
    }


def _write_array(group: Any, path: str, data: npt.NDArray[Any]) -> None:
    chunks = (*(1,) * (data.ndim - 2), *(min(_CHUNK, n) for n in data.shape[-2:]))
    names = {2: ["y", "x"], 3: ["c", "y", "x"]}[data.ndim]
    is_newest = group.metadata.zarr_format == 3
    more: dict[str, Any] = {"dimension_names": names} if is_newest else {}
    if not is_newest:
        more["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
    group.create_array(path, data=np.ascontiguousarray(data), chunks=chunks, **more)


def _multiscale(
    name: str, axes: str, shapes: list[tuple[int, int]], size: tuple[float, float]
) -> dict[str, Any]:
    plane = len(axes) - 2
    datasets = []
    for level in range(len(shapes)):
        # The first pixel of a level covers 2^level of the full size, its centre lies between them.
        scale = [*[1.0] * plane, *(um * 2.0**level for um in size)]
        shift = [*[0.0] * plane, *(um * (2.0**level - 1.0) / 2.0 for um in size)]
        transforms: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        transforms.append({"type": "translation", "translation": shift})
        datasets.append({"path": str(level), "coordinateTransformations": transforms})
    return {"name": name, "axes": _axes(axes), "datasets": datasets, "type": "mean"}


def _axes(names: str) -> list[dict[str, str]]:
    plane = {"type": "space", "unit": "micrometer"}
    return [
        {"name": name, "type": "channel"} if name == "c" else {"name": name, **plane}
        for name in names
    ]


def _channels(image: Pixels) -> list[dict[str, Any]]:
    colours = ("FF0000", "00FF00", "0000FF") if image.ndim == 3 else ("FFFFFF",)
    labels = ("red", "green", "blue") if image.ndim == 3 else ("image",)
    low, high = finite_range(image)
    low, high = (low, high) if low < high else (0.0, 1.0)
    start, end = contrast_limits(image) if image.dtype != np.uint8 else (0.0, 255.0)
    window = {"min": float(low), "max": float(high), "start": float(start), "end": float(end)}
    return [
        {"label": label, "color": colour, "active": True, "window": dict(window)}
        for label, colour in zip(labels, colours, strict=True)
    ]
