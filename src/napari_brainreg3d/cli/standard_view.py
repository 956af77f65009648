"""``standard-view``: an image or movie in the atlas's own view. ``average``: several of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, print_files, progress_bar

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_brainreg3d.atlas.scene import Scene
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.registration import Registration
    from napari_brainreg3d.results.standard_view import StandardSampler, StandardView

ImageOrMovie = Annotated[
    Path,
    typer.Argument(help="Picture, or movie: TIFF, folder of TIFFs, zarr, .npy, wfield's .dat."),
]
SavedRegistration = Annotated[
    Path, typer.Option("--registration", "-r", help="Its saved *.brainreg3d.json.")
]
Target = Annotated[
    Path, typer.Option("--output", "-o", help="TIFF to write.", rich_help_panel="Files")
]
ViewName = Annotated[
    str,
    typer.Option(
        help="dorsal, left, right, frontal, caudal or ventral; or a *.brainreg3d.json, whose "
        "camera then looks."
    ),
]
ResolutionUm = Annotated[float | None, typer.Option(help="Pixel size of the view, um; default 20.")]
OneFrame = Annotated[
    str | None, typer.Option(help="Only this frame, from 0, or mean, max; default: all.")
]
Mask = Annotated[
    Path | None, typer.Option(help="Picture of the same size: 0 where nothing may be used.")
]
Views = Annotated[list[Path], typer.Argument(help="TIFFs that standard-view has written.")]
Animals = Annotated[
    list[str] | None,
    typer.Option("--animal", help="Animal of each view, in order: average over animals."),
]


def standard_view_command(
    image: ImageOrMovie,
    registration: SavedRegistration,
    output: Target,
    view: ViewName = "dorsal",
    resolution_um: ResolutionUm = None,
    mask: Mask = None,
    frame: OneFrame = None,
    channel: options.Channel = None,
    brainglobe_dir: options.BrainglobeDir = None,
    force: options.Force = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Resample an image or a movie into the atlas's own view; NaN where the camera saw nothing."""
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.cli.same_image import registration_of_image, registration_of_movie
    from napari_brainreg3d.io.imagej_tiff import check_name
    from napari_brainreg3d.io.movies import open_movie
    from napari_brainreg3d.io.standard_view import write_standard_movie, write_standard_view
    from napari_brainreg3d.results.standard_view import StandardView

    check_free(check_name(output), overwrite=overwrite)  # before anything is computed
    how: dict[str, Any] = {"view": view, "resolution_um": resolution_um, "mask": mask}
    if frame is None and is_movie(image):
        with open_movie(image, channel=channel) as movie:
            placed = registration_of_movie(registration, movie, force=force)
            sampler = _sampler(placed, brainglobe_dir, **how)
            with progress_bar("resampling") as progress:
                written = write_standard_movie(
                    output,
                    sampler,
                    movie,
                    name=movie.name,
                    overwrite=overwrite,
                    progress=progress,
                )
    else:
        picture = read_picture(image, frame, channel)
        placed = registration_of_image(registration, picture, force=force)
        sampler = _sampler(placed, brainglobe_dir, **how)
        made = StandardView(
            pixels=sampler.resampled(picture.pixels),
            seen=sampler.seen,
            registration=sampler.registration,
            source=placed,
            atlas=sampler.atlas,
            name=picture.name,
        )
        written = write_standard_view(output, made, overwrite=overwrite)
    height, width = sampler.registration.image_shape
    console().print(
        f"{height} x {width} pixels (rows x columns) of "
        f"{sampler.registration.pixel_size_um[0]:g} um; the camera saw "
        f"{100 * sampler.seen.mean():.1f} % of them"
    )
    print_files(written)


def average_command(
    views: Views,
    output: Target,
    animal: Animals = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Average standard views of sessions or animals, each pixel over those that saw it."""
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.io.imagej_tiff import check_name
    from napari_brainreg3d.io.standard_view import beside, read_standard_view, write_average
    from napari_brainreg3d.results.standard_view import average_sessions

    check_free(check_name(output), overwrite=overwrite)
    companions = {beside(path, "seen") for path in views}
    views = [path for path in views if path not in companions]  # a shell's mouse_*.tif has both
    if animal and len(animal) != len(views):
        raise UsageError(f"give --animal once per view: {len(animal)} for {len(views)} views")

    def read() -> Iterator[StandardView]:
        for path in views:  # named after the file: sessions' images are often called the same
            yield dataclasses.replace(read_standard_view(path), name=path.name)

    average = average_sessions(read(), animals=animal or None)
    what = "animals" if average.animals else "sessions"
    written = write_average(output, average, overwrite=overwrite)
    console().print(f"{len(views)} views averaged; up to {int(average.count.max())} {what} a pixel")
    print_files(written)


def is_movie(path: Path) -> bool:
    """Whether a path is something with several frames, by its content where that says so."""
    from napari_brainreg3d.io.failures import check_file, naming
    from napari_brainreg3d.io.tiff_stack import TIFF_MAGIC, open_tiff

    if path.is_dir() or path.suffix.lower() in (".npy", ".dat", ".zarr"):
        return True
    with naming(path):
        check_file(path)
        with path.open("rb") as stream:
            is_tiff = stream.read(4) in TIFF_MAGIC
        if not is_tiff:
            return False
        with open_tiff(path) as stack:
            return stack.frames > 1


def read_picture(path: Path, frame: str | None, channel: int | None) -> Image:
    """Read a picture from a file; ``frame`` as the option of ``project`` has it."""
    from napari_brainreg3d.cli.project import _frame
    from napari_brainreg3d.io.images import read_image

    return read_image(path, frame=_frame(frame or "0"), channel=channel)


def read_mask(path: Path | None) -> npt.NDArray[Any] | None:
    """Read a picture that is 0 where nothing may be used."""
    from napari_brainreg3d.io.images import read_image
    from napari_brainreg3d.io.pixels import grey

    return None if path is None else grey(read_image(path).pixels) != 0


def load_scene_of(placed: Registration, brainglobe_dir: Path | None) -> Scene:
    """The scene of a registration."""
    from napari_brainreg3d.atlas.loading import load_scene

    with progress_bar("loading the atlas") as progress:
        return load_scene(
            placed.atlas,
            placed.regions or None,
            brainglobe_dir=brainglobe_dir,
            hemisphere=placed.hemisphere,
            progress=progress,
        )


def _sampler(
    placed: Registration,
    brainglobe_dir: Path | None,
    *,
    view: str,
    resolution_um: float | None,
    mask: Path | None,
) -> StandardSampler:
    from napari_brainreg3d.registration import Registration
    from napari_brainreg3d.results.standard_view import standard_sampler

    seen_from = Registration.load(view) if view.lower().endswith(".json") else view
    usable = read_mask(mask)
    scene = load_scene_of(placed, brainglobe_dir)
    with progress_bar("casting rays") as progress:
        return standard_sampler(
            scene,
            placed,
            view=seen_from,
            resolution_um=resolution_um,
            mask=usable,
            progress=progress,
        )
