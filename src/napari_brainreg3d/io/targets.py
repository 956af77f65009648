"""Names and folders of files that are to be written: right endings, folders that can be made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from napari_brainreg3d.atomic import check_free
from napari_brainreg3d.errors import OutputError


def check_ending(path: str | os.PathLike[str], what: str, *endings: str) -> Path:
    """Return ``path`` if its name says what it will hold.

    Parameters
    ----------
    path
        Where to write.
    what
        Content of the file, with its article, for the message.
    endings
        Suffixes that the name may have, in lower case.

    Raises
    ------
    OutputError
        When it has another suffix.
    """
    file = Path(path)
    if file.suffix.lower() not in endings:
        raise OutputError(
            f"{file} would hold {what}: give it a name that ends in {' or '.join(endings)}"
        )
    return file


def check_stem(stem: str) -> None:
    """Refuse a beginning of file names that leads into another folder, or is empty.

    Raises
    ------
    OutputError
        When it does.
    """
    if not stem.strip(".") or Path(stem).name != stem:
        raise OutputError(f"{stem!r} cannot begin the name of a file")


def check_files_free(
    folder: str | os.PathLike[str], names: Iterable[str], *, overwrite: bool
) -> None:
    """Refuse, before any work is done, a folder into which files could not be written.

    Parameters
    ----------
    folder
        Where they shall be; it is not made yet.
    names
        Of the files.
    overwrite
        Whether those that exist may be replaced.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or the folder is a file.
    """
    place = Path(folder)
    if not place.exists():
        return
    if not place.is_dir():
        raise OutputError(f"{place} is a file; give the name of a folder")
    for name in names:
        check_free(place / name, overwrite=overwrite)


def made_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder, and those around it, unless it is there.

    Raises
    ------
    OutputError
        When it is a file or cannot be made.
    """
    folder = Path(path)
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; give the name of a folder")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    return folder
