"""The options of ``napari-brainreg3d project``: types that carry their help texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

DEFAULT_ATLAS: Final = "allen_mouse_25um"

_IMAGE, _PLACE, _ATLAS, _CAMERA, _HOW, _FILES = (
    "Image",
    "Where the image lies (instead of --registration)",
    "Atlas",
    "Camera (instead of --registration)",
    "Projection",
    "Files",
)

ImageFile = Annotated[Path, typer.Argument(help="TIFF, PNG or JPEG of the brain.")]
RegistrationFile = Annotated[
    Path | None, typer.Option("--registration", "-r", help="A saved *.brainreg3d.json.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Use a registration that was made for another image.")
]
Frame = Annotated[
    str, typer.Option(help="Frame of a stack, from 0, or mean, max.", rich_help_panel=_IMAGE)
]
Channel = Annotated[int | None, typer.Option(help="Channel, from 0.", rich_help_panel=_IMAGE)]
PixelSizeUm = Annotated[
    str | None,
    typer.Option(help="Pixel size, um: one number or row,column.", rich_help_panel=_IMAGE),
]
ImageSizeMm = Annotated[
    tuple[float, float] | None,
    typer.Option(help="Or width and height of the image, mm.", rich_help_panel=_IMAGE),
]
Ap = Annotated[
    float | None,
    typer.Option(help="Image centre, mm anterior of bregma.", rich_help_panel=_PLACE),
]
Ml = Annotated[
    float | None,
    typer.Option(help="Image centre, mm to the animal's right.", rich_help_panel=_PLACE),
]
Dv = Annotated[
    float | None,
    typer.Option(
        help="Plane of focus, mm above bregma; default: on top of the brain.",
        rich_help_panel=_PLACE,
    ),
]
CentreUm = Annotated[
    tuple[float, float, float] | None,
    typer.Option(help="Or the centre in the atlas, um (AP DV ML).", rich_help_panel=_PLACE),
]
Bregma = Annotated[str | None, typer.Option(help="Bregma preset.", rich_help_panel=_PLACE)]
View = Annotated[
    str,
    typer.Option(help="dorsal, left, right, frontal, caudal or ventral.", rich_help_panel=_PLACE),
]
Yaw = Annotated[
    float, typer.Option(help="Degrees; nose to the image's right +.", rich_help_panel=_PLACE)
]
Pitch = Annotated[float, typer.Option(help="Degrees; nose up +.", rich_help_panel=_PLACE)]
Roll = Annotated[
    float, typer.Option(help="Degrees; animal's right side down +.", rich_help_panel=_PLACE)
]
SideConfirmed = Annotated[
    bool,
    typer.Option(
        "--side-confirmed", help="You have checked left and right.", rich_help_panel=_PLACE
    ),
]
Atlas = Annotated[
    str | None,
    typer.Option(
        help=f"Atlas; default: the registration's, or {DEFAULT_ATLAS}.",
        rich_help_panel=_ATLAS,
    ),
]
Regions = Annotated[
    list[str] | None,
    typer.Option(
        help="Acronyms, Isocortex/areas, or a preset (brainreg3d, dorsal); comma-separated "
        "or repeated.",
        rich_help_panel=_ATLAS,
    ),
]
Hemisphere = Annotated[
    Literal["both", "left", "right"] | None,
    typer.Option(help="Side of the regions.", rich_help_panel=_ATLAS),
]
BrainglobeDir = Annotated[
    Path | None, typer.Option(help="Folder of BrainGlobe's atlases.", rich_help_panel=_ATLAS)
]
Camera = Annotated[
    Literal["orthographic", "pinhole"] | None,
    typer.Option(
        help="Default: pinhole when --working-distance-mm is given.", rich_help_panel=_CAMERA
    ),
]
WorkingDistanceMm = Annotated[
    float | None,
    typer.Option(help="From the lens's pupil to the plane of focus.", rich_help_panel=_CAMERA),
]
PrincipalPointUm = Annotated[
    tuple[float, float],
    typer.Option(help="Optical axis: down, right of the centre.", rich_help_panel=_CAMERA),
]
K1 = Annotated[float, typer.Option(help="Lens distortion.", rich_help_panel=_CAMERA)]
K2 = Annotated[float, typer.Option(help="Lens distortion.", rich_help_panel=_CAMERA)]
Mirrored = Annotated[
    bool,
    typer.Option("--mirrored", help="The optics mirror the image.", rich_help_panel=_CAMERA),
]
OcclusionRule = Annotated[
    Literal["brain", "selected"],
    typer.Option(help="What hides deep regions.", rich_help_panel=_HOW),
]
ToleranceUm = Annotated[
    float,
    typer.Option(help="How deep a region may lie and be seen.", rich_help_panel=_HOW),
]
SampleDepthUm = Annotated[
    float | None,
    typer.Option(
        help="Read the annotation at this depth instead of the meshes.", rich_help_panel=_HOW
    ),
]
RefineWhere = Annotated[
    Literal["gaps", "boundary", "everywhere"] | None,
    typer.Option(help="Relabel by the k nearest labelled pixels.", rich_help_panel=_HOW),
]
Neighbours = Annotated[int, typer.Option(help="Neighbours for --refine.", rich_help_panel=_HOW)]
Unresolved = Annotated[
    bool,
    typer.Option("--unresolved", help="Also each region at any depth.", rich_help_panel=_HOW),
]
SplitHemispheres = Annotated[
    bool,
    typer.Option("--split-hemispheres", help="Left and right apart.", rich_help_panel=_HOW),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder; default: the image's.", rich_help_panel=_FILES),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace existing files.", rich_help_panel=_FILES)
]
