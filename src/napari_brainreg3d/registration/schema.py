"""The registration file: its schema, and the two ways across its border.

The file is read by people too: angles stand beside the rotation matrix, conventions beside numbers.
"""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, ValidationError

from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Hemisphere
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import (
    VIEWS,
    Camera,
    OrthographicCamera,
    PinholeCamera,
    Pose,
)
from napari_brainreg3d.geometry.pose import rotation_from_angles
from napari_brainreg3d.registration.landmarks import Landmark

if TYPE_CHECKING:
    from napari_brainreg3d.registration.registration import Registration

FORMAT: Final = "napari-brainreg3d registration"
SCHEMA_VERSION: Final = 1

CONVENTIONS: Final = (
    "atlas_um: BrainGlobe asr, axis 0 anterior to posterior, axis 1 superior to inferior, axis 2 "
    "right to left of the animal (small = right hemisphere), micrometres from the corner of the "
    "volume. pose: x_atlas = rotation @ x_plane + centre_um; plane axes are image rows (down), "
    "image columns (right), viewing direction. image points: (row, column), pixel centres whole."
)

_Pair = tuple[FiniteFloat, FiniteFloat]
_Triple = tuple[FiniteFloat, FiniteFloat, FiniteFloat]


class _Strict(BaseModel):
    # Strict: "230" and true are not numbers, however well they might be meant.
    model_config = ConfigDict(extra="forbid", strict=True)


class _AtlasPart(_Strict):
    name: str = Field(min_length=1)
    version: str | None = None
    regions: tuple[str, ...] = ()
    hemisphere: Hemisphere = "both"


class _ImagePart(_Strict):
    name: str | None = None
    shape: tuple[PositiveInt, PositiveInt]
    pixel_size_um: _Pair
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class _PosePart(_Strict):
    view: str = "dorsal"
    centre_um: _Triple
    yaw_deg: FiniteFloat = 0.0
    pitch_deg: FiniteFloat = 0.0
    roll_deg: FiniteFloat = 0.0
    rotation: tuple[_Triple, _Triple, _Triple] | None = None


class _OrthographicPart(_Strict):
    type: Literal["orthographic"] = "orthographic"
    mirrored: bool = False


class _PinholePart(_Strict):
    type: Literal["pinhole"] = "pinhole"
    working_distance_mm: FiniteFloat
    principal_point_um: _Pair = (0.0, 0.0)
    k1: FiniteFloat = 0.0
    k2: FiniteFloat = 0.0
    mirrored: bool = False


class _BregmaPart(_Strict):
    name: str
    atlas_um: _Triple
    tilt_deg: FiniteFloat = 0.0
    scale: _Triple = (1.0, 1.0, 1.0)


class _LandmarkPart(_Strict):
    name: str
    image_px: _Pair | None = None
    atlas_um: _Triple | None = None


class _File(_Strict):
    format: Literal["napari-brainreg3d registration"]
    schema_version: PositiveInt
    atlas: _AtlasPart
    image: _ImagePart
    pose: _PosePart
    camera: Annotated[_OrthographicPart | _PinholePart, Field(discriminator="type")]
    bregma: _BregmaPart | None = None
    side_confirmed: bool = False
    landmarks: tuple[_LandmarkPart, ...] = ()
    #: What the napari plugin needs to come back (where the image lies, what was shown); a
    #: registration is complete without it.
    session: dict[str, Any] | None = None
    conventions: str = CONVENTIONS
    software: dict[str, str] = {}
    written: str | None = None


