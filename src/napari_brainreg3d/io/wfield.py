"""Files of wfield and locaNMF: landmarks in and out, label arrays out.

wfield [1]_ draws a flat, untilted map: its reference is in mm from a bregma at CCF AP 5400, ML 5700
(x to the right, y to *posterior*); ``reference px = mm / resolution + bregma_offset``; a 3 x 3
transform takes reference px to image px, (x, y) = (column, row).

References
----------
.. [1] Couto et al., "Chronic, cortex-wide imaging of specific cell populations during behavior",
   Nature Protocols 16 (2021), https://doi.org/10.1038/s41596-021-00527-z
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from skimage.transform import SimilarityTransform

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, Pose
from napari_brainreg3d.geometry.frames import AP, ML, FloatArray, read_only
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.presets import WFIELD_BREGMA_UM, WFIELD_POINTS_MM
from napari_brainreg3d.registration import Registration

WFIELD_RESOLUTION_MM: Final = 0.0194
WFIELD_BREGMA_OFFSET_PX: Final = (320.0, 270.0)
_COLOURS: Final = {"OB_center": "#0367fc", "RSP_base": "#fc4103"}
_ORANGE: Final = "#fc9d03"
#: Name -> (x, y) mm, and the colour that wfield gives it.
WFIELD_LANDMARKS: Final = {
    name: (place, _COLOURS.get(name, _ORANGE)) for name, place in WFIELD_POINTS_MM.items()
}


@dataclass(frozen=True, slots=True, eq=False)
class WfieldLandmarks:
    """The content of a ``dorsal_cortex_landmarks.json``.

    Attributes
    ----------
    names
        The N landmarks.
    reference_mm : ndarray, shape (N, 2)
        (x, y): right of and *behind* bregma, mm.
    image_px : ndarray, shape (N, 2), or None
        (x, y) where the user put them in the image; None in a file that was never matched.
    resolution_mm
        mm per reference pixel.
    bregma_offset_px
        (x, y) of bregma in reference px.
    transform : ndarray, shape (3, 3)
        Reference px -> image px, acting on columns (x, y, 1).
    transform_type
        ``"similarity"`` or ``"affine"``.
    """

    names: tuple[str, ...]
    reference_mm: FloatArray
    image_px: FloatArray | None
    resolution_mm: float
    bregma_offset_px: tuple[float, float]
    transform: FloatArray
    transform_type: str

    def to_image_px(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Where wfield draws points of its reference.

        Parameters
        ----------
        points_mm : array_like, shape (N, 2)
            (x, y), mm.

        Returns
        -------
        ndarray, shape (N, 2)
            (x, y) = (column, row) in the image, px.
        """
        reference_px = np.asarray(points_mm, np.float64) / self.resolution_mm + np.asarray(
            self.bregma_offset_px
        )
        ones = np.ones((len(reference_px), 1))
        image = np.concatenate([reference_px, ones], axis=1) @ self.transform.T
        return np.asarray(image[:, :2] / image[:, 2:])

    def to_registration(
        self, atlas: str, image_shape: tuple[int, int], *, depth_um: float = 0.0
    ) -> Registration:
        """The untilted registration that sees the atlas where wfield draws it, to start from.

        Parameters
        ----------
        atlas
            An atlas in the Allen CCF.
        image_shape
            Rows and columns of the image.
        depth_um
            Where the plane of focus lies, um from the top of the atlas.

        Returns
        -------
        Registration
            Exact for a similarity transform. An affine one has a shear or two scales, which no
            camera that looks straight down has: then the nearest similarity.

        Raises
        ------
        RegistrationError
            When the transform squashes the reference to a line.
        """
        # Reference mm (x, y) -> image px (x, y), linear part and shift.
        linear = self.transform[:2, :2] / self.resolution_mm
        u, scales, vt = np.linalg.svd(linear)
        if scales[1] <= 0 or not np.isfinite(scales).all():
            raise RegistrationError("the wfield transform squashes the map to a line")
        scale = float(scales.mean())  # px per mm
        is_mirrored = np.linalg.det(linear) < 0
        # (row, column) of the image over (y, x) of the reference: both down and right.
        swap = np.array([[0.0, 1.0], [1.0, 0.0]])
        turn = swap @ (u @ vt) @ swap
        if is_mirrored:
            turn = np.diag([1.0, -1.0]) @ turn
        # A point at plane offset p lies at R_yaw p in the view: the image is turned back by yaw.
        yaw_deg = float(np.degrees(np.arctan2(turn[0, 1], turn[0, 0])))
        height, width = image_shape
        centre_px = np.array([(width - 1) / 2, (height - 1) / 2])
        homography = np.linalg.inv(self.transform)
        reference_px = homography @ np.append(centre_px, 1.0)
        x, y = (
            reference_px[:2] / reference_px[2] - np.asarray(self.bregma_offset_px)
        ) * self.resolution_mm
        centre_um = np.zeros(3)
        centre_um[AP] = WFIELD_BREGMA_UM[0] + 1000.0 * y
        centre_um[ML] = WFIELD_BREGMA_UM[1] - 1000.0 * x
        return Registration(
            atlas=atlas,
            image_shape=image_shape,
            pixel_size_um=(1000.0 / scale, 1000.0 / scale),
            pose=Pose.dorsal(centre_um=centre_um, yaw_deg=yaw_deg).moved(
                atlas_um=(0.0, depth_um, 0.0)
            ),
            camera=OrthographicCamera(mirrored=bool(is_mirrored)),
        )


