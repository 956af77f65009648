"""Sharing work out between threads."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brainreg3d.errors import Cancelled
from napari_brainreg3d.projection.seeing import run_pieces


def test_everything_is_done_once_whatever_the_size_of_the_pieces() -> None:
    for total, size in ((100, 7), (100, 1000), (1, 1), (0, 5)):
        done = np.zeros(total, int)

        def work(first: int, stop: int, done: np.ndarray = done) -> None:
            done[first:stop] += 1

        told: list[tuple[int, int]] = []
        run_pieces(work, total, size, lambda *now, told=told: told.append(now))  # type: ignore[misc]
        assert (done == 1).all()
        assert told[0] == (0, total)
        assert told[-1] == (total, total)


def test_an_error_in_a_piece_ends_the_work() -> None:
    def work(first: int, _stop: int) -> None:
        if first == 3:
            raise ValueError("piece 3")

    with pytest.raises(ValueError, match="piece 3"):
        run_pieces(work, 10, 1)


def test_a_cancellation_is_heard_before_all_is_done() -> None:
    done: list[int] = []
    with pytest.raises(Cancelled):
        run_pieces(lambda first, _stop: done.append(first), 1000, 1, lambda now, _: now < 5)
    assert len(done) < 1000
