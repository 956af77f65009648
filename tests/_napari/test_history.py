"""Undo and redo of plain values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_brainreg3d._napari.history import DEPTH, History


def test_undo_goes_back_and_redo_forth() -> None:
    history = History("a")
    for value in ("b", "c"):
        history.push(value)
    assert [history.undo(), history.undo()] == ["b", "a"]
    assert (history.can_undo, history.can_redo) == (False, True)
    assert [history.redo(), history.redo()] == ["b", "c"]
    assert (history.can_undo, history.can_redo) == (True, False)


def test_where_there_is_nothing_to_undo_or_redo_the_present_stays() -> None:
    history = History(1)
    assert (history.undo(), history.redo(), history.present) == (1, 1, 1)


def test_something_new_ends_what_could_be_redone() -> None:
    history = History("a")
    history.push("b")
    history.undo()
    history.push("c")
    assert not history.can_redo
    assert history.undo() == "a"


def test_the_same_value_is_no_step() -> None:
    history = History("a")
    history.push("a")
    assert not history.can_undo


def test_values_of_one_gesture_are_one_step() -> None:
    history = History(0)
    for value in range(1, 6):
        history.push(value, merge="drag")
    assert history.undo() == 0
    assert history.redo() == 5


@pytest.mark.parametrize("between", ["close", "undo", "other"])
def test_a_gesture_ends(between: str) -> None:
    history = History(0)
    history.push(1, merge="drag")
    if between == "close":
        history.close()
    elif between == "undo":
        history.push(7, merge="wheel")
        history.undo()
    else:
        history.push(7, merge="wheel")
    history.push(2, merge="drag")
    assert history.undo() == (7 if between == "other" else 1)


def test_at_least_a_hundred_steps_can_be_undone_and_the_oldest_go_first() -> None:
    assert DEPTH >= 100
    history = History(0)
    for value in range(1, DEPTH + 50):
        history.push(value)
    for _ in range(DEPTH):
        assert history.can_undo
        history.undo()
    assert (history.can_undo, history.present) == (False, 49)


@given(st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["undo", "redo"])), max_size=40))
def test_it_is_a_line_of_values_with_a_cursor(steps: list[int | str]) -> None:
    """Against the plainest model: a list and a position in it."""
    history, line, place = History(0), [0], 0
    for step in steps:
        if step == "undo":
            history.undo()
            place = max(0, place - 1)
        elif step == "redo":
            history.redo()
            place = min(len(line) - 1, place + 1)
        elif step != line[place]:
            history.push(int(step))
            line = [*line[: place + 1], int(step)]
            place += 1
        assert history.present == line[place]
        assert history.can_undo == (place > 0)
        assert history.can_redo == (place < len(line) - 1)
