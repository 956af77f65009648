"""An image or a movie in the atlas's own view, where sessions and animals can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atlas.scene import AtlasInfo, Scene
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.geometry.frames import read_only
from napari_brainreg3d.progress import Progress
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.standard_view.sampler import standard_sampler


@dataclass(frozen=True, slots=True, eq=False)
class StandardView:
    """An image or a movie, seen by a standard camera. Arrays are read-only.

    Attributes
    ----------
    pixels : ndarray, shape (h, w), (h, w, 3), (T, h, w) or (T, h, w, 3), float32
        Values of the image; NaN where the camera of the image saw nothing.
    seen : ndarray, shape (h, w), bool
        Which pixels that camera saw.
    registration
        Of the view: given to :func:`napari_brainreg3d.project`, its labels fit these pixels.
    source
        Registration of the image.
    atlas
        Where the brain's surface comes from.
    name
        Of the image; empty when it has none.
    """

    pixels: npt.NDArray[np.float32]
    seen: npt.NDArray[np.bool_]
    registration: Registration
    source: Registration
    atlas: AtlasInfo
    name: str = ""

    def __post_init__(self) -> None:
        shape = self.registration.image_shape
        if self.seen.shape != shape or not is_picture_or_movie(self.pixels.shape, shape):
            raise ValueError(
                f"pixels {self.pixels.shape} and seen {self.seen.shape} do not fit a view of "
                f"{shape[0]} x {shape[1]} pixels"
            )
        object.__setattr__(self, "pixels", read_only(self.pixels))
        object.__setattr__(self, "seen", read_only(self.seen))


def to_standard_view(
    scene: Scene,
    registration: Registration,
    image: npt.ArrayLike,
    *,
    view: str | Registration = "dorsal",
    resolution_um: float | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
) -> StandardView:
    """Resample an image or a movie into the atlas's own view. Changes none of its arguments.

    Parameters
    ----------
    scene
        From :func:`napari_brainreg3d.load_scene`; its brain surface is seen, and hides.
    registration
        Of the image.
    image : array_like, shape (H, W), (H, W, 3), (T, H, W) or (T, H, W, 3)
        Any real type. NaN and infinities are missing values. Whole movies stay in memory: for
        longer ones take :func:`~napari_brainreg3d.results.standard_view.standard_sampler`.
    view, resolution_um, mask, progress
        As for :func:`~napari_brainreg3d.results.standard_view.standard_sampler`: dorsal and 20 um,
        unless said otherwise; ``mask``, shape (H, W), says which pixels may be used.

    Returns
    -------
    StandardView
        Values, which pixels were seen, and the registration of the view.

    Raises
    ------
    ImageError
        When image or mask do not have the size that the registration is for.
    RegistrationError
        When the view or its resolution is not valid.
    AtlasError
        When the scene has no surface.
    Cancelled
        When ``progress`` said so.
    """
    pixels = np.asarray(image)
    if not is_picture_or_movie(pixels.shape, registration.image_shape):
        height, width = registration.image_shape
        raise ImageError(
            f"the image has the shape {pixels.shape}, the registration is for {height} x {width} "
            "pixels; a movie has its frames on the first axis"
        )
    if pixels.dtype.kind not in "buif":
        raise ImageError(f"the image holds {pixels.dtype}; give real numbers")
    sampler = standard_sampler(
        scene, registration, view=view, resolution_um=resolution_um, mask=mask, progress=progress
    )
    if pixels.shape[:2] == registration.image_shape:
        resampled = sampler.resampled(pixels)
    else:
        tail = (*sampler.registration.image_shape, *pixels.shape[3:])
        resampled = np.empty((len(pixels), *tail), np.float32)
        for target, values in zip(resampled, sampler.frames(pixels), strict=True):
            target[...] = values
    return StandardView(
        pixels=resampled,
        seen=sampler.seen,
        registration=sampler.registration,
        source=registration,
        atlas=scene.atlas,
        name=registration.image_name or "",
    )


def is_picture_or_movie(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether an array of ``shape`` is a picture of ``size``, in grey or colour, or a movie."""
    if shape[:2] == size and shape[2:] in ((), (3,)):
        return True
    return len(shape) > 2 and shape[1:3] == size and shape[3:] in ((), (3,))


def same_geometry(one: Registration, other: Registration) -> str:
    """Say in words how two registrations of views differ; empty when they see the same.

    Atlas, raster, pixel size, pose and camera count. Numbers may differ by rounding.
    """
    if (one.atlas, one.atlas_version) != (other.atlas, other.atlas_version):
        return f"the atlas {one.atlas} {one.atlas_version}, not {other.atlas} {other.atlas_version}"
    if one.image_shape != other.image_shape:
        return f"{one.image_shape[0]} x {one.image_shape[1]} pixels, not " + " x ".join(
            map(str, other.image_shape)
        )
    if not np.allclose(one.pixel_size_um, other.pixel_size_um, rtol=1e-9):
        return f"pixels of {one.pixel_size_um} um, not {other.pixel_size_um}"
    if one.camera != other.camera:
        return f"the camera {one.camera}, not {other.camera}"
    if not (
        np.allclose(one.pose.rotation, other.pose.rotation, atol=1e-9)
        and np.allclose(one.pose.centre_um, other.pose.centre_um, atol=1e-3)
    ):
        return f"another pose ({one.pose.view}, not {other.pose.view})"
    return ""
