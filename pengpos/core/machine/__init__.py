# SPDX-License-Identifier: Apache-2.0
"""The rules of a sale as one pure function. Source: `docs/spec/local-api.md`, the state table, row by row.

`step` never raises for an event that does not fit the state: a late answer or a reply from a second reader changes
nothing, and a command, or leave asked to send something, that comes at the wrong time gives `NotNow`,
which the caller answers with.

Reading order: states, _common, allowed, _before_payment, _dues, _refunds, _over, _with_money, _undoing.
"""

from dataclasses import replace
from typing import assert_never

from pengpos.core.effects import AlarmKind, RaiseAlarm
from pengpos.core.events import (
    AboutIntent,
    Approved,
    AskedByPerson,
    BackendCall,
    CancelLeaving,
    Event,
    ForwardLeaving,
    NoAnswer,
    PaidByReceipt,
    PutLeaving,
    RefundAnswered,
    RefundAsked,
    RefundedElsewhere,
    UrlKnown,
)
from pengpos.core.machine._before_payment import pending, presented, signed
from pengpos.core.machine._common import (
    ALARM_AFTER_ATTEMPTS,
    WATCH_FIRST_S,
    Outcome,
    backoff_s,
    not_now,
    stay,
    watched,
    with_intent,
)
from pengpos.core.machine._over import approved, cancelled_elsewhere, ended, marked_elsewhere
from pengpos.core.machine._refunds import (
    heard_before_the_approval,
    refund_answered,
    refund_asked,
    refund_unanswered,
    refundable_minor,
    refunded_elsewhere,
)
from pengpos.core.machine._undoing import undoing
from pengpos.core.machine._with_money import accepted_offline, authorised, forwarding, unknown
from pengpos.core.machine.states import TAKEN_STATES, UNDOING_STATES, WAITING_STATES
from pengpos.core.sale import Sale, SaleState

__all__ = [
    "ALARM_AFTER_ATTEMPTS",
    "Outcome",
    "allowed",
    "backoff_s",
    "durably_different",
    "refundable_minor",
    "states",
    "step",
]


def step(sale: Sale, event: Event) -> Outcome:
    """What `event` makes of `sale`, and what must be done once that is durable. New history names who asked for it."""
    after, effects = _step(sale, event)
    if isinstance(event, AskedByPerson) and event.by is not None and len(after.history) > len(sale.history):
        *before, newest = after.history
        after = replace(after, history=(*before, replace(newest, by=event.by)))
    if cancelled_elsewhere(sale, after, event):
        after, effects = marked_elsewhere(after), (*effects, RaiseAlarm(AlarmKind.CANCELLED_ELSEWHERE))
    if after.state is SaleState.APPROVED and sale.state not in TAKEN_STATES:
        effects = (*effects, *heard_before_the_approval(after, event.at))
    return after, effects


def _step(sale: Sale, event: Event) -> Outcome:
    if isinstance(event, AboutIntent) and event.intent_id != sale.intent.intent_id:
        return _about_an_earlier_intent(sale, event)
    match event:
        case RefundAsked():
            return refund_asked(sale, event)
        case RefundAnswered():
            return refund_answered(sale, event)
        case RefundedElsewhere():
            return refunded_elsewhere(sale, event)
        case NoAnswer(call=BackendCall.REFUND):
            return refund_unanswered(sale, event)
        case PutLeaving() | UrlKnown():
            return _reaching_phones(sale, event)
        case CancelLeaving() if sale.state not in UNDOING_STATES:
            return not_now(sale)
        case ForwardLeaving() if sale.state is not SaleState.ACCEPTED_OFFLINE:
            return not_now(sale)
        case _:
            return _by_state(sale, event)


def _about_an_earlier_intent(sale: Sale, event: AboutIntent) -> Outcome:
    """It is finished: nothing may be sent for it any more, and if it was paid after all a person must see to it."""
    match event:
        case PutLeaving() | UrlKnown(fragment=True):
            return not_now(sale)
        case Approved() | PaidByReceipt():
            return sale, (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),)
        case RefundedElsewhere():  # not of what the newest intent took: the sale's sums stay
            return sale, (RaiseAlarm(AlarmKind.REFUNDED_ELSEWHERE),)
        case _:
            return stay(sale)


def _reaching_phones(sale: Sale, event: PutLeaving | UrlKnown) -> Outcome:
    """By tag and QR, only while a phone is waited for: after a cancel nothing that can be paid may leave us."""
    if sale.state not in WAITING_STATES:
        late_answer = isinstance(event, UrlKnown) and not event.fragment
        return stay(sale) if late_answer else not_now(sale)
    match event:
        case PutLeaving():
            seen = with_intent(sale, put_sent=True)
        case UrlKnown():
            seen = with_intent(sale, url=event.url, fragment_shown=sale.intent.fragment_shown or event.fragment)
    return seen, watched(seen, event.at, WATCH_FIRST_S)


def _by_state(sale: Sale, event: Event) -> Outcome:
    match sale.state:
        case SaleState.SIGNED:
            return signed(sale, event)
        case SaleState.PRESENTED:
            return presented(sale, event)
        case SaleState.PENDING:
            return pending(sale, event)
        case SaleState.AUTHORISED:
            return authorised(sale, event)
        case SaleState.UNKNOWN:
            return unknown(sale, event)
        case SaleState.ACCEPTED_OFFLINE:
            return accepted_offline(sale, event)
        case SaleState.FORWARDING:
            return forwarding(sale, event)
        case SaleState.CANCELLING | SaleState.REVERSING:
            return undoing(sale, event)
        case SaleState.APPROVED | SaleState.SETTLED | SaleState.PARTLY_REFUNDED | SaleState.REFUNDED:
            return approved(sale, event)
        case (
            SaleState.DECLINED
            | SaleState.DECLINED_AT_SYNC
            | SaleState.CANCELLED
            | SaleState.REVERSED
            | SaleState.EXPIRED
        ):
            return ended(sale, event)
        case _:
            assert_never(sale.state)


def durably_different(before: Sale, after: Sale) -> bool:
    """True if the step must be journalled: all but what only the screen shows while the phone is in the field."""
    if before.state is not after.state or before.due != after.due:
        return True
    return replace(before, prompt=None, notice=None, refusal=None) != replace(
        after, prompt=None, notice=None, refusal=None
    )
