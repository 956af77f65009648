"""Functions that write one kind of result of a session into a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brainreg3d.io.images import Image
from napari_brainreg3d.projection import Projection

if TYPE_CHECKING:
    from napari_brainreg3d.batch.manifest import SessionRow
    from napari_brainreg3d.io.movies import StoredMovie
    from napari_brainreg3d.results.standard_view import StandardSampler


@dataclass(frozen=True, slots=True)
class SessionWork:
    """A session that has been projected.

    Attributes
    ----------
    row
        What the manifest says.
    image
        The picture.
    projection
        Its projection, with the scene and the registration.
    """

    row: SessionRow
    image: Image
    projection: Projection

    def path(self, folder: Path, end: str) -> Path:
        """A file of the session: ``<folder>/<name><end>``."""
        return folder / f"{self.row.name}{end}"


def write_chosen(work: SessionWork, folder: Path, names: tuple[str, ...]) -> None:
    """Write some of the results that ``project`` writes."""
    from napari_brainreg3d.io.writing import write_results

    write_results(folder, work.row.name, work.projection, image=work.image, what=names)


def write_maps(work: SessionWork, folder: Path) -> None:
    """Write the map of every quantity."""
    from napari_brainreg3d.io.maps import QUANTITIES

    write_chosen(work, folder, tuple(QUANTITIES))


def write_traces(work: SessionWork, folder: Path) -> None:
    """Write the traces of all regions, each side for itself."""
    from napari_brainreg3d.io import traces as files
    from napari_brainreg3d.results.traces import Baseline, region_traces

    settings = work.row.settings
    baseline = None if settings.dff is None else Baseline.parse(settings.dff)
    with _movie(work) as movie:
        found = region_traces(
            movie,
            work.projection,
            dff=baseline,
            max_incidence_deg=settings.max_incidence_deg,
        )
    files.write_traces(work.path(folder, "_traces.csv"), found)


def _movie(work: SessionWork) -> StoredMovie:
    from napari_brainreg3d.io.movies import open_movie

    assert work.row.movie is not None  # the manifest has been checked
    settings = work.row.settings
    return open_movie(work.row.movie, channel=settings.movie_channel, fps=settings.fps)


def _sampler(work: SessionWork) -> StandardSampler:
    from napari_brainreg3d.results.standard_view import standard_sampler

    return standard_sampler(
        work.projection.scene,
        work.projection.registration,
        view=work.row.settings.view,
        resolution_um=work.row.settings.resolution_um,
    )


def write_standard_view(work: SessionWork, folder: Path) -> None:
    """Write the image as the atlas's own camera sees it."""
    from napari_brainreg3d.io import standard_view as files
    from napari_brainreg3d.results.standard_view import StandardView

    sampler = _sampler(work)
    view = StandardView(
        pixels=sampler.resampled(work.image.pixels),
        seen=sampler.seen,
        registration=sampler.registration,
        source=work.projection.registration,
        atlas=sampler.atlas,
        name=work.image.name,
    )
    files.write_standard_view(work.path(folder, "_standard.tif"), view)


def write_standard_movie(work: SessionWork, folder: Path) -> None:
    """Write the movie as the atlas's own camera sees it."""
    from napari_brainreg3d.io import standard_view as files

    target = work.path(folder, "_standard_movie.tif")
    with _movie(work) as movie:
        files.write_standard_movie(target, _sampler(work), movie, name=movie.name)


def write_report(work: SessionWork, folder: Path) -> None:
    """Write the quality report."""
    from napari_brainreg3d.io import report

    session = report.ReportSession(projection=work.projection, image=work.image)
    report.write_report(work.path(folder, "_report.html"), session)


def write_nwb(work: SessionWork, folder: Path) -> None:
    """Write an NWB file."""
    from napari_brainreg3d.io.exchange import nwb

    settings = work.row.settings
    nwb.write_nwb(
        work.path(folder, ".nwb"),
        work.projection,
        work.image.pixels,
        session=nwb.NwbSession(
            start=settings.session_start,
            subject_id=settings.subject_id,
            sex=settings.sex,
            age=settings.age,
            species=settings.species,
        ),
        image_path=work.image.path,
    )


def write_alf(work: SessionWork, folder: Path) -> None:
    """Write a folder of IBL's arrays."""
    from napari_brainreg3d.io.exchange import alf

    alf.write_alf(work.path(folder, "_alf"), work.projection, image=work.image.pixels)


def write_ome_zarr(work: SessionWork, folder: Path) -> None:
    """Write an OME-Zarr image with its labels."""
    from napari_brainreg3d.io.exchange import ome_zarr

    ome_zarr.write_ome_zarr(work.path(folder, ".ome.zarr"), work.projection, work.image.pixels)


def write_svg(work: SessionWork, folder: Path) -> None:
    """Write the outlines as SVG."""
    from napari_brainreg3d.io.exchange import svg

    svg.write_svg(work.path(folder, "_regions.svg"), work.projection, image=work.image.pixels)


def write_geojson(work: SessionWork, folder: Path) -> None:
    """Write the outlines as GeoJSON."""
    from napari_brainreg3d.io.exchange import geojson

    geojson.write_geojson(work.path(folder, "_regions.geojson"), work.projection)


def write_locanmf(work: SessionWork, folder: Path) -> None:
    """Write labels as locaNMF reads them."""
    from napari_brainreg3d.io import wfield

    wfield.write_locanmf(work.path(folder, "_locanmf.npy"), work.projection)
