# SPDX-License-Identifier: Apache-2.0
"""A phone has authorised: `authorised`, `unknown`, `accepted_offline`, `forwarding`."""

from dataclasses import replace

from pengpos.core.effects import AlarmKind, AskBackend, Disarm, Forward, RaiseAlarm
from pengpos.core.events import (
    AgainAsked,
    Approved,
    BackendCall,
    BackendStatus,
    CancelAsked,
    CodeEntered,
    Declined,
    Event,
    ForwardLeaving,
    Held,
    NoAnswer,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    Restarted,
    StatusHeard,
)
from pengpos.core.machine._common import (
    ASK_EVERY_S,
    Outcome,
    alarm_if_failing,
    approve,
    arrow,
    begin_cancel,
    disarmed,
    later,
    not_now,
    stay,
)
from pengpos.core.machine._refunds import judged, void_all
from pengpos.core.sale import CancelReason, Refusal, Sale, SaleState

FORGOTTEN_AFTER_S = 600  # a 404 this long after expiry: the backend refuses the payment by now, so it is cancelled


def authorised(sale: Sale, event: Event) -> Outcome:
    """The stored bytes are on their way; nothing is shown as paid or failed."""
    match event:
        case Approved() | PaidByReceipt():
            return approve(sale, event.at, "approved", event.booking)
        case Declined():
            return arrow(sale, SaleState.DECLINED, event.at, "declined", refusal=event.refusal), (Disarm(),)
        case Held():
            held = arrow(sale, SaleState.PENDING, event.at, "held by the backend", parked=True)
            return held, (Disarm(), AskBackend(event.at + ASK_EVERY_S))
        case OfflineAccepted():
            return _accept_offline(sale, event)
        case NoAnswer(call=BackendCall.PAYMENT) | StatusHeard(call=BackendCall.PAYMENT):
            return arrow(sale, SaleState.UNKNOWN, event.at, "no usable answer"), (Disarm(), AskBackend())
        case Restarted():
            return arrow(sale, SaleState.UNKNOWN, event.at, "restart"), (Disarm(), AskBackend())
        case CancelAsked() | AgainAsked() | ParkAsked() | CodeEntered():
            return not_now(sale)
        case _:
            return stay(sale)


def unknown(sale: Sale, event: Event) -> Outcome:
    """Never shown as paid, never as failed; ended only by the backend or, knowingly, by the cashier."""
    match event:
        case Approved() | PaidByReceipt():
            return approve(sale, event.at, "approved", event.booking)
        case Declined():
            return arrow(sale, SaleState.DECLINED, event.at, "declined", refusal=event.refusal), ()
        case Held():
            held = arrow(sale, SaleState.PENDING, event.at, "held by the backend", parked=True)
            return held, (AskBackend(event.at + ASK_EVERY_S),)
        case StatusHeard(status=BackendStatus.CANCELLED):
            return arrow(sale, SaleState.REVERSED, event.at, "cancelled at the backend"), ()
        case StatusHeard(status=BackendStatus.EXPIRED):
            return arrow(sale, SaleState.EXPIRED, event.at, "expired at the backend"), ()
        case StatusHeard(status=BackendStatus.NOT_FOUND) if event.at >= sale.intent.expires_at + FORGOTTEN_AFTER_S:
            why = "the backend has never heard of it"
            return begin_cancel(sale, event.at, CancelReason.UNABLE_TO_COMPLETE, why, by_time=True)
        case StatusHeard() | NoAnswer(call=BackendCall.PAYMENT | BackendCall.QUESTION):
            waiting, not_before = later(sale, event.at, event.retry_after_s if isinstance(event, NoAnswer) else None)
            return waiting, (AskBackend(not_before), *alarm_if_failing(waiting))
        case Restarted():
            return sale, (AskBackend(sale.retry_at),)
        case OfflineAccepted() if event.by_cashier:
            return _accept_offline(sale, event)
        case CancelAsked():
            why = "other money was taken"
            return begin_cancel(sale, event.at, event.reason, why, by_cashier=True, into=SaleState.REVERSING)
        case AgainAsked() | ParkAsked() | CodeEntered() | OfflineAccepted():
            return not_now(sale)
        case _:
            return stay(sale)


def _accept_offline(sale: Sale, event: OfflineAccepted) -> Outcome:
    """By the cashier's decision, or by itself if it was signed so; never without the wallet's leave."""
    wallet_agrees = sale.authorised is not None and sale.authorised.offline_allowed
    if not wallet_agrees or (sale.intent.online and not event.by_cashier):
        return not_now(sale)
    why = "accepted offline by the cashier" if event.by_cashier else "accepted offline by the policy"
    return arrow(sale, SaleState.ACCEPTED_OFFLINE, event.at, why), (*disarmed(sale), Forward())


