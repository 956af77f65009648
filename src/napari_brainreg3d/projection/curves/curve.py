"""What a person draws on the image: a line that stands for a line of the brain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry.frames import FloatArray, read_only

CurveKind = Literal["midline", "brain edge", "border"]

#: Errors of a hand that draws are alike over this length: more points on it tell nothing new, um.
_ALIKE_UM: Final = 300.0
#: Points nearer to one another than this are left out, um.
_DENSEST_UM: Final = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line drawn on the image.

    Attributes
    ----------
    kind
        ``"midline"``: where the hemispheres meet. ``"brain edge"``: where the brain ends before the
        background. ``"border"``: between two regions.
    points_px : ndarray, shape (N, 2)
        Its corners in ``image_px``, (row, column), in order. Each counts as one click on the line;
        what is between them does not, so that a bent line may be drawn with few.
    regions
        Of a border: the two regions, by acronym, name or id.
    name
        What it is called in results; by default its kind, or the two regions.

    Raises
    ------
    RegistrationError
        When the kind is unknown, points or regions are missing.
    """

    kind: CurveKind
    points_px: FloatArray
    regions: tuple[str, str] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(CurveKind):
            kinds = ", ".join(get_args(CurveKind))
            raise RegistrationError(f"a curve is one of {kinds}, got {self.kind!r}")
        points = np.array(self.points_px, np.float64)
        if points.ndim != 2 or points.shape[1:] != (2,) or not np.isfinite(points).all():
            raise RegistrationError(
                f"{self.kind}: points must be finite (row, column) pairs, got an array of shape "
                f"{points.shape}"
            )
        if len(points) < 2:
            raise RegistrationError(f"{self.kind}: a curve needs 2 points, got {len(points)}")
        regions = None if self.regions is None else tuple(map(str, self.regions))
        if (self.kind == "border") != (regions is not None) or len(set(regions or "ab")) != 2:
            raise RegistrationError(
                "a border needs the two regions that it lies between, other curves none; "
                f"got {self.kind!r} with {self.regions!r}"
            )
        object.__setattr__(self, "points_px", read_only(points))
        object.__setattr__(self, "regions", regions)
        name = self.name or (self.kind if regions is None else " | ".join(regions))
        object.__setattr__(self, "name", str(name))


def samples_of(
    curve: Curve, pixel_size_um: tuple[float, float], click_sd_um: float
) -> tuple[FloatArray, FloatArray]:
    """The points of a curve that count, and for how much of a click.

    Parameters
    ----------
    curve
        What was drawn.
    pixel_size_um
        Height and width of a pixel, um.
    click_sd_um
        Error of a click, um; a curve must be several times longer.

    Returns
    -------
    points_px : ndarray, shape (M, 2)
        ``image_px``; dense points are thinned out.
    weights : ndarray, shape (M,)
        1 for points far apart; less where they are so near that their errors are alike.

    Raises
    ------
    RegistrationError
        When the curve is too short.
    """
    points = curve.points_px
    steps = np.linalg.norm(np.diff(points, axis=0) * pixel_size_um, axis=1)
    length = float(steps.sum())
    if length < 5.0 * click_sd_um:
        raise RegistrationError(
            f"the curve {curve.name!r} is too short: {length:.0f} um, while each of its points may "
            f"be off by {click_sd_um:.0f} um; draw at least {5 * click_sd_um:.0f} um"
        )
    along = np.concatenate([[0.0], np.cumsum(steps)])
    kept = [0]
    for i in range(1, len(points)):
        if along[i] - along[kept[-1]] >= _DENSEST_UM:
            kept.append(i)
    gaps = np.diff(along[kept])
    # Each point stands for half of the way to its neighbours.
    spacing = np.concatenate([gaps[:1], (gaps[1:] + gaps[:-1]) / 2.0, gaps[-1:]])
    return points[kept], np.minimum(1.0, spacing / _ALIKE_UM)
