"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_brainreg3d.errors import OutputError


@contextmanager
def replacing_folder(
    path: str | os.PathLike[str], *, overwrite: bool = False, what: str = "folder"
) -> Iterator[Path]:
    """Give a temporary folder beside ``path`` and move it into place when the block ends well.

    Parameters
    ----------
    path
        Where the folder shall be. The folder around it must exist.
    overwrite
        Whether an existing folder may be replaced.
    what
        What it is, for messages.

    Yields
    ------
    Path
        An empty folder on the same file system, with the same name, to be filled by the caller.

    Raises
    ------
    OutputError
        When the target exists and ``overwrite`` is false, is a file, or cannot be written.

    Notes
    -----
    After a failure the target is as it was and nothing temporary is left behind. A folder that is
    replaced is moved aside first, which takes two renames: between them the name is free.
    """
    target = Path(path)
    check_folder_free(target, overwrite=overwrite, what=what)
    try:
        work = Path(tempfile.mkdtemp(prefix=".brainreg3d-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"cannot write into {target.parent}: {error.strerror}") from error
    try:
        made = work / "new" / target.name
        made.mkdir(parents=True)
        yield made
        _move_into_place(made, target, aside=work / "old")
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move_into_place(made: Path, target: Path, *, aside: Path) -> None:
    if target.exists():
        os.rename(target, aside)
    try:
        os.rename(made, target)
    except OSError:
        if aside.exists():
            os.rename(aside, target)
        raise


def check_folder_free(target: Path, *, overwrite: bool, what: str = "folder") -> None:
    """Refuse a target that exists unless it may be replaced.

    Raises
    ------
    OutputError
        When ``target`` exists and ``overwrite`` is false, is a file, or the folder around it does
        not exist.
    """
    try:
        if not target.parent.is_dir():
            raise OutputError(f"the folder {target.parent} does not exist; make it first")
        if target.is_file() or target.is_symlink():
            raise OutputError(f"{target} is a file; give the name of a {what}")
        is_there = target.exists()
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from error
    if is_there and not overwrite:
        raise OutputError(
            f"{target} exists already; use --overwrite (overwrite=True) to replace it"
        )