def accepted_offline(sale: Sale, event: Event) -> Outcome:
    """Stored and owed to the merchant; waits for the drainer. Never cancelled, only refunded.

    The drainer's verdict counts here too: an older question's answer may have sent the sale back while it was out.
    """
    match event:
        case Approved(call=BackendCall.FORWARD) | Declined(call=BackendCall.FORWARD):
            return forwarding(sale, event)
        case ForwardLeaving():
            return _keep_count(sale, arrow(sale, SaleState.FORWARDING, event.at, "sent by the drainer")), ()
        case Restarted():
            return sale, (Forward(),)
        case CancelAsked() | AgainAsked() | ParkAsked() | CodeEntered() | OfflineAccepted():
            return not_now(sale)
        case _:
            return stay(sale)


def forwarding(sale: Sale, event: Event) -> Outcome:
    """In the drainer's hands; back to the store unless a verdict comes.

    Only the drainer's own answer refuses it: a `declined` or `expired` heard otherwise may be of the try before it was
    accepted offline, and the backend judges an accepted payment once more. Events that say less are passed over, too:
    the drainer's answer is on its way.
    """
    match event:
        case Approved() | PaidByReceipt():
            return judged(*approve(sale, event.at, "approved at sync", event.booking))
        case Declined(call=BackendCall.FORWARD):
            return declined_at_sync(sale, event.at, "declined at sync", event.refusal)
        case StatusHeard(call=BackendCall.FORWARD, status=BackendStatus.CANCELLED | BackendStatus.EXPIRED):
            return declined_at_sync(sale, event.at, f"{event.status.name.lower()} at the backend", None)
        case Held(call=BackendCall.FORWARD | BackendCall.QUESTION):
            return sale, (AskBackend(event.at + ASK_EVERY_S),)
        case NoAnswer(call=BackendCall.FORWARD):
            return _no_verdict(sale, event.at, event.retry_after_s)
        case NoAnswer(call=BackendCall.QUESTION):
            waiting, not_before = later(sale, event.at, event.retry_after_s)
            return waiting, (AskBackend(not_before), *alarm_if_failing(waiting))
        case StatusHeard(call=BackendCall.QUESTION, steps_when_asked=int(steps)) if steps < len(sale.history):
            return stay(sale)  # asked before it left
        case Declined(call=BackendCall.QUESTION) | StatusHeard(call=BackendCall.QUESTION | BackendCall.FORWARD):
            return _no_verdict(sale, event.at)
        case Restarted():
            return _stored_again(sale, event.at, "restart"), (Forward(),)
        case CancelAsked() | AgainAsked() | ParkAsked() | CodeEntered() | OfflineAccepted():
            return not_now(sale)
        case _:
            return stay(sale)


def _no_verdict(sale: Sale, at: int, retry_after_s: int | None = None) -> Outcome:
    """Kept and sent again, with back-off."""
    waiting, _ = later(_stored_again(sale, at, "no verdict"), at, retry_after_s)
    return waiting, (Forward(), *alarm_if_failing(waiting))


def _stored_again(sale: Sale, at: int, why: str) -> Sale:
    """Back in the store. A payment may be sent in vain for days: of its calls the history keeps the last."""
    *earlier, this_errand = sale.history
    if len(earlier) > 2 and earlier[-2].state is SaleState.FORWARDING:
        earlier = earlier[:-2]
    shortened = replace(sale, history=(*earlier, this_errand))
    return _keep_count(sale, arrow(shortened, SaleState.ACCEPTED_OFFLINE, at, why))


def _keep_count(before: Sale, after: Sale) -> Sale:
    """Forwarding and back is one call: its failures are counted across both states."""
    return replace(after, attempts=before.attempts, retry_at=before.retry_at)


def declined_at_sync(sale: Sale, at: int, why: str, refusal: Refusal | None) -> Outcome:
    """Where the shopper is asked for it after all, or the platform bears it, refunds still go to the backend.

    They lessen what is asked or owed. Its word on the due may be older than an event that came while this answer was on
    its way: so it is asked once.
    """
    alarm = RaiseAlarm(AlarmKind.DECLINED_AT_SYNC)
    if refusal is None or (refusal.due is None and refusal.guaranteed_minor == 0):
        return arrow(void_all(sale), SaleState.DECLINED_AT_SYNC, at, why, refusal=refusal), (alarm,)
    moved = arrow(sale, SaleState.DECLINED_AT_SYNC, at, why, refusal=refusal)
    return judged(moved, (alarm,) if refusal.due is None else (alarm, AskBackend(at + ASK_EVERY_S)))
