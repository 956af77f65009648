"""Fits of the landmarks of a session: a whole one with its report, a quick one while dragging."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.curves import CurveFit
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import (
    DEFAULT_CLICK_SD_UM,
    LandmarkFit,
    fit_landmarks,
)
from napari_brainreg3d.registration.reprojection import Reprojection
from napari_brainreg3d.registration.solving import solve

#: Relative change at which a quick fit ends: the whole fit comes when the point is let go.
_QUICK: Final = 1e-5
#: Parameter of a fit -> what a user calls it.
_WORDS: Final = {
    "down_um": "shift",
    "right_um": "shift",
    "depth_um": "distance of focus",
    "yaw_deg": "yaw",
    "pitch_deg": "tilt",
    "roll_deg": "tilt",
    "scale_percent": "pixel size",
}


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How landmarks are fitted.

    Attributes
    ----------
    click_sd_um
        Standard deviation of a click, um.
    free_pixel_size
        Whether the pixel size is fitted too.
    """

    click_sd_um: float = DEFAULT_CLICK_SD_UM
    free_pixel_size: bool = False


def is_complete(mark: Landmark) -> bool:
    """Whether a landmark is known on both sides."""
    return mark.image_px is not None and mark.atlas_um is not None


def whole_fit(
    registration: Registration,
    marks: Sequence[Landmark],
    options: FitOptions,
    *,
    nearest: bool = False,
) -> LandmarkFit:
    """Fit with everything that is reported.

    Parameters
    ----------
    registration
        The present alignment.
    marks
        Landmarks; in the fit they go by their numbers.
    options
        How.
    nearest
        Whether, of two tilts that look alike, the nearer one is taken.

    Raises
    ------
    RegistrationError
        When the landmarks cannot be fitted.
    """
    # The fit tells landmarks by their names, which a user may give twice.
    numbered = [Landmark(str(i), mark.image_px, mark.atlas_um) for i, mark in enumerate(marks)]
    return fit_landmarks(
        registration,
        numbered,
        click_sd_um=options.click_sd_um,
        free_pixel_size=options.free_pixel_size,
        nearest=nearest,
    )


def quick_fit(
    registration: Registration,
    marks: Sequence[Landmark],
    options: FitOptions,
    outliers: Collection[int] = (),
) -> Registration:
    """Fit from the present pose alone, without a report: what a drag can wait for.

    Parameters
    ----------
    registration
        The present alignment.
    marks
        Landmarks; those known on both sides count.
    options
        How.
    outliers
        Numbers of landmarks to be left out, as the last whole fit found them.

    Raises
    ------
    RegistrationError
        When the landmarks cannot be fitted.
    """
    problem = Reprojection(registration, marks, free_pixel_size=options.free_pixel_size)
    free = problem.choose_free(())
    complete = [i for i, mark in enumerate(marks) if is_complete(mark)]
    use = np.array([i not in outliers for i in complete])
    start = np.zeros(len(problem.parameters))
    values, _ = solve(problem, start, free, options.click_sd_um, use=use, precision=_QUICK)
    return problem.registration_at(values)


def distances_um(registration: Registration, marks: Sequence[Landmark]) -> FloatArray:
    """How far from each click the camera sees its atlas point now, in the plane of focus.

    Returns
    -------
    ndarray, shape (N,)
        um, one for each landmark; NaN for one not known on both sides or behind the camera.
    """
    distances = np.full(len(marks), np.nan)
    complete = [i for i, mark in enumerate(marks) if is_complete(mark)]
    if complete:
        atlas = np.array([marks[i].atlas_um for i in complete])
        clicks = np.array([marks[i].image_px for i in complete])
        off = (registration.view.atlas_to_pixels(atlas) - clicks) * registration.pixel_size_um
        distances[complete] = np.linalg.norm(off, axis=1)
    return distances


def undetermined_words(fit: LandmarkFit | CurveFit) -> list[str]:
    """What landmarks or curves leave open, as a user calls it; empty when nothing that matters."""
    is_parallel = isinstance(fit.registration.camera, OrthographicCamera)
    names = [
        _WORDS[name]
        for name in fit.undetermined
        # With parallel rays the distance changes nothing that can be seen.
        if not (name == "depth_um" and is_parallel)
    ]
    return list(dict.fromkeys(names))


def why_not(marks: Sequence[Landmark]) -> str:
    """What is missing before landmarks can be fitted, in words; empty when nothing."""
    complete = sum(is_complete(mark) for mark in marks)
    if complete >= 2:
        return ""
    if not marks:
        return "no landmarks yet"
    return f"{2 - complete} more known in both image and atlas needed"


def refuse_unless_aligned(registration: Registration | None) -> Registration:
    """The registration, or an error that says what it needs.

    Raises
    ------
    RegistrationError
        Before there is an alignment.
    """
    if registration is None:
        raise RegistrationError(
            "landmarks need an image with its pixel size and an atlas: choose both first"
        )
    return registration
