"""A session's picture and where in the brain it was taken, as an NWB file.

Uses the extension ``ndx-anatomical-localization`` [1]_ for coordinates and regions per pixel.

References
----------
.. [1] https://github.com/catalystneuro/ndx-anatomical-localization
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.exchange.extras import import_extra
from napari_brainreg3d.io.pixels import Pixels
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.projection import Projection

if TYPE_CHECKING:
    from pynwb import NWBFile

#: Ages as NWB takes them: an ISO 8601 duration, or two with a slash for a range.
_AGE: Final = re.compile(r"P(?=[\dT])[\dYMWDTHS.]+(/(P[\dYMWDTHS.]+)?)?")
#: A range that begins at birth and has no end.
_ANY_AGE: Final = "P0D/"
_LARGEST_ID: Final = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, kw_only=True)
class NwbSession:
    """What an NWB file must or should say about the session; nothing of it is in a picture.

    Attributes
    ----------
    start
        When the session began. Without a time zone it is taken as local time. None: the
        modification time of the image file, or now; the file then says that this is a guess.
    description
        Of the session.
    identifier
        Must be unique; None: a random one.
    subject_id
        The animal.
    sex
        ``"M"``, ``"F"``, ``"O"`` or ``"U"`` (unknown).
    age
        As an ISO 8601 duration, e.g. ``"P12W"``. None: unknown, which is written as ``"P0D/"``,
        from birth to any age.
    species
        Latin name; None: that of the atlas.
    experimenter
        Names, ``"Last, First"``.
    institution, lab, experiment_description
        As in NWB.
    keywords
        As in NWB.
    """

    start: datetime | None = None
    description: str = "Picture of a brain registered to a 3D atlas"
    identifier: str | None = None
    subject_id: str = "unknown"
    sex: str = "U"
    age: str | None = None
    species: str | None = None
    experimenter: Sequence[str] = ()
    institution: str | None = None
    lab: str | None = None
    experiment_description: str | None = None
    keywords: Sequence[str] = ("atlas registration", "brain regions", "imaging")

    def __post_init__(self) -> None:
        if self.sex not in ("M", "F", "O", "U"):
            raise OutputError(f"sex must be M, F, O or U (unknown), got {self.sex!r}")
        if self.age is not None and not _AGE.fullmatch(self.age):
            raise OutputError(f"age must be a duration such as P12W or P90D, got {self.age!r}")
        if self.start is not None and self.start.timestamp() > datetime.now(UTC).timestamp():
            raise OutputError(f"the session cannot start in the future, got {self.start}")
        for name in ("description", "subject_id"):
            if not str(getattr(self, name)).strip():
                raise OutputError(f"{name} must not be empty")
        if "/" in self.subject_id:
            raise OutputError(f"subject_id must have no slash, got {self.subject_id!r}")


def write_nwb(
    path: str | os.PathLike[str],
    projection: Projection,
    image: Pixels,
    *,
    session: NwbSession | None = None,
    image_path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write picture, coordinates, regions and registration as an NWB file.

    Parameters
    ----------
    path
        Ends in ``.nwb``.
    projection
        Grouped in any way.
    image : ndarray, shape (H, W) or (H, W, 3)
        The picture that was registered.
    session
        What is known about the session.
    image_path
        Where the picture came from: for the time of a session that is not given.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        When pynwb or the extension is not installed, a value is not valid, the image has another
        size than the projection, the file exists and may not be replaced, or cannot be written.

    Notes
    -----
    * ``acquisition/registered_image``: the picture, rows first.
    * ``lab_meta_data/localization``: ``AnatomicalCoordinatesImage`` per pixel in the Allen CCF (or
      the atlas's own space), another one from bregma where there is one, and ``BrainRegionMasks``
      (x = column, y = row, atlas id). Names of regions per pixel in images of up to a megapixel.
    * ``processing/ophys``: label image, depth and incidence maps, the region table,
      landmarks, and as texts the registration file, conventions and methods.
    """
    what = "an NWB file"
    pynwb = import_extra("pynwb", "nwb", what)
    import_extra("ndx_anatomical_localization", "nwb", what)
    from napari_brainreg3d.io.exchange.nwb_content import add_content

    target = check_ending(path, "NWB", ".nwb")
    shape = projection.registration.image_shape
    if image.shape[:2] != shape:
        raise OutputError(
            f"the image has {image.shape[0]} x {image.shape[1]} pixels, the projection "
            f"{shape[0]} x {shape[1]}: it was made for another image"
        )
    if max(row.region.id for row in projection.grouping.rows) > _LARGEST_ID:
        raise OutputError(
            f"{projection.scene.atlas.name} has region ids above {_LARGEST_ID}, for which "
            "BrainRegionMasks of NWB has no room"
        )
    check_free(target, overwrite=overwrite)
    file = _file(session or NwbSession(), projection, image_path)
    add_content(file, projection, image)
    with (
        replacing(target, overwrite=overwrite) as temporary,
        pynwb.NWBHDF5IO(temporary, "w") as stream,
    ):
        stream.write(file)
    return target


def _file(
    session: NwbSession, projection: Projection, image_path: str | os.PathLike[str] | None
) -> NWBFile:
    from pynwb import NWBFile
    from pynwb.file import Subject

    start, source = _start(session, image_path)
    atlas = projection.scene.atlas
    species = session.species or atlas.species.partition(" (")[0]
    subject = Subject(
        subject_id=session.subject_id,
        sex=session.sex,
        age=session.age or _ANY_AGE,
        species=species,
        description="subject of the picture"
        if session.species
        else f"species taken from the atlas, {atlas.name}",
    )
    return NWBFile(
        session_description=session.description,
        identifier=session.identifier or str(uuid.uuid4()),
        session_start_time=start,
        subject=subject,
        experimenter=tuple(session.experimenter) or None,
        institution=session.institution,
        lab=session.lab,
        experiment_description=session.experiment_description,
        keywords=tuple(session.keywords) or None,
        notes=source,
        source_script=None,
    )


def _start(
    session: NwbSession, image_path: str | os.PathLike[str] | None
) -> tuple[datetime, str | None]:
    """When the session began, and a note when nobody said so."""
    if session.start is not None:
        return session.start.astimezone() if session.start.tzinfo is None else session.start, None
    if image_path is not None and Path(image_path).is_file():
        time = datetime.fromtimestamp(Path(image_path).stat().st_mtime, UTC)
        return time, (
            "session_start_time was not given: it is the modification time of the image file"
        )
    return datetime.now(UTC), "session_start_time was not given: it is when this file was written"
