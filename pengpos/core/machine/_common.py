# SPDX-License-Identifier: Apache-2.0
"""What the arrows of the state table share: taking one, ending an intent, waiting before asking again.

Tests: tests/pengpos/core/machine/test_step.py, tests/pengpos/core/machine/test_with_money.py.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from pengpos.core.confirmation import CODE_TRIES
from pengpos.core.effects import AlarmKind, AskBackend, Disarm, Effect, NotNow, RaiseAlarm, SendCancel
from pengpos.core.events import CancelAsked, CodeEntered
from pengpos.core.machine.states import AT_READER_STATES
from pengpos.core.sale import Booking, Cancel, CancelReason, Sale, SaleState, Step

Outcome = tuple[Sale, tuple[Effect, ...]]

BACKOFF_FIRST_S = 1
BACKOFF_MOST_S = 60
RETRY_AFTER_MOST_S = 60  # an answer that asks us to come back in an hour is not obeyed: it may be a proxy's
ASK_EVERY_S = 5  # how often a claim, or a payment under review, is asked about while the backend answers
HELD_ASK_EVERY_S = 60  # how often an order is asked about that a person at the backend decides of
WATCH_FIRST_S = 5  # so long the backend's own event is waited for before a sale that may be paid is asked about
WATCH_EVERY_S = 8  # and then every so often: paid by the page, it is approved here within 10 s, event or no event
ALARM_AFTER_ATTEMPTS = 10

_ENDS_THE_INTENT = frozenset({
    SaleState.APPROVED, SaleState.DECLINED, SaleState.DECLINED_AT_SYNC, SaleState.CANCELLED, SaleState.REVERSED,
    SaleState.EXPIRED,
})  # fmt: skip


def arrow(sale: Sale, state: SaleState, at: int, why: str, **changes: Any) -> Sale:
    """The sale in its new state, the arrow in its history; an ending also ends the intent.

    Prompts and notices belong to the state they arose in; so do the counts of failed deliveries.
    """
    cleared = {"prompt": None, "notice": None, "refusal": None, "attempts": 0, "retry_at": None}
    moved = replace(sale, **(cleared | changes), state=state, history=(*sale.history, Step(state, at, why)))
    if state in _ENDS_THE_INTENT and moved.intent.ended_at is None:
        return with_intent(moved, ended_at=at, end=state)
    return moved


def with_intent(sale: Sale, **changes: Any) -> Sale:
    """The sale with its newest intent changed."""
    return replace(sale, intents=(*sale.intents[:-1], replace(sale.intent, **changes)))


def stay(sale: Sale) -> Outcome:
    """The event says nothing new in this state."""
    return sale, ()


def not_now(sale: Sale) -> Outcome:
    """The command does not fit the state."""
    return sale, (NotNow(sale.state),)


def disarmed(sale: Sale) -> tuple[Effect, ...]:
    """What takes this sale off the readers; nothing where another sale may be at them by now."""
    return (Disarm(),) if sale.state in AT_READER_STATES and not sale.parked else ()


def approve(sale: Sale, at: int, why: str, booking: Booking) -> Outcome:
    """Take the arrow to `approved`; what was paid by code is confirmed with the backend when it can be."""
    ask: tuple[Effect, ...] = () if booking.confirmed else (AskBackend(),)
    return arrow(sale, SaleState.APPROVED, at, why, booking=booking), (*disarmed(sale), *ask)


def begin_cancel(sale: Sale, at: int, reason: CancelReason, why: str, *, by_time: bool = False, again: bool = False,
                 by_cashier: bool = False, into: SaleState = SaleState.CANCELLING) -> Outcome:  # fmt: skip
    """Take the arrow to `cancelling`, where a payment that is found stands, or to `reversing`, where it goes back."""
    unless_paid = into is SaleState.CANCELLING
    cancel = Cancel(reason=reason, by_time=by_time, again=again, by_cashier=by_cashier, unless_paid=unless_paid)
    return arrow(sale, into, at, why, cancel=cancel), (*disarmed(sale), SendCancel())


def give_up(sale: Sale, event: CancelAsked) -> Outcome:
    """The cashier's cancel before any money: through the backend if the intent could be paid out of our sight."""
    if sale.intent.payable_elsewhere:
        return begin_cancel(sale, event.at, event.reason, "cancelled by the cashier", by_cashier=True)
    return arrow(sale, SaleState.CANCELLED, event.at, "cancelled by the cashier"), (Disarm(),)


def time_over(sale: Sale, at: int) -> Outcome:
    """The end of the intent's life before any money: through the backend if it could be paid out of our sight."""
    if sale.intent.payable_elsewhere:
        return begin_cancel(sale, at, CancelReason.UNABLE_TO_COMPLETE, "time is over", by_time=True)
    return arrow(sale, SaleState.EXPIRED, at, "time is over"), (Disarm(),)


def selling_stopped(sale: Sale, at: int) -> Outcome:
    """No phone is waited for any more; what a page may be paying already is cancelled at the backend."""
    why = "this terminal must not sell"
    if sale.intent.payable_elsewhere or sale.state is SaleState.PENDING:
        return begin_cancel(sale, at, CancelReason.UNABLE_TO_COMPLETE, why)
    return arrow(sale, SaleState.CANCELLED, at, why), (Disarm(),)


def code_entered(sale: Sale, event: CodeEntered) -> Outcome:
    """A confirmation code where one is taken: the right one approves, five wrong ones close the pad (§3).

    Only a page that was opened from the whole intent's URL shows one: of any other sale there is none to type.
    """
    if sale.wrong_codes >= CODE_TRIES or not sale.intent.fragment_shown:
        return not_now(sale)
    if not event.right:
        return replace(sale, wrong_codes=sale.wrong_codes + 1), ()
    booking = Booking(total_minor=sale.amount.minor, booked_at=event.at, by=None, confirmed=False)
    return approve(sale, event.at, "confirmation code", booking)


def watched(sale: Sale, at: int, every_s: int = WATCH_EVERY_S) -> tuple[Effect, ...]:
    """What asks about a sale while a phone may pay it out of our sight: the backend's event may never come."""
    return (AskBackend(at + every_s),) if sale.intent.payable_elsewhere else ()


def backoff_s(attempts: int, who: UUID) -> int:
    """Seconds to wait after the `attempts`-th failure: doubling, at most a minute, jittered by who waits.

    The jitter comes from the sale's own id, so that the wait is the same however often it is computed.
    """
    ceiling = min(BACKOFF_MOST_S, BACKOFF_FIRST_S << min(attempts, 10))
    return 1 + (who.int // (attempts + 1)) % ceiling


def later(sale: Sale, at: int, retry_after_s: int | None = None) -> tuple[Sale, int]:
    """The sale with one more failed attempt, and the time before which nothing is tried again."""
    attempts = sale.attempts + 1
    not_before = at + max(backoff_s(attempts, sale.sale_id), min(retry_after_s or 0, RETRY_AFTER_MOST_S))
    return replace(sale, attempts=attempts, retry_at=not_before), not_before


def answered(sale: Sale) -> Sale:
    """The sale after a usable answer that changes nothing: what failed before it counts no more."""
    return replace(sale, attempts=0, retry_at=None)


def alarm_if_failing(sale: Sale) -> tuple[Effect, ...]:
    """One alarm when the tenth delivery has failed; nothing is ever dropped for it."""
    return (RaiseAlarm(AlarmKind.DELIVERY_FAILING),) if sale.attempts == ALARM_AFTER_ATTEMPTS else ()
