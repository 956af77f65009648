"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from napari_brainreg3d.errors import OutputError

#: How the names of folders begin in which files lie until they are whole.
TEMPORARY: Final = ".brainreg3d-"


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a target that exists unless it may be replaced.

    Raises
    ------
    OutputError
        When ``path`` exists and ``overwrite`` is false, or its folder does not exist.
    """
    try:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give the name of a file")
        if not path.parent.is_dir():
            raise OutputError(f"the folder {path.parent} does not exist; make it first")
        is_there = path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
    if is_there and not overwrite:
        raise OutputError(f"{path} exists already; use --overwrite (overwrite=True) to replace it")


@contextmanager
def replacing(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary name beside ``path`` and move it into place when the block ends well.

    Parameters
    ----------
    path
        Where the file shall be. Its folder must exist.
    overwrite
        Whether an existing file may be replaced.

    Yields
    ------
    Path
        A path in the same folder with the same suffixes, to be written by the caller.

    Raises
    ------
    OutputError
        When the target exists and ``overwrite`` is false, or cannot be written.

    Notes
    -----
    After a failure neither the target nor the temporary file is touched or left behind.
    """
    target = Path(path)
    check_free(target, overwrite=overwrite)
    try:
        # Same folder, so that the final move is a rename within one file system (atomic).
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=target.parent))
    except OSError as error:
        raise OutputError(f"cannot write into {target.parent}: {error.strerror}") from error
    temporary = folder / target.name
    try:
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
        folder.rmdir()