def read_wfield_landmarks(path: str | os.PathLike[str]) -> WfieldLandmarks:
    """Read a landmark file of wfield, new or old.

    Raises
    ------
    RegistrationError
        When it cannot be read or is not such a file.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        landmarks = content["landmarks"]
        reference = _points(landmarks)
        names = tuple(str(name) for name in landmarks["name"])
        matched = content.get("landmarks_match")
        # Files older than the transform, and the shipped default, draw the reference as it is.
        transform = np.array(content.get("transform") or np.eye(3), np.float64)
        resolution = float(content.get("resolution") or WFIELD_RESOLUTION_MM)
        offset = content.get("bregma_offset") or WFIELD_BREGMA_OFFSET_PX
        image = None if matched is None else _points(matched)
    except OSError as error:
        raise RegistrationError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RegistrationError(f"cannot read {path}: it is no text in UTF-8") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistrationError(f"{path} is not a landmark file of wfield: {error!r}") from error
    if transform.shape != (3, 3) or not np.isfinite(transform).all():
        raise RegistrationError(f"{path}: the transform must be 3 x 3 numbers")
    if len(reference) != len(names) or (image is not None and image.shape != reference.shape):
        raise RegistrationError(f"{path}: the lists of landmarks have different lengths")
    if not resolution > 0:
        raise RegistrationError(f"{path}: resolution must be positive, got {resolution}")
    return WfieldLandmarks(
        names=names,
        reference_mm=read_only(reference),
        image_px=image,
        resolution_mm=resolution,
        bregma_offset_px=(float(offset[0]), float(offset[1])),
        transform=read_only(transform),
        transform_type=str(content.get("transform_type", "similarity")),
    )


def write_wfield_landmarks(
    path: str | os.PathLike[str],
    registration: Registration,
    surface_um: npt.ArrayLike,
    *,
    names: Sequence[str] = tuple(WFIELD_LANDMARKS),
    overwrite: bool = False,
) -> None:
    """Write a registration as the best flat map that wfield can draw of it.

    Parameters
    ----------
    path
        Usually ``dorsal_cortex_landmarks.json`` in the session's folder.
    registration
        Where the camera sees the landmarks.
    surface_um : array_like, shape (N, 3)
        The landmarks on the brain's surface, ``atlas_um``; their AP and ML are what wfield knows.
    names
        Of the N landmarks; unknown ones get wfield's orange.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    RegistrationError
        When fewer than two landmarks are seen.
    OutputError
        When the file cannot be written.
    """
    points = np.asarray(surface_um, np.float64).reshape(-1, 3)
    if len(points) != len(names) or len(points) < 2:
        raise RegistrationError(f"{len(points)} points for {len(names)} names; give at least two")
    mm = np.stack(
        [WFIELD_BREGMA_UM[1] - points[:, ML], points[:, AP] - WFIELD_BREGMA_UM[0]], axis=1
    )
    mm = mm / 1000.0
    seen = registration.view.atlas_to_pixels(points)[:, ::-1]
    if not np.isfinite(seen).all():
        raise RegistrationError("the camera does not see all of the landmarks")
    height, width = registration.image_shape
    offset = (width / 2.0, height / 2.0)
    resolution = float(np.mean(registration.pixel_size_um)) / 1000.0
    reference_px = mm / resolution + np.array(offset)
    transform = SimilarityTransform.from_estimate(reference_px, seen)
    content: dict[str, Any] = {
        "bregma_offset": list(offset),
        "resolution": resolution,
        "landmarks": _as_lists(names, mm),
        "landmarks_im": _as_lists(names, reference_px),
        "landmarks_match": _as_lists(names, seen),
        "transform": transform.params.tolist(),
        "transform_type": "similarity",
        "transform_inverse": np.linalg.inv(transform.params).tolist(),
    }
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps(content, indent=4, sort_keys=True), encoding="utf-8")


def write_locanmf(
    path: str | os.PathLike[str], projection: Projection, *, overwrite: bool = False
) -> list[Path]:
    """Write labels as locaNMF reads them: left regions positive, right ones negative.

    Parameters
    ----------
    path
        Of the ``.npy`` file; the names go beside it as ``.json``.
    projection
        Grouped in any way; hemispheres are told apart by where each ray meets the tissue.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        The array, float32 of shape (H, W): 0 nothing, +i the i-th region's left, -i its right side;
        and the list of ``[value, "VISp_left"]``.
    """
    whole = projection.regrouped()
    is_left = (projection.finest % 2 == 0) & (projection.finest > 0)
    values = whole.labels.astype(np.float32) * np.where(is_left, 1.0, -1.0).astype(np.float32)
    table = whole.table
    names = [
        [sign * int(label), f"{acronym}_{side}"]
        for label, acronym in zip(table["label"], table["acronym"], strict=True)
        for sign, side in ((1, "left"), (-1, "right"))
    ]
    array, listing = Path(path).with_suffix(".npy"), Path(path).with_suffix(".json")
    check_free(listing, overwrite=overwrite)
    with (
        replacing(array, overwrite=overwrite) as npy,
        replacing(listing, overwrite=overwrite) as text,
    ):
        np.save(npy, values)
        text.write_text(json.dumps(names), encoding="utf-8")
    return [array, listing]


def _points(lists: dict[str, Any]) -> FloatArray:
    points = np.array([lists["x"], lists["y"]], np.float64).T
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ValueError("landmarks must be lists of numbers x and y")
    return points


def _as_lists(names: Sequence[str], points: FloatArray) -> dict[str, list[Any]]:
    return {
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "name": list(names),
        "color": [_COLOURS.get(name, _ORANGE) for name in names],
    }
