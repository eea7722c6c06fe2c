# SPDX-License-Identifier: Apache-2.0
"""Sample sales fill a journal that verifies; the same seed makes the same ones, and no two of them collide."""

from pathlib import Path

import pytest

from offline_queue.journal.journal import Journal
from offline_queue.journal.verify import verify
from offline_queue.values import IntentNumber
from pengpos.core.sale import SaleState
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

KEY = bytes(range(32))


def test_a_journal_of_samples_verifies_and_gives_them_back(tmp_path: Path) -> None:
    path, maker = tmp_path / "journal.db", SaleMaker()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        signed = maker.signed(journal.next_counter())
        authorised = maker.authorised(signed)
        stored = moved(authorised, SaleState.ACCEPTED_OFFLINE)
        store(journal, signed)
        store(journal, authorised, stored)
        number = journal.next_counter()
        open_sale = maker.signed(number, amount_minor=5, currency="JPY")
        store(journal, open_sale)
        head = journal.head()
        assert journal.open_sales() == [stored, open_sale]
        assert [entry.sale for entry in journal.queue_entries()] == [stored]
    found = verify(path, KEY)
    assert (found.sales, found.head) == (2, head)


def lives(seed: int) -> list[object]:
    maker = SaleMaker(seed)
    return [maker.approved(maker.authorised(maker.signed(IntentNumber(1, counter)))) for counter in range(1, 20)]


def test_a_seed_makes_the_same_sales_and_another_makes_others() -> None:
    assert lives(1) == lives(1)
    assert not [one for one, other in zip(lives(1), lives(2), strict=True) if one == other]


def test_each_step_is_in_the_history() -> None:
    maker = SaleMaker()
    sale = maker.approved(maker.authorised(maker.signed(IntentNumber(1, 1)), at=NOON + 2), at=NOON + 3)
    assert [(step.state, step.at) for step in sale.history] == [
        (SaleState.SIGNED, NOON),
        (SaleState.AUTHORISED, NOON + 2),
        (SaleState.APPROVED, NOON + 3),
    ]
    assert sale.state is SaleState.APPROVED


@pytest.mark.parametrize("at", [0, NOON, 2**32])
def test_ids_are_uuid7_of_their_second_one_after_the_other(at: int) -> None:
    maker = SaleMaker()
    ids = [maker.uuid7(at) for _ in range(100)]
    assert ids == sorted(set(ids))
    assert {(one.version, one.int >> 80) for one in ids} == {(7, at * 1000 + n) for n in range(1, 101)}
    assert {one.variant for one in ids} == {"specified in RFC 4122"}


def test_the_clock_is_set_by_hand() -> None:
    clock = HeldClock()
    clock.at += 60
    assert (clock.now(), clock.monotonic_s()) == (NOON + 60, float(NOON + 60))
