"""The work of ``napari-brainreg3d match``: which images, each of them, and the summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pandas as pd
from PIL import Image as Picture

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.batch.contact import STRIP_SUFFIX
from napari_brainreg3d.batch.matching import Reference as Reference
from napari_brainreg3d.batch.matching import new_pixel_size_um
from napari_brainreg3d.cli.console import UsageError
from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.targets import made_folder
from napari_brainreg3d.io.writing import ALL_RESULTS
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.matching import ImageMatch, carry_over, match_images
from napari_brainreg3d.registration.registration import SUFFIX
from napari_brainreg3d.results.contact_sheet import ContactEntry, contact_entry, contact_sheet

TABLE: Final = "matches.csv"
SHEET: Final = "contact_sheet.png"

_PICTURES: Final = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".gif")
#: Ends of the names that ``project`` and ``batch`` give to pictures: they are no sessions.
_OURS: Final = (*(f"_{name}" for name in ALL_RESULTS), Path(STRIP_SUFFIX).stem, Path(SHEET).stem)
#: Columns of the table that are fields of the match.
_FIGURES: Final = (
    *("rotation_deg", "scale", "quality", "features", "overlap"),
    *("residual_um", "shift_sd_um", "rotation_sd_deg", "scale_sd"),
)


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """The options of ``match`` that are the same for all images."""

    frame: int | Literal["mean", "max"]
    channel: int | None
    pixel_size_um: tuple[float, ...] | None
    take_scale: bool
    max_shift_um: float | None
    max_rotation_deg: float
    max_scale: float
    vessel_um: float


@dataclass(frozen=True, slots=True)
class Session:
    """What became of one image: a registration, or a problem."""

    name: str
    entry: ContactEntry
    registration: Registration | None = None
    match: ImageMatch | None = None
    problem: str = ""


def find_images(given: Sequence[Path], reference_image: Path) -> list[Path]:
    """List the images of sessions: files as they are, folders by their pictures in order of name.

    Raises
    ------
    UsageError
        When something does not exist, there is no image at all, or two have the same name.
    """
    files: list[Path] = []
    for path in given:
        if not path.exists():
            raise UsageError(f"there is no file or folder {path}")
        if path.is_dir():
            files += [file for file in sorted(path.iterdir()) if _is_session(file)]
        else:
            files.append(path)
    here = reference_image.resolve()
    found = list({file.resolve(): file for file in files if file.resolve() != here}.values())
    if not found:
        where = ", ".join(str(path) for path in given)
        raise UsageError(
            f"no image but the reference in {where}; pictures are {' '.join(_PICTURES)}"
        )
    names: dict[str, Path] = {}
    for file in found:
        other = names.setdefault(file.stem.lower(), file)
        if other is not file:
            raise UsageError(f"{other} and {file} would both be written as {file.stem}{SUFFIX}")
    return found


def _is_session(file: Path) -> bool:
    is_picture = file.suffix.lower() in _PICTURES and file.is_file()
    return is_picture and not file.name.startswith(".") and not file.stem.endswith(_OURS)


def planned_files(files: Sequence[Path], folder: Path, *, overwrite: bool) -> list[Path]:
    """Say where the registrations go, and make the folder, before any work is done.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or the folder cannot be made.
    """
    targets = [folder / f"{file.stem}{SUFFIX}" for file in files]
    made_folder(folder)
    for target in (*targets, folder / TABLE, folder / SHEET):
        check_free(target, overwrite=overwrite)
    return targets


def match_session(reference: Reference, file: Path, chosen: MatchOptions) -> Session:
    """Match one image; what is wrong with it becomes a part of the answer."""
    old = reference.registration
    new, match, placed, problem = None, None, None, ""
    size = old.pixel_size_um
    try:
        new = read_image(file, frame=chosen.frame, channel=chosen.channel)
        size = new_pixel_size_um(reference, new, chosen.pixel_size_um)
        match = match_images(
            reference.image.pixels,
            new.pixels,
            previous_pixel_size_um=old.pixel_size_um,
            new_pixel_size_um=size,
            max_shift_um=chosen.max_shift_um,
            max_rotation_deg=chosen.max_rotation_deg,
            max_scale=chosen.max_scale,
            vessel_um=chosen.vessel_um,
        )
        placed = carry_over(
            old,
            match,
            new.shape,
            new_pixel_size_um=size,
            take_scale=chosen.take_scale,
            image_name=new.name,
            image_sha256=new.sha256,
        ).registration
    except BrainregError as error:
        problem = " ".join(str(error).split())
    entry = contact_entry(
        file.name,
        reference.image.pixels,
        None if new is None else new.pixels,
        previous_pixel_size_um=old.pixel_size_um,
        new_pixel_size_um=size,
        match=match,
        problem=problem,
    )
    return Session(file.name, entry, placed, match, problem)


def write_summary(
    folder: Path, sessions: Sequence[Session], reference: str, *, overwrite: bool
) -> list[Path]:
    """Write the table and the contact sheet.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written.
    """
    table, sheet = folder / TABLE, folder / SHEET
    rows = pd.DataFrame([_row(session, reference) for session in sessions])
    rows = rows.astype({"features": "Int64"})  # a whole number, also where there is none
    with replacing(table, overwrite=overwrite) as temporary:
        rows.to_csv(temporary, index=False)
    picture = Picture.fromarray(contact_sheet([session.entry for session in sessions]))
    with replacing(sheet, overwrite=overwrite) as temporary:
        picture.save(temporary)
    return [table, sheet]


def _row(session: Session, reference: str) -> dict[str, object]:
    row: dict[str, object] = {
        "image": session.name,
        "reference": reference,
        "matched": session.registration is not None,
    }
    match = session.match
    shift = (None, None) if match is None else match.shift_um
    row["shift_down_um"], row["shift_right_um"] = shift
    for name in _FIGURES:
        row[name] = None if match is None else getattr(match, name)
    row["side_confirmed"] = session.registration and session.registration.side_confirmed
    row["problem"] = session.problem
    return row
