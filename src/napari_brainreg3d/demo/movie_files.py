"""The demo movie, its registration and its true traces as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pandas as pd

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.demo.movie import DEMO_MOVIE_NAME, demo_movie
from napari_brainreg3d.io.imagej_tiff import save_imagej
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.io.traces import check_traces_path, write_traces
from napari_brainreg3d.registration.registration import SUFFIX
from napari_brainreg3d.registration.schema import CONVENTIONS
from napari_brainreg3d.results.traces import Traces

TRUE_TRACES_NAME: Final = "demo_movie_truth.csv"


def write_demo_movie(folder: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
    """Write the demo movie as a TIFF, with what is needed to follow its regions and to compare.

    Parameters
    ----------
    folder
        Where to write; must exist.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        ``demo_movie.tif`` (13 MB), ``demo_movie.brainreg3d.json``, and dF/F as it truly is,
        ``demo_movie_truth.csv`` with its description ``.json``.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written.
    """
    made = demo_movie()
    movie = Path(folder) / DEMO_MOVIE_NAME
    session = movie.with_name(f"{movie.stem}{SUFFIX}")
    truth = movie.with_name(TRUE_TRACES_NAME)
    check_free(session, overwrite=overwrite)
    check_traces_path(truth, overwrite=overwrite)
    info = {
        "content": "schematic brain with activity in each region, not for science; counts",
        "frames_per_second": made.fps,
        "dark_counts": made.dark,
        "conventions": CONVENTIONS,
    }
    with replacing(movie, overwrite=overwrite) as temporary:
        save_imagej(
            temporary,
            made.frames,
            shape=made.frames.shape,
            dtype=made.frames.dtype,
            axes="TYX",
            pixel_size_um=made.registration.pixel_size_um,
            info=info,
            display_range=(0.0, float(made.frames.max())),
        )
    placed = made.registration.replaced(image_sha256=hash_pixels(made.frames[0]))
    placed.save(session, overwrite=overwrite)
    regions = pd.DataFrame({"column": made.truth.columns})
    settings = {"statistic": "truth", "dff_baseline": "the light without activity"}
    known = Traces(made.truth, regions, made.fps, settings, None)
    return [movie, session, *write_traces(truth, known, overwrite=overwrite)]
