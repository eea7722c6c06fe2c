# SPDX-License-Identifier: Apache-2.0
"""A phone has authorised: `authorised`, `unknown`, `accepted_offline`, `forwarding`."""

from dataclasses import replace

from terminal.core.effects import AlarmKind, AskBackend, Disarm, Effect, Forward, RaiseAlarm, SendRefund
from terminal.core.events import (
    AgainAsked,
    Approved,
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
from terminal.core.machine._common import (
    Outcome,
    alarm_if_failing,
    approve,
    arrow,
    begin_cancel,
    later,
    not_now,
    stay,
)
from terminal.core.machine._refunds import queued, void_all
from terminal.core.sale import Refusal, Sale, SaleState

FORGOTTEN_AFTER_S = 600  # a 404 this long after expiry is final: the backend refuses the payment by then


def authorised(sale: Sale, event: Event) -> Outcome:
    """The stored bytes are on their way; nothing is shown as paid or failed."""
    match event:
        case Approved() | PaidByReceipt():
            return approve(sale, event.at, "approved", event.booking)
        case Declined():
            return arrow(sale, SaleState.DECLINED, event.at, "declined", refusal=event.refusal), (Disarm(),)
        case Held():
            held = arrow(sale, SaleState.PENDING, event.at, "held by the backend", parked=True)
            return held, (Disarm(), AskBackend(event.at + 5))
        case OfflineAccepted():
            return _accept_offline(sale, event)
        case Restarted() | NoAnswer() | StatusHeard():
            why = "restart" if isinstance(event, Restarted) else "no usable answer"
            return arrow(sale, SaleState.UNKNOWN, event.at, why), (Disarm(), AskBackend())
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
            return held, (AskBackend(event.at + 5),)
        case StatusHeard(status=BackendStatus.CANCELLED):
            return arrow(sale, SaleState.REVERSED, event.at, "cancelled at the backend"), ()
        case StatusHeard(status=BackendStatus.EXPIRED):
            return arrow(sale, SaleState.EXPIRED, event.at, "expired at the backend"), ()
        case StatusHeard(status=BackendStatus.NOT_FOUND) if event.at >= sale.intent.expires_at + FORGOTTEN_AFTER_S:
            return arrow(sale, SaleState.EXPIRED, event.at, "the backend never heard of it"), ()
        case StatusHeard() | NoAnswer():
            waiting, not_before = later(sale, event.at, event.retry_after_s if isinstance(event, NoAnswer) else None)
            return waiting, (AskBackend(not_before), *alarm_if_failing(waiting))
        case Restarted():
            return sale, (AskBackend(sale.retry_at),)
        case OfflineAccepted():
            return _accept_offline(sale, event)
        case CancelAsked():
            why = "other money was taken"
            return begin_cancel(sale, event.at, event.reason, why, into=SaleState.REVERSING)
        case AgainAsked() | ParkAsked() | CodeEntered():
            return not_now(sale)
        case _:
            return stay(sale)


def _accept_offline(sale: Sale, event: OfflineAccepted) -> Outcome:
    if event.by_cashier != sale.intent.online:
        return not_now(sale)  # an online intent only by the cashier, an offline one only by its own policy
    why = "accepted offline by the cashier" if event.by_cashier else "accepted offline by the policy"
    return arrow(sale, SaleState.ACCEPTED_OFFLINE, event.at, why), (Disarm(), Forward())


def accepted_offline(sale: Sale, event: Event) -> Outcome:
    """Stored and owed to the merchant; waits for the drainer. Never cancelled, only refunded."""
    match event:
        case ForwardLeaving():
            return _keep_count(sale, arrow(sale, SaleState.FORWARDING, event.at, "sent by the drainer")), ()
        case Restarted():
            return sale, (Forward(),)
        case CancelAsked() | AgainAsked() | ParkAsked() | CodeEntered() | OfflineAccepted():
            return not_now(sale)
        case _:
            return stay(sale)


def forwarding(sale: Sale, event: Event) -> Outcome:
    """In the drainer's hands; back to the store unless a verdict comes."""
    match event:
        case Approved() | PaidByReceipt():
            moved, effects = approve(sale, event.at, "approved at sync", event.booking)
            refunds: tuple[Effect, ...] = tuple(SendRefund(r.refund_id) for r in queued(moved))
            return moved, effects + refunds
        case Declined():
            return _declined_at_sync(sale, event.at, "declined at sync", event.refusal)
        case StatusHeard(status=BackendStatus.CANCELLED | BackendStatus.EXPIRED):
            return _declined_at_sync(sale, event.at, f"{event.status.name.lower()} at the backend", None)
        case Held():
            return sale, (AskBackend(event.at + 5),)
        case NoAnswer():
            back = _keep_count(sale, arrow(sale, SaleState.ACCEPTED_OFFLINE, event.at, "no verdict"))
            waiting, _ = later(back, event.at, event.retry_after_s)
            return waiting, (Forward(), *alarm_if_failing(waiting))
        case StatusHeard() | Restarted():
            back = arrow(sale, SaleState.ACCEPTED_OFFLINE, event.at, "not known there yet")
            return _keep_count(sale, back), (Forward(),)
        case CancelAsked() | AgainAsked() | ParkAsked() | CodeEntered() | OfflineAccepted():
            return not_now(sale)
        case _:
            return stay(sale)


def _keep_count(before: Sale, after: Sale) -> Sale:
    """Forwarding and back is one errand: its failures are counted across both states."""
    return replace(after, attempts=before.attempts, retry_at=before.retry_at)


def _declined_at_sync(sale: Sale, at: int, why: str, refusal: Refusal | None) -> Outcome:
    moved = arrow(void_all(sale), SaleState.DECLINED_AT_SYNC, at, why, refusal=refusal)
    return moved, (RaiseAlarm(AlarmKind.DECLINED_AT_SYNC),)
