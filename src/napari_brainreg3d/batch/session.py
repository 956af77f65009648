"""The work of one session, as a process of the batch does it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from napari_brainreg3d.atlas.brainglobe import atlases_on_disk
from napari_brainreg3d.atlas.loading import DEMO_ATLAS, load_scene
from napari_brainreg3d.batch.contact import STRIP_SUFFIX, write_strip
from napari_brainreg3d.batch.files import check_may_write, staging_prefix
from napari_brainreg3d.batch.makers import MAKERS
from napari_brainreg3d.batch.manifest import SessionRow, writes_registration
from napari_brainreg3d.batch.placing import Placed, placed, read_session_image
from napari_brainreg3d.batch.products import SessionWork
from napari_brainreg3d.batch.record import (
    SessionRecord,
    content_hash,
    inputs_now,
    package_version,
    plain_settings,
    read_record,
)
from napari_brainreg3d.errors import BrainregError, OutputError
from napari_brainreg3d.projection import Projection, project
from napari_brainreg3d.projection.refine import refine
from napari_brainreg3d.registration import Registration

Status = Literal["done", "unchanged", "failed"]

MATCH_FIGURES: Final = (
    *("rotation_deg", "scale", "quality", "features", "overlap", "residual_um"),
    *("shift_sd_um", "rotation_sd_deg", "scale_sd"),
)
"""What the summary says of a match, besides the shift."""

#: Scenes are kept in memory by :func:`load_scene`; two threads would load the same one.
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options that are the same for all sessions.

    Attributes
    ----------
    force
        Whether registrations that were made for other images are used.
    overwrite
        Whether files that the batch has not written may be replaced.
    redo
        Whether sessions are made again that have not changed.
    brainglobe_dir
        Folder of BrainGlobe's atlases; None for the configured one.
    """

    force: bool = False
    overwrite: bool = False
    redo: bool = False
    brainglobe_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a session.

    Attributes
    ----------
    row
        Its row of the manifest.
    status
        ``"done"``, ``"unchanged"`` since an earlier run, or ``"failed"``.
    problem
        Why it failed, in one line.
    record
        Its record; None when it failed.
    staged
        Folder with the finished files, to be moved into place; None when there is nothing to move.
    """

    row: SessionRow
    status: Status
    problem: str = ""
    record: SessionRecord | None = None
    staged: Path | None = None


def run_session(row: SessionRow, options: RunOptions) -> Outcome:
    """Do the work of one session, up to finished files in a hidden folder beside their place.

    Parameters
    ----------
    row
        The session.
    options
        How to run it.

    Returns
    -------
    Outcome
        Whatever goes wrong becomes a part of it.
    """
    try:
        return _run(row, options)
    except BrainregError as error:
        return Outcome(row, "failed", " ".join(str(error).split()))
    except OSError as error:
        return Outcome(row, "failed", f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:  # one session must not end the others
        text = " ".join(str(error).split())
        return Outcome(row, "failed", f"unexpected {type(error).__name__}: {text}")


def _run(row: SessionRow, options: RunOptions) -> Outcome:
    earlier = read_record(row)
    draft = SessionRecord(
        session=row.name,
        state="writing",
        package_version=package_version(),
        atlas_version=_atlas_version(row, options),
        inputs=inputs_now(row, earlier),
        settings=plain_settings(row),
        make=row.settings.make,
        forced=False,
        files={},
    )
    if earlier is not None and not options.redo and _is_done(row, earlier, draft, options):
        return Outcome(row, "unchanged", record=earlier)
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = read_session_image(row.image, row.settings)
        place = placed(row, image, force=options.force)
        projection = _projected(row, place, options)
        staged, files = _made(SessionWork(row, image, projection), place, options)
    notes = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    changes = {
        "forced": place.is_forced,
        "atlas_version": _atlas_version(row, options),  # it may have been downloaded just now
        "files": files,
        "figures": _figures(projection, place, time.perf_counter() - start),
        "notes": tuple(dict.fromkeys(notes)),
    }
    return Outcome(row, "done", record=draft.model_copy(update=changes), staged=staged)


def _is_done(
    row: SessionRow, earlier: SessionRecord, draft: SessionRecord, options: RunOptions
) -> bool:
    return (
        earlier.rests_on_the_same(draft)
        and set(draft.make) <= set(earlier.make)
        and (options.force or not earlier.forced)
        and earlier.is_whole(row.output)
    )


def _atlas_version(row: SessionRow, options: RunOptions) -> str:
    """The version of the atlas on disk; empty when it has yet to be downloaded."""
    name = atlas_of(row)
    if name == DEMO_ATLAS:
        return "built in"
    return atlases_on_disk(options.brainglobe_dir).get(name, "")


def atlas_of(row: SessionRow) -> str:
    """The atlas of a session.

    Raises
    ------
    RegistrationError
        When its registration cannot be read.
    """
    path = row.registration or row.reference
    assert path is not None  # the manifest has been checked
    return row.settings.atlas or Registration.load(path).atlas


def _projected(row: SessionRow, place: Placed, options: RunOptions) -> Projection:
    registration, settings = place.registration, row.settings
    with _loading:
        scene = load_scene(
            registration.atlas,
            registration.regions or None,
            brainglobe_dir=options.brainglobe_dir,
            hemisphere=registration.hemisphere,
        )
    projection = project(
        scene,
        registration.replaced(atlas_version=scene.atlas.version),
        occlusion=settings.occlusion,
        tolerance_um=settings.tolerance_um,
        sample_depth_um=settings.sample_depth_um,
        unresolved="unresolved" in settings.make,
        split_hemispheres=settings.split_hemispheres,
    )
    if settings.refine is None:
        return projection
    return refine(projection, settings.k, settings.refine)


def _made(work: SessionWork, place: Placed, options: RunOptions) -> tuple[Path, dict[str, str]]:
    """Write everything into a hidden folder; gives it, and the hash of each file."""
    row = work.row
    try:
        row.output.mkdir(parents=True, exist_ok=True)
        # Of its own for each attempt: the process before may not have ended altogether.
        staged = Path(tempfile.mkdtemp(prefix=staging_prefix(row), dir=row.output))
    except OSError as error:
        raise OutputError(f"cannot write into {row.output}: {error.strerror}") from error
    try:
        names = dict.fromkeys(row.settings.make)
        if writes_registration(row):
            names["registration"] = None
        for name in names:
            MAKERS[name].write(work, staged)
        write_strip(staged / f"{row.name}{STRIP_SUFFIX}", work, place)
        files = {path.name: content_hash(path) for path in sorted(staged.iterdir())}
        check_may_write(row, files, overwrite=options.overwrite)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return staged, files


def _figures(projection: Projection, place: Placed, seconds: float) -> dict[str, Any]:
    counts = np.bincount(projection.labels.ravel())
    figures: dict[str, Any] = {
        "atlas": f"{projection.scene.atlas.name} {projection.scene.atlas.version}",
        "regions_in_view": int(np.count_nonzero(counts[1:])),
        "labelled_percent": round(100.0 * (1.0 - counts[0] / projection.labels.size), 3),
        "side_confirmed": place.registration.side_confirmed,
        "seconds": round(seconds, 3),
    }
    if place.match is not None:
        down, right = place.match.shift_um
        figures |= {"shift_down_um": down, "shift_right_um": right}
        figures |= {name: getattr(place.match, name) for name in MATCH_FIGURES}
    return figures
