# SPDX-License-Identifier: Apache-2.0
"""Give up what may have been paid: `cancelling` (before money), `reversing` (after a phone's yes)."""

from dataclasses import replace

from pengpos.core.effects import AlarmKind, RaiseAlarm, SendCancel, SendRefund, SignAgain
from pengpos.core.events import (
    AgainAsked,
    Approved,
    BackendCall,
    CancelAnswered,
    CancelAsked,
    CancelHeld,
    CancelLeaving,
    CodeEntered,
    Declined,
    Event,
    Held,
    NoAnswer,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    Restarted,
    StatusHeard,
)
from pengpos.core.machine._common import (
    HELD_ASK_EVERY_S,
    Outcome,
    alarm_if_failing,
    answered,
    arrow,
    code_entered,
    later,
    not_now,
    stay,
)
from pengpos.core.machine._with_money import declined_at_sync
from pengpos.core.sale import Booking, Cancel, Refund, Refusal, Sale, SaleState, refund_id_after_cancel

SEEN_WITHIN_S = 10  # so long whoever gave the sale up is taken to see what the screen says of it


def undoing(sale: Sale, event: Event) -> Outcome:
    """The cancel is sent until it is answered, and no payment body any more."""
    cancel = sale.cancel
    assert cancel is not None  # every arrow into these states sets it
    match event:
        case CancelLeaving():
            unless_paid = cancel.unless_paid if cancel.sent else _leaves_a_payment(sale, event.at)
            return replace(sale, cancel=replace(cancel, sent=True, unless_paid=unless_paid)), ()
        case Approved() | PaidByReceipt() if not cancel.sent and _leaves_a_payment(sale, event.at):
            return _found_paid(sale, event.booking, event.at)
        case CancelAnswered() | CancelHeld() | Declined(call=BackendCall.CANCEL):
            return _answered(sale, cancel, event)
        case Approved(call=None) | Declined(call=None) | Held(call=None) | StatusHeard(call=None) if cancel.held:
            return sale, (SendCancel(),)  # it may be that the person has decided
        case CodeEntered() if sale.state is SaleState.CANCELLING and not cancel.sent:
            return code_entered(sale, event)
        case NoAnswer(call=BackendCall.CANCEL):
            waiting, not_before = later(_past_the_cashiers_sight(sale, event.at), event.at, event.retry_after_s)
            return waiting, (SendCancel(not_before), *alarm_if_failing(waiting))
        case Restarted():
            return sale, (SendCancel(sale.retry_at),)
        case CodeEntered() | CancelAsked() | AgainAsked() | ParkAsked() | OfflineAccepted():
            return not_now(sale)
        case _:
            return stay(sale)


def _answered(sale: Sale, cancel: Cancel, event: CancelAnswered | CancelHeld | Declined) -> Outcome:
    match event:
        case CancelAnswered(standing=Booking() as booking, refused=True):
            return arrow(sale, SaleState.APPROVED, event.at, "the cancel was refused", booking=booking), ()
        case CancelAnswered(standing=Booking() as booking) if cancel.unless_paid:
            return _found_paid(sale, booking, event.at)
        case CancelAnswered(standing=Booking() as booking):
            return _taken_after_all(sale, booking, event.at)
        case CancelAnswered(given_back_minor=given_back) if given_back > 0:
            return _given_back(sale, cancel, event)
        case CancelAnswered():
            return _nothing_taken(sale, cancel, event.at)
        case Declined():
            return _declined_before(sale, event.refusal, event.at)
        case CancelHeld():
            unless_paid = cancel.unless_paid and not cancel.by_cashier
            held = replace(answered(sale), cancel=replace(cancel, held=True, unless_paid=unless_paid))
            return held, (SendCancel(event.at + HELD_ASK_EVERY_S),)


def _leaves_a_payment(sale: Sale, at: int) -> bool:
    """Whether a payment that is found now stands. The cashier, who looks at the screen, sees it for so long only."""
    cancel = sale.cancel
    return cancel is not None and cancel.unless_paid and not (cancel.by_cashier and _seen_too_late(sale, at))


def _seen_too_late(sale: Sale, at: int) -> bool:
    return at > sale.history[-1].at + SEEN_WITHIN_S


def _past_the_cashiers_sight(sale: Sale, at: int) -> Sale:
    """A cashier who has had no answer for so long goes on, and may take other money: then what is found goes back."""
    if sale.cancel is None:
        return sale
    return replace(sale, cancel=replace(sale.cancel, unless_paid=_leaves_a_payment(sale, at)))


def _found_paid(sale: Sale, booking: Booking, at: int) -> Outcome:
    """A shopper had paid, and nothing goes back: the cashier sees it, or is told where the sale was given up by now."""
    paid = arrow(sale, SaleState.APPROVED, at, "found paid", booking=booking)
    return paid, (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),) if _seen_too_late(sale, at) else ()


def _given_back(sale: Sale, cancel: Cancel, event: CancelAnswered) -> Outcome:
    """A payment had been booked, and went back by the cancel: the sale says so, and by whose order.

    From `reversing` that is what was ordered; from `cancelling` nobody had seen that it was paid.
    """
    unseen = sale.state is SaleState.CANCELLING
    ended, effects = _nothing_taken(sale, cancel, event.at)
    *before, last = ended.history
    told = replace(last, why="it was paid, and has gone back by the cancel", by=sale.history[-1].by)
    noted = replace(ended, history=(*before, told), cancel=replace(cancel, given_back_minor=event.given_back_minor))
    return noted, (*effects, RaiseAlarm(AlarmKind.GIVEN_BACK)) if unseen else effects


def _nothing_taken(sale: Sale, cancel: Cancel, at: int) -> Outcome:
    """The end; and another try, if the shopper who wanted it can still be there.

    An answer that came only after the old intent's life arms nothing behind the cashier's back: the sale has expired,
    and `again` is there to be pressed.
    """
    if sale.state is SaleState.REVERSING:
        return arrow(sale, SaleState.REVERSED, at, "cancelled at the backend"), ()
    too_late = cancel.again and at >= sale.intent.expires_at
    end = SaleState.EXPIRED if cancel.by_time or too_late else SaleState.CANCELLED
    ended = arrow(sale, end, at, "cancelled at the backend")
    return ended, (SignAgain(),) if cancel.again and not too_late else ()


def _declined_before(sale: Sale, refusal: Refusal, at: int) -> Outcome:
    """The backend keeps a payment that it declined: what was accepted offline, here or before the card was restored.

    Nothing goes back by itself: what the shopper paid of the due stands, and can be refunded.
    """
    why = "declined before the cancel arrived"
    if refusal.due is not None or any(step.state is SaleState.ACCEPTED_OFFLINE for step in sale.history):
        return declined_at_sync(sale, at, why, refusal)
    return arrow(sale, SaleState.DECLINED, at, why, refusal=refusal), ()


def _taken_after_all(sale: Sale, booking: Booking, at: int) -> Outcome:
    """A shopper had paid: the sale is approved and all of it goes back, in one row.

    The refund's id follows from the intent's, so that a crash between here and its sending makes no second one.
    """
    refund = Refund(
        refund_id=refund_id_after_cancel(sale.intent.intent_id),
        idempotency_key=f"cancel-{sale.intent.intent_id}",
        amount_minor=None,
        reason="cancelled by the merchant",
        at=at,
    )
    paid = arrow(sale, SaleState.APPROVED, at, "paid before the cancel arrived", booking=booking)
    return replace(paid, refunds=(*sale.refunds, refund)), (SendRefund(refund.refund_id),)
