"""Libraries that only some formats need."""

from __future__ import annotations

import importlib
from types import ModuleType

from napari_brainreg3d.errors import OutputError


def import_extra(module: str, extra: str, what: str) -> ModuleType:
    """Import a library that is not installed with every copy of this program.

    Parameters
    ----------
    module
        Its name, as it is imported.
    extra
        The extra of this package that installs it.
    what
        What needs it, to begin the message with.

    Raises
    ------
    OutputError
        When it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise OutputError(
            f'{what} needs {missing}, which is not installed: pip install "napari-brainreg3d'
            f'[{extra}]"'
        ) from error
