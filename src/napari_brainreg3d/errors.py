"""The errors a user can cause: one class per kind, each message names the value and the mend."""

from __future__ import annotations


class BrainregError(ValueError):
    """Bad input that the user can mend; the command line prints it as one line and exits with 2."""


class AtlasError(BrainregError):
    """An atlas that cannot be found, downloaded or read."""


class RegionError(BrainregError):
    """A region that the atlas does not have, or a selection that contradicts itself."""


class ImageError(BrainregError):
    """An image file that cannot be read as a picture of a brain."""


class RegistrationError(BrainregError):
    """A registration file or value that is not valid."""


class OutputError(BrainregError):
    """A result that cannot be written where it was asked for."""


class Cancelled(Exception):
    """Work that stopped because its caller asked for it; nothing was written."""
