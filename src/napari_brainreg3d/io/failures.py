"""One line for everything that can be wrong with an image file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_brainreg3d.errors import ImageError


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Turn every failure within the block into one line that names the file.

    Raises
    ------
    ImageError
        Instead of whatever was raised.
    """
    try:
        yield
    except ImageError as error:
        raise ImageError(f"cannot read {file}: {error}") from error
    except PermissionError as error:
        raise ImageError(f"cannot read {file}: you have no permission to") from error
    except MemoryError as error:
        raise ImageError(f"cannot read {file}: one frame does not fit into memory") from error
    except Exception as error:
        # The image libraries raise whatever their decoders happen to trip over.
        raise ImageError(
            f"cannot read {file}: it is damaged, incomplete or not an image; "
            "TIFF, PNG and JPEG files can be read"
        ) from error


def check_file(file: Path) -> None:
    """Refuse what is not a file with content.

    Raises
    ------
    ImageError
        When there is no such file, it is a folder, or it has no bytes.
    """
    if file.is_dir():
        raise ImageError("it is a folder; give the name of an image file")
    if not file.exists():
        raise ImageError("there is no such file")
    if file.stat().st_size == 0:
        raise ImageError("the file is empty (0 bytes)")
