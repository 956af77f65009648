"""From a guess to a fraction of a pixel: the turn, scale and shift at which vessels agree best."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter, uniform_filter

from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.registration.matching.similarity import Similarity
from napari_brainreg3d.registration.matching.vessels import Float32Array, VesselImage

_STEPS: Final = 16
#: Pixels. No corner moves more than this in the last step.
_PRECISION_PX: Final = 0.005
#: Side of the surroundings in which pixels must agree to have a say, px.
_SURROUNDINGS_PX: Final = 25
#: Steps after which what has a say is no longer changed, so that the search can come to rest.
_WEIGHING_STEPS: Final = 10


def refine(previous: VesselImage, new: VesselImage, start: Similarity) -> Similarity:
    """Move a similarity to where the vessels of both images agree best.

    Parameters
    ----------
    previous, new
        Vessels, on any rasters.
    start
        From the new image to the previous one, right within two or three pixels.

    Returns
    -------
    Similarity
        The refined one. Where the guess was wrong it is somewhere, and of no use.

    Notes
    -----
    Gauss-Newton in its inverse compositional form [1]_ on images of equal contrast, which
    maximises their correlation as in [2]_. A pixel counts by how well its surroundings agree, so
    that what only one image shows (cement, glints, a border) has no say.

    References
    ----------
    .. [1] S. Baker and I. Matthews, "Lucas-Kanade 20 years on: a unifying framework",
       International Journal of Computer Vision 56, 2004, doi:10.1023/B:VISI.0000011205.11775.fd.
    .. [2] G. D. Evangelidis and E. Z. Psarakis, "Parametric image alignment using enhanced
       correlation coefficient maximization", IEEE Transactions on Pattern Analysis and Machine
       Intelligence 30, 2008, doi:10.1109/TPAMI.2008.113.
    """
    places = new.offsets_um()
    spline = spline_filter(previous.values, order=3, output=np.float32)
    jacobian = _jacobian(new, places)
    corner = np.array([[extent / 2] for extent in new.extent_um])
    smallest = _PRECISION_PX * min(*new.size_um, *previous.size_um)
    current = start
    weight = new.known
    for step in range(_STEPS):
        seen, known = seen_in(previous, current.to_previous(places), spline)
        known *= new.known
        if step < _WEIGHING_STEPS:
            weight = known * _agreement(seen * known, new.values * known) ** 2
        moved = _step(jacobian, seen, new.values, weight * known)
        if moved is None:
            return start
        following = _composed(current, moved)
        change = following.to_previous(corner) - current.to_previous(corner)
        current = following
        if step >= 3 and np.abs(change).max() < smallest:
            break
    return current


def seen_in(
    previous: VesselImage, offsets_um: FloatArray, spline: Float32Array | None = None
) -> tuple[Float32Array, Float32Array]:
    """What the previous image shows at offsets, and where it knows it.

    Parameters
    ----------
    previous
        Vessels.
    offsets_um : ndarray, shape (2, H, W)
        (down, right) from the centre of the previous image.
    spline : ndarray, shape of the previous image
        Coefficients of its cubic spline, where they are at hand.

    Returns
    -------
    seen, known : ndarray, shape (H, W)
        Interpolated values, 0 outside; 1 where known and 0 elsewhere.
    """
    if spline is None:
        spline = spline_filter(previous.values, order=3, output=np.float32)
    pixels = previous.pixels(offsets_um)
    values = map_coordinates(spline, pixels, order=3, prefilter=False, mode="constant")
    known = map_coordinates(previous.known, pixels, order=1, mode="constant")
    return values.astype(np.float32), (known > 0.99).astype(np.float32)


def _agreement(first: Float32Array, second: Float32Array) -> Float32Array:
    """Correlation of two images in the surroundings of each pixel, shape (H, W), 0 to 1."""
    product, power, power_second = (
        uniform_filter(part, _SURROUNDINGS_PX, mode="constant")
        for part in (first * second, first**2, second**2)
    )
    norm = np.sqrt(np.maximum(power * power_second, 1e-12))
    return np.asarray(np.clip(product / norm, 0.0, 1.0))


def _jacobian(new: VesselImage, places: FloatArray) -> Float32Array:
    """Change of the new image's values with (a, b, down, right) at rest, shape (4, H, W)."""
    down, right = np.gradient(new.values.astype(np.float64), *new.size_um)
    rows, columns = places
    # The point (a r - b c + t, b r + a c + u) by a and b at a = 1, b = 0.
    by_a = down * rows + right * columns
    by_b = right * rows - down * columns
    return np.stack([by_a, by_b, down, right]).astype(np.float32)


def _step(
    jacobian: Float32Array, seen: Float32Array, values: Float32Array, weight: Float32Array
) -> Similarity | None:
    """How the new image must move to look like what is seen; None when nothing can be said."""
    chosen = weight > 1e-4
    if np.count_nonzero(chosen) < 50:
        return None
    weights = weight[chosen].astype(np.float64)
    slopes = jacobian[:, chosen].astype(np.float64)
    target, now = seen[chosen].astype(np.float64), values[chosen].astype(np.float64)
    power = float(weights @ target**2)
    if power <= 0:
        return None
    target *= np.sqrt(float(weights @ now**2) / power)
    normal = (slopes * weights) @ slopes.T
    try:
        change = np.linalg.solve(normal, (slopes * weights) @ (target - now))
    except np.linalg.LinAlgError:
        return None
    return Similarity.from_vector(np.array([1.0, 0.0, 0.0, 0.0]) + change)


def _composed(current: Similarity, moved: Similarity) -> Similarity:
    """``current`` after the inverse of ``moved``."""
    inverse = np.linalg.inv(moved.linear)
    linear = current.linear @ inverse
    shift = np.array(current.shift_um) - linear @ moved.shift_um
    return Similarity.from_vector(np.array([linear[0, 0], linear[1, 0], *shift]))
