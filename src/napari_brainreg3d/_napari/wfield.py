"""Coming from wfield and going back: its landmarks in and out, labels for locaNMF out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_brainreg3d._napari.aligner import Alignment
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import DV
from napari_brainreg3d.io.wfield import (
    WfieldLandmarks,
    read_wfield_landmarks,
    write_locanmf,
    write_wfield_landmarks,
)
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.presets import (
    WFIELD_BREGMA_UM,
    WFIELD_POINTS_MM,
    point_from_above,
)
from napari_brainreg3d.registration import Landmark
from napari_brainreg3d.registration.registration import default_bregma

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

WFIELD_FILE: Final = "dorsal_cortex_landmarks.json"
WFIELD_RESULTS: Final = {"wfield": WFIELD_FILE, "locanmf": "locanmf.npy"}
"""What is written for others -> how the names of the files end."""

Place = tuple[float, float, float]


def open_wfield(bench: Bench, path: str | Path) -> None:
    """Start from what wfield has drawn: its flat map as the pose, its points as landmarks.

    The image lies untilted, as wfield sees it; fitting the landmarks tilts it.

    Raises
    ------
    RegistrationError
        When the file is not one of wfield, image or atlas are missing, the atlas is not in the
        Allen CCF, or the alignment is locked.
    """
    read = read_wfield_landmarks(path)
    session = bench.session
    image, scene = session.image, session.scene
    if image is None or scene is None:
        raise RegistrationError(
            "landmarks of wfield need the image that they were placed on and an atlas: choose both "
            "first, then open the file again"
        )
    refuse_unless_ccf(scene)
    top_um = float(scene.brain.bounds_um[0][DV]) if len(scene.brain.faces) else 0.0
    flat = read.to_registration(scene.atlas.name, image.shape, depth_um=top_um)
    if session.alignment is None:
        session.set_pixel_size(flat.pixel_size_um)
    session.aligner.set_alignment(
        Alignment(flat.pose, flat.camera, flat.pixel_size_um, landmarks_of(read, scene))
    )


def landmarks_of(read: WfieldLandmarks, scene: Scene) -> tuple[Landmark, ...]:
    """Points of wfield on the surface of the brain, and where they were placed in the image."""
    places = [_on_surface(scene, (x, y)) for x, y in read.reference_mm.tolist()]
    clicks: list[tuple[float, float] | None] = [None] * len(places)
    if read.image_px is not None:
        clicks = [(row, column) for column, row in read.image_px.tolist()]
    return tuple(map(Landmark, read.names, clicks, places))


def write_for_others(
    folder: Path,
    stem: str,
    projection: Projection,
    what: Collection[str],
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write some of :data:`WFIELD_RESULTS`.

    Raises
    ------
    RegistrationError
        When the atlas is not in the Allen CCF, or the camera does not see wfield's points.
    OutputError
        When a file exists and may not be replaced, or cannot be written.
    """
    written: list[Path] = []
    if "wfield" in what:
        scene, target = projection.scene, folder / f"{stem}_{WFIELD_FILE}"
        refuse_unless_ccf(scene)
        found = {name: _on_surface(scene, at) for name, at in WFIELD_POINTS_MM.items()}
        known = {name: place for name, place in found.items() if place is not None}
        write_wfield_landmarks(
            target,
            projection.registration,
            np.array([*known.values()]),
            names=tuple(known),
            overwrite=overwrite,
        )
        written.append(target)
    if "locanmf" in what:
        target = folder / f"{stem}_{WFIELD_RESULTS['locanmf']}"
        written += write_locanmf(target, projection, overwrite=overwrite)
    return written


def refuse_unless_ccf(scene: Scene) -> None:
    """Refuse an atlas that wfield's coordinates say nothing of.

    Raises
    ------
    RegistrationError
        When the atlas is not in the Allen CCF.
    """
    if default_bregma(scene.atlas.name) is None:
        raise RegistrationError(
            f"wfield's landmarks lie in the Allen CCF, {scene.atlas.name} does not: load a mouse "
            "atlas of the Allen CCF"
        )


def _on_surface(scene: Scene, place_mm: tuple[float, float]) -> Place | None:
    """The surface at a place of wfield: right of and behind its bregma, mm."""
    x, y = place_mm
    ap, ml = WFIELD_BREGMA_UM
    place, _ = point_from_above(scene, ap + 1000.0 * y, ml - 1000.0 * x)
    return place
