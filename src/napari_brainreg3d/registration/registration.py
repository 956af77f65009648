"""Everything that ties one image to an atlas: small, frozen, saved as JSON."""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, get_args

import numpy as np

from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS, DEFAULT_BREGMA, BregmaPreset
from napari_brainreg3d.atlas.scene import Hemisphere
from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import Camera, OrthographicCamera, PixelGrid, Pose, View
from napari_brainreg3d.registration.landmarks import Landmark
from napari_brainreg3d.registration.schema import fields_from_json, to_json

SUFFIX: Final = ".brainreg3d.json"


def default_bregma(atlas: str) -> BregmaPreset | None:
    """The bregma preset to print coordinates with: only atlases in the Allen CCF have one."""
    in_ccf = atlas.startswith(("allen_mouse", "demo_mouse", "kim_mouse", "osten_mouse"))
    return BREGMA_PRESETS[DEFAULT_BREGMA] if in_ccf else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How one image lies over an atlas.

    Parameters
    ----------
    atlas
        Name of the atlas, e.g. ``"allen_mouse_25um"`` or ``"demo_mouse"``.
    image_shape
        Rows and columns of the image.
    pixel_size_um
        Height and width of a pixel in the plane of focus, um; one number for square pixels.
    pose
        Where the image plane lies in the atlas.
    camera
        How its rays run.
    atlas_version
        Version of the atlas that was aligned to; None for whichever is there.
    regions
        What was selected, as :func:`napari_brainreg3d.load_scene` takes it; empty for its default.
    hemisphere
        The side to which the regions are restricted.
    image_name, image_sha256
        File name of the image and the hash of its pixels (see :func:`hash_pixels` in ``io``).
    bregma
        The named bregma of printed stereotaxic coordinates; None for an atlas without one.
    side_confirmed
        Whether a person has said which side of the image is the animal's left. The atlas is
        symmetric, so that nothing else can.
    landmarks
        Points that were placed on the way.

    Raises
    ------
    RegistrationError
        When a value is not valid.

    Examples
    --------
    >>> registration = Registration(
    ...     atlas="demo_mouse",
    ...     image_shape=(540, 640),
    ...     pixel_size_um=19.4,
    ...     pose=Pose.dorsal(centre_um=(5400.0, 300.0, 5700.0)),
    ... )
    >>> registration.view.atlas_to_pixels([5400.0, 300.0, 5700.0]).tolist()
    [269.5, 319.5]
    """

    atlas: str
    image_shape: tuple[int, int]
    pixel_size_um: tuple[float, float]
    pose: Pose
    camera: Camera = field(default_factory=OrthographicCamera)
    atlas_version: str | None = None
    regions: tuple[str, ...] = ()
    hemisphere: Hemisphere = "both"
    image_name: str | None = None
    image_sha256: str | None = None
    bregma: BregmaPreset | None = field(default=None)
    side_confirmed: bool = False
    landmarks: tuple[Landmark, ...] = ()

    def __post_init__(self) -> None:
        grid = _checked_grid(self.image_shape, self.pixel_size_um)
        _check_kinds(self)
        regions = (self.regions,) if isinstance(self.regions, str) else self.regions
        object.__setattr__(self, "regions", tuple(str(region) for region in regions))
        object.__setattr__(self, "image_shape", grid.shape)
        object.__setattr__(self, "pixel_size_um", grid.size_um)
        object.__setattr__(self, "landmarks", tuple(self.landmarks))
        object.__setattr__(self, "side_confirmed", bool(self.side_confirmed))
        if self.bregma is None:
            object.__setattr__(self, "bregma", default_bregma(self.atlas))

    @property
    def grid(self) -> PixelGrid:
        """The raster of the image."""
        return PixelGrid(self.image_shape, self.pixel_size_um)

    @property
    def view(self) -> View:
        """The camera in its place: pixels to rays, points to pixels."""
        return View(self.grid, self.camera, self.pose)

    def replaced(self, **changes: Any) -> Self:
        """Return a copy with some fields changed (see the parameters of the class)."""
        return dataclasses.replace(self, **changes)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the registration as JSON, whole or not at all.

        Parameters
        ----------
        path
            Usually ``<image>.brainreg3d.json``, the suffix by which napari knows it.
        overwrite
            Whether an existing file may be replaced.

        Raises
        ------
        OutputError
            When the file exists and may not be replaced, or cannot be written.
        """
        text = to_json(self)
        with replacing(path, overwrite=overwrite) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return Path(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a registration written by :meth:`save`.

        Raises
        ------
        RegistrationError
            When the file cannot be read, is not valid, or was written by a newer version.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")  # Windows editors add a mark
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
            raise RegistrationError(f"cannot read {path}: {reason}") from error
        fields = fields_from_json(text, source=str(path))
        try:
            return cls(**fields)
        except ValueError as error:
            raise RegistrationError(f"{path}: {error}") from error


def _checked_grid(shape: Any, size_um: Any) -> PixelGrid:
    try:
        size = tuple(np.broadcast_to(np.asarray(size_um, np.float64), 2).tolist())
        if isinstance(size_um, str) or np.shape(size_um) not in ((), (2,)):
            raise ValueError(f"pixel size must be one or two numbers, got {size_um!r}")
        return PixelGrid(tuple(shape), (size[0], size[1]))
    except (ValueError, TypeError) as error:
        if str(error).startswith(("image shape", "pixel size")):
            raise RegistrationError(str(error)) from error
        raise RegistrationError(
            f"image shape must be two integers and pixel size one or two numbers, um; "
            f"got {shape!r} and {size_um!r}"
        ) from error


def _check_kinds(registration: Registration) -> None:
    """Refuse at once what could not be saved and read back."""
    kinds: dict[str, tuple[type, ...]] = {
        "atlas": (str,),
        "pose": (Pose,),
        "camera": (Camera,),
        "atlas_version": (str, type(None)),
        "image_name": (str, type(None)),
        "image_sha256": (str, type(None)),
        "bregma": (BregmaPreset, type(None)),
    }
    for name, allowed in kinds.items():
        value = getattr(registration, name)
        if not isinstance(value, allowed):
            raise RegistrationError(f"{name} must be a {allowed[0].__name__}, got {value!r}")
    if not registration.atlas:
        raise RegistrationError("atlas must be a name, got ''")
    if registration.hemisphere not in get_args(Hemisphere):
        raise RegistrationError(
            f"hemisphere must be both, left or right, got {registration.hemisphere!r}"
        )
    sha256 = registration.image_sha256
    if sha256 is not None and not re.fullmatch("[0-9a-f]{64}", sha256):
        raise RegistrationError(f"image_sha256 must be 64 hexadecimal digits, got {sha256!r}")
    for mark in registration.landmarks:
        if not isinstance(mark, Landmark):
            raise RegistrationError(f"landmarks must be Landmark objects, got {mark!r}")
