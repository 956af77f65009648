"""All results of a projection in one folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.images import Image
from napari_brainreg3d.io.label_tiff import save_labels
from napari_brainreg3d.io.maps import QUANTITIES, save_map
from napari_brainreg3d.io.mask_stack import save_masks, save_unresolved
from napari_brainreg3d.io.pixels import Pixels, hash_pixels
from napari_brainreg3d.io.tables import save_table
from napari_brainreg3d.io.targets import check_files_free, check_stem, made_folder
from napari_brainreg3d.progress import Progress, report
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.registration.registration import SUFFIX

#: Writes to a path that is ours to write; the pixels are those of the image, if there is one.
_Save = Callable[[Path, Projection, Pixels | None], None]


def _save_overview(path: Path, projection: Projection, pixels: Pixels | None) -> None:
    import PIL.Image

    # It brings fonts and the drawing of meshes along, which nothing else here needs.
    from napari_brainreg3d.results.overview import overview_picture

    PIL.Image.fromarray(overview_picture(projection, pixels)).save(path, format="PNG")


def _save_registration(path: Path, projection: Projection, pixels: Pixels | None) -> None:
    registration = projection.registration
    if registration.atlas_version is None:
        registration = registration.replaced(atlas_version=projection.scene.atlas.version)
    registration.save(path)


def _without_pixels(save: Callable[[Path, Projection], None]) -> _Save:
    return lambda path, projection, pixels: save(path, projection)


#: What can be written: name -> (end of the file name, how to write it).
_FILES: Final[dict[str, tuple[str, _Save]]] = {
    "labels": ("_labels.tif", _without_pixels(save_labels)),
    "regions": ("_regions.csv", _without_pixels(save_table)),
    "masks": ("_masks.tif", _without_pixels(save_masks)),
    **{
        name: (f"_{name}.tif", _without_pixels(partial(save_map, quantity=name)))
        for name in QUANTITIES
    },
    "unresolved": ("_unresolved.tif", _without_pixels(save_unresolved)),
    "overview": ("_overview.png", _save_overview),
    "registration": (SUFFIX, _save_registration),
}

ALL_RESULTS: Final = tuple(_FILES)
"""Names of everything that :func:`write_results` can write."""


def result_path(folder: str | os.PathLike[str], stem: str, name: str) -> Path:
    """Where :func:`write_results` puts a result, one of :data:`ALL_RESULTS`."""
    return Path(folder) / f"{stem}{_FILES[name][0]}"


def check_results_free(
    folder: str | os.PathLike[str], stem: str, *, overwrite: bool = False, unresolved: bool = False
) -> None:
    """Refuse, before any work is done, a folder in which :func:`write_results` could not write all.

    Parameters
    ----------
    folder, stem, overwrite
        As for :func:`write_results`. A folder that is not there is not made yet.
    unresolved
        Whether there will be the stack of regions at any depth.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or the folder is a file.
    """
    check_stem(stem)
    names = [name for name in ALL_RESULTS if unresolved or name != "unresolved"]
    check_files_free(
        folder, (result_path(folder, stem, name).name for name in names), overwrite=overwrite
    )


def write_results(
    folder: str | os.PathLike[str],
    stem: str,
    projection: Projection,
    *,
    image: Image | Pixels | None = None,
    overwrite: bool = False,
    what: Collection[str] = ALL_RESULTS,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the results of a projection into a folder: all of them, or after a failure none.

    Parameters
    ----------
    folder
        Where to write; made if it is not there.
    stem
        Beginning of every file name, usually the image's name without its suffix.
    projection
        What to write.
    image : Image, or ndarray of shape (H, W) or (H, W, 3)
        The picture that was projected: for the overview; its hash and, if known, its name go into
        the files.
    overwrite
        Whether existing files may be replaced.
    what
        Names from :data:`ALL_RESULTS`. By default all, ``"unresolved"`` only if there is one and
        ``"overview"`` only if there is an image.
    progress
        Told ``(files done, files)``; cancels by returning False.

    Returns
    -------
    list of Path
        The files: ``<stem>_labels.tif``, ``<stem>_regions.csv``, ``<stem>_masks.tif``, one
        ``<stem>_<map>.tif`` per map, ``<stem>_unresolved.tif``, ``<stem>_overview.png``,
        ``<stem>.brainreg3d.json``.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced or cannot be written, ``what`` has an unknown
        name, or the image has another size than the projection.
    Cancelled
        When ``progress`` said so.
    """
    pixels = image.pixels if isinstance(image, Image) else image
    names = _chosen(what, projection, has_image=pixels is not None)
    projection = _of_image(projection, image)
    targets = _targets(Path(folder), stem, names, overwrite=overwrite)
    with ExitStack() as stack:
        # Everything is written under temporary names first; the block's end moves it into place.
        for done, (name, target) in enumerate(zip(names, targets, strict=True)):
            report(progress, done, len(names))
            temporary = stack.enter_context(replacing(target, overwrite=overwrite))
            _FILES[name][1](temporary, projection, pixels)
        report(progress, len(names), len(names))
    return targets


def _chosen(what: Collection[str], projection: Projection, *, has_image: bool) -> list[str]:
    asked = {what} if isinstance(what, str) else set(what)
    unknown = sorted(asked - set(ALL_RESULTS))
    if unknown:
        raise OutputError(
            f"there is no result {unknown[0]!r}; choose from {', '.join(ALL_RESULTS)}"
        )
    if asked == set(ALL_RESULTS):
        if projection.unresolved is None:
            asked.discard("unresolved")
        if not has_image:
            asked.discard("overview")
    return [name for name in ALL_RESULTS if name in asked]


def _of_image(projection: Projection, image: Image | Pixels | None) -> Projection:
    """The same projection, with a registration that names ``image``."""
    if image is None:
        return projection
    registration = projection.registration
    name, known = registration.image_name, registration.image_sha256
    if isinstance(image, Image):
        name, shape, sha256 = image.name, image.shape, image.sha256
    else:
        shape, sha256 = image.shape[:2], hash_pixels(image)
        if known not in (None, sha256):
            name = None  # that of another picture
    if shape != registration.image_shape:
        height, width = registration.image_shape
        raise OutputError(
            f"the image has {shape[0]} x {shape[1]} pixels, the projection {height} x {width}: "
            "it was made for another image"
        )
    registration = registration.replaced(image_name=name, image_sha256=sha256)
    return dataclasses.replace(projection, registration=registration)


def _targets(folder: Path, stem: str, names: list[str], *, overwrite: bool) -> list[Path]:
    check_stem(stem)
    made_folder(folder)
    targets = [result_path(folder, stem, name) for name in names]
    for target in targets:
        check_free(target, overwrite=overwrite)
    return targets
