# SPDX-License-Identifier: Apache-2.0
"""A word that a sale was paid which is over here: asked about once more, and only what still stands so rings."""

from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.effects import AlarmKind, RaiseAlarm
from pengpos.core.events import Approved, BackendCall, BackendStatus, Event, NoAnswer
from pengpos.core.sale import SaleState
from terminal.sales.after_the_end import apply_checked
from terminal.sales.open_sales import OpenSales
from tests.support.parts import Backend, HandClock, Sink, SlowJournal, put, run
from workshop.samples import sales as samples

S = SaleState
RINGS = RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL)
TOLD = samples.says_approved()
PAID = samples.says_approved(BackendCall.QUESTION)
GONE_BACK = samples.says(BackendStatus.CANCELLED, BackendCall.QUESTION)
SILENCE = NoAnswer(at=samples.NOON, call=BackendCall.QUESTION)


def rings(state: SaleState, event: Event, answer: Event | None, **changes: Any) -> tuple[list[object], int]:
    """What alarms a word of the backend leads to, and how often it was asked again."""
    backend, sink = Backend(ask=[] if answer is None else [answer]), Sink()

    async def work() -> None:
        journal = SlowJournal(HandClock())
        open_sales = OpenSales(journal, lambda: None)
        open_sales.attach(sink)
        sale = put(open_sales, journal, state, **changes)
        await apply_checked(open_sales, backend, sale.sale_id, event)

    run(work())
    return [effect for _, effect in sink.effects if isinstance(effect, RaiseAlarm)], backend.count("ask")


@pytest.mark.parametrize("state", [S.REVERSED, S.CANCELLED, S.EXPIRED, S.DECLINED])
@pytest.mark.parametrize("word", [TOLD, PAID, samples.says_approved(BackendCall.PAYMENT)])
def test_what_was_paid_and_went_back_rings_nobody(state: SaleState, word: Approved) -> None:
    assert rings(state, word, GONE_BACK) == ([], 1)


def test_what_stands_paid_rings() -> None:
    assert rings(S.REVERSED, TOLD, PAID) == ([RINGS], 1)


def test_unanswered_it_rings() -> None:
    assert rings(S.REVERSED, TOLD, SILENCE) == ([RINGS], 1)


def test_an_earlier_intent_is_asked_about_by_its_own_id() -> None:
    earlier = samples.intent(1, put_sent=True, ended_at=samples.NOON, end=S.CANCELLED)
    intents = (earlier, samples.intent(2))
    about = replace(GONE_BACK, intent_id=earlier.intent_id)
    assert rings(S.PRESENTED, replace(TOLD, intent_id=earlier.intent_id), about, intents=intents) == ([], 1)


@pytest.mark.parametrize("state", [S.PRESENTED, S.PENDING, S.UNKNOWN, S.APPROVED])
def test_of_a_sale_that_is_open_or_taken_nothing_is_asked_first(state: SaleState) -> None:
    assert rings(state, TOLD, None) == ([], 0)
