"""Taking one picture out of a stack: a single frame, or the mean or maximum over all of them."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.pixels import Pixels, row_blocks

Frame = int | Literal["mean", "max"]
PixelSize = tuple[float, float]


class FrameStack(Protocol):
    """An open image file: frames of one or more channels, read one at a time."""

    @property
    def frames(self) -> int:
        """How many frames there are."""
        ...

    @property
    def channels(self) -> int:
        """How many channels each frame has; a colour picture has three."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know of how the file was read."""
        ...

    def pixel_size_um(self) -> PixelSize | None:
        """Height and width of a pixel as the file states them, um; None when it does not."""
        ...

    def describe(self, frame: int) -> str:
        """Where a frame stands in the file, in words; empty when there is only one."""
        ...

    def read(self, frame: int, channel: int | None) -> Pixels:
        """Pixels of a frame, shape (H, W) or (H, W, 3), in native byte order.

        ``channel`` None is the first one, or all three colours.
        """
        ...


def take(stack: FrameStack, frame: Frame, channel: int | None) -> tuple[Pixels, str]:
    """Take one picture out of a stack.

    Parameters
    ----------
    stack
        What to read from; no more than one frame is in memory at a time.
    frame
        Number from 0, ``"mean"`` or ``"max"``.
    channel
        Number from 0; None for the first, or for the colours of a colour picture.

    Returns
    -------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        The maximum has the type of the file, the mean float32 (float64 where that would lose
        digits). Pixels that are NaN in some frames do not count in these.
    taken
        What was taken, in words; empty for the only picture of a file.

    Raises
    ------
    ImageError
        When there is no such frame or channel.
    """
    if channel is not None and not _is_index(channel, stack.channels):
        raise ImageError(
            f"there is no channel {channel!r}: the file has {_counted(stack.channels, 'channel')}"
        )
    if frame in ("mean", "max"):
        how, many = str(frame), stack.frames
        pixels = _mean(stack, channel) if how == "mean" else _maximum(stack, channel)
        taken = f"{how} of {many} frames" if many > 1 else ""
    elif _is_index(frame, stack.frames):
        pixels, taken = stack.read(int(frame), channel), stack.describe(int(frame))
    else:
        raise ImageError(
            f"there is no frame {frame!r}: the file has {_counted(stack.frames, 'frame')}; "
            "give its number, mean or max"
        )
    if stack.channels > 1 and (channel is not None or pixels.ndim == 2):
        taken = ", ".join(filter(None, [taken, f"channel {channel or 0} of {stack.channels}"]))
    return pixels, ", ".join(filter(None, [taken, *stack.remarks]))


def _is_index(value: object, count: int) -> bool:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        return False
    return bool(0 <= value < count)


def _counted(count: int, noun: str) -> str:
    return f"one {noun} (number 0)" if count == 1 else f"{count} {noun}s (numbers 0 to {count - 1})"


def _mean(stack: FrameStack, channel: int | None) -> Pixels:
    first = stack.read(0, channel)
    total = np.zeros(first.shape, np.float64)
    missing = np.zeros(first.shape, np.uint32) if first.dtype.kind == "f" else None
    for number in range(stack.frames):
        pixels = first if number == 0 else _like(first, stack.read(number, channel), number)
        for rows in row_blocks(first.shape):
            part = pixels[rows]
            if missing is not None:
                is_missing = np.isnan(part)
                missing[rows] += is_missing
                part = np.where(is_missing, 0, part)
            with np.errstate(invalid="ignore"):  # plus and minus infinity: NaN, as it should
                total[rows] += part
    with np.errstate(invalid="ignore"):  # missing in all frames: 0 / 0 is NaN, as it should
        total /= stack.frames if missing is None else stack.frames - missing
    return total.astype(np.result_type(first.dtype, np.float32), copy=False)


def _maximum(stack: FrameStack, channel: int | None) -> Pixels:
    largest = stack.read(0, channel).copy()
    for number in range(1, stack.frames):
        np.fmax(largest, _like(largest, stack.read(number, channel), number), out=largest)
    return largest


def _like(first: Pixels, pixels: Pixels, number: int) -> Pixels:
    if pixels.shape != first.shape:
        raise ImageError(f"frame {number} has another size than the first one")
    return pixels
