"""The baseline of dF/F, stated in words that go into the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd

from napari_brainreg3d.errors import BrainregError
from napari_brainreg3d.geometry.frames import FloatArray

_GRAMMAR: Final = re.compile(
    r"(?:(?P<kind>mean|median)|percentile\s+(?P<percent>[\d.]+))?\s*"
    r"(?:frames\s+(?P<first>\d+)\s*:\s*(?P<stop>\d+)"
    r"|window\s+(?P<window>[\d.]+)\s*(?P<unit>s|frames)?)?",
    re.IGNORECASE,
)
_EXAMPLES: Final = (
    "e.g. 'mean', 'median', 'percentile 10', 'mean frames 0:100', 'percentile 10 window 60 s' or "
    "'percentile 10 window 900 frames'"
)


class BaselineWarning(UserWarning):
    """Some regions have no positive baseline, and so no dF/F."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What F0 is in ``dF/F = (F - F0) / F0``.

    Attributes
    ----------
    percent
        Percentile, 50 for the median; None for the mean.
    frames
        First frame and the one after the last that are looked at; None for all.
    window_frames, window_s
        Length of a window that moves along, centred on each frame and shorter at both ends; at most
        one of the two, None for one baseline for the whole movie.

    Examples
    --------
    >>> str(Baseline.parse("Percentile 10 window 60 s"))
    'percentile 10 window 60 s'
    """

    percent: float | None = None
    frames: tuple[int, int] | None = None
    window_frames: int | None = None
    window_s: float | None = None

    def __post_init__(self) -> None:
        if self.percent is not None and not 0 <= self.percent <= 100:
            raise BrainregError(f"a percentile lies between 0 and 100, got {self.percent:g}")
        if self.frames is not None and not 0 <= self.frames[0] < self.frames[1]:
            raise BrainregError(f"there are no frames {self.frames[0]}:{self.frames[1]}")
        if self.window_frames is not None and self.window_frames < 1:
            raise BrainregError(f"a window has at least one frame, got {self.window_frames}")
        if self.window_s is not None and not self.window_s > 0:
            raise BrainregError(f"a window has a positive length, got {self.window_s:g} s")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a baseline from words.

        Parameters
        ----------
        text
            ``mean``, ``median`` or ``percentile P``, of all frames, of ``frames A:B`` (B not
            included), or in a moving ``window N s`` or ``window N frames``.

        Raises
        ------
        BrainregError
            When it cannot be understood.
        """
        found = _GRAMMAR.fullmatch(text.strip())
        if found is None or not text.strip():
            raise BrainregError(f"cannot understand the baseline {text!r}; {_EXAMPLES}")
        percent = float(found["percent"]) if found["percent"] else None
        if (found["kind"] or "").lower() == "median":
            percent = 50.0
        frames = None if found["first"] is None else (int(found["first"]), int(found["stop"]))
        window = None if found["window"] is None else float(found["window"])
        in_seconds = (found["unit"] or "").lower() == "s"
        if window is not None and not in_seconds and window != int(window):
            raise BrainregError(f"a window has a whole number of frames, got {window:g}")
        return cls(
            percent=percent,
            frames=frames,
            window_frames=None if window is None or in_seconds else int(window),
            window_s=window if in_seconds else None,
        )

    def __str__(self) -> str:
        words = "mean" if self.percent is None else f"percentile {self.percent:g}"
        if self.frames is not None:
            words += f" frames {self.frames[0]}:{self.frames[1]}"
        if self.window_s is not None:
            words += f" window {self.window_s:g} s"
        if self.window_frames is not None:
            words += f" window {self.window_frames} frames"
        return words

    def of(self, values: FloatArray, fps: float | None) -> FloatArray:
        """Work out F0.

        Parameters
        ----------
        values : ndarray, shape (T, R)
            Traces; NaN does not count.
        fps
            Frames per second, for a window in seconds.

        Returns
        -------
        ndarray, shape (1, R) or, with a window, (T, R)
            NaN where there is nothing to count.

        Raises
        ------
        BrainregError
            When the movie has no such frames, or the window is in seconds and ``fps`` unknown.
        """
        length = self._window(fps)
        if length is not None:
            return self._moving(values, length)
        first, stop = self.frames or (0, len(values))
        if stop > len(values):
            raise BrainregError(
                f"the baseline is to be taken from frames {first}:{stop}, but the movie has "
                f"{len(values)}"
            )
        return np.array([[self._one(column) for column in values[first:stop].T]])

    def _window(self, fps: float | None) -> int | None:
        if self.window_s is None:
            return self.window_frames
        if fps is None:
            raise BrainregError(
                f"the baseline has a window of {self.window_s:g} s, but the frame rate is not "
                "known: give the frames per second, or the window in frames"
            )
        return max(1, round(self.window_s * fps))

    def _one(self, column: FloatArray) -> float:
        valid = column[~np.isnan(column)]
        if not len(valid):
            return float("nan")
        return float(valid.mean() if self.percent is None else np.percentile(valid, self.percent))

    def _moving(self, values: FloatArray, length: int) -> FloatArray:
        rolling = pd.DataFrame(values).rolling(length, center=True, min_periods=1)
        moved = rolling.mean() if self.percent is None else rolling.quantile(self.percent / 100.0)
        return moved.to_numpy(np.float64)


def relative_change(values: FloatArray, baseline: FloatArray) -> tuple[FloatArray, list[int]]:
    """Turn fluorescence into dF/F.

    Parameters
    ----------
    values : ndarray, shape (T, R)
        F.
    baseline : ndarray, shape (1, R) or (T, R)
        F0.

    Returns
    -------
    changes : ndarray, shape (T, R)
        ``(F - F0) / F0``; NaN where F0 is not positive.
    without
        Numbers of the regions whose baseline is zero or negative somewhere.
    """
    with np.errstate(invalid="ignore"):
        is_bad = baseline <= 0
    good = np.where(is_bad, np.nan, baseline)
    return (values - good) / good, np.flatnonzero(is_bad.any(axis=0)).tolist()