def to_json(registration: Registration) -> str:
    """Write a registration as the text of its file; inverse of :func:`fields_from_json`."""
    pose, bregma = registration.pose, registration.bregma
    yaw, pitch, roll = pose.angles_deg
    content = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "atlas": {
            "name": registration.atlas,
            "version": registration.atlas_version,
            "regions": list(registration.regions),
            "hemisphere": registration.hemisphere,
        },
        "image": {
            "name": registration.image_name,
            "shape": registration.image_shape,
            "pixel_size_um": registration.pixel_size_um,
            "sha256": registration.image_sha256,
        },
        "pose": {
            "view": pose.view,
            "centre_um": pose.centre_um.tolist(),
            "yaw_deg": yaw,
            "pitch_deg": pitch,
            "roll_deg": roll,
            "rotation": pose.rotation.tolist(),
        },
        "camera": _camera_part(registration.camera),
        "bregma": None
        if bregma is None
        else {
            "name": bregma.name,
            "atlas_um": bregma.atlas_um,
            "tilt_deg": bregma.tilt_deg,
            "scale": bregma.scale,
        },
        "side_confirmed": registration.side_confirmed,
        "landmarks": [
            {"name": mark.name, "image_px": mark.image_px, "atlas_um": mark.atlas_um}
            for mark in registration.landmarks
        ],
        "conventions": CONVENTIONS,
        "software": software_versions(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    # A file name may hold bytes that are not Unicode; JSON's own escape keeps them.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def fields_from_json(text: str, *, source: str = "the registration") -> dict[str, Any]:
    """Read the text of a registration file; inverse of :func:`to_json`.

    Parameters
    ----------
    text
        JSON.
    source
        What to call it in an error.

    Returns
    -------
    dict
        The parameters of :class:`Registration`.

    Raises
    ------
    RegistrationError
        When it is not valid JSON of this schema, or of a newer schema version.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RegistrationError(f"{source} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RegistrationError(f"{source} is not a registration of napari-brainreg3d")
    found = content.get("schema_version")
    if isinstance(found, int | float) and found > SCHEMA_VERSION:
        raise RegistrationError(
            f"{source} has schema version {found}, this program knows up to {SCHEMA_VERSION}; "
            "update napari-brainreg3d"
        )
    try:
        return _fields(_File.model_validate(_with_tuples(content)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise RegistrationError(f"{source}: {where}: {first['msg']}") from error
    except ValueError as error:
        raise RegistrationError(f"{source}: {error}") from error


def _with_tuples(value: Any) -> Any:
    """JSON's arrays as tuples, as strict validation wants them."""
    if isinstance(value, list):
        return tuple(_with_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return value


def _fields(parts: _File) -> dict[str, Any]:
    return {
        "atlas": parts.atlas.name,
        "atlas_version": parts.atlas.version,
        "regions": parts.atlas.regions,
        "hemisphere": parts.atlas.hemisphere,
        "image_shape": parts.image.shape,
        "pixel_size_um": parts.image.pixel_size_um,
        "image_name": parts.image.name,
        "image_sha256": parts.image.sha256,
        "pose": _pose(parts.pose),
        "camera": _camera(parts.camera),
        "bregma": None if parts.bregma is None else BregmaPreset(**parts.bregma.model_dump()),
        "side_confirmed": parts.side_confirmed,
        "landmarks": tuple(Landmark(**mark.model_dump()) for mark in parts.landmarks),
    }


def _pose(part: _PosePart) -> Pose:
    if part.view not in VIEWS:
        raise RegistrationError(f"pose.view: unknown view {part.view!r}")
    angles = rotation_from_angles(part.yaw_deg, part.pitch_deg, part.roll_deg)
    from_angles = VIEWS[part.view] @ angles
    if part.rotation is None:
        return Pose(from_angles, np.array(part.centre_um), part.view)
    pose = Pose(np.array(part.rotation), np.array(part.centre_um), part.view)
    # A person who edits the angles by hand must not be overruled in silence.
    if not np.allclose(pose.rotation, from_angles, rtol=0, atol=1e-6):
        raise RegistrationError(
            "pose: the angles and the rotation matrix disagree; "
            "delete 'rotation' from the file to go by the angles"
        )
    return pose


def _camera(part: _OrthographicPart | _PinholePart) -> Camera:
    values = part.model_dump(exclude={"type"})
    if isinstance(part, _PinholePart):
        return PinholeCamera(**values)
    return OrthographicCamera(**values)


def _camera_part(camera: Camera) -> dict[str, Any]:
    if isinstance(camera, PinholeCamera):
        return {
            "type": "pinhole",
            "working_distance_mm": camera.working_distance_mm,
            "principal_point_um": camera.principal_point_um,
            "k1": camera.k1,
            "k2": camera.k2,
            "mirrored": camera.mirrored,
        }
    return {"type": "orthographic", "mirrored": camera.mirrored}


def software_versions() -> dict[str, str]:
    """Versions of what a result depends on, by name."""
    versions = {"python": platform.python_version()}
    for package in ("napari-brainreg3d", "numpy", "trimesh", "embreex", "brainglobe-atlasapi"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # embreex has no wheels on some platforms
            versions[package] = "not installed"
    return versions
