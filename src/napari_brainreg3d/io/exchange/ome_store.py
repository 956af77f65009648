"""An OME-Zarr image on disk, as far as labels beside it need to know it."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from napari_brainreg3d.errors import OutputError

#: NGFF version -> the version of Zarr that it lies in.
_KNOWN: Final[dict[str, Literal[2, 3]]] = {"0.4": 2, "0.5": 3}
_PLANE: Final = ("y", "x")

Transforms = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ImageStore:
    """An image in an OME-Zarr store.

    Attributes
    ----------
    folder
        Where it is.
    version
        Of NGFF, ``"0.4"`` or ``"0.5"``.
    shapes
        Height and width of every level.
    datasets
        Path of every level, and the transformations of its y and x axes.
    transforms
        Transformations of y and x that hold for all levels.
    plane_axes
        The y and x axes as the image describes them.
    """

    folder: Path
    version: str
    shapes: tuple[tuple[int, int], ...]
    datasets: tuple[tuple[str, Transforms], ...]
    transforms: Transforms
    plane_axes: list[dict[str, Any]]

    @property
    def zarr_format(self) -> Literal[2, 3]:
        """Of the store, 2 or 3."""
        return _KNOWN[self.version]

    def set_metadata(self, group: Any, content: dict[str, Any]) -> None:
        """Write NGFF metadata where this version has it."""
        if self.version == "0.4":
            for key, value in content.items():
                # Lists of names have no version, descriptions of images and labels have.
                if key == "multiscales":
                    group.attrs[key] = [{**each, "version": self.version} for each in value]
                else:
                    is_described = isinstance(value, dict)
                    more = {"version": self.version} if is_described else {}
                    group.attrs[key] = {**value, **more} if is_described else value
        else:
            group.attrs["ome"] = {"version": self.version, **content}

    def labels_group(self) -> Any:
        """The group of all labels, made if it is not there."""
        import zarr

        return zarr.open_group(
            str(self.folder / "labels"),
            mode="a",
            zarr_format=self.zarr_format,
            use_consolidated=False,
        )

    def list_labels(self, name: str) -> None:
        """Add a name to the list of labels."""
        group = self.labels_group()
        attributes = group.attrs.asdict()
        known = attributes.get("labels" if self.version == "0.4" else "ome") or []
        listed = known.get("labels", []) if isinstance(known, dict) else known
        if name not in listed:
            self.set_metadata(group, {"labels": [*listed, name]})

    def forget_labels(self) -> None:
        """Take the group of labels away again if nothing is in it."""
        folder = self.folder / "labels"
        if not any(part.is_dir() for part in folder.glob("*")):
            shutil.rmtree(folder, ignore_errors=True)

    def renew_consolidated(self) -> None:
        """Bring the store's table of contents up to date, if it has one."""
        import zarr

        root = zarr.open_group(str(self.folder), mode="r")
        if root.metadata.consolidated_metadata is not None:
            with warnings.catch_warnings():
                # It is not part of the standard of Zarr 3, as zarr remarks; but it was there.
                warnings.filterwarnings("ignore", message="Consolidated metadata")
                zarr.consolidate_metadata(str(self.folder))


def open_image_store(folder: Path) -> ImageStore:
    """Read what is known about an OME-Zarr image.

    Raises
    ------
    OutputError
        When there is none, or of a version or with axes that labels cannot be added to.
    """
    import zarr

    if not folder.is_dir():
        raise OutputError(f"{folder} is not an OME-Zarr: it is not a folder")
    try:
        root: Any = zarr.open_group(str(folder), mode="r", use_consolidated=False)
        attributes: dict[str, Any] = root.attrs.asdict()
        # From 0.5 on everything stands under one key.
        content: dict[str, Any] = attributes.get("ome", attributes)
        image = content["multiscales"][0]
        return _described(folder, root, str(content.get("version") or image["version"]), image)
    except OutputError:
        raise
    except Exception as error:  # zarr raises whatever it happens to trip over
        raise OutputError(f"{folder} is not an OME-Zarr image with axes y and x") from error


def _described(folder: Path, root: Any, version: str, image: dict[str, Any]) -> ImageStore:
    if version not in _KNOWN:
        raise OutputError(
            f"{folder} is OME-Zarr {version}; labels can be added to {' and '.join(_KNOWN)}"
        )
    axes = [axis["name"] for axis in image["axes"]]
    places = [axes.index(name) for name in _PLANE]
    shapes, datasets = [], []
    for dataset in image["datasets"]:
        shape = root[dataset["path"]].shape
        shapes.append((shape[places[0]], shape[places[1]]))
        transforms = _of_plane(dataset.get("coordinateTransformations", []), places)
        datasets.append((str(dataset["path"]), transforms))
    return ImageStore(
        folder=folder,
        version=version,
        shapes=tuple(shapes),
        datasets=tuple(datasets),
        transforms=_of_plane(image.get("coordinateTransformations", []), places),
        plane_axes=[dict(image["axes"][place]) for place in places],
    )


def _of_plane(transforms: Transforms, places: list[int]) -> Transforms:
    """What transformations do to y and x."""
    return [
        {
            "type": each["type"],
            **({each["type"]: [each[each["type"]][place] for place in places]}),
        }
        for each in transforms
        if each["type"] in ("scale", "translation") and each["type"] in each
    ]
