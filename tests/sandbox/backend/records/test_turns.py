# SPDX-License-Identifier: Apache-2.0
"""Writers in a queue: in the order in which they came, one at a time, and none waits for ever."""

import threading

import pytest

from sandbox.backend.records.turns import NoTurnError, Turns

LIMIT_S = 60.0


class Writer(threading.Thread):
    """Takes a turn, notes its name, and ends the turn when it is let."""

    def __init__(self, name: str, turns: Turns, done: list[str]) -> None:
        super().__init__(name=name)
        self._turns, self._done = turns, done
        self.has_it, self.may_end = threading.Event(), threading.Event()

    def run(self) -> None:
        with self._turns.one(LIMIT_S):
            self._done.append(self.name)
            self.has_it.set()
            self.may_end.wait(LIMIT_S)

    def comes(self, behind: int) -> "Writer":
        """Begin, and return when it stands in the queue behind that many others."""
        self.start()
        while len(self._turns._waiting) < behind and not self.has_it.is_set():
            threading.Event().wait(0.001)
        return self


def test_the_first_to_come_is_the_first_to_write() -> None:
    turns, done = Turns(), list[str]()
    writers = [Writer(f"writer {number}", turns, done).comes(behind=number) for number in range(6)]
    for number, writer in enumerate(writers):
        assert writer.has_it.wait(LIMIT_S)
        assert done == [f"writer {one}" for one in range(number + 1)]
        writer.may_end.set()
        writer.join(LIMIT_S)
    with turns.one(0.0):  # nobody has it any more
        done.append("the last")
    assert done[-1] == "the last"


def test_who_waits_too_long_leaves_the_queue_and_holds_up_none_behind() -> None:
    turns, done = Turns(), list[str]()
    first = Writer("first", turns, done).comes(behind=0)
    with pytest.raises(NoTurnError), turns.one(0.01):
        done.append("had no turn")
    last = Writer("last", turns, done).comes(behind=1)
    first.may_end.set()
    assert last.has_it.wait(LIMIT_S)
    last.may_end.set()
    for writer in (first, last):
        writer.join(LIMIT_S)
    assert done == ["first", "last"]


def test_a_turn_that_comes_at_the_last_moment_is_taken() -> None:
    turns = Turns()
    with turns.one(0.0):
        late = threading.Event()
        turns._waiting.append(late)
    assert late.is_set()  # between the end of its wait and its leaving the queue
    turns._give_up(late)
    with pytest.raises(NoTurnError), turns.one(0.0):
        pass  # it is the late one's turn


def test_a_writer_that_fails_ends_its_turn() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns.one(0.0):
        raise KeyError("a bug")
    with turns.one(0.0):
        assert turns._is_taken
