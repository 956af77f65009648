"""The user's word for an alignment: which side is the animal's left, and that it is accepted."""

from __future__ import annotations

from typing import ClassVar

from psygnal import Signal

from napari_brainreg3d._napari.aligner import Aligner, Alignment
from napari_brainreg3d._napari.sides import is_same_side
from napari_brainreg3d.registration import Registration


def is_same_place(
    one: Alignment | Registration | None, other: Alignment | Registration | None
) -> bool:
    """Whether two alignments put every pixel in the same place; None is nowhere."""
    if one is None or other is None:
        return False
    return (one.pose, one.camera, one.pixel_size_um) == (
        other.pose,
        other.camera,
        other.pixel_size_um,
    )


class Approval:
    """Holds as long as the alignment lets it.

    Moving the image takes its acceptance back; mirroring it or turning it round takes the
    answer about its sides back too.

    Parameters
    ----------
    aligner
        What is approved.

    Signals
    -------
    changed()
        Also after every change of the alignment.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, aligner: Aligner) -> None:
        self._aligner = aligner
        self._sides: Alignment | None = None
        self._accepted: Alignment | None = None
        self.is_side_confirmed = False
        aligner.changed.connect(self._on_aligned)

    @property
    def is_accepted(self) -> bool:
        """Whether the user has accepted the alignment as it is."""
        return self._accepted is not None

    def confirm_side(self, is_confirmed: bool) -> None:
        """Record whether the user has checked which side is the animal's left."""
        self._sides = self._aligner.present if is_confirmed else None
        if is_confirmed != self.is_side_confirmed:
            self.is_side_confirmed = is_confirmed
            self.changed.emit()

    def accept(self) -> None:
        """Record that the user has accepted the alignment."""
        self._accepted = self._aligner.present
        self.changed.emit()

    def restore(self, *, is_side_confirmed: bool) -> None:
        """Take up what was saved with the present alignment; nothing is told."""
        self.is_side_confirmed = is_side_confirmed
        self._sides = self._aligner.present if is_side_confirmed else None
        self._accepted = None

    def _on_aligned(self) -> None:
        now, then = self._aligner.present, self._sides
        if not is_same_place(now, self._accepted):
            self._accepted = None
        if now and then and not is_same_side(now.pose, now.camera, then.pose, then.camera):
            # Mirrored or turned round since: the user's answer no longer says anything.
            self.is_side_confirmed, self._sides = False, None
        self.changed.emit()
