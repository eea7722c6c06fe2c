# SPDX-License-Identifier: Apache-2.0
"""Before any money: `signed`, `presented`, `pending`."""

from dataclasses import replace
from itertools import takewhile

from pengpos.core.effects import Arm, AskBackend, Disarm, Effect, EmptyFieldFirst, SendPayment, SignAgain, Then
from pengpos.core.events import (
    AgainAsked,
    Approved,
    BackendCall,
    BackendStatus,
    CancelAsked,
    CodeEntered,
    Declined,
    Event,
    FieldEmpty,
    Held,
    LifeOver,
    NoAnswer,
    Noticed,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    PhoneRefused,
    Prompted,
    ReplyAccepted,
    Restarted,
    SellingStopped,
    StatusHeard,
)
from pengpos.core.machine._common import (
    ASK_EVERY_S,
    Outcome,
    answered,
    approve,
    arrow,
    begin_cancel,
    code_entered,
    disarmed,
    give_up,
    later,
    not_now,
    selling_stopped,
    stay,
    time_over,
    watched,
)
from pengpos.core.reasons import Reason
from pengpos.core.sale import Cancel, CancelReason, Intent, Prompt, Refusal, Sale, SaleState

CLAIM_S = 60  # how long a claim holds (tap protocol §3)
CLAIMS_SHOWN_MOST = 5  # of one intent: more change nothing for anybody here, and would only fill the journal

_GONE_WITH_THE_PHONE = frozenset({Prompt.REMOVE_PHONE, Prompt.TWO_PHONES})


def signed(sale: Sale, event: Event) -> Outcome:
    """Signed and journalled: waits for an empty field. Tag and QR may carry it already, so that it may be paid."""
    match event:
        case FieldEmpty():
            return arrow(sale, SaleState.PRESENTED, event.at, "field empty, armed"), ()
        case PaidByReceipt() | Approved():
            return approve(sale, event.at, "issuer's receipt", event.booking)
        case Prompted():
            return replace(sale, prompt=event.prompt), ()
        case CodeEntered():
            return code_entered(sale, event)
        case CancelAsked():
            return give_up(sale, event)
        case SellingStopped():
            return selling_stopped(sale, event.at)
        case LifeOver():
            return time_over(sale, event.at)
        case Restarted():
            return _armed_again(sale, event.at)
        case AgainAsked() | ParkAsked() | OfflineAccepted():
            return not_now(sale)
        case _:
            return _heard_before_money(sale, event)


def presented(sale: Sale, event: Event) -> Outcome:
    """Armed: whichever phone answers first, by whichever way."""
    match event:
        case PaidByReceipt() | Approved():
            return approve(sale, event.at, "issuer's receipt", event.booking)
        case CodeEntered():
            return code_entered(sale, event)
        case AgainAsked() if sale.refusal is not None:
            return _again_while_presented(sale, event.at)
        case CancelAsked():
            return give_up(sale, event)
        case SellingStopped():
            return selling_stopped(sale, event.at)
        case LifeOver():
            return time_over(sale, event.at)
        case Restarted():
            return _armed_again(sale, event.at)
        case AgainAsked() | ParkAsked() | OfflineAccepted():
            return not_now(sale)
        case ReplyAccepted() | FieldEmpty() | Prompted() | Noticed() | PhoneRefused():
            return _in_the_field(sale, event)
        case _:
            return _heard_before_money(sale, event)


def _reply_accepted(sale: Sale, event: ReplyAccepted) -> Outcome:
    if not sale.intent.online and not event.authorised.offline_allowed:
        refusal = Refusal(reason=Reason.OFFLINE_NOT_POSSIBLE)
        return _in_the_field(sale, PhoneRefused(at=event.at, refusal=refusal))
    moved = arrow(sale, SaleState.AUTHORISED, event.at, "authorised by a phone", authorised=event.authorised)
    if sale.intent.online:
        return moved, (SendPayment(),)
    return moved, (Then(OfflineAccepted(at=event.at, by_cashier=False)),)


