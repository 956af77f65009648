"""What is known of the image that is being registered, without its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import PixelGrid


@dataclass(frozen=True, slots=True)
class SessionImage:
    """The image that is being registered, without its pixels.

    Attributes
    ----------
    name
        Of its layer or file.
    shape
        Rows and columns.
    path
        Its file, None when it never had one.
    sha256
        Hash of the pixels of the frame in use, None until computed.
    pixel_size_um
        (row, column) as its file states it, None when it does not.
    """

    name: str
    shape: tuple[int, int]
    path: str | None = None
    sha256: str | None = None
    pixel_size_um: tuple[float, float] | None = None

    def states_another_size(self, before: SessionImage | None) -> bool:
        """Whether it brings a pixel size that the image before it did not bring.

        The hash of the same image may come later: that must not undo what the user has set.
        """
        is_same = before is not None and (before.path, before.pixel_size_um) == (
            self.path,
            self.pixel_size_um,
        )
        return self.pixel_size_um is not None and not is_same

    def pixel_size_for(self, size_mm: tuple[float, float]) -> tuple[float, float]:
        """Pixel size (row, column), um, with which the image is (width, height) mm large."""
        height, width = self.shape
        return 1000.0 * size_mm[1] / height, 1000.0 * size_mm[0] / width

    def checked_size(self, size_um: tuple[float, float]) -> tuple[float, float]:
        """Return a pixel size (row, column), um, as it is kept.

        Raises
        ------
        RegistrationError
            When it is not two positive numbers.
        """
        try:
            return PixelGrid(self.shape, size_um).size_um
        except ValueError as error:
            raise RegistrationError(str(error)) from error


def is_same_picture(one: SessionImage | None, other: SessionImage | None) -> bool:
    """Whether two images are the same one, whatever is known of the size of its pixels."""
    if one is None or other is None:
        return one is other
    return (one.path or one.name, one.shape) == (other.path or other.name, other.shape)
