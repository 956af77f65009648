"""What a session of a batch is made with: the optional columns of the manifest."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from napari_brainreg3d.atlas.scene import Hemisphere
from napari_brainreg3d.errors import BrainregError

DEFAULT_MAKE: Final = ("labels", "overview")


class ManifestError(BrainregError):
    """A manifest that cannot be run as it is; the message names the line."""


def _words(value: Any) -> Any:
    """Split a cell such as ``labels masks``; commas and semicolons do as well."""
    return tuple(re.split(r"[\s,;]+", value.strip())) if isinstance(value, str) else value


def _region_names(value: Any) -> Any:
    """Split a cell such as ``Isocortex/areas; MOB``; names of regions have spaces and commas."""
    if not isinstance(value, str):
        return value
    separator = ";" if ";" in value else ","
    return tuple(part.strip() for part in value.split(separator) if part.strip())


def _frame(value: Any) -> Any:
    is_number = isinstance(value, str) and value.strip().lstrip("+-").isdecimal()
    return int(value) if is_number else value


def _sizes(value: Any) -> Any:
    """Read ``15.9`` or ``15.9 15.6`` as a pair."""
    if isinstance(value, str):
        value = [part for part in re.split(r"[\s,;x]+", value.strip()) if part]
    elif isinstance(value, int | float):
        value = [value]
    return tuple(value) * 2 if isinstance(value, list | tuple) and len(value) == 1 else value


def _baseline(text: str) -> str:
    from napari_brainreg3d.results.traces import Baseline

    Baseline.parse(text)
    return text


_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SessionSettings(BaseModel):
    """How a session is projected, and what is made of it. Frozen.

    Attributes
    ----------
    make
        Names from :data:`napari_brainreg3d.batch.makers.MAKERS`.
    frame, channel
        Which picture of the image file, as :func:`napari_brainreg3d.read_image` takes them.
    atlas, regions, hemisphere
        Instead of those of the registration, if given.
    occlusion, tolerance_um, sample_depth_um, split_hemispheres
        See :func:`napari_brainreg3d.project`.
    refine, k
        See :func:`napari_brainreg3d.refine`.
    fps, movie_channel, dff, max_incidence_deg
        Of the movie and its traces, as ``napari-brainreg3d traces`` has them; ``movie_channel`` is
        its ``--channel``.
    view, resolution_um
        Of the standard view.
    session_start, subject_id, sex, age, species
        What an NWB file says about the session.
    pixel_size_um, take_scale, max_shift_um, max_rotation_deg, max_scale, vessel_um
        How an image is matched to a reference, as the options of ``napari-brainreg3d match``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    make: Annotated[tuple[str, ...], BeforeValidator(_words)] = DEFAULT_MAKE
    frame: Annotated[
        Annotated[int, Field(ge=0)] | Literal["mean", "max"], BeforeValidator(_frame)
    ] = 0
    channel: Annotated[int, Field(ge=0)] | None = None
    atlas: str | None = None
    regions: Annotated[tuple[str, ...], BeforeValidator(_region_names)] = ()
    hemisphere: Hemisphere | None = None
    occlusion: Literal["brain", "selected"] = "brain"
    tolerance_um: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 150.0
    sample_depth_um: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    split_hemispheres: bool = False
    refine: Literal["gaps", "boundary", "everywhere"] | None = None
    k: Annotated[int, Field(ge=1)] = 11
    fps: _Positive | None = None
    movie_channel: Annotated[int, Field(ge=0)] | None = None
    dff: Annotated[str, AfterValidator(_baseline)] | None = None
    max_incidence_deg: Annotated[float, Field(gt=0, le=90)] | None = None
    view: Literal["dorsal", "left", "right", "frontal", "caudal", "ventral"] = "dorsal"
    resolution_um: _Positive | None = None
    session_start: datetime | None = None
    subject_id: str = "unknown"
    sex: Literal["M", "F", "O", "U"] = "U"
    age: str | None = None
    species: str | None = None
    pixel_size_um: Annotated[tuple[_Positive, _Positive], BeforeValidator(_sizes)] | None = None
    take_scale: bool = False
    max_shift_um: _Positive | None = None
    max_rotation_deg: _Positive = 180.0
    max_scale: Annotated[float, Field(gt=1)] = 1.25
    vessel_um: _Positive = 50.0


def settings_from(values: dict[str, Any], defaults: SessionSettings) -> SessionSettings:
    """Change some of the settings.

    Parameters
    ----------
    values
        Name of the setting -> its value or the text of its cell.
    defaults
        All that is not given.

    Raises
    ------
    ManifestError
        When a value is not valid.
    """
    try:
        return SessionSettings.model_validate(defaults.model_dump() | values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        reason = first["msg"].removeprefix("Value error, ")
        reason = reason[0].lower() + reason[1:]
        raise ManifestError(f"{name}: {reason}, got {values.get(name)!r}") from error
