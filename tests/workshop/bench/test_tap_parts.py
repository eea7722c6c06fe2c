# SPDX-License-Identifier: Apache-2.0
"""The terminal that is measured takes a tap as a real one does: journalled, once, also when it was torn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pengpos.core.errors import CardLostError
from workshop.bench.tap_parts import MeasuredTerminal


class PhoneCard:
    """The terminal's own phone as a card; it is gone after so many commands."""

    def __init__(self, terminal: MeasuredTerminal, answers: int = 99) -> None:
        terminal.new_stay()
        self._terminal = terminal
        self._left = answers

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        assert timeout_s > 0
        answer = self._terminal.wallet(command)
        self._left -= 1
        if self._left < 0:
            raise CardLostError
        return answer


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[MeasuredTerminal]:
    opened = MeasuredTerminal(tmp_path)
    yield opened
    opened.close()


def test_a_tap_is_durable_when_its_time_is_taken(terminal: MeasuredTerminal) -> None:
    assert terminal.tap(PhoneCard(terminal)) > 0
    assert terminal.torn == 0
    assert len(terminal.bench.store.history()) == 1
    assert terminal.journal.verify().sales == 1


def test_sales_follow_one_another(terminal: MeasuredTerminal) -> None:
    for _ in range(3):
        terminal.tap(PhoneCard(terminal))
    assert terminal.journal.verify().sales == 3
    assert len({signed.intent_id for signed in terminal.bench.store.history()}) == 3


def test_a_torn_tap_is_tapped_again_and_paid_once(terminal: MeasuredTerminal) -> None:
    assert terminal.tap(PhoneCard(terminal, answers=1), lambda: PhoneCard(terminal)) > 0
    assert terminal.torn == 1
    assert terminal.journal.verify().sales == 1
    assert len(terminal.bench.store.history()) == 1


def test_a_tap_that_is_not_accepted_ends_the_bench(terminal: MeasuredTerminal) -> None:
    with pytest.raises(RuntimeError, match="not accepted"):
        terminal.tap(PhoneCard(terminal, answers=0))


def test_the_floors_presentations_belong_to_no_sale_and_differ(terminal: MeasuredTerminal) -> None:
    assert terminal.next_presentation() != terminal.next_presentation()
    assert terminal.journal.verify().sales == 0
