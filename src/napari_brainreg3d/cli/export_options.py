"""The options of ``napari-brainreg3d export`` and ``report``: types that carry their help texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

_NWB, _FORMATS, _FILES = "NWB: the session", "Other formats", "Files"

Format = Literal["nwb", "alf", "ome-zarr", "svg", "geojson", "locanmf", "wfield"]

SavedRegistration = Annotated[Path, typer.Argument(help="A saved *.brainreg3d.json.")]
SavedRegistrations = Annotated[list[Path], typer.Argument(help="Saved *.brainreg3d.json files.")]
To = Annotated[Format, typer.Option("--to", help="Format to write.")]
ImageFile = Annotated[
    Path | None,
    typer.Option("--image", help="The image of the registration; needed for nwb and ome-zarr."),
]
ImageFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--image",
        help="The image of each registration, in the same order; default: what the registration "
        "names, if it lies beside it.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File or folder to write; default: beside the registration.",
        rich_help_panel=_FILES,
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="HTML to write; default: beside the first registration.",
        rich_help_panel=_FILES,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--session-start",
        help="When the session began, e.g. 2026-03-05T14:30+01:00; default: when the image file "
        "was last changed, and the file says so.",
        rich_help_panel=_NWB,
    ),
]
Description = Annotated[
    str | None, typer.Option("--session-description", help="In words.", rich_help_panel=_NWB)
]
Identifier = Annotated[
    str | None, typer.Option(help="Unique; default: random.", rich_help_panel=_NWB)
]
SubjectId = Annotated[str, typer.Option(help="Of the animal.", rich_help_panel=_NWB)]
Sex = Annotated[Literal["M", "F", "O", "U"], typer.Option(help="U: unknown.", rich_help_panel=_NWB)]
Age = Annotated[
    str | None, typer.Option(help="ISO 8601 duration, e.g. P12W.", rich_help_panel=_NWB)
]
Species = Annotated[
    str | None, typer.Option(help="Latin name; default: the atlas's.", rich_help_panel=_NWB)
]
Experimenter = Annotated[
    list[str] | None, typer.Option(help='"Last, First"; repeatable.', rich_help_panel=_NWB)
]
Institution = Annotated[str | None, typer.Option(rich_help_panel=_NWB)]
Lab = Annotated[str | None, typer.Option(rich_help_panel=_NWB)]
ExperimentDescription = Annotated[str | None, typer.Option(rich_help_panel=_NWB)]
Provenance = Annotated[
    Literal["estimate", "functional", "landmark", "histology"],
    typer.Option(help="ALF: how the place was found, in IBL's words.", rich_help_panel=_FORMATS),
]
LabelName = Annotated[
    str, typer.Option(help="OME-Zarr: name of the labels.", rich_help_panel=_FORMATS)
]
Magnification = Annotated[
    float, typer.Option(help="SVG: larger than the brain by.", rich_help_panel=_FORMATS)
]
Confidence = Annotated[
    bool,
    typer.Option(
        "--confidence",
        help="Work out how sure labels are, from the landmarks (three or more).",
    ),
]
ClickSdUm = Annotated[
    float, typer.Option(help="Standard deviation of a click along each axis, um.")
]
Poses = Annotated[int, typer.Option(help="Poses drawn for --confidence.")]

#: What each format is written to when nobody says.
ENDINGS: Final[dict[str, str]] = {
    "nwb": ".nwb",
    "alf": "_alf",
    "ome-zarr": ".ome.zarr",
    "svg": "_regions.svg",
    "geojson": "_regions.geojson",
    "locanmf": "_locanmf.npy",
    "wfield": "_dorsal_cortex_landmarks.json",
}
