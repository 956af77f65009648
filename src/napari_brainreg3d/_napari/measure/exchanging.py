"""The present result in the formats of other programs, and the report about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.io.wfield import write_locanmf
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.projection import Projection

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench

#: The kind of work.
EXCHANGING: Final = "export"

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    words
        What the user reads.
    ending
        How names of files end.
    write
        Writes a projection and its image to a path, and replaces what is there.
    """

    words: str
    ending: str
    write: Callable[[Path, Projection, Pixels], object]


class Exchanging:
    """Writes what other programs read.

    Signals
    -------
    saved(Path)
    """

    saved: ClassVar[Signal] = Signal(object)

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def suggested(self, name: str) -> Path:
        """Where a file would go unless the user says otherwise."""
        saving = self._bench.saving
        return saving.folder / f"{saving.stem}{FORMATS[name].ending}"

    def run(self, name: str, path: str | Path) -> None:
        """Write a format of :data:`FORMATS` in a thread; what is there is replaced.

        Raises
        ------
        RegistrationError
            When nothing was projected yet.
        OutputError
            When there is no such format.
        """
        made = FORMATS.get(name)
        if made is None:
            raise OutputError(f"unknown format {name!r}; known are {', '.join(FORMATS)}")
        projection, pixels = self._bench.session.projection, self._bench.stage.image_pixels()
        if projection is None or pixels is None:
            raise RegistrationError("there is no result to write: project first")
        target = Path(path)
        target = target if target.suffix else target.with_name(target.name + made.ending)

        def work(_: Progress) -> Path:
            made.write(target, projection, np.asarray(pixels))
            return target

        self._bench.jobs.start(EXCHANGING, work, self.saved.emit)


# Imported when they are used: some need libraries that not everybody has installed.


def _report(path: Path, projection: Projection, pixels: Pixels) -> None:
    from napari_brainreg3d.io.report import ReportSession, write_report

    write_report(path, ReportSession(projection=projection, image=pixels), overwrite=True)


def _nwb(path: Path, projection: Projection, pixels: Pixels) -> None:
    from napari_brainreg3d.io.exchange.nwb import write_nwb

    write_nwb(path, projection, pixels, overwrite=True)


def _alf(path: Path, projection: Projection, pixels: Pixels) -> None:
    from napari_brainreg3d.io.exchange.alf import write_alf

    write_alf(path, projection, image=pixels, overwrite=True)


def _ome_zarr(path: Path, projection: Projection, pixels: Pixels) -> None:
    from napari_brainreg3d.io.exchange.ome_zarr import write_ome_zarr

    write_ome_zarr(path, projection, pixels, overwrite=True)


def _svg(path: Path, projection: Projection, pixels: Pixels) -> None:
    from napari_brainreg3d.io.exchange.svg import write_svg

    write_svg(path, projection, image=pixels, overwrite=True)


def _geojson(path: Path, projection: Projection, _: Pixels) -> None:
    from napari_brainreg3d.io.exchange.geojson import write_geojson

    write_geojson(path, projection, overwrite=True)


def _locanmf(path: Path, projection: Projection, _: Pixels) -> None:
    write_locanmf(path, projection, overwrite=True)


FORMATS: Final[dict[str, Format]] = {
    "report": Format("Quality report (HTML)", "_report.html", _report),
    "nwb": Format("NWB", ".nwb", _nwb),
    "alf": Format("IBL ALF (folder)", "_alf", _alf),
    "ome-zarr": Format("OME-Zarr (folder)", ".ome.zarr", _ome_zarr),
    "svg": Format("Outlines as SVG", "_regions.svg", _svg),
    "geojson": Format("Outlines for QuPath (GeoJSON)", "_regions.geojson", _geojson),
    "locanmf": Format("Labels for locaNMF", "_locanmf.npy", _locanmf),
}
