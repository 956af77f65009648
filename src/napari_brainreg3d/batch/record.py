"""The record beside the results of a session: what they were made of, and which files they are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.batch.manifest import SessionRow
from napari_brainreg3d.registration.schema import CONVENTIONS, software_versions

RECORD_SUFFIX: Final = "_batch.json"
"""End of the name of the record, which is written last."""


class InputFile(BaseModel):
    """An input as it was when the session was made. Frozen."""

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str
    size_bytes: int
    changed_ns: int


class SessionRecord(BaseModel):
    """What the results of a session were made of. Frozen.

    Attributes
    ----------
    state
        ``"writing"`` while the files are moved into place, ``"complete"`` afterwards.
    package_version
        Of this package.
    atlas_version
        Of the atlas that the session was projected with.
    inputs
        Role, such as ``"image"`` -> the file.
    settings
        Those of the session, without ``make``.
    make
        All that was made with these inputs and settings.
    forced
        Whether the registration was of another image and ``--force`` let that pass.
    files
        Name in the folder of the record -> hash of its content.
    replaced
        Hashes of what a file may still hold while the state is ``"writing"``.
    figures
        What the summary says about the session.
    notes
        Warnings on the way.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal["napari-brainreg3d batch"] = "napari-brainreg3d batch"
    schema_version: Literal[1] = 1
    session: str
    state: Literal["writing", "complete"]
    package_version: str
    atlas_version: str
    inputs: dict[str, InputFile]
    settings: dict[str, Any]
    make: tuple[str, ...]
    forced: bool
    files: dict[str, str]
    replaced: dict[str, tuple[str, ...]] = {}
    figures: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    conventions: str = CONVENTIONS

    def rests_on_the_same(self, other: SessionRecord) -> bool:
        """Whether both come of equal inputs, settings, atlas and package."""
        return (
            {role: file.sha256 for role, file in self.inputs.items()}
            == {role: file.sha256 for role, file in other.inputs.items()}
            and self.settings == other.settings
            and self.package_version == other.package_version
            and self.atlas_version == other.atlas_version
        )

    def hashes(self) -> dict[str, tuple[str, ...]]:
        """Of every file that the batch has written: what it may hold."""
        known: dict[str, tuple[str, ...]] = {name: (sha256,) for name, sha256 in self.files.items()}
        for name, before in self.replaced.items():
            known[name] = (*known.get(name, ()), *before)
        return known

    def owns(self, folder: Path, name: str) -> bool:
        """Whether a file is there and holds what the batch has written."""
        path = folder / name
        return path.exists() and content_hash(path) in self.hashes().get(name, ())

    def is_whole(self, folder: Path) -> bool:
        """Whether every file is there as it was written."""
        return self.state == "complete" and all(
            (folder / name).exists() and content_hash(folder / name) == sha256
            for name, sha256 in self.files.items()
        )

    def save(self, row: SessionRow) -> None:
        """Write the record, whole or not at all, in the place of an earlier one."""
        with replacing(record_path(row), overwrite=True) as temporary:
            temporary.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def record_path(row: SessionRow) -> Path:
    """Where the record of a session is."""
    return row.output / f"{row.name}{RECORD_SUFFIX}"


def read_record(row: SessionRow) -> SessionRecord | None:
    """Read what an earlier run has left; None when there is nothing of use."""
    try:
        text = record_path(row).read_text(encoding="utf-8")
        return SessionRecord.model_validate_json(text)
    except (OSError, ValidationError, UnicodeDecodeError):
        return None


def package_version() -> str:
    """The version of this package."""
    return software_versions()["napari-brainreg3d"]


def plain_settings(row: SessionRow) -> dict[str, Any]:
    """The settings of a session without what to make, as they are read back from JSON."""
    return row.settings.model_dump(mode="json", exclude={"make"})


def inputs_now(row: SessionRow, earlier: SessionRecord | None) -> dict[str, InputFile]:
    """Hash the inputs of a session.

    Parameters
    ----------
    row
        The session.
    earlier
        Its record, if there is one. A movie, which may be larger than everything else by far,
        is taken for unchanged when its size and time of change are those of the record.
    """
    found: dict[str, InputFile] = {}
    for role, path in row.inputs.items():
        state = path.stat()
        known = None if earlier is None else earlier.inputs.get(role)
        is_known = (
            role == "movie"
            and known is not None
            and path.is_file()
            and (known.size_bytes, known.changed_ns) == (state.st_size, state.st_mtime_ns)
        )
        found[role] = InputFile(
            path=str(path),
            sha256=known.sha256 if known is not None and is_known else content_hash(path),
            size_bytes=state.st_size,
            changed_ns=state.st_mtime_ns,
        )
    return found


def content_hash(path: Path) -> str:
    """Hash the content of a file, or of all files in a folder together with their names."""
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    total = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        total.update(f"{file.relative_to(path).as_posix()}\0{content_hash(file)}\n".encode())
    return total.hexdigest()
