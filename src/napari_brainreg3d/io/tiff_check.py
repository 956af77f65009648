"""Whether a TIFF is whole. Its pages form a chain, which a truncated file breaks off."""

from __future__ import annotations

import struct
from typing import Final

from tifffile import TiffFile

from napari_brainreg3d.errors import ImageError

#: Bytes of a value of each type of the TIFF and BigTIFF specifications.
_VALUE_BYTES: Final = {
    **dict.fromkeys((1, 2, 6, 7), 1),
    **dict.fromkeys((3, 8), 2),
    **dict.fromkeys((4, 9, 11, 13), 4),
    **dict.fromkeys((5, 10, 12, 16, 17, 18), 8),
}
#: Tags from here on are the private ones of programs, some of which write nonsense.
_FIRST_PRIVATE_TAG: Final = 32768


def check_whole(tif: TiffFile) -> None:
    """Refuse a file that ends before it should.

    The library reads as many pages of such a file as it finds and says so only in its log: a movie
    would silently be shorter, and an OME-TIFF would lose its axes and pixel size.

    Raises
    ------
    ImageError
        When the chain of pages, the pixels of the last one, or the tags of the first or the last
        one lead past the end of the file, or an ImageJ stack has fewer frames than it says.
    """
    pages, size = len(tif.pages), tif.filehandle.size
    last = tif.pages[pages - 1]
    pixels_end = max(map(sum, zip(last.dataoffsets, last.databytecounts, strict=False)), default=0)
    tags_end, next_page = _directory(tif, last.offset)
    first_tags_end, _ = _directory(tif, tif.pages.first.offset)
    if next_page or max(pixels_end, tags_end, first_tags_end) > size:
        raise ImageError(f"the file is incomplete: it breaks off in or after page {pages}")
    if tif.is_imagej and tif.series and tif.series[0].kind != "imagej":
        raise ImageError("the file is incomplete: it has fewer frames than it says")


def _directory(tif: TiffFile, offset: int) -> tuple[int, int]:
    """Where the values of the tags of a page end, and where the next page is (0: nowhere)."""
    kind, handle = tif.tiff, tif.filehandle
    handle.seek(offset)
    (count,) = struct.unpack(kind.tagnoformat, handle.read(kind.tagnosize))
    entries = handle.read(count * kind.tagsize)
    number = "Q" if kind.offsetsize == 8 else "I"
    end = 0
    for code, dtype, values, start in struct.iter_unpack(f"{tif.byteorder}HH{2 * number}", entries):
        size = values * _VALUE_BYTES.get(dtype, 0)
        # What fits stands in the entry itself.
        if size > kind.offsetsize and code < _FIRST_PRIVATE_TAG:
            end = max(end, start + size)
    (next_page,) = struct.unpack(kind.offsetformat, handle.read(kind.offsetsize))
    return end, int(next_page)