def _in_the_field(sale: Sale, event: ReplyAccepted | FieldEmpty | Prompted | Noticed | PhoneRefused) -> Outcome:
    match event:
        case ReplyAccepted():
            return _reply_accepted(sale, event)
        case FieldEmpty():
            gone = sale.prompt in _GONE_WITH_THE_PHONE
            return replace(sale, prompt=None if gone else sale.prompt), ()
        case Prompted(prompt=Prompt.REMOVE_PHONE | Prompt.TWO_PHONES):
            return replace(sale, prompt=event.prompt), ()  # what was said about that phone still stands
        case Prompted():
            return replace(sale, prompt=event.prompt, notice=None, refusal=None), ()
        case Noticed():
            return replace(sale, notice=event.notice, prompt=None, refusal=event.refusal), ()
        case PhoneRefused():
            return replace(sale, refusal=event.refusal, prompt=None, notice=None), (EmptyFieldFirst(),)


def _heard_before_money(sale: Sale, event: Event) -> Outcome:
    """The backend's word on an intent that tag or QR carry."""
    match event:
        case StatusHeard(status=BackendStatus.CLAIMED) if SaleState.PENDING in _states_since_asked(sale, event):
            return sale, watched(sale, event.at)  # older than the event by which the claim has ended
        case StatusHeard(status=BackendStatus.CLAIMED) if _claims_shown(sale) >= CLAIMS_SHOWN_MOST:
            return sale, watched(sale, event.at)
        case StatusHeard(status=BackendStatus.CLAIMED):
            claimed = _in_the_same_field(sale, SaleState.PENDING, event.at, "a phone is paying by the page")
            return claimed, (AskBackend(event.at + ASK_EVERY_S),)
        case Held():
            return _held(sale, event)
        case Declined():
            return arrow(sale, SaleState.DECLINED, event.at, "declined", refusal=event.refusal), (Disarm(),)
        case StatusHeard(status=BackendStatus.CANCELLED):
            return arrow(sale, SaleState.CANCELLED, event.at, "cancelled at the backend"), (Disarm(),)
        case StatusHeard(status=BackendStatus.EXPIRED):
            return arrow(sale, SaleState.EXPIRED, event.at, "expired at the backend"), (Disarm(),)
        case StatusHeard(call=BackendCall.QUESTION) | NoAnswer(call=BackendCall.QUESTION):
            return sale, watched(sale, event.at)
        case _:
            return stay(sale)


def _held(sale: Sale, event: Held) -> Outcome:
    """The backend has a payment and decides later: no other phone is asked to pay meanwhile."""
    held = arrow(sale, SaleState.PENDING, event.at, "held by the backend", parked=True)
    return held, (*disarmed(sale), AskBackend(event.at + ASK_EVERY_S))


def _in_the_same_field(sale: Sale, state: SaleState, at: int, why: str) -> Sale:
    """Claimed or given back, nothing changes for the phone at the reader: what it was asked for still stands."""
    return arrow(sale, state, at, why, prompt=sale.prompt, notice=sale.notice, refusal=sale.refusal)


def _claims_shown(sale: Sale) -> int:
    """How many claims of the newest intent are in the history."""
    newest_first = (step.state for step in reversed(sale.history))
    since_signed = takewhile(lambda state: state is not SaleState.SIGNED, newest_first)
    return sum(state is SaleState.PENDING for state in since_signed)


def pending(sale: Sale, event: Event) -> Outcome:
    """A shopper is paying by the page, and the readers offer it all the same; parked, the backend decides, or waits."""
    match event:
        case ReplyAccepted() | FieldEmpty() | Prompted() | Noticed() | PhoneRefused() if sale.claimed:
            return _in_the_field(sale, event)
        case PaidByReceipt() | Approved():
            return approve(sale, event.at, "paid", event.booking)
        case CodeEntered():
            return code_entered(sale, event)
        case Declined():
            declined = arrow(sale, SaleState.DECLINED, event.at, "declined", refusal=event.refusal)
            return declined, disarmed(sale)
        case ParkAsked():
            return replace(sale, parked=True, prompt=None, notice=None, refusal=None), disarmed(sale)
        case CancelAsked():
            return begin_cancel(sale, event.at, event.reason, "cancelled by the cashier", by_cashier=True)
        case SellingStopped() if sale.claimed:
            return selling_stopped(sale, event.at)
        case Restarted():
            arm: tuple[Effect, ...] = (Arm(),) if sale.claimed else ()
            return replace(sale, prompt=None, notice=None, refusal=None), (*arm, AskBackend(sale.retry_at))
        case AgainAsked() | OfflineAccepted():
            return not_now(sale)
        case Held() | StatusHeard() | NoAnswer(call=BackendCall.QUESTION):
            return _heard_while_pending(sale, event)
        case _:
            return stay(sale)


