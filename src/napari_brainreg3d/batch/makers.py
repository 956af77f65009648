"""What can be made of a session: one table, from names to the functions that write the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from napari_brainreg3d.batch import products
from napari_brainreg3d.batch.products import SessionWork
from napari_brainreg3d.errors import BrainregError


class MakerError(BrainregError):
    """Something to make whose packages are not installed."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Something that can be made of a session.

    Attributes
    ----------
    write
        Writes files or folders into a folder; their names begin with that of the session.
    what
        What is written, in words.
    needs_movie
        Whether the session must have one.
    modules
        Packages that are needed beyond those that are always there.
    extra
        Name of the extra that brings them.
    """

    write: Callable[[SessionWork, Path], None]
    what: str
    needs_movie: bool = False
    modules: tuple[str, ...] = ()
    extra: str = ""


def _chosen(*names: str) -> Callable[[SessionWork, Path], None]:
    return partial(products.write_chosen, names=names)


MAKERS: Final[Mapping[str, Maker]] = {
    "labels": Maker(_chosen("labels", "regions"), "label image and table of the regions"),
    "masks": Maker(_chosen("masks"), "one mask per region"),
    "maps": Maker(products.write_maps, "depth, atlas coordinates, angle of incidence per pixel"),
    "unresolved": Maker(_chosen("unresolved"), "each region at any depth"),
    "overview": Maker(_chosen("overview"), "one picture of everything"),
    "registration": Maker(_chosen("registration"), "the registration"),
    "traces": Maker(products.write_traces, "a trace per region and side", needs_movie=True),
    "standard-view": Maker(products.write_standard_view, "the image in the atlas's own view"),
    "standard-movie": Maker(
        products.write_standard_movie, "the movie in the atlas's own view", needs_movie=True
    ),
    "report": Maker(products.write_report, "a page to look at, with a paragraph of methods"),
    "nwb": Maker(
        products.write_nwb,
        "an NWB file",
        modules=("pynwb", "ndx_anatomical_localization"),
        extra="nwb",
    ),
    "alf": Maker(products.write_alf, "IBL's arrays"),
    "ome-zarr": Maker(
        products.write_ome_zarr,
        "an OME-Zarr image with labels",
        modules=("zarr",),
        extra="zarr",
    ),
    "svg": Maker(products.write_svg, "outlines for drawing programs"),
    "geojson": Maker(products.write_geojson, "outlines for QuPath"),
    "locanmf": Maker(products.write_locanmf, "labels for locaNMF"),
}
"""What the column ``make`` may name."""


def check_installed(names: Iterable[str]) -> None:
    """Refuse what needs packages that are not there.

    Raises
    ------
    MakerError
        For the first of such names.
    """
    for name in dict.fromkeys(names):
        maker = MAKERS[name]
        missing = [module for module in maker.modules if find_spec(module) is None]
        if missing:
            raise MakerError(
                f"{name} needs {missing[0]}: python -m pip install "
                f'"napari-brainreg3d[{maker.extra}]"'
            )
