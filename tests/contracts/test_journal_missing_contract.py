# SPDX-License-Identifier: Apache-2.0
"""What a journal says of rows that are missing, and of its medium: on a medium and in memory alike."""

from uuid import uuid4

from offline_queue.port import JournalPort
from offline_queue.records.rows import draw_epoch
from offline_queue.values import EpochDrawn, IntentNumber, JournalHealth
from tests.contracts.recording import record
from workshop.samples.journal import SaleMaker, store


def test_an_epoch_for_rows_that_are_missing_gives_no_number_twice(journal: JournalPort, maker: SaleMaker) -> None:
    drawn = EpochDrawn(epoch=draw_epoch(), why="rows up to 40 are missing", counter=17)
    record(journal, drawn)
    assert journal.next_counter() == IntentNumber(drawn.epoch, 18)
    store(journal, maker.signed(journal.next_counter()))
    assert journal.next_counter() == IntentNumber(drawn.epoch, 19)
    assert journal.verify().sales == 1


def test_it_says_how_many_of_some_intents_it_has_never_had(journal: JournalPort, maker: SaleMaker) -> None:
    sales = [maker.signed(journal.next_counter())]
    store(journal, sales[0])
    ids = [sales[0].intent.intent_id, *(uuid4() for _ in range(1_200))]
    assert journal.lacks(ids) == 1_200
    assert journal.lacks(ids[:1]) == 0
    assert journal.lacks([]) == 0


def test_on_a_medium_that_is_well_nothing_is_said(journal: JournalPort) -> None:
    assert journal.health() == JournalHealth()
