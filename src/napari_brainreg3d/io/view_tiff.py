"""The TIFF of a standard view: its frames, and what it says about itself in ImageJ's Info text."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import AtlasInfo
from napari_brainreg3d.geometry.frames import COL, ROW
from napari_brainreg3d.io.imagej_tiff import save_imagej
from napari_brainreg3d.io.metadata import SCHEMATIC_NOTE
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.schema import (
    CONVENTIONS,
    fields_from_json,
    software_versions,
    to_json,
)
from napari_brainreg3d.results.orientation import direction_marks

Pixels = npt.NDArray[Any]

KIND: Final = "napari-brainreg3d standard view"
"""By which a file is known."""

_COLOURS: Final = ("red", "green", "blue")
#: Shares of the values that ImageJ shows as black, and as white.
_DISPLAY: Final = (0.002, 0.998)


def save_view(
    path: Path,
    frames: Iterable[Pixels],
    count: int | None,
    is_colour: bool,
    registration: Registration,
    dtype: np.dtype[Any],
    info: dict[str, Any],
) -> None:
    """Write frames to a path that is ours to write.

    Parameters
    ----------
    path
        Where to write.
    frames
        Arrays of shape (h, w) or (h, w, 3); taken one at a time.
    count
        How many there are; None: one, that is no movie.
    is_colour
        Whether they have colours.
    registration
        Of the view.
    dtype
        Of the file.
    info
        From :func:`view_info`.
    """
    frames = iter(frames)
    first = next(frames)  # a movie of no frames is refused by whoever reads it
    time = () if count is None else (count,)
    save_imagej(
        path,
        _planes(first, frames),
        shape=(*time, *((3,) if is_colour else ()), *registration.image_shape),
        dtype=dtype,
        axes="T" * len(time) + "C" * is_colour + "YX",
        pixel_size_um=registration.pixel_size_um,
        info={**info, "colour": is_colour},
        labels=_COLOURS if is_colour and count is None else (),
        display_range=_display_range(first),
    )


def _planes(first: Pixels, rest: Iterator[Pixels]) -> Iterator[Pixels]:
    yield from _channels(first)
    for frame in rest:
        yield from _channels(frame)


def _channels(frame: Pixels) -> Iterator[Pixels]:
    if frame.ndim == 2:
        yield np.ascontiguousarray(frame)
    else:
        yield from (np.ascontiguousarray(frame[..., i]) for i in range(frame.shape[2]))


def _display_range(frame: Pixels) -> tuple[float, float]:
    known = frame[np.isfinite(frame)]
    if known.size and frame.dtype.kind == "f":
        low, high = (float(value) for value in np.quantile(known, _DISPLAY))
    else:
        low, high = 0.0, float(known.max()) if known.size else 1.0
    return (low, high) if low < high else (low, low + 1.0)


def view_info(
    registration: Registration,
    atlas: AtlasInfo,
    content: str,
    *,
    source: Registration | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What a file says about itself, ready for JSON."""
    pose, view = registration.pose, registration.view
    letters = {mark.letter: (mark.down, mark.right) for mark in direction_marks(pose, view.camera)}
    mirror = -1.0 if registration.camera.mirrored else 1.0
    return {
        "kind": KIND,
        "content": content,
        **more,
        "atlas": {
            **dataclasses.asdict(atlas),
            **({"note": SCHEMATIC_NOTE} if atlas.is_schematic else {}),
        },
        "conventions": CONVENTIONS,
        "side_confirmed": registration.side_confirmed,
        "origin": {
            "first_pixel_centre_atlas_um": view.pixels_to_atlas([[0.0, 0.0]])[0].tolist(),
            "down_in_atlas": pose.rotation[:, ROW].tolist(),
            "right_in_atlas": (mirror * pose.rotation[:, COL]).tolist(),
            "pixel_size_um": registration.pixel_size_um,
            "animal_directions_down_right": letters,
        },
        "view": json.loads(to_json(registration)),
        **({} if source is None else {"source": json.loads(to_json(source))}),
        "software": software_versions(),
    }


def registration_from(part: dict[str, Any], file: Path) -> Registration:
    """Read a registration that :func:`view_info` wrote; ``file`` is named in errors."""
    return Registration(**fields_from_json(json.dumps(part), source=str(file)))


def atlas_from(part: dict[str, Any]) -> AtlasInfo:
    """Read what :func:`view_info` wrote of the atlas."""
    names = {field.name for field in dataclasses.fields(AtlasInfo)}
    values = {name: value for name, value in part.items() if name in names}
    for name in ("resolution_um", "shape"):
        values[name] = tuple(values[name])
    return AtlasInfo(**values)
