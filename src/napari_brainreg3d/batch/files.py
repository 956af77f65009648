"""The files of a session: moved into place by one process, and only over files of the batch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from glob import escape
from pathlib import Path

from napari_brainreg3d.batch.manifest import SessionRow
from napari_brainreg3d.batch.record import SessionRecord, read_record
from napari_brainreg3d.errors import OutputError


def staging_prefix(row: SessionRow) -> str:
    """Beginning of the names of a session's hidden folders."""
    return f".{row.name}.brainreg3d-batch-"


def check_may_write(row: SessionRow, names: Iterable[str], *, overwrite: bool) -> None:
    """Refuse to replace what is an input, or what the batch has not written.

    Parameters
    ----------
    row
        The session.
    names
        Of the files to be written.
    overwrite
        Whether any other file may be replaced.

    Raises
    ------
    OutputError
        When a file is in the way.
    """
    earlier = read_record(row)
    inputs = {path.resolve() for path in row.inputs.values()}
    for name in names:
        target = row.output / name
        if target.resolve() in inputs:
            raise OutputError(f"{target} is read by this session; give another output or name")
        if overwrite or not target.exists():
            continue
        if earlier is None or name not in earlier.hashes():
            raise OutputError(
                f"{target} exists already and is not of this batch; use --overwrite to replace it"
            )
        if not earlier.owns(row.output, name):
            raise OutputError(
                f"{target} was changed after the batch had written it; use --overwrite to "
                "replace it"
            )


def move_into_place(
    row: SessionRow, record: SessionRecord, staged: Path, *, overwrite: bool
) -> SessionRecord:
    """Move the finished files of a session to where they belong, and write its record last.

    Parameters
    ----------
    row
        The session.
    record
        What the files are made of.
    staged
        The folder with the files; removed.
    overwrite
        Whether files that the batch has not written may be replaced.

    Returns
    -------
    SessionRecord
        As it was written.

    Raises
    ------
    OutputError
        When a file is in the way or cannot be moved.

    Notes
    -----
    A record that says what is going to be written goes first. Whenever this ends, every file is
    whole, and the next run knows which are the batch's own.
    """
    check_may_write(row, record.files, overwrite=overwrite)
    earlier = read_record(row)
    try:
        kept = _kept(row, record, earlier)
        before = {} if earlier is None else earlier.hashes()
        intent = {"files": record.files | kept, "replaced": before, "state": "writing"}
        record.model_copy(update=intent).save(row)
        for name in record.files:
            _move(staged / name, row.output / name)
        _remove_outdated(row, record, earlier, kept)
        make = dict.fromkeys((*(earlier.make if earlier and kept else ()), *record.make))
        final = record.model_copy(
            update={"files": record.files | kept, "make": tuple(make), "state": "complete"}
        )
        final.save(row)
    except OSError as error:
        raise OutputError(f"cannot write into {row.output}: {error.strerror}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return final


def _kept(row: SessionRow, record: SessionRecord, earlier: SessionRecord | None) -> dict[str, str]:
    """What another run has made of the same inputs with the same settings, and this one has not."""
    if earlier is None or not earlier.rests_on_the_same(record) or not earlier.is_whole(row.output):
        return {}
    return {name: sha for name, sha in earlier.files.items() if name not in record.files}


def _remove_outdated(
    row: SessionRow, record: SessionRecord, earlier: SessionRecord | None, kept: dict[str, str]
) -> None:
    """Remove the batch's own files that no longer go with the inputs; what was edited stays."""
    if earlier is None:
        return
    for name in earlier.hashes():
        if name not in record.files and name not in kept and earlier.owns(row.output, name):
            _remove(row.output / name)


def _move(source: Path, target: Path) -> None:
    """Replace a file at once; a folder has to be moved out of the way first."""
    if target.is_dir():
        os.replace(target, source.with_name(f"{source.name}.earlier"))
    elif source.is_dir():
        target.unlink(missing_ok=True)
    os.replace(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_leftovers(rows: Iterable[SessionRow]) -> None:
    """Remove the hidden folders of processes that were ended before they were done."""
    for row in rows:
        for folder in row.output.glob(f"{escape(staging_prefix(row))}*"):
            shutil.rmtree(folder, ignore_errors=True)
