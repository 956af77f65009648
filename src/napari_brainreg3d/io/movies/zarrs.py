"""Movies in zarr: an array, or an OME-Zarr image."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.movies.arrays import chosen_channel, pick_channel

#: Chunks that are unpacked at a time.
_AT_A_TIME: Final = 2
_SECONDS: Final = {"second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6}


class ZarrFrames:
    """Frames of a zarr array with any axes before rows and columns.

    Parameters
    ----------
    array
        Rows and columns are its last two axes.
    frame_axis
        Which axis numbers the frames.
    fixed
        Index along each other axis before the last two.
    """

    def __init__(self, array: Any, frame_axis: int, fixed: dict[int, int]) -> None:
        self._array, self._axis, self._fixed = array, frame_axis, fixed
        frames, (height, width) = array.shape[frame_axis], array.shape[-2:]
        self.shape = (int(frames), int(height), int(width))
        self.dtype = array.dtype.newbyteorder("=")
        self.frames_together = int(array.chunks[frame_axis])

    def read(self, first: int, stop: int) -> Any:
        index = tuple(
            slice(first, stop) if axis == self._axis else self._fixed[axis]
            for axis in range(len(self._array.shape) - 2)
        )
        import zarr

        # Many chunks are unpacked at a time otherwise, and each may be large.
        with zarr.config.set({"async.concurrency": _AT_A_TIME}):
            return self._array[index].astype(self.dtype, copy=False)

    def close(self) -> None:
        self._array = None


def open_zarr(path: Path, channel: int | None) -> tuple[ZarrFrames, float | None]:
    """Open a zarr array, version 2 or 3, or the finest level of an OME-Zarr image.

    Returns
    -------
    frames
        Shape (T, H, W).
    fps
        From the scale of the time axis of an OME-Zarr image, None when it has none.

    Raises
    ------
    ImageError
        When it is not zarr, has several arrays and is no OME-Zarr, or axes that are not a movie's.
    """
    try:
        import zarr
    except ImportError as error:
        raise ImageError(
            "zarr files need another package; install it with: python -m pip install zarr"
        ) from error
    try:
        node = zarr.open(path, mode="r")
    except FileNotFoundError as error:
        raise ImageError("it is a folder, but not zarr") from error
    if isinstance(node, zarr.Array):
        return _plain_frames(node, channel), None
    image = _multiscale(dict(node.attrs))
    if image is not None:
        return _ome_frames(node, image, channel)
    arrays = [name for name, _ in node.arrays()]
    if len(arrays) != 1:
        listed = ", ".join(sorted(arrays)) or "none"
        raise ImageError(
            f"it is a zarr group with {len(arrays)} arrays ({listed}); give the path of the one "
            "that is the movie"
        )
    return _plain_frames(node[arrays[0]], channel), None


def _plain_frames(array: Any, channel: int | None) -> ZarrFrames:
    picked = pick_channel(array.shape, channel)
    return ZarrFrames(array, 0, {} if picked is None else {1: picked})


def _multiscale(attributes: dict[str, Any]) -> dict[str, Any] | None:
    """The description of an OME-Zarr image (version 0.4, or 0.5 under ``ome``)."""
    found = attributes.get("ome", attributes).get("multiscales")
    return dict(found[0]) if found else None


def _ome_frames(
    group: Any, image: dict[str, Any], channel: int | None
) -> tuple[ZarrFrames, float | None]:
    dataset = image["datasets"][0]
    array = group[dataset["path"]]
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in image["axes"]]
    names = [str(axis["name"]) for axis in axes]
    if names[-2:] != ["y", "x"] or len(names) != len(array.shape):
        raise ImageError(
            f"its axes are {', '.join(names)}; a movie's last two are rows and columns (y, x)"
        )
    outer = dict(enumerate(names[:-2]))
    fixed = {i: 0 for i, name in outer.items() if name != "c" and array.shape[i] == 1}
    long = [i for i, name in outer.items() if name != "c" and i not in fixed]
    if len(long) > 1:
        listed = ", ".join(f"{names[i]} ({array.shape[i]})" for i in long)
        raise ImageError(f"it has several axes that could be time: {listed}; save one alone")
    if not long and not fixed:
        raise ImageError(f"its axes are {', '.join(names)}: there is none for the frames")
    frame_axis = long[0] if long else fixed.popitem()[0]
    if "c" in names:
        where = names.index("c")
        fixed[where] = chosen_channel(array.shape[where], channel)
    elif channel not in (None, 0):
        raise ImageError(f"there is no channel {channel}: the movie has one (number 0)")
    return ZarrFrames(array, frame_axis, fixed), _rate(dataset, axes, frame_axis)


def _rate(dataset: dict[str, Any], axes: list[dict[str, Any]], frame_axis: int) -> float | None:
    seconds = _SECONDS.get(str(axes[frame_axis].get("unit")))
    for transform in dataset.get("coordinateTransformations", ()):
        if transform.get("type") == "scale" and seconds is not None:
            step = float(transform["scale"][frame_axis]) * seconds
            return 1.0 / step if step > 0 else None
    return None
