"""Reading an earlier session: its registration and its image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_brainreg3d._napari.persistence import Frame, load_session
from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.registration import Registration


@dataclass(frozen=True, slots=True, eq=False)
class EarlierSession:
    """A registered image of an earlier session.

    Attributes
    ----------
    registration
        Of that image.
    pixels : ndarray, shape (H, W) or (H, W, 3), or None
        The image; None when its file is not where it was.
    image_path
        Where it lay; None when the file does not say.
    frame
        Which frame of a movie was registered.
    """

    registration: Registration
    pixels: npt.NDArray[np.generic] | None
    image_path: str | None
    frame: Frame = 0

    @property
    def name(self) -> str:
        """Of its image."""
        return self.registration.image_name or "the earlier image"


def read_earlier(path: str | Path) -> EarlierSession:
    """Read a session file, and its image if it is there.

    Raises
    ------
    RegistrationError
        When the session cannot be read.
    ImageError
        When the image is there and cannot be read, or is another one.
    """
    saved = load_session(path)
    earlier = EarlierSession(saved.registration, None, saved.image_path, saved.frame)
    if saved.image_path is None or not Path(saved.image_path).is_file():
        return earlier
    return with_image(earlier, saved.image_path)


def with_image(earlier: EarlierSession, path: str | Path) -> EarlierSession:
    """Read the image of an earlier session from where it lies now.

    Raises
    ------
    ImageError
        When it cannot be read, or has not the size of the registered one.
    """
    pixels = read_image(path, frame=earlier.frame).pixels
    wanted = earlier.registration.image_shape
    if pixels.shape[:2] != wanted:
        height, width = pixels.shape[:2]
        raise ImageError(
            f"{path} has {height} x {width} pixels, the registered image {wanted[0]} x "
            f"{wanted[1]}: choose the image that was registered"
        )
    return EarlierSession(earlier.registration, pixels, str(path), earlier.frame)
