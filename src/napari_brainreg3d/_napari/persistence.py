"""A whole session as a file: the registration, and what is needed to come back to it.

The file is a registration file (``Registration.load`` reads it) with a section ``session`` more.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_brainreg3d._napari.options import ProjectOptions
from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.registration import SUFFIX
from napari_brainreg3d.registration.schema import to_json

Frame = int | Literal["mean", "max"]
Mode = Literal["brain", "look_through", "image"]
_SECTION: Final = "session"


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What a session file holds.

    Attributes
    ----------
    registration
        The alignment.
    image_path
        Where the image lay, absolute; None when it was never a file.
    frame
        Which frame of a movie, or its mean or maximum.
    is_accepted
        Whether the user had accepted the alignment.
    options
        How it was projected; None when it was not.
    mode
        What the viewer showed.
    parts
        What other parts of the plugin keep with it, by name; anything that JSON can hold.
    """

    registration: Registration
    image_path: str | None = None
    frame: Frame = 0
    is_accepted: bool = False
    options: ProjectOptions | None = None
    mode: Mode = "brain"
    parts: dict[str, Any] = field(default_factory=dict)


class _Part(BaseModel):
    # A later version may add what this one does not know; nothing of it moves the image.
    model_config = ConfigDict(extra="ignore")


class _ImagePart(_Part):
    path: str | None = None
    beside: str | None = None
    frame: int | Literal["mean", "max"] = 0


class _SessionPart(_Part):
    image: _ImagePart = _ImagePart()
    accepted: bool = False
    mode: Mode = "brain"
    projection: ProjectOptions | None = None
    parts: dict[str, Any] = {}


def to_text(saved: SavedSession, folder: str | os.PathLike[str] | None = None) -> str:
    """Write a session as the text of its file; inverse of :func:`from_text`.

    Parameters
    ----------
    saved
        The session.
    folder
        Where the file will lie: the image is also noted relative to it, so that both can be moved
        together.
    """
    content = json.loads(to_json(saved.registration))
    content[_SECTION] = {
        "image": {
            "path": saved.image_path,
            "beside": _relative(saved.image_path, folder),
            "frame": saved.frame,
        },
        "accepted": saved.is_accepted,
        "mode": saved.mode,
        "projection": None if saved.options is None else asdict(saved.options),
        "parts": saved.parts,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def save_session(
    path: str | os.PathLike[str], saved: SavedSession, *, overwrite: bool = False
) -> Path:
    """Write a session file, whole or not at all.

    Raises
    ------
    OutputError
        When the file exists and may not be replaced, or cannot be written.
    """
    file = Path(path)
    text = to_text(saved, file.absolute().parent)
    with replacing(file, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return file


def load_session(path: str | os.PathLike[str]) -> SavedSession:
    """Read a session file, or a registration file written without one.

    Returns
    -------
    SavedSession
        Its ``image_path`` is where the image lies now: at the noted place, at the same place
        relative to the file, or beside it; the noted place when it is nowhere.

    Raises
    ------
    RegistrationError
        When the file cannot be read or is not valid.
    """
    file = Path(path)
    registration = Registration.load(file)  # refuses all that is not a registration
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    try:
        part = _SessionPart.model_validate(content.get(_SECTION) or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([_SECTION, *(str(step) for step in first["loc"])])
        raise RegistrationError(f"{file}: {where}: {first['msg']}") from error
    saved = SavedSession(
        registration=registration,
        image_path=part.image.path,
        frame=part.image.frame,
        is_accepted=part.accepted,
        options=part.projection,
        mode=part.mode,
        parts=part.parts,
    )
    found = _find_image(file.absolute().parent, part.image, registration.image_name)
    return replace(saved, image_path=found)


def with_suffix(path: str | os.PathLike[str], suffix: str = SUFFIX) -> Path:
    """Return ``path`` with our compound suffix, which file dialogs do not add by themselves."""
    file = Path(path)
    if file.name.endswith(suffix):
        return file
    # "a.json" was meant as "a.brainreg3d.json"
    last = suffix.rpartition(".")[2]
    return file.with_name(file.name.removesuffix(f".{last}") + suffix)


def _relative(image: str | None, folder: str | os.PathLike[str] | None) -> str | None:
    if image is None or folder is None:
        return None
    try:
        return Path(os.path.relpath(image, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return None


def _find_image(folder: Path, part: _ImagePart, name: str | None) -> str | None:
    places = [
        folder / part.beside if part.beside else None,
        Path(part.path) if part.path else None,
        folder / Path(part.path).name if part.path else None,
        # A registration made on the command line has the name only.
        folder / name if name and not part.path else None,
    ]
    for place in places:
        if place is not None and place.is_file():
            return str(place.resolve())
    return part.path
