# SPDX-License-Identifier: Apache-2.0
"""A page's claim on a sale that is presented: it takes nothing from the phone at the reader, however often it comes."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from pengpos.core.effects import AskBackend
from pengpos.core.events import BackendCall, BackendStatus, Event, ReplyAccepted
from pengpos.core.machine import Outcome
from pengpos.core.reasons import Reason
from pengpos.core.sale import Notice, Prompt, Refusal, Sale, SaleState, Step
from workshop.samples.sales import HEARD_AT, NOON, authorised, sale_in, says

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
NO = Refusal(reason=Reason.DECLINED_BY_SHOPPER)
SEEN = sale_in(S.PRESENTED, intent__put_sent=True)
WATCHED = AskBackend(HEARD_AT + 8)
YES = ReplyAccepted(at=NOON + 2, authorised=authorised())


def test_a_claim_from_afar_takes_nothing_from_the_phone_at_the_reader(take: Take) -> None:
    asked = sale_in(S.PRESENTED, intent__put_sent=True, prompt=Prompt.CONFIRM, notice=Notice.TOO_QUICK, refusal=NO)
    claimed, _ = take(asked, says(BackendStatus.CLAIMED))
    released, _ = take(claimed, says(BackendStatus.CREATED))
    for sale in (claimed, released):
        assert (sale.prompt, sale.notice, sale.refusal) == (Prompt.CONFIRM, Notice.TOO_QUICK, NO)
    assert take(claimed, YES)[0].state is take(released, YES)[0].state is S.AUTHORISED


def test_claims_without_number_fill_no_journal(take: Take) -> None:
    sale = SEEN
    for _ in range(200):
        sale, _ = take(sale, says(BackendStatus.CLAIMED))
        assert take(sale, YES)[0].state is S.AUTHORISED
        sale, _ = take(sale, says(BackendStatus.CREATED))
    assert sale.state is S.PRESENTED
    assert [step.state for step in sale.history].count(S.PENDING) == 5
    assert take(sale, says(BackendStatus.CLAIMED, BackendCall.QUESTION)) == (sale, (WATCHED,))


def test_another_try_shows_its_claims_again(take: Take) -> None:
    claims = [Step(state, NOON, "sample") for state in (S.SIGNED, *[S.PRESENTED, S.PENDING] * 5)]
    again = (Step(S.SIGNED, NOON, "another try"), Step(S.PRESENTED, NOON, "sample"))
    assert take(replace(SEEN, history=tuple(claims)), says(BackendStatus.CLAIMED))[0].state is S.PRESENTED
    assert take(replace(SEEN, history=(*claims, *again)), says(BackendStatus.CLAIMED))[0].state is S.PENDING
