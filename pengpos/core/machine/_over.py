# SPDX-License-Identifier: Apache-2.0
"""The money is taken, or nothing was: `approved` and what follows it, and the ends."""

from dataclasses import replace

from pengpos.core.effects import AlarmKind, AskBackend, Effect, RaiseAlarm, SignAgain
from pengpos.core.events import (
    AgainAsked,
    Approved,
    BackendCall,
    BackendStatus,
    CancelAsked,
    CodeEntered,
    Declined,
    DueTold,
    Event,
    Held,
    NoAnswer,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    Restarted,
    Settled,
    SignedAgain,
    StatusHeard,
)
from pengpos.core.machine._before_payment import with_fresh_intent
from pengpos.core.machine._common import Outcome, answered, arrow, later, not_now, stay
from pengpos.core.machine._dues import due_told, due_unanswered
from pengpos.core.machine._refunds import send_refunds, void_all
from pengpos.core.machine.states import RETRIABLE_STATES, UNDOING_STATES
from pengpos.core.sale import Booking, Cancel, CancelReason, Due, Refusal, Sale, SaleState

_CAN_GO_BACK_WHOLE = frozenset({SaleState.APPROVED, SaleState.SETTLED})
"""Of what is partly refunded, a backend gives back no whole by a cancel."""


def approved(sale: Sale, event: Event) -> Outcome:
    """Taken. What was approved by code is held against the backend's word; refunds and settlement follow."""
    booking = sale.booking
    assert booking is not None  # every arrow to `approved` carries one
    match event:
        case Settled():
            settled = replace(sale, settled_on=event.business_date)
            if sale.state is not SaleState.APPROVED:
                return settled, ()
            return arrow(settled, SaleState.SETTLED, event.at, "in the settlement"), ()
        case Restarted():
            ask: tuple[Effect, ...] = () if booking.confirmed else (AskBackend(sale.retry_at),)
            return sale, ask + send_refunds(sale)
        case CancelAsked() | AgainAsked() | ParkAsked() | OfflineAccepted() | CodeEntered():
            return not_now(sale)
        case StatusHeard(status=BackendStatus.CANCELLED) if booking.confirmed and sale.state in _CAN_GO_BACK_WHOLE:
            return void_all(arrow(sale, SaleState.REVERSED, event.at, "cancelled elsewhere")), ()
        case _ if not booking.confirmed:
            return _confirm_code(sale, booking, event)
        case _:
            return stay(sale)


def cancelled_elsewhere(before: Sale, after: Sale, event: Event) -> bool:
    """Whether a sale has just ended by a cancel that this terminal never asked for: it had none under way."""
    if after.state is before.state or before.state in UNDOING_STATES:
        return False
    match event:
        case StatusHeard(status=BackendStatus.CANCELLED):
            return True
        case Declined(refusal=Refusal(code="cancelled")):
            return True
        case _:
            return False


def marked_elsewhere(sale: Sale) -> Sale:
    """The sale with the cancel of another place in it: the day's close lists it."""
    return replace(sale, cancel=Cancel(reason=CancelReason.MERCHANT, sent=True, elsewhere=True))


def _confirm_code(sale: Sale, booking: Booking, event: Event) -> Outcome:
    match event:
        case Approved() | PaidByReceipt():
            return replace(sale, booking=event.booking, attempts=0, retry_at=None), ()
        case Held(call=None) | StatusHeard(call=None, status=BackendStatus.CREATED | BackendStatus.CLAIMED):
            return stay(sale)  # heard late: it is from before the shopper paid
        case Declined() | Held() | StatusHeard():
            denied = replace(sale, booking=replace(booking, denied=True))
            waiting, not_before = later(denied, event.at)
            alarm = () if booking.denied else (RaiseAlarm(AlarmKind.CODE_NOT_CONFIRMED),)  # once, however often asked
            return waiting, (*alarm, AskBackend(not_before))
        case NoAnswer(call=BackendCall.QUESTION):
            waiting, not_before = later(sale, event.at, event.retry_after_s)
            return waiting, (AskBackend(not_before),)
        case _:
            return stay(sale)


def ended(sale: Sale, event: Event) -> Outcome:
    """Nothing was taken. Another try is a new intent of the same sale."""
    match event:
        case AgainAsked() if _another_try_fits(sale):
            return sale, (SignAgain(),)
        case SignedAgain() if _another_try_fits(sale):
            return with_fresh_intent(sale, event.fresh, event.at)
        case Approved() | PaidByReceipt():
            return sale, (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),)
        case Declined(call=BackendCall.QUESTION, refusal=Refusal(due=Due() as due)):
            return due_told(answered(sale), due)
        case StatusHeard(status=BackendStatus.CANCELLED) if event.given_back_minor and _ended_by_time_alone(sale):
            return arrow(sale, SaleState.REVERSED, event.at, "cancelled elsewhere"), ()
        case NoAnswer(call=BackendCall.QUESTION):
            return due_unanswered(sale, event)
        case DueTold(due=due) | Declined(refusal=Refusal(due=Due() as due)):
            return due_told(sale, due)
        case Restarted() if sale.state is SaleState.DECLINED_AT_SYNC:
            return sale, send_refunds(sale)
        case CancelAsked() | AgainAsked() | ParkAsked() | OfflineAccepted() | CodeEntered():
            return not_now(sale)
        case _:
            return stay(sale)


def _ended_by_time_alone(sale: Sale) -> bool:
    """Expired without a word of the backend: on a card that was put back it may have been paid in the life before."""
    return sale.state is SaleState.EXPIRED and sale.cancel is None


def _another_try_fits(sale: Sale) -> bool:
    """After `declined` and `expired`; after `cancelled` where the cancel was the first half of another try."""
    half_done = sale.state is SaleState.CANCELLED and sale.cancel is not None and sale.cancel.again
    return half_done or sale.state in RETRIABLE_STATES