def _heard_while_pending(sale: Sale, event: Held | StatusHeard | NoAnswer) -> Outcome:
    match event:
        case Held():
            parked = replace(answered(sale), parked=True, prompt=None, notice=None, refusal=None)
            return parked, (*disarmed(sale), AskBackend(event.at + ASK_EVERY_S))
        case NoAnswer():
            waiting, not_before = later(sale, event.at, event.retry_after_s)
            return waiting, (AskBackend(not_before),)
        case StatusHeard():
            return _status_while_pending(sale, event)


def _status_while_pending(sale: Sale, event: StatusHeard) -> Outcome:
    match event.status:
        case BackendStatus.CLAIMED if sale.claimed and event.at > sale.intent.expires_at + CLAIM_S:
            reason = CancelReason.UNABLE_TO_COMPLETE  # claims may follow each other without end: time does not
            return begin_cancel(sale, event.at, reason, "time is over", by_time=True)
        case BackendStatus.CLAIMED:
            return answered(sale), (AskBackend(event.at + ASK_EVERY_S),)
        case BackendStatus.CANCELLED:
            return arrow(sale, SaleState.CANCELLED, event.at, "cancelled at the backend"), disarmed(sale)
        case BackendStatus.EXPIRED:
            return arrow(sale, SaleState.EXPIRED, event.at, "expired at the backend"), disarmed(sale)
        case BackendStatus.CREATED | BackendStatus.NOT_FOUND if len(_states_since_asked(sale, event)) > 1:
            return answered(sale), (AskBackend(),)  # older than the claim
        case BackendStatus.CREATED | BackendStatus.NOT_FOUND:
            out_of_time = event.at >= sale.intent.expires_at
            if sale.parked or out_of_time:
                reason = CancelReason.UNABLE_TO_COMPLETE
                return begin_cancel(sale, event.at, reason, "claim given back", by_time=out_of_time)
            waiting = _in_the_same_field(answered(sale), SaleState.PRESENTED, event.at, "claim given back")
            return waiting, watched(waiting, event.at)


def _states_since_asked(sale: Sale, event: StatusHeard) -> list[SaleState]:
    """The state in which the question left, and those reached since; none if no question was sent."""
    if event.steps_when_asked is None:
        return []
    return [step.state for step in sale.history[max(0, event.steps_when_asked - 1) :]]


def _again_while_presented(sale: Sale, at: int) -> Outcome:
    """First what cancel does: no intent is signed while an earlier one could still be paid."""
    if sale.intent.payable_elsewhere:
        return begin_cancel(sale, at, CancelReason.MERCHANT, "another try", again=True, by_cashier=True)
    cancel = Cancel(reason=CancelReason.MERCHANT, again=True)
    return arrow(sale, SaleState.CANCELLED, at, "another try", cancel=cancel), (Disarm(), SignAgain())


def _armed_again(sale: Sale, at: int) -> Outcome:
    if at >= sale.intent.expires_at:
        return time_over(sale, at)
    unsaid = replace(sale, prompt=None, notice=None, refusal=None)
    return unsaid, (Arm(), AskBackend()) if sale.intent.payable_elsewhere else (Arm(),)


def with_fresh_intent(sale: Sale, fresh: Intent, at: int) -> Outcome:
    """The same sale under a new intent, the earlier ones kept."""
    renewed = replace(sale, intents=(*sale.intents, fresh), authorised=None, cancel=None, parked=False, wrong_codes=0)
    return arrow(renewed, SaleState.SIGNED, at, "another try"), (Arm(),)
