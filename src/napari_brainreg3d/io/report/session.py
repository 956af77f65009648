"""What a report is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.errors import OutputError, RegistrationError
from napari_brainreg3d.geometry.frames import INFERIOR, FloatArray
from napari_brainreg3d.io.images import Image
from napari_brainreg3d.io.pixels import Pixels, hash_pixels
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.flat_map import FlatMapError, flat_map_error
from napari_brainreg3d.projection.presets import (
    WFIELD_BREGMA_UM,
    WFIELD_POINTS_MM,
    point_from_above,
)
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.registration import Landmark
from napari_brainreg3d.registration.registration import default_bregma

#: Cosine of the angle to straight down up to which an image counts as taken from above.
_FROM_ABOVE: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSession:
    """One registered image and what is known about it.

    Attributes
    ----------
    projection
        What was labelled.
    image : Image, ndarray of shape (H, W) or (H, W, 3), or None
        The picture. Without it the pictures show the tissue.
    uncertainty
        How sure the labels are, if that was worked out for the same labels.
    title
        Heading; None: the name of the image.
    """

    projection: Projection
    image: Image | Pixels | None = None
    uncertainty: Uncertainty | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        pixels, shape = self.pixels, self.projection.registration.image_shape
        if pixels is not None and pixels.shape[:2] != shape:
            raise OutputError(
                f"the image has {pixels.shape[0]} x {pixels.shape[1]} pixels, the projection "
                f"{shape[0]} x {shape[1]}: it was made for another image"
            )
        if self.uncertainty is not None and (
            self.uncertainty.probability.shape != shape
            or len(self.uncertainty.table) != len(self.projection.grouping.rows)
        ):
            raise OutputError("the uncertainty was worked out for another projection")

    @property
    def pixels(self) -> Pixels | None:
        """The picture itself."""
        return self.image.pixels if isinstance(self.image, Image) else self.image

    @property
    def name(self) -> str:
        """What to call it."""
        return self.title or self.projection.registration.image_name or "Unnamed image"

    def is_other_image(self) -> bool:
        """Whether the registration says that it was made for other pixels than these."""
        known = self.projection.registration.image_sha256
        if known is None or self.image is None:
            return False
        if isinstance(self.image, Image):
            return self.image.sha256 != known
        return hash_pixels(self.image) != known

    def known_landmarks(self) -> tuple[Landmark, ...]:
        """Landmarks with both an image point and an atlas point."""
        return tuple(
            mark
            for mark in self.projection.registration.landmarks
            if mark.image_px is not None and mark.atlas_um is not None
        )

    def residuals_um(self) -> FloatArray:
        """From each known landmark's click to where the camera sees it, shape (N, 2), um.

        (down, right) in the plane of focus; NaN for a point behind the camera.
        """
        marks = self.known_landmarks()
        registration = self.projection.registration
        if not marks:
            return np.empty((0, 2))
        seen = registration.view.atlas_to_pixels(np.array([mark.atlas_um for mark in marks]))
        clicks = np.array([mark.image_px for mark in marks])
        return np.asarray((seen - clicks) * registration.pixel_size_um)

    def flat_map(self) -> FlatMapError | str:
        """What a flat map would get wrong, or why that cannot be said.

        On the session's own landmarks, or where there are fewer than two of them on those of
        wfield: a flat map is drawn as seen from above.
        """
        registration = self.projection.registration
        if registration.pose.viewing_direction @ INFERIOR < _FROM_ABOVE:
            return "Flat maps show the brain from above; this image was not taken from there."
        try:
            marks = self.known_landmarks()
            if len(marks) < 2:
                marks = _of_wfield(self.projection)
            return flat_map_error(self.projection, marks)
        except RegistrationError as error:
            return f"Not known: {error}."


def _of_wfield(projection: Projection) -> tuple[Landmark, ...]:
    """The landmarks of the commonest flat map, where the atlas is the Allen CCF."""
    if default_bregma(projection.scene.atlas.name) is None or not len(projection.scene.brain.faces):
        raise RegistrationError("there are no landmarks")
    found = []
    for name, (right_mm, behind_mm) in WFIELD_POINTS_MM.items():
        ap, ml = WFIELD_BREGMA_UM[0] + 1000 * behind_mm, WFIELD_BREGMA_UM[1] - 1000 * right_mm
        point, _ = point_from_above(projection.scene, ap, ml)
        if point is not None:
            found.append(Landmark(name, atlas_um=point))
    return tuple(found)


def rms(distances_um: FloatArray | Sequence[float]) -> float:
    """Root mean square of the lengths of vectors, shape (N, 2), um; NaN when there is none."""
    vectors = np.asarray(distances_um, np.float64).reshape(-1, 2)
    known = vectors[np.isfinite(vectors).all(axis=1)]
    return float(np.sqrt(np.square(known).sum(axis=1).mean())) if len(known) else float("nan")
