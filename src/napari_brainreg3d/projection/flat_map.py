"""What a flat map would have got wrong: the usual 2D registration, held against this camera's view.

Common tools draw the atlas as seen from straight above, without tilt or perspective, and warp that
drawing onto the image with a similarity or affine transform through a few landmarks. Their own
residual cannot show what tilt does to the borders in between; this can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries
from skimage.transform import AffineTransform, SimilarityTransform

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import RayBundle
from napari_brainreg3d.geometry.frames import AP, INFERIOR, ML, FloatArray
from napari_brainreg3d.projection.casting import caster_for
from napari_brainreg3d.projection.grouping import finest_labels
from napari_brainreg3d.projection.projection import Projection
from napari_brainreg3d.registration import Landmark

FlatTransform = Literal["similarity", "affine"]

_TRANSFORMS: Final[dict[str, Any]] = {
    "similarity": SimilarityTransform,
    "affine": AffineTransform,
}
_NEEDED: Final = {"similarity": 2, "affine": 3}


@dataclass(frozen=True, slots=True)
class FlatMapError:
    """How far a flat map is off.

    Attributes
    ----------
    transform
        Which 2D transform was fitted.
    mislabelled
        Share, 0..1, of the pixels that carry a label here or there and not the same one.
    border_mean_um, border_p95_um
        Distance from the flat map's borders to the nearest true border, um in the plane of focus.
    residual_um
        Root mean square distance of the landmarks under the flat transform: what its user sees.
    """

    transform: FlatTransform
    mislabelled: float
    border_mean_um: float
    border_p95_um: float
    residual_um: float

    def __str__(self) -> str:
        return (
            f"A flat {self.transform} map on the same landmarks would label "
            f"{self.mislabelled:.1%} of the pixels wrongly (borders off by "
            f"{self.border_mean_um:.0f} um on average, {self.border_p95_um:.0f} um in the worst "
            f"5 %), while its own landmark residual would be only {self.residual_um:.0f} um."
        )


def flat_map_error(
    projection: Projection,
    landmarks: Sequence[Landmark] | None = None,
    transform: FlatTransform = "similarity",
) -> FlatMapError:
    """Compare a projection with what a flat, untilted map would have shown.

    Parameters
    ----------
    projection
        The truth: made with a camera in its pose, best with ``occlusion="selected"``, since a flat
        map shows the selected regions.
    landmarks
        Points that both are fitted to; their atlas side is what counts, and they are taken to be
        clicked without error, where the camera sees them. None: those of the registration.
    transform
        ``"similarity"`` (shift, turn, scale) or ``"affine"``.

    Returns
    -------
    FlatMapError
        A lower bound: there is no click error in it.

    Raises
    ------
    RegistrationError
        When there are too few landmarks, or they lie on a line.
    """
    if transform not in _TRANSFORMS:
        raise RegistrationError(f"transform must be similarity or affine, got {transform!r}")
    marks = projection.registration.landmarks if landmarks is None else landmarks
    points = np.array([mark.atlas_um for mark in marks if mark.atlas_um is not None])
    if len(points) < _NEEDED[transform]:
        raise RegistrationError(
            f"a flat {transform} map needs {_NEEDED[transform]} landmarks, there are {len(points)}"
        )
    # Seen from above, rows run to posterior and columns to the animal's right.
    from_above = points[:, [AP, ML]] * (1.0, -1.0)
    size = np.asarray(projection.registration.pixel_size_um)
    in_image = projection.registration.view.atlas_to_pixels(points) * size
    fitted = _TRANSFORMS[transform].from_estimate(from_above, in_image)
    if not fitted or not np.isfinite(fitted.params).all():
        raise RegistrationError(f"the landmarks lie on a line: no {transform} map fits them")
    residual = np.linalg.norm(fitted(from_above) - in_image, axis=1)
    flat = _flat_labels(projection, fitted.inverse)
    true = projection.finest
    either = (flat > 0) | (true > 0)
    shift = _border_shift_um(flat, true, size)
    return FlatMapError(
        transform=transform,
        mislabelled=float((flat != true)[either].mean()) if either.any() else float("nan"),
        border_mean_um=float(shift.mean()) if shift.size else float("nan"),
        border_p95_um=float(np.percentile(shift, 95)) if shift.size else float("nan"),
        residual_um=float(np.sqrt(np.square(residual).mean())),
    )


def _flat_labels(projection: Projection, to_map: Any) -> npt.NDArray[np.uint16]:
    """Finest labels of the view from straight above, warped into the image."""
    scene, registration = projection.scene, projection.registration
    height, width = registration.image_shape
    caster = caster_for(scene.mesh)
    labels = np.empty((height, width), np.uint16)
    rows_at_once = max(1, (1 << 18) // width)
    for first in range(0, height, rows_at_once):
        stop = min(height, first + rows_at_once)
        rows, columns = np.mgrid[first:stop, :width]
        pixels = np.stack([rows.ravel(), columns.ravel()], axis=1)
        flat = to_map(pixels * np.asarray(registration.pixel_size_um)) * (1.0, -1.0)
        origins = np.zeros((len(flat), 3))
        origins[:, [AP, ML]] = flat
        rays = RayBundle(
            origins, np.tile(np.array(INFERIOR), (len(flat), 1)), np.array(INFERIOR), -np.inf
        )
        owner = np.append(scene.face_region, -1)[caster.first_hits(rays).face]
        labels[first:stop] = finest_labels(owner, scene.is_left(origins)).reshape(-1, width)
    return labels


def _border_shift_um(
    flat: npt.NDArray[np.uint16], true: npt.NDArray[np.uint16], size_um: FloatArray
) -> FloatArray:
    """From every border pixel of ``flat`` to the nearest border pixel of ``true``, um."""
    true_border = find_boundaries(true, mode="inner")  # type: ignore[no-untyped-call]
    flat_border = find_boundaries(flat, mode="inner")  # type: ignore[no-untyped-call]
    if not true_border.any():
        return np.empty(0)
    distance = distance_transform_edt(~true_border, sampling=size_um)
    return np.asarray(distance[flat_border])
