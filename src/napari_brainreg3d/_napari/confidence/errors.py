"""Where the error of an alignment comes from: the landmarks, the curves, or the user's own word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Source = Literal["landmarks", "curves", "typed"]
SOURCES: Final[tuple[tuple[str, Source], ...]] = (
    ("the fit to the landmarks", "landmarks"),
    ("the fit to the curves", "curves"),
    ("my own estimate", "typed"),
)


@dataclass(frozen=True, slots=True)
class TypedError:
    """Standard deviations by the user's own estimate.

    Attributes
    ----------
    shift_um
        Of the position, along rows and along columns, um.
    yaw_deg
        Of the turn in the plane.
    tilt_deg
        Of pitch, and of roll.
    """

    shift_um: float = 100.0
    yaw_deg: float = 1.0
    tilt_deg: float = 2.0

    @property
    def standard_deviations(self) -> dict[str, float]:
        """As :func:`napari_brainreg3d.uncertainty` takes them."""
        return {
            "down_um": self.shift_um,
            "right_um": self.shift_um,
            "yaw_deg": self.yaw_deg,
            "pitch_deg": self.tilt_deg,
            "roll_deg": self.tilt_deg,
        }
